"""A Kedro dataset whose content is found out when a node loads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError


class ComputedDataset(AbstractDataset[Any, Any]):
    """What a function returns at the moment of loading.

    Args:
        compute: The function.
    """

    def __init__(self, *, compute: Callable[[], Any]) -> None:
        self._compute = compute

    def load(self) -> Any:
        """Call the function."""
        return self._compute()

    def save(self, data: Any) -> NoReturn:
        """Refuse: nobody makes it.

        Raises:
            DatasetError: always.
        """
        raise DatasetError(
            f"A {type(data).__name__} cannot be saved to a dataset that is found out when it is "
            "loaded. Next step: give the output of the node another name."
        )

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {}
