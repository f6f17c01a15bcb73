from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import PARTS, assign

Save = Callable[[Any], Snapshot]

GROUPED = Columns(target="y", group="person")
UNGROUPED = Columns(target="y")
VISITS = Columns(
    target="any_visit",
    group="profile",
    sensitive=("physical_limitation",),
    drop=("visits", "physical_limitation"),
)


def options(
    strategy: str, ratios: tuple[float, float, float] = (0.7, 0.15, 0.15)
) -> SplittingOptions:
    return SplittingOptions.model_validate(
        {
            "strategy": strategy,
            "ratios": dict(zip(PARTS, ratios, strict=True)),
            "override_reason": "a test" if "group" not in strategy else None,
        }
    )


def people(rows_each: list[int], seed: int = 0) -> pd.DataFrame:
    """Make rows of some people in a mixed order; about a third are positive."""
    random = np.random.default_rng(seed)
    person = random.permutation(np.repeat(np.arange(len(rows_each)), rows_each))
    return pd.DataFrame({"y": random.random(len(person)) < 1 / 3, "person": person})


def shares_of(assignment: pd.DataFrame) -> dict[str, float]:
    counts = assignment["split"].value_counts(normalize=True)
    return {part: float(counts.get(part, 0)) for part in PARTS}


@pytest.fixture(scope="module")
def visits(save: Save, raw_file: Path) -> Snapshot:
    return save(pd.read_parquet(raw_file))


@pytest.mark.parametrize("strategy", ["random", "stratified"])
def test_the_example_is_cut_to_the_row(visits: Snapshot, strategy: str) -> None:
    sizes = assign(visits, VISITS, options(strategy), 42)["split"].value_counts()

    # 14,133 exactly; 3,028.5 each, of which one is rounded up
    assert sizes["train"] == 14_133
    assert sorted([sizes["validation"], sizes["test"]]) == [3_028, 3_029]


def test_stratified_rows_have_the_same_share_of_each_class_to_the_row(visits: Snapshot) -> None:
    assignment = assign(visits, VISITS, options("stratified"), 42)
    target = visits.to_pandas(["any_visit"])["any_visit"]

    for level, count in target.value_counts().items():
        sizes = assignment["split"][target == level].value_counts()
        for part, share in zip(PARTS, (0.7, 0.15, 0.15), strict=True):
            assert abs(sizes[part] - count * share) <= 1


@pytest.mark.parametrize("strategy", ["group", "stratified_group"])
@pytest.mark.parametrize("seed", [0, 1, 42])
def test_groups_of_the_example_stay_whole_and_sizes_are_near(
    visits: Snapshot, strategy: str, seed: int
) -> None:
    split = assign(visits, VISITS, options(strategy), seed)["split"]
    frame = visits.to_pandas(["any_visit", "profile"])

    assert split.groupby(frame["profile"]).nunique().max() == 1
    for part, share in zip(PARTS, (0.7, 0.15, 0.15), strict=True):
        assert (split == part).mean() == pytest.approx(share, abs=0.005)
        if strategy == "stratified_group":
            positive = frame["any_visit"][split == part].mean()
            assert positive == pytest.approx(frame["any_visit"].mean(), abs=0.005)


def test_the_result_is_indexed_by_row_and_categorical(visits: Snapshot) -> None:
    assignment = assign(visits, VISITS, options("group"), 0)

    assert assignment.index.name == ROW
    assert assignment.index.tolist() == list(range(20_190))
    assert list(assignment.columns) == ["split"]
    assert assignment["split"].cat.categories.tolist() == list(PARTS)


strategies = st.sampled_from(["random", "stratified", "group", "stratified_group"])
ratios = (
    st.tuples(*[st.integers(1, 8)] * 3)
    .map(lambda parts: tuple(part / sum(parts) for part in parts))
    .filter(lambda parts: abs(sum(parts) - 1) < 1e-9)
)
relaxed = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)


@relaxed
@given(
    strategy=strategies,
    ratios=ratios,
    seed=st.integers(0, 2**32 - 1),
    rows_each=st.lists(st.integers(1, 9), min_size=20, max_size=90),
)
def test_every_row_once_and_groups_whole_for_any_ratios_and_seed(
    save: Save,
    strategy: str,
    ratios: tuple[float, float, float],
    seed: int,
    rows_each: list[int],
) -> None:
    frame = people(rows_each, seed)
    assume(frame["y"].nunique() == 2)
    snapshot = save(frame)
    try:
        assignment = assign(snapshot, GROUPED, options(strategy, ratios), seed)
    except DataError:
        # a split at random may miss a class that is rare; the others had enough to choose from
        rare = frame.groupby("y")["person"].nunique().min() * min(ratios)
        assert strategy in {"random", "group"} or rare < 3
        return
    again = assign(snapshot, GROUPED, options(strategy, ratios), seed)

    pd.testing.assert_frame_equal(assignment, again)
    assert assignment.index.tolist() == list(range(len(frame)))
    assert assignment["split"].isin(PARTS).all()
    assert (frame["y"].groupby(assignment["split"], observed=False).nunique() == 2).all()
    if "group" in strategy:
        assert assignment["split"].groupby(frame["person"]).nunique().max() == 1
    if strategy in {"random", "stratified"}:
        for part, share in zip(PARTS, ratios, strict=True):
            assert abs((assignment["split"] == part).sum() - share * len(frame)) < 1 + 1e-6


@relaxed
@given(
    contents=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(any), min_size=3, max_size=6
    ),
    strategy=st.sampled_from(["group", "stratified_group"]),
    seed=st.integers(0, 1_000),
)
def test_a_few_groups_are_split_whenever_that_is_possible(
    save: Save, contents: list[tuple[int, int]], strategy: str, seed: int
) -> None:
    """The oracle tries every assignment of the groups."""
    counts = np.array(contents)
    assume((counts.sum(axis=0) > 0).all())
    possible = any(
        all((counts[np.array(choice) == part].sum(axis=0) > 0).all() for part in range(3))
        for choice in itertools.product(range(3), repeat=len(counts))
    )
    frame = pd.DataFrame(
        [
            (bool(level), group)
            for group, content in enumerate(contents)
            for level in (0, 1)
            for _ in range(content[level])
        ],
        columns=["y", "person"],
    )
    snapshot = save(frame)

    if possible:
        split = assign(snapshot, GROUPED, options(strategy), seed)["split"]
        assert split.groupby(frame["person"]).nunique().max() == 1
    else:
        with pytest.raises(DataError, match="too few"):
            assign(snapshot, GROUPED, options(strategy), seed)


@pytest.mark.parametrize("strategy", ["group", "stratified_group"])
@pytest.mark.parametrize("kind", ["small", "long tail", "some hundred"])
def test_sizes_are_within_half_a_percentage_point_where_groups_are_small(
    save: Save, strategy: str, kind: str
) -> None:
    random = np.random.default_rng(5)
    rows_each = {
        "small": random.integers(1, 6, 2_000),
        "long tail": np.ceil(random.lognormal(2, 1.2, 500)).astype(int),
        "some hundred": np.full(400, 25),
    }[kind]
    snapshot = save(people(rows_each.tolist()))

    for seed in range(3):
        found = shares_of(assign(snapshot, GROUPED, options(strategy), seed))
        assert found == pytest.approx(dict(zip(PARTS, (0.7, 0.15, 0.15), strict=True)), abs=0.005)


@pytest.mark.parametrize("strategy", ["random", "stratified", "group", "stratified_group"])
def test_another_seed_gives_another_split(visits: Snapshot, strategy: str) -> None:
    one, other = (assign(visits, VISITS, options(strategy), seed)["split"] for seed in (0, 1))

    # two independent splits agree on 0.7² + 0.15² + 0.15² of the rows
    assert np.mean(one == other) == pytest.approx(0.535, abs=0.03)


def test_large_groups_land_in_every_part_over_the_seeds(save: Save) -> None:
    rows_each = [100] * 3 + [10] * 60
    frame = people(rows_each)
    snapshot = save(frame)
    of_largest = frame.index[frame["person"] == 0][0]

    landed = {
        assign(snapshot, GROUPED, options("stratified_group"), seed)["split"][of_largest]
        for seed in range(25)
    }

    assert landed == set(PARTS)


def test_group_labels_do_not_matter_only_their_first_rows_order(save: Save) -> None:
    frame = people([3] * 100)
    named = frame.assign(person=frame["person"].map("person {}".format))

    one = assign(save(frame), GROUPED, options("stratified_group"), 3)
    other = assign(save(named), GROUPED, options("stratified_group"), 3)

    pd.testing.assert_frame_equal(one, other)


def test_a_class_too_rare_for_every_part_is_named_with_the_remedies(save: Save) -> None:
    frame = pd.DataFrame({"y": [True] * 2 + [False] * 98})

    with pytest.raises(DataError) as raised:
        assign(save(frame), UNGROUPED, options("stratified"), 0)

    assert "has no row of the class 'True'" in raised.value.message
    assert "'True' has 2 rows" in raised.value.message
    assert "Next step" in raised.value.message


def test_too_few_rows_for_three_parts_are_refused(save: Save) -> None:
    frame = pd.DataFrame({"y": [True, False] * 2})

    with pytest.raises(DataError, match="too few"):
        assign(save(frame), UNGROUPED, options("random"), 0)


def test_too_few_groups_are_refused(save: Save) -> None:
    frame = pd.DataFrame({"y": [True, False] * 20, "person": [0] * 20 + [1] * 20})

    with pytest.raises(DataError, match="groups that stay whole"):
        assign(save(frame), GROUPED, options("stratified_group"), 0)


def test_options_that_contradict_the_columns_are_refused_before_data_are_read(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigurationError):
        assign(Snapshot(tmp_path / "missing"), UNGROUPED, options("group"), 0)


@pytest.mark.parametrize("target", ["text", "categorical", "numbers"])
def test_a_target_of_any_kind_is_stratified(save: Save, target: str) -> None:
    words = pd.Series(["yes", "no", "no", "no"] * 100)
    frame = pd.DataFrame(
        {
            "y": {
                "text": words,
                "categorical": words.astype("category"),
                "numbers": (words == "yes").astype("float64"),
            }[target],
            "x": 1,
        }
    )

    split = assign(save(frame), UNGROUPED, options("stratified"), 0)["split"]

    assert (split[words == "yes"].value_counts()[list(PARTS)] == [70, 15, 15]).all()
    assert (split[words == "no"].value_counts()[list(PARTS)] == [210, 45, 45]).all()
