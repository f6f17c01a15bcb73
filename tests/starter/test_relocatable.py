"""The project side can be copied into a package of any name: it imports the library, not itself."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "experiment_cycle"
PROJECT_SIDE = ("pipelines", "settings", "pipeline_registry", "__main__")
FILES = [PACKAGE / f"{name}.py" for name in PROJECT_SIDE[1:]]
FILES += sorted((PACKAGE / "pipelines").rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    """Name every module that a file imports, relative ones by their place in the package."""
    here = file.relative_to(PACKAGE).with_suffix("").parts
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level]
            yield from (".".join((*above, node.module or name.name)) for name in node.names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_the_project_side_imports_itself_relatively_and_the_library_by_name(file: Path) -> None:
    for module in imported(file):
        parts = module.split(".")
        if parts[0] == "experiment_cycle":
            assert len(parts) > 1, module
            assert parts[1] not in PROJECT_SIDE, module
        elif (PACKAGE / parts[0]).with_suffix(".py").exists() or (PACKAGE / parts[0]).is_dir():
            assert parts[0] in PROJECT_SIDE, module


@pytest.mark.parametrize("name", PROJECT_SIDE)
def test_no_configuration_names_the_project_side(name: str) -> None:
    for file in (ROOT / "conf").rglob("*.yml"):
        assert f"experiment_cycle.{name}" not in file.read_text(), file


def test_import_linter_holds_the_library_apart_from_the_same_modules() -> None:
    described = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = [
        each
        for each in described["tool"]["importlinter"]["contracts"]
        if each["name"] == "The library does not know the project side"
    ]

    assert contract["forbidden_modules"] == [f"experiment_cycle.{name}" for name in PROJECT_SIDE]
