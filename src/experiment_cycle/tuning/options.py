"""What to search for, and how: `parameters_tuning.yml`."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from experiment_cycle.options import Options
from experiment_cycle.problem import Task
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.steps import loss_of
from experiment_cycle.tuning.derived import derive_space
from experiment_cycle.tuning.spaces import Space, in_order


class Spaces(Options):
    """The search space of every estimator; null: derived from it."""

    dummy: Space | None = None
    linear: Space | None = None
    sgd: Space | None = None
    mlp: Space | None = None
    random_forest: Space | None = None
    hist_gradient_boosting: Space | None = None
    lightgbm: Space | None = None
    xgboost: Space | None = None
    skorch: Space | None = None
    custom: Space | None = None


class HyperbandOptions(Options):
    """How early a trial is given up."""

    min_resource: int | None = Field(
        default=None, ge=1, description="rounds or epochs before a trial is first judged"
    )
    reduction_factor: int = Field(
        default=3, ge=2, description="of so many trials one goes on, and for so many times as long"
    )


class RayOptions(Options):
    """Where backend ray searches."""

    address: str | None = Field(
        default=None, description="of a cluster, or auto: the one on this machine; null: an own one"
    )

    @field_validator("address")
    @classmethod
    def _is_of_a_head(cls, address: str | None) -> str | None:
        if address not in {None, "auto"} and not re.fullmatch(r"[^/\s]+:\d+", str(address)):
            raise ValueError(
                "a cluster is named by the host and port of its head, such as 10.0.0.5:6379, or by "
                "auto; Ray's client (ray://) cannot be searched through"
            )
        return address


class WandbOptions(Options):
    """Where backend wandb searches."""

    mode: Literal["offline", "online"] = Field(
        default="offline",
        description="offline: trials are chosen here, and nothing is sent; online: by W&B's server",
    )
    project: str = Field(default="tuning", min_length=1, description="of W&B's")
    entity: str | None = Field(default=None, description="user or team; null: the key's own")
    wait_seconds: float = Field(
        default=120.0, gt=0.0, description="online: how long the server may keep an agent waiting"
    )


class TuningOptions(Options):
    """The search for hyperparameters."""

    method: Literal["none", "grid", "random", "bayesian", "hyperband"] = "bayesian"
    backend: str = "optuna"
    trials: int = Field(default=30, ge=1, description="the first one is the configuration itself")
    seconds: float | None = Field(default=None, gt=0.0, description="no trial is begun after them")
    workers: int = Field(default=1, ge=1, description="trials at the same time, each in a process")
    batch: int = Field(
        default=4, ge=1, description="trials under way when one is chosen, however many workers"
    )
    metric: str | None = Field(
        default=None, description="measured on validation; null: the loss of the task"
    )
    hyperband: HyperbandOptions = HyperbandOptions()
    ray: RayOptions = RayOptions()
    wandb: WandbOptions = WandbOptions()
    spaces: Spaces = Spaces()

    @property
    def of_backend(self) -> Options | None:
        """The block of the backend's own, where it has one."""
        block = getattr(self, self.backend, None)
        return block if isinstance(block, RayOptions | WandbOptions) else None

    def is_derived(self, estimator: str) -> bool:
        """Tell whether an estimator's space is derived, because none is given."""
        return getattr(self.spaces, estimator) is None

    def space(self, training: TrainingOptions) -> Space:
        """Look up, or derive, what is searched for the estimator that is trained.

        Returns:
            The space in the order of its names, but each after those that it depends on.
        """
        estimator = training.estimator
        given: Space | None = getattr(self.spaces, estimator)
        if given is None:
            given = derive_space(
                estimator,
                training.hyperparameters(estimator),
                on_grid=self.method == "grid",
                trials=self.trials,
            )
        return in_order(given)

    def metric_of(self, task: Task) -> str:
        """Name the metric that trials of a task are compared by."""
        return self.metric or loss_of(task)
