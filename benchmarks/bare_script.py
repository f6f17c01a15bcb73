"""The experiment as one script, written well and without a framework: the cycle's measure.

The same rows, fits, trials, metrics, intervals and MLflow record: parameters, metrics, losses,
tables, plots, both models. Statistics and plots are the library's own functions in both, so that
the difference is what stages, checks, files and records cost.

Call: python -m benchmarks.bare_script DATA SPLIT_ASSIGNMENT COLUMNS_JSON FOLDER
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import lightgbm
import mlflow
import numpy as np
import optuna
import pandas as pd
import skops.io
from mlflow.entities import Metric, Param
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.failures import worst_rows
from experiment_cycle.evaluation.errors.fairness import compare_groups
from experiment_cycle.evaluation.errors.slices import measure_slices
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.plots.drawing import draw as draw_evaluation
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.bootstrap import bootstrap
from experiment_cycle.metrics.catalogue import known_metrics
from experiment_cycle.metrics.influence import influence
from experiment_cycle.metrics.units import Units
from experiment_cycle.problem import Problem
from experiment_cycle.training.plots import plot_loss
from experiment_cycle.training.records import TrainingHistory
from experiment_cycle.tuning.plots import plot_trials

SEED, TRIALS, ROUNDS, PATIENCE, REPLICATES, BINS = 42, 30, 500, 50, 1000, 10


def draw_columns(current: int) -> int:
    """Seed the draw of a round's columns, the first one counted as 0, as the cycle does."""
    drawn = np.random.SeedSequence([SEED, current + 1]).generate_state(2)[0]
    return (int(drawn) & (2**30 - 1) & ~1) | ((current + 1) % 2)


def boost(
    parts: dict[str, tuple],
    categorical: list[int],
    parameters: dict,
    watch: tuple,
    metrics: tuple = ("binary_logloss",),
) -> object:
    """Fit LightGBM with early stopping on validation."""
    model = lightgbm.LGBMClassifier(
        n_estimators=ROUNDS,
        **parameters,
        subsample_freq=1,
        random_state=SEED,
        n_jobs=1,
        deterministic=True,
        force_row_wise=True,
        verbosity=-1,
    )
    return model.fit(
        *parts["train"],
        eval_X=tuple(parts[name][0] for name in watch),
        eval_y=tuple(parts[name][1] for name in watch),
        eval_metric=list(metrics),
        categorical_feature=categorical,
        callbacks=[
            lightgbm.early_stopping(PATIENCE, first_metric_only=True, verbose=False),
            lightgbm.reset_parameter(feature_fraction_seed=draw_columns),
        ],
    )


def tune(parts: dict[str, tuple], categorical: list[int]) -> optuna.Study:
    """Search 30 configurations with TPE."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial: optuna.Trial) -> float:
        parameters = {
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.4, 1.0),
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
            "min_child_samples": trial.suggest_int("min_child_samples", 5, 200, log=True),
            "num_leaves": trial.suggest_int("num_leaves", 4, 64, log=True),
            "reg_lambda": trial.suggest_float("reg_lambda", 0.001, 100.0, log=True),
        }
        model = boost(parts, categorical, parameters, ("validation",))
        return model.best_score_["valid_0"]["binary_logloss"]

    study = optuna.create_study()
    for number in range(TRIALS):
        # seeded as the cycle does it, so that both try the same configurations
        seed = int(np.random.SeedSequence([SEED, number]).generate_state(1)[0])
        study.sampler = optuna.samplers.TPESampler(seed=seed)
        trial = study.ask()
        study.tell(trial, objective(trial))
    return study


def intervals(predictions: Predictions, units: Units) -> dict[str, float]:
    """Measure every metric of both models with standard error and percentile bootstrap."""
    found, names = {}, known_metrics("binary")
    for model in predictions.models:
        outcomes = predictions.outcomes(model)
        draws = bootstrap(names, outcomes, units, REPLICATES, SEED)
        for name in names:
            measured = influence(name, outcomes)
            found[f"{model}.{name}"] = measured.value
            found[f"{model}.{name}.error"] = units.standard_error(measured.contributions)
            low, high = np.nanquantile(draws[name], [0.025, 0.975])
            found |= {f"{model}.{name}.low": low, f"{model}.{name}.high": high}
    return found


def record(
    folder: Path, study: optuna.Study, model: Pipeline, X: pd.DataFrame, found: dict
) -> None:
    """Record parameters, metrics, losses by round, tables and model."""
    losses = [
        Metric(f"{part}.{name}", value, 0, step)
        for part, series in model.named_steps["estimator"].evals_result_.items()
        for name, values in series.items()
        for step, value in enumerate(values)
    ]
    # the store was made before: copied with all its tables
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    experiment = mlflow.create_experiment("bare", artifact_location=str(folder / "artifacts"))
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.MlflowClient().log_batch(
            run.info.run_id,
            metrics=[Metric(name, float(value), 0, 0) for name, value in found.items()],
            params=[Param(name, str(value)) for name, value in study.best_params.items()],
        )
        for start in range(0, len(losses), 1000):
            mlflow.MlflowClient().log_batch(run.info.run_id, losses[start : start + 1000])
        study.trials_dataframe().to_csv(folder / "trials.csv", index=False)
        for file in sorted(folder.iterdir()):
            if file.suffix in {".csv", ".json", ".parquet", ".skops"}:
                mlflow.log_artifact(str(file))
        mlflow.sklearn.log_model(
            model,
            name="model",
            skops_trusted_types=[
                "collections.OrderedDict",
                "lightgbm.basic.Booster",
                "lightgbm.sklearn.LGBMClassifier",
            ],
            pip_requirements=[f"{name}=={version(name)}" for name in ("scikit-learn", "lightgbm")],
            signature=infer_signature(X, model.predict_proba(X)),
        )


def draw(folder: Path, study: optuna.Study, predictions: Predictions, losses: dict) -> None:
    """Write the six plots of the record."""
    trials = pd.DataFrame(
        {"trial": t.number, "state": "complete", "value": t.value} for t in study.trials
    )
    figures = {
        **draw_evaluation(predictions, BINS)._asdict(),
        "trials": plot_trials(trials, "log_loss"),
        "loss": plot_loss(losses),
    }
    for name, figure in figures.items():
        figure.write_json(folder / f"{name}.json")


def explain(folder: Path, test: pd.DataFrame, predictions: Predictions, columns: Columns) -> None:
    """Write slices, fairness and failure cases."""
    options = EvaluationOptions()
    slices = measure_slices(test, predictions, columns, options)
    slices.to_csv(folder / "slices.csv", index=False)
    fairness = compare_groups(test, predictions, columns, options)
    (folder / "fairness.json").write_text(fairness.model_dump_json(indent=2))
    failures = worst_rows(test, predictions, options.failure_cases)
    failures.to_csv(folder / "failures.csv", index=False)


def history_of(booster: lightgbm.LGBMClassifier) -> TrainingHistory:
    """Describe how the challenger learned."""
    train, validation = (
        {
            "log_loss": tuple(series["binary_logloss"]),
            "roc_auc": tuple(series["auc"]),
        }
        for series in booster.evals_result_.values()
    )
    return TrainingHistory(
        estimator="lightgbm",
        unit="round",
        loss="log_loss",
        metric="log_loss",
        train=train,
        validation=validation,
        best_step=booster.best_iteration_,
        steps=len(validation["log_loss"]),
        stopped_because="",
    )


def main(data: Path, assignment: Path, roles: dict, folder: Path) -> None:
    """Run the experiment."""
    warnings.simplefilter("ignore")
    columns = Columns(**roles)
    frame = pd.read_parquet(data) if data.suffix == ".parquet" else pd.read_csv(data)
    split = pd.read_parquet(assignment)["split"].to_numpy()
    rows = {name: split == name for name in ("train", "validation", "test")}
    problem = Problem.of("classification", frame.loc[rows["train"], columns.target], columns)
    target = problem.encode(frame[columns.target], "data")
    X = frame[columns.features(frame.columns)]
    numbers = list(X.select_dtypes(["number", "bool"]))
    texts = [name for name in X if name not in numbers]
    preprocess = make_column_transformer(
        (StandardScaler(with_mean=False, with_std=False), numbers),
        (
            OrdinalEncoder(
                handle_unknown="use_encoded_value",
                unknown_value=np.nan,
                min_frequency=10,
                max_categories=100,
            ),
            texts,
        ),
    ).fit(X[rows["train"]])
    parts = {name: (preprocess.transform(X[mask]), target[mask]) for name, mask in rows.items()}
    categorical = list(range(len(numbers), X.shape[1]))
    study = tune(parts, categorical)
    booster = boost(
        *(parts, categorical, study.best_params, ("train", "validation")),
        metrics=("binary_logloss", "auc"),
    )
    challenger = Pipeline([("preprocess", preprocess), ("estimator", booster)])
    baseline = make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            (OneHotEncoder(handle_unknown="ignore", min_frequency=10), texts),
        ),
        LogisticRegression(max_iter=1000),
    ).fit(X[rows["train"]], target[rows["train"]])
    tested = X[rows["test"]]
    groups = frame.loc[rows["test"], columns.group] if columns.group else tested.index
    units = Units.from_codes(pd.factorize(groups)[0])
    table = pd.DataFrame(
        {
            "unit": units.codes,
            "target": target[rows["test"]],
            "challenger": challenger.predict_proba(tested)[:, 1],
            "incumbent": baseline.predict_proba(tested)[:, 1],
        },
        index=tested.index.rename("__row__"),
    )
    table.to_parquet(folder / "predictions.parquet")
    predictions = Predictions(table, problem, {"challenger": 0.5, "incumbent": 0.5})
    found = intervals(predictions, units)
    draw(folder, study, predictions, history_of(booster).model_dump())
    explain(folder, frame[rows["test"]].rename_axis("__row__"), predictions, columns)
    for name, model in (("challenger", challenger), ("baseline", baseline)):
        skops.io.dump(model, folder / f"{name}.skops")
    record(folder, study, challenger, tested.head(), found)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]), Path(sys.argv[4]))
