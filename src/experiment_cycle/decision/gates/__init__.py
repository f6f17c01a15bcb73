"""Integrity checks: what was not run has not passed."""

from __future__ import annotations

import logging
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
)
from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.decision.options import GateOptions
from experiment_cycle.decision.records import Gate
from experiment_cycle.errors import CycleError

__all__ = ["Evidence", "check"]

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
}


def check(evidence: Evidence, gate_options: GateOptions) -> list[Gate]:
    """Check every gate, always in the same order.

    A gate that ends in an error has failed, with the error as its evidence: a whole cycle is not
    lost to it, and nothing is promoted past it where it is required.
    """
    return [
        _run(code, module, evidence, required=getattr(gate_options, code) == "required")
        for code, module in GATES.items()
    ]


def _run(code: str, module: ModuleType, evidence: Evidence, *, required: bool) -> Gate:
    try:
        outcome: Outcome = module.check(evidence)
    except CycleError as error:
        outcome = Outcome("failed", error.message)
    except Exception as error:
        logger.exception("The gate '%s' ended in an error.", code)
        outcome = Outcome("failed", f"It could not be checked: {type(error).__name__}: {error}")
    return Gate(
        code=code,
        title=module.TITLE,
        status=outcome.status,
        required=required,
        evidence=outcome.evidence,
    )
