"""Options of the leakage audit: what was waived, and which population the claim is about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from experiment_cycle.errors import near_misses
from experiment_cycle.options import Options

CODES = tuple(f"LEAK{number:03d}" for number in range(1, 20))
"""Every code there is; LEAK016 to LEAK019 are those of the fit witness, the canaries, the seal."""

TOLERANCE = 1e-6
Reason = Annotated[str, Field(min_length=1)]


class Waiver(Options):
    """A finding that someone answers for; it is shown as waived, never as passed."""

    code: str = Field(description="code of the check")
    column: str | None = Field(default=None, description="only for this column; null: for all")
    reason: Reason = Field(description="why it is no leak, or why it must be borne")
    by: Reason = Field(description="who says so")

    @field_validator("code")
    @classmethod
    def _is_known(cls, code: str) -> str:
        if code not in CODES:
            raise ValueError(f"'{code}' is the code of no check. {near_misses(code, CODES)}")
        return code

    @field_validator("reason", "by")
    @classmethod
    def _says_something(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("a waiver needs a reason and the name of who gives it")
        return text


class Population(Options):
    """The rows the claim is about: a file of them, or the shares of levels, column by column."""

    file: Path | None = Field(default=None, description="a Parquet or CSV file of such rows")
    marginals: dict[str, dict[str, float]] = Field(
        default={}, description="column: {level: share}; the shares of a column add up to 1"
    )

    @model_validator(mode="after")
    def _shares_add_up(self) -> Population:
        for name, shares in self.marginals.items():
            if (
                any(share < 0 for share in shares.values())
                or abs(sum(shares.values()) - 1) > TOLERANCE
            ):
                raise ValueError(
                    f"the shares of '{name}' are {shares}; they must be 0 or more and add up to 1"
                )
        return self


class AuditOptions(Options):
    """What the leakage audit is told beyond the roles of the columns."""

    waivers: tuple[Waiver, ...] = Field(default=(), description="findings someone answers for")
    population: Population | None = Field(
        default=None, description="the population of the claim; null: not compared with one"
    )
    max_rows: int = Field(
        default=1_000_000,
        ge=1_000,
        description="a larger table is sampled, by hash, for all checks but the structural ones",
    )
