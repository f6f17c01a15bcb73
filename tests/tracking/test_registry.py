"""A champion comes back from the registry as it went in, and only if its files can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from experiment_cycle.errors import IntegrityError
from experiment_cycle.tracking.champions import champion_version, move_champion
from experiment_cycle.tracking.registry import (
    load_champion,
    load_champion_split,
    register_champion,
)

NAME = "test-model"
RECORD = {
    "identity": "i",
    "estimator": "linear",
    "problem": {"type": "binary", "classes": [0, 1]},
    "trusted_types": [],
}
NUMBER = {**RECORD, "problem": {"type": "regression", "classes": []}}


@pytest.fixture
def frame() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    return pd.DataFrame(generator.normal(size=(50, 3)), columns=["a", "b", "c"])


@pytest.fixture
def model(frame: pd.DataFrame) -> Pipeline:
    steps = [("preprocess", StandardScaler()), ("estimator", LogisticRegression())]
    return Pipeline(steps).fit(frame, (frame["a"] > 0).astype("int8"))


@pytest.fixture
def seen() -> pd.DataFrame:
    return pd.DataFrame({"features": [2**63 + 1, 2], "row": [3, 4], "unit": [5, 6]}, dtype="uint64")


def register(model: Pipeline, seen: pd.DataFrame, frame: pd.DataFrame, previous: int | None) -> int:
    with mlflow.start_run():
        return register_champion(
            NAME, model, RECORD, seen, {"split_hash": "s"}, previous, frame.head()
        )


def test_there_is_no_champion_at_first(store: Path) -> None:
    assert champion_version(NAME) is None
    assert load_champion(NAME) is None


def test_a_champion_comes_back_with_all_that_belongs_to_it(
    store: Path, model: Pipeline, seen: pd.DataFrame, frame: pd.DataFrame
) -> None:
    version = register(model, seen, frame, None)

    champion = load_champion(NAME)

    assert champion is not None
    assert champion.version == version == champion_version(NAME)
    assert champion.record == RECORD
    assert champion.tags["split_hash"] == "s"
    pd.testing.assert_frame_equal(champion.seen_rows, seen)
    np.testing.assert_array_equal(champion.model.predict_proba(frame), model.predict_proba(frame))
    found = mlflow.MlflowClient().get_model_version_by_alias(NAME, "staging")
    assert int(found.version) == version


def test_the_split_a_champion_was_trained_on_comes_back_with_it(
    store: Path, model: Pipeline, seen: pd.DataFrame, frame: pd.DataFrame
) -> None:
    assert load_champion_split(NAME) is None
    keys = seen.assign(split=pd.Categorical(["train", "test"]))
    with mlflow.start_run():
        register_champion(NAME, model, RECORD, seen, {}, None, frame.head(), ({"hash": "h"}, keys))

    found = load_champion_split(NAME)

    assert found is not None
    assert found[:2] == (1, {"hash": "h"})
    pd.testing.assert_frame_equal(found[2], keys)


def test_a_champion_registered_without_its_split_has_none(
    store: Path, model: Pipeline, seen: pd.DataFrame, frame: pd.DataFrame
) -> None:
    register(model, seen, frame, None)

    assert load_champion_split(NAME) is None


def test_mlflow_itself_can_serve_the_champion(
    store: Path, model: Pipeline, seen: pd.DataFrame, frame: pd.DataFrame
) -> None:
    register(model, seen, frame, None)

    served = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")

    np.testing.assert_allclose(served.predict(frame), model.predict_proba(frame))


def requirements(version: int) -> set[str]:
    file = mlflow.artifacts.download_artifacts(f"models:/{NAME}/{version}/requirements.txt")
    return {line.partition("==")[0] for line in Path(file).read_text().split()}


def test_a_model_of_a_number_is_served_by_what_it_predicts(
    store: Path, seen: pd.DataFrame, frame: pd.DataFrame
) -> None:
    steps = [("preprocess", StandardScaler()), ("estimator", Ridge())]
    model = Pipeline(steps).fit(frame, frame["a"] * 2.0)
    with mlflow.start_run():
        version = register_champion(NAME, model, NUMBER, seen, {}, None, frame.head())

    served = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")

    np.testing.assert_array_equal(served.predict(frame), model.predict(frame))
    assert requirements(version) == {"mlflow", "numpy", "pandas", "scikit-learn", "skops"}


def test_a_model_asks_for_the_packages_of_its_classes_and_loads_if_they_are_trusted(
    store: Path, seen: pd.DataFrame, frame: pd.DataFrame
) -> None:
    target = frame["a"] * 2.0
    boosted = LGBMRegressor(n_estimators=2, verbosity=-1)
    model = Pipeline([("preprocess", "passthrough"), ("estimator", boosted)]).fit(frame, target)
    trusted = [
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMRegressor",
    ]
    record = {**NUMBER, "estimator": "lightgbm", "trusted_types": trusted}
    with mlflow.start_run():
        version = register_champion(NAME, model, record, seen, {}, None, frame.head())

    assert "lightgbm" in requirements(version)
    # neither the file nor the record beside it says what is trusted: the configuration does
    with pytest.raises(IntegrityError, match="LGBMRegressor"):
        load_champion(NAME)
    champion = load_champion(NAME, trusted)
    assert champion is not None
    np.testing.assert_array_equal(champion.model.predict(frame), model.predict(frame))


def test_who_was_compared_with_another_champion_is_told_to_compare_again(
    store: Path, model: Pipeline, seen: pd.DataFrame, frame: pd.DataFrame
) -> None:
    first = register(model, seen, frame, None)

    with pytest.raises(IntegrityError, match="run the cycle again"):
        register(model, seen, frame, None)
    assert champion_version(NAME) == first
    assert register(model, seen, frame, first) == first + 1


def test_who_loses_the_race_while_the_model_is_written_registers_nothing(
    store: Path,
    model: Pipeline,
    seen: pd.DataFrame,
    frame: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = register(model, seen, frame, None)
    register(model, seen, frame, first)
    move_champion(NAME, first, 2, "rollback", "")
    write = mlflow.sklearn.log_model

    def overtaken(*arguments: Any, **named: Any) -> Any:
        move_champion(NAME, 2, first, "force", "meanwhile")
        return write(*arguments, **named)

    monkeypatch.setattr(mlflow.sklearn, "log_model", overtaken)
    with pytest.raises(IntegrityError, match="is now version 2"):
        register(model, seen, frame, first)
    assert champion_version(NAME) == 2
    assert len(mlflow.MlflowClient().search_model_versions(f"name='{NAME}'")) == 2


def test_a_champion_whose_files_are_gone_is_an_error_that_says_so(
    store: Path, model: Pipeline, seen: pd.DataFrame, frame: pd.DataFrame
) -> None:
    register(model, seen, frame, None)
    for file in (store / "artifacts").rglob("*"):
        if file.is_file():
            file.unlink()

    with pytest.raises(IntegrityError, match="cannot be read from the model registry"):
        load_champion(NAME)
