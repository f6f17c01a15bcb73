"""`kedro cycle ...`: what can be asked and done beside `kedro run`.

Every `kedro` command imports this package, so that commands import what they need when called.
"""

from __future__ import annotations

import click

from experiment_cycle.commands.audit import audit
from experiment_cycle.commands.data import data


@click.group(name="Experiment Cycle")
def commands() -> None:
    """Give Kedro its project commands; it merges them with its own."""


@commands.group()
def cycle() -> None:
    """Data versions and results of the experiment cycle."""


cycle.add_command(audit)
cycle.add_command(data)
