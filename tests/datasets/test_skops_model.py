from __future__ import annotations

import importlib
import io
import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
import skops.io
from kedro.io import DatasetError
from kedro_mlflow.io.artifacts import MlflowArtifactDataset
from sklearn.cluster import Birch
from sklearn.neighbors import KNeighborsClassifier
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
from experiment_cycle.training.calibration import calibrate
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.trainer import train_model

QUICK = {
    "lightgbm": {"n_estimators": 5},
    "xgboost": {"n_estimators": 2},
    "hist_gradient_boosting": {"n_estimators": 2},
    "random_forest": {"n_estimators": 2},
    "sgd": {"epochs": 2},
    "mlp": {"epochs": 2},
    "skorch": {"epochs": 1},
}
EXTRAS = {"xgboost": "xgboost", "skorch": "skorch"}
COLUMNS = Columns(target="y")


def small_table():
    draw = np.random.default_rng(0)
    x = draw.normal(size=300)
    letters = draw.choice(["a", "b", None], 300)
    when = pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 1000, 300), unit="h")
    table = pd.DataFrame({"x": x, "letter": letters, "when": when})
    return table.assign(y=x + draw.normal(size=300) > 0)


def make(name, task="classification", table=None, columns=COLUMNS, **options):
    table = small_table() if table is None else table
    estimators = QUICK | options.pop("estimators", {})
    chosen = TrainingOptions.model_validate({"estimators": estimators, **options})
    return train_model(name, {}, table[:200], table[200:], columns, chosen, task, 1).model


@pytest.fixture(params=["lightgbm", "linear", "mlp"])
def model(request):
    return make(request.param)


def test_a_model_read_back_predicts_the_same_to_the_last_bit(model, tmp_path):
    dataset = SkopsModelDataset(filepath=str(tmp_path / "models" / "m.skops"))
    assert not dataset.exists()
    dataset.save(model)
    assert dataset.exists()
    table = small_table()
    np.testing.assert_array_equal(dataset.load().predict_proba(table), model.predict_proba(table))
    assert os.listdir(tmp_path / "models") == ["m.skops"]


def every_kind_of_model():
    """Name the estimators that can be imported, and make a model with each part there is."""
    numbers = small_table().assign(y=lambda table: table["x"] * 2)
    names = [
        name
        for name in ("dummy", "linear", "random_forest", "hist_gradient_boosting", *QUICK)
        if name not in EXTRAS or find_spec(EXTRAS[name])
    ]
    for name in names:
        yield make(name)
        yield make(name, "regression", numbers)
    for columns in (COLUMNS, Columns(target="y", group="when")):
        yield make("linear", columns=columns, preprocessing={"categorical": {"encode": "target"}})
    own = "sklearn.preprocessing.StandardScaler"
    yield make("linear", preprocessing={"columns": {"x": {"transformer": own}}})
    yield make(
        "linear", preprocessing={"transformer": "sklearn.impute.SimpleImputer"}, table=plain()
    )
    table = small_table()
    for method in ("sigmoid", "isotonic"):
        yield calibrate(
            make("linear"), table[200:], table["y"][200:].astype(int), method, (False, True)
        )
    bayes = {"path": "sklearn.naive_bayes.GaussianNB"}
    yield make("custom", table=wide(), estimators={"custom": bayes})


def plain():
    return small_table()[["x", "y"]]


def wide():
    """A table whose matrix is sparse, for want of anything but levels."""
    letters = np.random.default_rng(1).choice(list("abcdefghijklmnop"), (300, 4))
    return pd.DataFrame(letters, columns=list("ABCD")).assign(y=small_table()["y"])


def test_every_trusted_type_is_needed_by_one_of_the_models():
    found = set()
    for each in every_kind_of_model():
        found |= set(skops.io.get_untrusted_types(data=skops.io.dumps(each)))
    assert found <= set(TRUSTED_TYPES)
    unneeded = set(TRUSTED_TYPES) - found
    if not all(map(find_spec, EXTRAS.values())):
        extras = (".network_model.", ".xgboost_model.")
        unneeded = {name for name in unneeded if not any(part in name for part in extras)}
    assert unneeded == set()


def test_a_function_hidden_behind_a_librarys_name_is_refused(tmp_path):
    # one of scikit-learn's modules imports a function that starts processes
    stolen = FunctionTransformer(subprocess.check_output, kw_args={"shell": True})
    content = io.BytesIO(skops.io.dumps(Pipeline([("preprocess", stolen)])))
    file = tmp_path / "m.skops"
    with zipfile.ZipFile(content) as read, zipfile.ZipFile(file, "w") as written:
        for name in read.namelist():
            text = read.read(name).replace(b'"subprocess"', b'"sklearn.utils._testing"')
            written.writestr(name, text)
    with pytest.raises(IntegrityError, match=r"sklearn\.utils\._testing\.check_output"):
        load_model(file)


def test_a_list_of_models_is_kept_in_one_file_even_an_empty_one(model, tmp_path):
    dataset = SkopsModelDataset(filepath=str(tmp_path / "m.skops"))
    dataset.save([])
    assert dataset.load() == []
    dataset.save([model, model])
    table = small_table()
    for each in dataset.load():
        np.testing.assert_array_equal(each.predict_proba(table), model.predict_proba(table))


def test_a_type_that_catalog_or_options_name_is_trusted_and_no_other(tmp_path, monkeypatch):
    text = "from sklearn.linear_model import LogisticRegression as L\nclass Own(L):\n    pass\n"
    (tmp_path / "models_of_mine.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    own = importlib.import_module("models_of_mine").Own().fit([[0.0], [1.0]], [0, 1])
    file = str(tmp_path / "m.skops")
    SkopsModelDataset(filepath=file).save(Pipeline([("estimator", own)]))
    for others in ([], ["models_of_mine.Other"]):
        dataset = SkopsModelDataset(filepath=file, trusted_types=others)
        with pytest.raises(
            DatasetError, match=r"does not trust.*models_of_mine\.Own.*trusted_types"
        ):
            dataset.load()
    trusting = SkopsModelDataset(filepath=file, trusted_types=["models_of_mine.Own"])
    assert trusting.load().predict([[1.0]]) == [1]
    told = SkopsModelDataset(filepath=file)
    told.trust(["models_of_mine.Own"])
    assert told.load().predict([[1.0]]) == [1]


def test_a_file_with_another_type_is_refused_by_name(tmp_path):
    near = KNeighborsClassifier(algorithm="kd_tree").fit([[0], [1]] * 5, [0, 1] * 5)
    dump_model(Pipeline([("estimator", near)]), tmp_path / "m.skops")
    with pytest.raises(IntegrityError, match=r"sklearn\.neighbors\._kd_tree\..*kedro run"):
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
