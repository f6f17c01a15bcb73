"""What is known of a training, as it is stored."""

from __future__ import annotations

from typing import Any

from experiment_cycle.options import Record


class TrainingHistory(Record):
    """Metrics by boosting round, the first one counted as 1.

    An estimator without rounds has one value each, measured on the fitted model, and `rounds` 0.
    """

    estimator: str
    metric: str
    train: dict[str, tuple[float, ...]]
    validation: dict[str, tuple[float, ...]]
    best_round: int | None
    rounds: int
    stopped_because: str


class Resources(Record):
    """What one training cost: seconds, MiB, rows."""

    wall_seconds: float
    cpu_seconds: float
    peak_memory_mib: float
    train_rows: int
    validation_rows: int


class ModelRecord(Record):
    """A fitted model: `identity` is the hash of its canonical fitted state, never of its file."""

    estimator: str
    identity: str
    features: tuple[str, ...]
    hyperparameters: dict[str, Any]
    best_round: int | None


class Environment(Record):
    """Where a model was trained. Versions are of installed distributions."""

    python: str
    system: str
    processor: str
    cores: int
    memory_mib: int
    packages: dict[str, str]
    lock_hash: str | None
    git_commit: str | None
    git_clean: bool | None
    """None outside git."""
    diff_hash: str | None
