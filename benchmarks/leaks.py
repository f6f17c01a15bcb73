"""Tables with one known leak each: the twelve kinds the leakage audit has to name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.feature_selection import SelectKBest, f_classif

from experiment_cycle.columns import Columns

Random = np.random.Generator
Part = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Case:
    """A table, its split, what is declared of it, and the codes that may name its leak."""

    frame: pd.DataFrame
    part: Part
    columns: dict[str, Any]
    codes: tuple[str, ...] = ()
    horizon: float | None = None
    note: str = ""
    more: dict[str, Any] = field(default_factory=dict)


def shuffled(rows: int, random: Random) -> Part:
    """Divide rows 70/15/15 at random."""
    part = np.repeat([0, 1, 2], [round(0.7 * rows), round(0.15 * rows), rows])[:rows]
    return random.permutation(part).astype(np.int8)


def ordinary(rows: int, random: Random, *, numbers: bool = False) -> pd.DataFrame:
    """Draw a mixed table whose target `y` depends on some columns, moderately."""
    many = int(random.integers(4, 10))
    mixing = random.normal(size=(many, many)) * 0.4 + np.eye(many)
    latent = random.normal(size=(rows, many)) @ mixing
    frame = pd.DataFrame({f"x{j}": latent[:, j] for j in range(many)})
    frame["amount"] = np.round(np.exp(latent[:, 0] * 0.6 + 6), 2)
    frame["visits"] = random.poisson(np.exp(np.clip(latent[:, 1] * 0.4, -3, 3)))
    frame["region"] = random.choice(list("ABCDEF"), rows, p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.05])
    frame["member"] = random.random(rows) < 0.4
    weight = random.normal(size=many) * (random.random(many) < 0.6)
    signal = latent @ weight + 0.5 * frame["member"] + 0.4 * (frame["region"] == "B")
    signal = (signal - signal.mean()) / max(float(signal.std()), 1e-9)
    noise = random.logistic(size=rows)
    frame["y"] = signal + 0.6 * noise if numbers else (1.2 * signal + noise > 0.2).astype(int)
    return frame


def _rows(random: Random) -> int:
    return int(random.choice([400, 800, 1500, 3000]))


def _copied(random: Random) -> tuple[pd.DataFrame, Part, npt.NDArray[np.bool_]]:
    """Replace a fifth of the test rows by copies of train rows."""
    frame = ordinary(_rows(random), random)
    part = shuffled(len(frame), random)
    tests = np.flatnonzero(part == 2)
    chosen = random.permutation(tests)[: len(tests) // 5]
    sources = random.choice(np.flatnonzero(part == 0), len(chosen), replace=False)
    columns = [name for name in frame.columns if name != "y"]
    copied = frame.copy()
    copied.loc[chosen, columns] = frame.loc[sources, columns].to_numpy()
    for name in columns:
        copied[name] = copied[name].astype(frame[name].dtype)
    copied.loc[chosen, "y"] = frame.loc[sources, "y"].to_numpy()
    mark = np.zeros(len(frame), dtype=bool)
    mark[chosen] = True
    return copied, part, mark


def duplicates_same_label(random: Random) -> Case:
    """Copies of train rows in test."""
    frame, part, _ = _copied(random)
    return Case(frame, part, {"target": "y"}, ("LEAK002",))


def duplicates_flipped_label(random: Random) -> Case:
    """Copies whose label is another one."""
    frame, part, mark = _copied(random)
    frame.loc[mark, "y"] = 1 - frame.loc[mark, "y"]
    return Case(frame, part, {"target": "y"}, ("LEAK002",))


def near_duplicates(random: Random) -> Case:
    """Copies with a little noise in every number."""
    frame, part, mark = _copied(random)
    size = float(random.choice([0.01, 0.03, 0.05]))
    for name in frame.columns:
        if frame[name].dtype == float:
            spread = frame[name].std() * size
            frame.loc[mark, name] += random.normal(size=int(mark.sum())) * spread
    return Case(frame, part, {"target": "y"}, ("LEAK003",))


def random_split_of_time(random: Random) -> Case:
    """A declared time, and rows divided at random."""
    rows = _rows(random)
    frame = ordinary(rows, random)
    frame["y"] = (np.cumsum(random.normal(size=rows)) > 0).astype(int)
    frame.loc[0, "y"], frame.loc[1, "y"] = 0, 1
    frame["day"] = pd.date_range("2020-01-01", periods=rows, freq="h")
    return Case(frame, shuffled(rows, random), {"target": "y", "time": "day"}, ("LEAK010",))


def missing_embargo(random: Random) -> Case:
    """Labels over the next fifty steps, and parts that touch."""
    rows, window = 2000, 50
    steps = random.normal(size=rows + window)
    ahead = np.array([steps[i + 1 : i + 1 + window].sum() for i in range(rows)])
    frame = ordinary(rows, random).drop(columns="y")
    frame["walk"] = np.cumsum(steps)[:rows]
    frame["step"] = np.arange(rows)
    frame["y"] = (ahead > 0).astype(int)
    part = np.repeat([0, 1, 2], [1400, 300, 300]).astype(np.int8)
    declared = random.random() < 0.5
    return Case(
        frame,
        part,
        {"target": "y", "time": "step"},
        ("LEAK011",),
        horizon=float(window) if declared else None,
        note="declared" if declared else "undeclared",
    )


def identifier(random: Random) -> Case:
    """A serial number given class by class, in one of three ways."""
    frame = ordinary(_rows(random), random)
    rows, way = len(frame), int(random.integers(3))
    if way == 0:  # the file was sorted by the target, then numbered, then shuffled
        frame = frame.sort_values("y", kind="stable", ignore_index=True)
        frame["record"] = np.arange(rows) + 1
        frame = frame.sample(frac=1, random_state=int(random.integers(2**31)), ignore_index=True)
    elif way == 1:  # two offices number their cases, and one sees more of a class
        office = np.where(random.random(rows) < 0.9, frame["y"], 1 - frame["y"])
        frame["record"] = np.where(office == 1, 50_000, 10_000) + np.arange(rows)
    else:  # collected mostly one class first
        order = np.argsort(frame["y"] + random.normal(size=rows) * 0.5, kind="stable")
        serial = np.empty(rows, dtype=int)
        serial[order] = np.arange(rows) * 2 + random.integers(0, 2, rows)
        frame["record"] = serial
    return Case(frame, shuffled(rows, random), {"target": "y"}, ("LEAK007",))


def proxy(random: Random) -> Case:
    """The target with a little noise."""
    numbers = bool(random.random() < 0.3)
    frame = ordinary(_rows(random), random, numbers=numbers)
    spread = 0.1 * frame["y"].std() if numbers else 0.3
    frame["later"] = frame["y"] + random.normal(size=len(frame)) * spread
    return Case(frame, shuffled(len(frame), random), {"target": "y"}, ("LEAK004",))


def xor_proxy(random: Random) -> Case:
    """Two columns of which each tells nothing, and both together all."""
    frame = ordinary(_rows(random), random)
    rows = len(frame)
    one = random.integers(0, 2, rows)
    other = one ^ frame["y"].to_numpy()
    if random.random() < 0.5:
        frame["flag_a"], frame["flag_b"] = one, other
    else:
        frame["flag_a"] = (2 * one - 1) * random.uniform(0.05, 1, rows)
        frame["flag_b"] = (2 * other - 1) * random.uniform(0.05, 1, rows)
    return Case(frame, shuffled(rows, random), {"target": "y"}, ("LEAK005",))


def target_encoding(random: Random) -> Case:
    """The mean target of a category with many levels, over all rows."""
    frame = ordinary(_rows(random), random)
    rows, way = len(frame), int(random.integers(4))
    place = random.integers(0, max(20, rows // int(random.choice([3, 10, 30]))), rows)
    groups = frame.groupby(place)["y"]
    size, total, mean = groups.transform("size"), groups.transform("sum"), frame["y"].mean()
    if way in (0, 1):
        frame["rate"] = total / size
    elif way == 2:
        frame["rate"] = (total + 10 * mean) / (size + 10)
    else:
        frame["rate"] = np.where(size > 1, (total - frame["y"]) / np.maximum(size - 1, 1), mean)
    if way > 0:
        frame["place"] = [f"p{code:04d}" for code in place]
    return Case(frame, shuffled(rows, random), {"target": "y"}, ("LEAK009",))


def undeclared_groups(random: Random) -> Case:
    """A hundred persons with ten rows each, with and without their number, in order and not."""
    persons, each = 100, 10
    rows, many = persons * each, int(random.integers(5, 12))
    person = np.repeat(np.arange(persons), each)
    centre = random.normal(size=(persons, many))
    matrix = centre[person] + 0.3 * random.normal(size=(rows, many))
    frame = pd.DataFrame(matrix, columns=[f"x{j}" for j in range(many)])
    frame["y"] = random.integers(0, 2, persons)[person]
    with_number, in_order = random.random() < 0.5, random.random() < 0.5
    if with_number:
        frame["person"] = random.permutation(persons)[person]
    if not in_order:
        frame = frame.sample(frac=1, random_state=int(random.integers(2**31)), ignore_index=True)
    note = f"{'with' if with_number else 'no'} number, {'in order' if in_order else 'shuffled'}"
    return Case(frame, shuffled(rows, random), {"target": "y"}, ("LEAK013",), note=note)


def biased_test(random: Random) -> Case:
    """Test rows chosen among those that are easy to tell."""
    frame = ordinary(_rows(random), random)
    rows = len(frame)
    numbers = frame[[name for name in frame.columns if name.startswith("x")]]
    plain = (numbers - numbers.mean()) / numbers.std()
    slope = np.array([np.corrcoef(plain[name], frame["y"])[0, 1] for name in plain])
    ease = np.abs(plain.to_numpy() @ slope)
    easy = ease > np.median(ease)
    part = np.full(rows, -1)
    tests = random.permutation(np.flatnonzero(easy))[: round(0.15 * rows)]
    part[tests] = 2
    rest = random.permutation(np.flatnonzero(part < 0))
    part[rest[: round(0.7 * rows)]] = 0
    part[part < 0] = 1
    return Case(frame, part.astype(np.int8), {"target": "y"}, ("LEAK014",))


def selection_before_the_split(generator: Random) -> tuple[pd.DataFrame, Columns]:
    """Noise only, of which a function chooses columns by their labels before it looks at the split.

    The table and the roles of its columns; the function is `choose_columns`.
    """
    count = int(generator.integers(50, 500))
    features = {f"f{n}": generator.normal(size=200) for n in range(count)}
    return pd.DataFrame({**features, "y": generator.integers(0, 2, 200)}), Columns(target="y")


def choose_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the columns that go with the labels of all rows, and return the train rows."""
    features = table.drop(columns="y")
    kept = SelectKBest(f_classif, k=10).fit(features, table["y"]).get_support()
    return features.loc[:, kept].iloc[: len(table) // 2]


LEAKS: dict[str, Callable[[Random], Case] | None] = {
    "exact duplicates, same label": duplicates_same_label,
    "exact duplicates, flipped label": duplicates_flipped_label,
    "near duplicates": near_duplicates,
    "random split with a time column": random_split_of_time,
    "missing embargo": missing_embargo,
    "identifier-like column": identifier,
    "proxy of the target": proxy,
    "XOR proxy": xor_proxy,
    "target encoding": target_encoding,
    "undeclared groups": undeclared_groups,
    "biased test": biased_test,
    "preprocessing or selection before the split": None,
}
"""None: nothing in the data shows it; the canary, which reruns the user's code, does."""
