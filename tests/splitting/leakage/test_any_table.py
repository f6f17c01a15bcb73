"""Whatever is in a table, the audit answers, and its answer can be stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.splitting.leakage import strength
from experiment_cycle.splitting.leakage.audit import audit_leakage
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.parts import PARTS, PURGED, SPLIT

Save = Callable[[Any], Any]
ROWS = 240
FEW_ROUNDS = 6


@pytest.fixture(scope="module", autouse=True)
def few_rounds() -> Iterator[None]:
    """Boost a few rounds only: whether the audit answers does not hang on how well trees fit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strength, "ROUNDS", FEW_ROUNDS)
        yield


def columns_of(random: np.random.Generator) -> dict[str, Any]:
    """Make columns of many kinds, some of them awkward."""
    numbers = random.normal(size=ROWS)
    days = pd.Timestamp("2021-01-01") + pd.to_timedelta(random.integers(0, 99, ROWS), unit="D")
    words = random.choice(["a", "b", "", "ä'\"", None], ROWS)
    return {
        "numbers": numbers,
        "holes": np.where(random.random(ROWS) < 0.4, np.nan, numbers),
        "infinite": np.where(random.random(ROWS) < 0.1, np.inf, numbers),
        "huge": numbers * 1e300,
        "constant": 1,
        "nothing": np.nan,
        "none": pd.array([None] * ROWS, dtype="string"),
        "words": words,
        "levels": pd.Categorical(words),
        "ordered": pd.Categorical(random.integers(0, 3, ROWS), ordered=True),
        "flags": pd.array(random.choice([True, False, None], ROWS), dtype="boolean"),
        "whole": pd.array(random.choice([1, 2, None], ROWS), dtype="Int64"),
        "days": days,
        "zoned": days.tz_localize("Europe/Berlin"),
        "dates": [date(2020, 1, 1 + int(day)) for day in random.integers(0, 28, ROWS)],
        "text dates": days.strftime("%Y-%m-%d"),
        "waits": pd.to_timedelta(random.integers(0, 99, ROWS), unit="s"),
        "money": [Decimal(int(cents)) / 100 for cents in random.integers(0, 999, ROWS)],
        "id": random.permutation(ROWS),
        "lists": [[1, 2]] * ROWS,
    }


TARGETS: dict[str, Callable[[np.random.Generator], Any]] = {
    "two classes": lambda random: random.integers(0, 2, ROWS),
    "true and false": lambda random: random.random(ROWS) < 0.5,
    "words": lambda random: random.choice(["p", "q", "r"], ROWS),
    "one value": lambda random: np.ones(ROWS),
    "a number": lambda random: random.normal(size=ROWS),
    "many classes": lambda random: [f"c{code}" for code in random.integers(0, 90, ROWS)],
}


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    names=st.lists(st.sampled_from(sorted(columns_of(np.random.default_rng(0)))), unique=True),
    target=st.sampled_from(sorted(TARGETS)),
    role=st.sampled_from([None, "group", "query", "time"]),
)
def test_the_audit_of_any_table_ends_in_a_report(
    save: Save, seed: int, names: list[str], target: str, role: str | None
) -> None:
    random = np.random.default_rng(seed)
    made = columns_of(random)
    frame = pd.DataFrame({"y": TARGETS[target](random)} | {name: made[name] for name in names})
    frame["role"] = np.sort(random.integers(0, 60, ROWS))
    part = random.choice(4, ROWS, p=[0.6, 0.15, 0.15, 0.1])
    split = pd.Categorical.from_codes(part, categories=pd.Index([*PARTS, PURGED]))
    assignment = pd.DataFrame({SPLIT: split}, index=pd.RangeIndex(ROWS, name=ROW))
    columns = Columns.model_validate({"target": "y"} | ({role: "role"} if role else {}))

    report = audit_leakage(
        save(pa.Table.from_pandas(frame)), assignment, columns, SplittingOptions(strategy="random")
    )

    assert len(report.findings) == 15
    json.dumps(report.model_dump(mode="json"), allow_nan=False)
