"""The upgrade that a project's README tells, tried on a change of each kind."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import experiment_cycle

AUTHOR = ("-c", "user.name=test", "-c", "user.email=test@localhost")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *AUTHOR, *arguments], cwd=folder, check=True, capture_output=True)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, file
    file.write_text(text.replace(old, new))


@pytest.fixture
def project(clone: Path, churn: Path, tmp_path: Path) -> Path:
    """A project beside a clone with a newer version, in which files of both sides have changed."""
    newer = tmp_path / "experiment-cycle"
    git(tmp_path, "clone", "--quiet", str(clone), str(newer))
    git(newer, "tag", f"v{experiment_cycle.__version__}")
    edit(newer / "conf/base/parameters_task.yml", "seed: 42 ", "seed: 43 ")
    edit(newer / "src/experiment_cycle/settings.py", '"PASSIVE"', '"ACTIVE"')
    (newer / "src/experiment_cycle/pipelines/new_stage").mkdir()
    (newer / "src/experiment_cycle/pipelines/new_stage/nodes.py").write_text("new = 1\n")
    edit(newer / "src/experiment_cycle/errors.py", "of the wrong kind", "of another kind")
    git(newer, "add", "--all")
    git(newer, "commit", "--quiet", "--message=newer")
    git(newer, "tag", "v9.0.0")
    return shutil.copytree(churn, tmp_path / "churn")


def upgrade(project: Path) -> subprocess.CompletedProcess[str]:
    blocks = re.findall(r"```\n(.*?)```", (project / "README.md").read_text(), re.DOTALL)
    (command,) = [block for block in blocks if "git apply" in block]
    command = command.replace("vNEW", "v9.0.0")
    return subprocess.run(
        ["bash", "-c", command], cwd=project, capture_output=True, text=True, check=False
    )


def test_changes_of_the_project_side_are_taken_over_and_ones_own_stay(project: Path) -> None:
    task = project / "conf/base/parameters_task.yml"
    edit(task, "group: profile ", "group: person ")

    done = upgrade(project)

    assert done.returncode == 0, done.stderr
    assert "seed: 43 " in task.read_text()
    assert "group: person " in task.read_text()
    assert '"OMP_WAIT_POLICY": "ACTIVE"' in (project / "src/churn/settings.py").read_text()
    assert (project / "src/churn/pipelines/new_stage/nodes.py").read_text() == "new = 1\n"
    # the library is upgraded with pip
    assert not (project / "src/experiment_cycle").exists()
    assert not list(project.rglob("errors.py"))


def test_where_both_changed_the_same_line_ones_own_stays(project: Path) -> None:
    task = project / "conf/base/parameters_task.yml"
    edit(task, "seed: 42 ", "seed: 7 ")

    done = upgrade(project)

    assert done.returncode != 0
    assert "seed: 7 " in task.read_text()
    assert "seed: 43 " in task.with_name("parameters_task.yml.rej").read_text()
    assert '"OMP_WAIT_POLICY": "ACTIVE"' in (project / "src/churn/settings.py").read_text()
