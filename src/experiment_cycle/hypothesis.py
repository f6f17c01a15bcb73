"""The hypothesis: what is claimed, what is expected, and what would count as success."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from experiment_cycle.options import Options

LIMITS = ("max_increase", "max_decrease", "max_increase_ratio", "max", "min")


class PrimaryCriterion(Options):
    """The one metric the hypothesis stands or falls by; improvements are in its good direction."""

    metric: str
    min_improvement: float = Field(default=0.0, ge=0.0)
    expected_improvement: float = Field(gt=0.0)

    @model_validator(mode="after")
    def _expect_more_than_the_minimum(self) -> Self:
        if self.expected_improvement <= self.min_improvement:
            raise ValueError(
                f"expected_improvement ({self.expected_improvement}) must be greater than "
                f"min_improvement ({self.min_improvement})"
            )
        return self


class Guardrail(Options):
    """A metric that must not get worse by more than a margin, or must stay within a limit."""

    metric: str
    max_increase: float | None = Field(default=None, gt=0.0)
    max_decrease: float | None = Field(default=None, gt=0.0)
    max_increase_ratio: float | None = Field(default=None, gt=0.0)
    max: float | None = None
    min: float | None = None
    require: Literal["non_inferior", "superior"] = "non_inferior"

    @model_validator(mode="after")
    def _exactly_one_limit(self) -> Self:
        given = [name for name in LIMITS if getattr(self, name) is not None]
        allowed = ", ".join(LIMITS)
        if self.require == "superior":
            if given:
                raise ValueError(f"'require: superior' takes no limit, but {given[0]} is given")
        elif len(given) != 1:
            raise ValueError(
                f"a guardrail takes exactly one of {allowed}; given: {', '.join(given) or 'none'}"
            )
        return self

    @property
    def limit(self) -> tuple[str, float]:
        """The limit's kind and its value; ``("superior", 0.0)`` where superiority is required."""
        for name in LIMITS:
            value = getattr(self, name)
            if value is not None:
                return name, float(value)
        return "superior", 0.0


class SuccessCriteria(Options):
    """The primary criterion and the guardrails around it."""

    primary: PrimaryCriterion
    guardrails: tuple[Guardrail, ...] = ()


class Hypothesis(Options):
    """One claim, with the rule that decides it; hashed and frozen before the first look."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    statement: str = Field(min_length=1)
    expected_outcome: str = Field(min_length=1)
    success_criteria: SuccessCriteria
    metrics_to_track: tuple[str, ...] = ()
    alpha: float = Field(default=0.05, gt=0.0, lt=0.5)

    def metrics(self) -> list[str]:
        """Name every metric the hypothesis speaks of, the primary first, none twice."""
        criteria = self.success_criteria
        named = [criteria.primary.metric, *(rail.metric for rail in criteria.guardrails)]
        return list(dict.fromkeys([*named, *self.metrics_to_track]))
