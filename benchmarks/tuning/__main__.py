"""Measure the search; run from the project's folder.

    python -m benchmarks.tuning [--quick] [--only PART ...] [--adult FOLDER] [--seeds N]

    overhead    200 trials of a trivial objective: ours against bare Optuna with the same storage (a
                journal file), at most 1.3 times, and with its SQLite, at most 0.35 times
    counting    counting ones (Falkner et al. 2018): random search's regret is known for a budget of
                epochs; Hyperband reaches it in a share of them, at most a third
    workers     trials of LightGBM and of a small network by one worker and by two: the ratio of
                throughputs, at least 1.4
    loaded      the same while two other processes keep both cores busy, at least 1

With --adult, the folder that holds adult_train.csv and adult_test.csv:

    sgd, mlp    Hyperband against random search: the share of epochs after which its best is random
                search's final value, at most 0.85 (median), and by how much its own final value
                falls short, at most 0.001
    bayesian    Bayesian against random search with twice the trials: in how many seeds its best is
                at least as good, at least half
    quality     60 seconds of default tuning with two workers, then the final training: test ROC AUC
                against what FLAML and AutoGluon reached in 60 seconds, and the memory

Each part ends within a quarter of an hour on two idle cores. Without --only all are run for which
there are data.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import optuna

from benchmarks.tuning.adult import bayesian, halving, quality
from benchmarks.tuning.counting import counting
from benchmarks.tuning.overhead import overhead
from benchmarks.tuning.throughput import throughput

ANYWHERE = ("overhead", "counting", "workers", "loaded")
ON_ADULT = ("sgd", "mlp", "bayesian", "quality")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer seeds, fewer rows")
    parser.add_argument("--adult", type=Path)
    parser.add_argument("--only", nargs="+", choices=ANYWHERE + ON_ADULT)
    parser.add_argument("--seeds", type=int, help="of the parts on Adult: 10, of quality 5")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    parts = asked.only or (ANYWHERE + ON_ADULT if asked.adult else ANYWHERE)
    if asked.adult is None and set(parts) & set(ON_ADULT):
        parser.error("--adult is missing: the folder that holds adult_train.csv")
    for part in parts:
        _measure(part, asked)


def _measure(part: str, asked: argparse.Namespace) -> None:
    quick = asked.quick
    seeds = asked.seeds or (3 if quick else 10)
    if part == "overhead":
        overhead(1 if quick else 3)
    elif part == "counting":
        counting(5 if quick else 20)
    elif part in {"workers", "loaded"}:
        throughput(20_000 if quick else 60_000, 1 if quick else 3, loaded=part == "loaded")
    elif part in {"sgd", "mlp"}:
        halving(asked.adult, part, seeds)
    elif part == "bayesian":
        bayesian(asked.adult, seeds)
    else:
        quality(asked.adult, asked.seeds or (1 if quick else 5))


if __name__ == "__main__":
    main()
