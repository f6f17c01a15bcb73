"""What services have in common that want a key: online with one, else files for a later upload."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import Any

from experiment_cycle.errors import BackendError

UPLOAD_SECONDS = 300.0


class HostedTracker:
    """The base of trackers whose service is somebody else's. Subclasses name themselves."""

    BLOCK = ""
    """In `tracking.yml` and `credentials.yml`."""
    TITLE = ""

    def __init__(self, options: Mapping[str, Any], credentials: Mapping[str, Any]) -> None:
        """Take the key and the server, if there are any, and tell whether to be online."""
        self._options = options
        self._key: str | None = credentials.get("api_key")
        self._server: str | None = credentials.get("base_url")
        mode = options["mode"]
        self._online = mode == "online" or (mode == "auto" and self._key is not None)

    @property
    def offline(self) -> bool:
        """Tell whether what it keeps waits to be uploaded."""
        return not self._online

    def _demand_key(self) -> str:
        """Give the key.

        Raises:
            BackendError: there is none.
        """
        if self._key is None:
            raise BackendError(
                f"{self.TITLE} is to be used online, but there is no key. Next step: set "
                f"{self.BLOCK.upper()}_API_KEY, or {self.BLOCK}.mode to offline in tracking.yml"
            )
        return self._key

    def _upload_by(self, command: list[str], environment: Mapping[str, str]) -> None:
        """Let the package's own command send files.

        Args:
            command: The command with its arguments.
            environment: Variables besides those of this process; the key is added.

        Raises:
            BackendError: there is no key, it fails, or it takes longer than five minutes.
        """
        key = {f"{self.BLOCK.upper()}_API_KEY": self._demand_key()}
        try:
            done = subprocess.run(  # noqa: S603 - a fixed command
                command,
                env=os.environ | key | dict(environment),
                capture_output=True,
                text=True,
                timeout=UPLOAD_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise BackendError(
                f"{self.TITLE} did not take it in {UPLOAD_SECONDS:g} seconds"
            ) from error
        if done.returncode:
            lines = (done.stderr or done.stdout).splitlines()
            told = " ".join([line for line in lines if "ERROR" in line] or lines)[-500:]
            raise BackendError(f"{self.TITLE} did not take it: {told or 'no reason given'}")
