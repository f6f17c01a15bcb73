"""A data contract drafted from one version of the data, for a person to widen or narrow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import yaml

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.data_contract.rules import KINDS, NUMBERS, kind_of
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.replacing import replacing
from experiment_cycle.snapshot import Snapshot, quoted

MOST_LEVELS = 20
LEAST_SEEN = 5
"""A level seen less often suggests that there are others, which were not seen at all."""
LEAST_VALUES = 100
"""Of fewer values it says little that none is missing or below zero."""

HEAD = """\
# Data contract, drafted from the data version {version} ({rows:,} rows).
# It says what that version held, not what may come: widen or narrow it where you know the
# data better. Keys of a column: type (null: any), nullable, and where they are needed
#   unique: true, required: false, allowed: [a, b], min: 0, max: 100
# It is checked when the catalog entry is loaded that names it under `validator`.

strict: true  # a column not listed here is refused: without a role it would become a feature
columns:"""


def write_contract(snapshot: Snapshot, columns: Columns, file: Path, version: str) -> None:
    """Draft a contract from a version of the data; the version itself keeps it.

    The rules are such that the next delivery of the same kind should keep them: types; no gaps
    where there were none; no value twice in the identifier; the levels of text that has few, each
    of them seen often; nothing below (or above) zero where nothing was.

    Args:
        snapshot: The rows of the version.
        columns: The roles of the columns.
        file: Where to write it; it appears at once and whole.
        version: What to call the version in the file.

    Raises:
        ConfigurationError: there is a file already.
    """
    if file.exists():
        raise ConfigurationError(
            f"{file} exists, and may have been edited. Next step: name another file, or delete it."
        )
    lines = [HEAD.format(version=" ".join(version.split()), rows=snapshot.rows)]
    with snapshot.connect() as connection:
        for field in pq.read_schema(snapshot.path):
            draft = _Draft(connection, field.name, kind_of(field.type), columns)
            lines.append(f"  {_yaml(field.name)}:")
            lines += [f"    {line}" for line in draft.rules()]
    with replacing(file) as unfinished:
        unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class _Draft:
    """The rules that one column of a snapshot suggests, as lines of YAML."""

    connection: duckdb.DuckDBPyConnection
    name: str
    kind: str
    columns: Columns

    def rules(self) -> list[str]:
        """Write them, with what was observed as comments."""
        value = quoted(self.name)
        values, missing = self._one(f"count({value}), count(*) - count({value})")
        lines = [self._type(values), self._nullable(values, missing)]
        if self.name == self.columns.identifier:
            (distinct,) = self._one(f"count(DISTINCT {value})")
            repeated = f"false  # {values - distinct:,} values repeat an earlier one"
            return [*lines, f"unique: {'true' if distinct == values else repeated}"]
        # the names of groups come and go, and are no amounts
        if values == 0 or self.name in {self.columns.group, self.columns.query}:
            return lines
        if self.kind in NUMBERS:
            lines += self._bound(values)
        elif self.kind == "text":
            lines += self._levels()
        return lines

    def _one(self, selected: str) -> tuple[Any, ...]:
        return tuple(self.connection.execute(f"SELECT {selected} FROM dataset").fetchall()[0])

    def _type(self, values: int) -> str:
        if values == 0:
            return "type: null  # there was no value to tell it from"
        if self.kind not in KINDS:
            return f"type: null  # a contract has no word for {self.kind}"
        return f"type: {self.kind}"

    def _nullable(self, values: int, missing: int) -> str:
        if missing:
            return f"nullable: true  # {missing:,} of {values + missing:,} values were missing"
        if values < LEAST_VALUES:
            return f"nullable: true  # none was missing, but there were {values} only"
        return "nullable: false"

    def _bound(self, values: int) -> list[str]:
        # + 0: minus zero is zero
        value = quoted(self.name)
        low, high = self._one(f"min({value}) + 0, max({value}) + 0")
        observed = f"# {low} to {high} was observed"
        if values >= LEAST_VALUES and low >= 0:
            return [f"min: 0  {observed}"]
        if values >= LEAST_VALUES and high <= 0:
            return [f"max: 0  {observed}"]
        return [observed]

    def _levels(self) -> list[str]:
        value = quoted(self.name)
        levels = self.connection.execute(
            f"SELECT {value}, count(*) FROM dataset WHERE {value} IS NOT NULL "
            f"GROUP BY 1 ORDER BY 1 LIMIT {MOST_LEVELS + 1}"
        ).fetchall()
        rare = sum(count < LEAST_SEEN for _, count in levels)
        if len(levels) > MOST_LEVELS:
            return [f"# more than {MOST_LEVELS} levels were observed"]
        if rare:
            return [
                f"# {len(levels)} levels were observed, {rare} of them less than {LEAST_SEEN} "
                "times: there may be others"
            ]
        return [f"allowed: {_yaml([level for level, _ in levels])}"]


def _yaml(value: str | list[str]) -> str:
    """Write text, or a list of it, on one line, so that YAML reads the same."""
    texts = [value] if isinstance(value, str) else value
    written: str = yaml.safe_dump(
        [value],
        default_flow_style=True,
        # what breaks a line is escaped in double quotes only
        default_style=None if all(text.isprintable() for text in texts) else '"',
        allow_unicode=True,
        width=math.inf,
    )
    return written.strip()[1:-1]
