"""New rows as one Parquet file, whatever they come as."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from experiment_cycle.datasets.csv_files import DELIMITERS
from experiment_cycle.datasets.parquet import write_parquet
from experiment_cycle.datasets.tables import opened, stream
from experiment_cycle.errors import DataError
from experiment_cycle.training.known_features import KnownFeature, KnownFeatures

SUFFIXES = (".parquet", ".csv")
STAGED = "new_rows.parquet"
READING: dict[str, Any] = {
    # with threads Arrow could not say in which row it stumbled
    "read_options": pa_csv.ReadOptions(use_threads=False),
    "parse_options": pa_csv.ParseOptions(newlines_in_values=True),
}
VALUE = re.compile(r"In CSV column #(?P<column>\d+): (?:Row #(?P<row>\d+): )?(?P<what>.*)")
HEADER = 2
"""Arrow counts lines from 1, and the header as one."""


def check_suffix(path: Path, what: str) -> None:
    """Refuse a file of a kind that is neither read nor written."""
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(
            f"The {what} {path} ends in '{path.suffix}'. Allowed: {', '.join(SUFFIXES)}. Next "
            "step: convert it, or name another file."
        )


def as_parquet(rows: Any, known: KnownFeatures | None, folder: Path) -> Path:
    """Give the rows as a Parquet file: itself, or what is streamed into one.

    Columns of a CSV file that are no features stay text, so that `007` stays `007`.

    Args:
        rows: A Parquet or CSV file; or a table, as a node of the project's own makes one.
        known: The types of the features in training.
        folder: Where a Parquet file is written, if need be.

    Raises:
        DataError: there is no such file, or it cannot be read, with the row where one is at fault.
    """
    if not isinstance(rows, Path):
        write_parquet(stream(opened(rows)), folder / STAGED)
        return folder / STAGED
    if not rows.is_file():
        raise DataError(f"There is no file {rows}. Next step: name a file of new rows.")
    check_suffix(rows, "file of new rows")
    try:
        if rows.suffix.lower() == ".parquet":
            pq.read_schema(rows)
            return rows
        return _converted(rows, known, folder / STAGED)
    except pa.ArrowInvalid as error:
        raise DataError(
            f"The file {rows} cannot be read: {_told(error, rows)}. Next step: mend that, or check "
            "that the file is whole."
        ) from error


def _told(error: pa.ArrowInvalid, rows: Path) -> str:
    """Say what Arrow says, with the column's name, and the row counted as everywhere here."""
    told = " ".join(str(error).split()).rstrip(".")
    place = VALUE.search(told)
    if place is None:
        return told
    row = "" if place["row"] is None else f" in row {int(place['row']) - HEADER} (counted from 0)"
    return f"column '{_names(rows)[int(place['column'])]}'{row}: {place['what']}"


def _names(rows: Path) -> list[str]:
    with pa_csv.open_csv(rows, **READING) as header:
        names: list[str] = header.schema.names
    if len(names) == 1 and any(sign in names[0] for sign in DELIMITERS):
        raise DataError(
            f"The columns of {rows} are not separated by commas: {names[0]}. Next step: write it "
            "with commas, or as Parquet."
        )
    return names


def _converted(rows: Path, known: KnownFeatures | None, to: Path) -> Path:
    names = _names(rows)
    parts = {} if known is None else {part.name: part for part in known.columns}
    types = {name: _csv_type(parts.get(name)) for name in names}
    convert = pa_csv.ConvertOptions(
        column_types=types if known is not None else None, strings_can_be_null=True
    )
    with (
        pa_csv.open_csv(rows, convert_options=convert, **READING) as reader,
        pq.ParquetWriter(to, reader.schema) as writer,
    ):
        for batch in reader:
            writer.write_batch(batch)
    return to


def _csv_type(part: KnownFeature | None) -> pa.DataType:
    if part is None:
        return pa.string()
    if part.kind == "number":
        return pa.float64()
    if part.kind == "truth":
        return pa.bool_()
    if part.kind == "date":
        return pa.timestamp("us", part.zone)
    return pa.string()
