"""What `kedro new` makes: the same by every door, exactly what it should, and ready to be used."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from kedro.framework.startup import _get_project_metadata

import experiment_cycle
from experiment_cycle.starters import starters

New = Callable[..., Path]
PROJECT_SIDE = ("pipelines/", "settings.py", "pipeline_registry.py", "__main__.py")
RENDERED = {"README.md", "pyproject.toml", "src/churn/__init__.py", "tests/test_project.py"}


def tree(folder: Path) -> dict[str, str]:
    """Give the hash of every file below a folder."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


def committed(clone: Path) -> list[str]:
    done = subprocess.run(
        ["git", "ls-files"], cwd=clone, capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines()


def test_it_is_made_of_what_git_holds_byte_for_byte(clone: Path, churn: Path) -> None:
    there = tree(clone)
    expected = {}
    for name in committed(clone):
        top = name.split("/")[0]
        if top in {"conf", "data", "notebooks", ".gitignore", ".telemetry", "requirements.lock"}:
            expected[name] = there[name]
        in_library = name.removeprefix("src/experiment_cycle/")
        if top == "src" and in_library.startswith(PROJECT_SIDE):
            expected[f"src/churn/{in_library}"] = there[name]

    made = tree(churn)

    assert set(made) - RENDERED == set(expected)
    assert set(made) > RENDERED
    assert {name: made[name] for name in expected} == expected


def test_a_clone_by_its_address_gives_the_same(clone: Path, churn: Path, new: New) -> None:
    by_git = new(f"--starter=git+file://{clone}", "--directory=starter")

    assert tree(by_git) == tree(churn)


def test_a_relative_path_gives_the_same(clone: Path, churn: Path, new: New) -> None:
    relative = Path("..", clone.parent.name, clone.name, "starter")

    assert tree(new(f"--starter={relative}")) == tree(churn)


def test_the_installed_package_gives_the_same(installed: Path, churn: Path, new: New) -> None:
    by_alias = new("--starter=experiment-cycle", packages=installed)

    assert tree(by_alias) == tree(churn)


def test_in_a_checkout_the_alias_means_its_template(clone: Path) -> None:
    (spec,) = starters
    here = tree(Path(spec.template_path))

    assert spec.alias == "experiment-cycle"
    assert {name for name in here if "__pycache__" not in name} == set(tree(clone / "starter"))


def test_no_placeholder_is_left(churn: Path) -> None:
    for name in tree(churn):
        if not name.endswith(".parquet"):
            assert not re.search(r"{{|{%|@version@", (churn / name).read_text()), name


def test_it_records_the_version_it_was_made_from(churn: Path) -> None:
    described = tomllib.loads((churn / "pyproject.toml").read_text())
    version = experiment_cycle.__version__

    assert described["tool"]["experiment-cycle"]["made_from"] == version
    assert described["project"]["dependencies"] == [f"experiment-cycle~={version}"]
    assert f" diff v{version} vNEW " in (churn / "README.md").read_text()


def test_kedro_knows_it_by_its_name(churn: Path) -> None:
    metadata = _get_project_metadata(churn)

    assert (metadata.project_name, metadata.package_name) == ("Churn", "churn")


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]])
def test_its_own_settings_find_nothing_to_lint(churn: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."]
    done = subprocess.run(command, cwd=churn, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["Experiment Cycle", "MLflow", "2024 churn"])
def test_a_name_that_cannot_be_the_packages_is_refused(clone: Path, new: New, name: str) -> None:
    with pytest.raises(RuntimeError, match="Next step: give another name"):
        new(f"--starter={clone / 'starter'}", name=name)


def test_the_template_without_the_rest_is_refused(clone: Path, new: New, tmp_path: Path) -> None:
    alone = shutil.copytree(clone / "starter", tmp_path / "starter")

    with pytest.raises(RuntimeError, match="--directory=starter"):
        new(f"--starter={alone}")


@pytest.mark.slow
@pytest.mark.soak
def test_its_own_tests_run_a_whole_cycle(clone: Path, new: New) -> None:
    project = new(f"--starter={clone / 'starter'}")
    before = tree(project)
    command = [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert re.search(r"^=+ 5 passed", done.stdout, re.MULTILINE), done.stdout
    # in a copy: no record, registry or ledger of the project was touched
    assert tree(project) == before
