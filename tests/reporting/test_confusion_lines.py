from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from experiment_cycle.reporting.confusion_lines import MOST_CELLS, confusion_table
from experiment_cycle.reporting.numbers import percent


def names(classes: int) -> tuple[str, ...]:
    return tuple(f"class {code}" for code in range(classes))


@pytest.mark.parametrize("classes", [3, 7])
def test_the_lines_of_classes_are_recall_and_precision(classes: int) -> None:
    draw = np.random.default_rng(classes)
    target, called = draw.integers(0, classes, (2, 200))
    matrix = np.zeros((classes, classes), dtype=int)
    np.add.at(matrix, (target, called), 1)
    found = confusion_table("calls", matrix.tolist(), names(classes))
    recalls = recall_score(target, called, average=None)
    precisions = precision_score(target, called, average=None)
    assert [line.found for line in found.lines] == [percent(float(value)) for value in recalls]
    assert [line.right for line in found.lines] == [percent(float(value)) for value in precisions]


def test_two_classes_are_shown_cell_by_cell() -> None:
    found = confusion_table("calls", ((206, 741), (160, 1921)), ("no", "yes"))
    assert [[cell.rows for cell in row] for row in found.cells] == [
        ["206", "741"],
        ["160", "1,921"],
    ]
    assert [[cell.right for cell in row] for row in found.cells] == [[True, False], [False, True]]
    assert found.cells[0][0].share == "21.8 %"
    assert found.lines == ()


def test_many_classes_are_told_by_class_only() -> None:
    matrix = np.eye(MOST_CELLS + 1, dtype=int)
    matrix[0, 2] = matrix[0, 1] = 4
    found = confusion_table("calls", matrix.tolist(), names(MOST_CELLS + 1))
    assert found.cells == ()
    assert [line.mistaken for line in found.lines[:2]] == ["class 1 (4 rows)", ""]
    assert len(found.lines) == MOST_CELLS + 1


def test_a_class_without_rows_and_one_that_is_never_called_have_no_share() -> None:
    found = confusion_table("calls", ((0, 0, 0), (3, 0, 1), (0, 0, 2)), ("a", "b", "c"))
    first, second, _ = found.lines
    assert first.found == "not defined"
    assert second.right == "not defined"
    assert {cell.share for cell in found.cells[0]} == {""}


def test_no_matrix_is_no_table() -> None:
    found = confusion_table("calls", None, ())
    assert (found.cells, found.lines) == ((), ())
