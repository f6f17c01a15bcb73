"""In what two files differ, number by number."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

ABSENT = "(not there)"
LONGEST = 60


class Difference(NamedTuple):
    """One place of a dataset: what is stored there, and what comes out now."""

    dataset: str
    where: str
    stored: str
    made: str


def differences(
    name: str, stored: Path, made: Path, without: Sequence[str] = ()
) -> Iterator[Difference]:
    """Compare two files bit for bit, and tell what differs in words of their kind.

    Args:
        name: What the dataset is called.
        stored: What a run left; JSON, CSV, Parquet, or text of any other kind.
        made: The same, made anew.
        without: Columns of a table, or keys of a JSON object, that are not compared.
    """
    if not stored.exists():
        yield Difference(name, "the whole file", ABSENT, str(made.name))
        return
    if stored.is_dir() or made.is_dir():
        yield from _folders(name, stored, made)
        return
    if stored.read_bytes() == made.read_bytes():
        return
    found = False
    for where, one, other in _inside(stored, made, without):
        found = True
        yield Difference(name, where, _shown(one), _shown(other))
    if not found and not without:
        yield Difference(name, "the bytes of the file", "other bytes", "for the same values")


def count_numbers(file: Path) -> int | None:
    """Count the numbers in a file; None where its kind does not tell numbers from text."""
    if file.suffix == ".json":
        return sum(
            isinstance(value, int | float) and not isinstance(value, bool)
            for value in _leaves(json.loads(file.read_text("utf-8")))
        )
    if file.suffix == ".csv":
        table = pd.read_csv(file)
    elif file.suffix == ".parquet":
        table = pd.read_parquet(file)
    else:
        return None
    return int(table.select_dtypes("number").notna().to_numpy().sum())


def _folders(name: str, stored: Path, made: Path) -> Iterator[Difference]:
    inside = {
        file.relative_to(folder).as_posix()
        for folder in (stored, made)
        for file in folder.rglob("*")
        if file.is_file()
    }
    for file in sorted(inside):
        if (made / file).exists():
            yield from differences(f"{name}/{file}", stored / file, made / file)
        else:
            yield Difference(name, file, "a file", ABSENT)


def _inside(stored: Path, made: Path, without: Sequence[str]) -> Iterator[tuple[str, Any, Any]]:
    try:
        if stored.suffix == ".json":
            one, other = (_object(file, without) for file in (stored, made))
            yield from _values(one, other, "")
            return
        tables = _table(stored, without), _table(made, without)
    except ValueError:
        yield "the whole file", "cannot be read", "can be read"
        return
    if tables[0] is not None and tables[1] is not None:
        yield from _cells(*tables)  # type: ignore[arg-type]
        return
    lines = (file.read_text("utf-8", "replace").splitlines() for file in (stored, made))
    for number, (one, other) in enumerate(zip_longest(*lines, fillvalue=ABSENT), start=1):
        if one != other:
            yield f"line {number}", *_around(one, other)


def _values(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            yield from _values(one.get(key, ABSENT), other.get(key, ABSENT), f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list):
        for place, pair in enumerate(zip_longest(one, other, fillvalue=ABSENT)):
            yield from _values(*pair, f"{path}[{place}]")
    elif repr(one) != repr(other):
        yield path.lstrip(".") or "the whole file", one, other


def _cells(one: pd.DataFrame, other: pd.DataFrame) -> Iterator[tuple[str, Any, Any]]:
    if list(one.columns) != list(other.columns):
        yield "columns", ", ".join(map(str, one.columns)), ", ".join(map(str, other.columns))
        return
    if len(one) != len(other):
        yield "rows", len(one), len(other)
        return
    for name in one.columns:
        left, right = one[name].to_numpy(), other[name].to_numpy()
        for row, (value, now) in enumerate(zip(left, right, strict=True), start=1):
            if repr(value) != repr(now):
                yield f"{name}, row {row}", value, now


def _table(file: Path, without: Sequence[str]) -> pd.DataFrame | None:
    if file.suffix == ".csv":
        # each cell as it is written, so that no rounding of ours hides a digit
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
    elif file.suffix == ".parquet":
        table = pd.read_parquet(file).reset_index()
    else:
        return None
    return table.drop(columns=list(without), errors="ignore")


def _object(file: Path, without: Sequence[str]) -> Any:
    value = json.loads(file.read_text("utf-8"))
    if not isinstance(value, dict):
        return value
    return {key: inner for key, inner in value.items() if key not in without}


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    else:
        yield value


def _around(one: str, other: str) -> tuple[str, str]:
    """Cut two long lines to where they begin to differ."""
    pairs = zip(one, other, strict=False)
    same = next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
    start = max(same - LONGEST // 3, 0)
    return one[start:], other[start:]


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
