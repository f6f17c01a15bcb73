"""Challengers of two runs are compared where they were tried on the same rows, and only there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import log_loss

from experiment_cycle.decision.two_runs import MetricPair, PairedRuns, TriedRun, compare_runs
from experiment_cycle.metrics.holm import holm
from experiment_cycle.problem import Problem
from experiment_cycle.row_keys import hash_rows
from experiment_cycle.splitting.records import SplitManifest
from experiment_cycle.training.records import ModelRecord, ThresholdRecord

ROWS = 400
BINARY = Problem(type="binary", classes=(0, 1))


def manifest(rows: int, content: str = "c", identifier: str | None = None) -> SplitManifest:
    part = {"share": 0.5, "groups": None, "positive_share": None, "target_mean": None}
    return SplitManifest.model_validate(
        {
            "hash": "h",
            "content_hash": content,
            "strategy": "random",
            "seed": 1,
            "requested": {"train": 0.7, "validation": 0.15, "test": 0.15},
            "parts": {
                name: {**part, "rows": count, "rows_hash": hash_rows(np.arange(count))}
                for name, count in (("train", 9), ("validation", 9), ("test", rows))
            },
            "guarantees": {},
            "override_reason": None,
            "settings": {"identifier": identifier},
        }
    )


def model(identity: str, problem: Problem = BINARY, threshold: float = 0.5) -> ModelRecord:
    return ModelRecord(
        estimator="linear",
        identity=identity,
        problem=problem,
        features=("a",),
        hyperparameters={},
        best_step=None,
        threshold=ThresholdRecord(value=threshold, choose_by="fixed", detail=""),
    )


def tried(identity: str, skill: float, **changed: Any) -> TriedRun:
    """A run on the same rows and targets as any other, with predictions of its own."""
    target = np.random.default_rng(0).integers(0, 2, ROWS)
    noise = np.random.default_rng(len(identity)).normal(size=ROWS)
    table = pd.DataFrame(
        {
            "unit": np.arange(ROWS),
            "target": target,
            "challenger": 1.0 / (1.0 + np.exp(-skill * (target - 0.5) - noise)),
            "incumbent": 0.5,
            "challenger_seed_2": 0.5,
        },
        index=pd.RangeIndex(ROWS, name="__row__"),
    )
    keys = pd.DataFrame({"row": np.arange(ROWS, dtype="uint64") * 7}, index=table.index)
    made = TriedRun(table, pd.DataFrame(), keys, model(identity), manifest(ROWS))
    return replace(made, **changed)


def pairs(found: PairedRuns | str) -> dict[str, MetricPair]:
    assert isinstance(found, PairedRuns), found
    return {each.metric: each for each in found.metrics}


def test_the_tests_are_those_of_a_decision() -> None:
    one, other = tried("a", 1.0), tried("bb", 2.0, record=model("bb", threshold=0.3))
    found = compare_runs(one, other, [])

    target = one.test_predictions["target"].to_numpy()
    first, second = (run.test_predictions["challenger"].to_numpy() for run in (one, other))
    right = [(first >= 0.5) == target, (second >= 0.3) == target]
    oracle = stats.ttest_rel(right[1].astype(float), right[0].astype(float))
    accuracy = pairs(found)["accuracy"]
    assert accuracy.first == pytest.approx(right[0].mean())
    assert accuracy.second == pytest.approx(right[1].mean())
    assert accuracy.p_value == pytest.approx(oracle.pvalue, rel=0.02)
    interval = oracle.confidence_interval(0.95)
    assert (accuracy.lower, accuracy.upper) == pytest.approx(tuple(interval), abs=1e-3)
    # the better direction of a loss is down
    losses = [log_loss(target, each) for each in (first, second)]
    assert pairs(found)["log_loss"].effect == pytest.approx(losses[0] - losses[1])
    known = [each.p_value for each in pairs(found).values() if each.p_value is not None]
    assert [each.p_adjusted for each in pairs(found).values()] == holm(known)


def test_the_other_way_round_everything_has_the_other_sign() -> None:
    one, other = tried("a", 1.0), tried("bb", 2.0)
    there, back = pairs(compare_runs(one, other, [])), pairs(compare_runs(other, one, []))

    for name, pair in there.items():
        if pair.effect is not None and back[name].effect is not None:
            assert back[name].effect == pytest.approx(-pair.effect)
            assert back[name].p_value == pytest.approx(pair.p_value)


def test_the_order_of_the_rows_does_not_matter() -> None:
    one, other = tried("a", 1.0), tried("bb", 2.0)
    shuffled = replace(
        other, test_predictions=other.test_predictions.sample(frac=1.0, random_state=1)
    )

    assert compare_runs(one, shuffled, []) == compare_runs(one, other, [])


def test_rows_of_other_data_are_recognised_by_their_identifier_only() -> None:
    one = tried("a", 1.0, manifest=manifest(ROWS, identifier="id"))
    known = tried("bb", 2.0, manifest=manifest(ROWS, "d", "id"))
    moved = known.test_predictions.index + 1000
    known = replace(
        known,
        test_predictions=known.test_predictions.set_index(moved.rename("__row__")),
        split_keys=known.split_keys.set_index(moved),
    )

    assert pairs(compare_runs(one, known, [])) == pairs(compare_runs(one, tried("bb", 2.0), []))
    unknown = replace(known, manifest=manifest(ROWS, "d"))
    assert "without an identifier" in str(compare_runs(one, unknown, []))


def test_the_units_of_the_run_that_has_fewer_count() -> None:
    one, other = tried("a", 1.0), tried("bb", 2.0)
    grouped = replace(
        other, test_predictions=other.test_predictions.assign(unit=np.arange(ROWS) // 4)
    )

    for found in (compare_runs(one, grouped, []), compare_runs(grouped, one, [])):
        assert isinstance(found, PairedRuns)
        assert (found.unit, found.units) == ("group", ROWS // 4)


def test_metrics_that_were_asked_for_come_first_and_strange_ones_not_at_all() -> None:
    asked = ["f1", "no_such_thing", "rmse", "predict_latency_ms", "gone.package.metric:greater"]
    found = compare_runs(tried("a", 1.0), tried("bb", 2.0), asked)

    assert next(iter(pairs(found))) == "f1"
    assert not set(asked[1:]) & set(pairs(found))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"record": model("a")}, "the very same model"),
        ({"record": model("bb", Problem(type="regression", classes=()))}, "a binary problem"),
        ({"record": model("bb", Problem(type="binary", classes=(1, 2)))}, "different classes"),
        ({"test_predictions": tried("bb", 2.0).test_predictions.iloc[1:]}, "(400 and 399)"),
        (
            {"test_predictions": tried("bb", 2.0).test_predictions.assign(target=1)},
            "What came true",
        ),
    ],
)
def test_what_cannot_be_compared_is_told(changed: dict[str, Any], told: str) -> None:
    assert told in str(compare_runs(tried("a", 1.0), tried("bb", 2.0, **changed), []))


def by_folds(run: TriedRun, shift: int = 0) -> TriedRun:
    table = run.test_predictions.drop(columns="challenger_seed_2").assign(
        repeat=1,
        fold=(np.arange(ROWS) + shift) % 5,
        train_rows=ROWS * 4 // 5,
        challenger_threshold=0.4,
        incumbent_threshold=0.5,
    )
    return replace(run, fold_predictions=table, manifest=manifest(0))


def test_where_there_is_no_test_set_the_folds_are_compared() -> None:
    one, other = by_folds(tried("a", 1.0)), by_folds(tried("bb", 2.0))
    found = compare_runs(one, other, [])

    assert isinstance(found, PairedRuns)
    assert found.folds == 5
    accuracy = pairs(found)["accuracy"]
    assert "corrected resampled t test over 5 folds" in accuracy.test
    table = one.fold_predictions
    right = (table["challenger"] >= 0.4) == table["target"]
    assert accuracy.first == pytest.approx(right.groupby(table["fold"]).mean().mean())
    assert "not tried on the same rows" in str(compare_runs(one, by_folds(tried("bb", 2.0), 1), []))
    assert "by cross-validation" in str(compare_runs(one, tried("bb", 2.0), []))
