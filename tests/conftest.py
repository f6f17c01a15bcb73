"""A copy of the project to run, and the `kedro` command to run it with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import pytest

# before any of the libraries starts its threads
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.update(DO_NOT_TRACK="1", MLFLOW_DISABLE_TELEMETRY="true", DVC_NO_ANALYTICS="1")
os.environ["COMET_ERROR_TRACKING_ENABLE"] = "0"

if os.environ.get("CI"):
    # the same examples in every run, and fewer of them: CI has fifteen minutes
    hypothesis.settings.register_profile(
        "ci", hypothesis.settings.get_profile("ci"), max_examples=40
    )
    hypothesis.settings.load_profile("ci")

ROOT = Path(__file__).parents[1]
PLANTED = {
    "DVC_PASSWORD": "planted-password-of-dvc",
    "AWS_SECRET_ACCESS_KEY": "planted-key-of-a-store",
    "COMET_API_KEY": "planted-key-of-a-tracker",
    "MY_OWN_TOKEN": "planted-token-of-nobody",
}
"""Secrets in the environment of the finished project's run, which must be nowhere after it."""


class Finished(NamedTuple):
    """What a command left: its exit code and all it printed."""

    exit_code: int
    output: str


Kedro = Callable[..., Finished]
Save = Callable[[Any], Any]


@pytest.fixture(scope="session")
def migrated_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow store with all its tables: making one takes seconds, copying it none."""
    import mlflow

    store = tmp_path_factory.mktemp("store") / "mlflow.db"
    mlflow.MlflowClient(tracking_uri=f"sqlite:///{store}").search_experiments()
    return store


def copy_project(to: Path, migrated_store: Path) -> Path:
    """Copy what a fresh clone has, besides the code, which is imported from where it is."""
    for name in ("conf", "data"):
        shutil.copytree(
            ROOT / name,
            to / name,
            ignore=lambda folder, names: [
                name
                for name in names
                if Path(folder, name).is_file()
                and name != ".gitkeep"
                and not {"conf", "01_raw"} & set(Path(folder).relative_to(ROOT).parts)
            ],
        )
    for name in ("pyproject.toml", "requirements.lock", ".telemetry"):
        shutil.copy(ROOT / name, to / name)
    (to / "src").mkdir()
    shutil.copy(migrated_store, to / "mlflow.db")
    return to


@pytest.fixture
def project(tmp_path: Path, migrated_store: Path) -> Path:
    """A fresh copy of the project."""
    return copy_project(tmp_path, migrated_store)


@pytest.fixture(scope="session")
def kedro() -> Kedro:
    """Call `kedro ARGUMENTS` inside a project, in this process: imports are paid once."""
    import mlflow
    from click.testing import CliRunner
    from kedro.framework.cli.cli import KedroCLI

    def call(project: Path, *arguments: str) -> Finished:
        before = Path.cwd()
        os.chdir(project)
        try:
            done = CliRunner().invoke(KedroCLI(project_path=project), list(arguments))
        finally:
            os.chdir(before)
            while mlflow.active_run():
                mlflow.end_run()
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Finished(done.exit_code, done.output)

    return call


@pytest.fixture(scope="session")
def finished_project(
    tmp_path_factory: pytest.TempPathFactory, migrated_store: Path, kedro: Kedro
) -> Path:
    """A project in which the whole cycle ran once in the environment `test`. Do not change it."""
    project = copy_project(tmp_path_factory.mktemp("finished"), migrated_store)
    (project / "conf" / "test" / "tracking.yml").write_text("trackers: [mlflow, local]\n")
    before = dict(os.environ)
    os.environ.update(PLANTED)
    try:
        done = kedro(project, "run", "--env=test")
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert done.exit_code == 0, done.output
    assert not any(secret in done.output for secret in PLANTED.values())
    return project


@pytest.fixture(scope="session")
def save(tmp_path_factory: pytest.TempPathFactory) -> Save:
    """Save any table to a Parquet file of its own."""
    folder = tmp_path_factory.mktemp("snapshots")

    from experiment_cycle.datasets.snapshot import SnapshotDataset

    def to_snapshot(table: Any) -> Any:
        dataset = SnapshotDataset(filepath=str(folder / f"{len(list(folder.iterdir()))}.parquet"))
        dataset.save(table)
        return dataset.load()

    return to_snapshot


@pytest.fixture(scope="session")
def raw_file() -> Path:
    """The example data."""
    return ROOT / "data" / "01_raw" / "doctor_visits.parquet"
