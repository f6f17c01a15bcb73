"""The project as it is: every environment's settings hold, and a cycle comes to a decision."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = sorted(folder.name for folder in (ROOT / "conf").iterdir() if folder.is_dir())


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, so that nothing is written into the project's record, registry and ledger."""
    copy = tmp_path_factory.mktemp("project")
    for folder in ("conf", "data/01_raw", "src"):
        shutil.copytree(ROOT / folder, copy / folder)
    for file in ("pyproject.toml", "requirements.lock", ".telemetry"):
        shutil.copy(ROOT / file, copy / file)
    return copy


@pytest.mark.parametrize("environment", [name for name in ENVIRONMENTS if name != "base"])
def test_parameters_and_catalog_of_every_environment_hold(project: Path, environment: str) -> None:
    bootstrap_project(project)
    with KedroSession.create(project_path=project, env=environment) as session:
        catalog = session.load_context().catalog

    assert "raw_data" in catalog


def test_a_short_cycle_comes_to_a_decision(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)  # where Kedro-Viz leaves its statistics
    bootstrap_project(project)
    with KedroSession.create(project_path=project, env="test") as session:
        session.run()

    decision = json.loads((project / "data/08_reporting/decision.json").read_text())
    assert decision["decision"] in {"promote", "iterate", "abandon"}
    assert decision["reasons"]
