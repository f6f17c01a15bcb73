"""The figures show both models, say what they show, and are plain JSON."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import sklearn.metrics as sk
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from experiment_cycle.evaluation.palette import CHALLENGER, INCUMBENT
from experiment_cycle.evaluation.plots.calibration import calibration_points
from experiment_cycle.evaluation.plots.drawing import draw
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.catalogue import measure
from experiment_cycle.problem import Problem

KINDS = ("binary", "multiclass", "regression", "ranking")


def predictions(rows: int = 5000) -> Predictions:
    generator = np.random.default_rng(0)
    target = generator.integers(0, 2, rows)
    scores = np.clip(0.5 + 0.1 * (2 * target - 1) + generator.normal(0, 0.2, (2, rows)), 0, 1)
    table = pd.DataFrame(
        {"unit": range(rows), "target": target, "challenger": scores[0], "incumbent": scores[1]}
    )
    problem = Problem(type="binary", classes=(False, True))
    return Predictions(table, problem, {"challenger": 0.5, "incumbent": 0.4})


def changed(made: Predictions, **values: Any) -> Predictions:
    return Predictions(made.table.assign(**values), made.problem, made.thresholds)


def trace(figure: go.Figure, name: str) -> go.Scatter:
    return next(each for each in figure.data if each.name == name)


def title(figure: go.Figure) -> str:
    return str(figure.layout.title.text)


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_written_as_plain_arrays_and_shows_both_models(kind: str, make) -> None:
    for figure in draw(make(kind, rows=6000), 10):
        text = figure.to_json()
        assert "bdata" not in text
        assert len(text) < 160_000
        shown = text.count("challenger"), text.count("incumbent")
        assert min(shown) > 0
        assert "against" in title(figure)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_predictions_give_the_same_figures(kind: str, make) -> None:
    first, again = (draw(make(kind), 10) for _ in range(2))

    assert [figure.to_json() for figure in first] == [figure.to_json() for figure in again]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0, 1])
def test_a_target_without_variation_still_gives_all_figures(kind: str, value: int, make) -> None:
    made = make(kind, rows=60)

    for figure in draw(changed(made, target=made.target * 0 + value), 10):
        assert title(figure)


def test_one_row_still_gives_all_figures(make) -> None:
    for kind in KINDS:
        assert len([title(figure) for figure in draw(make(kind, rows=1), 10)]) == 4


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("binary", 1, "ROC curve: not defined, no row is negative"),
        ("ranking", 0, "NDCG by depth: not defined, no query has a relevant row"),
    ],
)
def test_a_curve_that_is_not_defined_says_so_in_its_place(
    kind: str, value: int, told: str, make
) -> None:
    made = make(kind, rows=60)

    figure = draw(changed(made, target=made.target * 0 + value), 10).curve

    assert title(figure) == told
    assert figure.layout.annotations[0].text in told


def test_the_thinned_roc_curve_keeps_its_area_and_ends() -> None:
    made = predictions()
    table = made.table
    figure = draw(made, 10).curve

    for model, colour in (("challenger", CHALLENGER), ("incumbent", INCUMBENT)):
        drawn = trace(figure, model)
        assert drawn.line.color == colour
        assert 100 < len(drawn.x) <= 500
        assert (drawn.x[0], drawn.y[0], drawn.x[-1], drawn.y[-1]) == (0, 0, 1, 1)
        area = sk.roc_auc_score(table["target"], table[model])
        assert sk.auc(drawn.x, drawn.y) == pytest.approx(area, abs=0.003)
    areas = [sk.roc_auc_score(table["target"], table[m]) for m in ("challenger", "incumbent")]
    assert title(figure) == f"ROC curve: AUC {areas[0]:.3f} against {areas[1]:.3f}"


def test_the_steps_of_the_precision_recall_curve_have_the_average_precision_below_them() -> None:
    made = predictions(400)

    drawn = trace(draw(made, 10).detail, "challenger")

    expected = sk.average_precision_score(made.table["target"], made.table["challenger"])
    assert (np.diff(drawn.x) * drawn.y[1:]).sum() == pytest.approx(expected, abs=1e-3)
    assert drawn.line.shape == "vh"


def test_each_class_has_a_curve_against_the_rest(make) -> None:
    made = make("multiclass")

    figure = draw(made, 10).curve

    areas = []
    for code, name in enumerate(("bus", "car", "train")):
        for model, dash in (("challenger", "solid"), ("incumbent", "dash")):
            (drawn,) = (each for each in figure.data if (each.name, each.line.dash) == (name, dash))
            scores = made.outcomes(model).prediction[:, code]
            areas.append(sk.roc_auc_score(made.target == code, scores))
            assert sk.auc(drawn.x, drawn.y) == pytest.approx(areas[-1], abs=0.003)
    told = f"mean AUC {np.mean(areas[::2]):.3f} against {np.mean(areas[1::2]):.3f}"
    assert told in title(figure)


def test_recall_and_precision_of_each_class_are_scikit_learns(make) -> None:
    made = make("multiclass")
    called = made.outcomes("challenger").prediction.argmax(axis=1)

    figure = draw(made, 10).detail

    recall, precision = [each for each in figure.data if each.name == "challenger"]
    expected = sk.recall_score(made.target, called, average=None)
    np.testing.assert_allclose(recall.x, expected, atol=1e-3)
    expected_precision = sk.precision_score(made.target, called, average=None)
    np.testing.assert_allclose(precision.x, expected_precision, atol=1e-3)
    weakest = ("bus", "car", "train")[int(expected.argmin())]
    assert f"weakest is {weakest}, {100 * expected.min():.1f} % found" in title(figure)


def test_rare_ones_of_many_classes_are_joined() -> None:
    generator = np.random.default_rng(3)
    rows, classes = 900, 40
    target = np.minimum(generator.geometric(0.1, rows) - 1, classes - 1)
    outputs = generator.dirichlet(np.ones(classes), rows)
    columns = {f"{m}_{c}": outputs[:, c] for m in ("challenger", "incumbent") for c in range(40)}
    problem = Problem(type="multiclass", classes=tuple(range(classes)))
    made = Predictions(pd.DataFrame({"unit": range(rows), "target": target, **columns}), problem)

    figures = draw(made, 10)

    assert len(figures.confusion.data[0].x) == 15
    assert figures.confusion.data[0].x[-1] == "26 others"
    counts = [
        int(cell.split("<br>")[0].replace(",", ""))
        for row in figures.confusion.data[0].text
        for cell in row
    ]
    assert sum(counts) == rows
    assert len(figures.detail.data[0].y) == 15


def test_calibration_points_have_wilsons_interval_where_rows_stand_alone() -> None:
    points = calibration_points(predictions(), "challenger", 10)

    assert [point.rows for point in points] == pytest.approx([500] * 10, abs=150)
    assert sum(point.rows for point in points) == 5000
    for point in points:
        count = round(point.observed * point.rows)
        expected = proportion_confint(count, point.rows, method="wilson")
        assert (point.lower, point.upper) == pytest.approx(expected, abs=2e-3)


def test_calibration_intervals_are_wider_where_rows_come_in_groups() -> None:
    made = predictions(1000)
    repeated = Predictions(pd.concat([made.table] * 4), made.problem)

    alone = calibration_points(made, "challenger", 5)
    grouped = calibration_points(repeated, "challenger", 5)

    for one, four in zip(alone, grouped, strict=True):
        assert (four.lower, four.upper) == pytest.approx((one.lower, one.upper), abs=2e-3)


def test_the_confidence_in_the_class_that_is_called_is_set_against_right_calls(make) -> None:
    made = make("multiclass")
    outputs = made.outcomes("challenger").prediction

    points = calibration_points(made, "challenger", 4)

    right = outputs.argmax(axis=1) == made.target
    weights = [point.rows for point in points]
    assert np.average([p.observed for p in points], weights=weights) == pytest.approx(right.mean())
    confidence = np.average([p.predicted for p in points], weights=weights)
    assert confidence == pytest.approx(outputs.max(axis=1).mean())


def test_calibration_of_numbers_has_students_interval_in_each_bin(make) -> None:
    made = make("regression")
    table = made.table.sort_values("challenger")

    points = calibration_points(made, "challenger", 6)

    assert [point.rows for point in points] == [100] * 6
    for number, point in enumerate(points):
        inside = table.iloc[100 * number : 100 * (number + 1)]
        expected = stats.t.interval(0.95, 99, inside["target"].mean(), stats.sem(inside["target"]))
        assert (point.lower, point.upper) == pytest.approx(expected)
        assert point.predicted == pytest.approx(inside["challenger"].mean())


def test_the_confusion_figure_shows_counts_and_shares_of_the_actual_class() -> None:
    made = predictions()
    table = made.table
    figure = draw(made, 10).confusion

    for drawn, model, threshold in zip(
        figure.data, ("challenger", "incumbent"), (0.5, 0.4), strict=True
    ):
        matrix = sk.confusion_matrix(table["target"], table[model] >= threshold)
        shares = matrix / matrix.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(drawn.z, shares, rtol=1e-5)
        assert drawn.text[1][0] == f"{matrix[1, 0]:,}<br>{100 * shares[1, 0]:.1f} %"
    right = sk.accuracy_score(table["target"], table["challenger"] >= 0.5)
    assert f"{100 * right:.1f} % right" in title(figure)
    assert title(figure).startswith("Confusion at 0.5 and 0.4:")


def test_numbers_are_drawn_at_what_was_predicted_and_what_came(make) -> None:
    made = make("regression")
    y, p = made.target, made.table["challenger"].to_numpy()

    figures = draw(made, 10)

    order = np.argsort(p)
    drawn, errors = (trace(figure, "challenger") for figure in (figures.curve, figures.detail))
    np.testing.assert_allclose(drawn.x, p[order], rtol=1e-4)
    np.testing.assert_allclose(drawn.y, y[order], rtol=1e-4)
    np.testing.assert_allclose(errors.y, (p - y)[order], rtol=1e-4, atol=1e-6)
    assert list(drawn.customdata) == made.table.index[order].tolist()
    rmse = [sk.root_mean_squared_error(y, made.table[m]) for m in ("challenger", "incumbent")]
    assert f"RMSE {rmse[0]:.4g} against {rmse[1]:.4g}" in title(figures.curve)
    half = np.median(np.abs(p - y))
    assert f"half of the rows within {half:.4g}" in title(figures.confusion)


def test_of_many_numbers_only_some_are_drawn_but_all_are_counted(make) -> None:
    made = make("regression", rows=5000)

    figures = draw(made, 10)

    drawn = trace(figures.curve, "challenger")
    assert len(drawn.x) == 1000
    ends = made.table["challenger"].min(), made.table["challenger"].max()
    assert (drawn.x[0], drawn.x[-1]) == pytest.approx(ends, rel=1e-5)
    assert sum(trace(figures.confusion, "challenger").y[1:-1:2]) == 5000


def test_numbers_of_any_size_keep_their_digits(make) -> None:
    made = make("regression")
    tiny = changed(made, **{n: made.table[n] * 1e-9 for n in ("target", "challenger", "incumbent")})

    drawn, small = (trace(draw(each, 10).curve, "challenger") for each in (made, tiny))

    np.testing.assert_allclose(np.array(small.x) * 1e9, drawn.x, rtol=1e-5)


def test_queries_are_drawn_by_depth_one_by_one_and_place_by_place(make) -> None:
    made = make("ranking")
    outcomes = made.outcomes("challenger")
    y, p = outcomes.target.reshape(-1, 6), outcomes.prediction.reshape(-1, 6)
    judged = (y > 0).any(axis=1)
    gains = np.exp2(y[judged]) - 1

    figures = draw(made, 10)

    by_depth = [sk.ndcg_score(gains, p[judged], k=k) for k in range(1, 7)]
    np.testing.assert_allclose(trace(figures.curve, "challenger").y, by_depth, rtol=1e-4)
    each = [sk.ndcg_score(gains[[q]], p[judged][[q]]) for q in range(judged.sum())]
    assert list(trace(figures.detail, "challenger").y) == np.histogram(each, 20, (0, 1))[0].tolist()
    assert f"{100 * np.isclose(each, 1).mean():.1f} % perfect" in title(figures.detail)
    by_place = np.take_along_axis(y, np.argsort(-p, axis=1), axis=1).mean(axis=0)
    np.testing.assert_allclose(trace(figures.calibration, "challenger").y, by_place, rtol=1e-4)
    recall, precision = [each for each in figures.confusion.data if each.name == "challenger"]
    assert recall.y[-1] == pytest.approx(1.0)
    assert precision.y[0] == pytest.approx(measure("precision_at_1", outcomes), rel=1e-4)
