"""How often the canaries raise an alarm, on clean pipelines and on leaking ones.

    python -m benchmarks.canaries [--clean 1000] [--leaking 50] [--quick]

Each pipeline is a plain function: it makes its features, trains on its train rows and predicts its
test rows. A clean one learns from train alone; a leaking one learns one thing from all rows before
the split. Data are noise with a target that has nothing to do with them, but for "a strong signal".
In "groups of unequal size" the target depends on the group's size, and rows of a group are alike.
"Queries" have 2 to 9 rows, the most relevant one first, and are ranked by LightGBM's LambdaMART.
The Monte Carlo error of a rate p over n repetitions is sqrt(p (1 - p) / n): 0.31 points for 1 %
over 1,000.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from lightgbm import LGBMRanker
from sklearn.feature_selection import f_classif
from sklearn.linear_model import LogisticRegression, Ridge

from experiment_cycle.audit.label_shuffle import Labels, Predicted, label_shuffle_finding
from experiment_cycle.audit.perturbation import perturbation_finding
from experiment_cycle.columns import Columns
from experiment_cycle.problem import Task

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Case:
    """One drawn data set; without `groups` (of a ranking: queries) rows are on their own."""

    matrix: Floats
    target: pd.Series
    train: Rows
    test: Rows
    groups: Rows | None = None
    task: Task = "classification"


@dataclass(frozen=True)
class Pipeline:
    """How data are drawn, and how features are made of all rows and the target."""

    name: str
    leaks: bool
    draw: Callable[[np.random.Generator], Case]
    prepare: Callable[[Case, Floats, pd.Series], Floats]


def halves(rows: int, random: np.random.Generator) -> tuple[Rows, Rows]:
    """Divide rows at random, three quarters to train."""
    order = random.permutation(rows)
    return order[rows // 4 :], np.sort(order[: rows // 4])


def noise(rows: int, columns: int) -> Callable[[np.random.Generator], Case]:
    """Draw noise and a balanced target."""

    def draw(random: np.random.Generator) -> Case:
        target = pd.Series(random.permutation(np.arange(rows) % 2))
        return Case(random.normal(size=(rows, columns)), target, *halves(rows, random))

    return draw


def rare(random: np.random.Generator) -> Case:
    """Draw a target with one row in ten positive."""
    target = pd.Series((np.arange(300) % 10 == 0).astype(int))
    return Case(random.normal(size=(300, 6)), target, *halves(300, random))


def strong(random: np.random.Generator) -> Case:
    """Draw a target that one column nearly tells."""
    matrix = random.normal(size=(300, 6))
    target = pd.Series((matrix[:, 0] + random.normal(0, 0.3, 300) > 0).astype(int))
    return Case(matrix, target, *halves(300, random))


def numbers(random: np.random.Generator) -> Case:
    """Draw a target of numbers."""
    target = pd.Series(random.normal(size=200))
    return Case(random.normal(size=(200, 6)), target, *halves(200, random), task="regression")


def grouped(random: np.random.Generator) -> Case:
    """Draw groups of 1 to 12 rows, alike in columns and target, that the split keeps whole."""
    sizes = random.integers(1, 13, 80)
    groups = np.repeat(np.arange(80), sizes)
    matrix = np.column_stack([sizes, random.normal(size=(80, 4))])[groups]
    target = pd.Series((random.random(80) < sizes / 13).astype(int)[groups])
    tested = np.isin(groups, random.permutation(80)[:20])
    return Case(matrix, target, np.flatnonzero(~tested), np.flatnonzero(tested), groups)


def ranked(random: np.random.Generator) -> Case:
    """Draw queries of 2 to 9 rows of which the first ones are relevant."""
    query = np.repeat(np.arange(80), random.integers(2, 10, 80))
    place = np.arange(len(query)) - np.searchsorted(query, query)
    target = pd.Series(np.maximum(2 - place, 0))
    matrix = random.normal(size=(len(query), 4))
    tested = np.isin(query, random.permutation(80)[:20])
    train, test = np.flatnonzero(~tested), np.flatnonzero(tested)
    return Case(matrix, target, train, test, query, "ranking")


def on_train(case: Case, matrix: Floats, target: pd.Series) -> Floats:
    """Scale by the train rows."""
    part = matrix[case.train]
    return (matrix - part.mean(axis=0)) / (part.std(axis=0) + 1e-9)


def select(case: Case, matrix: Floats, target: pd.Series) -> Floats:
    """Keep the 25 columns that tell the target best, judged on all rows."""
    score, _ = f_classif(matrix, target)
    return matrix[:, np.argsort(-score, kind="stable")[:25]]


def encode(case: Case, matrix: Floats, target: pd.Series) -> Floats:
    """Replace 200 places by the mean of the target over all their rows."""
    places = np.floor(matrix[:, 0] * 1e6).astype(np.int64) % 200
    return target.groupby(places).transform("mean").to_numpy()[:, None]


def scale(case: Case, matrix: Floats, target: pd.Series) -> Floats:
    """Scale by all rows."""
    return (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)


PIPELINES = (
    Pipeline("clean: 200 rows x 6", False, noise(200, 6), on_train),
    Pipeline("clean: 80 rows x 40", False, noise(80, 40), on_train),
    Pipeline("clean: one in ten positive", False, rare, on_train),
    Pipeline("clean: a strong signal", False, strong, on_train),
    Pipeline("clean: a target of numbers", False, numbers, on_train),
    Pipeline("clean: groups of unequal size", False, grouped, on_train),
    Pipeline("clean: queries", False, ranked, on_train),
    Pipeline("25 of 10,000 columns selected, 200 rows", True, noise(200, 10_000), select),
    Pipeline("25 of 500 columns selected, 200 rows", True, noise(200, 500), select),
    Pipeline("200 places encoded, 600 rows", True, noise(600, 1), encode),
    Pipeline("200 items encoded, queries", True, ranked, encode),
    Pipeline("scaled, 200 rows x 6", True, noise(200, 6), scale),
)


def by_labels(pipeline: Pipeline, case: Case, seed: int) -> str:
    """Try the label-shuffle canary."""

    def train(target: pd.Series) -> Predicted:
        made = pipeline.prepare(case, case.matrix, target)
        part, labels = made[case.train], target.iloc[case.train]
        if case.task == "ranking":
            sizes = np.unique(case.groups[case.train], return_counts=True)[1]
            ranker = LGBMRanker(n_estimators=10, min_child_samples=5, n_jobs=1, verbosity=-1)
            ranker.fit(part, labels, group=sizes)
            return Predicted(case.test, {"lambdamart": ranker.predict(made[case.test])})
        if case.task == "regression":
            return Predicted(
                case.test, {"ridge": Ridge().fit(part, labels).predict(made[case.test])}
            )
        model = LogisticRegression(max_iter=200).fit(part, labels)
        return Predicted(case.test, {"logistic": model.predict_proba(made[case.test])[:, 1]})

    return label_shuffle_finding(train, Labels(case.target, case.task, case.groups), seed).status


def by_rows(pipeline: Pipeline, case: Case, seed: int) -> str:
    """Try the perturbation canary."""
    names = [f"x{place}" for place in range(case.matrix.shape[1])]
    frame = pd.DataFrame(case.matrix, columns=names).assign(y=case.target)

    def fit(given: pd.DataFrame) -> Floats:
        return pipeline.prepare(case, given[names].to_numpy(), given["y"])[case.train]

    return perturbation_finding(fit, frame, case.test, Columns(target="y"), case.task, seed).status


def main() -> None:
    """Print one line a pipeline."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clean", type=int, default=1_000)
    parser.add_argument("--leaking", type=int, default=50)
    parser.add_argument("--quick", action="store_true", help="a twentieth, to see that it runs")
    options = parser.parse_args()
    print("| pipeline | repetitions | label shuffle alarms | perturbation alarms | seconds |")
    print("|---|---|---|---|---|")
    for pipeline in PIPELINES:
        repetitions = options.leaking if pipeline.leaks else options.clean
        repetitions = max(5, repetitions // 20) if options.quick else repetitions
        began, found = time.perf_counter(), {by_labels: 0, by_rows: 0}
        for seed in range(repetitions):
            case = pipeline.draw(np.random.default_rng([seed, 19]))
            for canary in found:
                found[canary] += canary(pipeline, case, seed) == "failed"
        rates = " | ".join(f"{count / repetitions:.1%}" for count in found.values())
        seconds = time.perf_counter() - began
        print(f"| {pipeline.name} | {repetitions} | {rates} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
