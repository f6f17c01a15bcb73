"""Many looks at one family of test sets, and a champion that saw the test rows.

    python -m benchmarks.decision.looks [--repetitions 300] [--quick]

Looks: fifty challengers, all of them as good as the first champion, are compared on the same test
rows one after the other, through `compare`, `decide` and the ledger; whoever is promoted is
champion from then on, and the ledger is told. Both ways to spend alpha, and each look at 5 % by
itself. 2,000 rows, 5.4 % of which two models differ on (accuracy).

Seen: the champion learned 87 % of the test rows by heart, in part, so that it seems better there
than a challenger that is better by 5 points. With the gate `incumbent_unseen` failed it must not
abandon the challenger; with the gate passed (as if nobody had looked) the same comparison is shown.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.decision.judging import Judge
from benchmarks.decision.outcomes import OUTCOMES
from experiment_cycle.decision.ledger import Ledger

LOOKS = 50
ROWS = 2000
DIFFERING = 0.054
RIGHT = 0.8
SEEN = 0.87

Hits = npt.NDArray[np.bool_]


def family(generator: np.random.Generator, count: int) -> list[Hits]:
    """Draw models that are right with the same chance, of which any two differ on as many rows."""
    common = generator.random(ROWS) < RIGHT
    # a model departs from what all have in common on a share s of rows, and draws anew there:
    # two differ where either did, and then with 2 p (1 - p)
    share = 1.0 - np.sqrt(1.0 - DIFFERING / (2.0 * RIGHT * (1.0 - RIGHT)))
    drawn = (generator.random(ROWS) < RIGHT for _ in range(count))
    return [np.where(generator.random(ROWS) < share, own, common) for own in drawn]


def table(target: npt.NDArray[np.int64], challenger: Hits, incumbent: Hits) -> pd.DataFrame:
    """Put two models side by side, as the decision reads them."""
    said = {
        model: np.where(hit == (target == 1), 0.9, 0.1)
        for model, hit in (("challenger", challenger), ("incumbent", incumbent))
    }
    index = pd.RangeIndex(len(target), name="__row__")
    return pd.DataFrame({"unit": np.arange(len(target)), "target": target, **said}, index=index)


def look_often(judge: Judge, generator: np.random.Generator, folder: Path) -> int:
    """Count the promotions among equal challengers, the champion replaced at each."""
    target = generator.integers(0, 2, size=ROWS)
    champion, *challengers = family(generator, LOOKS + 1)
    ledger, promoted = folder / "ledger.jsonl", 0
    for challenger in challengers:
        comparison, decision = judge.judge(table(target, challenger, champion), ledger)
        if decision.decision == "promote" and comparison.look is not None:
            Ledger(ledger).record_promotion(comparison.look)
            champion, promoted = challenger, promoted + 1
    ledger.unlink()
    return promoted


def look_afresh(judge: Judge, generator: np.random.Generator) -> int:
    """Do the same without a ledger: every look has 5 %."""
    target = generator.integers(0, 2, size=ROWS)
    champion, *challengers = family(generator, LOOKS + 1)
    promoted = 0
    for challenger in challengers:
        if judge.judge(table(target, challenger, champion))[1].decision == "promote":
            champion, promoted = challenger, promoted + 1
    return promoted


def decide_against_one_that_saw(failed: tuple[str, ...], repetitions: int) -> str:
    """Compare a better challenger with a champion that learned test rows by heart."""
    judge = Judge("binary", "accuracy", ROWS, 0.05, failed=failed)
    generator, found = np.random.default_rng(5), Counter[str]()
    for _ in range(repetitions):
        target = generator.integers(0, 2, size=ROWS)
        honest = generator.random(ROWS) < RIGHT - 0.05
        by_heart = (generator.random(ROWS) < SEEN) & (generator.random(ROWS) < 0.5)
        challenger = generator.random(ROWS) < RIGHT
        found[judge.judge(table(target, challenger, honest | by_heart))[1].decision] += 1
    return " / ".join(f"{100.0 * found[each] / repetitions:.1f}" for each in OUTCOMES)


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="20 repetitions")
    arguments = parser.parse_args()
    repetitions = 20 if arguments.quick else arguments.repetitions
    began = time.perf_counter()
    print("A champion that saw the test rows; promote / abandon / iterate in %:")
    for told, failed in (("gate passed", ()), ("gate failed", ("incumbent_unseen",))):
        print(f"{told} | {decide_against_one_that_saw(failed, repetitions)}", flush=True)
    print(f"\n{LOOKS} looks by equal challengers, {repetitions:,} families:")
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        rules = {
            "alpha investing": Judge("binary", "accuracy", ROWS, 0.02, planned_looks=None),
            f"planned_looks: {LOOKS}": Judge("binary", "accuracy", ROWS, 0.02, planned_looks=LOOKS),
            "each look at 5 %": Judge("binary", "accuracy", ROWS, 0.02, planned_looks=1),
        }
        for name, judge in rules.items():
            # the same families for every rule
            generator = np.random.default_rng(3)
            each_anew = judge.options.planned_looks == 1
            number = repetitions // 5 if each_anew else repetitions
            counts = np.array(
                [
                    look_afresh(judge, generator)
                    if each_anew
                    else look_often(judge, generator, Path(folder))
                    for _ in range(number)
                ]
            )
            any_of_them = 100.0 * (counts > 0).mean()
            seconds = time.perf_counter() - began
            print(
                f"{name} | any promotion {any_of_them:.1f} % | {counts.mean():.3f} each "
                f"| {number:,} families | {seconds:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
