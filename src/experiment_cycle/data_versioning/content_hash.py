"""A hash of what the data say, whatever file or library they came from."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiment_cycle.data_versioning.records import ContentHash
from experiment_cycle.snapshot import Snapshot

BATCH_ROWS = 65_536
NANOSECONDS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
SIGNED_MAX = 2**63 - 1
Array = npt.NDArray[Any]
UTC = frozenset({"UTC", "Etc/UTC", "+00:00", "Z"})


def content_hash(snapshot: Snapshot) -> ContentHash:
    """Hash all rows, columns and types of a snapshot; out of core, columns in parallel.

    Two tables have the same hash if they have the same columns in the same order, and the same
    values in the same rows. The order of the rows counts, for splits are made by it. What does not
    count is how the values are stored: file format, compression, batches, the width of integers
    and floats, the unit of times, categorical or plain text. So data read from CSV and from
    Parquet are the same data. Missing is missing, whether it was null or a float that is not a
    number; minus zero is zero. Integers and floats of equal value are different types.

    Each column is hashed (SHA-256) as its type, the positions of its missing values, and the other
    values in little-endian bytes (text: UTF-8 bytes and lengths).
    """
    metadata = pq.read_metadata(snapshot.path)
    schema = metadata.schema.to_arrow_schema()
    waiting = iter(list(schema))
    digests: dict[str, str] = {}

    def work(_: int) -> None:
        """Hash columns until none is left: opening a wide file costs more than a narrow column."""
        # whole row groups are not fetched ahead: those of other writers may be large
        with pq.ParquetFile(snapshot.path, pre_buffer=False) as file:
            for field in waiting:
                digests[field.name] = _hash_stored(file, field)

    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))
    columns = {name: digests[name] for name in schema.names}
    rows = int(metadata.num_rows)
    whole = json.dumps([rows, list(columns.items())], separators=(",", ":"))
    return ContentHash(
        digest=hashlib.sha256(whole.encode()).hexdigest(), rows=rows, columns=columns
    )


def hash_column(kind: pa.DataType, arrays: Iterable[pa.Array]) -> str:
    """Hash a column of some type that comes in pieces; where these end does not count."""
    column = _Column(_type_name(kind))
    for array in arrays:
        column.add(array)
    return column.digest()


def _hash_stored(file: pq.ParquetFile, field: pa.Field) -> str:
    # `columns=` takes a name with a dot for a path as well, which may bring further columns
    batches = file.iter_batches(batch_size=BATCH_ROWS, columns=[field.name], use_threads=False)
    arrays = (batch.column(batch.schema.get_field_index(field.name)) for batch in batches)
    return hash_column(field.type, arrays)


class _Column:
    """The hash of one column, fed batch by batch; it does not see where one batch ends."""

    def __init__(self, type_name: str) -> None:
        self._type = type_name
        self._rows = 0
        self._unsigned = False
        self._missing = hashlib.sha256()
        self._lengths = hashlib.sha256()
        self._values = hashlib.sha256()

    def add(self, array: pa.Array) -> None:
        present = array = _plain(array)
        if array.null_count or pa.types.is_floating(array.type):
            missing = pc.is_null(array, nan_is_null=True)
            positions = np.flatnonzero(missing.to_numpy(zero_copy_only=False)) + self._rows
            self._missing.update(positions.astype("<i8", copy=False).data)
            present = array if not len(positions) else array.filter(pc.invert(missing))
        self._rows += len(array)
        # as signed numbers they would be negative ones; such a column has no other negative ones
        if pa.types.is_uint64(array.type):
            beyond = pc.greater(present, pa.scalar(SIGNED_MAX, pa.uint64()))
            self._unsigned |= bool(pc.any(beyond).as_py())
        for stream, part in zip((self._values, self._lengths), _canonical(present), strict=False):
            stream.update(part)

    def digest(self) -> str:
        parts = [
            f"unsigned {self._type}" if self._unsigned else self._type,
            self._rows,
            self._missing.hexdigest(),
            self._lengths.hexdigest(),
            self._values.hexdigest(),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _plain(array: pa.Array) -> pa.Array:
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _type_name(kind: pa.DataType) -> str:
    """Name a type without its width, unit and encoding."""
    if isinstance(kind, pa.BaseExtensionType):
        return f"{kind.extension_name} {_type_name(kind.storage_type)}"
    if pa.types.is_dictionary(kind):
        return _type_name(kind.value_type)
    if pa.types.is_timestamp(kind):
        return f"timestamp {'UTC' if kind.tz in UTC else kind.tz or 'local'}"
    names = (
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_integer, "integer"),
        (pa.types.is_floating, "float"),
        (_is_text, "text"),
        (_is_binary, "bytes"),
        (pa.types.is_date, "date"),
        (pa.types.is_time, "time"),
        (pa.types.is_duration, "duration"),
    )
    return next((name for fits, name in names if fits(kind)), str(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _canonical(array: pa.Array) -> tuple[Any, ...]:
    """Turn values without missing ones into bytes, and into lengths where these vary."""
    kind = array.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_date(kind):
        return (_numbers(_whole(array)).astype("<i8", copy=False),)
    if pa.types.is_floating(kind):
        # adding zero turns minus zero into zero
        return (np.add(_numbers(array), 0.0, dtype="<f8"),)
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind) or pa.types.is_time(kind):
        return (_times(array),)
    if _is_text(kind) or _is_binary(kind):
        return _texts(array)
    texts = [_text(value).encode() for value in array.to_pylist()]
    return b"".join(texts), np.array([len(text) for text in texts], dtype="<i8")


def _whole(array: pa.Array) -> pa.Array:
    """Turn true into 1, and dates into days."""
    if pa.types.is_boolean(array.type):
        return array.cast(pa.uint8())
    return array.cast(pa.date32()).cast(pa.int32()) if pa.types.is_date(array.type) else array


def _numbers(array: pa.Array) -> Array:
    return np.asarray(array.to_numpy(zero_copy_only=False))


def _texts(array: pa.Array) -> tuple[Any, Array]:
    """All values one after another, and the length of each."""
    narrow = pa.types.is_string(array.type) or pa.types.is_binary(array.type)
    plain = array if narrow else array.cast(pa.large_binary())
    _, offsets, data = plain.buffers()
    ends = np.frombuffer(offsets, dtype="<i4" if narrow else "<i8")
    ends = ends[plain.offset : plain.offset + len(plain) + 1]
    values = b"" if data is None else data.slice(int(ends[0]), int(ends[-1] - ends[0]))
    return values, np.subtract(ends[1:], ends[:-1], dtype="<i8")


def _times(array: pa.Array) -> Array:
    """Whole seconds and the nanoseconds above them, so that every unit fits without rounding."""
    per_second = NANOSECONDS["s"] // NANOSECONDS[array.type.unit]
    width = pa.int32() if array.type.bit_width == 32 else pa.int64()  # noqa: PLR2004
    ticks = _numbers(array.cast(width)).astype("<i8", copy=False)
    pairs = np.empty((len(ticks), 2), dtype="<i8")
    np.floor_divide(ticks, per_second, out=pairs[:, 0])
    np.subtract(ticks, pairs[:, 0] * per_second, out=pairs[:, 1])
    pairs[:, 1] *= NANOSECONDS[array.type.unit]
    return pairs


def _text(value: Any) -> str:
    """Write what has no fixed form in memory (decimals, lists, structs): dictionaries sorted."""
    if isinstance(value, dict):
        inner = ",".join(f"{key!r}:{_text(value[key])}" for key in sorted(value))
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{','.join(_text(item) for item in value)}]"
    return repr(value)
