from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.errors import TrainingError
from experiment_cycle.problem import Problem
from experiment_cycle.training.checkpoints import CheckpointFolder
from experiment_cycle.training.options import EarlyStopping
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.steps import LOSSES, StepWatch, loss_of

REGRESSION = Problem(type="regression")
DATA = Prepared(
    *(REGRESSION, None, None, ()),
    *(np.zeros((2, 1)), np.array([0.0, 1.0]), np.zeros((2, 1)), np.array([2.0, 4.0])),
)
UNDEFINED = float("nan")


def watch(limit=100, metrics=(), data=DATA, **options):
    keywords = {name: options.pop(name) for name in ("checkpoints", "on_step") if name in options}
    return StepWatch(data, metrics, EarlyStopping(**options), limit, watch_train=False, **keywords)


def feed(watching, values):
    """Record values of validation until the watch says stop; tell after how many it did."""
    for done, value in enumerate(values, start=1):
        if watching.record({"validation": {watching.loss: value, watching.metric: value}}):
            return done
    return None


@given(
    values=st.lists(st.floats(0, 10), min_size=1, max_size=40),
    patience=st.integers(1, 5),
    delta=st.sampled_from([0.0, 0.5]),
    greater=st.booleans(),
)
def test_it_stops_a_patience_after_the_best_step(values, patience, delta, greater):
    watching = watch(
        limit=1000, patience=patience, min_delta=delta, metric="r2" if greater else "mae"
    )
    done = feed(watching, values)
    sign = -1 if greater else 1
    best, place, expected = None, 0, None
    for step, value in enumerate(values, start=1):
        if best is None or best - sign * value > delta:
            best, place = sign * value, step
        elif step - place >= patience:
            expected = step
            break
    assert done == expected
    assert watching.best_step == place


def test_the_last_step_stops_and_says_so():
    watching = watch(limit=3)
    assert feed(watching, [3.0, 1.0, 2.0]) == 3
    assert watching.stopped_because == (
        "All 3 steps were used: validation rmse had its best, 1.00000, after step 2."
    )


def test_the_reason_names_metric_margin_and_best():
    watching = watch(metric="mae", patience=2, min_delta=0.25)
    assert feed(watching, [3.0, 2.9, 2.8]) == 3
    assert watching.stopped_because == (
        "Validation mae did not improve by more than 0.25 for 2 steps: its best, 3.00000, after "
        "step 1 of 3."
    )


def test_what_is_undefined_is_no_improvement_and_no_end():
    told = []
    watching = watch(metric="r2", patience=3, on_step=lambda *values: told.append(values))
    for value in (UNDEFINED, 0.2, UNDEFINED):
        watching.record({"validation": {"rmse": 1.0, "r2": value}})
    assert watching.best_step == 2
    assert repr(told) == repr([(UNDEFINED, None), (0.2, 0.2), (UNDEFINED, 0.2)])


def test_a_metric_that_was_never_defined_is_an_error():
    watching = watch(metric="r2", patience=2)
    watching.record({"validation": {"rmse": 1.0, "r2": UNDEFINED}})
    with pytest.raises(TrainingError, match=r"r2 is not defined after any of 2 steps.*metric"):
        watching.record({"validation": {"rmse": 1.0, "r2": UNDEFINED}})


@pytest.mark.parametrize("value", [UNDEFINED, float("inf")])
def test_a_loss_that_is_no_number_stops_and_names_the_step(value):
    watching = watch()
    watching.record({"validation": {"rmse": 1.0}})
    with pytest.raises(TrainingError, match=rf"rmse on validation is {value} after step 2\."):
        watching.record({"validation": {"rmse": value}})


def test_predictions_are_measured_and_infinite_ones_are_undefined():
    watching = watch(metrics=("mae",))
    assert watching.names == ("rmse", "mae")
    found = watching.measure("validation", np.array([2.0, 2.0]))
    assert found == {"rmse": pytest.approx(2**0.5), "mae": 1.0}
    assert watching.measure("validation", np.array([2.0, 2.0]), ["mae"]) == {"mae": 1.0}
    assert repr(watching.measure("train", np.array([0.0, np.inf]))) == repr(
        {"rmse": UNDEFINED, "mae": UNDEFINED}
    )


def test_it_takes_up_where_an_earlier_one_was_kept(tmp_path):
    def run(values, folder):
        watching = watch(metric="r2", checkpoints=folder)
        for value in values[watching.done :]:
            watching.record({"validation": {"rmse": 1 / 3, "r2": value}})
            watching.keep(lambda: b"state %d" % watching.done)
        return watching

    values = [0.1, 0.3, UNDEFINED, 0.2]
    run(values[:3], CheckpointFolder(tmp_path, "k", every=3))
    again = watch(metric="r2", checkpoints=CheckpointFolder(tmp_path, "k", every=3))
    assert again.resumed == (3, b"state 3")
    assert (again.done, again.best_step) == (3, 2)
    resumed = run(values, CheckpointFolder(tmp_path, "k", every=3))
    whole = run(values, CheckpointFolder(tmp_path, "other", every=3))
    assert repr(resumed.history("e", "round")) == repr(whole.history("e", "round"))


def test_after_the_last_step_nothing_is_kept(tmp_path):
    folder = CheckpointFolder(tmp_path, "k", every=1)
    watching = watch(limit=1, checkpoints=folder)
    assert watching.record({"validation": {"rmse": 1.0}})
    watching.keep(lambda: pytest.fail("made"))
    assert folder.kept() is None


def test_a_learner_without_checkpoints_of_its_own_still_ends_at_ctrl_c(tmp_path):
    folder = CheckpointFolder(tmp_path, "k", every=10)
    watching = watch(checkpoints=folder)
    watching.record({"validation": {"rmse": 1.0}})
    folder.stop_requested = True
    watching.record({"validation": {"rmse": 1.0}})
    with pytest.raises(KeyboardInterrupt):
        watching.record({"validation": {"rmse": 1.0}})


def test_a_fit_without_steps_has_one_point():
    watching = watch(limit=None)
    assert watching.record({"validation": {"rmse": 1.0}})
    history = watching.history("linear", None)
    assert (history.steps, history.best_step) == (0, None)
    assert history.stopped_because == "It was fitted at once."


def test_each_task_has_a_loss():
    assert [loss_of(task) for task in ("classification", "regression", "ranking")] == [
        *(LOSSES[kind] for kind in ("multiclass", "regression", "ranking"))
    ]
