"""Files are compared bit for bit, and what differs is named by its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiment_cycle.audit.differences import ABSENT, count_numbers, differences

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


def told(folder: Path, kind: str, one: str | bytes, other: str | bytes) -> list[tuple[str, ...]]:
    files = [folder / f"{side}.{kind}" for side in ("stored", "made")]
    for file, content in zip(files, (one, other), strict=True):
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [tuple(each) for each in differences("x", *files)]


@settings(max_examples=60, deadline=None)
@given(one=VALUES, other=VALUES)
def test_json_differs_exactly_where_its_bytes_do(
    one: Any, other: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    texts = [json.dumps(value) for value in (one, other)]

    found = told(tmp_path_factory.mktemp("json"), "json", *texts)

    assert bool(found) == (texts[0] != texts[1])


def test_a_digit_of_a_number_is_named_by_its_keys(tmp_path: Path) -> None:
    content = {"challenger": {"roc_auc": {"value": 0.66815, "upper": [0.7, 0.8]}}, "n": 3}
    changed = json.loads(json.dumps(content))
    changed["challenger"]["roc_auc"]["value"] = 0.66816
    changed["challenger"]["roc_auc"]["upper"] = [0.7]

    found = told(tmp_path, "json", json.dumps(changed), json.dumps(content))

    assert found == [
        ("x", "challenger.roc_auc.value", "0.66816", "0.66815"),
        ("x", "challenger.roc_auc.upper[1]", ABSENT, "0.8"),
    ]
    assert count_numbers(tmp_path / "made.json") == 4


def test_whole_and_real_numbers_are_not_the_same(tmp_path: Path) -> None:
    assert told(tmp_path, "json", "[1]", "[1.0]") == [("x", "[0]", "1", "1.0")]


def test_equal_values_written_otherwise_are_a_difference(tmp_path: Path) -> None:
    assert told(tmp_path, "json", '{"a":1}', '{"a": 1}') == [
        ("x", "the bytes of the file", "other bytes", "for the same values")
    ]


def test_a_cell_is_named_by_column_and_row(tmp_path: Path) -> None:
    found = told(tmp_path, "csv", "a,b\n1,0.10\n2,0.3\n", "a,b\n1,0.1\n2,0.3\n")

    assert found == [("x", "b, row 1", "0.10", "0.1")]
    assert count_numbers(tmp_path / "made.csv") == 4
    assert told(tmp_path, "csv", "a\n1\n", "a\n1\n2\n") == [("x", "rows", "1", "2")]
    assert told(tmp_path, "csv", "a\n1\n", "b\n1\n") == [("x", "columns", "a", "b")]


def test_a_bit_of_a_parquet_file_is_found(tmp_path: Path) -> None:
    table = pd.DataFrame({"p": [0.1, np.nan, 0.3]}, index=pd.Index([4, 5, 6], name="row"))
    files = tmp_path / "stored.parquet", tmp_path / "made.parquet"
    table.assign(p=[0.1, np.nan, np.nextafter(0.3, 1)]).to_parquet(files[0])
    table.to_parquet(files[1])

    (found,) = differences("x", *files)

    assert found.where == "p, row 3"
    assert found.stored != found.made
    assert count_numbers(files[1]) == 2


def test_long_text_is_cut_to_where_it_differs(tmp_path: Path) -> None:
    start = "a" * 5000

    ((_, where, one, other),) = told(tmp_path, "html", f"same\n{start}b", f"same\n{start}c")

    assert where == "line 2"
    assert len(one) < 100
    assert (one[-1], other[-1]) == ("b", "c")
    assert count_numbers(tmp_path / "made.html") is None


def test_what_is_missing_or_broken_is_said(tmp_path: Path) -> None:
    assert told(tmp_path, "json", "{", "{}")[0][1] == "the whole file"
    made = tmp_path / "made.json"

    (found,) = differences("x", tmp_path / "nowhere.json", made)

    assert found.stored == ABSENT


def test_folders_are_compared_file_by_file(tmp_path: Path) -> None:
    for side, value in (("stored", 1), ("made", 2)):
        (tmp_path / side).mkdir()
        (tmp_path / side / "a.json").write_text(json.dumps({"n": value}))
    (tmp_path / "stored" / "b.txt").write_text("more")

    found = [tuple(each) for each in differences("x", tmp_path / "stored", tmp_path / "made")]

    assert found == [("x/a.json", "n", "1", "2"), ("x", "b.txt", "a file", ABSENT)]
