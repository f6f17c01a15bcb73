"""`kedro cycle reproduce`: a run is made again from its record, whatever the tree is by now."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.data_versioning.versioning import open_versions
from experiment_cycle.errors import DataError, IntegrityError
from experiment_cycle.reproducing.furnishing import place_data
from experiment_cycle.reproducing.worktree import checked_out, unrecorded_changes
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.training.environment import code_state, describe_environment

ESTIMATOR = """
from sklearn.tree import DecisionTreeClassifier

class Shallow(DecisionTreeClassifier):
    def __init__(self, max_depth={depth}, random_state=None):
        super().__init__(max_depth=max_depth, random_state=random_state)
"""
OWN = "estimator_that_is_reproduced"
PARAMETERS = f"""
tuning:
  method: none
training:
  estimator: custom
  estimators:
    custom:
      path: {OWN}.Shallow
      trusted_types: [{OWN}.Shallow]
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def commit(folder: Path) -> None:
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "all of it")


@pytest.mark.slow
@pytest.mark.soak
def test_a_run_is_reproduced_after_the_tree_has_changed(project: Path, kedro: Any) -> None:
    raw = project / "data" / "01_raw" / "doctor_visits.parquet"
    table = pd.read_parquet(raw)
    table[table["profile"] < 600].to_parquet(raw, index=False)
    own = project / "src" / f"{OWN}.py"
    own.write_text(ESTIMATOR.format(depth=2))
    (project / "conf" / "test" / "parameters_own.yml").write_text(PARAMETERS)
    (project / ".gitignore").write_text("data/0[2-8]*/\nmlflow.db*\nmlartifacts/\n")
    commit(project)
    own.write_text(ESTIMATOR.format(depth=4))
    (project / "conf" / "base" / "not_in_git.txt").write_text("new\n")
    # all but the report
    stages = "data_versioning,splitting,tuning,training,evaluation,decision"
    ran = kedro(project, "run", "--env=test", "--params=seed=7", f"--pipelines={stages}")
    assert ran.exit_code == 0, ran.output

    own.write_text("raise RuntimeError('another experiment by now')\n")
    raw.write_bytes(b"another table by now")
    before = git(project, "status", "--porcelain")
    found = kedro(project, "cycle", "reproduce", "--env=test", "--json")
    assert found.exit_code == 0, found.output
    told = json.loads(found.output[found.output.index("{") :])
    same = {each["artifact"] for each in told["artifacts"] if each["status"] == "same"}
    assert told["same"]
    assert told["first_stage"] is None
    assert same >= {
        "data_versioning/dataset_version.json",
        "splitting/split_assignment.parquet",
        "training/challenger.skops",
        "training/challenger_fit.json",
        "evaluation/test_predictions.parquet",
        "evaluation/metrics.json",
    }
    assert told["metrics_same"] > 20
    assert git(project, "status", "--porcelain") == before
    assert len(git(project, "worktree", "list").splitlines()) == 1
    ledger = (project / "data" / "08_reporting" / "ledger.jsonl").read_text()
    assert sum(json.loads(line)["kind"] == "look" for line in ledger.splitlines()) == 1

    (manifest,) = project.glob("mlartifacts/*/artifacts/splitting/split_manifest.json")
    manifest.write_text(manifest.read_text().replace('"seed": 7', '"seed": 8'))
    found = kedro(project, "cycle", "reproduce", "--env=test", "--until=splitting")
    assert found.exit_code == 1, found.output
    assert "The first stage that differs is splitting." in " ".join(found.output.split())
    assert "splitting/split_manifest.json" in found.output


@pytest.mark.slow
def test_a_run_whose_commit_is_not_known_says_what_to_do(
    finished_project: Path, kedro: Any
) -> None:
    found = kedro(finished_project, "cycle", "reproduce", "--env=test")

    assert found.exit_code == 3
    assert "does not tell the commit" in found.output
    assert "Next step" in found.output


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A project below the top of its repository, with a change of each kind."""
    folder = tmp_path / "repository" / "a project"
    folder.mkdir(parents=True)
    for name in ("kept.py", "changed.py", "gone.py"):
        (folder / name).write_text(f"# {name}\n")
    (folder.parent / "beside.txt").write_text("not of the project\n")
    commit(folder.parent)
    (folder / "changed.py").write_text("# changed\n")
    (folder / "gone.py").unlink()
    (folder / "new.bin").write_bytes(bytes(range(256)))
    return folder


def test_the_code_is_checked_out_as_it_was_and_the_tree_stays(repository: Path) -> None:
    code = code_state(repository)
    environment = describe_environment(repository, code)
    git(repository.parent, "add", ".")
    git(repository.parent, "commit", "--quiet", "--message", "two")
    (repository / "kept.py").write_text("# by now\n")

    with checked_out(repository, environment, code.diff) as folder:
        assert folder.name == repository.name
        assert sorted(file.name for file in folder.iterdir()) == [
            *("changed.py", "kept.py", "new.bin")
        ]
        assert (folder / "kept.py").read_text() == "# kept.py\n"
        assert (folder / "changed.py").read_text() == "# changed\n"
        assert (folder / "new.bin").read_bytes() == bytes(range(256))
        assert code_state(folder).diff == code.diff
    assert not folder.exists()
    assert git(repository, "status", "--porcelain").split()[0] == "M"
    assert (repository / "kept.py").read_text() == "# by now\n"
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_what_cannot_be_checked_out_is_told(repository: Path, tmp_path: Path) -> None:
    code = code_state(repository)
    environment = describe_environment(repository, code)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    unknown = environment.model_copy(update={"git_commit": "f" * 40})
    for project, recorded, diff, error, told in (
        (elsewhere, environment, code.diff, DataError, "is not under git"),
        (repository, unknown, code.diff, DataError, "git fetch --all"),
        (repository, environment, code.diff + "x", IntegrityError, "not those that the record"),
    ):
        with pytest.raises(error, match=told), checked_out(project, recorded, diff):
            pass
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert unrecorded_changes("new file, too large to be shown: 'a.bin'\ndiff --git a/b b/b\n") == [
        "new file, too large to be shown: 'a.bin'"
    ]


def test_data_come_from_the_remote_to_a_clone_that_has_none(tmp_path: Path) -> None:
    here, clone, folder = (tmp_path / name for name in ("here", "clone", "folder"))
    for each in (clone, folder):
        each.mkdir()
    file = here / "data" / "02_intermediate" / "dataset.parquet"
    file.parent.mkdir(parents=True)
    pd.DataFrame({"x": range(50)}).to_parquet(file, index=False)
    block = {
        "backend": "dvc",
        "version": "latest",
        "tag": "first",
        "backends": {"dvc": {"remote": "../remote", "push": True}},
    }
    snapshot = Snapshot(file)
    versions = open_versions(DataVersioningOptions.model_validate(block), here, {})
    version = versions.commit(snapshot, content_hash(snapshot), {}, "first")
    recorded = {
        "dataset_version": version.model_dump(mode="json"),
        "configuration": {"data_versioning": block},
    }

    present = DataVersioningOptions()
    pinned = place_data(folder, clone, recorded, present, {})
    assert pinned["version"] == version.id
    assert pinned["backends"]["dvc"]["push"] is False
    assert pinned["backends"]["dvc"]["remote"] is None
    own = open_versions(DataVersioningOptions.model_validate(pinned), folder, {})
    assert own.find(pinned["version"]).version.content_hash == version.content_hash
    assert not any(clone.iterdir())

    # recorded without a remote, but the clone knows one by now
    block["backends"] = {}
    by_now = {"backends": {"dvc": {"remote": "../remote"}}}
    other = tmp_path / "other"
    with pytest.raises(IntegrityError, match="is not to be had here"):
        place_data(other, clone, recorded, present, {})
    present = DataVersioningOptions.model_validate(by_now)
    assert place_data(other, clone, recorded, present, {})["version"] == version.id
