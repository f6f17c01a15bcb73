"""The nearest training rows, against distances computed pair by pair from the raw values."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from tests.evaluation.errors.mixed_rows import mixed, trained

from experiment_cycle.evaluation.errors import neighbours
from experiment_cycle.evaluation.errors.neighbours import nearest_rows


def by_hand(rows: pd.DataFrame, train: pd.DataFrame, date_inputs: pd.DataFrame) -> np.ndarray:
    """Squared distances by the definition: each feature over its mean between two rows."""
    total = np.zeros((len(rows), len(train)))
    every = pd.concat([train, rows])

    def part(values: np.ndarray) -> np.ndarray:
        own, other = values[len(train) :], values[: len(train)]
        variance = np.nanvar(other)
        if not variance > 0:
            return np.full((len(own), len(other)), np.nan)
        filled = np.where(np.isnan(values), np.nanmean(other), values)
        squared = (filled[len(train) :, None] - filled[None, : len(train)]) ** 2 / (2 * variance)
        gaps = np.isnan(own)[:, None] != np.isnan(other)[None, :]
        return squared + 0.5 * gaps

    for name in ("number", "other", "flag"):
        total += part(every[name].to_numpy(dtype=float))
    codes = every["colour"].fillna("?").to_numpy()
    shares = pd.Series(codes[: len(train)]).value_counts(normalize=True)
    differ = codes[len(train) :, None] != codes[None, : len(train)]
    total += differ / (1 - (shares**2).sum())
    dates = [part(date_inputs[name].to_numpy(dtype=float)) for name in date_inputs]
    total += np.nanmean(np.stack(dates), axis=0)
    return total / 5


@pytest.mark.parametrize("estimator", ["lightgbm", "linear"])
def test_the_nearest_rows_are_those_of_the_definition(
    estimator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = "binary"
    model, train, rows = trained(estimator, kind), mixed(kind).head(320), mixed(kind, seed=2)
    rows = rows.head(12)
    if estimator == "linear":
        # gaps are filled before it, so that they are no difference of their own
        number = train["number"].median()
        train, rows = (each.assign(number=each["number"].fillna(number)) for each in (train, rows))
    names = model["preprocess"].get_feature_names_out()
    matrix = model["preprocess"].transform(pd.concat([train, rows]))
    dense = np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)
    dates = pd.DataFrame(dense, columns=names).filter(regex="^when_")
    expected = np.sqrt(by_hand(rows, train, dates))

    found = nearest_rows(model, rows, train, seed=1)
    monkeypatch.setattr(neighbours, "BATCH_VALUES", 100)
    in_batches = nearest_rows(model, rows, train, seed=1)

    assert found is not None
    assert in_batches is not None
    order = np.argsort(expected, axis=1, kind="stable")[:, :3]
    np.testing.assert_array_equal(found.positions, order)
    np.testing.assert_allclose(found.distances, np.take_along_axis(expected, order, axis=1))
    np.testing.assert_array_equal(found.positions, in_batches.positions)
    np.testing.assert_allclose(found.distances, in_batches.distances)
    assert found.searched == 320


def test_a_row_is_no_neighbour_of_itself_and_equal_ones_come_in_order() -> None:
    model, train = trained("lightgbm", "binary"), mixed("binary").head(50)
    twins = pd.concat([train, train.set_axis(train.index + 1000)])

    found = nearest_rows(model, train.head(4), twins, seed=1)

    assert found is not None
    assert found.positions[:, 0].tolist() == [50, 51, 52, 53]
    assert found.distances[:, 0].tolist() == [0.0] * 4
    assert (found.distances[:, 1] > 0).all()


def test_few_training_rows_leave_places_empty() -> None:
    model, train = trained("lightgbm", "binary"), mixed("binary").head(2)

    found = nearest_rows(model, mixed("binary", seed=2).head(1), train, seed=1)

    assert found is not None
    assert found.positions[0, 2] == -1
    assert np.isinf(found.distances[0, 2])


def test_of_very_many_rows_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    model, train = trained("lightgbm", "binary"), mixed("binary")
    monkeypatch.setattr(neighbours, "MOST_VALUES", 900)

    found, again = (nearest_rows(model, train.head(2), train, seed=1) for _ in range(2))

    assert found is not None
    assert again is not None
    assert 4 <= found.searched < 300
    np.testing.assert_array_equal(found.positions, again.positions)


def test_a_pipeline_of_other_steps_has_no_space_to_look_in() -> None:
    rows = mixed("binary")
    other: Any = make_pipeline(LogisticRegression()).fit(rows[["other"]], rows["goal"])

    assert nearest_rows(other, rows.head(2), rows, seed=1) is None
