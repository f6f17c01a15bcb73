"""Where a CSV file is not a table: the line, which Polars does not tell and DuckDB not always."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

DELIMITERS = ",;\t|"
CSV_NAME = re.compile(r"[^\[\]'\",\n]+?\.(?:csv|tsv|txt|dat)(?:\.gz)?(?=[\]'\",]|$)", re.IGNORECASE)


def csv_files(table: Any) -> list[Path]:
    """Name the CSV files that a lazy table reads, as far as its plan tells them."""
    return [
        Path(found.group().strip())
        for found in CSV_NAME.finditer(_plan(table))
        if Path(found.group().strip()).is_file()
    ]


def ragged_line(table: Any) -> str | None:
    """Find the first line of a lazy table's CSV files with more or fewer fields than the header.

    Returns:
        Line, file and number of fields; None if all lines fit, or the files are not known.
    """
    for file in csv_files(table):
        names, delimiter = _header(file)
        columns = {f"c{position}": "VARCHAR" for position in range(len(names))}
        with duckdb.connect() as connection:
            connection.read_csv(
                str(file),
                sep=delimiter,
                header=True,
                auto_detect=False,
                quotechar='"',
                columns=columns,
                store_rejects=True,
            ).aggregate("count(*)").fetchall()
            rejected = connection.execute(
                "SELECT line, error_message FROM reject_errors ORDER BY line LIMIT 1"
            ).fetchone()
        if rejected is not None:
            line, told = rejected
            found = re.search(r"Found: (\d+)", told)
            what = f"{found.group(1)} fields" if found else f"this fault: {told}"
            return f"line {line} of {file} has {what}, where the header has {len(names)} fields"
    return None


def repeated_names(table: Any) -> list[str]:
    """Name the columns that stand twice in the header of a lazy table's CSV file.

    Polars and DuckDB give the second one another name without a word.
    """
    for file in csv_files(table):
        twice = [name for name, count in Counter(_header(file)[0]).items() if count > 1]
        if twice:
            return twice
    return []


def _plan(table: Any) -> str:
    if hasattr(table, "collect_schema") and hasattr(table, "explain"):
        return str(table.explain())
    if hasattr(table, "sql_query"):
        return str(table.sql_query())
    if hasattr(table, "get_backend") and table.get_backend().name == "duckdb":
        backend = table.get_backend()
        query = str(backend.compile(table))
        views = backend.con.execute("SELECT view_name, sql FROM duckdb_views()").fetchall()
        return "\n".join([query, *(sql for name, sql in views if f'"{name}"' in query)])
    return ""


def _header(file: Path) -> tuple[list[str], str]:
    """Read the first line, split at the delimiter that splits it most."""
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8-sig", errors="replace", newline="") as lines:
        first = lines.readline()
    delimiter = max(DELIMITERS, key=first.count)
    return next(csv.reader([first], delimiter=delimiter), []), delimiter
