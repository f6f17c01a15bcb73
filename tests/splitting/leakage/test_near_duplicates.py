from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import cKDTree

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.leakage.near_duplicates import check
from experiment_cycle.splitting.leakage.neighbours import dimension, neighbours

Auditing = Callable[..., Any]
Ordinary = Callable[..., tuple[pd.DataFrame, np.ndarray]]

COLUMNS = Columns(target="y")


def test_copies_with_a_little_noise_fail(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary()
    tests, trains = np.flatnonzero(part == 2)[:40], np.flatnonzero(part == 0)[:40]
    numbers = [f"x{j}" for j in range(6)]
    noise = np.random.default_rng(1).normal(size=(40, 6)) * 0.02
    frame.loc[tests, numbers] = frame.loc[trains, numbers].to_numpy() + noise

    finding = check(audit_of(frame, part, COLUMNS))

    assert (finding.code, finding.status) == ("LEAK003", "failed")
    shown = finding.evidence["first_test_rows"][0]
    assert dict(zip(tests, trains, strict=True))[shown["row"]] == shown["near"]


@pytest.mark.parametrize("seed", range(5))
def test_rows_of_their_own_pass(audit_of: Auditing, ordinary: Ordinary, seed: int) -> None:
    assert check(audit_of(*ordinary(seed=seed), COLUMNS)).status == "passed"


def test_levels_alone_have_no_distance(audit_of: Auditing) -> None:
    frame = pd.DataFrame({"a": list("xyz") * 100, "b": list("pqr") * 100, "y": [0, 1, 1] * 100})

    assert check(audit_of(frame, [0] * 200 + [2] * 100, COLUMNS)).status == "not_applicable"


def test_neighbours_are_those_of_a_tree(audit_of: Auditing, ordinary: Ordinary) -> None:
    audit = audit_of(*ordinary(), COLUMNS)
    found = neighbours(audit)
    assert found is not None

    ranks = np.column_stack([column.ranks for column in found.columns]).astype(float)
    known = np.flatnonzero(audit.parts < 2)
    distances, places = cKDTree(ranks[known]).query(ranks[found.rows], k=5)

    np.testing.assert_allclose(found.distances[:, :5], distances, rtol=1e-6)
    np.testing.assert_array_equal(found.nearest[:, :5], known[places])


@pytest.mark.parametrize("many", [1, 2, 4])
def test_the_dimension_of_a_cube_is_found(many: int) -> None:
    random = np.random.default_rng(0)
    points = random.random((20_000, many))
    middle = 0.25 + 0.5 * random.random((500, many))
    distances = cKDTree(points).query(middle, k=32)[0]

    assert dimension(distances, 8, 32) == pytest.approx(many, rel=0.12)
