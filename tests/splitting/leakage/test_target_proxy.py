from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score, roc_auc_score

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.leakage import joint_proxy, target_proxy
from experiment_cycle.splitting.leakage.strength import auc, cross_fitted, explained

Auditing = Callable[..., Any]
Ordinary = Callable[..., tuple[pd.DataFrame, np.ndarray]]

COLUMNS = Columns(target="y")


def test_the_target_with_a_little_noise_fails_by_name(
    audit_of: Auditing, ordinary: Ordinary
) -> None:
    frame, part = ordinary()
    frame["later"] = frame["y"] + np.random.default_rng(9).normal(size=len(frame)) * 0.3

    finding = target_proxy.check(audit_of(frame, part, COLUMNS))

    assert (finding.code, finding.status, finding.columns) == ("LEAK004", "failed", ("later",))
    assert "known_at" in finding.message


def test_the_target_written_twice_is_found_twice(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary()
    frame["alive"] = np.where(frame["y"] == 1, "yes", "no")
    frame["dead"] = 1 - frame["y"]

    finding = target_proxy.check(audit_of(frame, part, COLUMNS))

    assert set(finding.columns) == {"alive", "dead"}


def test_a_strong_column_that_others_replace_is_legitimate(
    audit_of: Auditing, ordinary: Ordinary
) -> None:
    frame, part = ordinary()
    random = np.random.default_rng(9)
    cause = random.normal(size=len(frame))
    for name in ("one", "two", "three"):
        frame[name] = cause + 0.1 * random.normal(size=len(frame))
    frame["y"] = (8 * cause + random.logistic(size=len(frame)) > 0).astype(int)

    finding = target_proxy.check(audit_of(frame, part, COLUMNS))

    assert max(finding.evidence["alone"].values()) > 0.95
    assert finding.status == "passed"


def test_a_column_that_alone_tells_much_asks_when_it_is_known(
    audit_of: Auditing, ordinary: Ordinary
) -> None:
    frame, part = ordinary(3000)
    random = np.random.default_rng(9)
    frame["duration"] = np.exp(random.normal(size=3000) * 0.8 + 0.9 * frame["y"])

    finding = target_proxy.check(audit_of(frame, part, COLUMNS))

    assert (finding.status, finding.columns) == ("warning", ("duration",))


def test_a_number_as_target_is_measured_by_r2(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary()
    frame["y"] = frame["x0"] + np.random.default_rng(9).normal(size=len(frame))
    frame["later"] = frame["y"] * 3 + 0.2 * frame["x5"]

    finding = target_proxy.check(audit_of(frame, part, COLUMNS))

    assert finding.evidence["measure"] == "r2"
    assert (finding.status, finding.columns) == ("failed", ("later",))


def test_an_xor_of_two_columns_fails_with_both(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary()
    frame["a"] = np.random.default_rng(0).integers(0, 2, len(frame))
    frame["b"] = frame["a"] ^ frame["y"]
    audit = audit_of(frame, part, COLUMNS)

    finding = joint_proxy.check(audit)

    assert (finding.code, finding.status, finding.columns) == ("LEAK005", "failed", ("a", "b"))
    assert target_proxy.check(audit).status == "passed"


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        (lambda f: f["a"] + f["b"], "'a' + 'b'"),
        (lambda f: f["a"] - f["b"], "'a' - 'b'"),
        (lambda f: f["a"] * f["b"], "'a' * 'b'"),
        (lambda f: f["a"] / f["b"], "'a' / 'b'"),
        (lambda f: 2 * f["a"] + 3 * f["b"] + f["x0"], "2 x 'a' + 3 x 'b'"),
    ],
    ids=["sum", "difference", "product", "ratio", "weights"],
)
def test_a_formula_is_found_and_written_down(
    audit_of: Auditing, ordinary: Ordinary, formula: Callable[..., Any], told: str
) -> None:
    frame, part = ordinary()
    random = np.random.default_rng(9)
    frame["a"], frame["b"] = np.exp(random.normal(size=(2, len(frame))))
    frame["y"] = formula(frame)

    finding = joint_proxy.check(audit_of(frame, part, COLUMNS))

    assert finding.status == "failed"
    assert told in finding.message


def test_noise_is_no_formula(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary()
    frame["y"] = frame["x0"] + frame["x1"] + 0.2 * np.random.default_rng(9).normal(size=len(frame))

    assert joint_proxy.check(audit_of(frame, part, COLUMNS)).status == "passed"


def test_strengths_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(9)
    scores, labels = random.integers(0, 9, 300).astype(float), random.integers(0, 2, 300)

    assert auc(scores, labels == 1) == pytest.approx(roc_auc_score(labels, scores))
    assert explained(scores[:, None], labels[:, None].astype(float)) == pytest.approx(
        r2_score(labels, scores)
    )


def test_a_cell_is_predicted_from_the_other_folds_only() -> None:
    cell = np.array([0, 0, 0, 1, 1, 1])
    target = np.array([[1.0], [0.0], [1.0], [1.0], [1.0], [0.0]])
    folds = np.array([0, 1, 1, 0, 1, 1])

    changed = target.copy()
    changed[folds == 0] = 9.0

    before, after = cross_fitted(cell, target, folds), cross_fitted(cell, changed, folds)
    np.testing.assert_array_equal(before[folds == 0], after[folds == 0])
    assert (before[folds == 1] != after[folds == 1]).all()
