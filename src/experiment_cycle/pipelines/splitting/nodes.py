"""Nodes of the stage splitting."""

from typing import Any

import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.leakage.audit import audit_leakage
from experiment_cycle.splitting.manifest import describe_split, split_frames
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import assign


def assign_splits(
    dataset: Snapshot, columns: Columns, options: SplittingOptions, seed: int
) -> pd.DataFrame:
    """Give every row of the dataset its split."""
    return assign(dataset, columns, options, seed)


def write_splits(
    dataset: Snapshot, split_assignment: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Cut the dataset into train, validation and test."""
    return split_frames(dataset, split_assignment)


def write_split_manifest(
    dataset: Snapshot,
    split_assignment: pd.DataFrame,
    dataset_version: dict[str, Any],
    columns: Columns,
    options: SplittingOptions,
    seed: int,
) -> dict[str, Any]:
    """Record how the rows were assigned, and what was proved of the result."""
    manifest = describe_split(
        dataset, split_assignment, columns, options, seed, dataset_version["content_hash"]
    )
    return manifest.model_dump(mode="json")


def audit_splits(
    dataset: Snapshot, split_assignment: pd.DataFrame, columns: Columns, options: SplittingOptions
) -> dict[str, Any]:
    """Look for leakage between the splits."""
    return audit_leakage(dataset, split_assignment, columns, options).model_dump(mode="json")
