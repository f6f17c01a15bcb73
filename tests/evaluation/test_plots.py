"""The figures show both models, say what they show, and are plain JSON."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import sklearn.metrics as sk
from statsmodels.stats.proportion import proportion_confint

from experiment_cycle.evaluation.palette import CHALLENGER, INCUMBENT
from experiment_cycle.evaluation.plots import (
    plot_calibration,
    plot_confusion,
    plot_precision_recall,
    plot_roc,
)
from experiment_cycle.evaluation.plots.calibration import calibration_points

FIGURES: dict[str, Callable[[pd.DataFrame], go.Figure]] = {
    "roc": plot_roc,
    "precision_recall": plot_precision_recall,
    "calibration": lambda table: plot_calibration(table, 10),
    "confusion": lambda table: plot_confusion(table, 0.5),
}


def predictions(rows: int = 5000) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    target = generator.integers(0, 2, rows).astype(np.int8)
    scores = np.clip(0.5 + 0.1 * (2 * target - 1) + generator.normal(0, 0.2, (2, rows)), 0, 1)
    return pd.DataFrame(
        {"unit": range(rows), "target": target, "challenger": scores[0], "incumbent": scores[1]}
    )


def trace(figure: go.Figure, name: str) -> go.Scatter:
    return next(each for each in figure.data if each.name == name)


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_a_figure_is_written_as_plain_arrays(draw: Callable[[pd.DataFrame], go.Figure]) -> None:
    text = draw(predictions()).to_json()

    assert "bdata" not in text
    assert len(text) < 100_000


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
@pytest.mark.parametrize("label", [0, 1])
def test_one_class_still_gives_a_figure(
    draw: Callable[[pd.DataFrame], go.Figure], label: int
) -> None:
    assert draw(predictions(50).assign(target=np.int8(label))).layout.title.text


def test_a_curve_that_is_not_defined_says_so_in_its_place() -> None:
    figure = plot_roc(predictions(50).assign(target=np.int8(1)))

    assert figure.layout.title.text == "ROC curve: not defined, no row is negative"


def test_the_thinned_roc_curve_keeps_its_area_and_ends() -> None:
    table = predictions()
    figure = plot_roc(table)

    for model, colour in (("challenger", CHALLENGER), ("incumbent", INCUMBENT)):
        drawn = trace(figure, model)
        assert drawn.line.color == colour
        assert 100 < len(drawn.x) <= 500
        assert (drawn.x[0], drawn.y[0], drawn.x[-1], drawn.y[-1]) == (0, 0, 1, 1)
        area = sk.roc_auc_score(table["target"], table[model])
        assert sk.auc(drawn.x, drawn.y) == pytest.approx(area, abs=0.003)
    areas = [sk.roc_auc_score(table["target"], table[m]) for m in ("challenger", "incumbent")]
    assert figure.layout.title.text == f"ROC curve: AUC {areas[0]:.3f} against {areas[1]:.3f}"


def test_the_steps_of_the_precision_recall_curve_have_the_average_precision_below_them() -> None:
    table = predictions(400)

    drawn = trace(plot_precision_recall(table), "challenger")

    expected = sk.average_precision_score(table["target"], table["challenger"])
    assert (np.diff(drawn.x) * drawn.y[1:]).sum() == pytest.approx(expected, abs=1e-3)
    assert drawn.line.shape == "vh"


def test_calibration_points_have_wilsons_interval_where_rows_stand_alone() -> None:
    table = predictions()

    points = calibration_points(table, "challenger", 10)

    assert [point.rows for point in points] == pytest.approx([500] * 10, abs=150)
    assert sum(point.rows for point in points) == 5000
    for point in points:
        count = round(point.observed * point.rows)
        expected = proportion_confint(count, point.rows, method="wilson")
        assert (point.lower, point.upper) == pytest.approx(expected, abs=2e-3)


def test_calibration_intervals_are_wider_where_rows_come_in_groups() -> None:
    table = predictions(1000)
    repeated = pd.concat([table] * 4)

    alone = calibration_points(table, "challenger", 5)
    grouped = calibration_points(repeated, "challenger", 5)

    for one, four in zip(alone, grouped, strict=True):
        assert (four.lower, four.upper) == pytest.approx((one.lower, one.upper), abs=2e-3)


def test_the_confusion_figure_shows_counts_and_shares_of_the_actual_class() -> None:
    table = predictions()
    matrix = sk.confusion_matrix(table["target"], table["challenger"] >= 0.5)

    figure = plot_confusion(table, 0.5)

    shares = matrix / matrix.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(figure.data[0].z, shares)
    assert figure.data[0].text[1][0] == f"{matrix[1, 0]:,}<br>{100 * shares[1, 0]:.1f} %"
    right = sk.accuracy_score(table["target"], table["challenger"] >= 0.5)
    assert f"{100 * right:.1f} % right" in figure.layout.title.text
