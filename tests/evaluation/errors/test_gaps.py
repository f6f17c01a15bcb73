"""Gaps and rates from counts are Fairlearn's, their intervals those of its bootstrap."""

import fairlearn.metrics as fl
import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.evaluation.errors import group_counts
from experiment_cycle.evaluation.errors.fairness import compare_groups
from experiment_cycle.evaluation.errors.gaps import GAPS
from experiment_cycle.evaluation.errors.group_counts import GroupCounts, group_rates, soft_counts
from experiment_cycle.evaluation.options import EvaluationOptions, FairnessOptions
from experiment_cycle.evaluation.plots.groups import plot_groups
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.evaluation.records import Fairness
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.units import Units
from experiment_cycle.problem import Problem

METRICS = {
    "selection_rate": fl.selection_rate,
    "true_positive_rate": fl.true_positive_rate,
    "false_positive_rate": fl.false_positive_rate,
    "true_negative_rate": fl.true_negative_rate,
    "false_negative_rate": fl.false_negative_rate,
    "accuracy": sk.accuracy_score,
}
COLUMNS = Columns(target="ill", sensitive=("origin", "sex"))


def drawn(rows: int, seed: int, shift: float = 0.2) -> tuple[np.ndarray, Outcomes]:
    generator = np.random.default_rng(seed)
    group = generator.integers(0, 3, rows)
    target = generator.integers(0, 2, rows)
    chance = np.clip(0.3 + 0.3 * target + shift * (group == 1), 0, 1)
    prediction = (generator.random(rows) < chance) * 0.8 + 0.1
    return group, Outcomes("binary", target, prediction)


def compared(rows: int = 1500, units: int | None = None, **options: object) -> Fairness:
    group, outcomes = drawn(rows, 3)
    index = pd.RangeIndex(rows, name=ROW)
    test = pd.DataFrame(
        {"ill": outcomes.target, "origin": np.array(list("abc"))[group], "sex": group % 2},
        index=index,
    )
    test["sex"] = np.random.default_rng(1).choice(["f", "m"], rows)
    unit = np.arange(rows) if units is None else np.arange(rows) % units
    table = pd.DataFrame(
        {"unit": unit, "target": outcomes.target, "challenger": outcomes.prediction}, index=index
    ).assign(incumbent=0.5)
    predictions = Predictions(
        table, Problem(type="binary", classes=(0, 1)), {"challenger": 0.5, "incumbent": 0.5}
    )
    wanted = EvaluationOptions(
        bootstrap_replicates=400, fairness=FairnessOptions.model_validate(options)
    )
    return compare_groups(test, predictions, COLUMNS, wanted, 5)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_rates_are_those_of_a_metric_frame(seed: int) -> None:
    group, outcomes = drawn(200, seed)
    called = outcomes.prediction >= 0.5

    found = group_rates(GroupCounts.of(group, 3, outcomes).counts)

    frame = fl.MetricFrame(
        metrics=METRICS, y_true=outcomes.target, y_pred=called, sensitive_features=group
    )
    for name in METRICS:
        assert found[name] == pytest.approx(frame.by_group[name].to_numpy(dtype=float))


def test_intervals_are_those_of_fairlearns_bootstrap() -> None:
    group, outcomes = drawn(300, 2)
    frame = fl.MetricFrame(
        metrics=fl.selection_rate,
        y_true=outcomes.target,
        y_pred=(outcomes.prediction >= 0.5).astype(int),
        sensitive_features=group,
        n_boot=40,
        ci_quantiles=[0.25, 0.75],
        random_state=1,
    )

    counted = GroupCounts.of(group, 3, outcomes)
    drawn_rates = group_rates(counted.resampled(Units.from_codes(np.arange(300)), 2000, 1))

    spread = np.ptp(drawn_rates["selection_rate"], axis=1)
    # quartiles of 40 replicates have a Monte Carlo error of about 0.2 deviations
    theirs = [float(side) for side in frame.difference_ci()]
    assert np.quantile(spread, [0.25, 0.75]) == pytest.approx(theirs, abs=0.6 * spread.std())


@pytest.mark.parametrize("units", [None, 300])
def test_a_gap_far_from_zero_is_covered(units: int | None) -> None:
    truth, rows, runs, covered = 0.35, 600, 200, 0
    for seed in range(runs):
        generator = np.random.default_rng(seed)
        codes = np.arange(rows) if units is None else generator.integers(0, units, rows)
        # rows of a unit are called alike
        luck = generator.random(rows if units is None else units)[codes]
        group = generator.integers(0, 2, rows)
        calls = luck < 0.3 + truth * group
        outcomes = Outcomes("binary", generator.integers(0, 2, rows), calls * 0.8 + 0.1)
        counted = GroupCounts.of(group, 2, outcomes)
        rates = group_rates(counted.resampled(Units.from_codes(codes), 200, seed))
        spread = np.ptp(rates["selection_rate"], axis=1)
        low, high = np.quantile(spread, [0.025, 0.975])
        covered += low <= truth <= high
    # 95 % less and more what 200 runs allow
    assert 0.91 <= covered / runs <= 0.985


def test_many_units_are_resampled_by_their_normal_limit(monkeypatch) -> None:
    group, outcomes = drawn(3000, 1)
    units = Units.from_codes(np.arange(3000) // 3)
    counted = GroupCounts.of(group, 3, outcomes)
    exact = counted.resampled(units, 1500, 1)
    monkeypatch.setattr(group_counts, "MANY_UNITS", 500)

    limit = counted.resampled(units, 1500, 1)

    assert limit.mean(axis=0) == pytest.approx(exact.mean(axis=0), rel=0.01)
    assert limit.std(axis=0) == pytest.approx(exact.std(axis=0), rel=0.1)


def test_calls_at_random_count_by_their_chances() -> None:
    group, outcomes = drawn(900, 4)
    units = Units.from_codes(np.arange(900))
    calls = (outcomes.prediction >= 0.5).astype(float)

    counts, resampled = soft_counts(
        group, 3, outcomes.target, calls, units, 800, np.random.default_rng(1)
    )

    counted = GroupCounts.of(group, 3, outcomes)
    assert counts == pytest.approx(counted.counts)
    exact = counted.resampled(units, 800, 1)
    assert resampled.std(axis=0) == pytest.approx(exact.std(axis=0), rel=0.15)


@pytest.mark.parametrize("units", [None, 200])
def test_every_gap_has_an_interval_around_it(units: int | None) -> None:
    for column in compared(units=units).columns:
        assert set(GAPS) < set(column.gaps)
        for gap in column.gaps.values():
            assert gap.lower <= gap.upper
        far = compared(units=units).columns[0].gaps["demographic_parity_difference"]
        assert far.lower < far.value < far.upper


def test_intersections_are_all_pairs_or_those_asked_for() -> None:
    found = compared()

    assert [column.column for column in found.columns] == ["origin", "sex", "origin and sex"]
    both = found.columns[-1]
    assert [group.level for group in both.groups] == [
        f"{one}, {other}" for one in "abc" for other in "fm"
    ]
    assert sum(group.rows for group in both.groups) == 1500
    assert len(compared(intersections=[]).columns) == 2
    with pytest.raises(ConfigurationError, match=r"'sexx' is no sensitive column.*'sex'"):
        compared(intersections=[["origin", "sexx"]])


def test_the_figure_has_every_compared_group() -> None:
    figure = plot_groups(compared())

    levels = [level for trace in figure.data[:3] for level in trace.y[1]]
    assert levels[:5] == ["a", "b", "c", "f", "m"]
    assert len(levels) == 11
    assert not plot_groups(Fairness(columns=())).data
