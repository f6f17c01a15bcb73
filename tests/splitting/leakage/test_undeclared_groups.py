from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.leakage.undeclared_groups import check

Auditing = Callable[..., Any]
Ordinary = Callable[..., tuple[pd.DataFrame, np.ndarray]]

COLUMNS = Columns(target="y")


def persons(many: int = 9, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """A hundred persons, ten rows each, in the order of the persons."""
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(100), 10)
    matrix = random.normal(size=(100, many))[person] + 0.3 * random.normal(size=(1000, many))
    frame = pd.DataFrame(matrix, columns=[f"x{j}" for j in range(many)])
    frame["y"] = random.integers(0, 2, 100)[person]
    frame["person"] = random.permutation(100)[person]
    return frame, random.choice(3, 1000, p=[0.7, 0.15, 0.15])


def shuffle(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sample(frac=1, random_state=1, ignore_index=True)


def test_a_key_column_is_suggested(audit_of: Auditing) -> None:
    frame, part = persons()

    finding = check(audit_of(shuffle(frame), part, COLUMNS))

    assert (finding.code, finding.status) == ("LEAK013", "failed")
    assert finding.columns[0] == "person"
    assert "set 'columns.group' to person" in finding.message


def test_a_key_column_that_models_do_not_read_is_suggested_too(audit_of: Auditing) -> None:
    frame, part = persons()

    finding = check(audit_of(shuffle(frame), part, Columns(target="y", drop=("person",))))

    assert "person" in finding.columns


def test_neighbours_in_the_file_are_found_without_a_key(audit_of: Auditing) -> None:
    frame, part = persons(many=4)

    finding = check(audit_of(frame.drop(columns="person"), part, COLUMNS))

    assert finding.status == "failed"
    assert finding.evidence["nearest_row_beside"] > 0.3


def test_clusters_are_found_without_key_or_order(audit_of: Auditing) -> None:
    frame, part = persons()

    finding = check(audit_of(shuffle(frame.drop(columns="person")), part, COLUMNS))

    assert finding.status in ("failed", "warning")
    assert "small clusters" in finding.message


def test_a_split_by_person_passes(audit_of: Auditing) -> None:
    frame, _ = persons()
    part = np.random.default_rng(1).choice(3, 100, p=[0.7, 0.15, 0.15])[frame["person"]]

    assert check(audit_of(frame, part, Columns(target="y", group="person"))).status == "passed"
    assert check(audit_of(frame, part, COLUMNS)).status == "passed"


@pytest.mark.parametrize("seed", range(5))
def test_rows_of_their_own_pass(audit_of: Auditing, ordinary: Ordinary, seed: int) -> None:
    assert check(audit_of(*ordinary(seed=seed), COLUMNS)).status == "passed"


def test_a_town_with_its_attributes_is_no_group(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary()
    town = np.random.default_rng(9).integers(0, 60, len(frame))
    frame["town"] = [f"t{code}" for code in town]
    frame["inhabitants"] = np.random.default_rng(8).integers(1000, 90_000, 60)[town]

    assert check(audit_of(frame, part, COLUMNS)).status != "failed"


@pytest.mark.parametrize("dropped", [False, True])
def test_the_profiles_of_the_example_are_found_without_being_told(
    audit_of: Auditing, raw_file: Any, dropped: bool
) -> None:
    frame = pd.read_parquet(raw_file)
    if dropped:
        frame = frame.drop(columns="profile")
    part = np.random.default_rng(0).choice(3, len(frame), p=[0.7, 0.15, 0.15])
    columns = Columns(target="any_visit", drop=("visits", "physical_limitation"))

    finding = check(audit_of(frame, part, columns))

    assert finding.status == "failed"
    if dropped:
        assert {"lncoins", "lpi", "fmde", "physlm", "disea"} <= set(finding.columns)
    else:
        assert finding.columns[0] == "profile"
        assert "set 'columns.group' to profile" in finding.message
