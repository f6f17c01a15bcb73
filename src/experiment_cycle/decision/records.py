"""What the comparison, the gates and the decision rule found, as it is stored."""

from __future__ import annotations

from typing import Literal

from experiment_cycle.options import Record


class Verdict(Record):
    """One criterion of the hypothesis, judged.

    `effect` is the improvement in the metric's good direction. For a ratio and for absolute limits
    it is the distance of the challenger's value from the limit, positive on the good side. `lower`
    and `upper` are one-sided bounds of it, each at its own error level (0.05 leaves 95 %
    confidence); `threshold` is what the lower bound has to exceed, and `p_value` is one-sided
    against it. `rows_needed` is given where the criterion is undecided: test rows for 80 % power
    at `lower_level`, if the expected improvement (primary) or no difference (guardrail) were true.
    """

    criterion: Literal["primary", "guardrail"]
    metric: str
    requirement: str
    challenger: float | None
    incumbent: float | None
    effect: float | None
    threshold: float
    lower: float | None
    upper: float | None
    lower_level: float
    upper_level: float
    p_value: float | None
    test: str
    rows: int
    units: int
    effective_units: float
    status: Literal["met", "refuted", "undecided"]
    rows_needed: int | None = None
    note: str | None = None


class TrackedEffect(Record):
    """A metric that is shown and decides nothing: improvement with its two-sided 95 % interval."""

    metric: str
    challenger: float | None
    incumbent: float | None
    effect: float | None
    lower: float | None
    upper: float | None


class Look(Record):
    """One comparison of models on a family of test sets, and the level it was granted."""

    id: str
    family: str
    number: int
    alpha: float
    reused: bool


class Comparison(Record):
    """Challenger against incumbent on the same rows."""

    identical: bool
    """The challenger is the incumbent: nothing was compared and no look was spent."""
    incumbent_kind: Literal["champion", "baseline"]
    rows_hash: str
    rows: int
    units: int
    effective_units: float
    look: Look | None
    primary: Verdict | None
    guardrails: tuple[Verdict, ...]
    tracked: tuple[TrackedEffect, ...]
    evidence: dict[str, str]
    """Hashes of what was compared: predictions, split manifest, hypothesis, both models."""


class Gate(Record):
    """One integrity check; what was not run has not passed."""

    code: str
    title: str
    status: Literal["passed", "failed", "not_run"]
    required: bool
    evidence: str


class Decision(Record):
    """The outcome of the cycle."""

    decision: Literal["promote", "iterate", "abandon"]
    reasons: tuple[str, ...]
    hypothesis_id: str
    hypothesis_hash: str
    incumbent_kind: Literal["champion", "baseline"]
    look: Look | None
    evidence: dict[str, str]


class Promotion(Record):
    """What became of the registry alias."""

    moved: bool
    registered_model: str
    version: int | None
    previous_version: int | None
    aliases: tuple[str, ...]
    sentence: str
