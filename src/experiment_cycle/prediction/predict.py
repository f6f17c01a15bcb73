"""From new rows to predictions: staged, checked, scored, and put into place at once."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError
from experiment_cycle.prediction.checks import check_rows
from experiment_cycle.prediction.options import PredictionOptions
from experiment_cycle.prediction.records import PredictionRecord, RowChecks
from experiment_cycle.prediction.scoring import Scorer
from experiment_cycle.prediction.staging import as_parquet, check_suffix
from experiment_cycle.prediction.writing import beside, put_in_place
from experiment_cycle.tracking.files import content_of
from experiment_cycle.tracking.registered_model import RegisteredModel
from experiment_cycle.training.known_features import KNOWN_FEATURES, KnownFeatures
from experiment_cycle.training.records import ModelRecord

logger = logging.getLogger(__name__)
NODES = "the rows that data_preparation made of the new ones"


@dataclass(frozen=True, eq=False)
class Order:
    """What is to be predicted, by what, and how."""

    rows: Any
    model: RegisteredModel
    known: KnownFeatures | None
    """What its columns were in training; None: its record does not tell."""
    columns: Columns
    options: PredictionOptions

    @property
    def named(self) -> str:
        """What the user calls the new rows."""
        return str(self.rows) if isinstance(self.rows, Path) else NODES


def read_known(model: RegisteredModel) -> KnownFeatures | None:
    """Read what the columns of a model were in training; None: its record does not tell."""
    found = model.read_artifact(KNOWN_FEATURES)
    try:
        return None if found is None else KnownFeatures.model_validate(found)
    except ValueError:
        return None


def predict(order: Order, output: Path) -> PredictionRecord:
    """Predict new rows into a file, which appears whole or not at all.

    A JSON file of the same name and `.json` beside it holds the record. What is in memory is one
    batch, and up to half a GiB while rows are checked or ranked.

    Args:
        order: What is to be predicted.
        output: A Parquet or CSV file.

    Returns:
        What is known of the predictions.

    Raises:
        DataError: the rows cannot be read, or are unlike those that the model learned from; or the
            file cannot be written.
    """
    check_suffix(output, "file of predictions")
    if isinstance(order.rows, Path) and order.rows == output:
        raise DataError(
            f"The predictions would replace the new rows, {output}. Next step: name another file."
        )
    start = time.perf_counter()
    with beside(output) as folder:
        rows = as_parquet(order.rows, order.known, folder)
        checks = _check(order, rows)
        for line in checks.warnings():
            logger.warning(line)
        made = folder / output.name
        _scorer(order, rows).score(rows, made, order.options.batch_rows)
        record = _record(order, output, made, checks, time.perf_counter() - start)
        put_in_place(made, record.model_dump_json(indent=2), output)
    logger.info(record.summary())
    return record


def _check(order: Order, rows: Path) -> RowChecks:
    model = ModelRecord.model_validate(order.model.record)
    return check_rows(
        rows,
        order.named,
        model.features,
        order.known,
        order.columns,
        order.options,
        ranking=model.problem.type == "ranking",
    )


def _scorer(order: Order, rows: Path) -> Scorer:
    record = ModelRecord.model_validate(order.model.record)
    names = pq.read_schema(rows).names
    identifier = order.columns.identifier
    scorer = Scorer(
        model=order.model.model,
        record=record,
        known=order.known,
        identifier=identifier if identifier in names else None,
        query=order.columns.query if record.problem.type == "ranking" else None,
        keep=tuple(names) if order.options.keep else (),
        note={"registered_model": order.model.name, "version": order.model.version},
    )
    both = sorted(set(scorer.taken) & set(scorer.made))
    if both:
        raise DataError(
            f"Column '{both[0]}' of {order.named} is called like a column of the predictions. Next "
            "step: rename it, or leave out --keep."
        )
    return scorer


def _record(
    order: Order, output: Path, made: Path, checks: RowChecks, seconds: float
) -> PredictionRecord:
    record = ModelRecord.model_validate(order.model.record)
    file = order.rows if isinstance(order.rows, Path) else None
    return PredictionRecord(
        registered_model=order.model.name,
        version=order.model.version,
        identity=record.identity,
        decision_hash=order.model.tags.get("decision_hash"),
        problem=record.problem.type,
        threshold=None if record.threshold is None else record.threshold.value,
        input_file=order.named,
        input_hash=None if file is None else content_of(file),
        output_file=str(output),
        output_hash=content_of(made),
        rows=checks.rows,
        seconds=seconds,
        checks=checks,
    )
