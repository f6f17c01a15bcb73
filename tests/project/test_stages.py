"""Stages run alone and again: one cycle, one record; nothing stale is built on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

pytestmark = pytest.mark.slow

STAGES = "data_versioning,splitting,tuning,training,evaluation,decision,reporting"


def runs(project: Path) -> list[Run]:
    """All MLflow runs of a project, the newest first."""
    client = MlflowClient(tracking_uri=f"sqlite:///{project}/mlflow.db")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(experiments, order_by=["attributes.start_time DESC"]))


def read(project: Path, path: str) -> Any:
    return json.loads((project / "data" / path).read_text())


def folder(run: Run) -> Path:
    """Where a run's artifacts lie."""
    return Path(unquote(urlparse(run.info.artifact_uri).path))


def artifacts(run: Run) -> set[str]:
    root = folder(run)
    return {str(file.relative_to(root)) for file in root.rglob("*") if file.is_file()}


def kinds(run: Run) -> set[str]:
    """What is recorded, however many commands it took: each has a log, named by its time."""
    return {"logs" if name.startswith("logs/") else name for name in artifacts(run)}


def unsigned(project: Path, path: str) -> dict[str, Any]:
    """Read a result without who made it, and when."""
    content = read(project, path)
    return {k: v for k, v in content.items() if k not in {"decided_by", "decided_at"}}


def test_stages_run_one_by_one_write_one_record_and_reach_the_same_decision(
    project: Path, kedro: Any, finished_project: Path
) -> None:
    for stage in STAGES.split(","):
        done = kedro(project, "run", "--env=test", f"--pipelines={stage}")
        assert done.exit_code == 0, done.output

    (run,) = runs(project)
    assert kinds(run) == kinds(runs(finished_project)[0])
    # what the search found, where the parameters tell what it started from
    used = read(project, "06_models/challenger_record.json")["hyperparameters"]
    assert json.loads(run.data.tags["challenger_record.hyperparameters"]) == used
    for name in ("decision", "comparison", "metrics", "fairness"):
        path = f"08_reporting/{name}.json"
        assert unsigned(project, path) == unsigned(finished_project, path), name
    signed = read(project, "08_reporting/decision.json")
    assert signed["decided_by"]
    assert datetime.fromisoformat(signed["decided_at"]).tzinfo is not None


def test_the_settings_shipped_promote_on_the_example(project: Path, kedro: Any) -> None:
    done = kedro(project, "run")

    primary = read(project, "08_reporting/comparison.json")["primary"]
    assert done.exit_code == 0, done.output
    assert read(project, "08_reporting/decision.json")["decision"] == "promote"
    # as the README tells it; the trees may differ a little between platforms
    assert primary["challenger"] == pytest.approx(0.6903, abs=0.002)
    assert primary["incumbent"] == pytest.approx(0.6515, abs=0.001)
    assert primary["lower"] == pytest.approx(0.021, abs=0.005)
    assert read(project, "08_reporting/promotion.json")["version"] == 1
    assert "PROMOTE" in done.output


def test_an_unchanged_second_run_finds_the_champion_and_spends_no_look(
    project: Path, kedro: Any
) -> None:
    assert kedro(project, "run", "--env=test").exit_code == 0
    first = read(project, "08_reporting/decision.json")
    looks = (project / "data/08_reporting/ledger.jsonl").read_bytes()
    assert first["decision"] == "promote", first["reasons"]

    done = kedro(project, "run", "--env=test")

    second = read(project, "08_reporting/decision.json")
    assert done.exit_code == 0
    assert second["decision"] == "iterate"
    assert "identical to the champion" in second["reasons"][0]
    assert (project / "data/08_reporting/ledger.jsonl").read_bytes() == looks
    assert len(runs(project)) == 2

    changed = kedro(
        project, "run", "--env=test", "--params=training.estimators.lightgbm.num_leaves=7"
    )

    third = read(project, "08_reporting/comparison.json")
    assert changed.exit_code == 0, changed.output
    assert third["incumbent_kind"] == "champion"
    assert third["primary"]["effect"] == pytest.approx(
        third["primary"]["challenger"] - third["primary"]["incumbent"]
    )


def test_a_changed_option_starts_a_record_that_names_its_parent_and_is_whole(
    project: Path, kedro: Any
) -> None:
    kedro(project, "run", "--env=test")
    (first,) = runs(project)

    changed = "--params=evaluation.bootstrap_replicates=150"
    done = kedro(project, "run", "--env=test", "--pipelines=evaluation,decision,reporting", changed)

    assert done.exit_code == 0, done.output
    second, first_again = runs(project)
    assert first_again.info.run_id == first.info.run_id
    assert second.data.tags["parent_cycle_id"] == first.info.run_id
    assert second.data.params["evaluation.bootstrap_replicates"] == "150"
    assert kinds(second) == kinds(first)
    assert second.data.metrics["challenger_resources.train_rows"] > 0


def test_a_record_that_holds_a_decision_is_not_written_over(project: Path, kedro: Any) -> None:
    kedro(project, "run", "--env=test")
    (first,) = runs(project)
    held = {name: (folder(first) / name).read_bytes() for name in artifacts(first)}

    again = kedro(project, "run", "--env=test", "--pipelines=evaluation,decision,reporting")
    shown = kedro(project, "run", "--env=test", "--pipelines=reporting")

    assert (again.exit_code, shown.exit_code) == (0, 0)
    second, first_again = runs(project)
    assert second.data.tags["parent_cycle_id"] == first.info.run_id
    assert first_again.data.tags["decision.decision"] == "promote"
    assert held == {name: (folder(first) / name).read_bytes() for name in artifacts(first)}


def test_what_was_made_with_other_parameters_is_not_built_on(project: Path, kedro: Any) -> None:
    kedro(project, "run", "--env=test", "--pipelines=data_versioning,splitting")
    before = (project / "data/03_primary/split_manifest.json").read_bytes()

    done = kedro(project, "run", "--env=test", "--pipelines=tuning", "--params=seed=7")

    assert done.exit_code == 1
    assert "Error: The node 'assign_splits' of the stage 'splitting'" in done.output
    assert "--pipelines=splitting,tuning" in done.output
    assert (project / "data/03_primary/split_manifest.json").read_bytes() == before


def test_a_stage_before_the_first_run_says_what_to_run(project: Path, kedro: Any) -> None:
    done = kedro(project, "run", "--env=test", "--pipelines=training")

    assert done.exit_code == 1
    assert "has not run in the present cycle" in done.output
    assert "Traceback" not in done.output


def test_only_missing_outputs_runs_what_is_missing_and_no_more(project: Path, kedro: Any) -> None:
    kedro(project, "run", "--env=test")
    trials = project / "data/06_models/trials.csv"
    report = project / "data/08_reporting/report.html"
    made = trials.stat().st_mtime_ns
    report.unlink()

    done = kedro(project, "run", "--env=test", "--only-missing-outputs")

    assert done.exit_code == 0, done.output
    assert report.exists()
    assert trials.stat().st_mtime_ns == made
    assert len(runs(project)) == 1

    stale = kedro(project, "run", "--env=test", "--only-missing-outputs", "--params=seed=9")
    assert stale.exit_code == 1
    assert "other values of" in stale.output


def test_the_threads_runner_gives_the_same_results(
    project: Path, kedro: Any, finished_project: Path
) -> None:
    done = kedro(project, "run", "--env=test", "--runner=ThreadRunner")

    assert done.exit_code == 0, done.output
    for name in ("decision", "metrics"):
        path = f"08_reporting/{name}.json"
        assert unsigned(project, path) == unsigned(finished_project, path), name
    (run,) = runs(project)
    assert kinds(run) == kinds(runs(finished_project)[0])


def test_the_parallel_runner_is_refused(project: Path, kedro: Any) -> None:
    done = kedro(project, "run", "--env=test", "--runner=ParallelRunner")

    assert done.exit_code == 1
    assert "parallel runner cannot be used" in done.output


def test_the_leak_of_the_example_fails_its_gate(project: Path, kedro: Any) -> None:
    leaky = "splitting.strategy=stratified"

    refused = kedro(project, "run", "--env=test", f"--params={leaky}")
    assert refused.exit_code == 1
    assert "override_reason" in refused.output

    done = kedro(
        project, "run", "--env=test", f"--params={leaky},splitting.override_reason=demonstration"
    )
    assert done.exit_code == 0, done.output
    gates = {gate["code"]: gate["status"] for gate in read(project, "08_reporting/gates.json")}
    decision = read(project, "08_reporting/decision.json")
    assert gates["no_leakage"] == "failed"
    assert gates["incumbent_unseen"] == "failed"
    assert decision["decision"] == "iterate"
    assert any("demonstration" in reason for reason in decision["reasons"])
    assert not read(project, "08_reporting/promotion.json")["moved"]


def test_the_kedro_command_works_from_a_folder_inside_the_project(
    finished_project: Path, project: Path
) -> None:
    within = project / "conf" / "base"
    command = [sys.executable, "-m", "kedro", "run", "--env=test", "--pipelines=data_versioning"]
    done = subprocess.run(
        command, cwd=within, env=dict(os.environ), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert {file.suffix for file in within.iterdir()} == {".yml"}
    (run,) = runs(project)
    assert folder(run).is_relative_to(project)
