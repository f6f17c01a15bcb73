from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.data_versioning.versioning import open_versions
from experiment_cycle.datasets.snapshot import SnapshotDataset

ROOT = Path(__file__).parents[2]


class Called(NamedTuple):
    exit_code: int
    output: str


def call(project: Path, *arguments: str, width: int = 100) -> Called:
    """Call `kedro cycle data ARGUMENTS` in a terminal so many columns wide."""
    from kedro.framework.startup import bootstrap_project

    from experiment_cycle.commands import commands

    done = CliRunner().invoke(
        commands,
        ["cycle", "data", *arguments],
        obj=bootstrap_project(project),
        env={"COLUMNS": str(width)},
    )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Called(done.exit_code, done.output)


def copy_configuration(to: Path) -> Path:
    shutil.copytree(ROOT / "conf", to / "conf", dirs_exist_ok=True)
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / name, to / name)
    (to / "src").mkdir()
    return to


@pytest.fixture(scope="module")
def frames(raw_file: Path) -> list[pd.DataFrame]:
    """The example data, and the same with 1,500 rows of new people, seven corrected ones."""
    first = pd.read_parquet(raw_file)
    random = np.random.default_rng(0)
    more = first.iloc[random.integers(0, len(first), 1_500)].copy()
    more["profile"] += first["profile"].max() + 1
    more["disea"] += 20.0
    second = pd.concat([first, more], ignore_index=True)
    second.loc[3:9, "lpi"] = -1.0
    return [first, second]


@pytest.fixture(scope="module")
def versioned(tmp_path_factory: pytest.TempPathFactory, frames: list[pd.DataFrame]) -> Path:
    """A project with two versions in DVC, the second one tagged `enlarged`. Do not change it."""
    project = copy_configuration(tmp_path_factory.mktemp("versioned"))
    versions = open_versions(DataVersioningOptions(), project, {})
    dataset = SnapshotDataset(filepath=str(project / "data/02_intermediate/dataset.parquet"))
    for frame, tag in zip(frames, (None, "enlarged"), strict=True):
        dataset.save(frame)
        snapshot = dataset.load()
        versions.commit(snapshot, content_hash(snapshot), {"hypothesis": "H001"}, tag)
    return project


def ids(project: Path) -> list[str]:
    entries = json.loads(call(project, "log", "--json").output)
    return [entry["version"]["id"] for entry in entries]


def test_log_lists_every_version_the_newest_first(
    versioned: Path, frames: list[pd.DataFrame]
) -> None:
    done = call(versioned, "log")

    lines = [line for line in done.output.splitlines() if "hypothesis H001" in line]
    assert done.exit_code == 0
    assert [line.split()[3] for line in lines] == [f"{len(frame):,}" for frame in reversed(frames)]
    assert "enlarged" in lines[0]
    assert "enlarged" not in lines[1]
    assert [line.split()[0] for line in lines] == [name[:12] for name in ids(versioned)]


def test_log_as_json_holds_what_was_recorded(versioned: Path, frames: list[pd.DataFrame]) -> None:
    newest, oldest = json.loads(call(versioned, "log", "--json").output)

    assert newest["tags"] == ["enlarged"]
    assert newest["metadata"] == {"hypothesis": "H001"}
    assert [each["version"]["rows"] for each in (oldest, newest)] == [len(f) for f in frames]
    assert (newest["last_used"], newest["pinned"]) == (False, False)


def test_log_marks_the_version_of_the_last_run_and_the_pinned_one(
    versioned: Path, tmp_path: Path
) -> None:
    project = tmp_path / "copy"
    shutil.copytree(versioned, project)
    newest, oldest = json.loads(call(project, "log", "--json").output)
    record = project / "data/02_intermediate/dataset_version.json"
    record.write_text(json.dumps(oldest["version"]))
    environment = project / "conf/pinned"
    environment.mkdir()
    (environment / "parameters.yml").write_text("data_versioning: {version: enlarged}\n")

    told = call(project, "log", "--env=pinned").output
    newest, oldest = json.loads(call(project, "log", "--env=pinned", "--json").output)

    assert (newest["pinned"], newest["last_used"]) == (True, False)
    assert (oldest["pinned"], oldest["last_used"]) == (False, True)
    assert told.index("! pinned") < told.index("* last run")


def test_log_of_a_project_that_never_ran_says_what_to_do(tmp_path: Path) -> None:
    done = call(copy_configuration(tmp_path), "log")

    assert done.exit_code == 0
    assert "kedro run --pipelines=data_versioning" in done.output


@pytest.mark.parametrize("width", [80, 120])
def test_show_describes_the_columns_and_fits_the_terminal(
    versioned: Path, frames: list[pd.DataFrame], width: int
) -> None:
    done = call(versioned, "show", "enlarged", width=width)

    assert done.exit_code == 0
    assert max(map(len, done.output.splitlines())) <= width
    assert f"{len(frames[1]):,} rows, 13 columns" in done.output
    assert "any_visit (target), profile (group)" in done.output
    line = next(
        line for line in done.output.splitlines() if line.split()[:2] == ["visits", "integer"]
    )
    assert f"{frames[1]['visits'].nunique()}" in line
    assert f"{frames[1]['visits'].mean():.4g}" in line


def test_show_as_json_holds_the_profile(versioned: Path, frames: list[pd.DataFrame]) -> None:
    oldest = ids(versioned)[1]

    shown = json.loads(call(versioned, "show", oldest[:6], "--json").output)

    assert shown["version"]["id"] == oldest
    column = shown["profile"]["columns"]["disea"]
    assert column["mean"] == pytest.approx(frames[0]["disea"].mean(), rel=1e-12)


def test_show_writes_a_contract_once(versioned: Path, tmp_path: Path) -> None:
    file = tmp_path / "contract.yml"

    first = call(versioned, "show", "latest", "--contract", str(file))
    content = file.read_text()
    second = call(versioned, "show", "latest", "--contract", str(file))

    assert first.exit_code == 0, first.output
    assert "any_visit" in content
    assert second.exit_code == 1
    assert "exists and is not replaced" in second.output
    assert file.read_text() == content


def test_diff_tells_rows_columns_statistics_and_drift(versioned: Path) -> None:
    done = call(versioned, "diff", ids(versioned)[1], "enlarged")

    assert done.exit_code == 0, done.output
    assert "1,500 added, 0 removed, 7 changed; recognised by their place" in done.output
    lines = [line.split() for line in done.output.splitlines()]
    assert ["lpi", "values", "changed", "DOUBLE", "7"] in lines
    assert "1 drifted: 'disea'." in done.output
    assert max(map(len, done.output.splitlines())) <= 100


def test_diff_as_json_holds_every_statistic(versioned: Path, frames: list[pd.DataFrame]) -> None:
    found = json.loads(call(versioned, "diff", ids(versioned)[1], "latest", "--json").output)

    assert found["difference"]["rows_added"] == 1_500
    assert found["same_content"] is False
    means = {each["column"]: each for each in found["statistics"] if each["statistic"] == "mean"}
    assert means["disea"]["old"] == pytest.approx(frames[0]["disea"].mean())
    assert means["disea"]["new"] == pytest.approx(frames[1]["disea"].mean())
    assert "profile" not in means
    drifted = [name for name, each in found["drift"]["columns"].items() if each["drifted"]]
    assert drifted == ["disea"]


def test_diff_of_a_version_with_itself_is_no_difference(versioned: Path) -> None:
    done = call(versioned, "diff", "latest", "enlarged")

    assert "Both hold the same content." in done.output


def test_checkout_writes_the_version_and_replaces_nothing(
    versioned: Path, frames: list[pd.DataFrame], tmp_path: Path
) -> None:
    file = tmp_path / "out.parquet"
    oldest = ids(versioned)[1]

    done = call(versioned, "checkout", oldest, "--to", str(file))
    again = call(versioned, "checkout", "enlarged", "--to", str(file))

    assert done.exit_code == 0, done.output
    assert str(file) in done.output
    assert f"{len(frames[0]):,} rows" in done.output
    assert again.exit_code == 1
    assert "--force" in again.output
    pd.testing.assert_frame_equal(pd.read_parquet(file), frames[0])

    forced = call(versioned, "checkout", "enlarged", "--to", str(file), "--force")
    assert forced.exit_code == 0
    assert pq.read_metadata(file).num_rows == len(frames[1])


def test_checkout_without_a_file_writes_beside_what_the_pipeline_built(
    versioned: Path, tmp_path: Path
) -> None:
    project = tmp_path / "copy"
    shutil.copytree(versioned, project)
    dataset = project / "data/02_intermediate/dataset.parquet"

    done = call(project, "checkout", "latest")
    refused = call(project, "checkout", "latest", "--to", str(dataset), "--force")

    (file,) = (project / "data/02_intermediate/checkout").iterdir()
    assert file.name == f"dvc_{ids(project)[0]}.parquet"
    assert str(file) in done.output
    assert refused.exit_code == 1
    assert "data_versioning.version" in refused.output


def test_a_file_that_cannot_be_written_is_said_in_one_line(versioned: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    file = tmp_path / "file" / "out.parquet"

    for arguments in (("checkout", "latest", "--to"), ("show", "latest", "--contract")):
        done = call(versioned, *arguments, str(file))

        assert done.exit_code == 1
        assert done.output.startswith(f"Error: {file} cannot be written")


def test_a_version_altered_in_the_cache_is_not_checked_out(versioned: Path, tmp_path: Path) -> None:
    project = tmp_path / "copy"
    shutil.copytree(versioned, project)
    (kept,) = project.rglob(f"{ids(project)[1][2:]}")
    kept.chmod(0o644)
    kept.write_bytes(kept.read_bytes()[:-100])

    done = call(project, "checkout", ids(project)[1], "--to", str(tmp_path / "out.parquet"))

    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert not (tmp_path / "out.parquet").exists()


def test_an_unknown_version_is_answered_with_the_nearest_ones(versioned: Path) -> None:
    for arguments in (("show", "enlargd"), ("diff", "latest", "enlargd"), ("checkout", "enlargd")):
        done = call(versioned, *arguments)

        assert done.exit_code == 1
        assert "'enlargd' is not known" in done.output
        assert "enlarged" in done.output


def test_mistakes_in_the_configuration_are_told_in_one_message(tmp_path: Path) -> None:
    project = copy_configuration(tmp_path)
    environment = project / "conf/wrong"
    environment.mkdir()
    parameters = environment / "parameters.yml"

    parameters.write_text("data_versioning: {top_values: many, bakend: dvc}\n")
    misspelt = call(project, "log", "--env=wrong")
    parameters.write_text("data_versioning: {top_values: [\n")
    broken = call(project, "log", "--env=wrong")
    absent = call(project, "log", "--env=nowhere")

    assert misspelt.exit_code == broken.exit_code == absent.exit_code == 1
    assert "conf/wrong/parameters.yml: data_versioning.bakend: unknown key." in misspelt.output
    assert "data_versioning.top_values" in misspelt.output
    assert "mend the YAML" in broken.output
    assert "nowhere" in absent.output


def test_the_command_is_kedros_own_from_any_folder_and_opens_no_tracking_store(
    versioned: Path, tmp_path: Path
) -> None:
    project = tmp_path / "copy"
    shutil.copytree(versioned, project)
    folder = project / "conf" / "base"
    done = subprocess.run(
        [str(Path(sys.executable).with_name("kedro")), "cycle", "data", "log"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "enlarged" in done.stdout
    assert not list(project.rglob("mlflow.db"))
    assert not list(project.rglob("mlruns"))


def test_the_commands_cost_no_other_command_an_import() -> None:
    code = (
        "import sys, experiment_cycle.commands; "
        "heavy = {'pandas', 'duckdb', 'dvc', 'mlflow', 'scipy', 'pyarrow', 'pydantic', 'rich'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
