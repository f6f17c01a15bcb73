"""How large YAML becomes when its aliases are followed: a few lines may stand for billions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from experiment_cycle.errors import ConfigurationError

MOST = 100_000
"""Values that one file may stand for. The project's own configuration has under two thousand."""
SUFFIXES = frozenset({".yml", ".yaml", ".json"})


def check_size(folders: Iterable[Path]) -> None:
    """Refuse configuration that would grow beyond all measure when it is read.

    A list that names another nine times, which names another nine times, is a few hundred bytes
    and, ten lists deep, three thousand million values: OmegaConf copies what an alias stands for.

    Args:
        folders: Of the configuration; files in folders inside count, those without aliases are not
            looked into.

    Raises:
        ConfigurationError: a file stands for more than `MOST` values.
    """
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.suffix in SUFFIXES and file.is_file():
                _check_file(file)


def _check_file(file: Path) -> None:
    text = file.read_text("utf-8", "replace")
    if "&" not in text or "*" not in text:
        return
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        values = 0 if root is None else _values(root, {})
    except yaml.YAMLError:
        return  # told by whoever reads it
    except RecursionError:
        values = MOST + 1
    if values > MOST:
        raise ConfigurationError(
            f"{file} stands for more than {MOST:,} values, because its aliases (*name) repeat what "
            "repeats others. Allowed: aliases of short blocks. Next step: write out what is meant."
        )


def _values(node: yaml.Node, known: dict[int, int]) -> int:
    """Count values as if each alias were written out; in the time that the file itself takes."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = MOST + 1  # while it is counted: an alias inside of itself has no end
    if isinstance(node, yaml.SequenceNode):
        inside = sum(_values(each, known) for each in node.value)
    elif isinstance(node, yaml.MappingNode):
        inside = sum(_values(key, known) + _values(value, known) for key, value in node.value)
    else:
        inside = 0
    known[id(node)] = inside + 1
    return inside + 1
