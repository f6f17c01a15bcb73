"""What the stage splitting left, as the audit begins with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import pandas as pd
from kedro.io import DataCatalog

from experiment_cycle.errors import DataError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.inherit import ChampionSplit
from experiment_cycle.splitting.records import SplitManifest

NEEDED = ("dataset", "split_assignment", "split_manifest")
CHAMPION = ("champion_split", "champion_split_keys")


@dataclass(frozen=True, eq=False)
class Stored:
    """The dataset, the part of each row, and what was recorded of the split."""

    snapshot: Snapshot
    assignment: pd.DataFrame
    manifest: SplitManifest
    champion: ChampionSplit | None
    """The champion's split that was at hand when this one was made."""

    @classmethod
    def load(cls, catalog: DataCatalog) -> Self:
        """Read them from the catalog.

        Raises:
            DataError: one of them is not there.
        """
        for name in NEEDED:
            if name not in catalog or not catalog.exists(name):
                raise DataError(
                    f"There is nothing to audit yet: '{name}' does not exist. Next step: kedro "
                    "run, or at least kedro run "
                    "--pipelines=data_preparation,data_versioning,splitting"
                )
        snapshot, assignment, manifest = (_load(catalog, name) for name in NEEDED)
        champion = None
        if all(name in catalog and catalog.exists(name) for name in CHAMPION):
            champion = ChampionSplit.of(*(_load(catalog, name) for name in CHAMPION))
        return cls(snapshot, assignment, SplitManifest.model_validate(manifest), champion)


def _load(catalog: DataCatalog, name: str) -> Any:
    dataset: Any = catalog.get(name)
    # not catalog.load, which logs to the stream that scripts read
    return dataset.load()
