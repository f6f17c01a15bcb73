"""What kind of prediction a task is, and how its target is written as numbers."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError
from experiment_cycle.options import Record

Task = Literal["classification", "regression", "ranking"]
ProblemType = Literal["binary", "multiclass", "regression", "ranking"]
PROBLEMS: dict[str, tuple[ProblemType, ...]] = {
    "classification": ("binary", "multiclass"),
    "regression": ("regression",),
    "ranking": ("ranking",),
}
"""What each task can turn out to be."""

Class = bool | int | float | str
OTHERS = "other"
"""How the negative class is called where it stands for several levels."""
TWO = 2
SHOWN = 6
MOST_CLASSES = 100
"""A classification target with more levels is taken for a number."""
MOST_RELEVANT = 30
"""The greatest relevance: gains are 2 ** relevance - 1, and LightGBM and XGBoost end there too."""
GREATEST = float(np.finfo(np.float32).max)
"""Boosting libraries hold a target in single precision."""


class Problem(Record):
    """A problem type and, for classification, the levels of the target in the order of their codes.

    Binary: the negative level, then the positive one. Where `columns.positive` is declared of a
    target with more levels, the first one is `None`, for all the others.
    """

    type: ProblemType
    classes: tuple[Class | None, ...] = ()

    @classmethod
    def of(cls, task: Task, target: pd.Series, columns: Columns) -> Problem:
        """Find out what problem a target poses.

        Args:
            task: As declared.
            target: The target of the training rows.
            columns: Names the target, and the positive level where one is declared.

        Raises:
            DataError: the target cannot be predicted so: one class, too many, no numbers, no
                variation, a relevance below zero or not whole; or a value is missing.
        """
        if task != "classification":
            encoded = _numbers(target, columns.target, task, "train")
            _refuse_constant(encoded, columns.target, task)
            return cls(type=task)
        _refuse_missing(target, columns.target, "train")
        levels = _levels(target, columns.target)
        if columns.positive is None and len(levels) > TWO:
            _refuse_many(levels, columns.target)
            return cls(type="multiclass", classes=levels)
        return cls(type="binary", classes=_two(levels, target, columns))

    @property
    def names(self) -> tuple[str, ...]:
        """How the classes are called, in the order of their codes."""
        return tuple(OTHERS if level is None else str(level) for level in self.classes)

    @property
    def outputs(self) -> int:
        """How many numbers a model predicts for a row."""
        return len(self.classes) if self.type == "multiclass" else 1

    def encode(self, target: pd.Series, part: str) -> npt.NDArray[Any]:
        """Write a target as numbers, shape (n,): codes of classes (int64), else float64.

        Args:
            target: The target column.
            part: Names the rows, for messages: train, validation, test.

        Raises:
            DataError: a value is missing, a class that no training row has, or no number.
        """
        name = str(target.name)
        if not self.classes:
            return _numbers(target, name, self.type, part)
        _refuse_missing(target, name, part)
        numbers, levels = _numbered(target)
        # found by equality, not by type: 1, 1.0 and True are one level
        places = {level: code for code, level in enumerate(self.classes)}
        strangers = 0 if self.classes[0] is None else -1
        codes = np.asarray([places.get(level, strangers) for level in levels], dtype=np.int64)
        unknown = [str(level) for level, code in zip(levels, codes, strict=True) if code < 0]
        if unknown:
            raise DataError(
                f"Target '{name}' has classes in {part} that no training row has: "
                f"{', '.join(sorted(unknown)[:SHOWN])}. Next step: split with a strategy that is "
                "stratified, or leave out classes that are so rare."
            )
        return codes[numbers]


def _numbered(target: pd.Series) -> tuple[npt.NDArray[np.intp], list[Any]]:
    """Number the levels of a target as they come."""
    numbers, levels = pd.factorize(target)
    return numbers, np.asarray(levels, dtype=object).tolist()


def _levels(target: pd.Series, name: str) -> tuple[Class, ...]:
    """List the levels, in their order where they have one."""
    found = _numbered(target)[1]
    strange = [level for level in found if not isinstance(level, bool | int | float | str)]
    if strange:
        raise DataError(
            f"Target '{name}' holds {target.dtype}, such as {strange[0]!r}. A class is text, a "
            "number, or true or false. Next step: convert it in the raw data."
        )
    try:
        return tuple(sorted(found))
    except TypeError:
        return tuple(sorted(found, key=str))


def _two(
    levels: tuple[Class, ...], target: pd.Series, columns: Columns
) -> tuple[Class | None, Class]:
    """Tell the negative level from the positive one."""
    wanted = columns.positive_level(target)
    positive = next((level for level in levels if level == wanted), None)
    if positive is None:
        shown = ", ".join(repr(level) for level in levels[:SHOWN])
        raise DataError(
            f"Target '{columns.target}' has no row of the positive class {wanted!r} in train; it "
            f"has {shown}. Next step: check columns.positive, and split again with a strategy that "
            "is stratified."
        )
    others = [level for level in levels if level != positive]
    if not others:
        raise DataError(
            f"Target '{columns.target}' has one class only in train: {positive!r} in all "
            f"{len(target)} rows. Next step: check columns.positive, and split again with a "
            "strategy that is stratified."
        )
    return (others[0] if len(others) == 1 else None, positive)


def _refuse_missing(target: pd.Series, name: str, part: str) -> None:
    missing = target.isna().to_numpy(dtype=bool)
    if missing.any():
        raise DataError(
            f"Target '{name}' is missing in {int(missing.sum())} rows of {part}, first in row "
            f"{target.index[int(missing.argmax())]}. Next step: leave these rows out of the raw "
            "data, or fill in what is known."
        )


def _refuse_many(levels: tuple[Class, ...], name: str) -> None:
    if len(levels) > MOST_CLASSES:
        raise DataError(
            f"Target '{name}' has {len(levels)} levels, more than the {MOST_CLASSES} classes that "
            "can be told apart. Next step: set task to regression if it is a number, name the one "
            "level to be told from all others in columns.positive, or join levels in the raw data."
        )


def _numbers(target: pd.Series, name: str, task: str, part: str) -> npt.NDArray[np.float64]:
    if not pd.api.types.is_numeric_dtype(target.dtype) or pd.api.types.is_complex_dtype(target):
        raise DataError(
            f"Target '{name}' holds {target.dtype}, but the task {task} predicts a number. Next "
            "step: set task to classification in parameters_task.yml, or make it a number in the "
            "raw data."
        )
    values = target.to_numpy(dtype=np.float64, na_value=np.nan)
    if task == "ranking":
        allowed = f"a whole number from 0 to {MOST_RELEVANT} (its relevance)"
        right = (values >= 0) & (values <= MOST_RELEVANT) & (values == np.floor(values))
    else:
        allowed = f"a finite number within {GREATEST:.1e}"
        right = np.abs(values) <= GREATEST
    if not right.all():
        first = int(right.argmin())
        raise DataError(
            f"Target '{name}' must be {allowed}, but is not in {int((~right).sum())} rows of "
            f"{part}, first in row {target.index[first]}: {values[first]:g}. Next step: mend the "
            "raw data."
        )
    return np.asarray(values, dtype=np.float64)


def _refuse_constant(values: npt.NDArray[np.float64], name: str, task: str) -> None:
    if len(values) and (values == values[0]).all():
        raise DataError(
            f"Target '{name}' is {values[0]:g} in all {len(values)} rows of train, so that there "
            f"is nothing to learn ({task}). Next step: name another target, or get rows that "
            "differ."
        )
