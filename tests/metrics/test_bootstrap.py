"""The vectorised bootstrap is the loop over scikit-learn, on the same resamples."""

import tracemalloc
import warnings

import numpy as np
import pytest
from tests.metrics.oracles import ORACLES, repeated, sample

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.metrics import bootstrap as module
from experiment_cycle.metrics.bootstrap import bootstrap, replicate_weights
from experiment_cycle.metrics.catalogue import known_metrics, measure, metric
from experiment_cycle.metrics.influence import influence
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.resampled import Binned
from experiment_cycle.metrics.units import Units
from experiment_cycle.problem import ProblemType

PROBLEMS: tuple[ProblemType, ...] = ("binary", "multiclass", "regression", "ranking")
EACH = [(problem, name) for problem in PROBLEMS for name in known_metrics(problem)]


def grouped(outcomes: Outcomes, groups: int | None) -> Units:
    """Number units: the query where there is one, else a group drawn, else the row."""
    if outcomes.query is not None:
        return Units.from_codes(outcomes.query)
    rows = len(outcomes.target)
    codes = np.arange(rows) if groups is None else np.arange(rows) * 7919 % groups
    return Units.from_codes(codes)


@pytest.mark.parametrize("decimals", [1, 12], ids=["ties", "no ties"])
@pytest.mark.parametrize("groups", [None, 40], ids=["rows", "groups"])
@pytest.mark.parametrize("problem", ORACLES)
def test_it_equals_scikit_learn_on_weighted_rows(
    problem: ProblemType, groups: int | None, decimals: int
) -> None:
    outcomes = sample(problem, 300, decimals)
    units = grouped(outcomes, groups)

    found = bootstrap(known_metrics(problem), outcomes, units, 15, seed=9)

    for replicate, weights in enumerate(replicate_weights(units, 15, seed=9)):
        expected = {
            name: oracle(outcomes, weights.astype(np.float64))
            for name, oracle in ORACLES[problem].items()
        }
        got = {name: values[replicate] for name, values in found.items()}
        assert got == pytest.approx(expected, abs=1e-11, rel=1e-11)


def test_a_resample_of_queries_counts_a_query_as_often_as_it_was_drawn() -> None:
    outcomes = sample("ranking", 300, 1)
    units, names = grouped(outcomes, None), [*known_metrics("ranking"), "map_at_2"]
    query = outcomes.query
    assert query is not None

    found = bootstrap(names, outcomes, units, 15, seed=9)

    for replicate, weights in enumerate(replicate_weights(units, 15, seed=9)):
        # each drawing of a query is a query of its own
        copies = [
            np.flatnonzero((query == code) & (weights > at))
            for at in range(weights.max())
            for code in set(query)
        ]
        copies = [copy for copy in copies if len(copy)]
        rows = np.concatenate(copies)
        own = np.repeat(np.arange(len(copies)), [len(copy) for copy in copies])
        drawn = Outcomes("ranking", outcomes.target[rows], outcomes.prediction[rows], own)
        got = {name: values[replicate] for name, values in found.items()}
        assert got == pytest.approx({name: measure(name, drawn) for name in names}, rel=1e-11)


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
def test_a_resample_that_leaves_a_metric_undefined_is_nan_and_no_warning(
    problem: ProblemType,
) -> None:
    outcomes = sample(problem, 4, 12, seed=6)
    units, names = Units.from_codes(np.arange(4)), known_metrics(problem)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = bootstrap(names, outcomes, units, 150, seed=0)

    for replicate, weights in enumerate(replicate_weights(units, 150, seed=0)):
        drawn = repeated(outcomes, weights)
        for name, values in found.items():
            expected = pytest.approx(measure(name, drawn), rel=1e-9, abs=1e-9, nan_ok=True)
            assert values[replicate] == expected, name
    sometimes = {"binary": "roc_auc", "multiclass": "roc_auc_ovr", "regression": "r2"}[problem]
    always = "rmse" if problem == "regression" else "accuracy"
    assert 0 < np.isnan(found[sometimes]).sum() < 150
    assert not np.isnan(found[always]).any()


def test_without_rows_every_resample_is_nan() -> None:
    outcomes = Outcomes("binary", np.zeros(0, np.int64), np.zeros(0))

    found = bootstrap(known_metrics("binary"), outcomes, Units.from_codes([]), 3, seed=0)

    assert all(np.isnan(values).all() and len(values) == 3 for values in found.values())


def test_a_resample_draws_as_many_units_as_there_are() -> None:
    units = Units.from_codes([0, 0, 1, 2, 2, 2])

    weights = replicate_weights(units, 50, seed=1)

    assert weights.shape == (50, 6)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_size_of_a_chunk_changes_no_number(
    monkeypatch: pytest.MonkeyPatch, problem: ProblemType
) -> None:
    outcomes, names = sample(problem, 100, 12), known_metrics(problem)
    units = grouped(outcomes, 20)
    at_once = bootstrap(names, outcomes, units, 40, seed=3)

    monkeypatch.setattr(module, "CHUNK", 300)
    in_chunks = bootstrap(names, outcomes, units, 40, seed=3)

    for name in names:
        np.testing.assert_allclose(in_chunks[name], at_once[name], rtol=1e-13)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    outcomes = sample("binary", 100, 12)
    units = grouped(outcomes, None)

    first, again, other = (
        bootstrap(["brier"], outcomes, units, 30, seed=seed)["brier"].tobytes()
        for seed in (3, 3, 4)
    )

    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("problem", "name"), [each for each in EACH if metric(each[1]).has_influence]
)
def test_its_spread_is_the_influence_standard_error(problem: ProblemType, name: str) -> None:
    outcomes = sample(problem, 1500, 12)
    units = grouped(outcomes, 300)

    replicates = bootstrap([name], outcomes, units, 2000, seed=4)[name]

    linearised = units.standard_error(influence(name, outcomes).contributions)
    # the bootstrap of a median is itself as rough as the density of its sample
    rough = 0.2 if name == "median_absolute_error" else 0.08
    assert replicates.std(ddof=1) == pytest.approx(linearised, rel=rough)


@pytest.mark.parametrize("groups", [None, 12_000], ids=["rows", "groups"])
@pytest.mark.parametrize("problem", ["binary", "multiclass"])
def test_with_many_rows_bins_change_the_order_by_less_than_their_bound(
    monkeypatch: pytest.MonkeyPatch, problem: ProblemType, groups: int | None
) -> None:
    outcomes, names = sample(problem, 25_000, 12), known_metrics(problem)
    units = grouped(outcomes, groups)
    binned = bootstrap(names, outcomes, units, 20, seed=3)

    monkeypatch.setattr(module, "MOST_ORDERED", 25_000)
    exact = bootstrap(names, outcomes, units, 20, seed=3)

    for name in names:
        bound = 1e-11
        if name.startswith("roc_auc"):
            bound = 1 / (2 * Binned.BINS)
        elif name.startswith("average_precision"):
            bound = 2 / Binned.BINS
        assert np.abs(binned[name] - exact[name]).max() < bound, name
    assert (binned[names[0]] == exact[names[0]]).all()


def test_bins_are_exact_where_there_are_few_scores() -> None:
    drawn = sample("binary", 25_000, 2)
    units = grouped(drawn, None)

    found = bootstrap(["roc_auc", "average_precision"], drawn, units, 3, seed=3)

    for replicate, weights in enumerate(replicate_weights(units, 3, seed=3)):
        for name, values in found.items():
            oracle = ORACLES["binary"][name](drawn, weights.astype(np.float64))
            assert values[replicate] == pytest.approx(oracle, abs=1e-12)


def test_units_beyond_the_most_are_drawn_in_blocks() -> None:
    units = Units.from_codes(np.arange(20_000))

    weights = replicate_weights(units, 4, seed=1)

    assert weights.shape == (4, 20_000)
    blocks = units.in_blocks(module.MOST_UNITS, 1)
    for each in weights:
        by_block = np.bincount(blocks.codes, weights=each) / np.bincount(blocks.codes)
        np.testing.assert_array_equal(by_block[blocks.codes], each)


def test_moments_are_drawn_in_stretches_that_go_around() -> None:
    units = Units.from_codes(np.arange(125), in_time=True)

    weights = replicate_weights(units, 200, seed=1)

    # ceil(2 * 125^(1/3)) = 10 moments each, 13 stretches
    assert (weights.sum(axis=1) == 130).all()
    alike = np.mean(weights == np.roll(weights, 1, axis=1))
    assert alike > 0.8
    np.testing.assert_allclose(weights.mean(axis=0), 130 / 125, rtol=0.3)


@pytest.mark.parametrize("rows", [1, 2, 301, 3000])
def test_the_median_of_every_resample_is_numpys(rows: int) -> None:
    outcomes = sample("regression", rows, 12)
    units = grouped(outcomes, None if rows < 3000 else 7)

    found = bootstrap(["median_absolute_error"], outcomes, units, 30, seed=2)

    weights = replicate_weights(units, 30, seed=2)
    expected = [measure("median_absolute_error", repeated(outcomes, each)) for each in weights]
    np.testing.assert_array_equal(found["median_absolute_error"], expected)


@pytest.mark.slow
def test_memory_stays_small_at_150_000_rows() -> None:
    outcomes = sample("binary", 150_000, 12)
    units = grouped(outcomes, None)

    tracemalloc.start()
    bootstrap(known_metrics("binary"), outcomes, units, 5, seed=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 200 * 2**20


def test_an_unknown_metric_is_refused() -> None:
    outcomes = sample("binary", 10, 12)

    with pytest.raises(ConfigurationError, match="There is no metric 'auc'"):
        bootstrap(["auc"], outcomes, grouped(outcomes, None), 10, seed=0)
