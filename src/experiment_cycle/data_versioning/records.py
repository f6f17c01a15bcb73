"""What is known of a dataset version, as it is stored."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

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
    bin_edges: tuple[float, ...] | tuple[str, ...] = ()
    """Edges of the histogram of a column of numbers or times (these as ISO 8601), in rising order;
    a bin holds its upper edge, the first one its lower edge as well."""
    bin_counts: tuple[int, ...] = ()
    """How many values each bin holds: one number fewer than there are edges."""
    estimated: tuple[str, ...] = ()
    """Which of these are estimates, by name; the others are exact."""


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
    column_hashes: dict[str, str]
    """One hash a column, so that a change can be said to be of these columns."""
    rows: int
    columns: int
    size_bytes: int
    pointer: str
    """Where the backend keeps it, relative to the project: a file to commit, a table, a URI."""

    @classmethod
    def of(
        cls, content: ContentHash, *, backend: str, id: str, size_bytes: int, pointer: str
    ) -> DatasetVersion:
        """Name the version under which a backend keeps some content."""
        return cls(
            backend=backend,
            id=id,
            content_hash=content.digest,
            column_hashes=content.columns,
            rows=content.rows,
            columns=len(content.columns),
            size_bytes=size_bytes,
            pointer=pointer,
        )


class VersionEntry(Record):
    """A version in the list of all: when it was committed, what it is called, what was noted."""

    version: DatasetVersion
    created: AwareDatetime
    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = Field(default_factory=dict)
