from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import PARTS, assign

Save = Callable[[Any], Snapshot]

COLUMNS = Columns(target="y", group="person", time="day")
OPTIONS = SplittingOptions(strategy="group_time")
RATIOS = {"train": 0.7, "validation": 0.15, "test": 0.15}


def panel(people: int, days: int) -> pd.DataFrame:
    """Every person on every day."""
    frame = pd.DataFrame(
        {"person": np.repeat(np.arange(people), days), "day": np.tile(np.arange(days), people)}
    )
    return frame.assign(y=(frame["person"] + frame["day"]) % 2 == 0)


def test_people_within_one_stretch_of_time_lose_nothing(save: Save) -> None:
    frame = pd.DataFrame({"person": np.arange(300) // 3, "y": np.arange(300) % 2 == 0})
    frame["day"] = frame["person"]

    split = assign(save(frame), COLUMNS, OPTIONS, 0)["split"]

    assert split.tolist() == ["train"] * 210 + ["validation"] * 45 + ["test"] * 45


def test_in_a_panel_each_part_gets_its_share_of_people_for_its_share_of_time(save: Save) -> None:
    frame = panel(people=40, days=100)

    assignment = assign(save(frame), COLUMNS, OPTIONS, 0)

    split = assignment["split"].astype(str)
    for part, share in RATIOS.items():
        inside = frame[split == part]
        assert inside["person"].nunique() == round(40 * share)
        assert inside["day"].nunique() == round(100 * share)
        assert len(inside) == round(40 * share) * round(100 * share)
    assert (assignment["reason"].dropna() == "group_elsewhere").all()
    kept = split != "purged"
    assert split[kept].groupby(frame["person"][kept]).nunique().max() == 1


def test_a_person_is_kept_in_a_stretch_it_has_rows_in(save: Save) -> None:
    # persons 0 to 99 are seen on two days 20 apart: some over a boundary, none over both
    first = np.arange(100)
    frame = pd.DataFrame({"person": np.tile(first, 2), "day": np.concatenate([first, first + 20])})
    frame["y"] = frame["day"] % 2 == 0

    split = assign(save(frame), COLUMNS, OPTIONS, 0)["split"].astype(str)

    kept = frame[split != "purged"]
    assert set(kept["person"]) == set(frame["person"])
    last = {part: kept["day"][split == part].max() for part in PARTS}
    begin = {part: kept["day"][split == part].min() for part in PARTS}
    assert last["train"] < begin["validation"] <= last["validation"] < begin["test"]


@pytest.mark.parametrize("seed", range(5))
def test_a_horizon_holds_as_well(save: Save, seed: int) -> None:
    frame = panel(people=40, days=100)
    options = SplittingOptions.model_validate({"strategy": "group_time", "label_horizon": 4})

    split = assign(save(frame), COLUMNS, options, seed)["split"].astype(str)

    assert frame["day"][split == "validation"].min() - frame["day"][split == "train"].max() >= 4
    assert frame["day"][split == "test"].min() - frame["day"][split == "validation"].max() >= 4


def test_another_seed_keeps_other_people(save: Save) -> None:
    frame = panel(people=40, days=100)
    snapshot = save(frame)

    one, other = (assign(snapshot, COLUMNS, OPTIONS, seed)["split"] for seed in (0, 1))

    people = [set(frame["person"][split == "test"]) for split in (one, other)]
    assert people[0] != people[1]
