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


def test_in_time_the_standard_error_is_that_of_the_cosines() -> None:
    series = np.random.default_rng(1).normal(size=200)
    moments = np.arange(1, 201)
    count = int(0.4 * 200 ** (2 / 3))
    projected = [
        np.sqrt(2 / 200) * (np.cos(np.pi * j * (moments - 0.5) / 200) * series).sum()
        for j in range(1, count + 1)
    ]

    units = Units.from_codes(moments, in_time=True)

    expected = np.sqrt(200 * np.mean(np.square(projected)))
    assert units.standard_error(series) == pytest.approx(expected, rel=1e-10)
    assert units.degrees_of_freedom == count == 13


def test_rows_of_one_moment_are_one_unit_of_a_series() -> None:
    generator = np.random.default_rng(2)
    moment = np.sort(generator.integers(0, 60, 300))
    contributions = generator.normal(size=300)
    shuffled = generator.permutation(300)

    found = Units.from_codes(moment[shuffled] * 10, in_time=True)

    sums = np.bincount(moment, weights=contributions)
    alone = Units.from_codes(np.arange(60), in_time=True)
    assert found.count == 60
    assert found.standard_error(contributions[shuffled]) == pytest.approx(
        alone.standard_error(sums)
    )


def test_units_joined_at_random_are_as_large_as_each_other_and_whole() -> None:
    units = Units.from_codes(np.random.default_rng(3).integers(0, 1000, 5000))

    blocks = units.in_blocks(64, seed=1)

    assert blocks.count == 64
    together = np.unique(np.stack([units.codes, blocks.codes]), axis=1)
    assert together.shape[1] == units.count
    assert np.ptp(np.bincount(together[1])) <= 1
    assert units.in_blocks(1000, seed=1) is units
    assert (units.in_blocks(64, seed=2).codes != blocks.codes).any()


def test_moments_are_joined_to_their_neighbours() -> None:
    units = Units.from_codes(np.arange(1000), in_time=True)

    blocks = units.in_blocks(100, seed=1)

    assert blocks.in_time
    np.testing.assert_array_equal(blocks.codes, np.arange(1000) // 10)


def test_joined_units_have_the_standard_error_of_single_ones() -> None:
    contributions = np.random.default_rng(4).exponential(size=100_000) - 1.0
    units = Units.from_codes(np.arange(100_000))

    joined = units.in_blocks(8192, seed=1).standard_error(contributions)

    # a standard error of 0.8 % of itself, thrice
    assert joined == pytest.approx(units.standard_error(contributions), rel=0.025)
