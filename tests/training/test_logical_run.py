"""One logical run: its seeds, what is chosen on validation and in which order, the refit."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.training.identity import model_identity
from experiment_cycle.training.logical_run import clear_run, run_plan
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plan import Plan
from experiment_cycle.training.seeds import derive_seed
from experiment_cycle.training.trainer import train_model

BOOSTING = {
    "estimators": {"lightgbm": {"n_estimators": 40, "subsample": 0.7}},
    "early_stopping": {"patience": 5},
}


@pytest.fixture
def plan(mixed, mixed_columns):
    options = TrainingOptions.model_validate(BOOSTING)
    return Plan(
        "lightgbm", {}, mixed[:400], mixed[400:], mixed_columns, options, "classification", 42
    )


def asking(plan, **asked):
    """Change options of a plan."""
    options = TrainingOptions.model_validate(BOOSTING | asked)
    return replace(plan, options=options, seeds=options.seeds)


def probability(model, frame):
    return model.predict_proba(frame)[:, 1]


def trained_alone(plan, seed, train=None):
    return train_model(
        *(plan.estimator, plan.hyperparameters, plan.train if train is None else train),
        *(plan.validation, plan.columns, plan.options, plan.task, seed),
    )


def test_a_run_of_one_seed_is_the_plain_training(plan):
    run = run_plan(plan)
    alone = trained_alone(plan, 42)
    assert [model_identity(model) for model in run.models] == [model_identity(alone.model)]
    assert run.history == alone.history
    assert run.report.seeds == ()
    assert run.refit_rows is None
    assert run.hyperparameters["num_leaves"] == 31


def test_each_seed_is_a_training_of_its_own_and_the_first_is_the_runs(plan):
    run = run_plan(asking(plan, seeds=3))
    seeds = [42, *(int(np.random.SeedSequence([42, k]).generate_state(1)[0]) for k in (2, 3))]
    assert [derive_seed(42, k) for k in (1, 2, 3)] == seeds
    alone = [trained_alone(plan, seed).model for seed in seeds]
    assert list(map(model_identity, run.models)) == list(map(model_identity, alone))
    (auc,) = (seeds for seeds in run.report.seeds if seeds.metric == "roc_auc")
    target = plan.validation["outcome"] == "yes"
    values = [
        reference.roc_auc_score(target, probability(model, plan.validation)) for model in alone
    ]
    assert auc.values == pytest.approx(values)
    assert auc.standard_deviation == pytest.approx(np.std(values, ddof=1))
    assert auc.worst == pytest.approx(min(values))
    (loss,) = (seeds for seeds in run.report.seeds if seeds.metric == "log_loss")
    assert loss.worst == max(loss.values)


def test_seeds_that_change_nothing_are_told_of(plan, caplog):
    with caplog.at_level(logging.WARNING):
        run_plan(replace(asking(plan, seeds=2), estimator="linear"))
    assert "every training predicts the same" in caplog.text


def test_the_report_holds_the_metrics_at_the_frozen_threshold(plan):
    run = run_plan(asking(plan, threshold={"choose_by": "metric", "metric": "balanced_accuracy"}))
    target = (plan.validation["outcome"] == "yes").to_numpy()
    predicted = probability(run.models[0], plan.validation)
    called = predicted >= run.threshold.value
    assert run.threshold.value != 0.5
    assert run.report.rows == 200
    assert run.report.classes == ("no", "yes")
    assert run.report.confusion == tuple(
        map(tuple, reference.confusion_matrix(target, called).tolist())
    )
    assert run.report.metrics["balanced_accuracy"] == pytest.approx(
        reference.balanced_accuracy_score(target, called)
    )
    assert run.report.metrics["log_loss"] == pytest.approx(reference.log_loss(target, predicted))
    assert "which round is kept and the threshold" in run.report.note


def test_the_threshold_is_chosen_on_calibrated_probabilities(plan):
    asked = {"choose_by": "costs", "costs": {"false_positive": 1, "false_negative": 4}}
    run = run_plan(asking(plan, calibration="sigmoid", threshold=asked))
    target = (plan.validation["outcome"] == "yes").to_numpy()
    predicted = probability(run.models[0], plan.validation)

    def cost(threshold):
        called = predicted >= threshold
        return (called & ~target).mean() + 4 * (~called & target).mean()

    assert cost(run.threshold.value) == pytest.approx(min(map(cost, [0.0, *predicted])))
    assert model_identity(run.models[0]) != model_identity(trained_alone(plan, 42).model)


def test_a_refit_learns_from_both_parts_with_the_best_number_of_rounds(plan):
    asked = {"refit": "train_and_validation", "seeds": 2}
    run = run_plan(asking(plan, **asked))
    before = run_plan(asking(plan, seeds=2))
    assert run.refit_rows == 600
    assert run.history == before.history
    assert run.report.metrics == before.report.metrics
    assert "before it was trained again" in run.report.note
    both = pd.concat([plan.train, plan.validation])
    # a plain training on all rows, of exactly as many rounds: the last one is kept as well
    for place, model in enumerate(run.models, start=1):
        steps = trained_alone(plan, derive_seed(42, place)).history.best_step
        exact = TrainingOptions.model_validate(
            BOOSTING | {"estimators": {"lightgbm": {"n_estimators": steps, "subsample": 0.7}}}
        )
        alone = trained_alone(
            replace(plan, options=exact, validation=both), derive_seed(42, place), train=both
        )
        assert alone.history.best_step == steps
        assert model_identity(model) == model_identity(alone.model)


def test_a_refit_of_an_estimator_without_steps_is_a_training_on_all_rows(plan):
    run = run_plan(replace(asking(plan, refit="train_and_validation"), estimator="linear"))
    both = pd.concat([plan.train, plan.validation])
    alone = trained_alone(replace(plan, estimator="linear"), 42, train=both)
    assert model_identity(run.models[0]) == model_identity(alone.model)


def test_a_refit_carries_the_calibration_and_the_threshold_over(plan):
    asked = {"calibration": "isotonic", "threshold": {"choose_by": "metric"}}
    before = run_plan(asking(plan, **asked))
    after = run_plan(asking(plan, **asked, refit="train_and_validation"))
    assert after.threshold == before.threshold
    maps = [run.models[0]["estimator"].maps_[0].y_thresholds_ for run in (before, after)]
    np.testing.assert_array_equal(*maps)
    assert model_identity(before.models[0]) != model_identity(after.models[0])


def test_what_fits_not_the_problem_is_refused_before_training(plan, mixed_columns):
    columns = mixed_columns.model_copy(update={"target": "number", "positive": None})
    regression = replace(asking(plan, calibration="sigmoid"), columns=columns, task="regression")
    rows = plan.train.dropna(subset="number")
    with pytest.raises(ConfigurationError, match="no probabilities"):
        run_plan(replace(regression, train=rows))


@pytest.mark.parametrize("task", ["regression", "ranking"])
def test_other_problems_have_metrics_and_no_threshold(plan, task):
    draw = np.random.default_rng(0)
    number = draw.normal(size=300)
    frame = pd.DataFrame(
        {
            "x": number,
            "noise": draw.normal(size=300),
            "list": np.repeat(np.arange(60), 5),
            "y": (number + draw.normal(size=300) / 2 > 0.5).astype(float)
            if task == "ranking"
            else number + draw.normal(size=300) / 2,
        }
    )
    columns = plan.columns.model_validate(
        {"target": "y", "query": "list" if task == "ranking" else None, "drop": ["noise"]}
    )
    run = run_plan(
        replace(plan, train=frame[:200], validation=frame[200:], columns=columns, task=task)
    )
    assert run.threshold is None
    assert run.report.confusion is None
    assert run.report.classes == ()
    predicted = run.models[0].predict(frame[200:])
    if task == "regression":
        error = reference.root_mean_squared_error(frame["y"][200:], predicted)
        assert run.report.metrics["rmse"] == pytest.approx(error)
    else:
        shown = frame[200:].assign(score=predicted).groupby("list")
        assert run.report.metrics["ndcg_at_5"] == pytest.approx(
            np.mean(
                [
                    reference.ndcg_score([rows["y"]], [rows["score"]], k=5)
                    for _, rows in shown
                    if rows["y"].any()
                ]
            )
        )


def test_checkpoints_of_every_seed_are_removed_when_the_run_is_stored(plan, tmp_path):
    checked = asking(plan, seeds=2, checkpoints={"every": 2})
    run_plan(replace(checked, checkpoints_folder=tmp_path))
    assert len(list(tmp_path.rglob("*.ckpt"))) >= 2
    assert {folder.name for folder in tmp_path.iterdir()} == {"seed_1", "seed_2"}
    clear_run(tmp_path)
    assert not list(tmp_path.rglob("*.ckpt"))
