"""Projects with nodes of their own, as users write them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[2]
TASK = {
    "columns": {
        "target": "y",
        "positive": None,
        "identifier": None,
        "group": None,
        "query": None,
        "time": None,
        "sensitive": [],
        "drop": [],
        "known_at": {},
    },
    "splitting": {"strategy": "stratified", "override_reason": None},
    "tuning": {"method": "none", "trials": 2},
    "evaluation": {"behaviour": []},
    "training": {
        "estimator": "linear",
        "baseline": "linear",
        "estimators": {"lightgbm": {"n_estimators": 40}},
        "early_stopping": {"patience": 10},
    },
}
# long to read, a dozen times each, and defaults but for what is above
LEFT_OUT = shutil.ignore_patterns("local", "parameters_training.yml", "parameters_tuning.yml")


class Audited(NamedTuple):
    """The exit code, the report, and all that was printed."""

    exit_code: int
    report: dict[str, Any]
    output: str

    def finding(self, code: str) -> dict[str, Any]:
        """Look up what one check found."""
        (found,) = [each for each in self.report["findings"] if each["code"] == code]
        return found


MakeProject = Callable[..., Path]
Audit = Callable[..., Audited]


@pytest.fixture
def make_project(
    tmp_path: Path, migrated_store: Path, request: pytest.FixtureRequest
) -> MakeProject:
    """Make a project whose package has the nodes given, by pipeline: text of `pipeline.py`."""

    def make(
        table: pd.DataFrame, pipelines: dict[str, str], parameters: dict[str, Any] | None = None
    ) -> Path:
        # of its own name, because all projects of a session are imported into one process
        package = f"study_{abs(hash(request.node.nodeid)):x}"
        shutil.copytree(ROOT / "conf", tmp_path / "conf", ignore=LEFT_OUT)
        for folder in ("conf/local", "data/01_raw", "data/02_intermediate"):
            (tmp_path / folder).mkdir(parents=True)
        own = tmp_path / "src" / package
        shutil.copytree(
            ROOT / "src/experiment_cycle/pipelines",
            own / "pipelines",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        for name in ("settings.py", "pipeline_registry.py"):
            shutil.copy(ROOT / "src/experiment_cycle" / name, own / name)
        (own / "__init__.py").write_text('"""A study."""\n')
        described = (ROOT / "pyproject.toml").read_text()
        (tmp_path / "pyproject.toml").write_text(
            described.replace('package_name = "experiment_cycle"', f'package_name = "{package}"')
        )
        shutil.copy(migrated_store, tmp_path / "mlflow.db")
        changed = {**TASK, **(parameters or {})}
        (tmp_path / "conf/test/parameters.yml").write_text(yaml.safe_dump(changed))
        _write_catalog(tmp_path, table, prepared="data_preparation" in pipelines)
        for name, text in pipelines.items():
            folder = own / "pipelines" / name
            if not folder.exists():
                folder.mkdir()
                (folder / "__init__.py").write_text("from .pipeline import create_pipeline\n")
            file = folder / "pipeline.py"
            file.write_text(text)
        return tmp_path

    return make


def _write_catalog(project: Path, table: pd.DataFrame, *, prepared: bool) -> None:
    table.to_parquet(project / "data/01_raw/table.parquet")
    file = project / "conf/base/catalog_data_versioning.yml"
    entries = yaml.safe_load(file.read_text())
    entries["table"] = {"type": "pandas.ParquetDataset", "filepath": "data/01_raw/table.parquet"}
    place = "02_intermediate/raw_data" if prepared else "01_raw/table"
    entries["raw_data"]["filepath"] = f"data/{place}.parquet"
    file.write_text(yaml.safe_dump(entries, sort_keys=False))


@pytest.fixture
def audit() -> Audit:
    """Run a project up to the split, and audit it."""

    def call(project: Path, *arguments: str, run: bool = True) -> Audited:
        import json
        import os

        from click.testing import CliRunner
        from kedro.framework.session import KedroSession
        from kedro.framework.startup import bootstrap_project

        from experiment_cycle.commands.audit import audit as command

        before = Path.cwd()
        os.chdir(project)
        try:
            metadata = bootstrap_project(project)
            if run:
                with KedroSession.create(project_path=project, env="test") as session:
                    names = ["data_preparation", "data_versioning", "splitting"]
                    session.run(pipeline_names=names)
            done = CliRunner().invoke(
                command, ["--env=test", *arguments], obj=metadata, env={"COLUMNS": "120"}
            )
        finally:
            os.chdir(before)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        file = project / "data/08_reporting/audit.json"
        report = json.loads(file.read_text()) if file.exists() else {}
        return Audited(done.exit_code, report, done.output)

    return call
