"""Tables as one file, which appears whole or not at all, together with what is known of it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from experiment_cycle.errors import DataError

METADATA = b"experiment_cycle"


def write_tables(tables: Iterator[pa.Table], to: Path, note: dict[str, Any]) -> None:
    """Write tables one after the other, as Parquet or CSV by the file's suffix.

    Args:
        tables: At least one, without rows if there are none.
        to: Written.
        note: JSON, which a Parquet file keeps in its footer.
    """
    first = next(tables)
    plain = pa.schema(
        [
            pa.field(
                each.name, each.type.value_type if pa.types.is_dictionary(each.type) else each.type
            )
            for each in first.schema
        ],
        {METADATA: json.dumps(note, sort_keys=True).encode()},
    )
    parquet = to.suffix.lower() == ".parquet"
    with pq.ParquetWriter(to, plain) if parquet else pa_csv.CSVWriter(to, plain) as writer:
        writer.write_table(first.cast(plain))
        for table in tables:
            writer.write_table(table.cast(plain))


@contextmanager
def beside(output: Path) -> Iterator[Path]:
    """Give a folder beside a file to work in; it is gone afterwards.

    What a killed process left in it is removed first.

    Raises:
        DataError: a file cannot be read or written in the block.
    """
    folder = output.with_name(f".{output.name}.unfinished")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        yield folder
    except (OSError, pa.ArrowException) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if isinstance(number, int) else str(error)
        raise DataError(
            f"The predictions {output} were not written: {' '.join(reason.split())}. An older file "
            "stays as it was. Next step: mend that, or name another file."
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_in_place(made: Path, record: str, output: Path) -> None:
    """Put predictions and what is known of them into their place.

    Never do predictions lie beside the record of others.

    Args:
        made: The predictions, in a folder beside their place.
        record: JSON.
        output: Their place; the record gets `.json` behind it.
    """
    sidecar = output.with_name(f"{output.name}.json")
    written = made.with_name("record.json")
    written.write_text(record, encoding="utf-8")
    sidecar.unlink(missing_ok=True)
    os.replace(made, output)
    os.replace(written, sidecar)
