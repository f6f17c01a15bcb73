"""Challenger against incumbent, on the same rows of the same test set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from experiment_cycle.decision.criteria import check_hypothesis, list_criteria
from experiment_cycle.decision.ledger import Ledger
from experiment_cycle.decision.options import DecisionOptions
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.decision.records import Comparison, Look
from experiment_cycle.decision.verdicts import Levels, judge, track
from experiment_cycle.errors import IntegrityError
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.options import fingerprint
from experiment_cycle.splitting.records import SplitManifest
from experiment_cycle.training.records import ModelRecord


def compare(
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    split_manifest: dict[str, Any],
    hypothesis: Hypothesis,
    options: DecisionOptions,
    threshold: float,
    ledger: Path,
) -> Comparison:
    """Compare two models by the hypothesis' criteria, at the level the ledger grants this look.

    The look is reserved in the ledger before anything is computed. Models of one identity are not
    compared and spend nothing.

    Args:
        test_predictions: Indexed by `__row__`; columns `unit`, `target`, `challenger`, `incumbent`.
        challenger_record: A `ModelRecord`, as stored.
        incumbent_record: An `IncumbentRecord`, as stored.
        split_manifest: A `SplitManifest`, as stored.
        hypothesis: The criteria, and `alpha`.
        options: The level of the upper bounds.
        threshold: A row is called positive from this probability on.
        ledger: The file that counts the looks.

    Raises:
        ConfigurationError: the hypothesis cannot be judged.
        DataError: the predictions are not probabilities of distinct rows.
        IntegrityError: the predictions are not of the test rows of the split manifest, one model
            predicts differently from itself, or the ledger was edited.
    """
    check_hypothesis(hypothesis)
    manifest = SplitManifest.model_validate(split_manifest)
    challenger = ModelRecord.model_validate(challenger_record)
    incumbent = IncumbentRecord.model_validate(incumbent_record)
    paired = PairedPredictions.from_table(test_predictions, threshold)
    evidence = _evidence(paired, manifest, hypothesis, challenger, incumbent)
    family = manifest.parts["test"].rows_hash
    if paired.rows_hash != family:
        raise IntegrityError(
            f"The test predictions are of {len(paired.rows)} rows that are not the "
            f"{manifest.parts['test'].rows} test rows of the split manifest. Next step: kedro run "
            "--pipelines=splitting,tuning,training,evaluation,decision,reporting"
        )
    look = None
    if challenger.identity == incumbent.identity:
        _check_same_predictions(paired)
    else:
        look = Ledger(ledger).reserve(
            family, _compared(evidence, threshold), hypothesis.alpha, hypothesis.id
        )
    return _measure(paired, hypothesis, options, incumbent, look, evidence)


def _measure(
    paired: PairedPredictions,
    hypothesis: Hypothesis,
    options: DecisionOptions,
    incumbent: IncumbentRecord,
    look: Look | None,
    evidence: dict[str, str],
) -> Comparison:
    """Judge every criterion; none where no look was granted, the models being one."""
    criteria = [] if look is None else list_criteria(hypothesis)
    effective = paired.units.effective
    verdicts = []
    if look is not None:
        levels = Levels.of(look.alpha, options.abandon_alpha, len(criteria), effective)
        verdicts = [judge(criterion, paired, levels) for criterion in criteria]
    tracked = [] if look is None else hypothesis.metrics_to_track
    return Comparison(
        identical=look is None,
        incumbent_kind=incumbent.kind,
        rows_hash=paired.rows_hash,
        rows=len(paired.rows),
        units=paired.units.count,
        effective_units=effective,
        look=look,
        primary=verdicts[0] if verdicts else None,
        guardrails=tuple(verdicts[1:]),
        tracked=tuple(track(name, paired) for name in tracked),
        evidence=evidence,
    )


def _evidence(
    paired: PairedPredictions,
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
        "challenger_predictions": paired.hash("challenger"),
        "incumbent_predictions": paired.hash("incumbent"),
    }


def _compared(evidence: dict[str, str], threshold: float) -> dict[str, str]:
    """Name what makes a look what it is; anything else changed, it is the same look again."""
    names = ("challenger_predictions", "incumbent_predictions", "hypothesis")
    return {**{name: evidence[name] for name in names}, "threshold": repr(threshold)}


def _check_same_predictions(paired: PairedPredictions) -> None:
    differing = int((paired.challenger != paired.incumbent).sum())
    if differing:
        raise IntegrityError(
            "Challenger and incumbent have the same identity, yet their predictions differ on "
            f"{differing} test rows, so the predictions are not theirs. Next step: kedro run "
            "--pipelines=evaluation,decision,reporting"
        )
