"""Each row's influence is the derivative of the metric in that row's weight."""

import warnings

import numpy as np
import pytest
from tests.metrics.oracles import SMOOTH, repeated, sample

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.metrics.catalogue import known_metrics, measure
from experiment_cycle.metrics.influence import influence, rate
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.problem import ProblemType

EACH = [(problem, name) for problem, names in SMOOTH.items() for name in names]
RANKED = [("ranking", name) for name in [*known_metrics("ranking"), "ndcg", "map_at_2"]]


@pytest.mark.parametrize("decimals", [1, 12], ids=["ties", "no ties"])
@pytest.mark.parametrize(("problem", "name"), EACH)
def test_the_influence_is_the_numerical_derivative_in_the_weight(
    problem: ProblemType, name: str, decimals: int
) -> None:
    outcomes, oracle = sample(problem, 40, decimals), SMOOTH[problem][name]
    step = 1e-5

    def slope(row: int) -> float:
        up, down = np.ones(40), np.ones(40)
        up[row] += step
        down[row] -= step
        return (oracle(outcomes, up) - oracle(outcomes, down)) / (2 * step)

    found = influence(name, outcomes)

    assert found.value == measure(name, outcomes)
    assert found.note is None
    expected = [slope(row) for row in range(40)]
    np.testing.assert_allclose(found.contributions, expected, atol=1e-8)
    assert found.contributions.sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("_", "name"), RANKED)
def test_the_influence_of_a_query_is_the_derivative_in_its_weight(_: str, name: str) -> None:
    outcomes = sample("ranking", 120, 1)
    query = outcomes.query
    assert query is not None
    judged = np.array([code for code in set(query) if outcomes.target[query == code].any()])
    alone = [measure(name, repeated(outcomes, (query == code) * np.int32(1))) for code in judged]

    found = influence(name, outcomes)

    # of a mean of values v, each of weight 1: (v - mean) / number
    expected = (np.array(alone) - np.mean(alone)) / len(judged)
    sums = np.bincount(query, weights=found.contributions)
    assert found.value == measure(name, outcomes) == pytest.approx(np.mean(alone), rel=1e-12)
    np.testing.assert_allclose(sums[judged], expected, atol=1e-12)
    assert np.abs(np.delete(sums, judged)).max(initial=0) == 0
    assert all(len(set(found.contributions[query == code])) == 1 for code in set(query))


@pytest.mark.parametrize("decimals", [1, 12], ids=["ties", "no ties"])
def test_the_auc_variance_is_delongs(decimals: int) -> None:
    outcomes = sample("binary", 41, decimals)
    target, probability = outcomes.target, outcomes.prediction
    positive, negative = probability[target == 1], probability[target == 0]
    above = positive[:, None] > negative[None, :]
    wins = above + 0.5 * (positive[:, None] == negative[None, :])
    delong = wins.mean(axis=1).var(ddof=1) / len(positive)
    delong += wins.mean(axis=0).var(ddof=1) / len(negative)

    contributions = influence("roc_auc", outcomes).contributions

    found = 0.0
    for label in (0, 1):
        of_class = contributions[target == label]
        found += (of_class**2).sum() * len(of_class) / (len(of_class) - 1)
    assert found == pytest.approx(delong, abs=1e-12)


@pytest.mark.parametrize(("problem", "name"), EACH)
def test_leaving_a_row_out_changes_the_metric_by_about_its_influence(
    problem: ProblemType, name: str
) -> None:
    outcomes = sample(problem, 2000, 12)
    whole = influence(name, outcomes)
    row = int(np.abs(whole.contributions).argmax())
    weights = np.ones(2000, np.int32)
    weights[row] = 0

    without = measure(name, repeated(outcomes, weights))

    assert without - whole.value == pytest.approx(-whole.contributions[row], rel=0.06)


@pytest.mark.parametrize(
    ("name", "target", "note"),
    [
        ("roc_auc", [0, 0], "no row is positive"),
        ("roc_auc", [1, 1], "no row is negative"),
        ("average_precision", [0, 0], "no row is positive"),
        ("precision", [0, 1], "no row is called positive"),
        ("recall", [0, 0], "no row is positive"),
        ("f1", [0, 0], "none is called positive"),
        ("log_loss", [], "there are no rows"),
        ("balanced_accuracy", [], "there are no rows"),
    ],
)
def test_where_a_metric_is_undefined_a_note_says_why(
    name: str, target: list[int], note: str
) -> None:
    probability = np.array([0.1, 0.2])[: len(target)]

    assert note in undefined(name, Outcomes("binary", np.array(target, np.int64), probability))


def test_of_a_constant_target_a_note_says_so() -> None:
    found = undefined("r2", Outcomes("regression", np.full(3, 0.1), np.arange(3.0)))

    assert found == "the target is the same in all rows"
    assert undefined("r2", Outcomes("regression", np.zeros(0), np.zeros(0))) == "there are no rows"


def test_of_one_class_among_several_a_note_says_so() -> None:
    one = Outcomes("multiclass", np.array([1, 1]), np.full((2, 3), 1 / 3))
    none = Outcomes("multiclass", np.zeros(0, np.int64), np.zeros((0, 3)))

    assert undefined("roc_auc_ovr", one) == "all rows are of one class"
    assert undefined("roc_auc_ovr", none) == "there are no rows"
    assert undefined("f1_macro", none) == "there are no rows"


def test_what_is_not_finite_has_a_note_of_its_own() -> None:
    found = undefined("rmse", Outcomes("regression", np.arange(3.0), np.array([0.0, 1, np.nan])))

    assert found == "a target or a prediction is not finite, or too large to be squared"


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("recall_macro", "the mean is over 2 of 3 classes: the others have no row"),
        ("precision_macro", "the mean is over 2 of 3 classes: no row is called one of the others"),
        (
            "f1_macro",
            "the mean is over 2 of 3 classes: the others have no row, and no row is called one of "
            "them",
        ),
        (
            "roc_auc_ovr",
            "the mean is over 2 of 3 classes: the others have no row, or all of them",
        ),
    ],
)
def test_what_a_mean_leaves_out_is_told(name: str, note: str) -> None:
    probability = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.5, 0.4, 0.1]])

    found = influence(name, Outcomes("multiclass", np.array([0, 1, 1]), probability))

    assert not np.isnan(found.value)
    assert found.note == note


def test_a_perfect_prediction_has_an_error_of_0_that_no_row_moves() -> None:
    found = influence("rmse", Outcomes("regression", np.arange(4.0), np.arange(4.0)))

    assert found.value == 0
    assert not found.contributions.any()


def test_the_rates_of_fairness_are_shares_of_rows_called_positive() -> None:
    outcomes = Outcomes("binary", np.array([1, 1, 0, 0, 0]), np.array([0.9, 0.1, 0.8, 0.7, 0.2]))

    found = {
        name: rate(name, outcomes)
        for name in ("selection_rate", "true_positive_rate", "false_positive_rate")
    }

    assert [each.value for each in found.values()] == pytest.approx([3 / 5, 1 / 2, 2 / 3])
    np.testing.assert_allclose(
        found["true_positive_rate"].contributions, influence("recall", outcomes).contributions
    )
    np.testing.assert_allclose(
        found["false_positive_rate"].contributions, np.array([0, 0, 1, 1, -2]) / 9
    )


def test_a_metric_of_another_problem_has_no_influence() -> None:
    with pytest.raises(ConfigurationError, match="measures regression, but the problem is binary"):
        influence("rmse", sample("binary", 5, 1))


def undefined(name: str, outcomes: Outcomes) -> str:
    """Give the note of a metric that is not defined, silently."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = influence(name, outcomes)
    assert np.isnan(found.value)
    assert not found.contributions.any()
    return str(found.note)
