"""A fairer alternative to the challenger, on request: what would it cost? It decides nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.evaluation.errors.gaps import Measured, fairlearn_gaps
from experiment_cycle.evaluation.errors.group_counts import group_rates, soft_counts
from experiment_cycle.evaluation.errors.groupings import MOST_LEVELS
from experiment_cycle.evaluation.errors.levels import levels
from experiment_cycle.evaluation.errors.mitigated import mitigated_column
from experiment_cycle.evaluation.errors.retrained import MOST_FITS, Retraining, retrained_calls
from experiment_cycle.evaluation.errors.thresholds import thresholded_calls
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import MODELS, Predictions, rows_behind
from experiment_cycle.evaluation.records import Estimate, Mitigation, TradeOff
from experiment_cycle.metrics.classification import called
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.training.predicting import predict_outputs

logger = logging.getLogger(__name__)

GAP_OF = {
    "demographic_parity": "demographic_parity_difference",
    "equalized_odds": "equalized_odds_difference",
    "true_positive_rate_parity": "equal_opportunity_difference",
}
"""Which gap each constraint limits."""
TWO = 2
NO_TEST = (
    "there is no test set: the rows that stand in for it are those a fairer model would learn from"
)


@dataclass(frozen=True, eq=False)
class Parts:
    """The rows a fairer model is made from and judged on, with their groups and targets as codes.

    `codes` and `target` are by part: train, validation, test.
    """

    test: pd.DataFrame
    codes: dict[str, npt.NDArray[np.int64]]
    target: dict[str, npt.NDArray[np.int64]]
    labels: tuple[str, ...]


def mitigate(
    test: pd.DataFrame,
    predictions: Predictions,
    challenger: Any,
    retraining: Retraining,
    options: EvaluationOptions,
    seed: int,
) -> Mitigation:
    """Make fairer alternatives with Fairlearn, and measure what they gain and lose on test rows.

    `threshold_optimizer` gives every group thresholds of its own, fitted on what the challenger
    says of the validation rows (Hardt, Price and Srebro, Equality of Opportunity in Supervised
    Learning, 2016). `exponentiated_gradient` trains the challenger's estimator again and again on
    reweighted train rows (Agarwal and others, A Reductions Approach to Fair Classification, 2018).
    Both call rows at random where that is what they found; the values are the expected ones.

    Args:
        test: The test rows, indexed by `__row__`; empty where there is no test set.
        predictions: For the same rows.
        challenger: The fitted pipeline.
        retraining: How the challenger was trained, and on which rows.
        options: The method, the constraint, the tolerances, confidence and resamples.
        seed: Of the trainings, and of the resamples.

    Raises:
        ConfigurationError: no column is sensitive, or not the one asked for; or the problem is not
            binary.
        DataError: a group of the test rows is missing in validation or train, or has one class
            there.
    """
    wanted = options.fairness
    gap = GAP_OF[wanted.constraint]
    nothing = Mitigation(
        method="none", constraint=wanted.constraint, objective=wanted.objective, gap=gap
    )
    if wanted.mitigation == "none":
        return nothing
    column = mitigated_column(retraining.columns, options)
    if predictions.problem.type != "binary":
        raise ConfigurationError(
            f"evaluation.fairness.mitigation: '{wanted.mitigation}' is for two classes, and this "
            f"problem is {predictions.problem.type}. Next step: set it to none."
        )
    if test.empty:
        return nothing.model_copy(update={"column": column, "note": NO_TEST})
    parts = _parts(test, predictions, column, retraining, options)
    judge = _Judge(parts, predictions, options, seed)
    points = (
        _by_threshold(parts, predictions, challenger, retraining, options, judge)
        if wanted.mitigation == "threshold_optimizer"
        else _by_retraining(parts, retraining, options, judge, seed)
    )
    return nothing.model_copy(
        update={
            "method": wanted.mitigation,
            "column": column,
            "models": tuple(
                judge.measure(model, called(predictions.outcomes(model)).astype(np.float64))
                for model in MODELS
            ),
            "points": tuple(points),
        }
    )


def _parts(
    test: pd.DataFrame,
    predictions: Predictions,
    column: str,
    retraining: Retraining,
    options: EvaluationOptions,
) -> Parts:
    """Number the groups of all parts alike, and refuse a group that cannot be mitigated."""
    rows = rows_behind(test, predictions.table)
    frames = {"train": retraining.train, "validation": retraining.validation, "test": rows}
    joined = pd.concat([frame[column] for frame in frames.values()], ignore_index=True)
    found = levels(joined, options.slices.bins, MOST_LEVELS)
    ends = np.cumsum([len(frame) for frame in frames.values()])[:-1]
    codes = dict(zip(frames, np.split(found.codes, ends), strict=True))
    name, problem = retraining.columns.target, predictions.problem
    target = {part: problem.encode(frames[part][name], part) for part in frames}
    fitted = "validation" if options.fairness.mitigation == "threshold_optimizer" else "train"
    for code in np.unique(codes["test"]):
        classes = np.unique(target[fitted][codes[fitted] == code])
        if len(classes) < TWO:
            what = "no row" if not len(classes) else "rows of one class only"
            raise DataError(
                f"evaluation.fairness.mitigation: the group '{found.labels[code]}' of '{column}' "
                f"has {what} in {fitted}, so that nothing can be fitted for it. Next step: join "
                "rare levels in the raw data, or set mitigation to none."
            )
    return Parts(rows, codes, target, found.labels)


class _Judge:
    """Measures calls on the test rows: chances of being called positive, shape (n,)."""

    def __init__(
        self, parts: Parts, predictions: Predictions, options: EvaluationOptions, seed: int
    ) -> None:
        self._parts, self._options, self._seed = parts, options, seed
        self._units = predictions.units
        sizes = np.bincount(parts.codes["test"], minlength=len(parts.labels))
        self._compared = np.flatnonzero(sizes >= options.fairness.min_group_rows)

    def measure(self, name: str, chances: Floats, **told: float | None) -> TradeOff:
        """Measure the objective and the gap, with intervals."""
        options, parts = self._options, self._parts
        counts, resampled = soft_counts(
            *(parts.codes["test"], len(parts.labels), parts.target["test"], chances),
            *(self._units, options.bootstrap_replicates, np.random.default_rng(self._seed)),
        )
        drawn = group_rates(resampled[:, self._compared])
        rates = {
            rate: Measured(values, drawn[rate])
            for rate, values in group_rates(counts[self._compared]).items()
        }
        names = [parts.labels[code] for code in self._compared]
        gaps = fairlearn_gaps(rates, names, options.confidence)[0]
        tail = (1 - options.confidence) / 2
        lower, upper = np.quantile(self._objective(resampled), [tail, 1 - tail])
        return TradeOff(
            name=name,
            objective=Estimate(
                value=float(self._objective(counts)), lower=float(lower), upper=float(upper)
            ),
            gap=gaps[GAP_OF[options.fairness.constraint]],
            **told,
        )

    def _objective(self, counts: Floats) -> Floats:
        """Compute the objective over all groups, from counts of shape (..., groups, 2, 2)."""
        found = counts.sum(axis=-3)
        right = np.stack([found[..., 0, 0], found[..., 1, 1]], axis=-1)
        if self._options.fairness.objective == "accuracy":
            return np.asarray(right.sum(axis=-1) / found.sum(axis=(-2, -1)))
        return np.asarray((right / found.sum(axis=-1)).mean(axis=-1))


def _by_threshold(
    parts: Parts,
    predictions: Predictions,
    challenger: Any,
    retraining: Retraining,
    options: EvaluationOptions,
    judge: _Judge,
) -> list[TradeOff]:
    """Fit thresholds by group on validation; of equalized odds, mix with the challenger's calls."""
    wanted, outcomes = options.fairness, predictions.outcomes("challenger")
    scores = predict_outputs(challenger, retraining.validation, predictions.problem)

    def calls(tolerance: float | None) -> Floats:
        fitted = (scores, parts.target["validation"], parts.codes["validation"])
        applied = (outcomes.prediction, parts.codes["test"])
        return thresholded_calls(fitted, applied, wanted.constraint, wanted.objective, tolerance)

    if wanted.constraint != "equalized_odds":
        return [
            judge.measure(f"gap of {each:g} allowed", calls(each), tolerance=each)
            for each in sorted(wanted.tolerances)
        ]
    # Fairlearn does not relax equalized odds: between both, rows are called by either at random
    strict, own = calls(None), called(outcomes).astype(np.float64)
    shares = np.linspace(1.0, 0.0, len(wanted.tolerances) + 1)[:-1]
    return [
        judge.measure(
            f"{share:.0%} of the rows", share * strict + (1 - share) * own, share=float(share)
        )
        for share in shares
    ]


def _by_retraining(
    parts: Parts,
    retraining: Retraining,
    options: EvaluationOptions,
    judge: _Judge,
    seed: int,
) -> Sequence[TradeOff]:
    wanted = options.fairness
    prepared = retraining.prepare(seed)
    matrix = prepared.preprocess.transform(parts.test)
    found = []
    for place, each in enumerate(sorted(wanted.tolerances), start=1):
        logger.info(
            "Fairness: training under a gap of %g, %d of %d, each up to %d fits "
            "(evaluation.fairness.mitigation: exponentiated_gradient).",
            *(each, place, len(wanted.tolerances), MOST_FITS),
        )
        calls = retrained_calls(
            *(retraining, prepared, parts.codes["train"], matrix),
            *(wanted.constraint, wanted.objective, each, seed),
        )
        found.append(judge.measure(f"gap of {each:g} allowed", calls, tolerance=each))
    return found
