"""The epoch loop's memory: curves, the best step, when to stop, what to keep."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from experiment_cycle.errors import TrainingError
from experiment_cycle.live_metrics import Part, Values, tell
from experiment_cycle.metrics.catalogue import measure, metric
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.problem import PROBLEMS, Task
from experiment_cycle.training.checkpoints import CheckpointFolder
from experiment_cycle.training.options import EarlyStopping
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.records import TrainingHistory

OnStep = Callable[[float, float | None], None]
"""Told after every step: the watched metric on validation, and its best value so far, if any."""

Judge = Callable[[int, Mapping[str, float]], str | None]
"""Told after every step, from 1, of the metrics on validation; says why to stop, or None."""

LOSSES = {
    "binary": "log_loss",
    "multiclass": "log_loss",
    "regression": "rmse",
    "ranking": "ndcg_at_10",
}
"""The metric that stands for the loss of each problem type."""
TRACKED = {
    "binary": "roc_auc",
    "multiclass": "accuracy",
    "regression": "mae",
    "ranking": "mrr",
}
"""What is tracked beside the loss where nothing is named."""


def loss_of(task: Task) -> str:
    """Name the metric that stands for the loss of a task."""
    return LOSSES[PROBLEMS[task][0]]


class Resumed(NamedTuple):
    """Where an earlier fit was stopped: the step it had finished, and the state it kept."""

    step: int
    state: bytes


class StepWatch:
    """Watches one fit. Each recipe tells it of every step, whoever runs the loop.

    A recipe goes on from `resumed` where that is not None, starting with step `resumed.step` + 1.
    After every step it calls `record`, keeps its state where `is_best`, offers a checkpoint to
    `keep`, and ends where `record` returned True. A fit without steps calls `record` once.
    """

    def __init__(
        self,
        prepared: Prepared,
        metrics: tuple[str, ...],
        stopping: EarlyStopping,
        limit: int | None,
        *,
        watch_train: bool = True,
        on_step: OnStep | None = None,
        judge: Judge | None = None,
        checkpoints: CheckpointFolder | None = None,
    ) -> None:
        """Watch a fit of at most `limit` steps; None: of a fit without steps.

        Args:
            prepared: The matrices; `measure` needs their targets.
            metrics: Tracked beside the loss and the watched metric.
            stopping: When to stop.
            limit: Most steps.
            watch_train: Also measure the training rows; a search saves the time.
            on_step: For a progress bar.
            judge: May stop a fit that is not promising, in a search.
            checkpoints: Where states are kept; None: nowhere.
        """
        self.loss = LOSSES[prepared.problem.type]
        self.metric = stopping.metric or self.loss
        self.names = tuple(dict.fromkeys([self.loss, self.metric, *metrics]))
        self.parts: tuple[Part, ...] = ("train", "validation") if watch_train else ("validation",)
        self.limit = limit
        self.resumed: Resumed | None = None
        self.best_step = 0
        self.is_best = False
        self.stopped_because = ""
        self._greater = metric(self.metric).greater_is_better
        self._prepared = prepared
        self._stopping = stopping
        self._on_step = on_step
        self._judge = judge
        self._checkpoints = checkpoints
        self._best: float | None = None
        self._stop_requested = False
        self._curves: dict[Part, dict[str, list[float]]] = {
            part: {name: [] for name in self.names} for part in self.parts
        }
        self._take_up()

    @property
    def done(self) -> int:
        """How many steps were recorded, those of an earlier process included."""
        return len(self._curves["validation"][self.loss])

    def measure(
        self, part: Part, prediction: Floats, names: Sequence[str] | None = None
    ) -> dict[str, float]:
        """Measure predictions for all rows of a part; see `Outcomes` for their shape.

        Args:
            part: Whose rows.
            prediction: All of them finite, else every value is nan.
            names: Only these of `names`.
        """
        names = self.names if names is None else names
        if not np.isfinite(prediction).all():
            return dict.fromkeys(names, math.nan)
        prepared = self._prepared
        outcomes = Outcomes(
            prepared.problem.type,
            prepared.train_target if part == "train" else prepared.validation_target,
            prediction,
            prepared.train_query if part == "train" else prepared.validation_query,
        )
        return {name: measure(name, outcomes) for name in names}

    def record(self, values: Values) -> bool:
        """Take in one step.

        Args:
            values: For each of `parts` a value for each of `names`.

        Returns:
            Whether to stop here.

        Raises:
            TrainingError: the loss is no number any more, or the watched metric never was one.
            KeyboardInterrupt: the user asked to stop before, and `keep` was not called since.
        """
        if self._stop_requested:
            raise KeyboardInterrupt
        step = self.done + 1
        self._refuse_divergence(step, values)
        for part in self.parts:
            for name in self.names:
                self._curves[part][name].append(float(values[part][name]))
        value = self._curves["validation"][self.metric][-1]
        self.is_best = self._improves(value)
        if self.is_best:
            self._best, self.best_step = value, step
        tell(step, values)
        if self._on_step is not None:
            self._on_step(value, self._best)
        judged = self._judge(step, values["validation"]) if self._judge is not None else None
        self.stopped_because = self._reason_to_stop(step) or judged or ""
        if self.stopped_because and self.limit is not None and self._best is None:
            raise TrainingError(
                f"Validation {self.metric} is not defined after any of {step} steps, so that no "
                "step is the best. Next step: watch another metric "
                "(training.early_stopping.metric), or allow more steps."
            )
        self._stop_requested = self._checkpoints is not None and self._checkpoints.stop_requested
        return bool(self.stopped_because)

    def diverged(self, told: str) -> TrainingError:
        """Make the error of a fit that cannot go on; `told` says what happened in which step."""
        kept = self._checkpoints.kept() if self._checkpoints is not None else None
        stands = "" if kept is None else f" The checkpoint of step {kept} is kept."
        return TrainingError(
            f"Training diverged: {told}.{stands} Next step: lower the learning rate, scale the "
            "numeric columns (training.preprocessing.numeric.scale), or look for extreme values."
        )

    def keep(self, state: Callable[[], bytes]) -> None:
        """Write a checkpoint of the step just recorded, where one is due.

        Args:
            state: Makes the bytes from which the recipe can go on, the best state included.

        Raises:
            KeyboardInterrupt: the user asked to stop; the checkpoint is written first.
            TrainingError: the checkpoint cannot be written.
        """
        # after the last step there is nothing to go on with
        if self._checkpoints is not None and not self.stopped_because:
            self._checkpoints.keep(self.done, state, self._memory)

    def history(
        self,
        estimator: str,
        unit: Literal["round", "epoch"] | None,
        stopped_because: str | None = None,
    ) -> TrainingHistory:
        """Tell what happened, once the fit is over."""
        curves = {
            part: {name: tuple(series) for name, series in self._curves.get(part, {}).items()}
            for part in ("train", "validation")
        }
        return TrainingHistory(
            estimator=estimator,
            unit=None if self.limit is None else unit,
            loss=self.loss,
            metric=self.metric,
            train=curves["train"],
            validation=curves["validation"],
            best_step=None if self.limit is None else self.best_step,
            steps=0 if self.limit is None else self.done,
            stopped_because=stopped_because or self.stopped_because,
        )

    def _memory(self) -> dict[str, Any]:
        return {"curves": self._curves, "best": self._best, "best_step": self.best_step}

    def _take_up(self) -> None:
        """Go on from the newest checkpoint that is whole, if there is one."""
        found = self._checkpoints.newest() if self._checkpoints is not None else None
        if found is None:
            return
        self._curves = found.memory["curves"]
        self._best, self.best_step = found.memory["best"], found.memory["best_step"]
        self.resumed = Resumed(found.step, found.state)

    def _refuse_divergence(self, step: int, values: Values) -> None:
        for part in self.parts:
            value = float(values[part][self.loss])
            if not math.isfinite(value):
                raise self.diverged(f"{self.loss} on {part} is {value} after step {step}")

    def _improves(self, value: float) -> bool:
        if math.isnan(value):
            return False
        if self._best is None:
            return True
        gain = value - self._best if self._greater else self._best - value
        return gain > self._stopping.min_delta

    def _reason_to_stop(self, step: int) -> str:
        """Say in a sentence why training ends here; the empty string if it goes on."""
        if self.limit is None:
            return "It was fitted at once."
        patience, delta = self._stopping.patience, self._stopping.min_delta
        margin = f" by more than {delta:g}" if delta else ""
        shown = "none" if self._best is None else f"{self._best:.5f}"
        best = f"its best, {shown}, after step {self.best_step}"
        if step - self.best_step >= patience:
            return (
                f"Validation {self.metric} did not improve{margin} for {patience} steps: {best} of "
                f"{step}."
            )
        if step >= self.limit:
            return f"All {step} steps were used: validation {self.metric} had {best}."
        return ""
