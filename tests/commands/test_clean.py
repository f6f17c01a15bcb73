"""`kedro cycle clean`: old intermediate data go, and nothing that a decision refers to."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from experiment_cycle.data_versioning.options import DvcOptions
from experiment_cycle.data_versioning.records import DatasetVersion
from experiment_cycle.data_versioning.unused_versions import UnusedVersions
from experiment_cycle.data_versioning.version_log import VersionLog
from experiment_cycle.tracking import removable
from experiment_cycle.tracking.files import content_of
from experiment_cycle.tracking.journal import Journal

pytestmark = pytest.mark.slow

KEY = "0" * 64
UNNAMED = "f" * 32
DAYS = 24 * 3600
CLEAN = ["cycle", "clean", "--env=test", "--keep=1"]


@pytest.fixture
def project(finished_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cycle that was promoted, after it one that only began: the newest, which stays."""
    copy = shutil.copytree(finished_project, tmp_path / "project", symlinks=True)
    with sqlite3.connect(copy / "mlflow.db") as store:
        for table, column in (
            ("experiments", "artifact_location"),
            ("runs", "artifact_uri"),
            ("logged_models", "artifact_location"),
        ):
            moved = (str(finished_project), str(copy))
            store.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", moved)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    begun(copy, ago=0)
    return copy


def client(project: Path) -> MlflowClient:
    return MlflowClient(tracking_uri=f"sqlite:///{project}/mlflow.db")


def experiment(project: Path) -> str:
    found = client(project).get_experiment_by_name("experiment_cycle")
    assert found is not None
    return str(found.experiment_id)


def begun(project: Path, ago: float, **tags: str) -> str:
    """Record a cycle in which nothing was decided."""
    start = int((time.time() - ago) * 1000)
    run = client(project).create_run(experiment(project), start_time=start)
    run_id = str(run.info.run_id)
    folder = project / "mlartifacts" / run_id / "artifacts"
    folder.mkdir(parents=True)
    (folder / "profile.json").write_text("{}" * 1000)
    client(project).set_terminated(run_id, "FAILED")
    for name, value in {"cycle_id": run_id, **tags}.items():
        client(project).set_tag(run_id, name, value)
    return run_id


def decided(project: Path) -> str:
    found = client(project).search_runs([experiment(project)], "tags.`decision.decision` != ''")
    return str(found[0].info.run_id)


def aged(place: Path, days: float = 400) -> Path:
    then = time.time() - days * DAYS
    for each in (*place.rglob("*"), place):
        os.utime(each, (then, then))
    return place


def unnamed_version(project: Path) -> Path:
    """List a data version that no record names, with a file in DVC's cache."""
    log = VersionLog(project / "data/02_intermediate/dataset.versions.jsonl")
    used = log.entries()[-1].version
    listed = (project / "data/02_intermediate/dataset.versions.jsonl").read_text()
    other = json.loads(listed.splitlines()[-1])
    other["version"] |= {"id": UNNAMED, "content_hash": "0" * 64}
    file = project / "data/02_intermediate/dataset.versions.jsonl"
    file.write_text(json.dumps(other) + "\n" + listed)
    assert isinstance(used, DatasetVersion)
    place = project / ".dvc/cache/files/md5" / UNNAMED[:2] / UNNAMED[2:]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"0" * 5000)
    return place


def test_what_no_decision_refers_to_goes_and_all_else_stays(project: Path, kedro: Any) -> None:
    old = begun(project, ago=400 * DAYS)
    shutil.copytree(
        project / "data/08_reporting/tracked" / decided(project),
        project / "data/08_reporting/tracked" / old,
    )
    named = begun(project, ago=400 * DAYS)
    ledger = project / "data/08_reporting/ledger.jsonl"
    ledger.write_text(ledger.read_text() + json.dumps({"cycle": named}) + "\n")
    gone = [
        project / "mlartifacts" / old / "artifacts",
        project / "data/08_reporting/tracked" / old,
        project / "data/06_models/checkpoints/challenger/seed_1" / KEY,
        project / "data/06_models/tuning" / KEY,
        Path(tempfile.gettempdir()) / "tuning-abcdefgh",
    ]
    for folder in gone[2:]:
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(b"0" * 1000)
        aged(folder)
    gone += [project / f"data/06_models/tuning/{KEY}.journal", project / "data/.x.json.99999999"]
    for file in gone[-2:]:
        file.write_text("half")
        aged(file)
    gone.append(unnamed_version(project))
    # not ours, or not old
    stays = [
        Path(tempfile.gettempdir()) / "tuning-younger_",
        Path(tempfile.gettempdir()) / "somebody-elses",
        project / ".dvc/cache/files/md5/aa",
    ]
    for folder in stays:
        folder.mkdir(parents=True)
        (folder / "file").write_text("0")
    aged(stays[1])
    stays.append(project / "mlartifacts" / named / "artifacts/profile.json")
    before = {
        place: content_of(place)
        for place in (
            project / "mlartifacts" / decided(project),
            project / "mlartifacts" / "models",
            project / "data/08_reporting/tracked" / decided(project),
            project / "data/08_reporting/decision.json",
            ledger,
            *stays,
        )
    }

    shown = kedro(project, *CLEAN, "--dry-run")

    assert shown.exit_code == 0, shown.output
    assert "would be removed" in shown.output
    assert all(place.exists() for place in gone)

    refused = kedro(project, *CLEAN)  # nobody is there to say yes

    assert refused.exit_code == 1
    assert all(place.exists() for place in gone)

    done = kedro(project, *CLEAN, "--yes", "--json")

    assert done.exit_code == 0, done.output
    assert [place for place in gone if place.exists()] == []
    assert {place: content_of(place) for place in before} == before
    listed = json.loads(done.output[done.output.index("[") :])
    assert {one["kind"] for one in listed} >= {"artifacts", "checkpoints", "search", "data version"}
    assert client(project).get_run(old).data.tags["cycle.cleaned"]
    assert UNNAMED not in (project / "data/02_intermediate/dataset.versions.jsonl").read_text()
    version = json.loads((project / "data/02_intermediate/dataset_version.json").read_text())["id"]
    assert kedro(project, "cycle", "data", "show", version, "--env=test").exit_code == 0


def stopped(place: Path) -> None:
    raise KeyboardInterrupt


def test_a_removal_that_is_killed_is_completed_by_the_next(
    project: Path, kedro: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = begun(project, ago=400 * DAYS)
    folder = project / "mlartifacts" / old
    with monkeypatch.context() as patched:
        # after the rename, before anything in the folder is gone
        patched.setattr(removable.shutil, "rmtree", stopped)
        assert kedro(project, *CLEAN, "--yes").exit_code == 1
    assert not (folder / "artifacts").exists(), "half of it must not be seen under its name"
    assert [each.name[: len(removable.MARK)] for each in folder.iterdir()] == [removable.MARK]

    done = kedro(project, *CLEAN, "--yes")

    assert done.exit_code == 0, done.output
    assert list(folder.iterdir()) == []


def test_a_journal_that_a_tracker_lacks_stays(project: Path, kedro: Any) -> None:
    journal = Journal(project / "data/08_reporting/tracking" / decided(project))
    receipt = journal.receipt("local")
    journal.keep_receipt("local", receipt.model_copy(update={"offset": receipt.offset - 1}))

    assert kedro(project, *CLEAN, "--yes").exit_code == 0
    assert journal.entries_file.exists()

    journal.keep_receipt("local", receipt)

    assert kedro(project, *CLEAN, "--yes").exit_code == 0
    assert not journal.folder.exists()


def test_what_git_has_is_not_removed(tmp_path: Path, project: Path) -> None:
    place = unnamed_version(project)
    unused = UnusedVersions(project, DvcOptions())
    assert unused.find(set()) == {UNNAMED: place}
    for command in (
        "init -q",
        "add -f data/02_intermediate/dataset.versions.jsonl",
        "-c user.name=a -c user.email=a@b commit -q -m versions",
    ):
        assert os.system(f"git -C {project} {command}") == 0  # noqa: S605

    assert unused.find(set()) == {}
