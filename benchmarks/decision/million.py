"""What it costs to compare two models on a million test rows by all metrics at once.

    python -m benchmarks.decision.million [--rows 1000000]

For each problem type: `compare` with every metric of the task tracked, then `decide`; seconds, and
the most memory the process held so far. The bound is 20 s.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import pandas as pd

from benchmarks.decision.judging import CLASSES, Judge
from experiment_cycle.metrics.catalogue import known_metrics
from experiment_cycle.metrics.listed import METRICS
from experiment_cycle.problem import ProblemType

PRIMARY: dict[ProblemType, str] = {
    "binary": "roc_auc",
    "multiclass": "roc_auc_ovr",
    "regression": "rmse",
    "ranking": "ndcg_at_10",
}


def draw(problem: ProblemType, rows: int, generator: np.random.Generator) -> pd.DataFrame:
    """Draw two models that know something, the challenger a little more."""
    columns: dict[str, np.ndarray] = {"unit": np.arange(rows)}
    models = {"challenger": 1.1, "incumbent": 1.0}
    if problem == "multiclass":
        classes = len(CLASSES[problem])
        columns["target"] = generator.integers(0, classes, size=rows)
        for model, gain in models.items():
            score = gain * np.eye(classes)[columns["target"]]
            share = np.exp(score + generator.normal(size=(rows, classes)))
            share /= share.sum(axis=1, keepdims=True)
            columns |= {f"{model}_{code}": share[:, code] for code in range(classes)}
    elif problem == "binary":
        latent = generator.normal(size=rows)
        columns["target"] = (latent + generator.logistic(size=rows) > 0.0).astype(np.int64)
        for model, gain in models.items():
            columns[model] = 1.0 / (1.0 + np.exp(-gain * latent - generator.normal(size=rows)))
    elif problem == "regression":
        columns["target"] = generator.gamma(2.0, size=rows)
        for model, gain in models.items():
            columns[model] = columns["target"] + generator.normal(size=rows) / gain
    else:
        columns["query"] = columns["unit"] = np.arange(rows) // 10
        columns["target"] = generator.binomial(2, 0.25, size=rows).astype(np.float64)
        for model, gain in models.items():
            columns[model] = gain * columns["target"] + generator.normal(size=rows)
    return pd.DataFrame(columns, index=pd.RangeIndex(rows, name="__row__"))


def main() -> None:
    """Time each problem type."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    for problem, primary in PRIMARY.items():
        asked = [name for name, each in METRICS.items() if problem in each.on_request]
        tracked = tuple(known_metrics(problem) + asked)
        table = draw(problem, rows, np.random.default_rng(1))
        judge = Judge(problem, primary, rows, 0.01, tracked=tracked)
        _ = judge.test_set, judge.manifest
        began = time.perf_counter()
        judge.judge(table)
        seconds = time.perf_counter() - began
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{problem} | {len(tracked)} metrics | {seconds:.1f} s | {most:.1f} GB", flush=True)


if __name__ == "__main__":
    main()
