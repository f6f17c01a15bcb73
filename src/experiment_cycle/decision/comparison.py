"""Challenger against incumbent, on the same rows of the same test set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiment_cycle.decision.criteria import check_metrics, list_criteria
from experiment_cycle.decision.families import TestSet
from experiment_cycle.decision.folds import PairedFolds
from experiment_cycle.decision.ledger import Ledger
from experiment_cycle.decision.options import DecisionOptions
from experiment_cycle.decision.overlap import Tested
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.decision.records import Comparison, FoldEffects, Foresight, Look
from experiment_cycle.decision.seeds import spread_over_seeds
from experiment_cycle.decision.trade_offs import check_costs, judge_cost, track_cost
from experiment_cycle.decision.verdicts import Levels, judge, track
from experiment_cycle.errors import IntegrityError
from experiment_cycle.evaluation.prediction_cost import PredictionCost
from experiment_cycle.evaluation.predictions import MODELS
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.metrics.costs import COSTS
from experiment_cycle.options import fingerprint
from experiment_cycle.row_keys import hash_rows
from experiment_cycle.splitting.records import SplitManifest
from experiment_cycle.training.records import ModelRecord


def compare(  # noqa: PLR0913, PLR0917 - each is evidence of its own kind
    test_predictions: pd.DataFrame,
    fold_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    split_manifest: dict[str, Any],
    hypothesis: Hypothesis,
    options: DecisionOptions,
    test_set: TestSet,
    ledger: Path,
    foresight: Foresight | None = None,
    tested: Tested | None = None,
    cost: PredictionCost | None = None,
) -> Comparison:
    """Compare two models by the hypothesis' criteria, at the level the ledger grants this look.

    The look is reserved in the ledger before anything is computed. Models of one identity are not
    compared and spend nothing.

    Args:
        test_predictions: Indexed by `__row__`; columns as `Predictions` describes them.
        fold_predictions: As `CrossValidation.run` makes them; where there is no test set, these
            decide. Empty without cross-validation.
        challenger_record: A `ModelRecord`, as stored.
        incumbent_record: An `IncumbentRecord`, as stored.
        split_manifest: A `SplitManifest`, as stored.
        hypothesis: The criteria, and `alpha`.
        options: The level of the upper bounds, and how many looks are planned.
        test_set: By what the ledger recognises the rows that are looked at.
        ledger: The file that counts the looks.
        foresight: What the test set can show, as it was told before it was opened.
        tested: The test rows that are compared, if some are left out; None: all of them.
        cost: What the models cost; needed where the hypothesis names a cost.

    Raises:
        ConfigurationError: the hypothesis speaks of a metric that this problem does not have.
        DataError: the predictions are not of distinct rows, or not what the problem allows.
        IntegrityError: the models were made for different problems, the predictions are not of the
            test rows of the split manifest, one model predicts differently from itself, or the
            ledger was edited.
    """
    manifest = SplitManifest.model_validate(split_manifest)
    challenger = ModelRecord.model_validate(challenger_record)
    incumbent = IncumbentRecord.model_validate(incumbent_record)
    _check_same_problem(challenger, incumbent)
    check_metrics(hypothesis, challenger.problem)
    check_costs(hypothesis, cost)
    paired = _take(test_predictions, tested, challenger_record, incumbent_record)
    folds = PairedFolds.from_table(fold_predictions, challenger_record, incumbent_record)
    evidence = _evidence(paired, folds, manifest, hypothesis, challenger, incumbent)
    if cost is not None and COSTS.keys() & set(hypothesis.metrics()):
        evidence["prediction_cost"] = fingerprint(cost)
    without_test = folds is not None and not manifest.parts["test"].rows
    if not without_test:
        _check_rows(test_predictions, manifest)
    look = _take_look(
        *(paired, evidence, test_set, Ledger(ledger), hypothesis, options), by_folds=without_test
    )
    compared = folds if without_test and folds is not None else paired
    measured = _measure(paired, compared, hypothesis, options, incumbent, look, evidence, cost)
    told = None
    if folds is not None and look is not None:
        primary = hypothesis.success_criteria.primary.metric
        told = _over_folds(primary, folds, decides=without_test)
    overlap = None if tested is None else tested.overlap
    return measured.model_copy(update={"foresight": foresight, "folds": told, "overlap": overlap})


def _take(
    test_predictions: pd.DataFrame,
    tested: Tested | None,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
) -> PairedPredictions:
    """Take the predictions that are compared; of all test rows, or of those that stay."""
    compared = test_predictions if tested is None else tested.of(test_predictions)
    return PairedPredictions.from_table(compared, challenger_record, incumbent_record)


def _take_look(
    paired: PairedPredictions,
    evidence: dict[str, str],
    test_set: TestSet,
    ledger: Ledger,
    hypothesis: Hypothesis,
    options: DecisionOptions,
    *,
    by_folds: bool,
) -> Look | None:
    """Reserve a look in the ledger; None where both models are one, which spends nothing."""
    if evidence["challenger"] == evidence["incumbent"]:
        if not by_folds:
            _check_same_predictions(paired)
        return None
    content = _compared(evidence, paired, by_folds=by_folds)
    return ledger.reserve(
        *(test_set, content, hypothesis.alpha, hypothesis.id, options.planned_looks)
    )


def _check_rows(test_predictions: pd.DataFrame, manifest: SplitManifest) -> None:
    test = manifest.parts["test"]
    if hash_rows(test_predictions.index.to_numpy(dtype=np.int64)) != test.rows_hash:
        raise IntegrityError(
            f"The test predictions are of {len(test_predictions)} rows that are not the "
            f"{test.rows} test rows of the split manifest. Next step: kedro run "
            "--pipelines=splitting,tuning,training,evaluation,decision,reporting"
        )


def _over_folds(name: str, folds: PairedFolds, *, decides: bool) -> FoldEffects:
    return FoldEffects(
        folds=len(folds.parts), repeats=folds.repeats, decides=decides, effect=track(name, folds)
    )


def _measure(
    paired: PairedPredictions,
    compared: PairedPredictions | PairedFolds,
    hypothesis: Hypothesis,
    options: DecisionOptions,
    incumbent: IncumbentRecord,
    look: Look | None,
    evidence: dict[str, str],
    cost: PredictionCost | None,
) -> Comparison:
    """Judge every criterion; none where no look was granted, the models being one."""
    criteria = [] if look is None else list_criteria(hypothesis)
    effective = paired.units.effective
    verdicts = []
    if look is not None:
        levels = Levels.of(look.alpha, options.abandon_alpha, len(criteria), effective)
        verdicts = [
            judge(criterion, compared, levels)
            if cost is None or criterion.metric not in COSTS
            else judge_cost(criterion, cost, levels.lower, levels.upper)
            for criterion in criteria
        ]
    tracked = [] if look is None else hypothesis.metrics_to_track
    return Comparison(
        identical=look is None,
        incumbent_kind=incumbent.kind,
        retrained=incumbent.retrained,
        rows_hash=paired.rows_hash,
        rows=len(paired.rows),
        unit=paired.unit,
        units=paired.units.count,
        effective_units=effective,
        look=look,
        primary=verdicts[0] if verdicts else None,
        guardrails=tuple(verdicts[1:]),
        tracked=tuple(
            track(name, compared) if cost is None or name not in COSTS else track_cost(name, cost)
            for name in tracked
        ),
        seeds=None if look is None else spread_over_seeds(criteria[0].metric, paired),
        evidence=evidence,
    )


def _evidence(
    paired: PairedPredictions,
    folds: PairedFolds | None,
    manifest: SplitManifest,
    hypothesis: Hypothesis,
    challenger: ModelRecord,
    incumbent: IncumbentRecord,
) -> dict[str, str]:
    return {
        "content": manifest.content_hash,
        "split_manifest": manifest.hash,
        "test_rows": paired.rows_hash,
        "hypothesis": fingerprint(hypothesis),
        "challenger": challenger.identity,
        "incumbent": incumbent.identity,
        **paired.hashes(),
        **({"folds": folds.digest} if folds is not None else {}),
    }


def _compared(
    evidence: dict[str, str], paired: PairedPredictions, *, by_folds: bool
) -> dict[str, str]:
    """Name what makes a look what it is; anything else changed, it is the same look again.

    Further seeds decide nothing, and so are no part of it; nor folds beside a test set.
    """
    names = ["challenger_predictions", "incumbent_predictions", "hypothesis"]
    names += ["folds"] if by_folds else []
    thresholds = {
        f"{model}_threshold": repr(paired.threshold(model))
        for model in MODELS
        if paired.threshold(model) is not None
    }
    return {**{name: evidence[name] for name in names}, **thresholds}


def _check_same_problem(challenger: ModelRecord, incumbent: IncumbentRecord) -> None:
    if challenger.problem != incumbent.problem:
        raise IntegrityError(
            f"The challenger was trained for a {challenger.problem.type} problem with "
            f"{len(challenger.problem.classes)} classes, the {incumbent.kind} for a "
            f"{incumbent.problem.type} problem with {len(incumbent.problem.classes)}, or for other "
            "classes, so that they cannot be compared. Next step: kedro run "
            "--pipelines=training,evaluation,decision,reporting, or compare with a fresh baseline "
            "under another decision.registered_model."
        )


def _check_same_predictions(paired: PairedPredictions) -> None:
    own, other = (paired.models[model].prediction for model in MODELS)
    differing = int((own != other).reshape(len(paired.rows), -1).any(axis=1).sum())
    if differing:
        raise IntegrityError(
            "Challenger and incumbent have the same identity, yet their predictions differ on "
            f"{differing} test rows, so the predictions are not theirs. Next step: kedro run "
            "--pipelines=evaluation,decision,reporting"
        )
