"""Markdown's syntax: text that is shown as it is, and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MARKUP = re.compile(r"[\\`*\[\]<>|~$&]|(?<![^\W_])_|_(?![^\W_])")
"""What has a meaning inside a line; an underscore between letters has none."""
OPENING = re.compile(r"^(\d*)([.)](?=\s|$)|[-+#=])")
"""What has a meaning at the start of a block."""
LINKED = re.compile(r"([@#])(?=\w)")
"""A user or an issue; a code host would link them, and notify people."""
ZERO_WIDTH = "\u200b"


def escape(text: object) -> str:
    """Write text so that Markdown shows it as it is: on one line, without markup or mentions."""
    line = MARKUP.sub(r"\\\g<0>", " ".join(str(text).split()))
    return LINKED.sub(rf"\1{ZERO_WIDTH}", line)


def opening(text: object) -> str:
    """Write text that starts a block, so that its start makes no list or heading of it."""
    return OPENING.sub(r"\1\\\2", escape(text))


def table(titles: Sequence[str], rows: Iterable[Sequence[object]], right: str = "") -> str:
    """Write a table.

    Args:
        titles: Its head, escaped already where it comes from data.
        rows: Its cells; they are escaped here.
        right: One sign a column; those with an ``r`` are aligned to the right.
    """
    sides = ["---:" if side == "r" else "---" for side in right.ljust(len(titles))]
    lines = [titles, sides, *([escape(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
