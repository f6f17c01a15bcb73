"""The words of the report: labels, signs that do not rely on colour, explanations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from experiment_cycle.metrics.catalogue import known_metrics, metric

Tone = Literal["good", "bad", "open"]


@dataclass(frozen=True)
class Sign:
    """How a status is shown: a word, an icon and a tone, so that colour is never alone."""

    word: str
    icon: str
    tone: Tone


SIGNS: dict[str, Sign] = {
    "promote": Sign("PROMOTE", "✓", "good"),
    "iterate": Sign("ITERATE", "↻", "open"),
    "abandon": Sign("ABANDON", "✕", "bad"),
    "met": Sign("met", "✓", "good"),
    "refuted": Sign("refuted", "✕", "bad"),
    "undecided": Sign("undecided", "?", "open"),
    "passed": Sign("passed", "✓", "good"),
    "failed": Sign("failed", "✕", "bad"),
    "warning": Sign("warning", "!", "open"),
    "waived": Sign("waived", "~", "open"),
    "not_run": Sign("not run", "○", "open"),
    "not_applicable": Sign("not applicable", "○", "open"),
    "complete": Sign("complete", "✓", "good"),
}

TERMS = {
    "promote": "Every criterion is met and every required gate has passed: the challenger becomes "
    "champion.",
    "iterate": "Nothing can be decided on this evidence: the registry stays as it was.",
    "abandon": "A criterion is refuted or the claim excluded: the registry stays as it was.",
    "hypothesis": "What is claimed, the outcome expected, and the criteria that decide it.",
    "challenger": "The model this cycle trained to test the hypothesis.",
    "champion": "The model that the registry alias champion points to.",
    "baseline": "A simple reference model trained in the same cycle; it stands in for a missing "
    "champion.",
    "incumbent": "What the challenger is compared with: the champion where there is one, else the "
    "baseline.",
    "primary criterion": "The one metric the hypothesis stands or falls by.",
    "guardrail": "A metric that must not get worse by more than its margin.",
    "improvement": "The difference between the two models in the metric's good direction: "
    "positive is better, whether more or less of the metric is good.",
    "bounds": "With the confidence given, the true improvement is above the lower bound; with "
    "the confidence given for the other one, it is below the upper bound.",
    "met": "The lower bound exceeds what is demanded.",
    "refuted": "Even the upper bound does not exceed what is demanded.",
    "undecided": "What is demanded lies between the bounds: these test rows cannot tell.",
    "gate": "A check of the evidence itself. What was not run has not passed.",
    "required": "Must pass for a promotion.",
    "advisory": "Shown; decides nothing.",
    "look": "One comparison of two models on a test set. Each look at the same test set is granted "
    "a smaller error level, so that trying again does not turn chance into success.",
    "interval": "The range of values the data do not contradict; it covers the true value in 95 "
    "of 100 repetitions, unless another level is given.",
    "effective units": "How many independent, equally large groups the test rows are worth.",
    "slice": "The test rows with one level of one column.",
    "support": "How many rows a number rests on.",
    "ROC AUC": "Chance that a random positive row is scored above a random negative one; 0.5 is "
    "guessing, 1 is perfect.",
    "average precision": "Area under the precision-recall curve; the share of positive rows is "
    "guessing, 1 is perfect.",
    "log loss": "Mean surprise, in nats, at what really happened; 0 is perfect, less is better.",
    "Brier score": "Mean squared distance of the probability from the outcome; less is better.",
    "accuracy": "Share of the rows called correctly at the threshold.",
    "precision": "Share of the rows called positive that are positive.",
    "recall": "Share of the positive rows that are called positive.",
    "F1": "Harmonic mean of precision and recall.",
    "selection rate": "Share of the rows called positive.",
    "true positive rate": "Share of the positive rows that are called positive; the same as "
    "recall.",
    "false positive rate": "Share of the negative rows that are called positive.",
    "demographic parity difference": "Greatest difference between the groups' selection rates; 0 "
    "is equal.",
    "demographic parity ratio": "Smallest selection rate over the greatest; 1 is equal.",
    "equalized odds difference": "Greatest difference between the groups' true positive rates, or "
    "false positive rates, whichever is worse; 0 is equal.",
    "equalized odds ratio": "The same two rates as a ratio, whichever is worse; 1 is equal.",
    "equal opportunity difference": "Greatest difference between the groups' true positive rates; "
    "0 is equal.",
    "content hash": "Fingerprint of all rows, columns and types: the same data give the same hash.",
    "early stopping": "Training ends once the validation metric has not improved for a while; the "
    "best round is kept.",
}
"""Every term the report explains, in the order in which it comes up."""


def shown_status(status: str) -> str:
    """Write a status as icon and word."""
    sign = SIGNS[status]
    return f"{sign.icon} {sign.word}"


def label(name: str) -> str:
    """Name a metric, gap or setting for a reader."""
    return metric(name).label if name in known_metrics() else name.replace("_", " ")


def good_direction(name: str) -> str:
    """Say which way is better for a metric."""
    return "more is better" if metric(name).greater_is_better else "less is better"
