"""A Delta table as we speak to it: waiting is bounded, and errors say what to do."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from experiment_cycle.errors import BackendError, CycleError, IntegrityError

BLOCK = "data_versioning.backends.delta.location"
PARAMETERS = "conf/base/parameters_data_versioning.yml"
CREDENTIALS = "data_versioning.delta"
WAITING = {"connect_timeout": "5s", "timeout": "30s", "max_retries": "3", "retry_timeout": "60s"}
"""How long an object store may take; credentials.yml may say otherwise under the same names."""
HARMLESS = ("region", "allow_http", "timeout", "retries", "bucket", "account_name")
"""Storage options whose names end so hold no secret."""
MESSAGE_LENGTH = 400


class DeltaStore:
    """Opens one table, and turns what goes wrong into errors a user can act on.

    A secret stays inside the client: no message, no `repr` and no chain of causes has it.

    Args:
        root: The project's folder.
        location: A folder, absolute or relative to `root`, or an address such as s3://bucket/table.
        credentials: Storage options as deltalake names them; those that are None are left out.
    """

    def __init__(self, root: Path, location: str, credentials: Mapping[str, Any]) -> None:
        self.remote = "://" in location
        self.uri = location if self.remote else str(Path(root).absolute() / location)
        self.shown = _without_user(location) if self.remote else self.uri
        self.pointer = self.shown if self.remote else _relative(self.uri, root)
        given = {name: _text(value) for name, value in credentials.items() if value is not None}
        self.storage_options = {**WAITING, **given} if self.remote else {}
        self._shown_as = {self.uri: self.shown}
        for name, value in given.items():
            if value and not name.lower().endswith(HARMLESS):
                self._shown_as[value] = _without_user(value) if _is_endpoint(name) else "***"

    def table(self) -> DeltaTable | None:
        """Open the table as it is; None where there is no table."""
        try:
            return DeltaTable(self.uri, storage_options=self.storage_options)
        except TableNotFoundError:
            return None

    def files(self, version: int) -> tuple[Any, dict[str, int]]:
        """Open the files of a version as an Arrow dataset, and tell how many bytes each had."""
        table = DeltaTable(self.uri, version=version, storage_options=self.storage_options)
        listed = pa.table(table.get_add_actions())
        names, sizes = listed.column("path").to_pylist(), listed.column("size_bytes").to_pylist()
        return table.to_pyarrow_dataset(), dict(zip(names, sizes, strict=True))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn what goes wrong while the table's log is read into errors of ours.

        Raises:
            IntegrityError: the log is damaged.
            BackendError: the store does not answer, or refuses.
        """
        problem: CycleError
        try:
            yield
        except CycleError:
            raise
        except OSError as error:
            problem = self._unreachable(error)
        except Exception as error:  # deltalake raises bare ones too
            problem = IntegrityError(
                f"The log of the Delta table {self.shown} is damaged: {self.told(error)}. Next "
                "step: restore the folder _delta_log from a copy, or let "
                f"'{BLOCK}' in {PARAMETERS} name another place, where a new table is made."
            )
        else:
            return
        # what was caught may hold the address with its secrets
        raise problem from None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turn what goes wrong while the table is written into errors of ours.

        Raises:
            BackendError: the store does not answer or refuses, or the data do not fit.
        """
        try:
            yield
        except CycleError:
            raise
        except Exception as error:  # deltalake raises bare ones too
            problem = self._unreachable(error)
        else:
            return
        raise problem from None

    def told(self, error: BaseException) -> str:
        """Give the message of an error in one line, without secrets, colours and stack."""
        text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)) or type(error).__name__
        for value, shown in self._shown_as.items():
            for spelt in (value, quote(value, safe="")):
                text = text.replace(spelt, shown)
        # where Rust's stack begins
        lines = [line.strip(" ↳\t") for line in re.split(r"\n\s*0: ", text)[0].splitlines()]
        short = " ".join(line for line in lines if line)
        return short if len(short) <= MESSAGE_LENGTH else f"{short[:MESSAGE_LENGTH]} ..."

    def _unreachable(self, error: Exception) -> BackendError:
        if self.remote:
            endpoint = self._endpoint()
            where = f"{self.shown}{f' (at {endpoint})' if endpoint else ''}"
            hint = (
                f"see that the store can be reached and '{BLOCK}' in {PARAMETERS} is right, that "
                f"the block '{CREDENTIALS}' of credentials.yml may read and write there, then run "
                "again"
            )
        else:
            where = self.shown
            hint = "see that the folder can be written to and its disk has room, then run again"
        return BackendError(
            f"The Delta table {where} cannot be used: {self.told(error)}. Next step: {hint}."
        )

    def _endpoint(self) -> str | None:
        known = (value for name, value in self.storage_options.items() if _is_endpoint(name))
        return next((self._shown_as[value] for value in known), None)


def no_room(error: BaseException) -> BackendError:
    """Say that the local copy of a version cannot be written."""
    return BackendError(
        f"A copy of the data kept in Delta cannot be written: {error.__cause__ or error}. Next "
        f"step: make room in {tempfile.gettempdir()}, or let TMPDIR name a larger folder."
    )


def _is_endpoint(name: str) -> bool:
    return name.lower().removeprefix("aws_") in ("endpoint", "endpoint_url")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without_user(address: str) -> str:
    """Leave out of an address what may be secret: user, password and query."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _relative(path: str, root: Path) -> str:
    folder = Path(root).absolute()
    inside = Path(path).is_relative_to(folder)
    return (Path(path).relative_to(folder) if inside else Path(path)).as_posix()
