"""Weak slices are confirmed where there are some, and hardly ever where there are none."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.evaluation.errors.conditions import hold
from experiment_cycle.evaluation.errors.error_tree import tree_slices
from experiment_cycle.evaluation.errors.excess import excess_of, log_p_values
from experiment_cycle.evaluation.errors.weak_slices import find_weak_slices
from experiment_cycle.evaluation.options import EvaluationOptions, SliceOptions, WeakSliceOptions
from experiment_cycle.evaluation.plots.weak_slices import plot_weak_slices
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.evaluation.records import WeakSlices
from experiment_cycle.problem import Problem

COLUMNS = Columns(target="goal")
OPTIONS = EvaluationOptions()
ROWS = 3000


def features(seed: int, rows: int = ROWS) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    age = generator.uniform(20, 60, rows)
    age[generator.random(rows) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "town": pd.Categorical(generator.choice(list("ABCDEF"), rows)),
            "member": generator.random(rows) < 0.5,
            "age": age,
            "since": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(generator.integers(0, 300, rows), unit="D"),
            "goal": 0.0,
        },
        index=pd.RangeIndex(rows, name=ROW),
    )


def search(
    rows: pd.DataFrame, losses: np.ndarray, unit: np.ndarray | None = None, seed: int = 3
) -> WeakSlices:
    units = np.arange(len(rows)) if unit is None else unit
    table = pd.DataFrame(
        {"unit": units, "target": 0.0, "challenger": losses, "incumbent": 0.0}, index=rows.index
    )
    predictions = Predictions(table, Problem(type="regression"))
    return find_weak_slices(rows, predictions, COLUMNS, OPTIONS, seed)


WEAK = {
    "town: C": lambda rows: rows["town"] == "C",
    "town: C and member: True": lambda rows: (rows["town"] == "C") & rows["member"],
    "age: missing": lambda rows: rows["age"].isna(),
}


@pytest.mark.parametrize("name", WEAK)
@pytest.mark.parametrize("grouped", [False, True])
def test_a_planted_slice_is_confirmed_by_its_name_with_its_effect(name: str, grouped: bool) -> None:
    rows = features(1)
    inside = WEAK[name](rows).to_numpy()
    losses = np.random.default_rng(2).uniform(0.5, 1.5, ROWS) * np.where(inside, 2.5, 1.0)
    unit = np.arange(ROWS) // 3 if grouped else np.arange(ROWS)

    found = search(rows, losses, unit)

    first = found.slices[0]
    assert (first.slice, first.confirmed) == (name, True)
    assert first.rows == pytest.approx(inside.sum() / 2, rel=0.25)
    # four standard errors, not two: there are six cases
    assert first.excess == pytest.approx(1.5, abs=first.upper - first.lower)
    assert first.excess == pytest.approx(first.loss - first.rest)
    assert found.searched_rows + found.confirming_rows == ROWS


def test_a_range_off_the_quantiles_is_found_by_the_tree() -> None:
    rows = features(4)
    inside = rows["age"].between(41, 44).to_numpy()
    losses = np.random.default_rng(5).exponential(size=ROWS) * np.where(inside, 3.0, 1.0)

    first = search(rows, losses).slices[0]

    assert first.confirmed
    assert first.slice.startswith("age: over 4")


def test_noise_is_hardly_ever_confirmed() -> None:
    generator = np.random.default_rng(7)
    reported = 0
    for seed in range(25):
        rows = features(seed, 1200)
        unit = np.arange(1200) // 3
        shared = generator.exponential(size=400)[unit]
        found = search(rows, shared * generator.exponential(size=1200), unit, seed)
        reported += any(each.confirmed for each in found.slices)
    # more than 4 of 25 at 5 % would be a chance of 1 in 140
    assert reported <= 4


def test_the_search_is_the_same_again_and_for_rows_in_another_order() -> None:
    rows, losses = features(1), np.random.default_rng(2).exponential(size=ROWS)
    table = pd.DataFrame(
        {"unit": range(ROWS), "target": 0.0, "challenger": losses, "incumbent": 0.0},
        index=rows.index,
    )
    predictions = Predictions(table, Problem(type="regression"))

    first = find_weak_slices(rows, predictions, COLUMNS, OPTIONS, 3)

    shuffled = rows.sample(frac=1.0, random_state=1)
    assert find_weak_slices(shuffled, predictions, COLUMNS, OPTIONS, 3) == first


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "ranking"])
def test_every_problem_is_searched_and_what_is_found_can_be_stored(kind: str, make) -> None:
    made = make(kind, rows=1800)
    block = np.arange(len(made)) // 6
    table = made.table.copy()
    weak = block % 3 == 1
    models = [name for name in table.columns if name.startswith("challenger")]
    table.loc[weak, models] = table.loc[weak, models].to_numpy()[::-1]
    rows = pd.DataFrame(
        {"part": block % 3, "other": block % 5, "within": np.arange(len(made)) % 2, "goal": 0},
        index=table.index,
    )
    predictions = Predictions(table, made.problem, made.thresholds)

    found = find_weak_slices(rows, predictions, COLUMNS, OPTIONS, 1)

    assert WeakSlices.model_validate_json(found.model_dump_json()) == found
    assert found.slices[0].confirmed
    assert found.slices[0].slice == "part: 1"
    assert not any("within" in each.columns for each in found.slices if kind == "ranking")
    if kind == "ranking":
        # a query counts once
        assert found.slices[0].rows == found.slices[0].units


def test_too_few_units_or_no_wish_are_told() -> None:
    rows, losses = features(1, 200), np.ones(200)
    few = search(rows, losses, np.arange(200) // 20)
    assert (few.slices, few.note) == ((), "not searched: 10 resampling units are too few")
    small = search(features(1, 50).drop(columns="member"), np.ones(50))
    assert "no level of any column has enough rows" in str(small.note)
    off = EvaluationOptions(slices=SliceOptions(weak=WeakSliceOptions(search=False)))
    table = pd.DataFrame(
        {"unit": range(200), "target": 0.0, "challenger": losses, "incumbent": 0.0},
        index=rows.index,
    )
    told = find_weak_slices(rows, Predictions(table, Problem(type="regression")), COLUMNS, off, 1)
    assert "is off" in str(told.note)


def test_the_excess_of_rows_that_stand_alone_is_welchs() -> None:
    generator = np.random.default_rng(3)
    losses, inside = generator.exponential(size=400), generator.random(400) < 0.2

    found = excess_of(losses, inside, np.arange(400))

    welch = stats.ttest_ind(losses[inside], losses[~inside], equal_var=False)
    assert found.value / found.error == pytest.approx(welch.statistic)
    assert found.degrees == inside.sum() - 1
    p = stats.t.sf(welch.statistic, inside.sum() - 1)
    assert found.p_value == pytest.approx(p)


def test_units_with_rows_on_both_sides_count_for_their_difference() -> None:
    shared = np.repeat(np.random.default_rng(3).normal(size=200), 2)
    inside = np.tile([True, False], 200)
    losses = shared + 0.1 * np.random.default_rng(4).normal(size=400) + 0.05 * inside

    found = excess_of(losses, inside, np.repeat(np.arange(200), 2))

    paired = stats.ttest_rel(losses[inside], losses[~inside])
    assert found.value / found.error == pytest.approx(paired.statistic)


def test_one_unit_on_a_side_says_nothing() -> None:
    found = excess_of(np.arange(4.0), np.array([True, False, False, False]), np.arange(4))
    assert (found.p_value, found.log_p, found.interval(0.95)) == (1.0, 0.0, None)


@given(t=st.floats(-6, 30), degrees=st.integers(10, 500))
def test_log_p_values_are_students(t: float, degrees: int) -> None:
    found = log_p_values(np.array(t), np.array(float(degrees)))
    assert found == pytest.approx(stats.t.logsf(t, degrees), rel=0.03, abs=0.01)


@settings(max_examples=25)
@given(seed=st.integers(0, 200))
def test_the_nodes_of_a_tree_divide_the_rows_as_the_tree_does(seed: int) -> None:
    rows = features(seed, 300).drop(columns="goal")
    losses = np.random.default_rng(seed).exponential(size=300)

    nodes = [hold(node, rows) for node in tree_slices(rows, losses, 20)]

    assert all(20 <= inside.sum() <= 280 for inside in nodes)
    # the two nodes below the root hold every row once
    assert not nodes or (nodes[0] ^ nodes[1]).all()


def test_the_figure_shows_what_was_tested_and_says_where_there_is_nothing() -> None:
    rows = features(1)
    losses = np.random.default_rng(2).exponential(size=ROWS) * np.where(rows["town"] == "C", 3, 1)
    found = search(rows, losses)

    figure = plot_weak_slices(found)

    shown = [x for trace in figure.data if trace.name != "when found" for x in trace.x]
    assert sorted(shown) == pytest.approx(sorted(each.excess for each in found.slices), rel=1e-5)
    assert not plot_weak_slices(WeakSlices(loss="log loss", alpha=0.05, note="off")).data
