"""`kedro cycle report`: rendered anew, and every number computed again from the predictions."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

pytestmark = pytest.mark.slow
REPORTING = "data/08_reporting"
OPENINGS = "data/03_primary/test_openings.jsonl"


def call(project: Path, *arguments: str) -> Any:
    from kedro.framework.startup import bootstrap_project

    from experiment_cycle.commands.report import report

    done = CliRunner().invoke(
        report, ["--env=test", *arguments], obj=bootstrap_project(project), env={"COLUMNS": "160"}
    )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def hashes(project: Path) -> dict[str, str]:
    return {
        str(file.relative_to(project)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(project.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }


@pytest.fixture
def finished(finished_project: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished_project, tmp_path / "project")


def test_an_untouched_run_is_verified_and_left_alone(finished: Path) -> None:
    before = hashes(finished)

    done = call(finished, "--verify", "--json")

    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["passed"]
    assert found["differences"] == []
    numbers = {each["dataset"]: each["numbers"] for each in found["verified"]}
    assert {
        "metrics",
        "slice_metrics",
        "fairness",
        "failure_cases",
        "partial_dependence",
        "counterfactuals",
        "comparison",
        "decision",
        "curve_plot",
        "report_html",
        "report_markdown",
        "model_card",
    } <= set(numbers)
    assert all(each["same"] for each in found["verified"])
    assert sum(number or 0 for number in numbers.values()) > 2000
    assert {"gates", "promotion", "what_if_page"} <= set(found["not_computed"])
    assert not {"test_predictions", "incumbent"} & {*numbers, *found["not_computed"]}
    after = hashes(finished)
    assert {name for name in after if after[name] != before.get(name)} == {OPENINGS}
    last = json.loads((finished / OPENINGS).read_text().splitlines()[-1])
    assert last["node"] == "kedro cycle report --verify"


def test_one_changed_digit_is_named(finished: Path) -> None:
    file = finished / REPORTING / "metrics.json"
    content = file.read_text()
    value = json.loads(content)["challenger"]["roc_auc"]["lower"]
    digits = repr(value)
    # not the last digit, which may be one of several ways to write the number
    changed = digits[:8] + ("1" if digits[8] != "1" else "2") + digits[9:]
    file.write_text(content.replace(f'"lower": {digits}', f'"lower": {changed}', 1))

    done = call(finished, "--verify")

    assert done.exit_code == 1
    assert f"metrics: challenger.roc_auc.lower: stored {changed}, computed {digits}" in done.output
    assert "Differ: metrics." in done.output


def test_other_parameters_than_those_of_the_run_are_refused(finished: Path) -> None:
    done = call(finished, "--verify", "--params=evaluation.confidence=0.9")

    assert done.exit_code == 1
    assert "not those that the last cycle was run with" in done.output


def test_without_a_run_there_is_nothing_to_verify(project: Path) -> None:
    for arguments, what in ((("--verify",), "to verify"), ((), "to report")):
        done = call(project, *arguments)

        assert done.exit_code == 1
        assert f"There is nothing {what} yet" in done.output


def test_the_report_is_rendered_from_what_is_stored(finished: Path) -> None:
    files = [finished / REPORTING / name for name in ("report.html", "report.md")]
    before = [file.read_bytes() for file in files]
    for file in files:
        file.unlink()

    done = call(finished)

    assert done.exit_code == 0, done.output
    assert [file.read_bytes() for file in files] == before
    assert "report.html" in done.output


def test_a_report_of_altered_numbers_is_refused_and_they_are_named(finished: Path) -> None:
    file = finished / REPORTING / "metrics.json"
    value = json.loads(file.read_text())["challenger"]["roc_auc"]["value"]
    file.write_text(file.read_text().replace(repr(value), "0.99", 1))
    page = (finished / REPORTING / "report.html").read_bytes()

    done = call(finished)

    assert done.exit_code == 1
    assert f"metrics: challenger.roc_auc.value: stored 0.99, recorded {value!r}" in done.output
    assert (finished / REPORTING / "report.html").read_bytes() == page


def test_where_the_record_is_gone_the_report_says_what_is_not_known(finished: Path) -> None:
    file = finished / REPORTING / "cycle.json"
    state = json.loads(file.read_text())
    file.write_text(json.dumps({**state, "run_id": "0" * 32}))

    done = call(finished)

    assert done.exit_code == 0, done.output
    assert "is not known" in done.output
