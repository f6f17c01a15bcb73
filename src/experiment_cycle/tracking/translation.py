"""What nodes save, turned into entries of the record."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from typing import Any

from experiment_cycle.tracking.entries import MetricPoint, Metrics, Parameters, Tags

LONGEST = 6000
"""Characters of a parameter or tag, as many as MLflow takes."""
CUT = " … (whole value: configuration.yml)"


CONTENTS = ("metrics", "history", "validation", "dataset", "tags")
"""Marks of datasets of which the content is recorded, and not only the file."""


def flatten(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each leaf of nested dicts with its dotted path; lists are leaves."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from flatten(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, tree


def as_text(value: Any) -> str:
    """Write a parameter's value as MLflow compares it: plain for scalars, JSON for lists."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def parameters_of(tree: dict[str, Any]) -> Parameters:
    """Make every leaf a parameter of its own; what is too long is cut, and says so."""
    values = {}
    for name, value in flatten(tree):
        text = as_text(value)
        values[name] = text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT
    return Parameters(values=values)


def metrics_of(tree: dict[str, Any], prefix: str) -> Metrics:
    """Take every finite number of a tree; a leaf `value` takes its parent's name."""
    now = milliseconds()
    return Metrics(
        points=tuple(
            MetricPoint(
                name=metric_name(f"{prefix}.{path}".strip(".").removesuffix(".value")),
                value=float(value),
                milliseconds=now,
            )
            for path, value in flatten(tree)
            if isinstance(value, int | float)
            and not isinstance(value, bool)
            and math.isfinite(value)
        )
    )


def history_of(history: dict[str, Any]) -> Metrics:
    """Take the curves of a training history, with the boosting round or epoch as step."""
    now = milliseconds()
    return Metrics(
        points=tuple(
            MetricPoint(name=step_name(part, name), value=float(value), step=step, milliseconds=now)
            for part in ("train", "validation")
            for name, values in history[part].items()
            for step, value in enumerate(values, start=1)
            if value is not None and math.isfinite(value)
        )
    )


def step_name(part: str, name: str) -> str:
    """Name a metric that is measured after every step of training."""
    return metric_name(f"{part}.{name}.by_step")


def validation_of(report: dict[str, Any]) -> Metrics:
    """Take the metrics of a validation report, and of each how it varies over the seeds."""
    tree: dict[str, Any] = {name: {"value": value} for name, value in report["metrics"].items()}
    for seeds in report["seeds"]:
        parts = ("mean", "standard_deviation", "worst")
        tree[seeds["metric"]]["seeds"] = {part: seeds[part] for part in parts}
    return metrics_of(tree, prefix="validation")


def tags_of(tags: dict[str, Any]) -> Tags:
    """Take short values; what is None or long is left to the artifacts."""
    texts = {name: as_text(value) for name, value in tags.items() if value is not None}
    return Tags(values={name: text for name, text in texts.items() if len(text) <= LONGEST})


def dataset_tags(version: dict[str, Any]) -> Tags:
    """Take what a dataset version says of itself; the hash of each column is in the artifact."""
    plain = {key: value for key, value in version.items() if not isinstance(value, dict)}
    return tags_of({f"dataset.{key}": value for key, value in plain.items()})


def entry_of(mark: str, name: str, data: Any) -> Metrics | Tags | None:
    """Turn what a node saved into an entry, as the catalog's `log` mark says.

    Args:
        mark: `metrics`, `history`, `validation`, `dataset` or `tags`; anything else gives None.
        name: The dataset's.
        data: What was saved.
    """
    if mark == "metrics":
        return metrics_of(data, prefix="" if name == "metrics" else name)
    if mark == "history":
        return history_of(data)
    if mark == "validation":
        return validation_of(data)
    if mark == "dataset":
        return dataset_tags(data)
    if mark == "tags":
        return tags_of({f"{name}.{key}": value for key, value in data.items()})
    return None


def metric_name(name: str) -> str:
    """Leave out of a metric's name what MLflow does not take, such as the > of a class >50K."""
    return re.sub(r"[^/\w.\- :]", "_", name)


def milliseconds() -> int:
    """Tell the time as records have it: since 1970, UTC."""
    return time.time_ns() // 1_000_000
