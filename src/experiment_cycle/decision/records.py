"""What the comparison, the gates and the decision rule found, as it is stored."""

from __future__ import annotations

from typing import Literal

from experiment_cycle.metrics.units import UnitName
from experiment_cycle.options import Record
from experiment_cycle.seen_rows import OnOverlap


class Verdict(Record):
    """One criterion of the hypothesis, judged.

    `effect` is the improvement in the metric's good direction. For a ratio and for absolute limits
    it is the distance of the challenger's value from the limit, positive on the good side. `lower`
    and `upper` are one-sided bounds of it, each at its own error level (0.05 leaves 95 %
    confidence); `threshold` is what the lower bound has to exceed, and `p_value` is one-sided
    against it. `rows_needed` is given where the criterion is undecided: test rows for 80 % power
    at `lower_level`, if the expected improvement (primary) or no difference (guardrail) were true.
    Without `enough_units` it is undecided whatever the bounds. `probability_better` is as that of a
    `TrackedEffect`; None where the challenger alone is judged, or by a ratio.
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
    enough_units: bool
    status: Literal["met", "refuted", "undecided"]
    rows_needed: int | None = None
    note: str | None = None
    probability_better: float | None = None
    is_improvement: bool = True
    """`effect` is the difference of both models, and no distance from a limit."""


class TrackedEffect(Record):
    """A metric that is shown and decides nothing: improvement with its two-sided 95 % interval.

    `p_value` is two-sided, against no difference: below 0.05 where the interval leaves 0 out.
    `probability_better` is that the challenger is truly better, if nothing was known before: the
    share of the effect's confidence distribution above 0, which is one less the one-sided p-value
    (Xie and Singh 2013; over folds the correlated t test of Corani and Benavoli 2015).
    """

    metric: str
    challenger: float | None
    incumbent: float | None
    effect: float | None
    lower: float | None
    upper: float | None
    p_value: float | None
    probability_better: float | None
    rows: int
    unit: UnitName | Literal["fold", "call", "model"]
    units: int
    effective_units: float
    test: str
    """The method in words, with its source."""
    note: str | None = None


class Look(Record):
    """One comparison of models on a family of test sets, and the level it was granted."""

    id: str
    family: str
    number: int
    alpha: float
    reused: bool


class SeedEffects(Record):
    """The primary metric's improvement by every training of one logical run.

    The first is the training that was compared.
    `effects` is None where the metric is not defined; `mean` and `standard_deviation` (n - 1) are
    of the others. `flipped` is the share of the further seeds whose effect has another sign than
    the first.
    """

    metric: str
    effects: tuple[float | None, ...]
    mean: float | None
    standard_deviation: float | None
    flipped: float


class FoldEffects(Record):
    """The primary metric's improvement over the folds of a cross-validation: of the procedures.

    `decides` is True where there is no hold-out, so that the verdicts rest on the folds.
    """

    folds: int
    """Of all repeats together."""
    repeats: int
    decides: bool
    effect: TrackedEffect


class Foresight(Record):
    """What the test set can show of the primary metric, told from validation before it is opened.

    `smallest` is the least improvement that it shows with `power` at the error level `level`, and
    `rows_needed` the test rows that show the expected one; None where validation does not tell, as
    `note` says, or the family's budget is spent.
    """

    metric: str
    level: float
    power: float
    expected: float
    smallest: float | None
    rows: int
    effective_units: float
    rows_needed: int | None
    note: str | None = None

    @property
    def is_enough(self) -> bool:
        """Tell whether the expected improvement can be shown."""
        return self.smallest is not None and self.smallest <= self.expected


class Overlap(Record):
    """Test rows that a model has seen, and what was done about them.

    `left_out` of the `rows` test rows were not compared; `note` says why none were, although
    `on_overlap` is `restrict`.
    """

    on_overlap: OnOverlap
    seen: int
    rows: int
    left_out: int = 0
    told: str
    note: str | None = None


class Comparison(Record):
    """Challenger against incumbent on the same rows.

    `units` are the rows, groups or queries that were resampled. For ranking only queries with a
    relevant row count; `effective_units` is (sum n)^2 / sum n^2 over the units, n being a unit's
    rows, or its queries for ranking.
    """

    identical: bool
    """The challenger is the incumbent: nothing was compared and no look was spent."""
    incumbent_kind: Literal["champion", "baseline"]
    rows_hash: str
    rows: int
    unit: UnitName
    units: int
    effective_units: float
    look: Look | None
    primary: Verdict | None
    guardrails: tuple[Verdict, ...]
    tracked: tuple[TrackedEffect, ...]
    seeds: SeedEffects | None = None
    """None where the challenger was trained with one seed."""
    folds: FoldEffects | None = None
    """None without cross-validation."""
    overlap: Overlap | None = None
    """None where no model has seen a test row."""
    retrained: bool = False
    """The incumbent is the champion's procedure on the present training rows: the champion itself
    has seen test rows, and was not compared."""
    foresight: Foresight | None = None
    """None where there is no test set."""
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
    """The outcome of the cycle.

    `decided_by` is the user whose command made it, `decided_at` the moment (UTC, ISO 8601); both
    are empty in what a rule alone has said.
    """

    decision: Literal["promote", "iterate", "abandon"]
    reasons: tuple[str, ...]
    hypothesis_id: str
    hypothesis_hash: str
    incumbent_kind: Literal["champion", "baseline"]
    look: Look | None
    evidence: dict[str, str]
    decided_by: str = ""
    decided_at: str = ""


class Promotion(Record):
    """What became of the registry alias."""

    moved: bool
    registered_model: str
    version: int | None
    previous_version: int | None
    aliases: tuple[str, ...]
    sentence: str
