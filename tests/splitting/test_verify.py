from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.manifest import describe_split
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import assign
from experiment_cycle.splitting.verify import verify_split

Save = Callable[[Any], Snapshot]

COLUMNS = Columns(target="y", group="person")
OPTIONS = SplittingOptions()


def table() -> pd.DataFrame:
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "y": random.random(600) < 0.3,
            "person": np.repeat(np.arange(200), 3),
            "x": random.normal(size=600),
        }
    )


@pytest.fixture
def made(save: Save) -> tuple[Snapshot, pd.DataFrame, Any]:
    snapshot = save(table())
    assignment = assign(snapshot, COLUMNS, OPTIONS, 4)
    return snapshot, assignment, describe_split(snapshot, assignment, COLUMNS, OPTIONS, 4, "c" * 64)


def test_a_split_read_back_is_the_one_recorded(made: Any, tmp_path: Any) -> None:
    snapshot, assignment, manifest = made
    assignment.to_parquet(tmp_path / "assignment.parquet")

    back = pd.read_parquet(tmp_path / "assignment.parquet")

    assert verify_split(snapshot, back, manifest, COLUMNS, OPTIONS) == []


def test_two_rows_that_changed_places_are_found(made: Any) -> None:
    snapshot, assignment, manifest = made
    altered = assignment.copy()
    first, other = 0, int((assignment["split"] != assignment["split"][0]).idxmax())
    altered.loc[[first, other], "split"] = assignment["split"].loc[[other, first]].to_numpy()

    told = " ".join(verify_split(snapshot, altered, manifest, COLUMNS, OPTIONS))

    assert "positions of the rows of train" in told
    assert "by their keys" in told
    assert "groups_undivided is recorded as True, but found to be False" in told
    assert "Made again" in told


def test_a_value_changed_in_the_data_is_found_by_its_key(made: Any, save: Save) -> None:
    _, assignment, manifest = made
    altered = table()
    altered.loc[5, "x"] = 99.0

    told = verify_split(save(altered), assignment, manifest, COLUMNS, OPTIONS)

    assert len(told) == 1
    assert "by their keys, are not those recorded" in told[0]


def test_a_manifest_changed_by_hand_is_found(made: Any) -> None:
    snapshot, assignment, manifest = made
    part = manifest.parts["test"].model_copy(update={"rows_hash": "0" * 64})
    forged = manifest.model_copy(update={"parts": {**manifest.parts, "test": part}})

    told = verify_split(snapshot, assignment, forged, COLUMNS, OPTIONS)

    assert any("changed by hand" in each for each in told)


def test_other_settings_are_named(made: Any) -> None:
    snapshot, assignment, manifest = made
    options = SplittingOptions(split_salt="other")

    told = verify_split(snapshot, assignment, manifest, COLUMNS, options)

    assert told == ["The split was made with other values of split_salt."]


def test_an_assignment_of_other_data_is_told(made: Any) -> None:
    snapshot, assignment, manifest = made

    told = verify_split(snapshot, assignment.head(599), manifest, COLUMNS, OPTIONS)

    assert told == [
        "The assignment (599 rows) does not name every row of the dataset (600 rows) once with a "
        "part."
    ]
