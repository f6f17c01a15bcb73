"""Identifier-like and target-encoded columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.leakage import identifier_like, target_encoding
from experiment_cycle.splitting.leakage.encoded import encode
from experiment_cycle.splitting.leakage.identifier_like import names_rows

Auditing = Callable[..., Any]
Ordinary = Callable[..., tuple[pd.DataFrame, np.ndarray]]

COLUMNS = Columns(target="y")


def test_a_row_number_whose_order_tells_the_target_fails(
    audit_of: Auditing, ordinary: Ordinary
) -> None:
    frame, part = ordinary()
    order = np.argsort(frame["y"] + np.random.default_rng(9).normal(size=len(frame)), kind="stable")
    frame["record"] = 0
    frame.loc[order, "record"] = np.arange(len(frame)) + 7_000

    finding = identifier_like.check(audit_of(frame, part, COLUMNS))

    assert (finding.code, finding.status, finding.columns) == ("LEAK007", "failed", ("record",))
    assert "identifier" in finding.message


def test_a_row_number_that_tells_nothing_warns(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary()
    frame["record"] = np.arange(len(frame))

    assert identifier_like.check(audit_of(frame, part, COLUMNS)).status == "warning"


def test_a_row_number_the_split_follows_warns(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary()
    frame = frame.sort_values("x0", ignore_index=True)
    frame["record"] = np.arange(len(frame))

    assert identifier_like.check(audit_of(frame, np.sort(part), COLUMNS)).status == "warning"


@pytest.mark.parametrize("seed", range(20))
def test_whole_numbers_that_describe_do_not_name_rows(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = int(random.integers(100, 3000))
    for values in (
        random.integers(0, int(random.integers(10, 10**6)), rows),
        np.exp(random.normal(8, 1.5, rows)).astype(int),
        random.poisson(300, rows),
        np.rint(random.normal(50_000, 9_000, rows)),
    ):
        assert not names_rows(encode(pd.Series(values, name="n")))


def test_serial_numbers_with_gaps_and_ranges_name_rows() -> None:
    random = np.random.default_rng(0)
    for values in (
        random.permutation(500),
        np.sort(random.choice(1500, 500, replace=False)),
        np.r_[10_000 + np.arange(250), 90_000 + np.arange(250)],
    ):
        assert names_rows(encode(pd.Series(values, name="n")))


def test_unique_text_names_rows_only_if_it_says_so() -> None:
    values = [f"k{code}" for code in range(200)]

    assert names_rows(encode(pd.Series(values, name="order_id")))
    assert not names_rows(encode(pd.Series(values, name="remark")))


def encoded(frame: pd.DataFrame, place: np.ndarray, way: str) -> pd.Series:
    """Encode a category by the target in one of several ways."""
    groups = frame.groupby(place)["y"]
    size, total = groups.transform("size"), groups.transform("sum")
    if way == "plain":
        return total / size
    if way == "scaled":
        return 3 - 7 * total / size
    if way == "smoothed":
        return (total + 20 * frame["y"].mean()) / (size + 20)
    return (total - frame["y"]) / (size - 1).clip(lower=1)


@pytest.mark.parametrize("way", ["plain", "scaled", "smoothed", "leave one out"])
def test_a_column_encoded_over_all_rows_fails(
    audit_of: Auditing, ordinary: Ordinary, way: str
) -> None:
    frame, part = ordinary(2000)
    place = np.random.default_rng(9).integers(0, 150, 2000)
    frame["rate"] = encoded(frame, place, way)
    if way in ("smoothed", "leave one out"):
        frame["place"] = [f"p{code}" for code in place]

    finding = target_encoding.check(audit_of(frame, part, COLUMNS))

    assert (finding.code, finding.status, finding.columns) == ("LEAK009", "failed", ("rate",))


def test_a_column_encoded_on_train_rows_passes(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary(2000)
    place = np.random.default_rng(9).integers(0, 150, 2000)
    frame["place"] = [f"p{code}" for code in place]
    rates = frame[part == 0].groupby("place")["y"].mean()
    frame["rate"] = frame["place"].map(rates).fillna(rates.mean())

    assert target_encoding.check(audit_of(frame, part, COLUMNS)).status == "passed"


def test_numbers_of_a_place_that_matter_pass(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary(2000)
    random = np.random.default_rng(9)
    place, rate = random.integers(0, 40, 2000), random.normal(size=40)
    frame["place"], frame["rate"] = place.astype(str), rate[place]
    frame["y"] = (2 * rate[place] + random.logistic(size=2000) > 0).astype(int)

    assert target_encoding.check(audit_of(frame, part, COLUMNS)).status == "passed"
