"""`kedro cycle runs | compare | decide | promote | rollback` on a finished project."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


OTHER = "--params=training.estimators.lightgbm.n_estimators=8,decision.futility=false"


def copied(project: Path, to: Path) -> Path:
    """Copy a project whose record then points into the copy."""
    copy = shutil.copytree(project, to)
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
                (str(project), str(copy)),
            )
    return copy


@pytest.fixture(scope="module")
def two_cycles(
    finished_project: Path, tmp_path_factory: pytest.TempPathFactory, kedro: Any
) -> Path:
    """A cycle that was promoted, one that was not, and a stage run by itself. Do not change it."""
    project = copied(finished_project, tmp_path_factory.mktemp("two") / "project")
    assert decided(project) == "promote"
    assert kedro(project, "run", "--env=test", OTHER).exit_code == 0
    assert decided(project) != "promote"
    stage = kedro(project, "run", "--env=test", "--pipelines=data_versioning", "--params=seed=7")
    assert stage.exit_code == 0, stage.output
    return project


@pytest.fixture
def project(two_cycles: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return copied(two_cycles, tmp_path / "project")


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


def test_a_list_of_cycles_fits_into_80_columns(
    two_cycles: Path, kedro: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = kedro(two_cycles, "cycle", "runs", "--env=test").output
    rows = [line for line in shown.splitlines() if " H001 " in line]

    assert len(rows) == 2, "a stage run by itself is not listed, nor a row on two lines"
    assert "promote" in rows[1]
    assert "ROC AUC (interval)" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert "Not shown: 1 cycle in which nothing was decided; see --all." in shown
    assert len(listed(kedro, two_cycles)) == 2
    every = listed(kedro, two_cycles, "--all")
    assert [each["decision"] is None for each in every] == [True, False, False]
    assert all(each["data_version"] and each["seconds"] > 0 for each in every)
    assert (
        "There are more than 1"
        in kedro(two_cycles, "cycle", "runs", "--env=test", "--limit=1").output
    )


def test_a_metric_that_there_is_not_is_told(two_cycles: Path, kedro: Any) -> None:
    done = kedro(two_cycles, "cycle", "runs", "--env=test", "--metric=roc_acu>0.5")

    assert done.exit_code == 1
    assert "Did you mean 'roc_auc'?" in done.output


def compared(kedro: Any, project: Path, *arguments: str) -> str:
    done = kedro(project, "cycle", "compare", "--env=test", *arguments)
    assert done.exit_code == 0, done.output
    return str(done.output)


def test_two_runs_are_compared_on_the_rows_both_were_tried_on(
    two_cycles: Path, kedro: Any, tmp_path: Path
) -> None:
    ledger, openings = (
        two_cycles / file
        for file in ("data/08_reporting/ledger.jsonl", "data/03_primary/test_openings.jsonl")
    )
    before = [ledger.read_bytes(), openings.read_bytes()]
    other = listed(kedro, two_cycles)[0]["run_id"]

    output = compared(kedro, two_cycles, "champion", other[:8], "--json")
    found = json.loads(output[output.index("{") :])

    assert found["first"]["decision"] == "promote"
    assert {each["name"]: (each["first"], each["second"]) for each in found["parameters"]} == {
        "training.estimators.lightgbm.n_estimators": ("60", "8"),
        "decision.futility": ("true", "false"),
    }
    assert found["data"] == found["columns"] == found["packages"] == []
    measured = {each["metric"]: each for each in found["paired"]["metrics"]}
    # the second run's incumbent was the first run's challenger
    stored = json.loads((two_cycles / "data/08_reporting/comparison.json").read_text())["primary"]
    assert found["paired"]["units"] == stored["units"]
    assert measured[stored["metric"]]["effect"] == pytest.approx(stored["effect"])
    assert measured[stored["metric"]]["test"] == stored["test"]
    assert [ledger.read_bytes(), openings.read_bytes()] == before


def test_a_comparison_is_readable_on_the_terminal_and_as_a_page(
    two_cycles: Path, kedro: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    other = listed(kedro, two_cycles)[0]["run_id"]
    page, twin = tmp_path / "page.html", tmp_path / "twin.md"

    shown = compared(kedro, two_cycles, "champion", other, f"--report={page}")
    compared(kedro, two_cycles, "champion", other, f"--report={twin}")

    wide = [line for line in shown.splitlines() if len(line) > 80 and str(page) not in line]
    assert wide == []
    for text in (shown, page.read_text(), twin.read_text()):
        plain = " ".join(text.split())
        assert "no look is spent, no test set is opened" in plain
        assert "training.estimators.lightgbm.n_estimators" in plain
        assert "ROC AUC" in plain
    assert "<script" not in page.read_text()
    assert "http" not in page.read_text().replace("http://www.w3.org", "")


def test_without_test_predictions_no_test_is_possible(two_cycles: Path, kedro: Any) -> None:
    shown = " ".join(compared(kedro, two_cycles, "champion", "latest").split())

    assert "No test is possible. A run without stored test predictions" in shown
    assert "which B did not split" in shown


def test_what_cannot_be_compared_is_told(two_cycles: Path, kedro: Any, tmp_path: Path) -> None:
    for arguments, told, code in (
        (("champion", listed(kedro, two_cycles)[1]["run_id"]), "are one run", 1),
        (("champion", "nothing"), "No cycle is recorded under 'nothing'", 1),
        (("champion", "latest", "--report=page.pdf"), "neither a page nor Markdown", 2),
        (("champion", "latest", "--report=/proc/no/page.html"), "cannot be written", 1),
    ):
        done = kedro(two_cycles, "cycle", "compare", "--env=test", *arguments)
        assert done.exit_code == code, done.output
        assert told in done.output


def test_the_decision_is_an_exit_code(finished_project: Path, kedro: Any) -> None:
    expected = {"promote": 0, "iterate": 1, "abandon": 2}[decided(finished_project)]
    plain = kedro(finished_project, "cycle", "decide", "--env=test")
    coded = kedro(finished_project, "cycle", "decide", "--env=test", "--exit-code")

    assert (plain.exit_code, coded.exit_code) == (0, expected)
    assert decided(finished_project) in plain.output


def test_an_error_has_no_exit_code_of_a_decision(two_cycles: Path, kedro: Any) -> None:
    for arguments, code, told in (
        (("nothing",), 3, "No cycle is recorded under 'nothing'"),
        (("--no-such-option",), 4, "No such option"),
        ((listed(kedro, two_cycles, "--all")[0]["run_id"],), 3, "Nothing was decided"),
    ):
        done = kedro(two_cycles, "cycle", "decide", "--env=test", "--exit-code", *arguments)
        assert done.exit_code == code, done.output
        assert told in done.output


def test_the_latest_decision_is_found_behind_a_stage_run_by_itself(
    two_cycles: Path, kedro: Any
) -> None:
    done = kedro(two_cycles, "cycle", "decide", "--env=test", "--exit-code")

    assert done.exit_code == {"iterate": 1, "abandon": 2}[decided(two_cycles)]
    assert listed(kedro, two_cycles)[0]["run_id"] in done.output


def test_where_nothing_was_decided_yet_that_is_told(project: Path, kedro: Any) -> None:
    with sqlite3.connect(project / "mlflow.db") as store:
        store.execute("DELETE FROM tags WHERE key = 'decision.decision'")

    done = kedro(project, "cycle", "decide", "--env=test", "--exit-code")

    assert done.exit_code == 3
    assert "No cycle has come to a decision yet" in done.output


def test_a_decision_is_overruled_with_a_reason_only_and_taken_back(
    project: Path, kedro: Any
) -> None:
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
    further = kedro(project, "cycle", "rollback", "--env=test", "--reason=x")
    assert further.exit_code == 1
    assert "No champion stands behind the present one" in further.output
    assert "--to with 2" in further.output
    overruled = listed(kedro, project)[0]
    assert overruled["forced"] == "version 2: a trial"
    assert "Overruled by force" in kedro(project, "cycle", "decide", "--env=test").output

    history = listed(kedro, project, "--champions")
    assert [(each["version"], each["way"]) for each in history] == [
        (1, "decision"),
        (2, "force"),
        (1, "rollback"),
    ]
    assert [each["reason"] for each in history[1:]] == ["a trial", "it was worse"]
    assert (project / "data/08_reporting/ledger.jsonl").read_bytes() == looks
