"""Integrity checks: what was not run has not passed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import ModuleType

from experiment_cycle.decision.gates import (
    artifacts_logged,
    code_committed,
    data_version_committed,
    decision_documented,
    edge_cases,
    hypothesis_registered,
    incumbent_unseen,
    no_leakage,
    reproducible,
)
from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.decision.gates.own import OwnGate, load_gate
from experiment_cycle.decision.options import REPRODUCIBLE, GateOptions, OwnGateOptions
from experiment_cycle.decision.records import Gate
from experiment_cycle.errors import CycleError

__all__ = ["Evidence", "Outcome", "OwnGate", "check"]

logger = logging.getLogger(__name__)

GATES: dict[str, ModuleType] = {
    "hypothesis_registered": hypothesis_registered,
    "no_leakage": no_leakage,
    "data_version_committed": data_version_committed,
    "incumbent_unseen": incumbent_unseen,
    "artifacts_logged": artifacts_logged,
    "edge_cases": edge_cases,
    "decision_documented": decision_documented,
    "code_committed": code_committed,
    REPRODUCIBLE: reproducible,
}


def check(
    evidence: Evidence,
    gate_options: GateOptions,
    own: Mapping[str, OwnGateOptions] | None = None,
) -> list[Gate]:
    """Check every gate, the built-in ones first, always in the same order.

    `reproducible` is among them only where the challenger was to be trained again.

    A gate that ends in an error has failed, with the error as its evidence: a whole cycle is not
    lost to it, and nothing is promoted past it where it is required.

    Raises:
        ConfigurationError: a gate of the user's own cannot be imported.
    """
    gates = [
        _run(
            code,
            module.TITLE,
            module.check,
            evidence,
            required=getattr(gate_options, code) == "required",
        )
        for code, module in GATES.items()
        if code != REPRODUCIBLE or evidence.retrained is not None
    ]
    for code, options in (own or {}).items():
        title, gate = load_gate(code, options.path)
        gates.append(_run(code, title, gate, evidence, required=options.need == "required"))
    return gates


def _run(code: str, title: str, gate: OwnGate, evidence: Evidence, *, required: bool) -> Gate:
    try:
        outcome = gate(evidence)
        if not isinstance(outcome, Outcome):
            outcome = Outcome(
                "failed", f"It answered with a {type(outcome).__name__}, which is no Outcome."
            )
        return Gate(code=code, title=title, required=required, **outcome._asdict())
    except CycleError as error:
        outcome = Outcome("failed", error.message)
    except Exception as error:
        logger.exception("The gate '%s' ended in an error.", code)
        outcome = Outcome("failed", f"It could not be checked: {type(error).__name__}: {error}")
    return Gate(code=code, title=title, required=required, **outcome._asdict())
