"""A run pinned to a data version: the version takes the place of the raw data."""

from __future__ import annotations

import logging

from kedro.framework.project import pipelines
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.datasets.pinned import PinnedDataset
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.snapshot import Snapshot


def pin(catalog: DataCatalog, raw: str, options: DataVersioningOptions) -> None:
    """Let a kept version take the place of the raw data; it is looked up when it is loaded.

    Args:
        catalog: The catalog; its entry is replaced.
        raw: Name of the entry.
        options: They name the version.
    """
    from experiment_cycle.data_versioning.versioning import open_versions  # noqa: PLC0415

    def checkout() -> Snapshot:
        credentials = catalog.load("versioning_credentials")
        versions = open_versions(options, catalog.load("project_folder"), credentials)
        kept = versions.find(options.version).version
        staged = versions.checkout(kept, catalog.load("staging_file"))
        return Snapshot(staged.path, temporary=True)

    metadata = getattr(catalog.get(raw), "metadata", None) if raw in catalog else None
    # Kedro warns of what is meant here
    logger = logging.getLogger("kedro.io.data_catalog")
    level = logger.level
    logger.setLevel(logging.ERROR)
    catalog[raw] = PinnedDataset(name=options.version, checkout=checkout, metadata=metadata)
    logger.setLevel(level)


def check_not_made(pipeline: Pipeline, raw: str, options: DataVersioningOptions) -> None:
    """Refuse to prepare raw data that a kept version takes the place of.

    Raises:
        ConfigurationError: a node of the pipeline makes them.
    """
    makers = {node for node in pipeline.nodes if raw in node.outputs}
    if makers and options.pinned:
        idle = {tag for node in makers for tag in node.tags}
        part = {node.name for node in pipelines["__default__"].nodes}
        stages = [
            name
            for name in pipelines
            if name not in {"__default__", *idle}
            and part >= {node.name for node in pipelines[name].nodes}
        ]
        raise ConfigurationError(
            f"'data_versioning.version' is '{options.version}', so that '{raw}' is that version "
            f"and is not made anew. Next step: kedro run --pipelines={','.join(stages)}, or set "
            "'data_versioning.version' to latest."
        )
