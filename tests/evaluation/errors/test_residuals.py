"""Structure in errors is found where it is put; the tests are those of statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.diagnostic import acorr_ljungbox, het_breuschpagan
from statsmodels.stats.oneway import anova_oneway
from statsmodels.stats.stattools import durbin_watson

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.evaluation.errors import residuals
from experiment_cycle.evaluation.errors.residual_tests import (
    equal_means_test,
    sequence_tests,
    spread_test,
)
from experiment_cycle.evaluation.errors.residuals import analyse_errors
from experiment_cycle.evaluation.plots.residuals import plot_quantiles, plot_structure
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.units import Units
from experiment_cycle.problem import Problem

ROWS = 900


def drawn(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def alone(rows: int = ROWS) -> Units:
    return Units.from_codes(np.arange(rows))


def test_the_test_of_spread_is_the_breusch_pagan_of_the_prediction_and_its_square() -> None:
    predicted = drawn().normal(5, 2, ROWS)
    errors = drawn(1).normal(0, 1, ROWS) * (1 + 0.1 * predicted)

    found = spread_test(errors, predicted, alone())

    design = np.column_stack([np.ones(ROWS), predicted, predicted**2])
    statistic, p_value, *_ = het_breuschpagan(errors, design)
    assert (found.statistic, found.p_value) == pytest.approx((statistic, p_value), rel=1e-8)


def test_repeated_rows_do_not_make_it_surer() -> None:
    predicted = drawn().normal(5, 2, 150)
    errors = drawn(1).normal(0, 1, 150) * (1 + 0.1 * predicted)

    twice = spread_test(np.tile(errors, 2), np.tile(predicted, 2), _tiled(150, 2))
    often = spread_test(np.tile(errors, 8), np.tile(predicted, 8), _tiled(150, 8))
    naive = spread_test(np.tile(errors, 8), np.tile(predicted, 8), alone(1200))

    assert often.test.endswith("by groups")
    assert often.p_value == pytest.approx(twice.p_value)
    assert (naive.p_value or 0.0) < 0.1 * (often.p_value or 0.0)


def _tiled(units: int, times: int) -> Units:
    return Units.from_codes(np.tile(np.arange(units), times))


@pytest.mark.parametrize(
    ("errors", "predicted", "told"),
    [
        (np.ones(50), np.arange(50.0), "all errors are of one size"),
        (np.arange(50.0), np.full(50, 3.0), "all predictions are equal"),
        (np.arange(50.0), np.arange(50) % 2 * 1.0, "too few predictions differ"),
        (np.arange(9.0), np.arange(9.0), "fewer than 20 resampling units"),
    ],
)
def test_what_cannot_be_tested_says_why(
    errors: np.ndarray, predicted: np.ndarray, told: str
) -> None:
    found = spread_test(errors, predicted, alone(len(errors)))

    assert (found.p_value, found.note) == (None, f"not tested: {told}")


def test_a_sequence_is_tested_as_statsmodels_does() -> None:
    noise = drawn().normal(size=ROWS)
    series = noise[1:] + 0.4 * noise[:-1]

    watson, found = sequence_tests(series)

    assert watson == pytest.approx(durbin_watson(series))
    expected = acorr_ljungbox(series, lags=[10]).iloc[0]
    assert (found.statistic, found.p_value) == pytest.approx(tuple(expected), rel=1e-8)
    assert (found.p_value or 1.0) < 1e-6
    assert sequence_tests(noise)[1].p_value > 0.05
    assert sequence_tests(np.zeros(100))[1].note == "not tested: all errors are equal"
    assert sequence_tests(noise[:9])[1].note == "not tested: fewer than 20 moments"


def test_equal_means_are_tested_as_welch_does() -> None:
    codes = drawn().integers(0, 4, ROWS)
    errors = drawn(1).normal(0, 1 + codes) + 0.15 * codes

    found = equal_means_test(errors, codes, alone())

    expected = anova_oneway([errors[codes == code] for code in range(4)], use_var="unequal")
    # the variance is over n - 1 here, as there
    assert found == pytest.approx(expected.pvalue, rel=1e-6)


def test_errors_that_tell_nothing_are_rarely_said_to() -> None:
    generator, found = drawn(5), []
    for _ in range(300):
        units = generator.integers(0, 120, 1200)
        feature = generator.normal(size=120)[units]
        errors = generator.normal(size=1200) + generator.normal(size=120)[units]
        codes = np.searchsorted(np.quantile(feature, [0.2, 0.4, 0.6, 0.8]), feature)
        found.append(equal_means_test(errors, codes, Units.from_codes(units)))

    assert 0.02 < np.mean(np.asarray(found) < 0.05) < 0.09


def made(**columns: object) -> tuple[pd.DataFrame, Predictions]:
    generator = drawn(2)
    index = pd.RangeIndex(ROWS, name=ROW) * 3
    rows = pd.DataFrame(
        {
            "told": generator.normal(size=ROWS),
            "noise": generator.normal(size=ROWS),
            "word": generator.choice([*"abcdefghijklmnopqrs"], ROWS),
            "gaps": np.where(generator.random(ROWS) < 0.3, np.nan, 1.0),
            "when": pd.date_range("2024-01-01", periods=ROWS)[::-1],
            **columns,
        },
        index=index,
    )
    target = generator.normal(size=ROWS) + 0.5 * np.sin(2 * rows["told"])
    table = pd.DataFrame(
        {
            "unit": np.arange(ROWS),
            "target": target,
            "challenger": 0.0 * target + generator.normal(0, 0.2, ROWS),
            "incumbent": 0.1,
        },
        index=index,
    )
    return rows, Predictions(table, Problem(type="regression"))


def test_the_feature_that_still_tells_of_the_errors_comes_first() -> None:
    rows, predictions = made()

    found = analyse_errors(rows, predictions, Columns(target="y", time="when"), 0.95, 1).residuals

    assert found is not None
    first, *others = found.features
    assert first.column == "told"
    assert first.p_value is not None
    assert first.p_value < 1e-6
    assert all(each.p_value is None or each.p_value > 0.01 for each in others)
    assert {each.column for each in found.features} == {"told", "noise", "word", "gaps"}
    assert sum(each.rows for each in first.bins) == ROWS
    word = next(each for each in others if each.column == "word")
    assert (len(word.bins), word.bins[-1].level) == (10, "other")
    errors = predictions.outcomes("challenger").prediction - predictions.target
    groups = pd.Series(errors).groupby(pd.cut(rows["told"].to_numpy(), 2)).mean()
    assert len(groups) == 2
    assert found.mean == pytest.approx(errors.mean())
    assert found.skewness == pytest.approx(stats.skew(errors))
    ordered = errors[::-1]
    assert found.durbin_watson == pytest.approx(durbin_watson(ordered))


def test_rows_of_one_moment_count_once_in_time() -> None:
    rows, predictions = made(when=np.repeat(np.arange(90), 10))
    errors = predictions.outcomes("challenger").prediction - predictions.target

    found = analyse_errors(rows, predictions, Columns(target="y", time="when"), 0.95, 1).residuals

    assert found is not None
    assert found.durbin_watson == pytest.approx(durbin_watson(errors.reshape(90, 10).mean(axis=1)))


def test_rows_without_a_time_are_in_no_order() -> None:
    rows, predictions = made()

    found = analyse_errors(
        rows, predictions, Columns(target="y", drop=("when",)), 0.95, 1
    ).residuals

    assert found is not None
    assert found.durbin_watson is None
    assert "columns.time names no column" in str(found.sequence.note)


def test_the_figures_show_the_quantiles_and_the_features() -> None:
    rows, predictions = made()
    found = analyse_errors(rows, predictions, Columns(target="y", time="when"), 0.95, 1)

    quantiles, structure = plot_quantiles(predictions), plot_structure(found)

    errors = predictions.outcomes("challenger").prediction - predictions.target
    challenger = next(each for each in quantiles.data if each.name == "challenger")
    (theoretical, ordered), _ = stats.probplot(errors)
    middle = np.interp(1.0, theoretical, (ordered - errors.mean()) / errors.std())
    assert np.interp(1.0, challenger.x, challenger.y) == pytest.approx(middle, abs=0.03)
    assert structure.layout.title.text == "Errors by feature: 1 of 4 features still tell of them"
    assert structure.layout.annotations[0].text.startswith("told: ")
    for figure in (quantiles, structure):
        assert "bdata" not in figure.to_json()


def test_markup_in_names_stays_text() -> None:
    rows, predictions = made(**{"<b>x": drawn(9).choice(["<i>", "plain"], ROWS)})

    figure = plot_structure(
        analyse_errors(rows, predictions, Columns(target="y", time="when"), 0.95, 1)
    )

    assert "<b>" not in figure.to_json().replace("<br>", "")


def test_one_row_and_constant_errors_are_no_trouble() -> None:
    rows, predictions = made()
    one = predictions.within(np.arange(ROWS) == 0)
    same = Predictions(
        predictions.table.assign(challenger=predictions.target + 1.0), predictions.problem
    )

    for each, kept in ((one, rows.iloc[:1]), (same, rows)):
        found = analyse_errors(kept, each, Columns(target="y", time="when"), 0.95, 1)
        assert found.residuals is not None
        assert plot_structure(found).layout.title.text
        assert plot_quantiles(each).layout.title.text


@pytest.mark.parametrize("kind", ["binary", "multiclass", "ranking"])
def test_other_problems_have_a_note(kind: str, make) -> None:
    found = analyse_errors(pd.DataFrame(), make(kind), Columns(target="y"), 0.95, 1)

    assert found.residuals is None
    assert found.note == f"A {kind} problem has no numbers to be off by."
    assert not plot_structure(found).data
    assert not plot_quantiles(make(kind)).data


def test_of_very_many_rows_whole_units_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residuals, "MOST_ROWS", 300)
    rows, predictions = made()
    predictions.table["unit"] = np.arange(ROWS) // 7
    columns = Columns(target="y", time="when")

    first, again, other = (
        analyse_errors(rows, predictions, columns, 0.95, seed).residuals for seed in (1, 1, 2)
    )

    assert first == again != other
    assert first is not None
    assert 300 <= first.feature_rows < 307
    assert first.rows == ROWS
    assert first.features[0].column == "told"
