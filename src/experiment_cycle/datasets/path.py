"""A Kedro dataset that hands a node the place of a folder or file instead of its content."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError


class PathDataset(AbstractDataset[Any, Path]):
    """The absolute path of a file or folder, for nodes whose library wants a path.

    Args:
        filepath: The file or folder; Kedro makes it absolute from the project's folder.
        metadata: Kept as it is, for Kedro plugins.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Path:
        """Give the absolute path; the folder it lies in is made if need be."""
        path = self._filepath.absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def save(self, data: Any) -> NoReturn:
        """Refuse: a node writes to the path itself.

        Raises:
            DatasetError: always.
        """
        raise DatasetError(
            f"{self._filepath} is a path dataset: it names a place and holds no data, so that a "
            f"{type(data).__name__} cannot be saved to it. Next step: make it an input of the "
            "node, and let the node write there."
        )

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
