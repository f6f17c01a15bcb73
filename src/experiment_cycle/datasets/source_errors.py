"""What went wrong in a source of data, in one line: file, line and column as far as known."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from experiment_cycle.datasets.csv_files import ragged_line
from experiment_cycle.errors import CycleError, DataError

KNOWN = (duckdb.Error, pa.ArrowException, OSError, UnicodeError)
ADVICE = re.compile(
    r"\n\s*(Possible (fixes|solutions?)|You might want|Consider setting|LINE \d+:)|\n\n",
    re.IGNORECASE,
)
"""Where a library's message turns to its own settings, which are not those of a catalog entry."""
LONGEST = 300
MEND = (
    "mend the file, or say how to read it in load_args of the entry 'raw_data' in "
    "conf/base/catalog_data_versioning.yml."
)
FREE = "free some space in {}, or name another folder in the environment variable TMPDIR."


@contextmanager
def reading(table: Any) -> Iterator[None]:
    """Turn the errors of all libraries that read data into one of ours.

    Raises:
        DataError: the source cannot be read.
    """
    try:
        yield
    except CycleError:
        raise
    except Exception as error:
        # Polars need not be installed
        if not isinstance(error, KNOWN) and not type(error).__module__.startswith("polars"):
            raise
        place = ragged_line(table) if "found more fields" in str(error) else None
        step = FREE.format(tempfile.gettempdir()) if "No space left" in str(error) else MEND
        raise DataError(
            f"'raw_data' cannot be read: {place or told(error)}. Next step: {step}"
        ) from error


def told(error: BaseException) -> str:
    """Shorten a library's message to what is wrong and where."""
    text = str(error).strip()
    file = re.search(r"^\s*file = (.+)$", text, re.MULTILINE)
    found = ADVICE.search(text)
    line = " ".join(text[: found.start() if found else None].split()).rstrip(".")
    shown = line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."
    return f"{shown} (file {file.group(1)})" if file else shown or type(error).__name__
