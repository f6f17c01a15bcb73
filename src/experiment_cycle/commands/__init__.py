"""`kedro cycle ...`: what can be asked and done beside `kedro run`.

Every `kedro` command imports this package, so that commands import what they need when called.
"""

from __future__ import annotations

import click

from experiment_cycle.commands.audit import audit
from experiment_cycle.commands.clean import clean
from experiment_cycle.commands.compare import compare
from experiment_cycle.commands.data import data
from experiment_cycle.commands.decide import decide
from experiment_cycle.commands.predict import predict
from experiment_cycle.commands.promote import promote, rollback
from experiment_cycle.commands.report import report
from experiment_cycle.commands.reproduce import reproduce
from experiment_cycle.commands.runs import runs
from experiment_cycle.commands.sync import sync
from experiment_cycle.commands.what_if import what_if
from experiment_cycle.quiet_exit import mute_native_exit


@click.group(name="Experiment Cycle")
def commands() -> None:
    """Give Kedro its project commands; it merges them with its own."""


@commands.group()
def cycle() -> None:
    """Data versions and results of the experiment cycle."""
    mute_native_exit()


cycle.add_command(audit)
cycle.add_command(clean)
cycle.add_command(compare)
cycle.add_command(data)
cycle.add_command(decide)
cycle.add_command(predict)
cycle.add_command(promote)
cycle.add_command(rollback)
cycle.add_command(reproduce)
cycle.add_command(runs)
cycle.add_command(report)
cycle.add_command(sync)
cycle.add_command(what_if)
