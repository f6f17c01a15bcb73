"""Scorers of scikit-learn and functions of the user's own are metrics like the others."""

import numpy as np
import pytest
import sklearn.metrics as sk
from tests.metrics.oracles import repeated, sample

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.metrics.bootstrap import bootstrap, replicate_weights
from experiment_cycle.metrics.catalogue import check_asked, check_metric, is_metric, measure, metric
from experiment_cycle.metrics.influence import influence
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.units import Units

OWN = "tests.metrics.own_scores"


@pytest.mark.parametrize(
    ("name", "problem", "expected"),
    [
        ("jaccard", "binary", lambda y, p: sk.jaccard_score(y, p >= 0.5)),
        ("neg_log_loss", "binary", lambda y, p: -sk.log_loss(y, p)),
        (
            "jaccard_macro",
            "multiclass",
            lambda y, p: sk.jaccard_score(y, p.argmax(1), average="macro"),
        ),
        ("roc_auc_ovo", "multiclass", lambda y, p: sk.roc_auc_score(y, p, multi_class="ovo")),
        ("neg_max_error", "regression", lambda y, p: -sk.max_error(y, p)),
        (f"{OWN}.pinball", "regression", lambda y, p: -sk.mean_pinball_loss(y, p, alpha=0.9)),
    ],
)
def test_a_scorer_is_scikit_learns_own_and_greater_is_better(name, problem, expected) -> None:
    outcomes = sample(problem, 200, 12)

    assert measure(name, outcomes) == pytest.approx(expected(outcomes.target, outcomes.prediction))
    found = metric(name)
    assert (found.greater_is_better, found.has_influence) == (True, False)
    assert problem in found.problems


def test_a_function_is_called_with_what_came_true_and_what_was_said() -> None:
    outcomes = sample("regression", 50, 12)
    name = f"{OWN}.largest_miss:lower"

    assert measure(name, outcomes) == np.abs(outcomes.prediction - outcomes.target).max()
    assert not metric(name).greater_is_better
    assert metric(name).label == "largest miss"
    assert metric(f"{OWN}.savings:greater").greater_is_better


def test_a_function_of_a_ranking_is_called_for_each_query_with_a_relevant_row() -> None:
    outcomes = sample("ranking", 300, 12)
    relevant = [q for q in set(outcomes.query) if outcomes.target[outcomes.query == q].any()]
    firsts = [
        outcomes.target[outcomes.query == q][outcomes.prediction[outcomes.query == q].argmax()]
        for q in relevant
    ]

    assert measure(f"{OWN}.best_first:greater", outcomes) == pytest.approx(np.mean(firsts))


@pytest.mark.parametrize("groups", [40, None])
def test_it_is_resampled_by_units(groups: int | None) -> None:
    name = f"{OWN}.savings:greater"
    outcomes = sample("binary", 120, 12)
    units = Units.from_codes(np.arange(120) % (groups or 120))

    found = bootstrap([name, "f1"], outcomes, units, 300, seed=3)

    weights = replicate_weights(units, 300, seed=3)
    assert (len(found[name]), len(found["f1"])) == (200, 300)
    drawn = [measure(name, repeated(outcomes, each)) for each in weights[:20]]
    np.testing.assert_allclose(found[name][:20], drawn)


def test_a_function_that_fails_on_the_rows_leaves_a_note_and_nan() -> None:
    name = f"{OWN}.fails_on_many:greater"

    found = influence(name, sample("binary", 60, 12))

    assert np.isnan(found.value)
    assert found.note == "ValueError: too many rows"
    assert np.isnan(measure(name, repeated(sample("binary", 9, 2), np.zeros(9, np.int32))))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (f"{OWN}.fails:lower", r"fails on small samples. ValueError: no such luck"),
        (f"{OWN}.savings", r"does not say which way is better.*savings:greater"),
        (
            f"{OWN}.savings:smaller",
            r"'smaller' is no direction: write '.*savings:greater' or '.*:lo",
        ),
        (f"{OWN}.nothing:lower", r"cannot be imported: AttributeError"),
        ("no_such_package.f:lower", r"cannot be imported: ModuleNotFoundError.*my_project\.costs"),
        (f"{OWN}.FIGURE:lower", "is a int, no function"),
        ("jacard", "There is no metric 'jacard'.*scikit-learn's 'jaccard'"),
    ],
)
def test_what_cannot_be_a_metric_is_refused(name: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        check_asked(name, "classification")


def test_a_scorer_of_another_task_is_refused_before_any_data_is_read() -> None:
    with pytest.raises(
        ConfigurationError, match="measures binary or multiclass, but the task is r"
    ):
        check_asked("neg_log_loss", "regression")
    with pytest.raises(ConfigurationError, match="but the task is ranking"):
        check_asked("jaccard", "ranking")
    with pytest.raises(ConfigurationError, match="the problem is multiclass"):
        measure("jaccard", sample("multiclass", 30, 12))


def test_training_goes_by_the_projects_metrics_only() -> None:
    assert check_asked("recall_of_yes", "classification").name == "recall_of_yes"
    for name in ("jaccard", "recall_of_yes", f"{OWN}.savings:greater"):
        with pytest.raises(ConfigurationError, match="training and tuning go by one of accuracy"):
            check_metric(name, "classification")


def test_the_projects_own_metric_goes_before_a_scorer_of_its_name() -> None:
    assert metric("f1").has_influence
    assert is_metric("jaccard")
    assert not is_metric("selection_rate")


@pytest.mark.parametrize("what", ["precision", "recall", "f1"])
@pytest.mark.parametrize("problem", ["binary", "multiclass"])
def test_the_metrics_of_one_class_are_scikit_learns(what: str, problem) -> None:
    drawn = sample(problem, 300, 12)
    classes = ("no", "yes") if problem == "binary" else ("a", "b of c", ">50K", "1.5")
    outcomes = Outcomes(problem, drawn.target, drawn.prediction, classes=classes)
    score = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}[what]
    expected = score(outcomes.target, outcomes.calls, average=None)

    found = [measure(f"{what}_of_{name}", outcomes) for name in classes]

    assert found == pytest.approx(list(expected))
    with pytest.raises(ConfigurationError, match="class 'maybe', which there is not"):
        measure(f"{what}_of_maybe", outcomes)
