"""The checks that are tests: row order, bias of the split, population."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.metrics.holm import holm
from experiment_cycle.splitting.leakage import population, row_order, split_bias
from experiment_cycle.splitting.leakage.encoded import encode
from experiment_cycle.splitting.leakage.testable import HEAVY, MODELS, all_tests, weighted_holm
from experiment_cycle.splitting.leakage.two_samples import compare

Auditing = Callable[..., Any]
Ordinary = Callable[..., tuple[pd.DataFrame, np.ndarray]]

COLUMNS = Columns(target="y")


def test_a_file_sorted_by_the_target_warns(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary()
    frame = frame.sort_values("y", ignore_index=True)

    finding = row_order.check(audit_of(frame, part, COLUMNS))

    assert (finding.code, finding.status) == ("LEAK008", "warning")
    assert "unshuffled" in finding.message


def test_a_shuffled_file_passes(audit_of: Auditing, ordinary: Ordinary) -> None:
    assert row_order.check(audit_of(*ordinary(), COLUMNS)).status == "passed"


def test_test_rows_chosen_by_a_column_fail(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, _ = ordinary()
    part = np.where(frame["x2"] > frame["x2"].quantile(0.85), 2, 0)

    finding = split_bias.check(audit_of(frame, part, COLUMNS))

    assert (finding.code, finding.status) == ("LEAK014", "failed")
    assert "x2" in finding.columns


def test_test_rows_chosen_for_being_easy_are_told(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, _ = ordinary(2000)
    ease = (frame["x0"] - 0.5 * frame["x1"]).abs()
    part = np.zeros(2000, dtype=int)
    part[np.random.default_rng(1).permutation(np.flatnonzero(ease > ease.median()))[:300]] = 2

    assert split_bias.check(audit_of(frame, part, COLUMNS)).status == "failed"


def test_clean_splits_by_group_are_not_accused(audit_of: Auditing) -> None:
    accused = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        person = np.repeat(np.arange(80), 25)
        frame = pd.DataFrame(
            random.normal(size=(80, 5))[person] + 0.1 * random.normal(size=(2000, 5)),
            columns=list("abcde"),
        )
        frame["y"], frame["person"] = (frame["a"] > 0).astype(int), person
        part = random.choice(3, 80, p=[0.7, 0.15, 0.15])[person]
        columns = Columns(target="y", group="person")
        accused += split_bias.check(audit_of(frame, part, columns)).status == "failed"
    assert accused == 0


def test_a_later_part_that_differs_only_warns(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary()
    frame["step"] = np.arange(len(frame))
    frame["x0"] += frame["step"] / 100

    finding = split_bias.check(audit_of(frame, np.sort(part), Columns(target="y", time="step")))

    assert finding.status == "warning"


def test_all_tests_of_an_audit_are_one_family(audit_of: Auditing, ordinary: Ordinary) -> None:
    results = all_tests(audit_of(*ordinary(), COLUMNS))

    weights = [HEAVY if each.column in MODELS else 1.0 for each in results]
    adjusted = weighted_holm([each.difference.p_value for each in results], weights)
    assert [each.adjusted for each in results] == adjusted
    assert {each.family for each in results} == {"order", "bias"}


@given(st.lists(st.floats(0, 1), max_size=12))
def test_equal_weights_are_the_plain_method(p_values: list[float]) -> None:
    assert weighted_holm(p_values, [2.0] * len(p_values)) == pytest.approx(holm(p_values))


def test_weighted_tests_reject_falsely_as_seldom_as_promised() -> None:
    random = np.random.default_rng(0)
    weights = [5.0, 5.0, 5.0, *[1.0] * 10]
    draws = [min(weighted_holm(list(random.random(13)), weights)) <= 0.05 for _ in range(4000)]
    assert np.mean(draws) == pytest.approx(0.049, abs=0.011)


def test_p_values_are_those_of_scipy() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=300), random.normal(0.2, 1, 200)
    numbers = compare(encode(pd.Series(np.r_[one, other])), np.arange(300), np.arange(300, 500))
    assert numbers is not None
    assert numbers.p_value == pytest.approx(stats.ks_2samp(one, other).pvalue)

    levels = pd.Series(["a", "b", "c"] * 100 + ["a", "b"] * 100)
    found = compare(encode(levels), np.arange(300), np.arange(300, 500))
    assert found is not None
    table = pd.crosstab(np.repeat([0, 1], [300, 200]), levels.to_numpy())
    assert found.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)


def test_a_declared_population_is_compared(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary()
    even = {"population": {"marginals": {"region": dict.fromkeys("abcd", 0.25)}}}
    uneven = {"population": {"marginals": {"region": {"a": 0.7, "b": 0.1, "c": 0.1, "d": 0.1}}}}
    lacking = {"population": {"marginals": {"region": {"a": 0.5, "b": 0.5}}}}

    statuses = [
        population.check(audit_of(frame, part, COLUMNS, audit=declared)).status
        for declared in ({}, even, uneven, lacking)
    ]

    assert statuses == ["not_applicable", "passed", "failed", "failed"]


def test_a_population_can_be_a_file(audit_of: Auditing, ordinary: Ordinary, tmp_path: Path) -> None:
    frame, part = ordinary()
    alike, other = tmp_path / "alike.parquet", tmp_path / "other.csv"
    ordinary(3000, seed=5)[0].to_parquet(alike)
    ordinary(3000, seed=6)[0].assign(x1=lambda f: f["x1"] + 1).to_csv(other, index=False)

    findings = [
        population.check(audit_of(frame, part, COLUMNS, audit={"population": {"file": str(file)}}))
        for file in (alike, other)
    ]

    assert [finding.status for finding in findings] == ["passed", "failed"]
    assert findings[1].columns == ("x1",)


def test_a_population_that_cannot_be_read_is_told(audit_of: Auditing, ordinary: Ordinary) -> None:
    for declared in ({"file": "nowhere.parquet"}, {"marginals": {"regoin": {"a": 1.0}}}):
        audit = audit_of(*ordinary(), COLUMNS, audit={"population": declared})
        with pytest.raises(ConfigurationError, match="Next step"):
            population.check(audit)
