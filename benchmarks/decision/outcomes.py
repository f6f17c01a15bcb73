"""What becomes of a challenger: promote, abandon or iterate, by test rows and by how good it is.

    python -m benchmarks.decision.outcomes [--repetitions 2000] [--quick]

Accuracy, 10 % of the rows where the models differ, an expected improvement of 2 points: through
`compare` and `decide` with `planned_looks: 1`, no guardrails, every gate passed.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

import numpy as np
import pandas as pd

from benchmarks.decision.judging import Judge

DIFFERING = 0.1
EXPECTED = 0.02
ROWS = (500, 3000, 20_000)
EFFECTS = {"no effect": 0.0, "half of it": EXPECTED / 2, "expected": EXPECTED}
OUTCOMES = ("promote", "abandon", "iterate")


def draw(
    rows: int, effect: float, generator: np.random.Generator, differing: float = DIFFERING
) -> pd.DataFrame:
    """Draw two models that are right on 80 % of the rows where they agree."""
    target = generator.integers(0, 2, size=rows)
    both = generator.random(rows) < 0.8
    differs = generator.random(rows) < differing
    for_it = generator.random(rows) < 0.5 + effect / (2.0 * differing)
    right = {
        "challenger": np.where(differs, for_it, both),
        "incumbent": np.where(differs, ~for_it, both),
    }
    said = {model: np.where(hit == (target == 1), 0.9, 0.1) for model, hit in right.items()}
    index = pd.RangeIndex(rows, name="__row__")
    return pd.DataFrame({"unit": np.arange(rows), "target": target, **said}, index=index)


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--repetitions", type=int, default=2000)
    parser.add_argument("--quick", action="store_true", help="200 repetitions")
    arguments = parser.parse_args()
    repetitions = 200 if arguments.quick else arguments.repetitions
    began = time.perf_counter()
    print(f"Promote / abandon / iterate in %, {repetitions:,} repetitions:\n")
    for rows in ROWS:
        judge = Judge("binary", "accuracy", rows, EXPECTED)
        told = []
        for seed, (name, effect) in enumerate(EFFECTS.items()):
            generator = np.random.default_rng([rows, seed])
            found = Counter(
                judge.judge(draw(rows, effect, generator))[1].decision for _ in range(repetitions)
            )
            rates = " / ".join(f"{100.0 * found[each] / repetitions:.1f}" for each in OUTCOMES)
            told.append(f"{name} {rates}")
        print(
            f"{rows:,} rows | {' | '.join(told)} | {time.perf_counter() - began:.0f} s", flush=True
        )


if __name__ == "__main__":
    main()
