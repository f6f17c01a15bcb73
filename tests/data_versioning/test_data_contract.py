from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import ibis
import numpy as np
import pandas as pd
import pandera.pandas as pandera
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
import yaml
from kedro.io import DataCatalog
from kedro.validation import DataValidationError
from pandera.config import ValidationDepth, config_context

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.data_contract.draft import write_contract
from experiment_cycle.data_versioning.data_contract.validator import DataContract, read_contract
from experiment_cycle.data_versioning.data_contract.violations import BLOCK_ROWS, find_violations
from experiment_cycle.datasets.tables import opened, stream
from experiment_cycle.errors import BackendError, ConfigurationError, DataError

EXAMPLE = Columns(
    target="any_visit",
    group="profile",
    sensitive=("physical_limitation",),
    drop=("visits", "physical_limitation"),
)
SALES = Columns(target="sold", identifier="offer", group="house", query="visit")
Check = Callable[[Any], str]


def sales(rows: int = 1_000) -> pd.DataFrame:
    """A table with a column for each rule; nothing in it is random."""
    place = np.arange(rows)
    return pd.DataFrame(
        {
            "sold": place % 3 == 0,
            "offer": [f"A{row}" for row in place],
            "house": place % 50,
            "visit": place // 4 - 7,
            "plan": np.array(["basic", "full", "yes"])[place % 3],
            "price": place / 8,
            "debt": -place / 8,
            "change": place % 9 - 4,
            "income": np.where(place % 10 == 0, np.nan, place + 0.5),
            "nothing": np.full(rows, np.nan),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(place, unit="h"),
        }
    )


def draft(snapshot: Any, columns: Columns, folder: Path, version: str = "v1") -> Path:
    file = folder / "data_contract.yml"
    write_contract(snapshot, columns, file, version)
    return file


@pytest.fixture(scope="session")
def sales_contract(save: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draft(save(sales()), SALES, tmp_path_factory.mktemp("contract"))


def refusal(table: Any, file: Path) -> str:
    with pytest.raises(DataError) as raised:
        DataContract(str(file)).validate(table)
    assert "Next step: " in raised.value.message
    return raised.value.message


def write(folder: Path, text: str) -> Path:
    file = folder / "written.yml"
    file.write_text(text, encoding="utf-8")
    return file


def one_column(folder: Path, rules: str) -> Path:
    return write(folder, f"strict: true\ncolumns:\n  x: {{{rules}}}\n")


DOORS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda frame: frame,
    "polars": pl.from_pandas,
    "lazy polars": lambda frame: pl.from_pandas(frame).lazy(),
    "arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "small batches": lambda frame: pa.Table.from_batches(
        pa.Table.from_pandas(frame, preserve_index=False).to_batches(max_chunksize=7)
    ),
    "arrow dataset": lambda frame: ds.dataset(pa.Table.from_pandas(frame, preserve_index=False)),
    "reader": lambda frame: pa.Table.from_pandas(frame, preserve_index=False).to_reader(100),
    "duckdb": lambda frame: duckdb.connect().from_df(frame),
    "ibis": lambda frame: ibis.memtable(pa.Table.from_pandas(frame, preserve_index=False)),
    "partitions": lambda frame: {
        f"part{place}": lambda part=part: part
        for place, part in enumerate((frame.iloc[:300], frame.iloc[300:]))
    },
}
doors = pytest.mark.parametrize("door", DOORS.values(), ids=list(DOORS))


def test_the_contract_of_the_example_data_passes_on_them(
    raw_file: Path, save: Any, tmp_path: Path
) -> None:
    frame = pd.read_parquet(raw_file)
    snapshot = save(frame)
    contract = DataContract(str(draft(snapshot, EXAMPLE, tmp_path)))

    assert contract.validate(frame) is frame
    assert contract.validate(snapshot) is snapshot


@doors
def test_a_table_that_keeps_its_contract_can_still_be_read_whole(
    door: Callable[[pd.DataFrame], Any], sales_contract: Path
) -> None:
    table = DataContract(str(sales_contract)).validate(door(sales()))

    assert stream(opened(table)).read_all().num_rows == 1_000


@doors
def test_the_same_violations_are_found_through_every_door(
    door: Callable[[pd.DataFrame], Any], sales_contract: Path
) -> None:
    frame = sales()
    frame.loc[[4, 950], "plan"] = ["gold", "silver"]
    frame.loc[701, "price"] = -0.5
    frame.loc[[2, 998], "offer"] = "A2"

    told = refusal(door(frame), sales_contract)

    assert "The data break 3 rules of their contract" in told
    assert str(sales_contract) in told
    assert "offer: no value twice; broken in 2 rows (row 2: 'A2', row 998: 'A2')" in told
    assert (
        "plan: one of 'basic', 'full', 'yes'; broken in 2 rows (row 4: 'gold', row 950: 'silver')"
    ) in told
    assert "price: at least 0; broken in 1 row (row 701: -0.5)" in told


def test_the_draft_says_what_the_version_shows(sales_contract: Path) -> None:
    assert yaml.safe_load(sales_contract.read_text()) == {
        "strict": True,
        "columns": {
            "sold": {"type": "boolean", "nullable": False},
            "offer": {"type": "text", "nullable": False, "unique": True},
            "house": {"type": "integer", "nullable": False},
            "visit": {"type": "integer", "nullable": False},
            "plan": {"type": "text", "nullable": False, "allowed": ["basic", "full", "yes"]},
            "price": {"type": "float", "nullable": False, "min": 0},
            "debt": {"type": "float", "nullable": False, "max": 0},
            "change": {"type": "integer", "nullable": False},
            "income": {"type": "float", "nullable": True, "min": 0},
            "nothing": {"type": None, "nullable": True},
            "day": {"type": "timestamp", "nullable": False},
        },
    }


def test_the_draft_tells_where_it_comes_from_and_what_was_observed(sales_contract: Path) -> None:
    text = sales_contract.read_text()

    assert "drafted from the data version v1 (1,000 rows)" in text
    assert "widen or narrow it" in text
    assert "min: 0  # 0.0 to 124.875 was observed" in text
    assert "# -4 to 4 was observed" in text
    assert "nullable: true  # 100 of 1,000 values were missing" in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_of_few_rows_only_the_types_become_rules(save: Any, tmp_path: Path) -> None:
    file = draft(save(sales(12)), SALES, tmp_path)

    drafted = yaml.safe_load(file.read_text())["columns"]

    assert all(rules["nullable"] for rules in drafted.values())
    assert drafted["price"] == {"type": "float", "nullable": True}
    assert drafted["plan"] == {"type": "text", "nullable": True}
    assert drafted["offer"]["unique"] is True


def test_levels_become_a_rule_only_if_there_are_few_and_none_is_rare(
    save: Any, tmp_path: Path
) -> None:
    place = np.arange(1_000)
    frame = pd.DataFrame(
        {
            "sold": place % 2 == 0,
            "few": np.where(place % 2, "a", "b"),
            "rare": np.where(place < 4, "seldom", "often"),
            "many": [f"city {row % 21}" for row in place],
            "free": [f"text {row}" for row in place],
        }
    )
    file = draft(save(frame), Columns(target="sold"), tmp_path)

    drafted = read_contract(file).columns
    text = file.read_text()

    assert {name for name, rules in drafted.items() if rules.allowed} == {"few"}
    assert "2 levels were observed, 1 of them less than 5 times" in text
    assert text.count("more than 20 levels were observed") == 2


def test_an_identifier_that_repeats_is_told_and_no_rule(save: Any, tmp_path: Path) -> None:
    file = draft(save(sales().assign(offer="A1")), SALES, tmp_path)

    assert "unique: false  # 999 values repeat an earlier one" in file.read_text()
    DataContract(str(file)).validate(sales().assign(offer="A1"))


@pytest.mark.parametrize(
    "names",
    [
        ("null", "yes", "1", "~"),
        ("a: b", "# c", "it's", 'say "x"'),
        ("größe", "two\nlines", " edge ", "-"),
        ("{x}", "[y]", "&z", "*w"),
        ("columns", "strict", "type", "rows"),
    ],
)
def test_any_name_and_any_level_comes_back_from_the_file(
    names: tuple[str, ...], save: Any, tmp_path: Path
) -> None:
    levels = np.array([*names, "", "true"])[np.arange(200) % 6]
    frame = pd.DataFrame({"sold": np.arange(200) % 2 == 0, **dict.fromkeys(names, levels)})
    file = draft(save(frame), Columns(target="sold"), tmp_path, version="v {1}\n%s")

    rules = read_contract(file).columns

    assert list(rules) == ["sold", *names]
    assert all(set(rules[name].allowed or ()) == set(levels) for name in names)
    DataContract(str(file)).validate(frame)


def test_types_that_pandas_does_not_know_pass_their_own_contract(save: Any, tmp_path: Path) -> None:
    rows = 200
    table = pa.table(
        {
            "sold": [row % 2 for row in range(rows)],
            "level": pa.array(["a", "b"] * 100).dictionary_encode(),
            "amount": pa.array([Decimal(row) / 4 for row in range(rows)], pa.decimal128(10, 2)),
            "born": [date(2000, 1, 1)] * rows,
            "seen": pa.array([datetime(2024, 1, 1, tzinfo=UTC)] * rows),
            "tags": [["x"]] * rows,
            "where": [{"lat": 1.0}] * rows,
            "none": pa.nulls(rows),
            "big": pa.array([2**63 + row for row in range(rows)], pa.uint64()),
            "raw": [b"\x00"] * rows,
        }
    )
    file = draft(save(table), Columns(target="sold", identifier="big"), tmp_path)

    types = {name: rules.type for name, rules in read_contract(file).columns.items()}

    assert types == {
        "sold": "integer",
        "level": "text",
        "amount": "float",
        "born": "date",
        "seen": "timestamp with time zone",
        "tags": "list",
        "where": "struct",
        "none": None,
        "big": "integer",
        "raw": "bytes",
    }
    assert read_contract(file).columns["amount"].min == 0
    DataContract(str(file)).validate(table)
    below = table.set_column(2, "amount", pa.array([Decimal("-0.25")] * rows))
    assert "amount: at least 0; broken in 200 rows (row 0: -0.25, row 1" in refusal(below, file)


BAD_VALUES: dict[str, tuple[str, list[Any], str]] = {
    "missing": (
        "type: integer, nullable: false",
        [1, None, 2, None],
        "x: no missing values; broken in 2 rows (row 1, row 3)",
    ),
    "below": (
        "type: integer, min: 2",
        [2, 1, None],
        "x: at least 2; broken in 1 row (row 1: 1)",
    ),
    "above": (
        "type: float, max: 2.5",
        [2.5, 2.6],
        "x: at most 2.5; broken in 1 row (row 1: 2.6)",
    ),
    "level": (
        "type: text, allowed: [a, b]",
        ["a", "c", None],
        "x: one of 'a', 'b'; broken in 1 row (row 1: 'c')",
    ),
    "flag": (
        "type: integer, allowed: [0, 1]",
        [0, 1, 2],
        "x: one of 0, 1; broken in 1 row (row 2: 2)",
    ),
    "twice": (
        "type: text, unique: true",
        ["b", "a", None, "c", "a", "b", None],
        "x: no value twice; broken in 4 rows (row 0: 'b', row 5: 'b', row 1: 'a', row 4: 'a')",
    ),
    "fraction": (
        "type: integer",
        [1.0, 1.5, None, float("inf")],
        "x: type integer (the column holds float); broken in 2 rows (row 1: 1.5, row 3: inf)",
    ),
    "unreadable number": (
        "type: float, min: 0",
        ["1.5", None, "n/a", "2", ""],
        "x: type float (the column holds text); broken in 2 rows (row 2: 'n/a', row 4: '')",
    ),
    "number as text": (
        "type: integer",
        ["7", None, "8"],
        "(the column holds text), each of which reads as a number; broken in 2 rows (row 0: '7', ",
    ),
    "number for text": (
        "type: text, allowed: [a]",
        [7, None],
        "x: type text (the column holds integer); broken in 1 row (row 0: 7)",
    ),
    "text for a time": (
        "type: timestamp",
        ["2024-01-01", None],
        "x: type timestamp (the column holds text); broken in 1 row (row 0: '2024-01-01')",
    ),
    "boolean for integer": (
        "type: integer, min: 0",
        [True, False],
        "x: type integer (the column holds boolean); broken in 2 rows (row 0: True, row 1: False)",
    ),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_each_rule_is_found_broken_with_its_rows(case: str, tmp_path: Path) -> None:
    rules, values, told = BAD_VALUES[case]
    table = pa.table({"x": values})

    message = refusal(table, one_column(tmp_path, rules))

    assert told in message
    assert "break one rule" in message


GOOD_VALUES: dict[str, tuple[str, pa.Array]] = {
    "integers for floats": ("type: float, min: 0", pa.array([1, 2])),
    "whole floats for integers with gaps": ("type: integer", pa.array([1.0, None])),
    "any type": ("type: null", pa.array([[1]])),
    "no value of another type": ("type: text", pa.array([None, None], pa.float64())),
    "no value as text": ("type: float", pa.array([None, None], pa.string())),
    "no value at all": ("type: timestamp, allowed: null", pa.nulls(2)),
    "no row": ("type: text, nullable: false, unique: true", pa.array([], pa.string())),
    "gaps are no repetition": ("type: text, unique: true", pa.array(["a", None, None])),
    "large numbers that differ by one": (
        "type: integer, unique: true, min: 9007199254740992",
        pa.array([2**53, 2**53 + 1, None]),
    ),
    "levels in categories": (
        "type: text, allowed: [a, b]",
        pa.array(["a", "b", None]).dictionary_encode(),
    ),
}


@pytest.mark.parametrize("case", GOOD_VALUES)
def test_what_no_rule_forbids_passes(case: str, tmp_path: Path) -> None:
    rules, values = GOOD_VALUES[case]

    assert (
        find_violations(pa.table({"x": values}), read_contract(one_column(tmp_path, rules))) == []
    )


def test_missing_and_further_columns_are_told(tmp_path: Path) -> None:
    text = "strict: {}\ncolumns:\n  x: {{type: integer}}\n  y: {{type: text, required: {}}}\n"
    table = pa.table({"x": [1], "z": [2]})

    strict = refusal(table, write(tmp_path, text.format("true", "true")))
    assert "y: the column is missing" in strict
    assert "z: no such column is in the contract, which is strict" in strict
    assert "broken in" not in strict
    DataContract(str(write(tmp_path, text.format("false", "false")))).validate(table)


def test_rows_are_counted_over_all_blocks(tmp_path: Path) -> None:
    rows = 2 * BLOCK_ROWS + 100
    key, amount = np.arange(rows), np.ones(rows)
    key[rows - 1] = 5
    amount[[3, BLOCK_ROWS, rows - 2]] = -1
    file = write(
        tmp_path,
        "strict: true\ncolumns: {key: {unique: true}, amount: {type: float, min: 0}}\n",
    )

    key_found, amount_found = find_violations(
        pd.DataFrame({"key": key, "amount": amount}), read_contract(file)
    )

    assert (key_found.rows, key_found.first) == (2, ((5, 5), (rows - 1, 5)))
    assert amount_found.rows == 3
    assert [row for row, _ in amount_found.first] == [3, BLOCK_ROWS, rows - 2]


def test_of_many_rows_five_are_shown_and_all_counted(tmp_path: Path) -> None:
    told = refusal(pa.table({"x": [-1] * 1_234}), one_column(tmp_path, "type: integer, min: 0"))

    assert (
        "broken in 1,234 rows (row 0: -1, row 1: -1, row 2: -1, row 3: -1, row 4: -1, ...)" in told
    )


def test_a_long_value_and_a_long_list_of_rules_are_cut(tmp_path: Path) -> None:
    names = "".join(f"  x{place}: {{type: text}}\n" for place in range(30))
    file = write(tmp_path, f"strict: true\ncolumns:\n{names}  y: {{type: integer}}\n")

    told = refusal(pa.table({"y": ["z" * 10_000]}), file)

    assert "break 31 rules" in told
    assert "and 11 further rules" in told
    assert len(told) < 2_000
    alone = refusal(pa.table({"x": ["z" * 10_000]}), one_column(tmp_path, "type: integer"))
    assert "row 0: 'zzz" in alone
    assert len(alone) < 600


def oracle(frame: pd.DataFrame) -> dict[tuple[str, str], set[int]]:
    """What pandera says of the whole pandas frame at once, in its own types and words."""
    schema = pandera.DataFrameSchema(
        {
            "sold": pandera.Column(nullable=False),
            "offer": pandera.Column(nullable=False, unique=True),
            "plan": pandera.Column(
                checks=pandera.Check.isin(["basic", "full", "yes"]), nullable=False
            ),
            "price": pandera.Column(checks=pandera.Check.ge(0), nullable=False),
            "debt": pandera.Column(checks=pandera.Check.le(0), nullable=False),
            "income": pandera.Column(checks=pandera.Check.ge(0), nullable=True),
            "day": pandera.Column(nullable=False),
        }
    )
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases.groupby(["column", "check"])["index"]
        return {key: set(rows) for key, rows in cases}
    return {}


@pytest.mark.parametrize("seed", range(8))
def test_violations_are_those_that_pandera_finds_in_the_frame_as_a_whole(
    seed: int, sales_contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiment_cycle.data_versioning.data_contract.violations.SHOWN", 1_000)
    monkeypatch.setattr("experiment_cycle.data_versioning.data_contract.violations.BLOCK_CELLS", 1)
    random = np.random.default_rng(seed)
    frame = sales(3_000)  # three blocks of 1,024 rows at most
    for name, wrong in {
        "plan": ["gold", None],
        "offer": ["A5", "A2999", None],
        "price": [-0.5, None, -np.inf],
        "debt": [0.5, None],
        "income": [-1.0, None],
        "day": [None],
    }.items():
        for row in random.choice(3_000, random.integers(0, 40), replace=False):
            frame.loc[row, name] = wrong[random.integers(len(wrong))]
    checks = {
        "no missing values": "not_nullable",
        "no value twice": "field_uniqueness",
        "at least 0": "greater_than_or_equal_to(0)",
        "at most 0": "less_than_or_equal_to(0)",
        "one of 'basic', 'full', 'yes'": "isin(['basic', 'full', 'yes'])",
    }

    found = {
        (each.column, checks[each.rule]): {row for row, _ in each.first}
        for each in find_violations(frame, read_contract(sales_contract))
    }

    expected = oracle(frame)
    gaps = set(frame.index[frame["offer"].isna()])  # to pandas they are equal to each other
    expected["offer", "field_uniqueness"] = (
        expected.get(("offer", "field_uniqueness"), set()) - gaps
    )
    assert found == {key: rows for key, rows in expected.items() if rows}
    assert found


def test_pandera_switched_off_does_not_switch_off_the_contract(tmp_path: Path) -> None:
    file = one_column(tmp_path, "type: integer, nullable: false, min: 0")

    with config_context(validation_enabled=False):
        assert "break 2 rules" in refusal(pa.table({"x": [-1, None]}), file)
    with config_context(validation_depth=ValidationDepth.SCHEMA_ONLY):
        assert "break 2 rules" in refusal(pa.table({"x": [-1, None]}), file)


def test_a_name_given_twice_is_refused(sales_contract: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["sold", "sold"])

    assert "more than one column named 'sold'" in refusal(table, sales_contract)


def test_what_is_no_table_is_refused(sales_contract: Path) -> None:
    assert "builtins.list, which is no table" in refusal([1, 2], sales_contract)


def test_without_pandera_it_is_said_how_to_get_it(
    sales_contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandera.pandas", None)

    with pytest.raises(BackendError) as raised:
        DataContract(str(sales_contract))

    assert 'pip install "experiment-cycle[contracts]"' in raised.value.message
    assert "'pandera.pandas'" in raised.value.message


MISTAKES = {
    "": "strict: this key is missing",
    "- a": "the file: ",
    "strict: true\ncolumns: {}": "columns: ",
    "strict: true\ncolumns: {x: {typ: text}}": "columns.x.typ: unknown key. Did you mean 'type'?",
    "stric: true\ncolumns: {x: {}}": "stric: unknown key. Did you mean 'strict'?",
    "strict: true\ncolumns: {x: {type: txt}}": "there is no 'txt'. Did you mean 'text'?",
    "strict: true\ncolumns: {x: {type: text, min: 1}}": "min and max are for the types integer",
    "strict: true\ncolumns: {x: {type: float, min: 2, max: 1}}": "min, 2, is greater than max, 1",
    "strict: true\ncolumns: {x: {type: float, min: .nan}}": "columns.x.min: ",
    "strict: true\ncolumns: {x: {type: float, allowed: [1.0]}}": "for the types boolean, integer, ",
    "strict: true\ncolumns: {x: {type: text, allowed: [no]}}": "in allowed is no text; put it",
    "strict: true\ncolumns: {x: {type: integer, allowed: [true]}}": "True in allowed is no integer",
    "strict: true\ncolumns: {x: {type: text, allowed: []}}": "columns.x.allowed: ",
    "strict: true\ncolumns: {1: {type: text}}": "columns.1: the name of a column is text.",
    "strict: true\ncolumns: {x: [": "is no YAML",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_in_the_file_is_told_with_its_place(text: str, tmp_path: Path) -> None:
    file = write(tmp_path, text)

    with pytest.raises(ConfigurationError) as raised:
        DataContract(str(file))

    assert MISTAKES[text] in raised.value.message
    assert str(file) in raised.value.message
    assert "Next step: mend" in raised.value.message


def test_a_contract_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file or directory"):
        DataContract(str(tmp_path / "data_contract.yml"))


def test_a_file_that_may_have_been_edited_is_not_written_over(save: Any, tmp_path: Path) -> None:
    file = write(tmp_path, "mine")

    with pytest.raises(ConfigurationError, match="exists, and may have been edited"):
        write_contract(save(sales()), SALES, file, "v1")

    assert file.read_text() == "mine"


def test_a_draft_that_fails_leaves_nothing_behind(save: Any, tmp_path: Path) -> None:
    snapshot = save(sales())
    snapshot.path.write_bytes(snapshot.path.read_bytes()[:-500])

    with pytest.raises(pa.ArrowInvalid):
        draft(snapshot, SALES, tmp_path)

    assert list(tmp_path.iterdir()) == []


def catalog(folder: Path, contract: Path, **validator: Any) -> DataCatalog:
    return DataCatalog.from_config(
        {
            "raw_data": {
                "type": "pandas.ParquetDataset",
                "filepath": str(folder / "raw.parquet"),
                "validator": {
                    "class": "experiment_cycle.data_versioning.data_contract.DataContract",
                    "on": "load",
                    "options": {"filepath": str(contract)},
                    **validator,
                },
            }
        }
    )


def test_kedro_checks_the_contract_at_load(tmp_path: Path, sales_contract: Path) -> None:
    frame = sales()
    frame.to_parquet(tmp_path / "raw.parquet")
    pd.testing.assert_frame_equal(catalog(tmp_path, sales_contract).load("raw_data"), frame)
    frame.assign(price=-1.0).to_parquet(tmp_path / "raw.parquet")

    with pytest.raises(DataValidationError) as raised:
        catalog(tmp_path, sales_contract).load("raw_data")

    assert isinstance(raised.value.__cause__, DataError)
    assert "price: at least 0" in raised.value.__cause__.message
    catalog(tmp_path, sales_contract, severity="warn").load("raw_data")


@pytest.mark.slow
def test_a_run_stops_with_one_message_if_the_data_break_their_contract(
    project: Path, kedro: Any, save: Any
) -> None:
    raw = project / "data/01_raw/doctor_visits.parquet"
    frame = pd.read_parquet(raw)
    write_contract(save(frame), EXAMPLE, project / "conf/base/data_contract.yml", "v1")
    entries = project / "conf/base/catalog_data_versioning.yml"
    entries.write_text(
        entries.read_text().replace(
            "  filepath: data/01_raw/doctor_visits.parquet\n",
            "  filepath: data/01_raw/doctor_visits.parquet\n"
            "  validator:\n"
            "    class: experiment_cycle.data_versioning.data_contract.DataContract\n"
            '    "on": load\n'
            "    options: {filepath: conf/base/data_contract.yml}\n",
        )
    )
    run = ("run", "--env=test", "--pipelines=data_versioning")
    assert kedro(project, *run).exit_code == 0
    snapshot = (project / "data/02_intermediate/dataset.parquet").read_bytes()
    frame.loc[3, "visits"] = -1
    frame.assign(further=1).to_parquet(raw, index=False)

    done = kedro(project, *run)

    assert done.exit_code == 1
    assert done.output.count("Error: ") == 1, done.output
    assert "Traceback" not in done.output
    assert "visits: at least 0; broken in 1 row (row 3: -1)" in done.output
    assert "further: no such column is in the contract" in done.output
    assert (project / "data/02_intermediate/dataset.parquet").read_bytes() == snapshot
