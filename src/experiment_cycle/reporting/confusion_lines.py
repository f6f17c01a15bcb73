"""Confusion matrices as the report shows them: cell by cell for few classes, by class for many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiment_cycle.evaluation.records import ClassEstimates, Estimate
from experiment_cycle.reporting.numbers import interval, number, percent

MOST_CELLS = 12
"""With more classes than this, the matrix is told by class only."""

Matrix = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Cell:
    """The rows of one class that are called one class, and their share of that class's rows."""

    rows: str
    share: str
    right: bool


@dataclass(frozen=True)
class ClassLine:
    """One class: how many of its rows are found, and how many called so are of it."""

    name: str
    rows: str
    found: str
    """Recall, with its interval where it has one."""
    right: str
    """Precision, likewise."""
    f1: str
    """Empty where it was not measured."""
    mistaken: str
    """The class its rows are called most often instead, such as ``setosa (4 rows)``."""


@dataclass(frozen=True)
class ConfusionTable:
    """One model's rows by true class and by the class that was called.

    Attributes:
        title: Names the model and the rows.
        classes: In the order of their codes.
        cells: One line for each true class; empty for more than `MOST_CELLS` classes.
        lines: One for each class; empty for two classes, of which the cells say it all.
    """

    title: str
    classes: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    lines: tuple[ClassLine, ...]


def confusion_table(
    title: str,
    matrix: Matrix | None,
    classes: Sequence[str],
    by_class: Sequence[ClassEstimates] = (),
) -> ConfusionTable:
    """Write one model's confusion matrix.

    Args:
        title: Names the model and the rows.
        matrix: Rows by true class, columns by the class that was called; None: nothing to show.
        classes: Their names, in the order of their codes.
        by_class: What was measured of each, in the same order; or nothing.
    """
    counts = matrix or ()
    few, several = len(counts) <= MOST_CELLS, len(counts) > len(("negative", "positive"))
    return ConfusionTable(
        title=title,
        classes=tuple(classes),
        cells=tuple(_cells(code, row) for code, row in enumerate(counts)) if few else (),
        lines=tuple(
            _line(code, counts, classes, by_class[code] if by_class else None)
            for code in range(len(counts))
        )
        if several
        else (),
    )


def _cells(code: int, row: Sequence[int]) -> tuple[Cell, ...]:
    whole = sum(row)
    return tuple(
        Cell(number(count), percent(count / whole) if whole else "", right=called == code)
        for called, count in enumerate(row)
    )


def _line(
    code: int, counts: Matrix, classes: Sequence[str], measured: ClassEstimates | None
) -> ClassLine:
    own, hits = sum(counts[code]), counts[code][code]
    called = sum(row[code] for row in counts)
    wrong = {place: count for place, count in enumerate(counts[code]) if place != code}
    most = max(wrong, key=lambda place: (wrong[place], -place))
    return ClassLine(
        name=classes[code],
        rows=number(own),
        found=_share(hits, own) if measured is None else _estimate(measured.recall),
        right=_share(hits, called) if measured is None else _estimate(measured.precision),
        f1="" if measured is None else _estimate(measured.f1),
        mistaken=f"{classes[most]} ({number(wrong[most])} rows)" if wrong[most] else "",
    )


def _share(part: int, whole: int) -> str:
    return percent(part / whole if whole else None)


def _estimate(found: Estimate) -> str:
    return interval(found.value, found.lower, found.upper)
