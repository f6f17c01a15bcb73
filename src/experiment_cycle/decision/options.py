"""Options of the stage decision."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from experiment_cycle.options import Options

Requirement = Literal["required", "advisory"]


class GateOptions(Options):
    """Which gates must pass for a promotion; the others are shown and decide nothing."""

    hypothesis_registered: Requirement = "required"
    no_leakage: Requirement = "required"
    data_version_committed: Requirement = "required"
    incumbent_unseen: Requirement = "required"
    artifacts_logged: Requirement = "required"
    edge_cases: Requirement = "advisory"
    decision_documented: Requirement = "required"
    code_committed: Requirement = "advisory"


class DecisionOptions(Options):
    """How a comparison becomes a decision."""

    registered_model: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        description="name in the model registry; letters, digits, and . _ -",
    )
    abandon_alpha: float = Field(
        default=0.05,
        gt=0.0,
        lt=0.5,
        description="level of the upper bounds, divided by the number of criteria; never spent",
    )
    planned_looks: int | None = Field(
        default=None,
        ge=1,
        description="looks at one family of test sets, alpha / planned_looks each; null: as many "
        "as there will be, at 6 alpha / (pi^2 t^2), and anew after a promotion",
    )
    futility: bool = Field(
        default=True, description="abandon also when the expected improvement is excluded"
    )
    gates: GateOptions = GateOptions()
