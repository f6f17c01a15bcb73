from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.changes.difference import difference
from experiment_cycle.data_versioning.changes.drift import Drift, drift
from experiment_cycle.data_versioning.changes.rows import row_changes
from experiment_cycle.metrics.holm import holm
from experiment_cycle.snapshot import Snapshot

Save = Callable[[Any], Snapshot]
COLUMNS = Columns(target="y")
GROUPED = Columns(target="y", group="person")
PAIRS = 100
LOOSE = 0.2
"""A level with more false alarms than 5 % has: fewer pairs tell how often there are any."""


def fewest(pairs: int, rate: float) -> int:
    """What alarms in so many pairs fall short of once in 1,000 times."""
    return int(stats.binom.ppf(0.001, pairs, rate))


def most(pairs: int, rate: float) -> int:
    """What they exceed once in 1,000 times."""
    return int(stats.binom.ppf(0.999, pairs, rate))


def drift_between(old: Snapshot, new: Snapshot, columns: Columns = COLUMNS) -> Drift:
    with row_changes(old, new, columns) as changes:
        return drift(changes, difference(changes), columns)


def clean(random: np.random.Generator, rows: int) -> pd.DataFrame:
    """Ten columns of every kind, some of which depend on each other."""
    x = random.normal(size=(rows, 3))
    frame = pd.DataFrame(
        {
            "y": random.random(rows) < 0.1,
            "plain": x[:, 0],
            "like": x[:, 0] + x[:, 1],
            "gaps": np.where(random.random(rows) < 0.1, np.nan, np.exp(x[:, 2])),
            "count": random.poisson(20, rows),
            "few": random.poisson(1, rows).clip(max=4),
            "word": random.choice(list("abcd"), rows),
            "rare": [f"w{number}" for number in random.zipf(1.6, rows).clip(max=300)],
            "when": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(random.integers(0, 10**8, rows), unit="s"),
            "flag": random.random(rows) < 0.5,
        }
    )
    return frame


def drifted(found: Drift) -> list[str]:
    return [name for name, column in found.columns.items() if column.drifted]


def least_p_value(found: Drift) -> float:
    adjusted = (column.adjusted_p_value for column in found.columns.values())
    return min(value for value in adjusted if value is not None)


def test_p_values_of_added_rows_are_those_of_scipy(save: Save) -> None:
    frame = clean(np.random.default_rng(0), 1_500)
    old, added = frame[:1_000], frame[1_000:]

    found = drift_between(save(old), save(frame)).columns

    assert {(c.compared, c.old_rows, c.new_rows) for c in found.values()} == {("added", 1_000, 500)}
    for name in ("plain", "like", "count", "when"):
        expected = stats.ks_2samp(
            old[name].astype("int64" if name == "when" else float),
            added[name].astype("int64" if name == "when" else float),
        )
        assert found[name].p_value == pytest.approx(expected.pvalue, rel=1e-9)
        assert found[name].effect == pytest.approx(expected.statistic, rel=1e-9)
    # missing stands above all others
    gaps = stats.ks_2samp(old["gaps"].fillna(np.inf), added["gaps"].fillna(np.inf))
    assert found["gaps"].p_value == pytest.approx(gaps.pvalue, rel=1e-9)
    for name in ("y", "few", "word", "flag"):
        counts = np.array([part[name].value_counts().sort_index() for part in (old, added)])
        expected = stats.chi2_contingency(counts, correction=False)
        assert found[name].test == "chi_squared"
        assert found[name].p_value == pytest.approx(expected.pvalue, rel=1e-9)
        shares = counts / counts.sum(axis=1, keepdims=True)
        assert found[name].effect == pytest.approx(np.abs(shares[0] - shares[1]).sum() / 2)


def test_rare_levels_are_one_level(save: Save) -> None:
    frame = clean(np.random.default_rng(1), 1_500)
    old, added = frame[:1_000], frame[1_000:]

    found = drift_between(save(old), save(frame)).columns["rare"]

    counts = np.array(
        [
            part["rare"].value_counts().reindex(frame["rare"].unique(), fill_value=0)
            for part in (old, added)
        ]
    )
    rare = counts.sum(axis=0) / 3 < 5
    pooled = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    assert rare.sum() > 20
    assert found.p_value == pytest.approx(stats.chi2_contingency(pooled, correction=False).pvalue)


def test_removed_rows_are_compared_with_those_kept(save: Save) -> None:
    frame = clean(np.random.default_rng(2), 2_000)
    stays = np.random.default_rng(3).random(2_000) < 0.7

    found = drift_between(save(frame), save(frame[stays])).columns["plain"]

    expected = stats.ks_2samp(frame["plain"][stays], frame["plain"][~stays])
    assert found.compared == "removed"
    assert (found.old_rows, found.new_rows) == (stays.sum(), (~stays).sum())
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_adjusted_p_values_are_those_of_statsmodels(save: Save) -> None:
    random = np.random.default_rng(4)
    frame = clean(random, 1_200)
    frame.loc[1_000:, "plain"] += 0.2

    found = drift_between(save(frame[:1_000]), save(frame)).columns

    p_values = [column.p_value for column in found.values()]
    expected = multipletests(p_values, method="holm")[1]
    assert [column.adjusted_p_value for column in found.values()] == pytest.approx(expected)
    for size in (0, 1, 5, 40):
        many = random.random(size) ** 3
        expected = multipletests(many, method="holm")[1] if size else []
        assert holm(many.tolist()) == pytest.approx(list(expected))


def test_of_groups_the_effective_number_counts(save: Save) -> None:
    random = np.random.default_rng(5)
    person = np.sort(random.geometric(0.005, 4_000))
    frame = clean(random, 4_000).assign(person=person)
    old, added = frame[frame["person"] % 3 > 0], frame[frame["person"] % 3 == 0]

    found = drift_between(save(old), save(pd.concat([old, added])), GROUPED)

    sizes = [part["person"].value_counts() for part in (old, added)]
    effective = [size.sum() ** 2 / (size**2).sum() for size in sizes]
    plain = found.columns["plain"]
    assert min(effective) > 20
    assert (plain.old_effective, plain.new_effective) == pytest.approx(effective)
    statistic = stats.ks_2samp(old["plain"], added["plain"]).statistic
    n = round(effective[0] * effective[1] / sum(effective))
    assert plain.effect == pytest.approx(statistic)
    assert plain.p_value == pytest.approx(stats.kstwo.sf(statistic, n))
    shares = np.array(
        [part["word"].value_counts(normalize=True).sort_index() for part in (old, added)]
    )
    scaled = shares * np.array(effective)[:, None]
    assert found.columns["word"].p_value == pytest.approx(
        stats.chi2_contingency(scaled, correction=False).pvalue
    )
    assert "person" not in found.columns


@pytest.mark.slow
def test_clean_rows_added_are_accused_in_five_of_a_hundred_versions(save: Save) -> None:
    alarms, loose = 0, 0
    for seed in range(PAIRS):
        frame = clean(np.random.default_rng([seed, 1]), 1_500)
        found = drift_between(save(frame[:1_000]), save(frame))
        alarms += bool(drifted(found))
        loose += least_p_value(found) < LOOSE

    assert 0 < alarms <= most(PAIRS, 0.05)
    assert 0 < fewest(PAIRS, LOOSE) <= loose <= most(PAIRS, LOOSE)


@pytest.mark.slow
def test_clean_groups_added_are_accused_in_no_more_and_as_single_rows_in_most(save: Save) -> None:
    by_group, by_row, loose = 0, 0, 0
    for seed in range(PAIRS // 2):
        random = np.random.default_rng([seed, 2])
        people = clean(random, 300)
        person = np.repeat(np.arange(300), random.integers(1, 9, 300))
        frame = people.loc[person].reset_index(drop=True)
        frame["plain"] += random.normal(size=len(frame)) * 0.1
        frame["person"] = person
        old, new = save(frame[frame["person"] < 200]), save(frame)
        found = drift_between(old, new, GROUPED)
        by_group += bool(drifted(found))
        loose += least_p_value(found) < LOOSE
        if seed < PAIRS // 10:
            by_row += bool(set(drifted(drift_between(old, new))) - {"person"})

    assert by_group <= most(PAIRS // 2, 0.05)
    assert loose <= most(PAIRS // 2, LOOSE)
    assert by_row > PAIRS // 20


def test_rows_that_come_from_large_groups_more_often_are_no_drift(save: Save) -> None:
    alarms = 0
    for seed in range(10):
        random = np.random.default_rng([seed, 3])
        people = clean(random, 500)
        often = np.exp(people["plain"])
        person = random.choice(500, size=2_500, p=often / often.sum())
        frame = people.loc[person].reset_index(drop=True).assign(person=person)
        alarms += bool(drifted(drift_between(save(frame[:2_000]), save(frame), GROUPED)))

    assert alarms <= most(10, 0.05)


@pytest.mark.parametrize("kept", [0, 400])
def test_new_draws_of_a_table_of_few_values_are_not_accused(save: Save, kept: int) -> None:
    def draw(random: np.random.Generator, rows: int) -> pd.DataFrame:
        return pd.DataFrame({name: random.random(rows) < 0.5 for name in ("y", "a", "b")})

    alarms = 0
    for seed in range(10):
        random = np.random.default_rng([seed, 4])
        old = draw(random, 1_000)
        new = pd.concat([old[1_000 - kept :], draw(random, 1_200 - kept)])
        alarms += bool(drifted(drift_between(save(old), save(new))))

    assert alarms <= most(10, 0.05)


def test_correcting_some_rows_accuses_no_other_column(save: Save) -> None:
    frame = clean(np.random.default_rng(6), 2_000).assign(id=np.arange(2_000))
    new = frame.copy()
    new.loc[new["plain"] > 1, "gaps"] = 1.0
    keyed = Columns(target="y", identifier="id")

    by_place = drift_between(save(frame), save(new))
    by_key = drift_between(save(frame), save(new.sample(frac=1, random_state=0)), keyed)
    by_nothing = drift_between(save(frame), save(new.sample(frac=1, random_state=0)))

    for found in (by_place, by_key, by_nothing):
        assert set(drifted(found)) <= {"gaps"}
        assert {column.compared for column in found.columns.values()} == {"whole"}
        assert found.columns["like"].p_value == 1.0


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("plain", lambda column: column + 0.6),
        ("gaps", lambda column: column.mask(np.arange(len(column)) % 2 == 0)),
        ("flag", lambda column: column | (np.arange(len(column)) % 2 == 0)),
        ("word", lambda column: column.mask(np.arange(len(column)) % 4 == 0, "new")),
        ("when", lambda column: column + pd.Timedelta(days=400)),
        ("rare", lambda column: column.mask(np.arange(len(column)) % 3 == 0, "w9999")),
    ],
)
def test_an_obvious_shift_of_one_column_is_shown_and_of_no_other(
    save: Save, name: str, change: Callable[[Any], Any]
) -> None:
    frame = clean(np.random.default_rng(7), 2_300)
    added = frame[2_000:].copy()
    added[name] = change(added[name])

    found = drift_between(save(frame[:2_000]), save(pd.concat([frame[:2_000], added])))

    assert drifted(found) == [name]
    assert f"drifted: '{name}'" in found.message
    assert "300 added rows against 2,000 earlier ones" in found.columns[name].message


def test_a_flood_of_a_level_too_rare_for_the_usual_test_is_shown(save: Save) -> None:
    old = pd.DataFrame({"y": np.arange(5_000) % 2 == 0, "word": ["a"] * 4_999 + ["b"]})
    added = pd.DataFrame({"y": [True, False] * 4, "word": ["b"] * 8})

    found = drift_between(save(old), save(pd.concat([old, added])))

    assert drifted(found) == ["word"]
    assert found.columns["word"].p_value == pytest.approx(1e-4)


def test_where_every_row_changed_the_whole_versions_are_compared(save: Save) -> None:
    frame = clean(np.random.default_rng(8), 1_000)

    found = drift_between(save(frame), save(frame.assign(plain=frame["plain"] * 3)))

    assert drifted(found) == ["plain"]


def test_a_column_of_which_more_was_corrected_than_added_is_compared_as_a_whole(
    save: Save,
) -> None:
    frame = clean(np.random.default_rng(9), 1_010)
    new = frame.copy()
    new.loc[:399, "plain"] += 2.0

    found = drift_between(save(frame[:1_000]), save(new))

    assert found.columns["plain"].compared == "whole"
    assert found.columns["like"].compared == "added"
    assert drifted(found) == ["plain"]


def test_equal_rows_have_nothing_to_test(save: Save) -> None:
    frame = clean(np.random.default_rng(10), 100)

    found = drift_between(save(frame), save(frame[::-1]))

    assert found.columns == {}
    assert "same rows" in found.message


def test_what_cannot_be_tested_is_said_and_does_not_count(save: Save) -> None:
    frame = clean(np.random.default_rng(11), 700)
    frame["name"] = [f"name {number}" for number in range(700)]
    frame["person"] = np.arange(700) % 10

    rows = drift_between(save(frame[:500]), save(frame))
    groups = drift_between(save(frame[:500]), save(frame), GROUPED)

    assert (rows.columns["name"].test, rows.columns["name"].p_value) == ("none", None)
    assert "every value is rare" in rows.columns["name"].message
    assert rows.message.startswith("11 columns tested")
    assert {column.p_value for column in groups.columns.values()} == {None}
    assert "fewer than 20 groups are too few" in groups.columns["plain"].message


def test_groups_that_one_version_lacks_are_said_to_count_for_nothing(save: Save) -> None:
    frame = clean(np.random.default_rng(12), 600).assign(person=np.arange(600))

    found = drift_between(save(frame[:500].drop(columns="person")), save(frame), GROUPED)

    assert found.unit == "row"
    assert "Rows count as independent" in found.message


def test_large_versions_are_sampled_and_it_is_said(save: Save) -> None:
    random = np.random.default_rng(13)
    frame = pd.DataFrame({"y": random.random(260_000) < 0.5, "x": random.normal(size=260_000)})
    frame.loc[150_000:, "x"] += 0.03

    first, second = (drift_between(save(frame[:150_000]), save(frame)) for _ in range(2))

    assert first == second
    x = first.columns["x"]
    assert (x.old_rows, x.new_rows, x.drifted) == (100_000, 100_000, True)
    assert "Drawn by hash from 110,000 and 150,000" in x.message
    assert not first.columns["y"].drifted
