"""Tables without a leak, of many shapes: on none of them may the leakage audit fail."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.leaks import Case, Part, Random, ordinary, shuffled


def _size(random: Random) -> int:
    return int(random.choice([200, 300, 500, 1000, 2000, 5000, 10_000]))


def _binary(signal: np.ndarray, random: Random, share: float = 0.5) -> np.ndarray:
    noisy = signal + random.logistic(size=len(signal))
    return (noisy > np.quantile(noisy, 1 - share)).astype(int)


def _case(frame: pd.DataFrame, random: Random, **columns: str) -> Case:
    return Case(frame, shuffled(len(frame), random), {"target": "y", **columns})


def mixed(random: Random) -> Case:
    """Numbers, counts, levels; two classes or a number."""
    return _case(ordinary(_size(random), random, numbers=random.random() < 0.4), random)


def low_cardinality(random: Random) -> Case:
    """A few columns with a few values: most rows have twins."""
    rows, many = _size(random), int(random.integers(2, 6))
    values = random.integers(0, random.integers(2, 8, many), (rows, many))
    frame = pd.DataFrame(values, columns=[f"c{j}" for j in range(many)])
    frame["y"] = _binary(values[:, 0] * 0.7 - values[:, 1] * 0.3, random)
    return _case(frame, random)


def all_categorical(random: Random) -> Case:
    """Levels as text, unevenly frequent, some depending on others."""
    rows, many = _size(random), int(random.integers(4, 12))
    latent = random.integers(0, 4, rows)
    frame = pd.DataFrame(index=range(rows))
    for j in range(many):
        levels = int(random.integers(2, 15))
        weights = random.dirichlet(np.full(levels, 0.8), 4)
        drawn = (random.random((rows, 1)) > np.cumsum(weights, axis=1)[latent]).sum(axis=1)
        frame[f"c{j}"] = [f"l{code}" for code in np.minimum(drawn, levels - 1)]
    frame["y"] = np.where(_binary(latent * 0.6, random) == 1, "yes", "no")
    return _case(frame, random)


def imbalanced(random: Random) -> Case:
    """One to five per cent positives."""
    frame = ordinary(max(1000, _size(random)), random)
    signal = frame["x0"].to_numpy() + frame["x1"].to_numpy()
    frame["y"] = _binary(signal, random, share=float(random.uniform(0.01, 0.05)))
    return _case(frame, random)


def time_ordered(random: Random) -> Case:
    """Persistent series, split by a declared time."""
    rows = max(500, _size(random))
    frame = pd.DataFrame({"when": pd.date_range("2019-01-01", periods=rows, freq="D")})
    for j in range(int(random.integers(3, 8))):
        noise, kept = random.normal(size=rows), float(random.uniform(0, 0.98))
        series = np.zeros(rows)
        for i in range(1, rows):
            series[i] = kept * series[i - 1] + noise[i]
        frame[f"s{j}"] = series
    frame["s0_mean_7"] = frame["s0"].rolling(7, min_periods=1).mean()
    frame["s0_lag_1"] = frame["s0"].shift(1).bfill()
    frame["weekday"] = frame["when"].dt.weekday
    frame["y"] = _binary(frame["s0"].to_numpy() * 0.5 + frame["s1"].to_numpy() * 0.3, random)
    cuts = [round(0.7 * rows), round(0.15 * rows), rows]
    part = np.repeat([0, 1, 2], cuts)[:rows].astype(np.int8)
    return Case(frame, part, {"target": "y", "time": "when"})


def grouped(random: Random) -> Case:
    """Persons with several rows each, declared, and split by them."""
    persons = max(60, _size(random) // 6)
    size = random.integers(1, 12, persons)
    person = np.repeat(np.arange(persons), size)
    rows, many = len(person), int(random.integers(3, 9))
    centre = random.normal(size=(persons, many))
    matrix = centre[person] + float(random.uniform(0.1, 1)) * random.normal(size=(rows, many))
    frame = pd.DataFrame(matrix, columns=[f"x{j}" for j in range(many)])
    frame["age"] = random.integers(18, 90, persons)[person]
    frame["sex"] = random.choice(["f", "m"], persons)[person]
    frame["person"] = person
    frame["y"] = _binary(centre[person, 0] * 1.5 + matrix[:, 1], random)
    part = shuffled(persons, random)[person]
    return Case(frame, part, {"target": "y", "group": "person"})


def correlated_binaries(random: Random) -> Case:
    """Flags that all say nearly the same."""
    rows, many = _size(random), int(random.integers(8, 40))
    strength = float(random.uniform(0.4, 0.95))
    latent = random.normal(size=(rows, 1))
    values = strength * latent + np.sqrt(1 - strength**2) * random.normal(size=(rows, many))
    flags = (values > random.normal(size=many) * 0.7).astype(int)
    frame = pd.DataFrame(flags, columns=[f"f{j}" for j in range(many)])
    frame["y"] = _binary(latent[:, 0], random)
    return _case(frame, random)


def rare_flags(random: Random) -> Case:
    """Flags that are nearly always off, and counts that are nearly always zero."""
    rows, many = max(1000, _size(random)), int(random.integers(10, 40))
    flags = (random.random((rows, many)) < random.uniform(0.002, 0.08, many)).astype(int)
    frame = pd.DataFrame(flags, columns=[f"f{j}" for j in range(many)])
    for j in range(5):
        frame[f"n{j}"] = random.poisson(random.gamma(0.1, 2, rows))
    frame["y"] = _binary(flags.sum(axis=1) * 0.5, random, share=0.3)
    return _case(frame, random)


def survey(random: Random) -> Case:
    """Answers from 1 to 5; some people tick the same box throughout."""
    rows, many = _size(random), int(random.integers(6, 30))
    latent = random.normal(size=(rows, 2))
    weight = random.normal(size=(2, many))
    answers = np.clip(np.rint(3 + latent @ weight + random.normal(size=(rows, many))), 1, 5)
    lazy = random.random(rows) < 0.04
    answers[lazy] = random.integers(1, 6, (int(lazy.sum()), 1))
    frame = pd.DataFrame(answers.astype(int), columns=[f"q{j}" for j in range(many)])
    frame["y"] = _binary(latent[:, 0], random)
    return _case(frame, random)


def one_hot(random: Random) -> Case:
    """Levels that were spread over columns of zeros and ones before."""
    rows = _size(random)
    levels = pd.DataFrame(
        {
            f"c{j}": random.choice(list("abcdefgh")[: random.integers(3, 9)], rows)
            for j in range(int(random.integers(2, 6)))
        }
    )
    frame = pd.get_dummies(levels).astype(int)
    frame["age"] = random.integers(18, 80, rows)
    frame["y"] = _binary(frame["age"].to_numpy() / 20 + frame.iloc[:, 0].to_numpy(), random)
    return _case(frame, random)


def derived(random: Random) -> Case:
    """Columns computed from others, and attributes of a place beside its name."""
    rows = _size(random)
    places = int(random.integers(15, 80))
    place = random.choice(places, rows, p=random.dirichlet(np.full(places, 2.0)))
    height, weight = random.normal(170, 9, rows).round(), random.normal(75, 14, rows).round(1)
    frame = pd.DataFrame(
        {
            "place": [f"town {code}" for code in place],
            "inhabitants": random.integers(1_000, 900_000, places)[place],
            "height": height,
            "weight": weight,
            "bmi": (weight / (height / 100) ** 2).round(1),
            "age": random.integers(18, 90, rows),
            "income": np.exp(random.normal(10, 0.5, rows)).round(-1),
            "pressure": random.normal(125, 15, rows).round(),
            "smoker": random.random(rows) < 0.25,
            "children": random.poisson(1.2, rows),
        }
    )
    frame["age_group"] = (frame["age"] // 10).astype(str) + "0s"
    effect = random.normal(size=places)[place] * 0.5
    risk = frame["bmi"].to_numpy() / 5 + frame["age"].to_numpy() / 20 + effect
    frame["y"] = _binary(risk, random)
    return _case(frame, random)


def strong(random: Random) -> Case:
    """A strong legitimate column, and others that know part of it."""
    rows = max(300, _size(random))
    cause = random.normal(size=rows)
    frame = pd.DataFrame({f"x{j}": random.normal(size=rows) for j in range(5)})
    frame["score"] = cause
    frame["test_a"] = cause + 0.5 * random.normal(size=rows)
    frame["test_b"] = np.rint(10 * (cause + 0.7 * random.normal(size=rows)))
    steep = float(random.uniform(1.5, 5))
    if random.random() < 0.3:
        frame["y"] = steep * cause + frame["x0"] + random.normal(size=rows)
    else:
        frame["y"] = _binary(steep * cause + frame["x0"].to_numpy(), random)
    return _case(frame, random)


def clusters(random: Random) -> Case:
    """Several classes, each a cloud of its own."""
    rows, many, kinds = max(300, _size(random)), int(random.integers(3, 12)), 3
    kind = random.integers(0, kinds + int(random.integers(0, 4)), rows)
    centre = random.normal(size=(kinds + 4, many)) * float(random.uniform(0.5, 3))
    frame = pd.DataFrame(centre[kind] + random.normal(size=(rows, many)))
    frame.columns = [f"x{j}" for j in range(many)]
    frame["y"] = [f"class {code}" for code in kind]
    return _case(frame, random)


def amounts(random: Random) -> Case:
    """Whole numbers that seldom repeat, dates of birth, text that is unique, missing values."""
    rows = _size(random)
    frame = pd.DataFrame(
        {
            "price": np.exp(random.normal(9, 1.2, rows)).astype(int),
            "distance": random.integers(10, 100_000, rows),
            "born": pd.Timestamp("1940-01-01")
            + pd.to_timedelta(random.integers(0, 25_000, rows), unit="D"),
            "remark": [f"seen {a} with {b}" for a, b in random.integers(0, 10**6, (rows, 2))],
            "rating": random.normal(3, 1, rows).round(1),
        }
    )
    frame["y"] = _binary(np.log(frame["price"].to_numpy()) + frame["rating"].to_numpy(), random)
    for name in ("distance", "rating"):
        frame[name] = frame[name].where(random.random(rows) > 0.1)
    return _case(frame, random)


def shops(random: Random) -> Case:
    """Shops seen every week, split by a declared time: the same shops later on."""
    many, weeks = int(random.integers(20, 60)), int(random.integers(40, 100))
    shop, week = np.divmod(np.arange(many * weeks), weeks)
    frame = pd.DataFrame({"shop": shop, "week": week})
    frame["floor"] = random.integers(100, 2000, many)[shop]
    frame["kind"] = random.choice(list("abc"), many)[shop]
    frame["holiday"] = (random.random(weeks) < 0.1)[week]
    frame["price"] = random.normal(10, 2, len(frame)).round(2)
    frame["y"] = frame["floor"] / 100 + 5 * frame["holiday"] + 3 * random.normal(size=len(frame))
    cuts = np.quantile(week, [0.7, 0.85])
    part: Part = np.where(week <= cuts[0], 0, np.where(week <= cuts[1], 1, 2)).astype(np.int8)
    return Case(frame, part, {"target": "y", "time": "week"})


def large(random: Random) -> Case:
    """Up to a hundred thousand rows."""
    frame = ordinary(int(random.choice([30_000, 100_000])), random, numbers=random.random() < 0.3)
    return _case(frame, random)


def wide(random: Random) -> Case:
    """Few rows, and nearly as many columns."""
    rows, many = int(random.choice([200, 300, 500])), int(random.integers(40, 120))
    matrix = random.normal(size=(rows, many))
    frame = pd.DataFrame(matrix, columns=[f"x{j}" for j in range(many)])
    frame["y"] = _binary(matrix[:, :5].sum(axis=1), random)
    return _case(frame, random)


def grid(random: Random) -> Case:
    """A few whole-number columns: as many cells as rows, so that some rows have twins."""
    rows, many = _size(random), int(random.integers(2, 5))
    side = max(4, int((rows * float(random.uniform(0.5, 8))) ** (1 / many)))
    values = random.integers(0, side, (rows, many))
    frame = pd.DataFrame(values, columns=[f"g{j}" for j in range(many)])
    frame["y"] = _binary(values[:, 0] / side * 3, random)
    return _case(frame, random)


CLEAN: dict[str, Callable[[Random], Case]] = {
    make.__name__.replace("_", " "): make
    for make in (
        mixed,
        low_cardinality,
        all_categorical,
        imbalanced,
        time_ordered,
        grouped,
        correlated_binaries,
        rare_flags,
        survey,
        one_hot,
        derived,
        strong,
        clusters,
        amounts,
        shops,
        large,
        wide,
        grid,
    )
}
