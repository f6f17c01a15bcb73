"""The metrics are scikit-learn's, and nan where they are not defined."""

import warnings

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.metrics.oracles import CASES, ON_REQUEST, ORACLES, repeated, sample

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.metrics.catalogue import (
    check_metric,
    is_metric,
    known_metrics,
    measure,
    metric,
)
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.problem import ProblemType

DEFINED = {"accuracy", "balanced_accuracy", "log_loss", "brier", "ece"}
"""Of two classes, where all rows are negative and called so."""


@st.composite
def binary(draw: st.DrawFn) -> Outcomes:
    """Both classes, probabilities with or without many ties, 0 and 1 included."""
    size = draw(st.integers(2, 60))
    target = draw(hnp.arrays(np.int64, size, elements=st.integers(0, 1)))
    target[:2] = [0, 1]
    grid = st.integers(0, 8).map(lambda step: step / 8)
    elements = draw(st.sampled_from([grid, st.floats(0, 1)]))
    probability = draw(hnp.arrays(np.float64, size, elements=elements))
    return Outcomes("binary", target, probability, threshold=draw(st.sampled_from([0.25, 0.5])))


@st.composite
def multiclass(draw: st.DrawFn) -> Outcomes:
    """Three classes, each with a row, some perhaps never called."""
    size = draw(st.integers(3, 30))
    target = draw(hnp.arrays(np.int64, size, elements=st.integers(0, 2)))
    target[:3] = [0, 1, 2]
    parts = draw(hnp.arrays(np.float64, (size, 3), elements=st.integers(0, 4).map(float)))
    parts[:, 0] += parts.sum(axis=1) == 0
    return Outcomes("multiclass", target, parts / parts.sum(axis=1, keepdims=True))


@st.composite
def regression(draw: st.DrawFn) -> Outcomes:
    """Numbers about any origin."""
    size = draw(st.integers(2, 40))
    values = hnp.arrays(np.float64, size, elements=st.integers(-1000, 1000).map(float))
    target, prediction = draw(values), draw(values)
    target[0] = target[1] + 1
    return Outcomes("regression", target + draw(st.sampled_from([0.0, 1e6])), prediction)


def test_there_is_an_independent_oracle_for_every_metric() -> None:
    for problem, oracles in ORACLES.items():
        assert known_metrics(problem) == list(oracles)


@given(outcomes=st.one_of(binary(), multiclass(), regression()))
@settings(max_examples=60)
def test_a_metric_equals_scikit_learns(outcomes: Outcomes) -> None:
    ones = np.ones(len(outcomes.target))

    asked = ON_REQUEST.get(outcomes.problem, {})
    for name, oracle in (ORACLES[outcomes.problem] | asked).items():
        expected = oracle(outcomes, ones)
        found = measure(name, outcomes)
        assert found == pytest.approx(expected, abs=1e-12, rel=1e-11, nan_ok=True), name


def test_the_area_of_several_classes_equals_scikit_learns_own() -> None:
    outcomes = sample("multiclass", 300, 1)

    expected = sk.roc_auc_score(outcomes.target, outcomes.prediction, multi_class="ovr")

    assert measure("roc_auc_ovr", outcomes) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("problem", "name"), CASES)
def test_a_large_sample_equals_scikit_learns_as_closely(problem: ProblemType, name: str) -> None:
    outcomes = sample(problem, 50_000, 12)

    expected = ORACLES[problem][name](outcomes, np.ones(50_000))

    assert measure(name, outcomes) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(
    ("target", "probability", "undefined"),
    [
        ([0, 0, 0], [0.1, 0.2, 0.7], {"recall", "mcc", "roc_auc", "average_precision"}),
        ([1, 1, 1], [0.1, 0.2, 0.7], {"mcc", "roc_auc"}),
        ([0, 1, 1], [0.1, 0.2, 0.3], {"precision", "mcc"}),
        ([0, 0], [0.1, 0.2], set(ORACLES["binary"]) - DEFINED),
        ([], [], set(ORACLES["binary"])),
    ],
)
def test_an_undefined_metric_is_nan_without_a_warning(
    target: list[int], probability: list[float], undefined: set[str]
) -> None:
    outcomes = Outcomes("binary", np.array(target, np.int64), np.array(probability, np.float64))

    assert undefined_metrics(outcomes) == undefined


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression", "ranking"])
def test_without_rows_nothing_is_defined(problem: ProblemType) -> None:
    outcomes = repeated(sample(problem, 8, 2), np.zeros(8, np.int32))

    assert undefined_metrics(outcomes) == set(known_metrics(problem))


def test_a_class_without_rows_is_left_out_of_the_mean() -> None:
    probability = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.5, 0.4, 0.1]])
    outcomes = Outcomes("multiclass", np.array([0, 1, 1]), probability)

    assert undefined_metrics(outcomes) == set()
    assert measure("recall_macro", outcomes) == (1 + 0.5) / 2
    assert measure("precision_macro", outcomes) == (0.5 + 1) / 2
    assert measure("balanced_accuracy", outcomes) == measure("recall_macro", outcomes)
    assert measure("roc_auc_ovr", outcomes) == 1


def test_one_class_only_has_no_area() -> None:
    outcomes = Outcomes("multiclass", np.array([1, 1]), np.full((2, 3), 1 / 3))

    assert undefined_metrics(outcomes) == {"precision_weighted", "mcc", "roc_auc_ovr"}


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 + 0.1])
def test_a_constant_target_has_no_r2(value: float) -> None:
    outcomes = Outcomes("regression", np.full(7, value), np.arange(7.0))

    assert undefined_metrics(outcomes) == ({"r2", "mape"} if value == 0 else {"r2"})


def test_r2_keeps_its_digits_far_from_zero() -> None:
    generator = np.random.default_rng(1)
    errors, target = generator.normal(size=100), generator.normal(size=100)
    near = Outcomes("regression", target, target + errors)
    far = Outcomes("regression", 2.0**30 + target, 2.0**30 + target + errors)

    assert measure("r2", far) == pytest.approx(measure("r2", near), rel=1e-6)


@pytest.mark.parametrize("value", [np.inf, 1e300, np.nan])
def test_a_prediction_without_bounds_is_measured_without_a_warning(value: float) -> None:
    outcomes = Outcomes("regression", np.arange(3.0), np.array([0.0, 1.0, value]))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not np.isfinite(measure("rmse", outcomes))
        assert not np.isfinite(measure("r2", outcomes))


def test_the_threshold_itself_counts_as_positive() -> None:
    outcomes = Outcomes("binary", np.array([1, 1]), np.array([0.5, 0.499]))

    assert measure("recall", outcomes) == 0.5


def test_only_losses_are_better_when_smaller() -> None:
    names = [name for problem in (*ORACLES, "ranking") for name in known_metrics(problem)]

    smaller = {name for name in names if not metric(name).greater_is_better}

    assert smaller == {
        *("log_loss", "brier", "ece"),
        *("rmse", "mae", "median_absolute_error", "mape", "mse"),
    }


@pytest.mark.parametrize(("problem", "name"), CASES)
def test_a_metric_stays_in_its_range(problem: ProblemType, name: str) -> None:
    found = metric(name)

    assert found.lowest <= measure(name, sample(problem, 30, 1)) <= found.greatest
    assert problem in found.problems


def test_a_metric_of_ranking_takes_any_k() -> None:
    assert metric("ndcg_at_37").label == "NDCG at 37"
    assert metric("map_at_3").problems == ("ranking",)
    assert is_metric("ndcg")
    assert is_metric("recall_at_1000000")
    assert not any(map(is_metric, ["ndcg_at_0", "ndcg_at_", "ndcg_at_05", "mrr_at_5", "map_at_-1"]))


def test_an_unknown_metric_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ConfigurationError, match=r"'roc_acu'.*Did you mean 'roc_auc'\?.*brier"):
        measure("roc_acu", sample("binary", 5, 1))
    with pytest.raises(ConfigurationError, match=r"'nddcg'.*Did you mean 'ndcg'\?"):
        metric("nddcg")


def test_a_task_is_told_its_own_metrics() -> None:
    assert check_metric("roc_auc", "classification").name == "roc_auc"
    assert check_metric("f1_macro", "classification").name == "f1_macro"
    assert check_metric("ndcg_at_3", "ranking").name == "ndcg_at_3"
    with pytest.raises(ConfigurationError) as refused:
        check_metric("roc_auc", "regression")
    assert str(refused.value) == (
        "The metric 'roc_auc' measures binary, but the task is regression. Next step: use one of "
        "mae, mape, median_absolute_error, mse, r2, rmse."
    )
    with pytest.raises(ConfigurationError, match=r"^There is no metric 'rsme'.*'rmse'\? Known: ma"):
        check_metric("rsme", "regression")
    with pytest.raises(ConfigurationError, match=r"ndcg_at_10.*also at any other K\.$"):
        check_metric("accuracy", "ranking")


def test_a_metric_of_another_problem_is_not_measured() -> None:
    with pytest.raises(ConfigurationError, match=r"measures binary, but the problem is multiclass"):
        measure("f1", sample("multiclass", 10, 1))


def undefined_metrics(outcomes: Outcomes) -> set[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = {name: measure(name, outcomes) for name in known_metrics(outcomes.problem)}
    return {name for name, value in found.items() if np.isnan(value)}
