"""One finished run, as its record keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import yaml

from experiment_cycle.decision.two_runs import TriedRun
from experiment_cycle.errors import IntegrityError
from experiment_cycle.splitting.records import SplitManifest
from experiment_cycle.tracking.past_cycles import PastCycle
from experiment_cycle.tracking.past_records import read_artifact, read_run
from experiment_cycle.training.records import Environment, ModelRecord

Read = TypeVar("Read")


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """What a run was made from and what came of it; None where it did not come that far.

    Attributes:
        cycle: How it is listed.
        configuration: All parameters, as `configuration.yml` has them.
        metrics: Every number of the record, by name; of what has steps, the last.
        data: A `DatasetVersion`, as stored.
        environment: Where the challenger was trained.
        diff: What was not committed of the code then.
        tried: The test of the challenger.
    """

    cycle: PastCycle
    configuration: dict[str, Any]
    metrics: dict[str, float]
    data: dict[str, Any] | None
    manifest: SplitManifest | None
    environment: Environment | None
    diff: str
    tried: TriedRun | None


def read_recorded(cycle: PastCycle, folder: Path) -> RecordedRun:
    """Read the record of a run.

    Args:
        cycle: Which run.
        folder: Empty, for what is fetched.

    Raises:
        IntegrityError: what is in the record cannot be read.
    """

    def read(path: str, reader: Callable[[Path], Read]) -> Read | None:
        try:
            file = read_artifact(cycle.run_id, path, folder)
        except IntegrityError:
            return None
        try:
            return reader(file)
        except (ValueError, OSError, yaml.YAMLError) as error:
            raise IntegrityError(
                f"The record {cycle.run_id} holds a '{path}' that cannot be read: "
                f"{' '.join(str(error).split())[:200]} Next step: restore it, or name another run."
            ) from error

    manifest = read("splitting/split_manifest.json", _manifest)
    return RecordedRun(
        cycle=cycle,
        configuration=read("configuration.yml", _yaml) or {},
        metrics=read_run(cycle.run_id).data.metrics,
        data=read("data_versioning/dataset_version.json", _json),
        manifest=manifest,
        environment=read("training/environment.json", _environment),
        diff=read("training/code.diff", _text) or "",
        tried=_tried(manifest, read),
    )


def _tried(manifest: SplitManifest | None, read: Callable[..., Any]) -> TriedRun | None:
    record = read("training/challenger_record.json", _model)
    predictions = read("evaluation/test_predictions.parquet", pd.read_parquet)
    if manifest is None or record is None or predictions is None:
        return None
    folds = read("evaluation/fold_predictions.parquet", pd.read_parquet)
    keys = read("splitting/split_keys.parquet", pd.read_parquet)
    return TriedRun(
        test_predictions=predictions,
        fold_predictions=pd.DataFrame() if folds is None else folds,
        split_keys=pd.DataFrame({"row": []}) if keys is None else keys,
        record=record,
        manifest=manifest,
    )


def _text(file: Path) -> str:
    return file.read_text("utf-8")


def _json(file: Path) -> dict[str, Any]:
    return dict(json.loads(_text(file)))


def _yaml(file: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(_text(file)))


def _manifest(file: Path) -> SplitManifest:
    return SplitManifest.model_validate_json(_text(file))


def _environment(file: Path) -> Environment:
    return Environment.model_validate_json(_text(file))


def _model(file: Path) -> ModelRecord:
    return ModelRecord.model_validate_json(_text(file))
