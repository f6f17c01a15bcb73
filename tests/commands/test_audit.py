"""`kedro cycle audit` on the example: what it shows, writes, and leaves alone."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from click.testing import CliRunner

from experiment_cycle.audit.records import parameters_hash, present_report, read_report
from experiment_cycle.columns import Columns
from experiment_cycle.splitting.leakage.options import CODES
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.tuning.options import TuningOptions

pytestmark = pytest.mark.slow


FEW_ROUNDS = "--params=training.estimators.lightgbm.n_estimators=8"


class Called(NamedTuple):
    exit_code: int
    output: str


def call(project: Path, *arguments: str) -> Called:
    from kedro.framework.startup import bootstrap_project

    from experiment_cycle.commands.audit import audit

    done = CliRunner().invoke(
        audit,
        ["--env=test", *arguments],
        obj=bootstrap_project(project),
        env={"COLUMNS": "140"},
    )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Called(done.exit_code, done.output)


def hashes(project: Path) -> dict[str, str]:
    return {
        str(file.relative_to(project)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(project.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }


@pytest.fixture(scope="module")
def audited(finished_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A finished project after an audit, the hashes of its files before, and what was printed."""
    project = tmp_path_factory.mktemp("audited") / "project"
    shutil.copytree(finished_project, project)
    # what a training that was stopped has left, and the next one would clear away
    checkpoint = (
        project / f"data/06_models/checkpoints/challenger/seed_1/{'a' * 64}/step_000100.ckpt"
    )
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"a state")
    before = hashes(project)
    return project, before, call(project, FEW_ROUNDS, "--trials=1")


def test_the_example_passes_every_check(audited: Any) -> None:
    project, _, done = audited

    report = read_report(project / "data/08_reporting/audit.json")

    assert report is not None
    assert done.exit_code == 0, done.output
    assert report.passed
    assert [finding.code for finding in report.findings] == list(CODES)
    assert report.not_run == {}
    assert report.split_problems == ()
    assert "No check failed." in done.output
    for code in CODES:
        assert code in done.output


def test_nothing_but_the_report_is_written(audited: Any) -> None:
    project, before, _ = audited

    after = hashes(project)

    assert after.pop("data/08_reporting/audit.json")
    assert after == before


def test_the_report_belongs_to_the_split(audited: Any) -> None:
    project, _, _ = audited
    manifest = json.loads((project / "data/03_primary/split_manifest.json").read_text())

    report = read_report(project / "data/08_reporting/audit.json")

    assert report is not None
    assert report.split == manifest["hash"]


def test_a_report_of_another_split_or_other_parameters_is_not_the_present_one(
    audited: Any,
) -> None:
    file = audited[0] / "data/08_reporting/audit.json"
    report = read_report(file)
    assert report is not None

    assert present_report(file, report.split, report.parameters) == report
    assert present_report(file, "another", report.parameters) is None
    assert present_report(file, report.split, "others") is None
    assert present_report(file.with_name("none.json"), report.split, report.parameters) is None


def test_the_hash_of_parameters_depends_on_each_of_them() -> None:
    columns, splitting = Columns(target="y"), SplittingOptions(strategy="random")
    tuning, training = TuningOptions(), TrainingOptions()
    given = ("classification", 1, columns, splitting, tuning, training)
    others = [
        ("regression", 1, columns, splitting, tuning, training),
        ("classification", 2, columns, splitting, tuning, training),
        ("classification", 1, Columns(target="z"), splitting, tuning, training),
        ("classification", 1, columns, SplittingOptions(strategy="group"), tuning, training),
        ("classification", 1, columns, splitting, TuningOptions(method="none"), training),
        ("classification", 1, columns, splitting, tuning, TrainingOptions(estimator="linear")),
    ]

    assert parameters_hash(*given) == parameters_hash(*given)
    assert parameters_hash(*given) not in {parameters_hash(*other) for other in others}


def test_canaries_left_out_are_not_run(audited: Any, tmp_path: Path) -> None:
    shutil.copytree(audited[0], tmp_path / "copy")

    done = call(tmp_path / "copy", "--skip-canaries", "--json")

    told = json.loads(done.output[done.output.index("{") :])
    assert set(told["not_run"]) == {"LEAK018", "LEAK019"}
    assert {finding["code"] for finding in told["findings"]} == set(CODES) - {"LEAK018", "LEAK019"}


def test_shuffles_left_out_are_not_run_and_too_few_are_refused(
    audited: Any, tmp_path: Path
) -> None:
    shutil.copytree(audited[0], tmp_path / "copy")

    done = call(tmp_path / "copy", "--shuffles=0", FEW_ROUNDS, "--trials=1", "--json")
    refused = call(tmp_path / "copy", "--shuffles=19")

    told = json.loads(done.output[done.output.index("{") :])
    assert told["not_run"] == {"LEAK019": "left out with --shuffles=0"}
    assert {finding["code"] for finding in told["findings"]} == set(CODES) - {"LEAK019"}
    assert refused.exit_code == 2
    assert "0 (none), or 20 and more" in " ".join(refused.output.replace("│", " ").split())


def test_a_split_changed_by_hand_fails(audited: Any, tmp_path: Path) -> None:
    project = tmp_path / "copy"
    shutil.copytree(audited[0], project)
    file = project / "data/03_primary/split_assignment.parquet"
    assignment = pd.read_parquet(file)
    moved = assignment["split"].astype(str).where(assignment.index >= 50, "test")
    assignment.assign(split=moved.astype("category")).to_parquet(file)

    done = call(project, "--skip-canaries")

    assert done.exit_code == 1
    assert "Failed: the split" in done.output


def test_a_project_without_a_split_is_told_what_to_run(project: Path) -> None:
    done = call(project)

    assert done.exit_code == 1
    assert "There is nothing to audit yet" in done.output
    assert "kedro run" in done.output
