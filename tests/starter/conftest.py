"""A clone of the project, what is packed from it, and projects made from either."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# what a project never gets: secrets, data of one's own, and what runs have left
PLANTED = (
    "conf/local/credentials.yml",
    "conf/local/parameters.yml",
    "data/01_raw/mine.csv",
    "data/02_intermediate/dataset.parquet",
    "data/02_intermediate/dataset.parquet.dvc",
    "data/08_reporting/ledger.jsonl",
    "src/experiment_cycle/pipelines/__pycache__/nodes.cpython-311.pyc",
    "mlflow.db",
)
TAKEN = (".", ":!tests", ":!docs", ":!benchmarks")

New = Callable[..., Path]
Build = Callable[[Path, str], Path]


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git holds, committed; and a user's own files in its working tree."""
    clone = tmp_path_factory.mktemp("git") / "cycle"
    listed = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "--", *TAKEN)
    for name in listed.splitlines():
        # one that was deleted is listed until the next commit
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
    git(clone, "init", "--quiet")
    git(clone, "add", "--all")
    author = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    git(clone, *author, "commit", "--quiet", "--message=all")
    for name in PLANTED:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("not to be given away")
    return clone


@pytest.fixture(scope="session")
def build() -> Build:
    """Build a wheel or an sdist as pip does, with what is installed here."""
    pytest.importorskip("hatchling")

    def call(project: Path, kind: str) -> Path:
        code = f"from hatchling.build import build_{kind}; print(build_{kind}('dist'))"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return project / "dist" / done.stdout.splitlines()[-1]

    return call


@pytest.fixture(scope="session")
def wheel(clone: Path, build: Build) -> Path:
    """The wheel of the project."""
    return build(clone, "wheel")


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages into which the wheel is installed, bytecode and all."""
    packages = tmp_path_factory.mktemp("packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    bundle = packages / "experiment_cycle" / "_bundle"
    subprocess.run([sys.executable, "-m", "compileall", "-q", bundle], check=True)
    return packages


@pytest.fixture(scope="session")
def new(tmp_path_factory: pytest.TempPathFactory) -> New:
    """Call `kedro new --name=Churn` in an empty folder, and give the project.

    In a process of its own, for the packages it sees: those of `packages` come first.
    """
    config = tmp_path_factory.mktemp("cookiecutter")
    (config / "config.yml").write_text(f"cookiecutters_dir: {config}\n")

    def call(*arguments: str, name: str = "Churn", packages: Path | None = None) -> Path:
        folder = tmp_path_factory.mktemp("new")
        command = [sys.executable, "-m", "kedro", "new", f"--name={name}", *arguments]
        environment = os.environ | {
            "COOKIECUTTER_CONFIG": str(config / "config.yml"),
            "PWD": str(folder),
            "PYTHONPATH": str(packages or ""),
        }
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        (made,) = folder.iterdir()
        return made

    return call


@pytest.fixture(scope="session")
def churn(new: New, clone: Path) -> Path:
    """A project made from the clone. Do not change it."""
    return new(f"--starter={clone / 'starter'}")
