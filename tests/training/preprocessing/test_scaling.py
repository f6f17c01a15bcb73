from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from experiment_cycle.training.preprocessing.scaling import Scaling

THEIRS: dict[str, Any] = {
    "standard": StandardScaler,
    "robust": RobustScaler,
    "minmax": MinMaxScaler,
}
values = st.none() | st.integers(-50, 50)
rows = st.lists(st.tuples(values, values), min_size=1, max_size=30)


def matrix_of(drawn: list[tuple[int | None, ...]]) -> np.ndarray[Any, Any]:
    return np.array([[np.nan if v is None else v for v in row] for row in drawn], dtype=np.float64)


@given(drawn=rows, seen=rows, scale=st.sampled_from(sorted(THEIRS)))
@pytest.mark.filterwarnings("ignore:All-NaN slice", "ignore:Degrees of freedom")
def test_scales_are_those_of_scikit_learn(drawn: Any, seen: Any, scale: str) -> None:
    drawn = [*drawn, (0, 1)]

    found = Scaling("none", scale).fit(matrix_of(drawn)).transform(matrix_of(seen))

    np.testing.assert_allclose(
        found, THEIRS[scale]().fit(matrix_of(drawn)).transform(matrix_of(seen)), atol=1e-9
    )


@given(drawn=rows, seen=rows, impute=st.sampled_from(["median", "mean", "most_frequent"]))
def test_gaps_are_filled_as_scikit_learn_does(drawn: Any, seen: Any, impute: str) -> None:
    theirs = SimpleImputer(strategy=impute, keep_empty_features=True).fit(matrix_of(drawn))

    found = Scaling(impute, "none").fit(matrix_of(drawn)).transform(matrix_of(seen))

    np.testing.assert_allclose(found, theirs.transform(matrix_of(seen)), atol=1e-9)


@pytest.mark.parametrize("scale", ["standard", "robust", "minmax"])
@pytest.mark.parametrize("value", [0.0, 0.1, -7e30, 1e-300])
def test_a_constant_column_becomes_zero_and_stays_finite_for_other_values(
    scale: str, value: float
) -> None:
    fitted = Scaling("median", scale).fit(np.full((50, 1), value))

    assert np.abs(fitted.transform(np.full((2, 1), value))).max() <= abs(value) * 1e-12
    assert np.isfinite(fitted.transform(np.full((2, 1), value + 1.0))).all()


def test_zero_is_the_zero_of_the_column_not_of_its_scale() -> None:
    fitted = Scaling("zero", "minmax").fit(np.array([[10.0], [20.0]]))

    assert fitted.transform(np.array([[np.nan]])).tolist() == [[-1.0]]


def test_a_column_without_a_value_is_filled_with_zero() -> None:
    fitted = Scaling("median", "standard").fit(np.full((3, 1), np.nan))

    assert fitted.transform(np.array([[np.nan], [4.0]])).tolist() == [[0.0], [4.0]]
