"""Our `lightgbm` with its default settings against the reference of each real data set.

Run from the project's folder: `python -m benchmarks.training_quality`. The sets lie in
`../shared/data`; without them nothing is measured, and that is said. On each set all sides are
fitted and measured in this run on the same rows:

    ours        trained on 85 %, the rest held out for early stopping (drawn three times, the mean
                is told; in time the last rows)
    refit       the same with training.refit: trained again on all of it, the rounds carried over
    reference   scikit-learn's histogram boosting, 150 rounds, learning rate 0.1, or LightGBM's
                ranker, trained on all of it

Gains over the reference come with their standard error over the test rows, groups or queries. The
last column is what was published with the set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from experiment_cycle.columns import Columns
from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.metrics.influence import influence
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.units import Units
from experiment_cycle.problem import Problem, Task
from experiment_cycle.training.logical_run import run_plan
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plan import Plan
from experiment_cycle.training.predicting import predict_outputs

DATA = Path(__file__).parents[2] / "shared" / "data"
SEED = 0
HOLD_OUTS = 3
Split = tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]


@dataclass(frozen=True)
class Case:
    """One set: how it is read, what is predicted, how it is split, what was published."""

    name: str
    read: Callable[[], tuple[pd.DataFrame, Split]]
    task: Task
    columns: dict[str, Any]
    published: dict[str, float]
    in_time: bool = False


def _at_random(rows: int, share: float = 0.3) -> Split:
    test = np.random.default_rng(SEED).random(rows) < share
    return ~test, test


def _adult() -> tuple[pd.DataFrame, Split]:
    parts = [pd.read_csv(DATA / f"adult_{part}.csv") for part in ("train", "test")]
    test = np.repeat([False, True], [len(part) for part in parts])
    return pd.concat(parts, ignore_index=True), (~test, test)


def _bank_at_random() -> tuple[pd.DataFrame, Split]:
    frame = pd.read_csv(DATA / "bank_marketing.csv")
    return frame, _at_random(len(frame))


def _bank_in_time() -> tuple[pd.DataFrame, Split]:
    frame = pd.read_csv(DATA / "bank_marketing.csv")
    test = np.arange(len(frame)) >= 0.7 * len(frame)
    return frame, (~test, test)


def _bike_in_time() -> tuple[pd.DataFrame, Split]:
    frame = pd.read_csv(DATA / "bike_hour.csv")
    test = np.arange(len(frame)) >= 0.7 * len(frame)
    return frame, (~test, test)


def _wine() -> tuple[pd.DataFrame, Split]:
    frame = pd.read_csv(DATA / "wine_quality.csv").drop_duplicates(ignore_index=True)
    return frame, _at_random(len(frame))


def _parkinsons() -> tuple[pd.DataFrame, Split]:
    frame = pd.read_csv(DATA / "parkinsons_updrs.csv")
    people = np.random.default_rng(SEED).permutation(frame["subject#"].unique())
    test = frame["subject#"].isin(people[: len(people) * 3 // 10]).to_numpy()
    return frame, (~test, test)


def _german() -> tuple[pd.DataFrame, Split]:
    frame = pd.read_csv(DATA / "german_credit.csv")
    return frame, _at_random(len(frame), 0.25)


def _ltr() -> tuple[pd.DataFrame, Split]:
    parts = [pd.read_parquet(DATA / f"ltr_lightgbm_{part}.parquet") for part in ("train", "test")]
    test = np.repeat([False, True], [len(part) for part in parts])
    # queries are numbered from 1 in both files
    parts[1]["qid"] += parts[0]["qid"].max()
    return pd.concat(parts, ignore_index=True), (~test, test)


CASES = (
    Case(
        "adult, official split",
        _adult,
        "classification",
        {"target": "income", "drop": ["fnlwgt"]},
        {"roc_auc": 0.9274, "log_loss": 0.277, "accuracy": 0.8725},
    ),
    Case(
        "bank, random, without duration",
        _bank_at_random,
        "classification",
        {"target": "y", "drop": ["duration"]},
        {"roc_auc": 0.800},
    ),
    Case(
        "bank, in time, without duration",
        _bank_in_time,
        "classification",
        {"target": "y", "drop": ["duration"]},
        {"roc_auc": 0.684},
        in_time=True,
    ),
    Case(
        "bike, in time, without leaks",
        _bike_in_time,
        "regression",
        {"target": "cnt", "drop": ["casual", "registered", "instant", "dteday"]},
        {"rmse": 65.3, "r2": 0.912},
        in_time=True,
    ),
    Case(
        "wine, random, without duplicates",
        _wine,
        "regression",
        {"target": "quality"},
        {"r2": 0.350},
    ),
    Case(
        "parkinsons, by subject",
        _parkinsons,
        "regression",
        {"target": "total_UPDRS", "group": "subject#", "drop": ["motor_UPDRS"]},
        {"r2": -0.98},
    ),
    Case(
        "german credit, random",
        _german,
        "classification",
        {"target": "bad"},
        {"roc_auc": 0.750},
    ),
    Case(
        "ltr, official split",
        _ltr,
        "ranking",
        {"target": "label", "query": "qid"},
        {"ndcg_at_1": 0.623, "ndcg_at_3": 0.6525, "ndcg_at_5": 0.693, "ndcg_at_10": 0.753},
    ),
)


def main() -> None:
    """Print a table, and where ours is worse by more than two standard errors."""
    if not DATA.is_dir():
        print("Nothing was measured: the folder shared/data is not beside the project.")
        return
    worse: dict[str, list[str]] = {"ours": [], "refit": []}
    print(
        f"{'set':33}{'metric':11}{'ours':>9}{'gain':>9}{'se':>8}{'refit':>9}{'gain':>9}{'se':>8}"
        f"{'reference':>11}{'published':>11}"
    )
    for case in CASES:
        sides, reference, units = _predict(case)
        for name, published in case.published.items():
            other = influence(name, reference)
            line = f"{case.name:33}{name:11}"
            for side, outcomes in sides.items():
                value, gain, error = _gain(name, outcomes, reference, units)
                line += f"{value:9.4f}{gain:9.4f}{error:8.4f}"
                if gain < -2 * error:
                    worse[side].append(f"{case.name} ({name})")
            print(f"{line}{other.value:11.4f}{published:11.4f}", flush=True)
    for side, where in worse.items():
        print(f"{side}, worse than the reference beyond noise: {', '.join(where) or 'nowhere'}")


def _gain(
    name: str, ours: list[Outcomes], reference: Outcomes, units: Units
) -> tuple[float, float, float]:
    """Give the mean value over the hold-outs, its gain over the reference, and its error."""
    own, other = [influence(name, each) for each in ours], influence(name, reference)
    value = float(np.mean([each.value for each in own]))
    sign = 1.0 if metric(name).greater_is_better else -1.0
    together = np.mean([each.contributions for each in own], axis=0)
    error = units.standard_error(together - other.contributions)
    return value, sign * (value - other.value), error


def _predict(case: Case) -> tuple[dict[str, list[Outcomes]], Outcomes, Units]:
    """Fit all sides, and give what they predict for the test rows; ours for every hold-out."""
    frame, (train, test) = case.read()
    columns = Columns.model_validate(case.columns)
    tested = frame[test]
    features = tested[columns.features(tested.columns)]
    query = pd.factorize(tested[columns.query])[0] if columns.query else None
    problem = Problem.of(case.task, frame[train][columns.target], columns)
    target = problem.encode(tested[columns.target], "test")

    def outcomes(predicted: npt.NDArray[np.float64]) -> Outcomes:
        return Outcomes(problem.type, target, predicted, query)

    sides: dict[str, list[Outcomes]] = {"ours": [], "refit": []}
    for side, refit in (("ours", "none"), ("refit", "train_and_validation")):
        options = TrainingOptions.model_validate({"refit": refit})
        for seed in range(1 if case.in_time else HOLD_OUTS):
            held = _hold_out(frame[train], columns, seed, in_time=case.in_time)
            parts = frame[train][~held], frame[train][held]
            chosen = options.hyperparameters("lightgbm")
            run = run_plan(Plan("lightgbm", chosen, *parts, columns, options, case.task, SEED))
            sides[side].append(outcomes(predict_outputs(run.models[0], features, problem)))
    reference = outcomes(_reference(frame[train], tested, columns, problem))
    return sides, reference, Units.from_codes(columns.groups(tested))


def _hold_out(
    frame: pd.DataFrame, columns: Columns, seed: int, *, in_time: bool
) -> npt.NDArray[np.bool_]:
    """Hold out 15 % of the rows for early stopping: the last ones, or whole groups or queries."""
    if in_time:
        return np.arange(len(frame)) >= 0.85 * len(frame)
    units = columns.groups(frame)
    return (np.random.default_rng(seed).random(units.max() + 1) < 0.15)[units]


def _reference(
    train: pd.DataFrame, test: pd.DataFrame, columns: Columns, problem: Problem
) -> npt.NDArray[np.float64]:
    names = columns.features(train.columns)
    both = pd.concat([train[names], test[names]])
    for name in names:
        if not pd.api.types.is_numeric_dtype(both[name]):
            both[name] = both[name].astype("category").cat.codes.astype("category")
    inputs, tested = both[: len(train)], both[len(train) :]
    target = problem.encode(train[columns.target], "train")
    if problem.type == "ranking":
        sizes = train.groupby(columns.query, sort=False).size().to_numpy()
        ranker = lightgbm.LGBMRanker(
            n_estimators=100, num_leaves=31, min_child_samples=50, verbosity=-1, n_jobs=1
        )
        ranker.fit(inputs, target, group=sizes)
        return np.asarray(ranker.predict(tested), dtype=np.float64)
    kind = HistGradientBoostingRegressor
    if problem.type != "regression":
        kind = HistGradientBoostingClassifier
    model = kind(
        max_iter=150,
        learning_rate=0.1,
        early_stopping=False,
        categorical_features="from_dtype",
        random_state=SEED,
    ).fit(inputs, target)
    if problem.type == "regression":
        return np.asarray(model.predict(tested), dtype=np.float64)
    return np.asarray(model.predict_proba(tested)[:, 1], dtype=np.float64)


if __name__ == "__main__":
    main()
