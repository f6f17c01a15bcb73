"""What is known of a training, as it is stored."""

from __future__ import annotations

from typing import Any, Literal

from experiment_cycle.options import Record
from experiment_cycle.problem import Problem


class TrainingHistory(Record):
    """Metrics by boosting round or epoch, the first one counted as 1.

    An estimator without steps has one value each, measured on the fitted model, and `steps` 0.
    """

    estimator: str
    unit: Literal["round", "epoch"] | None
    loss: str
    """The metric that is this task's loss."""
    metric: str
    """The metric that was watched."""
    train: dict[str, tuple[float, ...]]
    validation: dict[str, tuple[float, ...]]
    best_step: int | None
    steps: int
    stopped_because: str


class Resources(Record):
    """What one training cost: seconds, MiB, rows; `model_bytes` of the file, once written."""

    wall_seconds: float
    cpu_seconds: float
    peak_memory_mib: float
    gpu_memory_mib: float | None = None
    train_rows: int
    validation_rows: int
    model_bytes: int | None = None


class ThresholdRecord(Record):
    """The decision threshold, frozen before the test set is opened, and how it was chosen."""

    value: float
    choose_by: Literal["fixed", "metric", "costs"]
    detail: str


class SeedSpread(Record):
    """One metric on validation over the trainings of one logical run, in the order of seeds."""

    metric: str
    values: tuple[float, ...]
    mean: float
    standard_deviation: float
    worst: float


class ModelRecord(Record):
    """A fitted model: `identity` is the hash of its canonical fitted state, never of its file."""

    estimator: str
    identity: str
    problem: Problem
    features: tuple[str, ...]
    hyperparameters: dict[str, Any]
    best_step: int | None
    threshold: ThresholdRecord | None = None
    """Two classes only."""
    calibration: Literal["none", "sigmoid", "isotonic"] = "none"
    refit_rows: int | None = None
    """Rows of the refit on train and validation; None: trained on train alone."""
    seed_identities: tuple[str, ...] = ()
    """Of the further models of this run, where it is one of several seeds."""
    trusted_types: tuple[str, ...] = ()
    """Types that its file needs beyond those that skops knows to be harmless."""


class ValidationReport(Record):
    """The challenger on validation, as it was handed to the evaluation."""

    rows: int
    metrics: dict[str, float | None]
    confusion: tuple[tuple[int, ...], ...] | None
    """Classification: rows by true class, columns by the class that was called."""
    classes: tuple[str, ...]
    seeds: tuple[SeedSpread, ...]
    note: str = ""
    """What else these rows were used for, so that the values flatter the model."""


class LearningCurvePoint(Record):
    """One training on a share of the training rows."""

    share: float
    repeat: int
    rows: int
    train: float
    validation: float


class Environment(Record):
    """Where a model was trained. Versions are of installed distributions."""

    python: str
    system: str
    processor: str
    cores: int
    memory_mib: int
    gpu: tuple[str, ...] = ()
    blas: tuple[str, ...] = ()
    """Each linear algebra or thread library with its version and number of threads."""
    packages: dict[str, str]
    lock_hash: str | None
    git_commit: str | None
    git_clean: bool | None
    """None outside git."""
    diff_hash: str | None
