"""Make the finding of a check that runs outside the stage splitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from experiment_cycle.splitting.leakage import findings
from experiment_cycle.splitting.leakage.context import Audit
from experiment_cycle.splitting.leakage.findings import About, Accusation
from experiment_cycle.splitting.leakage.options import AuditOptions
from experiment_cycle.splitting.records import Finding


@dataclass(frozen=True)
class _Waivers:
    """The part of an audit's context that a conclusion is drawn from."""

    options: AuditOptions


def conclude(
    options: AuditOptions,
    about: About,
    accusations: Sequence[Accusation],
    passed: str,
    remedy: str,
    **evidence: Any,
) -> Finding:
    """Make a finding; see `splitting.leakage.findings.conclude`. `options` has the waivers."""
    waivers = cast(Audit, _Waivers(options))
    return findings.conclude(waivers, about, accusations, passed, remedy, **evidence)
