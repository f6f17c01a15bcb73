"""A lakeFS server as we speak to it: waiting is bounded, and errors say what to do."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import lakefs
from lakefs.exceptions import LakeFSException, ServerException
from lakefs_sdk.rest import RESTClientObject
from urllib3 import Retry, Timeout
from urllib3.exceptions import HTTPError, MaxRetryError, ReadTimeoutError

from experiment_cycle.data_versioning.options import LakefsOptions
from experiment_cycle.errors import BackendError, ConfigurationError

PARAMETERS = "conf/base/parameters_data_versioning.yml"
BLOCK = "data_versioning.backends.lakefs"
ENDPOINT = "LAKECTL_SERVER_ENDPOINT_URL"
"""Where lakeFS' own tools look for the address; it counts where the options name none."""
VARIABLES = {
    "access_key_id": "LAKECTL_CREDENTIALS_ACCESS_KEY_ID",
    "secret_access_key": "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY",  # nosec B105
}
CONNECT_SECONDS = 15.0
READ_SECONDS = 60.0
RETRIES = 2
PAUSE_SECONDS = 0.2
"""Before the second retry; it doubles with each further one."""
BUSY = (429, 502, 503, 504)
MESSAGE_LENGTH = 300


class LakefsConnection:
    """Opens one repository, and turns what goes wrong into errors a user can act on.

    The secret stays in the client of lakeFS: no message, no `repr` and no chain of causes has it.

    Args:
        options: They name server and repository.
        credentials: `access_key_id` and `secret_access_key`.

    Raises:
        ConfigurationError: one of them is missing, or the address is none.
    """

    def __init__(self, options: LakefsOptions, credentials: Mapping[str, Any]) -> None:
        self.address = _address(options)
        if not options.repository:
            raise ConfigurationError(
                f"'{BLOCK}.repository' in {PARAMETERS} names no repository. Next step: write the "
                "name of an existing one."
            )
        missing = [variable for key, variable in VARIABLES.items() if not credentials.get(key)]
        if missing:
            raise ConfigurationError(
                f"The credentials for lakeFS at {self.address} are missing: "
                f"{' and '.join(missing)}. Next step: export them in the shell, or write the block "
                "'data_versioning.lakefs' to conf/local/credentials.yml."
            )
        self._repository = options.repository
        self._branch = options.branch
        self._credentials = credentials

    @cached_property
    def client(self) -> lakefs.Client:
        """The official client, except that it never waits for ever."""
        client = lakefs.Client(  # type: ignore[no-untyped-call]
            host=self.address,
            username=self._credentials["access_key_id"],
            password=self._credentials["secret_access_key"],
        )
        client.config.retries = Retry(
            total=None,
            connect=RETRIES,
            read=1,
            redirect=RETRIES,
            status=RETRIES,
            other=0,
            backoff_factor=PAUSE_SECONDS,
            status_forcelist=BUSY,
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        client.sdk_client.objects_api.api_client.rest_client = _BoundedRest(client.config)
        return client

    @property
    def repository(self) -> lakefs.Repository:
        """The repository that the options name."""
        return lakefs.Repository(self._repository, self.client)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what goes wrong in the block into errors of ours.

        Raises:
            BackendError: the server does not answer, or refuses; or the local disk does.
        """
        try:
            yield
        except ServerException as error:
            problem = self._refusal(error)
        except HTTPError as error:
            problem = self._silence(error)
        except (LakeFSException, ValueError) as error:
            problem = (
                f"What answers at {self.address} does not speak like lakeFS ({_kind(error)}). Next "
                f"step: see that '{BLOCK}.endpoint' is its address."
            )
        except OSError as error:
            problem = (
                f"A copy of the data for lakeFS cannot be written or read: {error}. Next step: "
                f"make room in {tempfile.gettempdir()}, or let TMPDIR name a larger folder."
            )
        else:
            return
        # the cause stays out of the chain: it may quote addresses that are signed
        raise BackendError(problem) from None

    def said(self, error: ServerException) -> str:
        """Give the server's own words, without the secret and not too many."""
        words = str(error.body.get("message") or error.reason or "no reason given")
        secret = str(self._credentials["secret_access_key"])
        return words.replace(secret, "***")[:MESSAGE_LENGTH]

    def _refusal(self, error: ServerException) -> str:
        place = f"lakeFS at {self.address}"
        code, said = error.status_code, self.said(error)
        if code == 401:  # noqa: PLR2004
            return (
                f"{place} refuses the credentials (401: {said}). Next step: check "
                f"{' and '.join(VARIABLES.values())}."
            )
        if code == 403:  # noqa: PLR2004
            return (
                f"{place} does not let these credentials do this in the repository "
                f"'{self._repository}' (403: {said}). Next step: let its administrator "
                f"allow {VARIABLES['access_key_id']} to read and write there."
            )
        if code == 404:  # noqa: PLR2004
            return (
                f"{place} has no repository '{self._repository}' with a branch "
                f"'{self._branch}' (404: {said}). Next step: correct 'repository', "
                f"'branch' or 'endpoint' under '{BLOCK}' in {PARAMETERS}."
            )
        return (
            f"{place} did not do what was asked ({code}: {said}). Next step: mend that there, then "
            "run again."
        )

    def _silence(self, error: HTTPError) -> str:
        cause = error.reason if isinstance(error, MaxRetryError) else error
        if isinstance(cause, ReadTimeoutError):
            return (
                f"lakeFS at {self.address} does not answer in time ({_kind(cause)}); reading was "
                "tried more than once. Next step: see that the server is well, then run again."
            )
        return (
            f"lakeFS at {self.address} cannot be reached ({_kind(cause)}), although it was "
            f"tried more than once. Next step: see that the server is up and '{BLOCK}.endpoint' in "
            f"{PARAMETERS} is its address, then run again."
        )


def passes(error: ServerException | HTTPError) -> bool:
    """Tell whether another attempt may succeed."""
    if isinstance(error, HTTPError):
        return True
    code = error.status_code or 0
    return code in {409, 429} or code >= 500  # noqa: PLR2004


class _BoundedRest(RESTClientObject):
    """Sets a limit to every request; the client would wait for ever."""

    def __init__(self, configuration: Any) -> None:
        super().__init__(configuration)
        # uploads go to the pool itself
        self.pool_manager.connection_pool_kw["timeout"] = Timeout(
            connect=CONNECT_SECONDS, read=READ_SECONDS
        )

    def request(self, method: str, url: str, *arguments: Any, **keywords: Any) -> Any:
        """Ask, with a limit to connecting and one to each wait for an answer."""
        limits = keywords.pop("_request_timeout", None) or (CONNECT_SECONDS, READ_SECONDS)
        keywords["_request_timeout"] = limits
        return super().request(method, url, *arguments, **keywords)  # type: ignore[no-untyped-call]


def _address(options: LakefsOptions) -> str:
    """Find the server's address, and see that it is one."""
    address = options.endpoint or os.environ.get(ENDPOINT)
    if not address:
        raise ConfigurationError(
            f"'{BLOCK}.endpoint' in {PARAMETERS} names no lakeFS server. Next step: write its "
            f"address, such as https://lakefs.example.com, or export {ENDPOINT}."
        )
    source = f"'{BLOCK}.endpoint' in {PARAMETERS}" if options.endpoint else ENDPOINT
    if "@" in address:
        raise ConfigurationError(
            f"{source} holds a name or a password, which would be recorded with the parameters. "
            f"Next step: take it out; credentials belong in {' and '.join(VARIABLES.values())}."
        )
    try:
        parts = urlsplit(address)
        well_formed = parts.scheme in {"http", "https"} and bool(parts.hostname)
        parts.port  # noqa: B018  (raises where the port is no number)
    except ValueError:
        well_formed = False
    if not well_formed:
        raise ConfigurationError(
            f"{source} is '{address}', which is no address of a server. Allowed: one that begins "
            "with http:// or https://, such as https://lakefs.example.com. Next step: correct it."
        )
    return address.rstrip("/")


def _kind(error: BaseException | None) -> str:
    return type(error).__name__
