from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import IntegrityError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.manifest import describe_split, split_frames
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import PARTS, assign

Save = Callable[[Any], Snapshot]

COLUMNS = Columns(target="y", group="person")
OPTIONS = SplittingOptions()
CONTENT = "c" * 64


def table() -> pd.DataFrame:
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "y": random.random(600) < 0.3,
            "person": np.repeat(np.arange(200), 3),
            "level": pd.Categorical(random.choice(["a", "b"], 600)),
            "x": random.normal(size=600),
        }
    )


def assignment_of(split: list[str] | np.ndarray, index: Any = None) -> pd.DataFrame:
    rows = pd.RangeIndex(len(split)) if index is None else pd.Index(index)
    return pd.DataFrame({"split": split}, index=rows.rename(ROW))


def test_the_parts_together_are_the_dataset(save: Save) -> None:
    snapshot = save(table())
    assignment = assign(snapshot, COLUMNS, OPTIONS, 0)

    frames = split_frames(snapshot, assignment)

    for name, frame in zip(PARTS, frames, strict=True):
        assert frame.index.name == ROW
        assert (assignment["split"].loc[frame.index] == name).all()
    together = pd.concat(frames).sort_index()
    pd.testing.assert_frame_equal(together, snapshot.to_pandas(), check_index_type=False)


def test_an_assignment_read_back_from_parquet_cuts_alike(save: Save, tmp_path: Path) -> None:
    snapshot = save(table())
    assignment = assign(snapshot, COLUMNS, OPTIONS, 0)
    assignment.to_parquet(tmp_path / "assignment.parquet")
    back = pd.read_parquet(tmp_path / "assignment.parquet")

    for one, other in zip(
        split_frames(snapshot, assignment), split_frames(snapshot, back), strict=True
    ):
        pd.testing.assert_frame_equal(one, other)


def test_the_manifest_says_what_the_split_is(save: Save) -> None:
    frame = table()
    snapshot = save(frame)
    assignment = assign(snapshot, COLUMNS, OPTIONS, 7)

    manifest = describe_split(snapshot, assignment, COLUMNS, OPTIONS, 7, CONTENT)

    assert manifest.strategy == "stratified_group"
    assert manifest.seed == 7
    assert manifest.requested == {"train": 0.7, "validation": 0.15, "test": 0.15}
    assert manifest.content_hash == CONTENT
    assert sum(part.rows for part in manifest.parts.values()) == 600
    assert sum(part.groups or 0 for part in manifest.parts.values()) == 200
    for name, part in manifest.parts.items():
        rows = np.flatnonzero(assignment["split"] == name)
        assert part.rows == len(rows)
        assert part.share == len(rows) / 600
        assert part.positive_share == pytest.approx(frame["y"].iloc[rows].mean())
        assert part.groups == frame["person"].iloc[rows].nunique()
        assert part.rows_hash == hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest()
    assert manifest.guarantees == {
        "every_row_once": True,
        "every_class_in_every_part": True,
        "sizes_as_requested": True,
        "groups_undivided": True,
    }
    json.dumps(manifest.model_dump(mode="json"), allow_nan=False)


def test_the_hash_follows_rows_and_content_and_nothing_else(save: Save) -> None:
    snapshot = save(table())
    assignment = assign(snapshot, COLUMNS, OPTIONS, 0)

    def hash_of(assignment: pd.DataFrame, content: str = CONTENT, seed: int = 0) -> str:
        return describe_split(snapshot, assignment, COLUMNS, OPTIONS, seed, content).hash

    swapped = assignment.copy()
    first, other = assignment.index[0], (assignment["split"] != assignment["split"][0]).idxmax()
    swapped.loc[[first, other], "split"] = assignment["split"].loc[[other, first]].to_numpy()

    assert hash_of(assignment) == hash_of(assignment.sample(frac=1, random_state=0))
    assert hash_of(assignment) == hash_of(assignment, seed=1)
    assert hash_of(assignment) != hash_of(swapped)
    assert hash_of(assignment) != hash_of(assignment, "d" * 64)


def test_guarantees_are_read_off_the_result_not_off_the_strategy(save: Save) -> None:
    snapshot = save(table())
    # by row, so that groups are divided; and test is twice as large as asked for
    split = np.array(["train"] * 11 + ["validation"] * 3 + ["test"] * 6)[np.arange(600) % 20]

    guarantees = describe_split(
        snapshot, assignment_of(split), COLUMNS, OPTIONS, 0, CONTENT
    ).guarantees

    assert guarantees["groups_undivided"] is False
    assert guarantees["sizes_as_requested"] is False
    assert guarantees["every_row_once"] is True


def test_a_part_of_one_class_is_no_guarantee(save: Save) -> None:
    frame = table().assign(y=np.arange(600) < 300)
    split = np.where(np.arange(600) < 400, "train", "validation")
    split[500:] = "test"

    manifest = describe_split(save(frame), assignment_of(split), COLUMNS, OPTIONS, 0, CONTENT)

    assert manifest.guarantees["every_class_in_every_part"] is False
    assert manifest.parts["test"].positive_share == 0


def test_without_a_group_column_there_are_no_groups_to_keep_whole(save: Save) -> None:
    snapshot = save(table())
    options = SplittingOptions(strategy="stratified")
    columns = Columns(target="y", drop=("person",))
    assignment = assign(snapshot, columns, options, 0)

    manifest = describe_split(snapshot, assignment, columns, options, 0, CONTENT)

    assert "groups_undivided" not in manifest.guarantees
    assert manifest.parts["train"].groups is None


def test_the_reason_for_an_override_travels_on(save: Save) -> None:
    snapshot = save(table())
    options = SplittingOptions(strategy="random", override_reason="demonstration")
    assignment = assign(snapshot, COLUMNS, options, 0)

    manifest = describe_split(snapshot, assignment, COLUMNS, options, 0, CONTENT)

    assert manifest.override_reason == "demonstration"


@pytest.mark.parametrize(
    "assignment",
    [
        assignment_of(["train"] * 599),
        assignment_of(["train"] * 601),
        assignment_of(["train"] * 600, [*range(599), 0]),
        assignment_of(["train"] * 599 + ["holdout"]),
        pd.DataFrame({"split": ["train"] * 600}),
    ],
    ids=["too short", "too long", "a row twice", "unknown part", "no row index"],
)
def test_an_assignment_of_other_data_is_refused(save: Save, assignment: pd.DataFrame) -> None:
    snapshot = save(table())

    with pytest.raises(IntegrityError, match=r"does not fit the dataset.*Next step"):
        split_frames(snapshot, assignment)
    with pytest.raises(IntegrityError):
        describe_split(snapshot, assignment, COLUMNS, OPTIONS, 0, CONTENT)
