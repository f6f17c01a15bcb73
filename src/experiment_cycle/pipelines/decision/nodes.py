"""Nodes of the stage decision."""

from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from experiment_cycle.audit.records import parameters_hash, present_report
from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.data_versioning.versioning import open_versions
from experiment_cycle.datasets.credentials import Credentials
from experiment_cycle.decision.comparison import compare
from experiment_cycle.decision.families import TestSet
from experiment_cycle.decision.gates import Evidence, check
from experiment_cycle.decision.ledger import Ledger
from experiment_cycle.decision.ledger_copy import copy_ledger, restore_ledger
from experiment_cycle.decision.options import DecisionOptions
from experiment_cycle.decision.overlap import Tested, choose_rows, warn_of_overlap
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.decision.power import foresee, warn_of_power
from experiment_cycle.decision.promotion import promote
from experiment_cycle.decision.records import Comparison, Decision, Foresight, Gate
from experiment_cycle.decision.rule import decide
from experiment_cycle.decision.signature import signed
from experiment_cycle.evaluation.moments import number_moments
from experiment_cycle.evaluation.predicting import predict_all
from experiment_cycle.evaluation.prediction_cost import PredictionCost
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.problem import Task
from experiment_cycle.splitting.leakage.warning import warn_of_leakage
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.records import LeakageReport, SplitManifest
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.records import ModelRecord
from experiment_cycle.tuning.options import TuningOptions


def foresee_power(
    challenger: Pipeline,
    incumbent: Pipeline,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    validation: pd.DataFrame,
    split_keys: pd.DataFrame,
    dataset_profile: dict[str, Any],
    split_manifest: dict[str, Any],
    hypothesis: Hypothesis,
    options: DecisionOptions,
    columns: Columns,
    ledger: Path,
    seen_rows: pd.DataFrame,
    incumbent_seen_rows: pd.DataFrame,
    splitting: SplittingOptions,
    leakage_report: dict[str, Any],
) -> dict[str, Any]:
    """Tell from validation what the test set can show; it is not opened for that.

    What is known already to stand in the way of a promotion is told too, before a look is spent.
    """
    parts = {part: keys for part, keys in split_keys.groupby("split", observed=True)}
    if "test" not in parts or "validation" not in parts:
        return {}
    restore_ledger(ledger)
    own = ModelRecord.model_validate(challenger_record)
    other = IncumbentRecord.model_validate(incumbent_record)
    if own.identity == other.identity:
        return {}
    predicted = predict_all(challenger, incumbent, [], own, other, validation, columns)
    moments = number_moments(validation, columns, split_manifest["strategy"])
    if moments is not None:
        predicted.insert(1, "moment", moments)
    paired = PairedPredictions.from_table(predicted, challenger_record, incumbent_record)
    chosen = _choose_rows(
        parts["test"], seen_rows, incumbent_seen_rows, split_manifest, columns, options, splitting
    )
    warn_of_overlap(chosen.overlap)
    warn_of_leakage(LeakageReport.model_validate(leakage_report))
    tested = TestSet.of(chosen.rows, split_keys, columns, _types(dataset_profile))
    level = Ledger(ledger).next_level(tested, hypothesis.alpha, options.planned_looks)
    validated, tested_units = (
        keys["unit"].to_numpy() for keys in (parts["validation"], chosen.rows)
    )
    told = foresee(paired, validated, tested_units, level, hypothesis)
    warn_of_power(told)
    return told.model_dump(mode="json")


def compare_models(
    test_predictions: pd.DataFrame,
    fold_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    split_manifest: dict[str, Any],
    test_rows: pd.DataFrame,
    split_keys: pd.DataFrame,
    dataset_profile: dict[str, Any],
    foresight: dict[str, Any],
    hypothesis: Hypothesis,
    options: DecisionOptions,
    columns: Columns,
    ledger: Path,
    seen_rows: pd.DataFrame,
    incumbent_seen_rows: pd.DataFrame,
    splitting: SplittingOptions,
    prediction_cost: dict[str, Any],
) -> dict[str, Any]:
    """Compare challenger and incumbent row by row, at the level the ledger grants."""
    restore_ledger(ledger)
    tested = _choose_rows(
        test_rows, seen_rows, incumbent_seen_rows, split_manifest, columns, options, splitting
    )
    comparison = compare(
        test_predictions,
        fold_predictions,
        challenger_record,
        incumbent_record,
        split_manifest,
        hypothesis,
        options,
        TestSet.of(tested.rows, split_keys, columns, _types(dataset_profile)),
        ledger,
        Foresight.model_validate(foresight) if foresight else None,
        tested,
        PredictionCost.model_validate(prediction_cost),
    )
    copy_ledger(ledger)
    return comparison.model_dump(mode="json")


def check_gates(
    hypothesis: Hypothesis,
    options: DecisionOptions,
    columns: Columns,
    max_duplicate_share: float,
    versioning: DataVersioningOptions,
    project_folder: Path,
    versioning_credentials: Credentials,
    task: Task,
    seed: int,
    splitting: SplittingOptions,
    tuning: TuningOptions,
    training: TrainingOptions,
    audit_file: Path,
    dataset_version: dict[str, Any],
    split_manifest: dict[str, Any],
    leakage_report: dict[str, Any],
    environment: dict[str, Any],
    comparison: dict[str, Any],
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    test_rows: pd.DataFrame,
    seen_rows: pd.DataFrame,
    incumbent_seen_rows: pd.DataFrame,
    edge_cases: dict[str, Any],
    behaviour: dict[str, Any],
    retrained: dict[str, Any],
    declared_artifacts: dict[str, Path],
) -> list[dict[str, Any]]:
    """Check the integrity of everything the decision rests on."""
    versions = open_versions(
        versioning, project_folder, versioning_credentials, dataset_version["backend"]
    )
    parameters = parameters_hash(task, seed, columns, splitting, tuning, training)
    tested = _choose_rows(
        test_rows, seen_rows, incumbent_seen_rows, split_manifest, columns, options, splitting
    )
    evidence = Evidence(
        hypothesis=hypothesis,
        columns=columns,
        versions=versions,
        dataset_version=dataset_version,
        split_manifest=split_manifest,
        leakage_report=leakage_report,
        audit=present_report(audit_file, split_manifest["hash"], parameters),
        environment=environment,
        comparison=Comparison.model_validate(comparison),
        challenger_record=challenger_record,
        incumbent_record=incumbent_record,
        test_rows=tested.rows,
        challenger_seen_rows=seen_rows,
        incumbent_seen_rows=incumbent_seen_rows,
        max_duplicate_share=max_duplicate_share,
        label_horizon=splitting.label_horizon,
        edge_cases=edge_cases,
        behaviour=behaviour,
        retrained=retrained if options.reproduce == "retrain" else None,
        declared_artifacts=declared_artifacts,
    )
    return [
        gate.model_dump(mode="json") for gate in check(evidence, options.gates, options.own_gates)
    ]


def make_decision(
    comparison: dict[str, Any],
    gates: list[dict[str, Any]],
    split_manifest: dict[str, Any],
    hypothesis: Hypothesis,
    options: DecisionOptions,
) -> dict[str, Any]:
    """Promote, iterate or abandon, with the reasons."""
    decision = decide(
        Comparison.model_validate(comparison),
        [Gate.model_validate(gate) for gate in gates],
        hypothesis,
        options,
        split_manifest["override_reason"],
    )
    return signed(decision).model_dump(mode="json")


def move_alias(
    decision: dict[str, Any],
    challenger: Pipeline,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    seen_rows: pd.DataFrame,
    split_manifest: dict[str, Any],
    split_keys: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    options: DecisionOptions,
    ledger: Path,
) -> dict[str, Any]:
    """Register the challenger as champion if the decision says so; else leave the alias alone."""
    example = validation[columns.features(validation.columns)].head()
    promotion = promote(
        Decision.model_validate(decision),
        challenger,
        challenger_record,
        incumbent_record,
        seen_rows,
        options.registered_model,
        ledger,
        example,
        (split_manifest, split_keys),
    )
    copy_ledger(ledger)
    return promotion.model_dump(mode="json")


def _choose_rows(
    test_rows: pd.DataFrame,
    seen_rows: pd.DataFrame,
    incumbent_seen_rows: pd.DataFrame,
    split_manifest: dict[str, Any],
    columns: Columns,
    options: DecisionOptions,
    splitting: SplittingOptions,
) -> Tested:
    """Choose the test rows that are compared; without a test set, all that were predicted."""
    manifest = SplitManifest.model_validate(split_manifest)
    if not manifest.parts["test"].rows:
        return Tested(test_rows, None)
    return choose_rows(
        *(test_rows, seen_rows, incumbent_seen_rows, manifest, columns),
        *(options.on_overlap, splitting.max_duplicate_share, splitting.label_horizon),
    )


def _types(dataset_profile: dict[str, Any]) -> dict[str, str]:
    return {name: column["type"] for name, column in dataset_profile["columns"].items()}
