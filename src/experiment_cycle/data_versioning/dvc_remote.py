"""The DVC remote to which versions travel, and from which they come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dvc_data.hashfile.hash_info import HashInfo

from experiment_cycle.data_versioning.options import DvcOptions
from experiment_cycle.errors import BackendError, near_misses

NAME = "experiment_cycle"
"""What a remote given by its address is called; it is not written to DVC's configuration."""
PARAMETERS = "conf/base/parameters_data_versioning.yml"


class DvcRemote:
    """A remote by its name in DVC's configuration, by its address, or DVC's default one.

    Args:
        root: The project's folder, from which a relative address is counted.
        options: They name the remote.
        credentials: Settings of the remote that are secret; those that are None are left out.
    """

    def __init__(self, root: Path, options: DvcOptions, credentials: Mapping[str, Any]) -> None:
        self._root = root
        self._options = options
        self._secrets = {name: value for name, value in credentials.items() if value is not None}

    def settings(self) -> dict[str, Any]:
        """Give what DVC is told of the remote beyond its configuration, which is not written to."""
        address = self._options.remote
        if address is None:
            return {}
        if not self._is_address():
            return {"remote": {address: self._secrets}} if self._secrets else {}
        if "://" not in address:
            address = str(self._root / address)
        return {"remote": {NAME: {"url": address, **self._secrets}}}

    def check(self, repository: Any) -> None:
        """See that the remote is known, and that there is one to push to.

        Raises:
            BackendError: it is not, or there is none.
        """
        name, known = self._options.remote, repository.config["remote"]
        if name is None and self._options.push and not self._is_given(repository):
            raise BackendError(
                f"'data_versioning.backends.dvc.push' in {PARAMETERS} is true, but DVC has no "
                "default remote. Next step: name one in 'remote' there."
            )
        if name is not None and not self._is_address() and "url" not in known.get(name, {}):
            configured = [each for each in known if "url" in known[each]]
            raise BackendError(
                f"DVC has no remote '{name}' ('data_versioning.backends.dvc.remote' in "
                f"{PARAMETERS}). {near_misses(name, configured)} Next step: name one of them, or "
                "write an address, such as a folder or s3://bucket/folder."
            )

    def push(self, repository: Any, identity: str) -> None:
        """Copy a file of the cache to the remote, if that is asked for; what is there stays.

        Raises:
            BackendError: it did not arrive.
        """
        if self._options.push:
            moved = self._call(
                "pushed to",
                identity,
                lambda: repository.cloud.push([HashInfo("md5", identity)], remote=self._name()),
            )
            if moved.failed:
                raise self._failed("pushed to", identity, "not every file arrived")

    def pull(self, repository: Any, identity: str) -> None:
        """Copy a file to the cache if the remote has it, and if that is asked for.

        Raises:
            BackendError: the remote does not answer.
        """
        if self.has(repository, identity):
            self._call(
                "pulled from",
                identity,
                lambda: repository.cloud.pull([HashInfo("md5", identity)], remote=self._name()),
            )

    def has(self, repository: Any, identity: str) -> bool:
        """Ask whether the remote has a file; no where nothing is to be pulled from it.

        Raises:
            BackendError: the remote does not answer.
        """
        if not self._options.pull or not self._is_given(repository):
            return False

        def ask() -> bool:
            return bool(repository.cloud.get_remote_odb(self._name(), "pull").exists(identity))

        return bool(self._call("looked for in", identity, ask))

    def without_secrets(self, told: str) -> str:
        """Put stars in place of every secret."""
        for secret in self._secrets.values():
            told = told.replace(str(secret), "***")
        return told

    def _call(self, what: str, identity: str, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Exception as error:  # each kind of remote raises errors of its own
            told = self.without_secrets(f"{type(error).__name__}: {error}")
            raise self._failed(what, identity, told) from error

    def _failed(self, what: str, identity: str, told: str) -> BackendError:
        return BackendError(
            f"The data version {identity} could not be {what} the DVC remote "
            f"'{self._options.remote or 'default'}': {told}. Next step: see that the remote is "
            "reachable, takes the credentials and has room, then run again."
        )

    def _name(self) -> str | None:
        return NAME if self._is_address() else self._options.remote

    def _is_given(self, repository: Any) -> bool:
        return bool(self._options.remote or repository.config["core"].get("remote"))

    def _is_address(self) -> bool:
        return any(sign in (self._options.remote or "") for sign in "/\\:")
