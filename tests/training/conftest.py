from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import ROW, Columns

EXAMPLE = Path(__file__).parents[2] / "data" / "01_raw" / "doctor_visits.parquet"


@pytest.fixture(scope="session")
def visits_columns() -> Columns:
    return Columns(
        target="any_visit",
        group="profile",
        sensitive=("physical_limitation",),
        drop=("visits", "physical_limitation"),
    )


@pytest.fixture(scope="session")
def visits() -> dict[str, pd.DataFrame]:
    """Train, validation and test of the example data, no profile in two of them."""
    table = pd.read_parquet(EXAMPLE)
    table.index = pd.RangeIndex(len(table), name=ROW)
    place = np.random.default_rng(3).permutation(table["profile"].max() + 1)[table["profile"]]
    cuts = np.searchsorted([500, 900], place, side="right")
    return {part: table[cuts == code] for code, part in enumerate(("train", "validation", "test"))}


@pytest.fixture
def mixed_columns() -> Columns:
    return Columns(target="outcome", positive="yes", identifier="id")


@pytest.fixture
def mixed() -> pd.DataFrame:
    """600 rows with a column of every type a table may bring."""
    draw = np.random.default_rng(0)
    rows = 600
    colour = draw.choice(["red", "green", "blue"], rows)
    number = draw.normal(size=rows)
    outcome = (number + 2 * (colour == "green") + draw.normal(size=rows) > 0.5).astype(int)
    gaps = draw.random(rows) < 0.2
    frame = pd.DataFrame(
        {
            "id": np.arange(rows),
            "number": np.where(gaps, np.nan, number),
            "whole": pd.array(np.where(gaps, None, draw.integers(0, 9, rows)), dtype="Int64"),
            "flag": draw.random(rows) < 0.5,
            "flag_with_gaps": np.where(gaps, None, draw.random(rows) < 0.5),
            "colour": pd.Series(colour).where(~gaps),
            "size": pd.Categorical(draw.choice(["s", "m", "l"], rows)),
            "outcome": np.where(outcome == 1, "yes", "no"),
        },
        index=pd.RangeIndex(rows, name=ROW),
    )
    return frame
