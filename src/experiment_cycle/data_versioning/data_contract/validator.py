"""A data contract: a YAML file that a table must fulfil when Kedro loads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from pydantic import ValidationError

from experiment_cycle.data_versioning.data_contract.rules import KINDS, ColumnRules, TableRules
from experiment_cycle.data_versioning.data_contract.violations import (
    Violation,
    find_violations,
    import_pandera,
)
from experiment_cycle.errors import ConfigurationError, DataError, near_misses

LINES = 20
WIDTH = 60
"""Of what comes from the data; rules get twice as much."""


class DataContract:
    """What the key `validator` of a catalog entry names: checks a table when it is loaded.

    Args:
        filepath: The contract; Kedro makes it absolute from the project's folder.

    Raises:
        ConfigurationError: the contract cannot be read.
        BackendError: pandera is not installed.
    """

    def __init__(self, filepath: str) -> None:
        self._file = Path(filepath)
        self._rules = read_contract(self._file)
        import_pandera()

    def validate(self, data: Any) -> Any:
        """Return the table; one that can be read only once is read into memory first.

        Raises:
            DataError: the table breaks the contract, or is none.
        """
        table = data.read_all() if isinstance(data, pa.RecordBatchReader) else data
        violations = find_violations(table, self._rules)
        if violations:
            raise DataError(_broken(violations, self._file))
        return table


def read_contract(file: Path) -> TableRules:
    """Read a contract.

    Raises:
        ConfigurationError: there is no such file, it is no YAML, or a rule in it cannot be.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        return TableRules.model_validate({} if content is None else content)
    except OSError as error:
        raise ConfigurationError(
            f"The data contract {file} cannot be read: {error.strerror}. Next step: correct "
            "`filepath` at the validator of the catalog entry, or make a contract with `kedro "
            "cycle data show latest --contract FILE`."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The data contract {file} is no YAML: {' '.join(str(error).split())}. Next step: mend "
            "it there, or on the line before."
        ) from error
    except ValidationError as error:
        told = _listed([_mistake(item) for item in error.errors()], "mistakes")
        raise ConfigurationError(
            f"The data contract {file} cannot be used:\n{told}\nNext step: mend the file."
        ) from error


def _mistake(item: Any) -> str:
    """Put one of pydantic's findings into a line that says what is allowed."""
    place = [str(part) for part in item["loc"] if part != "[key]"]
    path = ".".join(place) or "the file"
    if len(place) < len(item["loc"]):
        return f"{path}: the name of a column is text. Put it in quotes."
    if item["type"] == "extra_forbidden":
        known = TableRules.model_fields if len(place) == 1 else ColumnRules.model_fields
        return f"{path}: unknown key. {near_misses(place[-1], known)}"
    if item["type"] == "missing":
        return f"{path}: this key is missing."
    if item["type"] == "literal_error":
        return f"{path}: there is no {item['input']!r}. {near_misses(str(item['input']), KINDS)}"
    given = "" if isinstance(item["input"], dict | list) else f" Given: {item['input']!r}."
    return f"{path}: {item['msg'].removeprefix('Value error, ')}.{given}"


def _broken(violations: list[Violation], file: Path) -> str:
    rules = "one rule" if len(violations) == 1 else f"{len(violations):,} rules"
    return (
        f"The data break {rules} of their contract, {file} (rows are counted from 0):\n"
        f"{_listed([_told(each) for each in violations], 'rules')}\n"
        "Next step: mend the data; or, if they are right, the contract."
    )


def _listed(told: list[str], what: str) -> str:
    lines = told[:LINES]
    if len(told) > LINES:
        lines.append(f"and {len(told) - LINES:,} further {what}")
    return "\n".join(f"  {line}" for line in lines)


def _told(violation: Violation) -> str:
    told = f"{_cut(violation.column)}: {_cut(violation.rule, 2 * WIDTH)}"
    if violation.rows == 0:
        return told
    first = ", ".join(
        f"row {row}" if value is None else f"row {row}: {_shown(value)}"
        for row, value in violation.first
    )
    more = ", ..." if violation.rows > len(violation.first) else ""
    rows = "1 row" if violation.rows == 1 else f"{violation.rows:,} rows"
    return f"{told}; broken in {rows} ({first}{more})"


def _shown(value: Any) -> str:
    return _cut(repr(value) if isinstance(value, str) else str(value))


def _cut(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
