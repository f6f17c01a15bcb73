"""Every metric has its interval, or says why it has none."""

import json

import numpy as np
import pytest
import sklearn.metrics as sk
from scipy import stats
from statsmodels.regression.linear_model import OLS

from experiment_cycle.evaluation.both_models import estimate_metrics
from experiment_cycle.evaluation.estimates import estimate, measure_with_interval
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.evaluation.records import Metrics
from experiment_cycle.metrics.catalogue import known_metrics, measure, metric
from experiment_cycle.metrics.influence import Influence, influence
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.units import Units

OPTIONS = EvaluationOptions(bootstrap_replicates=400)
KINDS = ("binary", "multiclass", "regression", "ranking")


def binary(target: np.ndarray, probability: np.ndarray) -> Outcomes:
    return Outcomes("binary", target, probability)


def test_the_record_holds_scikit_learns_values_for_both_models(make) -> None:
    made = make("binary", groups=120, threshold=0.4)
    table = made.table

    found = estimate_metrics(made, OPTIONS, seed=1)

    for model in ("challenger", "incumbent"):
        y, p = table["target"], table[model]
        expected = {
            "accuracy": sk.accuracy_score(y, p >= 0.4),
            "balanced_accuracy": sk.balanced_accuracy_score(y, p >= 0.4),
            "precision": sk.precision_score(y, p >= 0.4),
            "recall": sk.recall_score(y, p >= 0.4),
            "f1": sk.f1_score(y, p >= 0.4),
            "roc_auc": sk.roc_auc_score(y, p),
            "average_precision": sk.average_precision_score(y, p),
            "log_loss": sk.log_loss(y, p),
            "brier": sk.brier_score_loss(y, p),
            "mcc": sk.matthews_corrcoef(y, p >= 0.4),
        }
        got = {name: each.value for name, each in getattr(found, model).items() if name != "ece"}
        assert got == pytest.approx(expected, abs=1e-12)
        np.testing.assert_array_equal(found.confusion[model], sk.confusion_matrix(y, p >= 0.4))
    assert (found.rows, found.unit, found.units) == (600, "group", table["unit"].nunique())
    assert found.classes == ("no", "yes")


def test_each_model_is_called_at_its_own_threshold(make) -> None:
    made = make("binary")
    apart = Predictions(made.table, made.problem, {"challenger": 0.2, "incumbent": 0.7})

    found = estimate_metrics(apart, OPTIONS, seed=1)

    assert found.thresholds == {"challenger": 0.2, "incumbent": 0.7}
    y = made.target
    for model, threshold in found.thresholds.items():
        called = made.table[model] >= threshold
        assert getattr(found, model)["f1"].value == pytest.approx(sk.f1_score(y, called))
        np.testing.assert_array_equal(found.confusion[model], sk.confusion_matrix(y, called))


def test_several_classes_have_a_square_of_counts(make) -> None:
    made = make("multiclass")

    found = estimate_metrics(made, OPTIONS, seed=1)

    assert (found.classes, found.thresholds) == (("bus", "car", "train"), None)
    for model in ("challenger", "incumbent"):
        called = made.outcomes(model).prediction.argmax(axis=1)
        expected = sk.confusion_matrix(made.target, called)
        np.testing.assert_array_equal(found.confusion[model], expected)
        f1 = sk.f1_score(made.target, called, average="macro")
        assert getattr(found, model)["f1_macro"].value == pytest.approx(f1)


@pytest.mark.parametrize("kind", ["regression", "ranking"])
def test_numbers_have_no_classes_and_no_thresholds(kind: str, make) -> None:
    found = estimate_metrics(make(kind), OPTIONS, seed=1)

    assert (found.confusion, found.classes, found.thresholds) == (None, (), None)


@pytest.mark.parametrize("kind", KINDS)
def test_every_metric_of_the_problem_is_measured_and_the_record_is_json(kind: str, make) -> None:
    made = make(kind, seeds=3)

    found = estimate_metrics(made, OPTIONS, seed=1)

    for model in ("challenger", "incumbent"):
        values = {name: each.value for name, each in getattr(found, model).items()}
        outcomes = made.outcomes(model)
        expected = {name: measure(name, outcomes) for name in known_metrics(kind)}
        assert values == pytest.approx(expected, abs=1e-12)
    assert found.problem == made.problem
    text = json.dumps(found.model_dump(mode="json"), allow_nan=False)
    assert Metrics.model_validate_json(text) == found


@pytest.mark.parametrize("kind", KINDS)
def test_the_spread_over_seeds_is_that_of_the_models_predictions(kind: str, make) -> None:
    made = make(kind, seeds=3)

    found = {each.metric: each for each in estimate_metrics(made, OPTIONS, seed=1).seeds}

    assert list(found) == known_metrics(kind)
    for name, spread in found.items():
        values = [measure(name, made.outcomes(m)) for m in ("challenger", *made.seeds)]
        assert len(values) == 3
        assert spread.values == pytest.approx(values)
        assert spread.mean == pytest.approx(np.mean(values))
        assert spread.standard_deviation == pytest.approx(np.std(values, ddof=1))
        worst = min if metric(name).greater_is_better else max
        assert spread.worst == worst(spread.values)


def test_one_seed_has_no_spread_and_an_undefined_metric_none_either(make) -> None:
    made = make("binary", seeds=2)
    one_class = Predictions(made.table.assign(target=0), made.problem, made.thresholds)

    named = {each.metric for each in estimate_metrics(one_class, OPTIONS, seed=1).seeds}

    assert estimate_metrics(make("binary"), OPTIONS, seed=1).seeds == ()
    assert "log_loss" in named
    assert not named & {"roc_auc", "average_precision", "recall"}


def test_the_interval_is_students_t_at_the_effective_units_less_one(make) -> None:
    made = make("binary", groups=120)
    table = made.table
    errors = (table["challenger"] - table["target"]) ** 2
    fit = OLS(errors, np.ones(len(table))).fit(
        cov_type="cluster", cov_kwds={"groups": table["unit"], "use_correction": False}
    )
    sizes = table.groupby("unit").size()
    effective = sizes.sum() ** 2 / (sizes**2).sum()
    error = fit.bse.iloc[0] * np.sqrt(len(sizes) / (len(sizes) - 1))

    found = estimate_metrics(made, OPTIONS, seed=1)

    expected = stats.t.interval(0.95, effective - 1, errors.mean(), error)
    brier = found.challenger["brier"]
    assert (brier.lower, brier.upper) == pytest.approx(expected, rel=1e-9)
    assert found.effective_units == pytest.approx(effective)


@pytest.mark.parametrize("kind", KINDS)
def test_percentiles_stand_beside_the_interval_and_agree_with_it(kind: str, make) -> None:
    found = estimate_metrics(make(kind), OPTIONS, seed=1)

    for name, each in found.challenger.items():
        if name == "ece":
            continue
        width = each.upper - each.lower
        assert each.bootstrap_lower == pytest.approx(each.lower, abs=0.25 * width)
        assert each.bootstrap_upper == pytest.approx(each.upper, abs=0.25 * width)


def test_without_any_relevance_nothing_is_defined(make) -> None:
    made = make("ranking")

    found = estimate_metrics(
        Predictions(made.table.assign(target=0.0), made.problem), OPTIONS, seed=1
    )

    assert found.units == 0
    assert {each.value for each in found.challenger.values()} == {None}
    assert "no query has a relevant row" in str(found.challenger["mrr"].note)


@pytest.mark.parametrize(
    ("kind", "unit", "units"), [("regression", "row", 600), ("ranking", "query", 88)]
)
def test_the_units_are_rows_or_queries_where_there_are_no_groups(
    kind: str, unit: str, units: int, make
) -> None:
    found = estimate_metrics(make(kind), OPTIONS, seed=1)

    assert (found.unit, found.units, found.effective_units) == (unit, units, units)


def test_groups_of_queries_are_groups(make) -> None:
    made = make("ranking")
    table = made.table.assign(unit=made.table["query"] // 4)

    found = estimate_metrics(Predictions(table, made.problem), OPTIONS, seed=1)

    assert (found.unit, found.units) == ("group", 25)


def test_the_same_seed_gives_the_same_record_and_another_only_other_percentiles(make) -> None:
    first, again, other = (estimate_metrics(make("multiclass"), OPTIONS, s) for s in (1, 1, 2))

    assert first == again
    assert first != other
    check = {"bootstrap_lower", "bootstrap_upper"}
    for name, each in first.challenger.items():
        if metric(name).has_influence:
            assert each.model_dump(exclude=check) == other.challenger[name].model_dump(
                exclude=check
            )


def test_one_class_leaves_notes_and_a_record_that_is_json(make) -> None:
    made = make("binary")
    one_class = Predictions(made.table.assign(target=0), made.problem, made.thresholds)

    found = estimate_metrics(one_class, OPTIONS, seed=1)

    assert found.challenger["roc_auc"].value is None
    assert found.challenger["roc_auc"].note == "not defined: no row is positive"
    assert found.challenger["precision"].value == 0.0
    assert found.challenger["precision"].lower is None
    text = json.dumps(found.model_dump(mode="json"), allow_nan=False)
    assert Metrics.model_validate_json(text) == found


def test_what_a_metric_leaves_out_is_noted_beside_its_value(make) -> None:
    made = make("ranking")
    table = made.table.copy()
    table.loc[table["query"] < 30, "target"] = 0.0

    found = estimate_metrics(Predictions(table, made.problem), OPTIONS, seed=1)

    assert (found.rows, found.units, found.unit) == (600, found.effective_units, "query")
    assert found.units < 100 - 30
    judged = Predictions(table[table.groupby("query")["target"].transform("max") > 0], made.problem)
    whole = estimate_metrics(judged, OPTIONS, seed=1)
    for name, each in whole.challenger.items():
        note = {"note"}
        assert each.model_dump(exclude=note) == pytest.approx(
            found.challenger[name].model_dump(exclude=note)
        )
    assert "queries are left out" in str(found.challenger["mrr"].note)


def test_no_bound_leaves_the_range_of_the_metric() -> None:
    target = np.array([1] * 9 + [0], np.int8)
    probability = np.array([0.9] * 8 + [0.6, 0.7])
    units = Units.from_codes(np.arange(10))

    found = estimate(influence("roc_auc", binary(target, probability)), units, 0.95, (0.0, 1.0))

    turned = estimate(
        influence("roc_auc", binary(target, 1 - probability)), units, 0.95, (0.0, 1.0)
    )
    assert found.upper == 1.0
    assert turned.lower == 0.0
    assert found.lower is not None
    assert 0 < found.lower < 1


def test_a_perfect_score_has_no_interval_of_no_width() -> None:
    target, probability = np.array([1, 1, 0, 0], np.int8), np.array([0.9, 0.8, 0.2, 0.1])

    found = estimate(
        influence("roc_auc", binary(target, probability)), Units.from_codes(range(4)), 0.95
    )

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

    truth = influence(name, binary(*draw(0, 200_000)[:2])).value
    covered = 0
    for repetition in range(500):
        target, probability, unit = draw(repetition + 1, 100)
        found = estimate(
            influence(name, binary(target, probability)),
            Units.from_codes(unit),
            0.95,
            (0.0, np.inf),
        )
        assert found.lower is not None
        assert found.upper is not None
        covered += found.lower <= truth <= found.upper

    assert 0.92 <= covered / 500 <= 0.975


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_each_class_has_its_metrics_with_intervals(kind: str, make) -> None:
    made = make(kind, groups=120)

    found = estimate_metrics(made, OPTIONS, seed=1)

    for model in ("challenger", "incumbent"):
        calls = made.outcomes(model).calls
        expected = sk.precision_recall_fscore_support(made.target, calls)
        measured = found.by_class[model]
        assert [each.name for each in measured] == list(found.classes)
        got = [
            [getattr(each, what).value for each in measured]
            for what in ("precision", "recall", "f1")
        ]
        np.testing.assert_allclose(got, expected[:3])
        np.testing.assert_array_equal([each.rows for each in measured], expected[3])
        assert all(each.f1.lower < each.f1.value < each.f1.upper for each in measured)


def test_what_is_asked_for_is_measured_besides(make) -> None:
    asked = ("f1_macro", "jaccard", "recall_of_no")
    made = make("binary", groups=120)

    found = estimate_metrics(made, OPTIONS, seed=1, asked=asked).challenger

    calls = made.outcomes("challenger").calls
    assert list(found) == [*known_metrics("binary"), *asked]
    assert found["jaccard"].value == pytest.approx(sk.jaccard_score(made.target, calls))
    assert found["jaccard"].lower < found["jaccard"].value < found["jaccard"].upper
    assert found["jaccard"].note == "by bootstrap, 200 resamples"
    assert found["recall_of_no"].value == pytest.approx(
        sk.recall_score(made.target, calls, pos_label=0)
    )
    assert found["f1_macro"].bootstrap_lower is not None


def test_a_metric_without_influence_has_the_interval_of_its_resamples(make) -> None:
    found = estimate_metrics(make("binary"), OPTIONS, seed=1).challenger["ece"]

    # too great on resamples, as the sample's own is too great
    assert found.lower == max(2 * found.value - found.bootstrap_upper, 0.0)
    assert found.upper == max(2 * found.value - found.bootstrap_lower, found.value)
    assert found.note == "by bootstrap, 400 resamples, turned for its bias"
    slice_of = measure_with_interval("ece", make("binary"), "challenger", 0.95)
    assert slice_of.lower is None
    assert slice_of.note == "no interval: it has one by bootstrap only"
