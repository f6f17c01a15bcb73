"""W&B's package, imported so that it says and sends nothing of its own accord."""

from __future__ import annotations

import os

# even an offline run would ask where to send reports of errors, over the network
os.environ.setdefault("WANDB_ERROR_REPORTING", "false")

import wandb

__all__ = ["quiet_settings", "wandb"]


def quiet_settings() -> wandb.Settings:
    """Make settings for a run that prints nothing, and records nothing but what it is given."""
    return wandb.Settings(
        console="off",
        silent=True,
        disable_code=True,
        disable_git=True,
        disable_job_creation=True,
        # instead of the machine's name
        host="",
        save_code=False,
        symlink=False,
        x_disable_machine_info=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_save_requirements=False,
    )
