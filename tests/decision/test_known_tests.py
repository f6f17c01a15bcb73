"""The tests by which models are compared, against published values and other implementations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import gammaln
from sklearn.metrics import roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar

from experiment_cycle.decision.criteria import Criterion, improvement
from experiment_cycle.decision.intervals import Effect, measure_effect, name_test
from experiment_cycle.decision.mcnemar import mid_p
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.decision.skewness import restored, skewness_of_sum, transformed
from experiment_cycle.decision.verdicts import Levels, judge, track
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.problem import Problem

Make = Callable[..., Any]


def hits(for_it: int, against: int, alike: int, unit: Any = None) -> PairedPredictions:
    """Two models that are right on all rows but those on which one is wrong and the other not."""
    rows = for_it + against + alike
    right = np.ones((2, rows), dtype=bool)
    right[1, :for_it] = False
    right[0, for_it : for_it + against] = False
    target = np.arange(rows) % 2
    said = [np.where(each == (target == 1), 0.9, 0.1) for each in right]
    columns = {"unit": np.arange(rows) if unit is None else unit, "target": target}
    table = pd.DataFrame(columns | {"challenger": said[0], "incumbent": said[1]})
    table.index.name = "__row__"
    return PairedPredictions.of(Predictions(table, Problem(type="binary", classes=(0, 1))))


@pytest.mark.parametrize(
    ("table", "published"), [((7, 1, 13), 0.039), ((16, 6, 139), 0.035)], ids=["SCT", "CR"]
)
def test_accuracy_is_mcnemars_mid_p_as_fagerland_lydersen_and_laake_print_it(
    table: tuple[int, int, int], published: float
) -> None:
    tracked = track("accuracy", hits(*table))

    assert round(tracked.p_value, 3) == published
    assert "McNemar mid-p" in tracked.test
    assert "Fagerland et al. 2013" in tracked.test


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_mid_p_value_is_the_exact_one_less_half_of_what_was_seen(own: int, other: int) -> None:
    exact = mcnemar([[5, own], [other, 5]], exact=True).pvalue
    seen = stats.binom.pmf(own, own + other, 0.5)

    found = mid_p(own, other)

    assert found + mid_p(other, own) == pytest.approx(1.0)
    if own != other:
        assert 2.0 * min(found, 1.0 - found) == pytest.approx(exact - seen, abs=1e-12)
    else:
        assert found == pytest.approx(0.5)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(20, 900), st.floats(0.001, 0.2))
def test_p_value_bound_and_verdict_of_accuracy_say_the_same(
    own: int, other: int, alike: int, level: float
) -> None:
    paired = hits(own, other, alike)

    verdict = judge(improvement("accuracy"), paired, Levels(level, level))

    assert verdict.p_value == pytest.approx(mid_p(own, other), rel=1e-6)
    if abs(verdict.p_value - level) > 1e-9:
        assert (verdict.status == "met") == (mid_p(own, other) < level)
        assert (verdict.status == "refuted") == (mid_p(other, own) <= level)
    assert verdict.probability_better == pytest.approx(1.0 - verdict.p_value)


def test_the_standard_error_is_about_that_of_the_paired_t_test_where_many_rows_differ() -> None:
    for own, other in ((60, 40), (40, 60), (500, 520), (50, 50)):
        differences = np.repeat([1.0, -1.0, 0.0], [own, other, 5000])
        oracle = differences.std(ddof=1) / np.sqrt(len(differences))

        error = measure_effect(improvement("accuracy"), hits(own, other, 5000)).standard_error

        assert error == pytest.approx(oracle, rel=0.01)


def test_more_than_the_p_value_can_tell_leaves_the_t_test() -> None:
    differences = np.repeat([1.0, 0.0], [3000, 1000])
    oracle = differences.std(ddof=1) / np.sqrt(len(differences))

    effect = measure_effect(improvement("accuracy"), hits(3000, 0, 1000))

    assert effect.standard_error == pytest.approx(oracle)


def test_three_rows_that_all_speak_for_it_promote_nothing() -> None:
    verdict = judge(improvement("accuracy"), hits(3, 0, 500), Levels(0.05, 0.05))

    assert verdict.p_value == pytest.approx(1 / 16)
    assert verdict.status == "undecided"


def test_a_margin_and_groups_have_the_t_test_of_the_rows_values() -> None:
    margin = Criterion("guardrail", "accuracy", "max_decrease", 0.02, "", 1, -1, 0, -0.02)
    grouped = hits(30, 20, 450, unit=np.arange(500) // 2)

    assert "t test of the rows' values" in name_test(margin, hits(30, 20, 450))
    assert "summed by group (Liang and Zeger 1986)" in name_test(improvement("accuracy"), grouped)
    differences = np.repeat([1.0, -1.0, 0.0], [30, 20, 450])
    oracle = stats.ttest_1samp(differences, -0.02, alternative="greater")
    found = measure_effect(margin, hits(30, 20, 450)).p_value(-0.02)
    assert found == pytest.approx(oracle.pvalue, rel=1e-9)


def chance_of(for_it: np.ndarray, against: np.ndarray, rows: int, differing: float) -> np.ndarray:
    """Chance of each pair of counts where both models are as good (multinomial)."""
    alike = rows - for_it - against
    log = gammaln(rows + 1) - gammaln(for_it + 1) - gammaln(against + 1) - gammaln(alike + 1)
    log += (for_it + against) * np.log(differing / 2) + alike * np.log1p(-differing)
    return np.exp(log)


@pytest.mark.parametrize("level", [0.05, 0.0304, 0.0076])
@pytest.mark.parametrize(("differing", "least"), [(6, 0.0), (20, 0.85), (60, 0.9)])
def test_equal_models_of_hits_are_promoted_as_seldom_as_promised(
    differing: int, least: float, level: float
) -> None:
    """Every outcome is enumerated: 1,000 rows, on `differing` of which the models differ."""
    counts = np.arange(differing * 2 + 20)
    own, other = (each.ravel() for each in np.meshgrid(counts, counts))
    chance = chance_of(own, other, 1000, differing / 1000)
    both = own + other
    p = stats.binom.sf(own, both, 0.5) + stats.binom.pmf(own, both, 0.5) / 2
    for at in range(0, len(own), 997):
        assert mid_p(int(own[at]), int(other[at])) == pytest.approx(p[at])

    size = float(chance[p < level].sum())

    assert chance.sum() == pytest.approx(1.0, abs=1e-6)
    assert least * level <= size <= 1.04 * level


def delong(positive: np.ndarray, negative: np.ndarray) -> float:
    """One-sided p-value of DeLong et al. (1988), over all pairs; the models are the first axis."""
    wins = (positive[:, :, None] > negative[:, None, :]) + 0.5 * (
        positive[:, :, None] == negative[:, None, :]
    )
    covariance = np.cov(wins.mean(axis=2)) / positive.shape[1]
    covariance = covariance + np.cov(wins.mean(axis=1)) / negative.shape[1]
    areas = wins.mean(axis=(1, 2))
    contrast = np.array([1.0, -1.0])
    return float(stats.norm.sf(areas @ contrast / np.sqrt(contrast @ covariance @ contrast)))


@pytest.mark.parametrize("seed", range(5))
def test_the_p_value_of_roc_auc_is_delongs(seed: int, make_predictions: Make) -> None:
    table = make_predictions(rows=800, challenger=1.2, seed=seed).round(2)
    target = table["target"].to_numpy() == 1
    scores = table[["challenger", "incumbent"]].to_numpy().T
    paired = PairedPredictions.of(Predictions(table, Problem(type="binary", classes=(0, 1))))

    tracked = track("roc_auc", paired)

    areas = [roc_auc_score(target, each) for each in scores]
    assert tracked.effect == pytest.approx(areas[0] - areas[1])
    # normal, and each class with a correction of its own: the same from some hundred rows on
    assert 1.0 - tracked.probability_better == pytest.approx(
        delong(scores[:, target], scores[:, ~target]), abs=0.002
    )


@pytest.mark.parametrize("metric", ["roc_auc", "f1", "log_loss", "accuracy", "ece"])
def test_a_tracked_metric_tells_all_there_is_to_know(metric: str, make_predictions: Make) -> None:
    table = make_predictions(rows=600, challenger=1.3, group_size=3)
    paired = PairedPredictions.of(Predictions(table, Problem(type="binary", classes=(0, 1))))

    tracked = track(metric, paired)

    assert (tracked.rows, tracked.unit, tracked.units) == (600, "group", 200)
    assert tracked.effective_units == pytest.approx(200)
    assert (tracked.p_value < 0.05) == (tracked.lower > 0 or tracked.upper < 0)
    assert (tracked.probability_better > 0.5) == (tracked.effect > 0)
    assert tracked.p_value == pytest.approx(
        2 * min(tracked.probability_better, 1 - tracked.probability_better)
    )
    assert "19" in tracked.test


def test_what_is_not_defined_has_no_probability_either() -> None:
    one = Outcomes("binary", np.zeros(40, np.int64), np.linspace(0.1, 0.9, 40))
    paired = PairedPredictions(np.arange(40), np.arange(40), {"challenger": one, "incumbent": one})

    tracked = track("roc_auc", paired)

    assert (tracked.effect, tracked.p_value, tracked.probability_better) == (None, None, None)
    assert tracked.note == "no row is positive"


def test_the_probability_of_being_better_is_right_as_often_as_it_says() -> None:
    """Of models whose difference is drawn from a wide normal, those called 80 % better are so."""
    generator = np.random.default_rng(4)
    truth = generator.normal(scale=20.0, size=20_000)
    effect = truth + generator.normal(size=20_000)
    known = Effect(None, None, 0.0, 1.0, 1e6, None)
    said = np.array([1.0 - known.p_value(-each) for each in effect[:2000]])

    sure = (said > 0.5) & (said < 0.95)
    spread = np.sqrt((said[sure] * (1 - said[sure])).sum())
    assert abs((truth[:2000][sure] > 0).sum() - said[sure].sum()) < 4 * spread


@given(st.floats(-1, 1), st.floats(-8, 8), st.floats(0.01, 1))
def test_halls_transformation_rises_and_can_be_turned_round(
    skewness: float, statistic: float, more: float
) -> None:
    found = transformed(statistic, skewness)

    assert transformed(statistic + more, skewness) >= found
    assert transformed(restored(statistic, skewness), skewness) == pytest.approx(
        statistic, abs=1e-5
    )
    assert transformed(-statistic, -skewness) == pytest.approx(-found)
    assert transformed(statistic, 0.0) == statistic


def test_the_skewness_of_a_sum_is_that_of_the_numbers_over_the_root_of_their_count() -> None:
    numbers = np.random.default_rng(0).exponential(size=400)

    found = skewness_of_sum((numbers - numbers.mean()) / 400)

    assert found == pytest.approx(stats.skew(numbers) / 20)
    assert skewness_of_sum(np.zeros(5)) == 0.0


def test_rare_rows_that_a_challenger_is_far_off_on_deceive_the_t_test_and_not_the_rule() -> None:
    """Closer on 98 of 100 rows, far off on the others, and as close on average."""
    generator = np.random.default_rng(8)
    off = generator.exponential(size=(2000, 1000))
    gains = off * np.where(generator.random(off.shape) < 0.02, 1 - 5.9, 0.1)
    errors = gains.std(axis=1, ddof=1) / np.sqrt(1000)
    centred = gains - gains.mean(axis=1)[:, None]
    known = [
        Effect(None, None, float(row.mean()), float(error), 999.0, None, skewness_of_sum(rest))
        for row, error, rest in zip(gains, errors, centred, strict=True)
    ]

    size = np.mean([effect.p_value(0.0) < 0.05 for effect in known])

    student = stats.ttest_1samp(gains, 0.0, axis=1, alternative="greater").pvalue
    assert (student < 0.05).mean() > 0.09
    # 4.4 % over 4,000 repetitions, give or take four standard errors
    assert abs(size - 0.044) < 4 * np.sqrt(0.044 * 0.956 / 2000)
