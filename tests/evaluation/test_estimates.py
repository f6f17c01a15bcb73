"""Every metric has its interval, or says why it has none."""

import json

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
from scipy import stats
from statsmodels.regression.linear_model import OLS

from experiment_cycle.evaluation.estimates import estimate, estimate_metrics
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.records import Metrics
from experiment_cycle.metrics.influence import Influence, influence
from experiment_cycle.metrics.units import Units

OPTIONS = EvaluationOptions(bootstrap_replicates=400, threshold=0.4)


def predictions(rows: int = 600, groups: int | None = 120, seed: int = 1) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    unit = np.arange(rows) if groups is None else generator.integers(0, groups, rows)
    tendency = generator.normal(0, 1, rows if groups is None else groups)[unit]
    target = (tendency + generator.normal(0, 1, rows) > 0).astype(np.int8)
    noise = generator.normal(0, 1, (2, rows))
    scores = stats.norm.cdf([target - 0.5 + noise[0], 0.5 * target - 0.25 + noise[1]])
    return pd.DataFrame(
        {"unit": unit, "target": target, "challenger": scores[0], "incumbent": scores[1]}
    )


def test_the_record_holds_scikit_learns_values_for_both_models() -> None:
    table = predictions()

    found = estimate_metrics(table, OPTIONS, seed=1)

    for model in ("challenger", "incumbent"):
        y, p = table["target"], table[model]
        expected = {
            "accuracy": sk.accuracy_score(y, p >= 0.4),
            "precision": sk.precision_score(y, p >= 0.4),
            "recall": sk.recall_score(y, p >= 0.4),
            "f1": sk.f1_score(y, p >= 0.4),
            "roc_auc": sk.roc_auc_score(y, p),
            "average_precision": sk.average_precision_score(y, p),
            "log_loss": sk.log_loss(y, p),
            "brier": sk.brier_score_loss(y, p),
        }
        got = {name: each.value for name, each in getattr(found, model).items()}
        assert got == pytest.approx(expected, abs=1e-12)
        matrix = sk.confusion_matrix(y, p >= 0.4)
        assert list(found.confusion[model].values()) == [
            matrix[1, 1],
            matrix[0, 1],
            matrix[0, 0],
            matrix[1, 0],
        ]
    assert (found.rows, found.unit, found.units) == (600, "group", table["unit"].nunique())


def test_the_interval_is_students_t_at_the_effective_units_less_one() -> None:
    table = predictions()
    errors = (table["challenger"] - table["target"]) ** 2
    fit = OLS(errors, np.ones(len(table))).fit(
        cov_type="cluster", cov_kwds={"groups": table["unit"], "use_correction": False}
    )
    sizes = table.groupby("unit").size()
    effective = sizes.sum() ** 2 / (sizes**2).sum()
    error = fit.bse.iloc[0] * np.sqrt(len(sizes) / (len(sizes) - 1))

    found = estimate_metrics(table, OPTIONS, seed=1)

    expected = stats.t.interval(0.95, effective - 1, errors.mean(), error)
    brier = found.challenger["brier"]
    assert (brier.lower, brier.upper) == pytest.approx(expected, rel=1e-9)
    assert found.effective_units == pytest.approx(effective)


def test_percentiles_stand_beside_the_interval_and_agree_with_it() -> None:
    found = estimate_metrics(predictions(), OPTIONS, seed=1)

    for each in found.challenger.values():
        assert each.bootstrap_lower == pytest.approx(each.lower, abs=0.02)
        assert each.bootstrap_upper == pytest.approx(each.upper, abs=0.02)


def test_rows_that_stand_alone_are_the_units() -> None:
    found = estimate_metrics(predictions(groups=None), OPTIONS, seed=1)

    assert (found.unit, found.units, found.effective_units) == ("row", 600, 600)


def test_the_same_seed_gives_the_same_record_and_another_only_other_percentiles() -> None:
    first, again, other = (estimate_metrics(predictions(), OPTIONS, s) for s in (1, 1, 2))

    assert first == again
    assert first != other
    check = {"bootstrap_lower", "bootstrap_upper"}
    for name, each in first.challenger.items():
        assert each.model_dump(exclude=check) == other.challenger[name].model_dump(exclude=check)


def test_one_class_leaves_notes_and_a_record_that_is_json() -> None:
    table = predictions().assign(target=np.int8(0))

    found = estimate_metrics(table, OPTIONS, seed=1)

    assert found.challenger["roc_auc"].value is None
    assert found.challenger["roc_auc"].note == "not defined: no row is positive"
    assert found.challenger["precision"].value == 0.0
    assert found.challenger["precision"].lower is None
    text = json.dumps(found.model_dump(mode="json"), allow_nan=False)
    assert Metrics.model_validate_json(text) == found


def test_no_bound_leaves_the_range_of_the_metric() -> None:
    target = np.array([1] * 9 + [0], np.int8)
    probability = np.array([0.9] * 8 + [0.6, 0.7])
    units = Units.from_codes(np.arange(10))

    found = estimate(influence("roc_auc", target, probability), units, 0.95, (0.0, 1.0))

    turned = estimate(influence("roc_auc", target, 1 - probability), units, 0.95, (0.0, 1.0))
    assert found.upper == 1.0
    assert turned.lower == 0.0
    assert found.lower is not None
    assert 0 < found.lower < 1


def test_a_perfect_score_has_no_interval_of_no_width() -> None:
    target, probability = np.array([1, 1, 0, 0], np.int8), np.array([0.9, 0.8, 0.2, 0.1])

    found = estimate(influence("roc_auc", target, probability), Units.from_codes(range(4)), 0.95)

    assert (found.value, found.lower, found.upper) == (1.0, None, None)
    assert found.note == "no interval: all resampling units agree"


@pytest.mark.parametrize(
    ("codes", "note"),
    [
        ([3, 3, 3, 3], "no interval: there is one resampling unit only"),
        ([0, 0, 1, 1], "rough interval: only 2.0 effective resampling units"),
    ],
)
def test_too_few_units_are_told(codes: list[int], note: str) -> None:
    found = Influence(0.5, np.array([0.1, 0.1, -0.1, -0.1]))

    assert estimate(found, Units.from_codes(codes), 0.95).note == note


def test_the_percentiles_leave_the_same_share_out_at_both_ends() -> None:
    resampled = np.append(np.arange(1001.0), np.nan)

    found = estimate(
        Influence(500.0, np.array([0.1, -0.1])),
        Units.from_codes([0, 1]),
        0.9,
        resampled=resampled,
    )

    assert (found.bootstrap_lower, found.bootstrap_upper) == pytest.approx((50, 950))


def test_a_metric_undefined_in_many_resamples_has_no_percentiles() -> None:
    resampled = np.where(np.arange(100) < 10, np.nan, 0.5)
    found = Influence(0.5, np.array([0.1, -0.1]))

    measured = estimate(found, Units.from_codes([0, 1]), 0.95, resampled=resampled)

    assert measured.bootstrap_lower is None
    assert "undefined in 10% of the resamples" in str(measured.note)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["accuracy", "f1", "roc_auc", "average_precision", "log_loss"])
def test_the_interval_covers_the_truth_in_about_95_of_100_grouped_samples(name: str) -> None:
    def draw(seed: int, groups: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        generator = np.random.default_rng(seed)
        unit = np.repeat(np.arange(groups), generator.integers(1, 9, groups))
        tendency, level = generator.normal(0, 1, (2, groups))
        target = (tendency[unit] + generator.normal(0, 1, len(unit)) > 0).astype(np.int8)
        score = tendency[unit] + 0.5 * level[unit] + generator.normal(0, 1, len(unit))
        return target, stats.norm.cdf(score), unit

    truth = influence(name, *draw(0, 200_000)[:2]).value
    covered = 0
    for repetition in range(500):
        target, probability, unit = draw(repetition + 1, 100)
        found = estimate(
            influence(name, target, probability), Units.from_codes(unit), 0.95, (0.0, np.inf)
        )
        assert found.lower is not None
        assert found.upper is not None
        covered += found.lower <= truth <= found.upper

    assert 0.92 <= covered / 500 <= 0.975
