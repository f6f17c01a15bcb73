"""W&B's server: is it there, create a sweep, run an agent. For a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from experiment_cycle.tuning.options import WandbOptions
from experiment_cycle.wandb_sdk import quiet_settings, wandb

FINISH_SECONDS = 30
"""How long the last data of a run may take to be sent; what is not sent stays on the disk."""
CONNECT_SECONDS = 10


def connect() -> None:
    """See that the server is there and takes the key.

    Raises:
        wandb.Error: it is not, or it does not; after a few seconds.
    """
    hurried = quiet_settings()
    hurried.x_graphql_retry_max = 1
    hurried.x_graphql_retry_wait_min_seconds = 0.5
    hurried.x_graphql_retry_wait_max_seconds = 1
    hurried.x_graphql_timeout_seconds = CONNECT_SECONDS
    wandb.setup(hurried)
    wandb.Api(timeout=CONNECT_SECONDS)
    # from now on with the patience that W&B thinks right
    wandb.teardown()


def create_sweep(
    options: WandbOptions, configuration: dict[str, Any], prior_runs: Sequence[str]
) -> str:
    """Create a sweep, and give its path, entity/project/id.

    Args:
        options: Where.
        configuration: Of the sweep.
        prior_runs: Runs that the sweep is to know of.
    """
    sweep = wandb.sweep(
        configuration,
        entity=options.entity,
        project=options.project,
        prior_runs=list(prior_runs) or None,
    )
    # the server has said whose it is, where nobody had told it
    return f"{os.environ['WANDB_ENTITY']}/{os.environ['WANDB_PROJECT']}/{sweep}"


def run_agent(sweep: str, function: Callable[[], None]) -> None:
    """Ask the server for one trial and run it; without a call it has no more.

    One trial an agent: between two of them an agent would wait for the next of its heartbeats,
    which come every five seconds, and the search could not stop in between.
    """
    wandb.agent(sweep, function, count=1)


def begin_run(options: WandbOptions, config: dict[str, Any] | None = None) -> wandb.Run:
    """Begin a run: the one that the agent was handed out, or one with a configuration given."""
    settings = quiet_settings()
    settings.finish_timeout = min(FINISH_SECONDS, options.wait_seconds / 2)
    if config is None:
        return wandb.init(settings=settings)
    return wandb.init(
        entity=options.entity,
        project=options.project,
        job_type="trial",
        name="trial 0",
        config=config,
        settings=settings,
    )
