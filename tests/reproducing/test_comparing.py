"""What is the same is told from what differs, and what may differ is named, not guessed."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from experiment_cycle.commands.reproduce import LAST
from experiment_cycle.commands.reproduction_table import on_terminal
from experiment_cycle.datasets.skops_model import dump_model
from experiment_cycle.reproducing.comparing import (
    Compared,
    compare_artifacts,
    compare_metrics,
    first_stage,
    measured_metrics,
)
from experiment_cycle.reproducing.environments import EnvironmentCheck, compare_environments
from experiment_cycle.reproducing.reproduction import Reproduction
from experiment_cycle.reproducing.rerun import STAGES, own_pipelines, stages_until
from experiment_cycle.tracking.champions import NO_CHAMPION, STANDS_IN, champion_version
from experiment_cycle.training.environment import CodeState, describe_environment

TRIALS = {"tuning/trials.csv": {"measured": ["seconds"]}}


def model(slope: float) -> Any:
    rows = np.arange(9.0).reshape(-1, 1)
    return make_pipeline(LinearRegression()).fit(rows, slope * rows.ravel())


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """The artifacts of a run, twice; the files of the model differ, the model does not."""
    one, other = tmp_path / "recorded", tmp_path / "made"
    for stage in ("splitting", "tuning", "training"):
        (one / stage).mkdir(parents=True)
    (one / "splitting" / "split_manifest.json").write_text(json.dumps({"hash": "a", "rows": 5}))
    pd.DataFrame({"value": [0.1, 0.2], "seconds": [1.0, 2.0]}).to_csv(
        one / "tuning" / "trials.csv", index=False
    )
    (one / "training" / "environment.json").write_text("{}")
    shutil.copytree(one, other)
    pd.DataFrame({"value": [0.1, 0.2], "seconds": [3.0, 4.0]}).to_csv(
        other / "tuning" / "trials.csv", index=False
    )
    (other / "training" / "environment.json").write_text('{"cores": 3}')
    for place in (one, other):
        dump_model(model(2.0), place / "training" / "challenger.skops")
    return one, other


def compared(pair: tuple[Path, Path]) -> dict[str, Compared]:
    found = compare_artifacts(*pair, ("splitting", "tuning", "training"), TRIALS, ())
    return {each.artifact: each for each in found}


def test_a_clock_and_the_bytes_of_a_model_make_no_difference(pair: tuple[Path, Path]) -> None:
    found = compared(pair)

    assert {name: each.status for name, each in found.items()} == {
        "splitting/split_manifest.json": "same",
        "tuning/trials.csv": "same",
        "training/challenger.skops": "same",
        "training/environment.json": "not_compared",
    }
    assert found["tuning/trials.csv"].how == "all but seconds"
    assert first_stage(list(found.values())) is None


@pytest.mark.parametrize(
    ("stage", "artifact"),
    [
        ("splitting", "splitting/split_manifest.json"),
        ("tuning", "tuning/trials.csv"),
        ("training", "training/challenger.skops"),
        ("training", "training/of_my_own.bin"),
    ],
)
def test_whatever_else_differs_is_found_in_its_stage(
    pair: tuple[Path, Path], stage: str, artifact: str
) -> None:
    recorded = pair[0] / artifact
    if artifact.endswith(".json"):
        recorded.write_text(json.dumps({"hash": "a", "rows": 6}))
    elif artifact.endswith(".csv"):
        recorded.write_text(recorded.read_text().replace("0.2", "0.20000000000000001"))
    elif artifact.endswith(".skops"):
        dump_model(model(2.0 + 1e-12), recorded)
    else:
        recorded.write_bytes(b"made by nobody now")
    found = compared(pair)

    assert [name for name, each in found.items() if each.status == "differs"] == [artifact]
    assert first_stage(list(found.values())) == stage
    assert found[artifact].differences


def test_a_model_of_types_that_are_not_trusted_is_not_read(pair: tuple[Path, Path]) -> None:
    strange = model(1.0)
    strange.steps.append(("own", Compared))
    dump_model(strange, pair[0] / "training" / "challenger.skops")

    found = compared(pair)["training/challenger.skops"]
    assert found.status == "not_compared"
    assert "cannot be read" in found.how


def test_metrics_are_compared_by_name_and_bit() -> None:
    marks = {**TRIALS, "evaluation/prediction_cost.json": {"verify": "the clock measured it"}}
    names = {"tuning/trials.csv": "trials", "evaluation/prediction_cost.json": "prediction_cost"}
    left_out = measured_metrics(marks, names)
    recorded = {"a": 0.1, "b": 0.2, "trials.seconds": 1.0, "comparison.effect": 0.5}
    made = {"a": 0.1, "b": 0.2 + 1e-16 * 2, "c": 1.0, "trials.seconds": 2.0, "system/cpu": 9.0}

    same, differing = compare_metrics(recorded, {**made, "prediction_cost.row": 5.0}, left_out)
    assert same == 1
    assert [each.dataset for each in differing] == ["b", "c"]


def test_the_environment_is_compared_with_the_recorded_one(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("numpy==0.0.1\nnot-installed==3.2\n")
    here = describe_environment(tmp_path, CodeState(commit=None, clean=None, diff=""))
    assert compare_environments(here, tmp_path, lock).told() == (
        "The environment is the recorded one."
    )

    packages = {**here.packages, "numpy": "0.0.1", "not-installed": "3.2"}
    recorded = here.model_copy(update={"packages": packages, "python": "3.9.9"})
    found = compare_environments(recorded, tmp_path, lock)
    assert [change.name for change in found.packages] == ["not-installed", "numpy"]
    assert [change.name for change in found.machine] == ["python"]
    assert (
        found.install == "python -m pip install --constraint requirements.lock not-installed numpy"
    )
    assert "not-installed is lacking (recorded: 3.2)" in found.told()
    # another lock than the recorded one is no help
    lock.write_text("numpy==0.0.1\n")
    told = compare_environments(recorded, tmp_path, lock).install
    assert told == "python -m pip install not-installed==3.2 numpy==0.0.1"


def test_stages_come_in_their_order_and_own_pipelines_before_the_decision(tmp_path: Path) -> None:
    assert LAST == STAGES
    assert stages_until("tuning") == ("data_versioning", "splitting", "tuning")
    for name in ("training", "mine", "decision", "data_preparation"):
        (tmp_path / "src" / "package" / "pipelines" / name).mkdir(parents=True)
        (tmp_path / "src" / "package" / "pipelines" / name / "nodes.py").touch()
    known = ["__default__", "training", "mine", "later", "decision", "data_preparation"]
    assert own_pipelines(tmp_path, "package", known) == ("mine",)


def test_another_champion_stands_in_while_a_run_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(STANDS_IN, "3")
    assert champion_version("any-model") == 3
    monkeypatch.setenv(STANDS_IN, NO_CHAMPION)
    assert champion_version("any-model") is None


def test_the_table_says_what_differs_and_where_it_begins(pair: tuple[Path, Path]) -> None:
    (pair[0] / "splitting" / "split_manifest.json").write_text(json.dumps({"hash": "[b]"}))
    artifacts = tuple(compared(pair).values())
    told = Reproduction(
        run_id="4fd66beb",
        commit="f" * 40,
        stages=("splitting", "tuning", "training"),
        same=False,
        first_stage=first_stage(artifacts),
        artifacts=artifacts,
        metrics_same=3,
        metric_differences=(("roc_auc", "0.7", "0.8"),),
        environment=EnvironmentCheck(packages=(), machine=(), install=None),
        notes=("A note.",),
    )
    console = Console(width=100, record=True, file=StringIO())
    console.print(on_terminal(told))
    text = " ".join(console.export_text().split())

    assert "The first stage that differs is splitting." in text
    assert "hash [b] a" in text
    assert "roc_auc metric 0.7 0.8" in text
    assert "Not compared: training/environment.json, because it is the machine." in text
