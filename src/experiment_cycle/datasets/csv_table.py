"""A CSV file that people may open in a spreadsheet: no cell of it is taken for a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io.core import get_filepath_str
from kedro_datasets.pandas import CSVDataset

from experiment_cycle.replacing import replacing

STARTS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""Signs that make a spreadsheet take a cell for a formula, at its start, and their wide forms."""
FORMULA = re.compile(f"'*[{STARTS}]")
QUOTED = re.compile(f"''*[{STARTS}]")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


class CSVTableDataset(CSVDataset):  # type: ignore[misc]
    """A table in a CSV file, whose text no spreadsheet executes.

    An apostrophe is put before text that begins as a formula does, which spreadsheets then show as
    it is (https://owasp.org/www-community/attacks/CSV_Injection); numbers stay numbers, also those
    in text. Reading takes it away again, so that what comes back is what was saved. A file of this
    machine appears at once and whole.

    Takes what `pandas.CSVDataset` takes.
    """

    def save(self, data: pd.DataFrame) -> None:
        """Write the table."""
        table = _each_text(data, guarded)
        settings = dict(self._save_args)
        if _has_returns(table):
            # Python puts no quotes around them, and readers would begin a line, and a cell, there
            settings.setdefault("quoting", csv.QUOTE_NONNUMERIC)
        if self._protocol == "file":
            with replacing(Path(str(self._get_save_path()))) as unfinished:
                table.to_csv(unfinished, **settings)
        else:
            place = get_filepath_str(self._get_save_path(), self._protocol)
            with self._fs.open(place, **self._fs_open_args_save) as file:
                table.to_csv(file, **settings)
        self._invalidate_cache()

    def load(self) -> pd.DataFrame:
        """Read the table as it was saved."""
        return _each_text(super().load(), unguarded)


def guarded(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """Take away the apostrophe that `guarded` has put there."""
    return text[1:] if QUOTED.match(text) else text


def _each_text(table: pd.DataFrame, change: Any) -> pd.DataFrame:
    """Change every text: in cells, categories, names of columns and rows."""
    changed = {
        place: _column(table.iloc[:, place], change)
        for place in range(table.shape[1])
        if not pd.api.types.is_numeric_dtype(table.dtypes.iloc[place])
        and not pd.api.types.is_datetime64_any_dtype(table.dtypes.iloc[place])
    }
    columns = [changed.get(place, table.iloc[:, place]) for place in range(table.shape[1])]
    found = pd.concat(columns, axis="columns") if columns else table.copy()
    found.columns = table.columns.map(lambda name: _value(name, change))
    if not pd.api.types.is_numeric_dtype(table.index.dtype):
        found.index = table.index.map(lambda name: _value(name, change))
    return found


def _has_returns(table: pd.DataFrame) -> bool:
    texts = (value for place in range(table.shape[1]) for value in _texts(table.iloc[:, place]))
    return any("\r" in text for text in (*map(str, (*table.columns, *table.index.names)), *texts))


def _texts(column: pd.Series) -> list[str]:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return []
    return [value for value in column.unique() if isinstance(value, str)]


def _column(column: pd.Series, change: Any) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.rename_categories(lambda name: _value(name, change))
    return column.map(lambda value: _value(value, change), na_action="ignore")


def _value(value: Hashable, change: Any) -> Any:
    return change(value) if isinstance(value, str) else value
