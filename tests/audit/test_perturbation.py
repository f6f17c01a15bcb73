"""The perturbation canary on plain functions, and its corruption on any table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from experiment_cycle.audit.corruption import corrupt
from experiment_cycle.audit.fingerprints import fingerprint_parts
from experiment_cycle.audit.perturbation import corrupt_table, perturbation_finding
from experiment_cycle.columns import Columns
from experiment_cycle.problem import Task
from experiment_cycle.splitting.leakage.options import AuditOptions, Waiver

COLUMNS = Columns(target="y")
TASK: Task = "classification"


@pytest.fixture
def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.normal(size=(200, 5)), columns=list("abcde"))
    return table.assign(
        place=random.choice(["north", "south", "east"], 200), y=random.integers(0, 2, 200)
    )


@pytest.fixture
def tests() -> np.ndarray:
    return np.random.default_rng(1).permutation(200)[:40]


def train(frame: pd.DataFrame, tests: np.ndarray) -> pd.DataFrame:
    return frame.drop(index=frame.index[tests])


def fits(tests: np.ndarray) -> dict[str, Any]:
    names = list("abcde")

    def scaled_before(frame: pd.DataFrame) -> Any:
        scaled = pd.DataFrame(StandardScaler().fit_transform(frame[names]), columns=names)
        return train(scaled, tests)

    def selected_before(frame: pd.DataFrame) -> Any:
        kept = SelectKBest(k=2).fit(frame[names], frame["y"])
        return kept.scores_

    def encoded_before(frame: pd.DataFrame) -> Any:
        means = frame.groupby("place")["y"].mean()
        return train(frame.assign(place=frame["place"].map(means)), tests)

    def filled_before(frame: pd.DataFrame) -> Any:
        return {"fill": frame["a"].median()}

    def oversampled_before(frame: pd.DataFrame) -> Any:
        return train(frame, tests).sample(n=int(frame["y"].sum()), replace=True, random_state=0)

    def clean(frame: pd.DataFrame) -> Any:
        part = train(frame, tests)
        scaler = StandardScaler().fit(part[names])
        model = LogisticRegression().fit(scaler.transform(part[names]), part["y"])
        return {"train": part, "scaler": scaler, "model": model, "fit_seconds": np.random.rand()}

    return {
        "scaled_before": scaled_before,
        "selected_before": selected_before,
        "encoded_before": encoded_before,
        "filled_before": filled_before,
        "oversampled_before": oversampled_before,
        "clean": clean,
    }


@pytest.mark.parametrize(
    "name",
    ["scaled_before", "selected_before", "encoded_before", "filled_before", "oversampled_before"],
)
def test_what_is_learned_before_the_split_fails(
    name: str, frame: pd.DataFrame, tests: np.ndarray
) -> None:
    for seed in range(20):
        found = perturbation_finding(fits(tests)[name], frame, tests, COLUMNS, TASK, seed)
        assert found.status == "failed"
        assert found.code == "LEAK018"
        assert found.evidence["test_rows"] == 40


def test_what_is_learned_from_train_alone_passes(frame: pd.DataFrame, tests: np.ndarray) -> None:
    for seed in range(20):
        found = perturbation_finding(fits(tests)["clean"], frame, tests, COLUMNS, TASK, seed)
        assert found.status == "passed", found.message


def test_the_columns_that_changed_are_named(frame: pd.DataFrame, tests: np.ndarray) -> None:
    def fit(given: pd.DataFrame) -> pd.DataFrame:
        return train(given.assign(b=given["b"] - given["b"].mean()), tests)

    assert perturbation_finding(fit, frame, tests, COLUMNS, TASK, 0).columns == ("b",)


def test_code_that_is_not_reproducible_is_not_passed(
    frame: pd.DataFrame, tests: np.ndarray
) -> None:
    def fit(given: pd.DataFrame) -> dict[str, Any]:
        return {"noise": np.random.default_rng().random(), "train": train(given, tests)}

    found = perturbation_finding(fit, frame, tests, COLUMNS, TASK, 0)

    assert found.status == "warning"
    assert "noise" in found.message
    assert "could not be judged" in found.message


def test_code_that_takes_only_what_occurs_is_tried_with_that(
    frame: pd.DataFrame, tests: np.ndarray
) -> None:
    least, most = frame["a"].min(), frame["a"].max()

    def fit(given: pd.DataFrame) -> float:
        if not given["a"].between(least, most).all():
            raise ValueError("out of range")
        return float(given["a"].sum())

    found = perturbation_finding(fit, frame, tests, COLUMNS, TASK, 0)

    assert found.status == "failed"
    assert found.evidence["corruption"] == "near"


def test_code_that_fails_on_every_corruption_is_not_passed(
    frame: pd.DataFrame, tests: np.ndarray
) -> None:
    def fit(given: pd.DataFrame) -> int:
        if not given.equals(frame):
            raise ValueError("never seen")
        return 0

    found = perturbation_finding(fit, frame, tests, COLUMNS, TASK, 0)

    assert found.status == "warning"
    assert "ValueError: never seen" in found.message


def test_a_waiver_is_shown(frame: pd.DataFrame, tests: np.ndarray) -> None:
    options = AuditOptions(waivers=(Waiver(code="LEAK018", reason="units", by="A. Smith"),))

    found = perturbation_finding(
        fits(tests)["scaled_before"], frame, tests, COLUMNS, TASK, 0, options
    )

    assert found.status == "waived"


VALUES = st.one_of(
    npst.arrays(np.float64, 12, elements=st.floats(-1e6, 1e6)),
    npst.arrays(np.int64, 12, elements=st.integers(-(2**40), 2**40)),
    npst.arrays(np.uint8, 12, elements=st.integers(0, 255)),
    npst.arrays(np.int8, 12, elements=st.integers(-128, 127)),
    npst.arrays(np.bool_, 12),
    st.lists(st.text(max_size=3), min_size=12, max_size=12).map(
        lambda texts: pd.array(texts, dtype="str")
    ),
    st.lists(st.sampled_from(["u", "v", "w"]), min_size=12, max_size=12).map(pd.Categorical),
    st.lists(st.one_of(st.none(), st.integers(-9, 9)), min_size=12, max_size=12).map(
        lambda numbers: pd.array(numbers, dtype="Int64")
    ),
    st.lists(st.integers(0, 10**6), min_size=12, max_size=12).map(
        lambda minutes: pd.Timestamp("2020-01-01") + pd.to_timedelta(minutes, unit="min")
    ),
)


@given(VALUES, npst.arrays(np.bool_, 12), st.integers(0, 1000), st.booleans())
@settings(max_examples=150, deadline=None)
def test_only_the_rows_named_change_and_no_type_does(
    values: Any, rows: np.ndarray, seed: int, far: bool
) -> None:
    frame = pd.DataFrame({"key": np.arange(12), "value": values})
    before = frame.copy()

    after = corrupt(frame, rows, {"key"}, seed, far=far)

    pd.testing.assert_frame_equal(frame, before)
    assert (after.dtypes == frame.dtypes).all()
    pd.testing.assert_frame_equal(after[~rows], frame[~rows])
    pd.testing.assert_series_equal(after["key"], frame["key"])
    known = frame["value"].dropna().nunique()
    if known > 1:
        old, new = frame["value"][rows], after["value"][rows]
        assert new.notna().all()
        assert not (old == new).fillna(False).any()


def test_keys_moments_and_classes_stay_what_they_are() -> None:
    columns = Columns(
        target="y", identifier="id", group="g", time="t", weight="w", known_at={"balance": "seen"}
    )
    frame = pd.DataFrame(
        {
            "id": range(60),
            "g": [place // 3 for place in range(60)],
            "t": pd.date_range("2024-01-01", periods=60),
            "seen": pd.date_range("2023-01-01", periods=60),
            "balance": np.linspace(0, 9, 60),
            "w": np.linspace(0, 1, 60),
            "y": [place % 3 for place in range(60)],
        }
    )

    after = corrupt_table(frame, np.ones(60, dtype=bool), columns, TASK, 0)

    for name in ("id", "g", "t", "seen"):
        pd.testing.assert_series_equal(after[name], frame[name])
    for name in ("y", "w"):
        assert set(after[name]) <= set(frame[name])
    for name in ("y", "w", "balance"):
        assert (after[name] != frame[name]).all()


@pytest.mark.parametrize("task", ["classification", "regression", "ranking"])
def test_only_a_regression_gets_targets_that_do_not_occur(task: Task) -> None:
    frame = pd.DataFrame({"query": np.arange(120) // 4, "y": np.arange(120) % 30})

    after = corrupt_table(
        frame, np.ones(120, dtype=bool), Columns(target="y", query="query"), task, 0
    )

    assert after["y"].isin(frame["y"]).all() == (task != "regression")
    assert (after["y"] != frame["y"]).all()
    pd.testing.assert_series_equal(after["query"], frame["query"])


@given(st.permutations(["a", "b", "c"]))
def test_hashes_depend_on_content_and_not_on_the_order_of_keys(names: list[str]) -> None:
    values = {name: {"deep": [1.5, name]} for name in names}

    assert fingerprint_parts(values) == fingerprint_parts(dict(sorted(values.items())))
    assert fingerprint_parts(values) != fingerprint_parts({**values, "a": {"deep": [1.5, "b"]}})
