"""What the record of the present cycle must hold by now, as the catalog declares it."""

from __future__ import annotations

from pathlib import Path

from kedro.framework.project import pipelines
from kedro.io import DataCatalog

from experiment_cycle.tracking.command_record import (
    CONFIGURATION_FILE,
    is_artifact,
    place_of,
)
from experiment_cycle.tracking.cycle import Cycle


def declared_artifacts(catalog: DataCatalog, project: Path, cycle_file: Path) -> dict[str, Path]:
    """List the artifacts of every node that has finished in the present cycle.

    Args:
        catalog: The project's; entries wrapped by MlflowArtifactDataset are artifacts.
        project: The project's folder.
        cycle_file: Where the state of the cycle is, in the project's folder.

    Returns:
        By its path in the record, the file or folder on disk; sorted. Empty where no cycle is.
    """
    state = Cycle(project / cycle_file).load()
    if state is None:
        return {}
    found = {CONFIGURATION_FILE.name: project / CONFIGURATION_FILE}
    for node in pipelines["__default__"].nodes:
        if node.name not in state.finished:
            continue
        for name in node.outputs:
            dataset = catalog.get(name) if name in catalog else None
            if is_artifact(dataset):
                file, path = place_of(dataset)
                found[path] = file
    return dict(sorted(found.items()))
