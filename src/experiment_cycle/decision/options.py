"""Options of the stage decision."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from experiment_cycle.options import Options
from experiment_cycle.seen_rows import OnOverlap

Requirement = Literal["required", "advisory"]
REPRODUCIBLE = "reproducible"
"""The one gate that is there on request only."""


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
    reproducible: Requirement = "required"


class OwnGateOptions(Options):
    """A gate of the user's own."""

    path: str = Field(
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$",
        description="module and function, such as my_project.gates.has_enough_rows",
    )
    need: Requirement = Field(
        default="required", description="required: must pass for a promotion; advisory: shown"
    )


OwnGateName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


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
    on_overlap: OnOverlap = Field(
        default="refuse",
        description="if the champion has seen test rows: refuse (neither promote nor abandon), "
        "restrict (compare on the others; for splits by key_hash, in time or inherited) or retrain "
        "(compare with its procedure, tuned and trained on the present rows)",
    )
    futility: bool = Field(
        default=True, description="abandon also when the expected improvement is excluded"
    )
    reproduce: Literal["none", "retrain"] = Field(
        default="none",
        description="retrain: train the challenger again in a fresh process before the test set is "
        "opened, and demand the same model (gate 'reproducible'); none: that gate is left out",
    )
    gates: GateOptions = GateOptions()
    own_gates: dict[OwnGateName, OwnGateOptions] = Field(
        default={}, description="gates of your own, by the names they are shown under"
    )

    def required_gates(self) -> list[str]:
        """Name the gates, built in and own, without which nothing is promoted."""
        own = [(code, gate.need) for code, gate in self.own_gates.items()]
        left_out = {REPRODUCIBLE} if self.reproduce == "none" else set()
        return [
            code
            for code, need in [*self.gates, *own]
            if need == "required" and code not in left_out
        ]
