"""A user's mistakes: one message without a traceback, before any training, nothing lost."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytestmark = pytest.mark.slow

RAW = Path("data/01_raw/doctor_visits.parquet")


def changed(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], None]:
    def apply(file: Path) -> None:
        change(pd.read_parquet(file)).to_parquet(file, index=False)

    return apply


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:20_000])


BAD_DATA = {
    "missing file": (Path.unlink, "doctor_visits.parquet does not exist"),
    "empty file": (lambda file: file.write_bytes(b""), "raw_data"),
    "truncated file": (truncate, "raw_data"),
    "no rows": (changed(lambda table: table.head(0)), "no rows"),
    "target misspelt": (
        changed(lambda table: table.rename(columns={"any_visit": "any_vizit"})),
        "Did you mean 'any_vizit'?",
    ),
    "target with gaps": (
        changed(lambda table: table.assign(any_visit=table["any_visit"].where(table.index > 1))),
        "any_visit",
    ),
    "target of one class": (changed(lambda table: table.assign(any_visit=True)), "any_visit"),
    "one group only": (changed(lambda table: table.assign(profile=1)), "profile"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data_end_in_one_message_and_leave_earlier_results(
    project: Path, kedro: Any, case: str
) -> None:
    spoil, told = BAD_DATA[case]
    assert kedro(project, "run", "--env=test", "--pipelines=data_versioning").exit_code == 0
    made = [
        project / "data/02_intermediate" / name
        for name in ("dataset.parquet", "dataset_version.json")
    ]
    before = [file.read_bytes() for file in made]
    spoil(project / RAW)

    done = kedro(project, "run", "--env=test")

    assert done.exit_code == 1
    assert done.output.count("Error: ") == 1, done.output
    assert "Traceback" not in done.output
    assert told in " ".join(done.output.split()), done.output
    assert "Next step" in done.output
    assert [file.read_bytes() for file in made] == before
    assert not (project / "data/06_models/challenger.skops").exists()


def test_expectations_of_a_feature_that_is_gone_are_told_before_anything_is_trained(
    project: Path, kedro: Any
) -> None:
    changed(lambda table: table.drop(columns="fmde"))(project / RAW)

    done = kedro(project, "run", "--env=test")

    told = " ".join(done.output.split())
    assert done.exit_code == 1
    assert "changes 'fmde', which is no feature" in told
    assert "set behaviour to []" in told
    assert "Traceback" not in told
    assert not (project / "data/06_models/trials.csv").exists()


BAD_CATALOGS = {
    "misspelt type": ("pandas.ParquetDataset", "pandas.ParquetDatset", "'raw_data'"),
    "misspelt argument": ("  filepath:", "  filepth:", "'filepth'"),
    "misspelt entry": ("raw_data:", "rawdata:", "Did you mean 'rawdata'?"),
    "broken YAML": ("type: pandas.ParquetDataset", "type: [oops", "catalog_data_versioning.yml"),
}


@pytest.mark.parametrize("case", BAD_CATALOGS)
def test_a_bad_catalog_ends_in_one_message(project: Path, kedro: Any, case: str) -> None:
    right, wrong, told = BAD_CATALOGS[case]
    file = project / "conf/base/catalog_data_versioning.yml"
    file.write_text(file.read_text().replace(right, wrong, 1))

    done = kedro(project, "run", "--env=test")

    assert done.exit_code == 1
    assert done.output.count("Error: ") == 1, done.output
    assert "Traceback" not in done.output
    assert told in done.output


def test_a_misspelt_pipeline_ends_in_one_message(project: Path, kedro: Any) -> None:
    done = kedro(project, "run", "--env=test", "--pipelines=evalution")

    assert done.exit_code == 1
    assert "Did you mean 'evaluation'?" in done.output
    assert "Traceback" not in done.output


SPACE = "tuning.spaces.lightgbm.num_leafs"
CUSTOM = "tuning.method=none,training.estimator=custom,training.estimators.custom.path"


@pytest.mark.parametrize(
    ("parameter", "told"),
    [
        ("splitting.stratgy=random", "Did you mean 'strategy'?"),
        ("splitting.ratios.train=0.9", "splitting.ratios"),
        ("columns.target=any_vist", "Did you mean 'any_visit'?"),
        ("training.estimator=lightgmb", "lightgbm"),
        (
            "training.estimators.lightgbm.num_leafs=9",
            "Did you mean 'num_leaves'? Known: colsample_bytree, learning_rate",
        ),
        (
            f"{SPACE}.type=int,{SPACE}.low=2,{SPACE}.high=9",
            "Did you mean 'num_leaves'? Known: colsample_bytree, learning_rate",
        ),
        (f"{CUSTOM}=no_such.Model", "cannot be imported: ModuleNotFoundError"),
        (f"{CUSTOM}=collections.Counter", "lacks fit"),
        ("tuning.backend=optun", "Did you mean 'optuna'?"),
        ("sead=3", "Did you mean 'seed'?"),
    ],
)
def test_bad_parameters_end_in_one_message(
    project: Path, kedro: Any, parameter: str, told: str
) -> None:
    done = kedro(project, "run", "--env=test", f"--params={parameter}")

    assert done.exit_code == 1
    # not that of a cause, such as `ModuleNotFoundError: `
    assert len(re.findall(r"\bError: ", done.output)) == 1, done.output
    assert "Traceback" not in done.output
    assert told in " ".join(done.output.split()), done.output
    assert not (project / "data/06_models/challenger.skops").exists()


MLP = "training.estimator=mlp,training.estimators.mlp"
SGD = "training.estimator=sgd,training.estimators.sgd"
BAD_FITS = {
    # more than any machine can address
    "memory": (f"{MLP}.hidden_layers=[{10**16}]", "too little memory to train (Unable to allocate"),
    "divergence": (f"{SGD}.eta0=1e308,{SGD}.learning_rate=constant", "Training diverged: step 1 "),
}


@pytest.mark.parametrize("case", BAD_FITS)
def test_a_fit_that_cannot_go_on_ends_in_one_message_and_leaves_the_earlier_model(
    project: Path, finished_project: Path, kedro: Any, case: str
) -> None:
    parameters, told = BAD_FITS[case]
    shutil.copytree(finished_project / "data", project / "data", dirs_exist_ok=True)
    model = project / "data/06_models/challenger.skops"
    before = model.read_bytes()

    chosen = f"--params=tuning.method=none,{parameters}"
    done = kedro(project, "run", "--env=test", "--pipelines=tuning,training", chosen)

    assert done.exit_code == 1
    assert done.output.count("Error: ") == 1, done.output
    assert "Traceback" not in done.output
    assert told in " ".join(done.output.split()), done.output
    assert "Next step" in done.output
    assert model.read_bytes() == before
