"""Units number the rows that stand together, and carry the standard errors."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS

from experiment_cycle.metrics.influence import influence
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.units import Units

codes = st.lists(st.integers(-3, 12), min_size=1, max_size=40)


@given(codes)
def test_units_are_numbered_without_gaps_and_keep_who_stands_together(
    given_codes: list[int],
) -> None:
    units = Units.from_codes(given_codes)

    assert units.count == len(set(given_codes))
    assert sorted(set(units.codes.tolist())) == list(range(units.count))
    together = np.equal.outer(np.array(given_codes), np.array(given_codes))
    assert (np.equal.outer(units.codes, units.codes) == together).all()


@given(codes)
def test_effective_units_are_at_most_the_units(given_codes: list[int]) -> None:
    units = Units.from_codes(given_codes)

    assert 1 - 1e-9 <= units.effective <= units.count + 1e-9


def test_effective_units_are_fewer_where_one_unit_is_large() -> None:
    units = Units.from_codes([0] * 8 + [1, 2])

    assert units.effective == pytest.approx(10**2 / (8**2 + 1 + 1))
    assert units.degrees_of_freedom == units.effective - 1


def test_with_rows_as_units_the_standard_error_of_a_mean_is_the_textbook_one() -> None:
    values = np.random.default_rng(5).normal(size=50)

    found = Units.from_codes(np.arange(50)).standard_error((values - values.mean()) / 50)

    assert found == pytest.approx(stats.sem(values), rel=1e-12)


def test_with_groups_the_standard_error_is_the_sandwich_of_statsmodels() -> None:
    generator = np.random.default_rng(6)
    groups = generator.integers(0, 15, 120)
    target = (generator.random(120) < 0.4).astype(np.int64)
    probability: npt.NDArray[np.float64] = generator.random(120)
    losses = (probability - target) ** 2
    fitted = OLS(losses, np.ones(120)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    count = len(np.unique(groups))

    found = Units.from_codes(groups).standard_error(
        influence("brier", Outcomes("binary", target, probability)).contributions
    )

    assert found == pytest.approx(fitted.bse[0] * np.sqrt(count / (count - 1)), rel=1e-10)


def test_one_unit_has_no_standard_error() -> None:
    assert np.isnan(Units.from_codes([4, 4, 4]).standard_error(np.array([0.1, -0.1, 0.0])))
