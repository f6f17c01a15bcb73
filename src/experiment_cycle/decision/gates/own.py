"""Gates of the user's own: functions named by dotted path in `decision.own_gates`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Protocol

from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.decision.options import GateOptions, OwnGateOptions
from experiment_cycle.dotted_paths import load
from experiment_cycle.errors import ConfigurationError

NEXT_STEP = (
    "Next step: write module and function, such as my_project.gates.has_enough_rows, of a "
    "package that is installed or lies in src/."
)


class OwnGate(Protocol):
    """A function that looks at the evidence; the first line of its docstring is the gate's title.

    It sees what the built-in gates see, and must not change it. What it raises fails the gate.
    """

    def __call__(self, evidence: Evidence, /) -> Outcome:
        """Look at the evidence."""
        ...


def load_gate(code: str, path: str) -> tuple[str, OwnGate]:
    """Import a gate.

    Returns:
        Its title, and the function.

    Raises:
        ConfigurationError: it cannot be imported, cannot be called with the evidence alone, or has
            no docstring to be titled by.
    """
    subject = f"'{path}', the gate '{code}',"
    found = load(path, subject, NEXT_STEP)
    try:
        inspect.signature(found).bind(None)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{subject} cannot be called with one argument, the evidence: {error}. Next step: "
            "define it as def gate(evidence: Evidence) -> Outcome."
        ) from error
    if isinstance(found, type) or inspect.iscoroutinefunction(found):
        raise ConfigurationError(f"{subject} is no plain function. {NEXT_STEP}")
    title = (inspect.getdoc(found) or "").partition("\n")[0].rstrip(".")
    if not title:
        raise ConfigurationError(
            f"{subject} has no docstring. Next step: give it one; its first line is the title "
            "that the report shows."
        )
    return title, found


def check_own_gates(own: Mapping[str, OwnGateOptions]) -> None:
    """Import every own gate, so that a mistake in one is told before anything is run.

    Raises:
        ConfigurationError: one has the name of a built-in gate, or cannot be used.
    """
    for code, options in own.items():
        if code in GateOptions.model_fields:
            raise ConfigurationError(
                f"'{code}' is a built-in gate. Next step: give your own another name."
            )
        load_gate(code, options.path)
