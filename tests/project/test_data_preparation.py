"""The example of docs/data-preparation.md, done as a user does it: in a project of their own."""

from __future__ import annotations

import json
import re
import runpy
import shutil
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient
from mlflow.entities import Run

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
Kedro = Callable[..., Any]
BLOCK = re.compile(
    r"`(?P<file>[^`\s][^`]*\.(?:py|yml))`(?:(?!```).)*?```(?:python|yaml)\n(?P<text>.*?)```", re.S
)
REST = "splitting,tuning,training,evaluation,decision,reporting"


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs/data-preparation.md").read_text()


class Study(NamedTuple):
    """A project with a package of its own, and `kedro run` in it."""

    folder: Path
    package: Path
    kedro: Kedro

    def run(self, *arguments: str) -> Any:
        return self.kedro(self.folder, "run", "--env=test", *arguments)

    def succeed(self, *arguments: str) -> None:
        done = self.run(*arguments)
        assert done.exit_code == 0, done.output

    def refused(self, *arguments: str) -> str:
        """Give what is told by a run that fails, on one line."""
        done = self.run(*arguments)
        assert done.exit_code == 1, done.output
        return " ".join(done.output.split())


@pytest.fixture
def study(project: Path, kedro: Kedro, request: pytest.FixtureRequest) -> Study:
    """A project whose project side is the user's own package, as it stands in the repository."""
    # of its own name, because all projects of a session are imported into one process
    package = project / "src" / f"doctor_study_{abs(hash(request.node.nodeid)):x}"
    shutil.copytree(
        ROOT / "src/experiment_cycle/pipelines",
        package / "pipelines",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for name in ("settings.py", "pipeline_registry.py", "__main__.py"):
        shutil.copy(ROOT / "src/experiment_cycle" / name, package / name)
    (package / "__init__.py").write_text('"""A study of doctor visits."""\n')
    described = project / "pyproject.toml"
    text = described.read_text()
    described.write_text(
        text.replace('package_name = "experiment_cycle"', f'package_name = "{package.name}"')
    )
    return Study(project, package, kedro)


@pytest.fixture
def prepared(study: Study, page: str) -> Study:
    """The same, after the page's steps."""
    tables = page.split("```python\n", 1)[1].split("```", 1)[0]
    script = study.folder / "tables.py"
    script.write_text(tables)
    with chdir(study.folder):
        runpy.run_path(str(script))
    blocks = [match.groupdict() for match in BLOCK.finditer(page)]
    assert len(blocks) == 4
    for block in blocks:
        file = study.folder / block["file"].replace("<your package>", study.package.name)
        assert file.exists(), file
        if file.suffix == ".yml":
            entries = yaml.safe_load(file.read_text()) | yaml.safe_load(block["text"])
            file.write_text(yaml.safe_dump(entries, sort_keys=False))
        else:
            file.write_text(block["text"])
    return study


def records(project: Path) -> list[Run]:
    client = MlflowClient(tracking_uri=f"sqlite:///{project}/mlflow.db")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(experiments))


def read(project: Path, name: str) -> Any:
    (file,) = [file for file in project.glob(f"data/*/{name}") if file.is_file()]
    return json.loads(file.read_text())


def by_hand(project: Path) -> pd.DataFrame:
    """What the example prepares, computed from the data before they were taken apart."""
    whole = pd.read_parquet(project / "data/01_raw/doctor_visits.parquet")
    return whole[whole["physlm"].isin([0.0, 1.0])]


def rows_of_table(markdown: str, title: str) -> list[list[str]]:
    """Read the table under a head that begins with a title."""
    lines = markdown.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(f"| {title} "))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def test_the_example_of_the_page_runs_through_the_whole_cycle(prepared: Study, page: str) -> None:
    prepared.succeed()

    expected = by_hand(prepared.folder)
    dataset = pd.read_parquet(prepared.folder / "data/02_intermediate/dataset.parquet")
    order = list(expected.columns)
    pd.testing.assert_frame_equal(
        dataset[order].sort_values(order).reset_index(drop=True),
        expected.sort_values(order).reset_index(drop=True),
        check_dtype=False,
    )
    counts = read(prepared.folder, "row_counts.json")
    assert counts["dataset"] == len(expected)
    assert [step["node"] for step in counts["steps"]] == [
        "keep_examined_persons",
        "join_persons",
        "take_snapshot",
    ]
    told = rows_of_table((prepared.folder / "data/08_reporting/report.md").read_text(), "table")
    assert told[:4] == rows_of_table(page, "table")
    assert [line[0] for line in told[4:]] == ["dataset", "train", "validation", "test"]
    html = (prepared.folder / "data/08_reporting/report.html").read_text()
    assert "Leave out persons whose physical limitation was imputed and not examined." in html
    (record,) = records(prepared.folder)
    stored = {
        file.name for file in (prepared.folder / "mlartifacts" / record.info.run_id).rglob("*")
    }
    assert {"row_counts.json", "dataset_profile_table.csv"} <= stored


def test_the_preparation_run_alone_belongs_to_the_same_record(prepared: Study) -> None:
    prepared.succeed("--pipelines=data_preparation")
    assert (prepared.folder / "data/02_intermediate/raw_data.parquet").exists()
    assert not (prepared.folder / "data/02_intermediate/dataset.parquet").exists()

    prepared.succeed("--pipelines=data_versioning", "--runner=ThreadRunner")

    assert len(records(prepared.folder)) == 1
    counts = read(prepared.folder, "row_counts.json")
    assert len(counts["steps"]) == 3
    assert counts["steps"][0]["reads"] == {"persons": 2760}


def test_versioning_before_preparing_says_what_to_run(prepared: Study) -> None:
    by_hand(prepared.folder).to_parquet(prepared.folder / "data/02_intermediate/raw_data.parquet")

    told = prepared.refused("--pipelines=data_versioning")

    assert "kedro run --pipelines=data_preparation,data_versioning" in told


def test_a_kept_version_needs_neither_the_preparation_nor_its_tables(prepared: Study) -> None:
    prepared.succeed(
        "--pipelines=data_preparation,data_versioning",
        "--params=data_versioning.tag=first",
    )
    made = read(prepared.folder, "dataset_version.json")
    for name in ("01_raw/visits.parquet", "01_raw/persons.parquet", "08_reporting/cycle.json"):
        (prepared.folder / "data" / name).unlink()
    (prepared.folder / "data/02_intermediate/raw_data.parquet").unlink()

    pinned = "--params=data_versioning.version=first"
    assert "is not made anew" in prepared.refused(pinned)
    prepared.succeed("--pipelines=data_versioning", pinned)

    assert read(prepared.folder, "dataset_version.json") == made
    (step,) = read(prepared.folder, "row_counts.json")["steps"]
    assert step["reads"] == {"raw_data, version first": made["rows"]}


def test_a_raw_table_that_is_missing_is_named(prepared: Study) -> None:
    (prepared.folder / "data/01_raw/persons.parquet").unlink()

    told = prepared.refused()

    assert "'persons'" in told
    assert "Next step" in told


def test_what_chooses_a_model_may_not_read_the_raw_tables(prepared: Study) -> None:
    wiring = prepared.package / "pipelines/training/pipeline.py"
    text = wiring.read_text()
    stolen = text.replace(
        "[\n", '[\n Node(lambda table: table, "visits", "mine", name="mine"),\n', 1
    )
    assert stolen != text
    wiring.write_text(stolen)

    told = prepared.refused()

    assert "'mine' of the stage 'training' reads 'visits', of which 'raw_data' is made" in told
    assert "holds the test rows too" in told


def test_an_empty_preparation_run_alone_says_what_it_is_for(study: Study) -> None:
    told = study.refused("--pipelines=data_preparation")

    assert "The pipeline 'data_preparation' has no nodes" in told
    assert "Next step" in told
