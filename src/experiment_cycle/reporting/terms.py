"""The words of the report: signs that do not rely on colour, explanations, names of units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from experiment_cycle.metrics.units import UnitName
from experiment_cycle.reporting.numbers import number

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
    "effective units": "How many independent, equally large units the test rows are worth.",
    "slice": "The test rows with one level of one column.",
    "excess": "Mean loss of the slice less that of all other rows, with its own interval.",
    "support": "How many rows a number rests on.",
    "drift effect": "Of numbers and dates the largest difference of the cumulative shares, of "
    "levels the share of rows that would have to change level: 0 is none, 1 is everything.",
    "content hash": "Fingerprint of all rows, columns and types: the same data give the same hash.",
    "trial": "One choice of hyperparameters: a model is trained with it on the train rows and "
    "measured on the validation rows.",
    "corrected value": "What the best of many trials is expected to be worth on new rows. The best "
    "of many values on the same rows is partly luck; here the choice is made on some of the "
    "validation rows and measured on the others, many times.",
    "stopped early": "A trial that was given up after a few rounds or epochs, because others were "
    "better by then.",
    "early stopping": "Training ends once the validation metric has not improved for a while; the "
    "best step is kept.",
    "threshold": "From this probability on a row is called positive. It is fixed before the test "
    "rows are looked at.",
    "calibration": "A second step that makes probabilities say how often things happen, fitted on "
    "rows the model was not trained on.",
    "refit": "Once every choice is made, the model is trained again on train and validation "
    "together, for as many steps as were best.",
    "seeds": "Trainings that differ in their random choices only. Their spread is what chance in "
    "training does to a number; the worst is what bad luck would have given.",
    "confusion": "Rows by the class they are of, and by the class they are called.",
    "partial dependence": "The mean prediction if every row had the same value of one feature and "
    "all else stayed as it is (Friedman 2001). Thin lines are single rows.",
    "counterfactual": "A row like one of the test set, with a few other values, of which the model "
    "says something else (Wachter et al. 2017).",
    "learning curve": "The metric of models trained on growing shares of the training rows: does "
    "it still improve towards the end, more data would help.",
}
"""The words that every report explains, in the order in which they come up."""

ALONE = "rows that stand alone"
UNITS: dict[UnitName, str] = {
    "row": ALONE,
    "group": "groups",
    "query": "queries",
    "moment": "moments",
}


def units(kind: UnitName, count: int) -> str:
    """Say how many units were resampled, such as ``414 groups``."""
    one = kind if kind in {"query", "moment"} else "group"
    return f"{number(count)} {one if count == 1 and kind != 'row' else UNITS[kind]}"


def in_units(kind: UnitName, count: int) -> str:
    """Say of rows which units they are in, such as ``, in 414 groups``; to follow their number."""
    return ", each by itself" if kind == "row" else f", in {units(kind, count)}"


def shown_status(status: str) -> str:
    """Write a status as icon and word."""
    sign = SIGNS[status]
    return f"{sign.icon} {sign.word}"
