"""Each gate passes on what is sound, fails on what is not, and admits what it could not check."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.data_versioning.versioning import open_versions
from experiment_cycle.decision.gates import Evidence, check
from experiment_cycle.decision.options import GateOptions
from experiment_cycle.decision.records import Gate
from experiment_cycle.options import fingerprint
from experiment_cycle.row_keys import row_keys
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.tracking.translation import parameters_of

PREDICTIONS = "evaluation/test_predictions.parquet"
GROUPED = Columns(target="y", group="g", drop=("i",))
IDENTIFIED = Columns(target="y", identifier="i")
BARE = Columns(target="y")


def data(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Rows of distinct features in groups of four, with an identifier."""
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "i": np.arange(rows) + 1000 * seed,
            "g": np.arange(rows) // 4 + 1000 * seed,
            "x": generator.normal(size=rows),
            "y": generator.integers(0, 2, size=rows),
        }
    )


def finding(status: str, code: str = "LEAK001") -> dict[str, Any]:
    return {
        "code": code,
        "title": "t",
        "severity": "high",
        "status": status,
        "message": f"message of {code}",
        "evidence": {},
    }


ENVIRONMENT = {
    "python": "3.11",
    "system": "Linux",
    "processor": "x86",
    "cores": 2,
    "memory_mib": 100,
    "packages": {"numpy": "2.0"},
    "lock_hash": None,
    "git_commit": "f" * 40,
    "git_clean": True,
    "diff_hash": None,
}


@dataclass
class World:
    """A sound cycle; change one thing and look at one gate."""

    evidence: Evidence
    predictions: pd.DataFrame
    project: Path
    artifacts: dict[str, Any] = field(default_factory=dict)

    def change(self, **changes: Any) -> None:
        self.evidence = replace(self.evidence, **changes)

    def log(self) -> None:
        """Put on disk and into the active record what a cycle would have put there."""
        held = {
            "data_versioning/dataset_version.json": self.evidence.dataset_version,
            "splitting/split_manifest.json": self.evidence.split_manifest,
            "splitting/leakage_report.json": self.evidence.leakage_report,
            "training/challenger_record.json": self.evidence.challenger_record,
            "training/environment.json": self.evidence.environment,
            "evaluation/incumbent_record.json": self.evidence.incumbent_record,
            "decision/comparison.json": self.evidence.comparison.model_dump(mode="json"),
            "training/challenger.skops": "bytes of a model",
            "evaluation/plots/groups.json": {"a plot": [1, 2]},
        }
        files = {path: self.project / "disk" / path for path in [*held, PREDICTIONS]}
        for path, file in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            if path == PREDICTIONS:
                self.predictions.to_parquet(file)
            else:
                file.write_text(json.dumps(held[path]))
            if path not in self.artifacts:
                mlflow.log_artifact(str(file), str(Path(path).parent))
            elif self.artifacts[path] is not None:
                mlflow.log_text(json.dumps(self.artifacts[path]), path)
        self.change(declared_artifacts=files)
        self.register()

    def register(self) -> None:
        """Record the hypothesis as a cycle does when it begins."""
        hypothesis = self.evidence.hypothesis
        mlflow.set_tag("hypothesis_hash", fingerprint(hypothesis))
        told = {"hypothesis": hypothesis.model_dump(mode="json")}
        mlflow.log_params(dict(parameters_of(told).values))

    def gate(self, code: str) -> Gate:
        return next(gate for gate in check(self.evidence, GateOptions()) if gate.code == code)


def edge_cases_of(*statuses: str) -> dict[str, Any]:
    """What became of so many edge cases."""
    cases = [
        {
            "case": f"case {place}",
            "column": None if place == 0 else "x",
            "status": status,
            "expected": "a prediction",
            "did": "predicted",
            "told": "It predicted.",
        }
        for place, status in enumerate(statuses)
    ]
    passed = statuses.count("passed")
    return {
        "rows": 20,
        "columns": 1,
        "left_out": [],
        "passed": passed,
        "failed": len(cases) - passed,
        "cases": cases,
    }


def retrained_as(identity: str) -> dict[str, Any]:
    """What becomes of a challenger that comes out the same."""
    return {
        "identity": identity,
        "identity_again": identity,
        "predictions": "0" * 64,
        "predictions_again": "0" * 64,
        "rows": 100,
        "differing": 0,
    }


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A project with one committed data version."""
    folder = tmp_path_factory.mktemp("project")
    file = folder / "data" / "02_intermediate" / "dataset.parquet"
    file.parent.mkdir(parents=True)
    data().to_parquet(file, index=False)
    snapshot = Snapshot(file)
    versions = open_versions(DataVersioningOptions(), folder, {})
    version = versions.commit(snapshot, content_hash(snapshot), {})
    return folder, version.model_dump(mode="json")


@pytest.fixture
def world(case: Any, committed: tuple[Path, dict[str, Any]], tmp_path: Path) -> World:
    folder, version = committed
    project = tmp_path / "project"
    shutil.copytree(folder, project)
    frame = data()
    test, seen = frame.iloc[300:], frame.iloc[:300]
    case.predictions = case.predictions.iloc[: len(test)]
    content = version["content_hash"]
    manifest = {**case.split_manifest, "content_hash": content}
    comparison = case.compare()
    cited = {**comparison.evidence, "content": content}
    evidence = Evidence(
        hypothesis=case.hypothesis,
        columns=GROUPED,
        versions=open_versions(DataVersioningOptions(), project, {}),
        dataset_version=version,
        split_manifest=manifest,
        leakage_report={"passed": True, "findings": [finding("passed")]},
        environment=ENVIRONMENT,
        comparison=comparison.model_copy(update={"evidence": cited}),
        challenger_record=case.challenger_record,
        incumbent_record=case.incumbent_record,
        test_rows=row_keys(test, GROUPED),
        challenger_seen_rows=row_keys(seen, GROUPED),
        incumbent_seen_rows=row_keys(seen, GROUPED),
        max_duplicate_share=0.01,
        edge_cases=edge_cases_of("passed"),
        retrained=retrained_as(case.challenger_record["identity"]),
    )
    return World(evidence, case.predictions, project)


def test_a_sound_cycle_passes_every_gate_in_the_order_of_the_options(
    world: World, record: mlflow.ActiveRun
) -> None:
    world.log()
    gates = check(world.evidence, GateOptions())

    assert [gate.code for gate in gates] == list(GateOptions.model_fields)
    assert {gate.code: gate.status for gate in gates if gate.status != "passed"} == {}
    assert [gate.code for gate in gates if not gate.required] == [
        "edge_cases",
        "code_committed",
    ]


def test_without_a_record_what_needs_one_was_not_run(world: World) -> None:
    statuses = {gate.code: gate.status for gate in check(world.evidence, GateOptions())}

    assert statuses["hypothesis_registered"] == statuses["artifacts_logged"] == "not_run"
    assert statuses["no_leakage"] == "passed"


# hypothesis_registered


def test_another_hypothesis_than_the_registered_one_fails(
    world: World, record: mlflow.ActiveRun
) -> None:
    mlflow.set_tag("hypothesis_hash", "0" * 64)

    assert world.gate("hypothesis_registered").status == "failed"


def test_a_record_without_a_hypothesis_fails(world: World, record: mlflow.ActiveRun) -> None:
    assert world.gate("hypothesis_registered").status == "failed"


def test_a_hypothesis_changed_after_the_comparison_fails(
    world: World, record: mlflow.ActiveRun, make_hypothesis: Callable[..., Any]
) -> None:
    world.change(hypothesis=make_hypothesis(alpha=0.1))
    mlflow.set_tag("hypothesis_hash", fingerprint(world.evidence.hypothesis))

    gate = world.gate("hypothesis_registered")
    assert gate.status == "failed"
    assert "another hypothesis" in gate.evidence


def test_a_tag_written_over_later_does_not_register_a_hypothesis(
    world: World, record: mlflow.ActiveRun, case: Any, make_hypothesis: Callable[..., Any]
) -> None:
    world.register()
    assert world.gate("hypothesis_registered").status == "passed"

    # another hypothesis, compared by, whose hash somebody put into the record
    case.hypothesis = make_hypothesis(alpha=0.1)
    world.change(hypothesis=case.hypothesis, comparison=case.compare())
    mlflow.set_tag("hypothesis_hash", fingerprint(case.hypothesis))

    gate = world.gate("hypothesis_registered")
    assert gate.status == "failed"
    assert "hypothesis.alpha" in gate.evidence


# no_leakage


@pytest.mark.parametrize(
    ("passed", "findings", "status"),
    [
        (True, [finding("passed"), finding("warning", "LEAK002")], "passed"),
        (False, [finding("passed"), finding("failed", "LEAK002")], "failed"),
        (True, [finding("failed", "LEAK002")], "failed"),
        (False, [finding("passed", "LEAK002")], "failed"),
        (True, [finding("not_applicable", "LEAK002")], "not_run"),
        (True, [], "not_run"),
    ],
)
def test_the_leakage_report_is_read_finding_by_finding(
    passed: bool, findings: list[dict[str, Any]], status: str, world: World
) -> None:
    world.change(leakage_report={"passed": passed, "findings": findings})
    gate = world.gate("no_leakage")

    assert gate.status == status
    if findings and status != "not_run":
        assert findings[-1]["code"] in gate.evidence or not passed


# data_version_committed


def test_a_stored_object_that_was_altered_fails(world: World) -> None:
    stored = [file for file in (world.project / ".dvc").rglob("files/md5/*/*") if file.is_file()]
    assert stored
    for file in stored:
        file.chmod(0o644)
        file.write_bytes(file.read_bytes() + b"x")

    assert world.gate("data_version_committed").status == "failed"


def test_a_version_of_other_data_than_were_split_fails(world: World) -> None:
    world.change(split_manifest={**world.evidence.split_manifest, "content_hash": "0" * 64})
    gate = world.gate("data_version_committed")

    assert gate.status == "failed"
    assert "0" * 12 in gate.evidence


def test_a_version_that_the_backend_does_not_list_was_not_committed(world: World) -> None:
    (listed,) = world.project.rglob("*.versions.jsonl")
    listed.write_text("")
    gate = world.gate("data_version_committed")

    assert gate.status == "failed"
    assert "does not list" in gate.evidence


# incumbent_unseen


def seen_by(frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    return row_keys(frame, columns)


@pytest.mark.parametrize("model", ["challenger", "incumbent"])
@pytest.mark.parametrize("columns", [GROUPED, IDENTIFIED], ids=["group", "identifier"])
def test_a_single_seen_row_fails_where_rows_are_known_by_a_key(
    columns: Columns, model: str, world: World
) -> None:
    frame = data()
    # only the key is shared: the other values have changed since
    again = frame.iloc[300:301].assign(x=99.0)
    world.change(
        columns=columns,
        test_rows=seen_by(frame.iloc[300:], columns),
        challenger_seen_rows=seen_by(frame.iloc[:300], columns),
        incumbent_seen_rows=seen_by(frame.iloc[:300], columns),
    )
    assert world.gate("incumbent_unseen").status == "passed"

    world.change(**{f"{model}_seen_rows": seen_by(pd.concat([frame.iloc[:300], again]), columns)})
    gate = world.gate("incumbent_unseen")
    assert gate.status == "failed"
    assert model in gate.evidence
    assert f"{4 if columns is GROUPED else 1} of 100" in gate.evidence


@pytest.mark.parametrize(("twins", "status"), [(0, "passed"), (1, "passed"), (2, "failed")])
def test_twins_are_tolerated_up_to_the_share_the_leakage_check_tolerates(
    twins: int, status: str, world: World
) -> None:
    frame = data()
    world.change(
        columns=BARE,
        test_rows=seen_by(frame.iloc[300:], BARE),
        challenger_seen_rows=seen_by(frame.iloc[:300], BARE),
        incumbent_seen_rows=seen_by(
            pd.concat([frame.iloc[:300], frame.iloc[300 : 300 + twins]]), BARE
        ),
    )

    assert world.gate("incumbent_unseen").status == status


def test_identical_features_alone_count_as_twins(world: World) -> None:
    frame = data()
    copies = frame.iloc[300:302].assign(i=[9001, 9002], g=9000)
    world.change(incumbent_seen_rows=seen_by(pd.concat([frame.iloc[:300], copies]), GROUPED))

    gate = world.gate("incumbent_unseen")
    assert gate.status == "failed"
    assert "2 of 100 test rows, by their values" in gate.evidence


@pytest.mark.parametrize(
    "seen", [pd.DataFrame(columns=["features", "row", "unit"]), pd.DataFrame({"row": [1]})]
)
def test_a_champion_of_which_nothing_is_known_was_not_checked(
    seen: pd.DataFrame, world: World
) -> None:
    world.change(incumbent_seen_rows=seen)

    assert world.gate("incumbent_unseen").status == "not_run"


def test_a_champion_whose_rows_cannot_be_recognised_was_not_checked(world: World) -> None:
    frame = data()
    world.change(
        columns=BARE,
        test_rows=seen_by(frame.iloc[300:], BARE),
        challenger_seen_rows=seen_by(frame.iloc[:300], BARE),
        # the same rows, when one column had another type
        incumbent_seen_rows=seen_by(frame.astype({"x": "float32"}), BARE),
    )

    gate = world.gate("incumbent_unseen")
    assert gate.status == "not_run"
    assert "columns.group" in gate.evidence


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("passed", "passed"),
        ("warning", "passed"),
        ("failed", "failed"),
        ("waived", "passed"),
        (None, "failed"),
    ],
)
def test_twins_among_the_training_rows_are_judged_as_the_leakage_check_judges_them(
    status: str | None, expected: str, world: World
) -> None:
    frame = data()
    seen = seen_by(pd.concat([frame.iloc[:300], frame.iloc[300:320]]), BARE)
    findings = [finding("passed")] + ([] if status is None else [finding(status, "LEAK002")])
    world.change(
        columns=BARE,
        test_rows=seen_by(frame.iloc[300:], BARE),
        challenger_seen_rows=seen,
        incumbent_seen_rows=seen,
        leakage_report={"passed": True, "findings": findings},
    )
    gate = world.gate("incumbent_unseen")

    assert gate.status == expected
    assert "20 of 100" in gate.evidence or "LEAK002" in gate.evidence


def test_keys_of_other_rows_than_the_compared_ones_fail(world: World) -> None:
    world.change(test_rows=world.evidence.test_rows.iloc[:50])

    assert world.gate("incumbent_unseen").status == "failed"


# artifacts_logged


@pytest.mark.parametrize("path", ["splitting/split_manifest.json", "training/challenger.skops"])
def test_a_missing_artifact_is_named(path: str, world: World, record: mlflow.ActiveRun) -> None:
    world.artifacts[path] = None
    world.log()
    gate = world.gate("artifacts_logged")

    assert gate.status == "failed"
    assert path in gate.evidence


@pytest.mark.parametrize(
    "path",
    [
        "splitting/split_manifest.json",
        "decision/comparison.json",
        # what no gate reads is compared with the file on disk
        "training/challenger.skops",
        "evaluation/plots/groups.json",
    ],
)
def test_an_artifact_that_reads_back_changed_is_named(
    path: str, world: World, record: mlflow.ActiveRun
) -> None:
    world.artifacts[path] = {"hash": "another"}
    world.log()
    gate = world.gate("artifacts_logged")

    assert gate.status == "failed"
    assert path in gate.evidence


@pytest.mark.parametrize("change", ["altered", "gone"])
def test_a_file_that_is_not_what_was_recorded_is_named(
    change: str, world: World, record: mlflow.ActiveRun
) -> None:
    world.log()
    file = world.project / "disk" / "training" / "challenger.skops"
    if change == "altered":
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    else:
        file.unlink()
    gate = world.gate("artifacts_logged")

    assert gate.status == "failed"
    assert "challenger.skops" in gate.evidence
    assert "groups.json" not in gate.evidence


def test_where_nothing_is_declared_nothing_was_checked(
    world: World, record: mlflow.ActiveRun
) -> None:
    world.log()
    world.change(declared_artifacts={})

    assert world.gate("artifacts_logged").status == "not_run"


def test_predictions_that_read_back_changed_are_named(
    world: World, record: mlflow.ActiveRun
) -> None:
    world.predictions = world.predictions.assign(challenger=0.5)
    world.log()
    gate = world.gate("artifacts_logged")

    assert gate.status == "failed"
    assert "test_predictions" in gate.evidence


@pytest.mark.parametrize("change", ["altered", "gone"])
def test_predictions_of_a_further_seed_are_read_back_too(
    change: str, world: World, case: Any, record: mlflow.ActiveRun
) -> None:
    case.predictions["challenger_seed_2"] = case.predictions["challenger"] / 2.0
    world.change(comparison=case.compare())
    world.predictions = case.predictions
    world.log()
    assert world.gate("artifacts_logged").status == "passed"

    altered = case.predictions.assign(challenger_seed_2=0.5)
    gone = case.predictions.drop(columns="challenger_seed_2")
    world.predictions = altered if change == "altered" else gone
    world.log()
    gate = world.gate("artifacts_logged")
    assert gate.status == "failed"
    assert "test_predictions" in gate.evidence


# decision_documented


def test_evidence_without_a_hash_is_named(world: World) -> None:
    cited = {**world.evidence.comparison.evidence, "incumbent": "unknown"}
    world.change(comparison=world.evidence.comparison.model_copy(update={"evidence": cited}))
    gate = world.gate("decision_documented")

    assert gate.status == "failed"
    assert "incumbent" in gate.evidence


@pytest.mark.parametrize("cited", ["content", "split_manifest", "hypothesis", "challenger"])
def test_the_hash_of_something_else_is_named(cited: str, world: World) -> None:
    assert world.gate("decision_documented").status == "passed"

    hashes = {**world.evidence.comparison.evidence, cited: "0" * 64}
    world.change(comparison=world.evidence.comparison.model_copy(update={"evidence": hashes}))
    gate = world.gate("decision_documented")

    assert gate.status == "failed"
    assert f"rests on: {cited}." in gate.evidence


# code_committed


@pytest.mark.parametrize(
    ("commit", "clean", "status"),
    [("f" * 40, True, "passed"), ("f" * 40, False, "failed"), (None, None, "not_run")],
)
def test_the_code_is_a_commit_with_nothing_on_top(
    commit: str | None, clean: bool | None, status: str, world: World
) -> None:
    world.change(environment={**ENVIRONMENT, "git_commit": commit, "git_clean": clean})

    assert world.gate("code_committed").status == status


# all


def test_an_error_inside_a_gate_fails_it_and_no_other(world: World) -> None:
    world.change(leakage_report={"nonsense": True})
    gates = {gate.code: gate for gate in check(world.evidence, GateOptions())}

    assert gates["no_leakage"].status == "failed"
    assert "could not be checked" in gates["no_leakage"].evidence
    assert gates["code_committed"].status == "passed"


# edge_cases


@pytest.mark.parametrize(
    ("edge_cases", "status", "told"),
    [
        (edge_cases_of("passed", "passed"), "passed", "2 edge cases"),
        (
            edge_cases_of("failed", "passed", "failed"),
            "failed",
            "2 do not hold: case 0, case 2 in x.",
        ),
        (edge_cases_of(*["failed"] * 5), "failed", "and 2 more."),
        ({}, "not_run", "No edge case was tried."),
        (None, "not_run", "No edge case was tried."),
    ],
)
def test_edge_cases_that_failed_fail_their_gate(
    world: World, edge_cases: dict[str, Any] | None, status: str, told: str
) -> None:
    world.change(edge_cases=edge_cases)

    gate = world.gate("edge_cases")

    assert gate.status == status
    assert told in gate.evidence
