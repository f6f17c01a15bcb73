"""What is known of a dataset version, as it is stored."""

from __future__ import annotations

from experiment_cycle.options import Record


class ContentHash(Record):
    """Hash of all rows, columns and types; the same for CSV and Parquet, however chunked."""

    digest: str
    rows: int
    columns: dict[str, str]
    """One hash a column, type included."""


class ColumnProfile(Record):
    """One column; numbers are None where the type has no order or no arithmetic."""

    type: str
    missing: int
    distinct: int
    mean: float | None = None
    standard_deviation: float | None = None
    quantiles: dict[str, float] | None = None
    """Keys min, 25 %, 50 %, 75 %, max."""
    top: tuple[tuple[str, int], ...] = ()
    """The most frequent values as text, and how often each occurs."""


class DatasetProfile(Record):
    """Every column of the snapshot, and how often each target level occurs."""

    content_hash: ContentHash
    rows: int
    columns: dict[str, ColumnProfile]
    target: dict[str, int]


class DatasetVersion(Record):
    """Backend, id and content hash of the data a run used."""

    backend: str
    id: str
    content_hash: str
    rows: int
    columns: int
    size_bytes: int
    pointer: str
    """Where the backend keeps it, relative to the project: a file to commit, a table, a URI."""
