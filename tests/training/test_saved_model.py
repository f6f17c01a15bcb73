"""A saved model must say the same in a process that knows nothing but its file."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pytest

from experiment_cycle.datasets.skops_model import dump_model
from experiment_cycle.errors import IntegrityError
from experiment_cycle.training.logical_run import run_plan
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plan import Plan
from experiment_cycle.training.predicting import predict_outputs
from experiment_cycle.training.saved_model import SavedModel, try_saved_model
from experiment_cycle.training.stored_fit import TRIED, StoredFit


@pytest.fixture
def saved(mixed, mixed_columns, tmp_path):
    """A calibrated model in its file, the first rows of validation, and what is known of it."""
    options = TrainingOptions.model_validate({"calibration": "sigmoid"})
    plan = Plan(
        *("linear", {}, mixed[:400], mixed[400:], mixed_columns, options, "classification", 42)
    )
    run = run_plan(plan)
    file = tmp_path / "model.skops"
    dump_model(run.models[0], file)
    rows = mixed[400:][mixed_columns.features(mixed.columns)].head(TRIED)
    return file, rows, StoredFit.of(plan, run), run


def test_the_record_is_completed_with_what_the_file_tells(saved):
    file, rows, fit, run = saved
    again = StoredFit.model_validate_json(fit.model_dump_json())
    record, resources = again.complete(SavedModel.of(file))
    assert resources.model_bytes == file.stat().st_size > 1000
    assert "experiment_cycle.training.calibrated.CalibratedClassifier" in record.trusted_types
    assert record.calibration == "sigmoid"
    assert record.threshold == run.threshold
    np.testing.assert_array_equal(
        again.expected(), predict_outputs(run.models[0], rows, run.problem)
    )


def test_a_fresh_process_must_predict_the_same_to_the_last_bit(saved):
    file, rows, fit, run = saved
    expected = fit.expected()
    expected[41] = np.nextafter(expected[41], 1.0)
    # one of a hundred is found to differ: the others are the same there
    with pytest.raises(IntegrityError, match=r"for 1 \(first for number 42"):
        try_saved_model(file, rows, run.problem, expected, ())


@pytest.mark.parametrize("python", ["false", "no-such-program"])
def test_a_process_that_fails_stops_the_run(saved, monkeypatch, python):
    file, rows, fit, run = saved
    monkeypatch.setattr(sys, "executable", shutil.which(python) or python)
    with pytest.raises(IntegrityError, match="cannot be used in a fresh process"):
        try_saved_model(file, rows, run.problem, fit.expected(), ())


def test_the_types_of_the_users_own_are_those_that_the_options_name():
    options = TrainingOptions.model_validate(
        {
            "estimators": {"custom": {"trusted_types": ["a.A"]}, "skorch": {"module": "b.B"}},
            "preprocessing": {"trusted_types": ["c.C"]},
        }
    )
    assert set(options.trusted_types) == {"a.A", "b.B", "c.C"}
    assert TrainingOptions().trusted_types == ()
