from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.splitting.units import divided_units, number_units

values = st.integers(-5, 12)


@given(rows=st.lists(values, max_size=40), kind=st.sampled_from(["int64", "int8", "str", "Int64"]))
def test_units_are_numbered_in_the_order_of_their_first_rows(rows: list[int], kind: str) -> None:
    frame = pd.DataFrame({"unit": pd.Series(rows, dtype="int64").astype(kind)})

    numbers = number_units(frame, ["unit"])

    seen: dict[int, int] = {}
    assert numbers.tolist() == [seen.setdefault(value, len(seen)) for value in rows]


def test_numbers_far_apart_and_missing_values_are_units_too() -> None:
    far = pd.DataFrame({"unit": [2**62, -(2**62), 2**62]})
    missing = pd.DataFrame({"unit": [1.5, None, 1.5, None]})

    assert number_units(far, ["unit"]).tolist() == [0, 1, 0]
    assert number_units(missing, ["unit"]).tolist() == [0, 1, 0, 1]


@given(rows=st.lists(st.tuples(values, values), min_size=1, max_size=40))
def test_two_columns_hold_together_what_either_does(rows: list[tuple[int, int]]) -> None:
    """The oracle passes the least number on along shared values until nothing changes."""
    frame = pd.DataFrame(rows, columns=["one", "other"])

    numbers = number_units(frame, ["one", "other"])

    least, before = pd.Series(range(len(rows))), None
    while not least.equals(before):
        before = least
        for name in ("one", "other"):
            least = least.groupby(frame[name]).transform("min")
    assert numbers.tolist() == pd.factorize(least)[0].tolist()


@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 8)), min_size=1, max_size=60),
)
def test_divided_units_are_those_with_rows_in_two_parts(rows: list[tuple[int, int]]) -> None:
    frame = pd.DataFrame(rows, columns=["part", "unit"])

    found = divided_units(frame["part"].to_numpy(np.int8), frame["unit"].to_numpy(), 3)

    inside = frame[frame["part"] < 3]
    counts = inside.groupby("unit")["part"].nunique()
    assert found.tolist() == counts.index[counts > 1].tolist()
