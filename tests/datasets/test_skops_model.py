from __future__ import annotations

import importlib
import os
import sys

import numpy as np
import pandas as pd
import pytest
import skops.io
from kedro.io import DatasetError
from kedro_mlflow.io.artifacts import MlflowArtifactDataset
from sklearn.cluster import Birch
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from skops.io.exceptions import UnsupportedTypeException

from experiment_cycle.columns import Columns
from experiment_cycle.datasets.skops_model import (
    TRUSTED_TYPES,
    SkopsModelDataset,
    dump_model,
    load_model,
)
from experiment_cycle.errors import IntegrityError
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.trainer import train_model


def small_table():
    draw = np.random.default_rng(0)
    x = draw.normal(size=300)
    letters = draw.choice(["a", "b", None], 300)
    return pd.DataFrame({"x": x, "letter": letters, "y": x + draw.normal(size=300) > 0})


@pytest.fixture(params=["lightgbm", "linear"])
def model(request):
    table = small_table()
    options = TrainingOptions.model_validate({"estimators": {"lightgbm": {"n_estimators": 20}}})
    columns = Columns(target="y")
    return train_model(request.param, {}, table[:200], table[200:], columns, options, 1).model


def test_a_model_read_back_predicts_the_same_to_the_last_bit(model, tmp_path):
    dataset = SkopsModelDataset(filepath=str(tmp_path / "models" / "m.skops"))
    assert not dataset.exists()
    dataset.save(model)
    assert dataset.exists()
    table = small_table()
    np.testing.assert_array_equal(dataset.load().predict_proba(table), model.predict_proba(table))
    assert os.listdir(tmp_path / "models") == ["m.skops"]


def test_every_trusted_type_is_needed_by_one_of_the_estimators(tmp_path):
    found = set()
    for name in ("lightgbm", "linear"):
        table = small_table()
        options = TrainingOptions()
        trained = train_model(name, {}, table[:200], table[200:], Columns(target="y"), options, 1)
        dump_model(trained.model, tmp_path / name)
        found |= set(skops.io.get_untrusted_types(file=tmp_path / name))
    assert found == set(TRUSTED_TYPES)


def test_a_file_with_another_type_is_refused_by_name(tmp_path):
    forest = RandomForestClassifier(n_estimators=1).fit([[0], [1]], [0, 1])
    dump_model(Pipeline([("estimator", forest)]), tmp_path / "m.skops")
    with pytest.raises(IntegrityError, match=r"sklearn\.tree\._tree\.Tree.*kedro run"):
        load_model(tmp_path / "m.skops")
    with pytest.raises(DatasetError, match="does not trust"):
        SkopsModelDataset(filepath=str(tmp_path / "m.skops")).load()


def test_nothing_of_a_refused_file_is_imported(tmp_path, monkeypatch):
    (tmp_path / "hostile.py").write_text("def strike(x):\n    return x\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    hostile = importlib.import_module("hostile")
    step = FunctionTransformer(hostile.strike)
    dump_model(Pipeline([("preprocess", step)]), tmp_path / "m.skops")
    (tmp_path / "hostile.py").write_text("raise SystemExit('executed')\n")
    monkeypatch.delitem(sys.modules, "hostile")
    importlib.invalidate_caches()
    with pytest.raises(IntegrityError, match=r"hostile\.strike"):
        load_model(tmp_path / "m.skops")
    assert "hostile" not in sys.modules


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_truncated_file_is_refused_as_damaged(keep, model, tmp_path):
    file = tmp_path / "m.skops"
    dump_model(model, file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(keep * len(whole)) if keep < 1 else keep])
    with pytest.raises(IntegrityError, match="is damaged"):
        load_model(file)


def test_a_missing_file_stays_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "m.skops")


def test_a_failed_save_leaves_the_older_model(model, tmp_path):
    file = tmp_path / "m.skops"
    dump_model(model, file)
    before = file.read_bytes()
    with pytest.raises(UnsupportedTypeException):
        dump_model(Pipeline([("odd", Birch())]), file)
    assert file.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.skops"]


def test_it_works_inside_the_artifact_dataset_of_kedro_mlflow(model, tmp_path):
    inner = {
        "type": "experiment_cycle.datasets.skops_model.SkopsModelDataset",
        "filepath": str(tmp_path / "m.skops"),
    }
    dataset = MlflowArtifactDataset(inner, artifact_path="training", metadata={"layer": "models"})
    dataset._logging_activated = False
    dataset.save(model)
    assert dataset.exists()
    assert dataset.metadata == {"layer": "models"}
    assert isinstance(dataset.load(), Pipeline)
