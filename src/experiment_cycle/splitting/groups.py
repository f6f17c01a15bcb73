"""Assign whole groups to parts, so that sizes and classes come near to the ratios."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FEW = 60
"""So few groups are all placed one by one: dividing alike ones first could leave a part empty."""
ATTEMPTS = (24, 400)
"""At least and at most so many random orders are tried; the more, the fewer groups there are."""
PLACINGS = 10_000
"""Groups placed in all orders together, between these two bounds."""
MANY = 5_000
"""Where more groups than this are to be placed one by one, fewer orders are tried."""
SPARSE = 8
"""Numbers are counted in a table if it has at most so many places for each."""
NEAR = 0.002
"""A part that is off by no more than this share of all rows is near enough."""


def assign_groups(
    groups: Counts,
    classes: npt.NDArray[np.integer],
    ratios: Floats,
    random: np.random.Generator,
    *,
    stratified: bool,
) -> npt.NDArray[np.int8]:
    """Give all rows of a group the same part.

    Groups that are alike (equally many rows, and of each class if stratified) are shuffled and
    divided by the ratios. The few that are left over in each kind, and groups like no other, are
    placed one by one where most is wanting, in several random orders; the best result counts, or
    the first that is near enough.

    Args:
        groups: The group of each row, shape (n,), numbered from 0 without gaps.
        classes: The class of each row, shape (n,), numbered from 0.
        ratios: The shares of the parts, shape (k,).
        random: The source of chance.
        stratified: Whether the classes count, or sizes only.

    Returns:
        The part of each row, shape (n,). Where there are too few groups a part may lack a class.
    """
    kinds = int(classes.max(initial=0)) + 1
    count = int(groups.max(initial=-1)) + 1
    content = np.bincount(groups * kinds + classes, minlength=count * kinds).reshape(count, kinds)
    rows = content.sum(axis=1, keepdims=True)
    weights = np.hstack([content, rows]) if stratified else rows
    part = np.full(count, -1, dtype=np.int64)
    if count > FEW:
        part = _divide_alike(weights, ratios, random)
    placed = _place(part, content, weights, ratios, random)
    return placed.astype(np.int8)[groups]


def _divide_alike(weights: Counts, ratios: Floats, random: np.random.Generator) -> Counts:
    """Divide groups of the same content by the ratios; those left over get -1."""
    part = np.full(len(weights), -1, dtype=np.int64)
    alike, many = _kinds(weights)
    shuffled = random.permutation(len(weights))
    order = shuffled[np.argsort(alike[shuffled], kind="stable")]
    sure = np.floor(np.outer(many, ratios) + 1e-9).astype(np.int64)
    left = many - sure.sum(axis=1)
    values = np.tile(np.append(np.arange(len(ratios)), -1), len(many))
    part[order] = np.repeat(values, np.column_stack([sure, left]).ravel())
    return part


def _kinds(weights: Counts) -> tuple[npt.NDArray[np.integer], Counts]:
    """Number groups by their content, in its lexicographic order, and count each kind."""
    kind = np.zeros(len(weights), dtype=np.int64)
    for column in weights.T:
        key = kind * (int(column.max(initial=0)) + 1) + column
        if int(key.max(initial=0)) > SPARSE * len(key):
            kind = np.unique(key, return_inverse=True)[1].ravel()
        else:
            kind = (np.cumsum(np.bincount(key) > 0) - 1)[key]
    many = np.bincount(kind)
    # so few numbers are sorted by radix
    return (kind.astype(np.uint16) if len(many) < 2**16 else kind), many


def _place(
    part: Counts, content: Counts, weights: Counts, ratios: Floats, random: np.random.Generator
) -> Counts:
    """Place the groups that have no part yet."""
    open_groups = np.flatnonzero(part < 0)
    wanted = np.outer(ratios, weights.sum(axis=0)) - _sums(part, weights, len(ratios))
    lacking = _sums(part, content, len(ratios)) == 0
    best, best_miss = part, (np.inf, np.inf)
    least, most = ATTEMPTS
    least = max(1, least * MANY // max(MANY, len(open_groups)))
    attempts = min(most, max(least, PLACINGS // max(1, len(open_groups))))
    for attempt in range(attempts):
        order = random.permutation(open_groups)
        if attempt % 2:  # roughly the largest first: small ones are left to fill the gaps
            rough = weights[order, -1] * random.uniform(0.5, 1.5, len(order))
            order = order[np.argsort(-rough, kind="stable")]
        placed = part.copy()
        placed[order] = _greedy(weights[order], content[order] > 0, wanted, lacking)
        miss = _miss(placed, content, weights, ratios)
        if miss < best_miss:
            best, best_miss = placed, miss
        if best_miss <= (0, NEAR):
            break
    return best


def _greedy(
    weights: Counts, holds: npt.NDArray[np.bool_], wanted: Floats, lacking: npt.NDArray[np.bool_]
) -> list[int]:
    """Put each group where it brings a class that lacks, else where it fits best.

    It fits best where the sum of squared distances to what is wanted falls most; a part that wants
    half as much feels a miss twice as strongly.
    """
    wants: list[list[float]] = wanted.tolist()
    lacks: list[list[bool]] = lacking.tolist()
    units: list[list[float]] = (1 / wanted.clip(min=1)).tolist()
    chosen = []
    for weight, has in zip(weights.tolist(), holds.tolist(), strict=True):
        gains = [
            (
                sum(lack and held for lack, held in zip(lacked, has, strict=True)),
                sum(w * (2 * want - w) * u for w, want, u in zip(weight, row, unit, strict=True)),
            )
            for row, unit, lacked in zip(wants, units, lacks, strict=True)
        ]
        best = gains.index(max(gains))
        chosen.append(best)
        wants[best] = [want - w for want, w in zip(wants[best], weight, strict=True)]
        lacks[best] = [lack and not held for lack, held in zip(lacks[best], has, strict=True)]
    return chosen


def _sums(part: Counts, content: Counts, parts: int) -> Floats:
    """Add up the content of the groups in each part, shape (parts, columns)."""
    # those without a part are counted last, and left out
    named = np.where(part < 0, parts, part)
    columns = [np.bincount(named, column, minlength=parts + 1)[:parts] for column in content.T]
    return np.stack(columns, axis=1)


def _miss(part: Counts, content: Counts, weights: Counts, ratios: Floats) -> tuple[float, float]:
    """Count the classes that parts lack, and find how far the worst part is off, as a share."""
    got = _sums(part, content, len(ratios))
    total = weights.sum(axis=0)
    off = np.abs(_sums(part, weights, len(ratios)) - np.outer(ratios, total)).max(axis=0)
    lacking = (got[:, content.sum(axis=0) > 0] == 0).sum()
    return float(lacking), float((off / np.maximum(total, 1)).max())
