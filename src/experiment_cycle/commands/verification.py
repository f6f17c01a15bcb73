"""Whether every number rests on the stored predictions: what was compared, and what differs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from kedro.framework.startup import ProjectMetadata
from rich.table import Table
from rich.text import Text

from experiment_cycle.audit.auditing import Subject
from experiment_cycle.audit.differences import Difference, count_numbers, differences
from experiment_cycle.audit.recomputing import plan_recomputing, recomputed
from experiment_cycle.commands.audited_project import open_configuration
from experiment_cycle.commands.project import read
from experiment_cycle.commands.stored_results import check_there, load, stored_inputs, trust
from experiment_cycle.decision.ledger_before import ledger_before
from experiment_cycle.decision.records import Comparison, Look
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.options import Record, fingerprint
from experiment_cycle.tracking.cycle import Cycle

LEDGER, COMPARISON, RUN_COMMAND = "ledger", "comparison", "run_command"
MOST = 20
"""Differences of one dataset that are told one by one."""


class Verified(Record):
    """One dataset that was computed again; `numbers` is None where text is not told apart."""

    dataset: str
    numbers: int | None
    same: bool


class Verification(Record):
    """What `kedro cycle report --verify` found."""

    passed: bool
    verified: tuple[Verified, ...]
    differences: tuple[tuple[str, str, str, str], ...]
    """Of each: dataset, where in it, what is stored, what comes out now."""
    not_computed: dict[str, str]
    """Why other datasets that rest on predictions are not computed again."""


def check_same_parameters(
    metadata: ProjectMetadata, env: str | None, replaced: dict[str, Any], cycle: Path
) -> None:
    """Refuse to compare with what was made under other parameters.

    Raises:
        ConfigurationError: the present parameters are not those of the last cycle.
    """
    state = Cycle(cycle).load()
    parameters = read(open_configuration(metadata, env, replaced), "parameters")
    if state is not None and state.parameters != fingerprint(parameters):
        raise ConfigurationError(
            "The present parameters are not those that the last cycle was run with, so that other "
            "numbers are to be expected. Next step: give --env and --params as then (the report "
            "shows the command), or restore conf/."
        )


def verify(subject: Subject, command: str) -> Verification:
    """Compute everything again that rests on the stored predictions, and compare it bit for bit.

    Args:
        subject: The project.
        command: The one that ran the cycle, as the report shows it.

    Raises:
        DataError: the run has not left what is needed.
    """
    plan = plan_recomputing(subject.pipeline, subject.catalog)
    given = {RUN_COMMAND: command}
    needed = stored_inputs(subject.catalog, plan.pipeline) - set(given)
    check_there(subject.catalog, sorted(needed), "to verify")
    trust(subject, needed)
    look = _look(subject)
    prepare = {LEDGER: lambda content: ledger_before(content, look)}
    verified: list[Verified] = []
    found: list[Difference] = []
    with recomputed(plan.pipeline, subject.folder, subject.catalog, given, prepare) as files:
        for name in plan.compared:
            stored, made = files[name]
            told = list(islice(differences(name, stored, made, plan.measured(name)), MOST))
            found += told
            verified.append(Verified(dataset=name, numbers=count_numbers(made), same=not told))
    return Verification(
        passed=not found,
        verified=tuple(verified),
        differences=tuple(found),
        not_computed=dict(sorted(plan.left_out.items())),
    )


def verification_table(found: Verification) -> Table:
    """Tabulate what was verified, and what was not."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("dataset")
    table.add_column("numbers", justify="right")
    table.add_column("status")
    for each in found.verified:
        status = Text("verified", style="green") if each.same else Text("differs", style="bold red")
        table.add_row(each.dataset, "" if each.numbers is None else f"{each.numbers:,}", status)
    for name, why in found.not_computed.items():
        table.add_row(name, "", Text(f"not computed: {why}", style="magenta"))
    return table


def verification_lines(found: Verification) -> Iterator[str]:
    """Say what differs, a line each, then how much does not."""
    for dataset, where, stored, made in found.differences:
        yield f"{dataset}: {where}: stored {stored}, computed {made}"
    names = [each.dataset for each in found.verified if not each.same]
    same = [each for each in found.verified if each.same]
    numbers = sum(each.numbers or 0 for each in same)
    if names:
        yield f"Differ: {', '.join(names)}."
    yield (
        f"{len(same)} of {len(found.verified)} datasets are bit for bit what the stored "
        f"predictions give, {numbers:,} numbers among them."
    )


def _look(subject: Subject) -> Look | None:
    """Find the look that the stored comparison took."""
    catalog = subject.catalog
    if COMPARISON not in catalog or not catalog.exists(COMPARISON):
        return None
    return Comparison.model_validate(load(catalog, COMPARISON)).look
