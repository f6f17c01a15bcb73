"""What MLflow costs a run, imports left out: our calls against the plain ones, each on a new store.

Plain: a new store, 100 metrics one by one, a model without requirements. Ours: a new store, the
same metrics in a batch, the same model registered with requirements, 60 parameters and 20 tags
besides.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from experiment_cycle.testing.trackers import RUN
from experiment_cycle.tracking.registry import register_champion
from experiment_cycle.tracking.trackers.mlflow import MlflowTracker
from experiment_cycle.tracking.translation import metrics_of, parameters_of, tags_of

BAR = 0.3
METRICS = {f"metric_{i}": i / 100 for i in range(100)}
TRUSTED = ["collections.OrderedDict", "lightgbm.basic.Booster", "lightgbm.sklearn.LGBMClassifier"]
RECORD = {
    "identity": "i",
    "estimator": "lightgbm",
    "problem": {"type": "binary"},
    "trusted_types": TRUSTED,
}


def a_model() -> tuple[Pipeline, pd.DataFrame]:
    """Fit a small boosting pipeline, and return it with its features."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(2000, 9)), columns=list("abcdefghi"))
    estimator = LGBMClassifier(n_estimators=100, n_jobs=1, verbosity=-1)
    model = Pipeline([("preprocess", StandardScaler()), ("estimator", estimator)])
    model.named_steps["preprocess"].set_output(transform="pandas")
    return model.fit(frame, frame["a"] + frame["b"] > 0), frame


def plain(model: Pipeline, frame: pd.DataFrame) -> None:
    """Record as the tutorials do."""
    with mlflow.start_run():
        for name, value in METRICS.items():
            mlflow.log_metric(name, value)
        mlflow.sklearn.log_model(
            model,
            name="model",
            skops_trusted_types=TRUSTED,
        )


def ours(model: Pipeline, frame: pd.DataFrame) -> None:
    """Record as the cycle does."""
    keys = {name: range(15_000) for name in ("features", "row", "unit")}
    seen = pd.DataFrame(keys, dtype="uint64")
    with mlflow.start_run() as run:
        tracker = MlflowTracker({}, {}, Path())
        tracker.open(RUN.model_copy(update={"run_id": run.info.run_id}), resumed=True)
        parameters = {f"parameter_{i}": i for i in range(60)}
        tracker.log_parameters(parameters_of(parameters).values)
        tracker.log_tags(tags_of({f"tag_{i}": i for i in range(20)}).values)
        tracker.log_metrics(metrics_of(METRICS, prefix="").points)
        register_champion("model", model, RECORD, seen, {}, None, frame.head())


def measure(work: Callable[[Pipeline, pd.DataFrame], None]) -> tuple[float, float]:
    """Run `work` against a new store.

    Returns:
        Wall and CPU seconds, the new store's tables included.
    """
    model, frame = a_model()
    with TemporaryDirectory() as folder:
        started, used = time.perf_counter(), time.process_time()
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        experiment = mlflow.create_experiment(
            "x", artifact_location=str(Path(folder) / "artifacts")
        )
        mlflow.set_experiment(experiment_id=experiment)
        work(model, frame)
        return time.perf_counter() - started, time.process_time() - used


def main() -> None:
    """Print both and their ratio."""
    with TemporaryDirectory() as folder:  # the first store pays for imports that are put off
        mlflow.MlflowClient(tracking_uri=f"sqlite:///{folder}/warm.db").search_experiments()
    ours_wall, ours_cpu = measure(ours)
    plain_wall, plain_cpu = measure(plain)
    print(f"plain  {plain_wall:6.2f} s wall  {plain_cpu:6.2f} s CPU")
    print(f"ours   {ours_wall:6.2f} s wall  {ours_cpu:6.2f} s CPU")
    print(f"ratio  {ours_wall / plain_wall:.2f} (at most {BAR})")


if __name__ == "__main__":
    main()
