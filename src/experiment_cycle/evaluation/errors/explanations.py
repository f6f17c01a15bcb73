"""Why the worst rows came out as they did: what drove the model, and what it had seen like them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.evaluation.errors.attributions import (
    NOT_AVAILABLE,
    OTHER_MODELS,
    OUTPUTS,
    Attributions,
    Codes,
    attribute,
)
from experiment_cycle.evaluation.errors.encoded_features import ModelParts
from experiment_cycle.evaluation.errors.neighbours import LEARNED_FROM, Neighbours, nearest_rows
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.classification import called
from experiment_cycle.metrics.confusion import class_names
from experiment_cycle.options import Record
from experiment_cycle.training.calibrated import CalibratedClassifier

ATTRIBUTION_COLUMNS = (ROW, "feature", "value", "contribution", "base", "score")
NEIGHBOUR_COLUMNS = (ROW, "nearest", "neighbour", "distance", "target")
NO_NEIGHBOURS = "There are no nearest training rows: the model was not prepared by this project."


class ExplanationRecord(Record):
    """What the attributions and neighbours of the failure cases mean, or why there are none."""

    output: str | None
    """What the contributions add up to; None: there are none."""
    calibrated: bool
    """The probabilities were calibrated after the output that is attributed."""
    attributions_note: str | None = None
    compared: tuple[str, ...]
    """The features by which neighbours were found."""
    training_rows: int
    searched_rows: int
    neighbours_note: str | None = None


@dataclass(frozen=True, eq=False)
class Explanations:
    """Tables by row of the failure cases.

    Attributes:
        attributions: Columns `ATTRIBUTION_COLUMNS`, one line for each row and feature, the greatest
            contribution of a row first; `value` is text, and missing values are empty.
        neighbours: Columns `NEIGHBOUR_COLUMNS`, one line for each row and neighbour, then the
            neighbour's own columns.
        record: What they mean.
    """

    attributions: pd.DataFrame
    neighbours: pd.DataFrame
    record: ExplanationRecord


def explain_failures(
    failures: pd.DataFrame,
    model: Any,
    tested: pd.DataFrame,
    train: pd.DataFrame,
    predictions: Predictions,
    columns: Columns,
    seed: int,
    *,
    own_predictions: bool = True,
) -> Explanations:
    """Attribute the worst rows to features, and find the training rows nearest to them.

    Of a ranking, two rows of each query are explained: the one that was put first, and the most
    relevant one (of several, the one that was put last).

    Args:
        failures: As `worst_rows` made them.
        model: The challenger.
        tested: The rows the predictions are of, indexed by `__row__`.
        train: The rows it was fitted on, indexed by `__row__`.
        predictions: For the tested rows.
        columns: The roles of the columns.
        seed: Draws the training rows that are searched, where they are very many.
        own_predictions: Whether the predictions are of this very model.
    """
    chosen = pd.Index(told_rows(failures)[ROW])
    rows = tested.loc[chosen, columns.features(tested.columns)]
    parts, kept = ModelParts.of(model), None
    if own_predictions:
        draw = np.random.default_rng([seed, *b"attributions"])
        typical = train.iloc[np.sort(draw.permutation(len(train))[:LEARNED_FROM])]
        places = predictions.table.index.get_indexer(chosen)
        kept = attribute(model, rows, typical, _pairs(predictions, places))
    near = nearest_rows(model, rows, train, seed)
    record = ExplanationRecord(
        output=None if kept is None else OUTPUTS[predictions.problem.type],
        calibrated=parts is not None and isinstance(parts.estimator, CalibratedClassifier),
        attributions_note=None if kept else NOT_AVAILABLE if own_predictions else OTHER_MODELS,
        compared=near.features if near else (),
        training_rows=len(train),
        searched_rows=near.searched if near else 0,
        neighbours_note=None if near else NO_NEIGHBOURS,
    )
    return Explanations(
        _by_feature(kept, parts, rows),
        _by_neighbour(near, chosen, train, predictions, columns),
        record,
    )


def told_rows(failures: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows that say what went wrong; of a ranking, the first and the best of a query."""
    if "place" not in failures.columns:
        return failures
    first = failures["place"] == 1
    best = failures.sort_values(["target", "place"], ascending=False).drop_duplicates("query")
    return failures[first | failures.index.isin(best.index)]


def _pairs(predictions: Predictions, places: Any) -> tuple[Codes, Codes] | None:
    """Of several classes, name the one called, and the true one (where it is called, the next)."""
    if predictions.problem.type != "multiclass":
        return None
    outcomes = predictions.outcomes("challenger")
    calls = called(outcomes)[places]
    without = outcomes.prediction[places].copy()
    without[np.arange(len(places)), calls] = -np.inf
    truth = predictions.target[places].astype(np.int64)
    return calls, np.where(truth == calls, without.argmax(axis=1), truth)


def _by_feature(
    kept: Attributions | None, parts: ModelParts | None, rows: pd.DataFrame
) -> pd.DataFrame:
    if kept is None or parts is None:
        return pd.DataFrame(columns=list(ATTRIBUTION_COLUMNS))
    table = parts.table(rows)
    values = {name: table[name].to_numpy(dtype=object) for name in kept.features}
    lines = []
    for place, row in enumerate(rows.index):
        order = np.argsort(-np.abs(kept.contributions[place]), kind="stable")
        for each in order:
            name = kept.features[each]
            value = values[name][place]
            lines.append(
                (
                    row,
                    name,
                    "" if pd.isna(value) else str(value),
                    kept.contributions[place, each],
                    kept.base[place],
                    kept.score[place],
                )
            )
    return pd.DataFrame(lines, columns=list(ATTRIBUTION_COLUMNS))


def _by_neighbour(
    near: Neighbours | None,
    chosen: pd.Index,
    train: pd.DataFrame,
    predictions: Predictions,
    columns: Columns,
) -> pd.DataFrame:
    if near is None:
        return pd.DataFrame(columns=list(NEIGHBOUR_COLUMNS))
    there = near.positions >= 0
    row, nearest = np.nonzero(there)
    own = train.iloc[near.positions[there]]
    problem = predictions.problem
    target = problem.encode(own[columns.target], "train")
    names = np.array(class_names(problem), dtype=object)
    table = pd.DataFrame(
        {
            ROW: chosen[row],
            "nearest": nearest + 1,
            "neighbour": own.index,
            "distance": near.distances[there],
            "target": names[target] if len(names) else target,
        }
    )
    own = own.rename(columns={name: f"{name} (data)" for name in table.columns})
    return pd.concat([table, own.reset_index(drop=True)], axis=1)
