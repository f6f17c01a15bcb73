"""The word of warning that a leak stands in the way of a promotion, before a look is spent."""

from __future__ import annotations

import logging

from experiment_cycle.splitting.records import LeakageReport

logger = logging.getLogger(__name__)


def warn_of_leakage(report: LeakageReport) -> None:
    """Log every failed check with its remedy, and that the gate on leakage cannot pass."""
    failed = [item for item in report.findings if item.status == "failed"]
    if report.passed and not failed:
        return
    told = " ".join(f"{item.code}: {item.message}" for item in failed)
    logger.warning(
        "The leakage audit has failed. Nothing is promoted on this split while the gate "
        "'no_leakage' is required, and a comparison takes a look at the test set all the same. %s "
        "Next step: mend the split and run from splitting on, or answer for the finding in "
        "splitting.audit.waivers.",
        told,
    )
