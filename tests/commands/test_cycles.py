"""`kedro cycle runs | decide | promote | rollback` on a finished project."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def project(finished_project: Path, tmp_path: Path) -> Path:
    """A copy of a finished project that may be changed: its record points into the copy."""
    copy = shutil.copytree(finished_project, tmp_path / "project")
    with sqlite3.connect(copy / "mlflow.db") as store:
        for table, column in (
            ("experiments", "artifact_location"),
            ("runs", "artifact_uri"),
            ("model_versions", "source"),
            ("model_versions", "storage_location"),
            ("logged_models", "artifact_location"),
        ):
            store.execute(
                f"UPDATE {table} SET {column} = replace({column}, ?, ?)",
                (str(finished_project), str(copy)),
            )
    return copy


def decided(project: Path) -> str:
    return str(json.loads((project / "data/08_reporting/decision.json").read_text())["decision"])


def listed(kedro: Any, project: Path, *asked: str) -> list[dict[str, Any]]:
    done = kedro(project, "cycle", "runs", "--env=test", "--json", *asked)
    assert done.exit_code == 0, done.output
    return list(json.loads(done.output[done.output.index("[") :]))


def test_a_cycle_is_found_by_decision_hypothesis_metric_and_date(
    finished_project: Path, kedro: Any
) -> None:
    found = listed(kedro, finished_project)
    assert len(found) == 1
    assert found[0]["decision"] == decided(finished_project)
    assert found[0]["effect"] is not None
    for asked, count in (
        ([f"--decision={found[0]['decision']}"], 1),
        ([f"--hypothesis={found[0]['hypothesis_id']}"], 1),
        (["--hypothesis=other"], 0),
        (["--metric=roc_auc>0.5"], 1),
        (["--metric=roc_auc>0.99"], 0),
        (["--since=2020-01-01"], 1),
        (["--until=2020-01-01"], 0),
    ):
        assert len(listed(kedro, finished_project, *asked)) == count, asked


def test_a_condition_that_cannot_be_read_is_told(finished_project: Path, kedro: Any) -> None:
    done = kedro(finished_project, "cycle", "runs", "--env=test", "--metric=auc is good")

    assert done.exit_code == 1
    assert "such as 'roc_auc>0.7'" in done.output


def test_the_decision_is_an_exit_code(finished_project: Path, kedro: Any) -> None:
    expected = {"promote": 0, "iterate": 1, "abandon": 2}[decided(finished_project)]
    plain = kedro(finished_project, "cycle", "decide", "--env=test")
    coded = kedro(finished_project, "cycle", "decide", "--env=test", "--exit-code")

    assert (plain.exit_code, coded.exit_code) == (0, expected)
    assert decided(finished_project) in plain.output


def test_a_cycle_that_is_not_there_is_told(finished_project: Path, kedro: Any) -> None:
    done = kedro(finished_project, "cycle", "decide", "nothing", "--env=test")

    assert done.exit_code == 1
    assert "No cycle is recorded under 'nothing'" in done.output


def test_a_decision_is_overruled_with_a_reason_only_and_taken_back(
    project: Path, kedro: Any
) -> None:
    assert decided(project) == "promote"
    other = "--params=training.estimators.lightgbm.n_estimators=8,decision.futility=false"
    assert kedro(project, "run", "--env=test", other).exit_code == 0
    assert decided(project) != "promote"
    looks = (project / "data/08_reporting/ledger.jsonl").read_bytes()

    refused = kedro(project, "cycle", "promote", "--env=test", "--force")
    assert refused.exit_code == 2
    assert "--reason" in refused.output
    done = kedro(project, "cycle", "promote", "--env=test", "--force", "--reason=a trial")
    assert done.exit_code == 0, done.output
    assert "by force" in done.output
    again = kedro(project, "cycle", "promote", "--env=test", "--force", "--reason=again")
    assert "champion already" in again.output
    back = kedro(project, "cycle", "rollback", "--env=test", "--reason=it was worse")
    assert back.exit_code == 0, back.output
    nowhere = kedro(project, "cycle", "rollback", "--env=test", "--to=9", "--reason=x")
    assert "Version 9 was no champion" in nowhere.output

    history = listed(kedro, project, "--champions")
    assert [(each["version"], each["way"]) for each in history] == [
        (1, "decision"),
        (2, "force"),
        (1, "rollback"),
    ]
    assert [each["reason"] for each in history[1:]] == ["a trial", "it was worse"]
    assert (project / "data/08_reporting/ledger.jsonl").read_bytes() == looks
