"""Would more data help? Trainings on growing shares of the training rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.training.plan import Plan
from experiment_cycle.training.progress import progress_bar
from experiment_cycle.training.records import LearningCurvePoint, TrainingHistory
from experiment_cycle.training.trainer import train_model

Places = npt.NDArray[np.int64]


def trace_learning_curve(plan: Plan) -> list[LearningCurvePoint]:
    """Train on each share of the training rows, and measure the loss on train and validation.

    In each repeat the groups (else the queries, else the rows) are put in another random order,
    and each share is as many of the first ones as come nearest to it; so a greater share holds
    the smaller ones. The loss is that of the best step. A share of 1 is trained on once.

    Args:
        plan: The challenger; `options.learning_curve` says which shares, how often.

    Returns:
        Points in the order of shares, then repeats; nothing where no curve was asked for.
    """
    asked = plan.options.learning_curve
    if asked is None:
        return []
    wanted = [
        (share, repeat)
        for share in asked.shares
        for repeat in range(1, (asked.repeats if share < 1 else 1) + 1)
    ]
    points = []
    with progress_bar("learning curve", len(wanted)) as advance:
        for share, repeat in wanted:
            points.append(_point(plan, share, repeat))
            advance(points[-1].validation, None)
    return points


def draw_share(plan: Plan, share: float, repeat: int) -> pd.DataFrame:
    """Draw whole groups of the training rows, in the order of the rows.

    Of a classification every class is kept: as many groups as that takes are drawn first.
    """
    if share >= 1:
        return plan.train
    groups = plan.columns.groups(plan.train)
    random = np.random.default_rng(np.random.SeedSequence([plan.seed, repeat]))
    order = random.permutation(groups.max() + 1)
    needed = 1
    if plan.task == "classification":
        order, needed = _classes_first(order, groups, plan.train[plan.columns.target])
    rows = np.cumsum(np.bincount(groups)[order])
    nearest = int(np.abs(rows - share * len(groups)).argmin()) + 1
    return plan.train[np.isin(groups, order[: max(nearest, needed)])]


def _classes_first(order: Places, groups: Places, target: pd.Series) -> tuple[Places, int]:
    """Move the first group of each class to the front, and tell how many these are."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    places = pd.Series(place[groups], index=target.index)
    needed = np.sort(places.groupby(target, observed=True).min().unique())
    rest = np.setdiff1d(np.arange(len(order)), needed)
    return np.asarray(order[np.concatenate([needed, rest])], dtype=np.int64), len(needed)


def _point(plan: Plan, share: float, repeat: int) -> LearningCurvePoint:
    drawn = replace(plan, train=draw_share(plan, share, repeat))
    trained = train_model(
        *(drawn.estimator, drawn.hyperparameters, drawn.train, drawn.validation, drawn.columns),
        *(drawn.options, drawn.task, drawn.seed),
    )
    return LearningCurvePoint(
        share=share,
        repeat=repeat,
        rows=len(drawn.train),
        train=_loss(trained.history, trained.history.train),
        validation=_loss(trained.history, trained.history.validation),
    )


def _loss(history: TrainingHistory, part: dict[str, Any]) -> float:
    return float(part[history.loss][(history.best_step or 0) - 1])
