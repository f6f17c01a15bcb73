"""Nodes of the stage splitting."""

from typing import Any

import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.problem import Task
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.folds import draw_folds
from experiment_cycle.splitting.inherit import ChampionSplit, may_inherit
from experiment_cycle.splitting.leakage.audit import audit_leakage
from experiment_cycle.splitting.leakage.warning import warn_of_leakage
from experiment_cycle.splitting.manifest import describe_split, split_frames, split_keys
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import assign
from experiment_cycle.tracking.registry import load_champion_split


def read_champion_split(
    options: SplittingOptions, registered_model: str
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Read where the champion's rows were; nothing where there is none or none is to be kept to."""
    found = load_champion_split(registered_model) if may_inherit(options) else None
    if found is None:
        return {}, pd.DataFrame()
    version, manifest, keys = found
    return {"version": version, "manifest": manifest}, keys


def assign_splits(
    dataset: Snapshot,
    champion_split: dict[str, Any],
    champion_split_keys: pd.DataFrame,
    columns: Columns,
    options: SplittingOptions,
    seed: int,
    task: Task,
) -> pd.DataFrame:
    """Give every row of the dataset its split."""
    champion = ChampionSplit.of(champion_split, champion_split_keys)
    return assign(dataset, columns, options, seed, champion, task)


def write_splits(
    dataset: Snapshot, split_assignment: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Cut the dataset into train, validation and test."""
    return split_frames(dataset, split_assignment)


def write_split_manifest(
    dataset: Snapshot,
    split_assignment: pd.DataFrame,
    champion_split: dict[str, Any],
    champion_split_keys: pd.DataFrame,
    dataset_version: dict[str, Any],
    columns: Columns,
    options: SplittingOptions,
    seed: int,
    task: Task,
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Record how the rows were assigned, and what was proved of the result."""
    folds = draw_folds(dataset, split_assignment, columns, options, seed, task)
    manifest = describe_split(
        dataset,
        split_assignment,
        columns,
        options,
        seed,
        dataset_version["content_hash"],
        champion=ChampionSplit.of(champion_split, champion_split_keys),
        folds=folds,
        task=task,
    )
    keys = split_keys(dataset, split_assignment, columns)
    return manifest.model_dump(mode="json"), keys, folds


def audit_splits(
    dataset: Snapshot,
    split_assignment: pd.DataFrame,
    columns: Columns,
    options: SplittingOptions,
    seed: int,
) -> dict[str, Any]:
    """Look for leakage between the splits."""
    report = audit_leakage(dataset, split_assignment, columns, options, seed=seed)
    warn_of_leakage(report)
    return report.model_dump(mode="json")
