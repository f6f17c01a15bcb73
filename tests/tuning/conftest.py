from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.tuning.options import TuningOptions
from experiment_cycle.tuning.search import search


@pytest.fixture
def columns() -> Columns:
    return Columns(target="outcome")


@pytest.fixture
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """300 training and 200 validation rows."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(500, 3)), columns=["a", "b", "c"])
    frame["letter"] = draw.choice(["x", "y"], 500)
    frame["outcome"] = (frame["a"] * frame["b"] + draw.normal(size=500)) > 0
    frame.index.name = ROW
    return frame[:300], frame[300:]


@pytest.fixture
def run_search(tables, columns, tmp_path):
    """Search with changed options; the study is kept in a folder of the test's own."""

    def run(
        training=None,
        seed=7,
        data=tables,
        folder=tmp_path / "studies",
        task="classification",
        roles=columns,
        primary=None,
        **tuning,
    ):
        estimators = {"lightgbm": {"n_estimators": 15}}
        settings = TrainingOptions.model_validate({"estimators": estimators, **(training or {})})
        options = TuningOptions.model_validate({"trials": 3, **tuning})
        return search(*data, roles, settings, options, task, seed, folder, primary)

    return run
