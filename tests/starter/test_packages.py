"""What is packed: all that is needed, and nothing that belongs to whoever packs it."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

Build = Callable[[Path, str], Path]
BUNDLE = "experiment_cycle/_bundle/"
COPIED = {"conf", "data", "notebooks", "starter", ".gitignore", ".telemetry", "requirements.lock"}


@pytest.fixture(scope="module")
def committed(clone: Path) -> list[str]:
    done = subprocess.run(
        ["git", "ls-files"], cwd=clone, capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines()


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_is_the_package_and_what_a_project_is_made_of(
    wheel: Path, committed: list[str]
) -> None:
    expected = {name.removeprefix("src/") for name in committed if name.startswith("src/")}
    expected |= {BUNDLE + name for name in committed if name.split("/")[0] in COPIED}

    assert names(wheel) == expected


def test_the_wheel_names_the_starter(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (file,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        told = archive.read(file).decode()

    assert "[kedro.starters]\nstarters = experiment_cycle.starters:starters\n" in told


def test_the_sdist_builds_the_same_wheel(
    clone: Path, wheel: Path, build: Build, tmp_path: Path
) -> None:
    with tarfile.open(build(clone, "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()

    assert names(build(unpacked, "wheel")) == names(wheel)


def test_a_new_project_packs_its_own_package_only(
    churn: Path, build: Build, tmp_path: Path
) -> None:
    project = shutil.copytree(churn, tmp_path / "churn")
    code = {file.relative_to(project / "src") for file in project.glob("src/**/*.py")}

    assert {Path(name) for name in names(build(project, "wheel"))} == code
