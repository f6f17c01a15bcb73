"""A Kedro dataset that gives a kept version in place of the raw data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from experiment_cycle.snapshot import Snapshot


class PinnedDataset(AbstractDataset[Any, Snapshot]):
    """The version that `data_versioning.version` names, checked out when it is loaded.

    Args:
        name: What the version is called in the options.
        checkout: Writes the version to a file of its own, verified.
        metadata: Kept as it is, for Kedro plugins.
    """

    def __init__(
        self, *, name: str, checkout: Callable[[], Snapshot], metadata: dict[str, Any] | None = None
    ) -> None:
        self._name = name
        self._checkout = checkout
        self.metadata = metadata

    def load(self) -> Snapshot:
        """Check the version out.

        Raises:
            CycleError: it is unknown, missing or altered.
        """
        return self._checkout()

    def save(self, data: Any) -> NoReturn:
        """Refuse: what was kept does not change.

        Raises:
            DatasetError: always.
        """
        raise DatasetError(
            f"The run uses the data version '{self._name}', so that no {type(data).__name__} can "
            "take its place. Next step: leave the pipeline data_preparation out, or set "
            "'data_versioning.version' to latest."
        )

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"version": self._name}
