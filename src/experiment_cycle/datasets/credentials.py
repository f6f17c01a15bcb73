"""A Kedro dataset that hands credentials to a node, and shows them to nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError


class Credentials(Mapping[str, Any]):
    """Secrets by name; printed, they are stars."""

    def __init__(self, secrets: Mapping[str, Any]) -> None:
        self._secrets = dict(secrets)

    def __getitem__(self, name: str) -> Any:
        value = self._secrets[name]
        return Credentials(value) if isinstance(value, Mapping) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._secrets)

    def __len__(self) -> int:
        return len(self._secrets)

    def __repr__(self) -> str:
        return f"Credentials({', '.join(f'{name}=***' for name in self._secrets)})"


class CredentialsDataset(AbstractDataset[Any, Credentials]):
    """One block of credentials.yml, for nodes that speak to a service.

    Args:
        credentials: The block; Kedro looks its name up in credentials.yml.
        metadata: Kept as it is, for Kedro plugins.
    """

    def __init__(
        self, *, credentials: dict[str, Any] | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        self._credentials = Credentials(credentials or {})
        self.metadata = metadata

    def load(self) -> Credentials:
        """Give the secrets."""
        return self._credentials

    def save(self, data: Any) -> NoReturn:
        """Refuse: secrets are written to the environment or to conf/local by hand.

        Raises:
            DatasetError: always.
        """
        raise DatasetError(f"Credentials are not saved; a {type(data).__name__} was given.")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"credentials": list(self._credentials)}
