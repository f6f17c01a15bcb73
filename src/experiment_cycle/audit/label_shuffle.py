"""LEAK019: a model of labels that mean nothing predicts them all the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from experiment_cycle.audit.scores import SCORES, Groups, score_labels
from experiment_cycle.audit.verdict import conclude
from experiment_cycle.metrics.holm import holm
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.problem import Task
from experiment_cycle.splitting.leakage.findings import About, Accusation
from experiment_cycle.splitting.leakage.options import AuditOptions
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK019", "Shuffled labels can be predicted", "high")
REMEDY = (
    "if a step before the split looks at the target (selects columns or encodes by it, copies "
    "rows), move it into the model's preprocessing, which is fitted on train; if rows of one group "
    "are on both sides, split by group (LEAK001, LEAK013)."
)
ALPHA = 0.01
FEWEST = 20
REDRAWS = 20
"""So often the labels of the test rows are drawn anew to find out what chance gives."""
TRIES = 3
"""A shuffle in which a part lost a class is drawn again; so many times as many are tried."""


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of all rows, and which of them hang together.

    Attributes:
        target: Shape (n,).
        task: What they are predicted as.
        groups: What each row belongs to, shape (n,), numbered from 0; None: rows are on their own.
            Ranking: the query of each row.
    """

    target: pd.Series
    task: Task
    groups: Groups | None = None


@dataclass(frozen=True, eq=False)
class Predicted:
    """What models trained on shuffled labels say of the held-out rows.

    Attributes:
        rows: Positions of the held-out rows, shape (t,).
        scores: By model: shape (t,) for a number, a score or the probability of the second class,
            (t, k) for the probabilities of k classes.
        classes: Classification: the classes in the order of their codes; None: as they are sorted.
    """

    rows: npt.NDArray[np.integer]
    scores: Mapping[str, Floats]
    classes: Sequence[Any] | None = None


Train = Callable[[pd.Series], Predicted]
"""Takes the shuffled target of all rows, trains, and predicts."""


def shuffle(target: pd.Series, groups: Groups | None, random: np.random.Generator) -> pd.Series:
    """Take the meaning from a target, and leave its dependence within groups.

    Without groups the labels change places. With groups each one gets the labels of a group drawn
    at random, repeated or cut to its size: rows of a group stay as alike as they were, and a
    group's labels tell nothing about its columns, its size included.
    """
    if groups is None:
        order = random.permutation(len(target))
    else:
        order = _from_other_groups(groups, random)
    return pd.Series(target.array[order], index=target.index, name=target.name)


def _from_other_groups(groups: Groups, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Name for each row the row whose label it gets, shape (n,)."""
    order = np.argsort(groups, kind="stable")
    sizes = np.bincount(groups)
    begin = np.cumsum(sizes) - sizes
    donors = random.integers(0, len(sizes), len(sizes))
    offset = (random.random(len(sizes)) * sizes[donors]).astype(np.int64)
    place = np.arange(len(groups)) - np.repeat(begin, sizes)
    given = donors[np.repeat(np.arange(len(sizes)), sizes)]
    source = begin[given] + (place + np.repeat(offset, sizes)) % sizes[given]
    result = np.empty(len(groups), dtype=np.int64)
    result[order] = order[source]
    return result


def label_shuffle_finding(
    train: Train,
    labels: Labels,
    seed: int,
    shuffles: int = FEWEST,
    options: AuditOptions | None = None,
    remarks: Sequence[str] = (),
    on_shuffle: Callable[[], None] | None = None,
) -> Finding:
    """Train on shuffled labels, and test whether held-out ones are predicted better than by chance.

    Each shuffle gives a score and what chance gives: the mean score of the same predictions against
    labels of the held-out rows that are drawn anew. Without a leak both have the same expectation,
    whatever the data, the model and the metric (see `score_labels`). One-sided t test over the
    shuffles at 1 %, by Holm's method over the models. A canary after Kapoor and Narayanan, Patterns
    4(9), 2023, type L1.3.

    Args:
        train: The pipeline to be tried.
        labels: The target of all rows.
        seed: Where all random choices come from.
        shuffles: How many; at least 20.
        options: Waivers.
        remarks: Sentences to add.
        on_shuffle: Told after each shuffle.
    """
    told = options or AuditOptions()
    gains: dict[str, list[float]] = {}
    scored: dict[str, list[float]] = {}
    failures: list[str] = []
    for number in range(shuffles * TRIES):
        if all(len(each) >= shuffles for each in gains.values()) and gains:
            break
        random = np.random.default_rng([seed, number])
        shuffled = shuffle(labels.target, labels.groups, random)
        try:
            predicted = train(shuffled)
        except Exception as error:  # the user's code may fail in any way
            failures.append(f"{type(error).__name__}: {error}")
            continue
        for model, score, chance in _score(labels, shuffled, predicted, random):
            gains.setdefault(model, []).append(score - chance)
            scored.setdefault(model, []).append(score)
        if on_shuffle is not None:
            on_shuffle()
    return _conclude(gains, scored, failures, labels.task, shuffles, told, remarks)


def _score(
    labels: Labels, shuffled: pd.Series, predicted: Predicted, random: np.random.Generator
) -> list[tuple[str, float, float]]:
    """Give for each model its score, and the mean score that chance gives it."""
    rows, groups, classes = predicted.rows, labels.groups, predicted.classes
    if classes is None and labels.task == "classification":
        classes = sorted(labels.target.dropna().unique())
    held = shuffled.array[rows]
    redrawn = []
    for _ in range(REDRAWS):
        if groups is None:
            redrawn.append(held[random.permutation(len(held))])
        else:
            redrawn.append(shuffle(labels.target, groups, random).array[rows])
    query = None if groups is None else groups[rows]
    found = []
    for model, scores in predicted.scores.items():
        score, *by_chance = score_labels(
            labels.task, [held, *redrawn], scores, classes or (), query
        )
        known = [each for each in by_chance if math.isfinite(each)]
        if math.isfinite(score) and known:
            found.append((model, score, float(np.mean(known))))
    return found


def p_value(gains: Sequence[float]) -> float:
    """Test whether a mean is above zero: one-sided t."""
    spread = float(np.std(gains, ddof=1))
    if spread == 0.0:
        return 0.0 if np.mean(gains) > 0 else 1.0
    statistic = float(np.mean(gains)) / (spread / math.sqrt(len(gains)))
    return float(stats.t.sf(statistic, len(gains) - 1))


def _conclude(
    gains: Mapping[str, list[float]],
    scored: Mapping[str, list[float]],
    failures: Sequence[str],
    task: Task,
    shuffles: int,
    options: AuditOptions,
    remarks: Sequence[str],
) -> Finding:
    name = SCORES[task]
    done = min((len(each) for each in gains.values()), default=0)
    evidence: dict[str, Any] = {
        "metric": name,
        "shuffles": done,
        "failed_shuffles": len(failures),
        "alpha": ALPHA,
        "mean_score": {model: float(np.mean(each)) for model, each in scored.items()},
        "mean_gain_over_chance": {model: float(np.mean(each)) for model, each in gains.items()},
    }
    if done < min(shuffles, FEWEST):
        why = f" The first error: {failures[0]}." if failures else ""
        message = f"Only {done} of {shuffles} shuffles gave a score, too few to judge by.{why}"
        accusation = Accusation((), "warning", message, done, FEWEST)
        remedy = "let training take any labels of the target's type, or mend it."
        return conclude(options, ABOUT, [accusation], "", remedy, **evidence)
    raw = {model: p_value(each) for model, each in gains.items()}
    adjusted = dict(zip(raw, holm(list(raw.values())), strict=True))
    told = ", ".join(f"{model} {np.mean(each):.3f}" for model, each in scored.items())
    finding = conclude(
        options,
        ABOUT,
        [
            _accuse(model, name, scored[model], gains[model], value)
            for model, value in adjusted.items()
            if value < ALPHA
        ],
        f"Trained on shuffled labels, no model predicts held-out rows better than by chance: mean "
        f"{name} over {done} shuffles {told}.",
        REMEDY,
        p_values=adjusted,
        **evidence,
    )
    return finding.model_copy(update={"message": " ".join([finding.message, *remarks])})


def _accuse(
    model: str, metric: str, scored: list[float], gains: list[float], value: float
) -> Accusation:
    score, gain = float(np.mean(scored)), float(np.mean(gains))
    message = (
        f"Trained on shuffled labels, the {model} still reaches a mean {metric} of {score:.3f} on "
        f"held-out rows over {len(scored)} shuffles, where chance gives {score - gain:.3f} "
        f"(p {value:.2g})."
    )
    return Accusation((), "failed", message, value, ALPHA)
