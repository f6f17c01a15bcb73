"""Which settings a run took from a folder that git does not keep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

SECRETS = "credentials"
"""Of files that are called so, not even keys are named."""


def local_settings(folder: Path) -> list[str]:
    """List the dotted keys that the YAML files of a configuration folder set, never a value.

    Args:
        folder: Such as ``conf/local``; where there is none, nothing is set.

    Returns:
        In the order of the files' names, then of the keys in them; each once. A file that cannot be
        read as YAML by itself is listed by its name.
    """
    files = sorted(
        file
        for pattern in ("*.yml", "*.yaml")
        for file in folder.rglob(pattern)
        if not file.name.startswith(SECRETS)
    )
    return list(dict.fromkeys(key for file in files for key in _keys_of(file)))


def _keys_of(file: Path) -> Iterator[str]:
    try:
        block = yaml.safe_load(file.read_text("utf-8"))
    except yaml.YAMLError:
        block = None
        yield file.name
    if isinstance(block, dict):
        yield from _leaves(block)


def _leaves(block: dict[Any, Any], above: str = "") -> Iterator[str]:
    for key, value in block.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"
