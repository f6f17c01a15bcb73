from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.evaluation.plots.dependence import LONGEST, plot_dependence
from experiment_cycle.evaluation.plots.layout import shortened, spans_decades
from experiment_cycle.evaluation.plots.weak_slices import plot_weak_slices
from experiment_cycle.evaluation.records import WeakSlice, WeakSlices
from experiment_cycle.evaluation.what_if.dependence import Dependence
from experiment_cycle.evaluation.what_if.grids import Grid, Kind
from experiment_cycle.problem import Problem


def dependence(kind: Kind, values: list[Any]) -> Dependence:
    curves = np.linspace(0.1, 0.9, len(values) * 6).reshape(len(values), 6, 1)
    shown = Grid("feature", kind, pd.Series(values), pd.Series(values[:0]))
    return Dependence(shown, 0.1, {"challenger": curves, "incumbent": curves / 2})


def drawn(kind: Kind, values: list[Any]) -> tuple[dict[str, Any], Any]:
    """Give the traces by name, and the axis of the only panel."""
    binary = Problem(type="binary", classes=(False, True))
    figure = plot_dependence([dependence(kind, values)], binary)
    return {trace.name: trace for trace in figure.data}, figure.layout.xaxis


def test_values_of_a_number_are_marked_and_joined() -> None:
    traces, _ = drawn("number", [0.0, 5.0, 6.0])
    assert traces["challenger"].mode == "lines+markers"
    assert traces["single rows, challenger"].mode == "lines"


def test_levels_without_an_order_are_not_joined_and_long_ones_are_cut() -> None:
    names = ["a level with a long name", "b"]
    traces, axis = drawn("category", names)
    assert {trace.mode for trace in traces.values()} == {"markers"}
    assert list(axis.tickvals) == names
    assert all(len(text) <= LONGEST for text in axis.ticktext)


def test_a_number_over_decades_has_a_logarithmic_axis() -> None:
    assert drawn("number", [1.0, 3.0, 10.0, 30.0, 100.0, 9000.0])[1].type == "log"
    assert drawn("number", [1.0, 2.0, 3.0])[1].type is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 10, 100, 10_000], True),
        ([0, 10, 100, 10_000], False),
        ([-1, 10, 100, 10_000], False),
        ([1, 5_000, 6_000, 10_000], False),
        ([1, 2, 3, 50], False),
        ([], False),
        ([float("nan")], False),
    ],
)
def test_what_spans_decades(values: list[float], expected: bool) -> None:
    assert spans_decades(values) is expected


def test_a_name_is_cut_only_where_it_is_too_long() -> None:
    assert shortened("abcd", 4) == "abcd"
    assert shortened("abcde", 4) == "abc…"


def test_a_slice_too_small_for_an_interval_is_a_cross_and_says_so() -> None:
    told = {"columns": ("a",), "units": 40, "loss": 0.5, "rest": 0.4, "excess": 0.1}
    told |= {"p_value": 0.2, "adjusted_p_value": 0.4, "confirmed": False, "excess_when_found": 0.2}
    slices = [
        WeakSlice.model_validate({"slice": name, "rows": rows, "lower": low, "upper": high} | told)
        for name, rows, low, high in (("a: 1", 400, 0.0, 0.2), ("a: 2", 8, None, None))
    ]
    figure = plot_weak_slices(
        WeakSlices(loss="log loss", slices=tuple(slices), candidates=9, alpha=0.05)
    )
    found = next(trace for trace in figure.data if trace.name == "not confirmed")
    assert list(found.marker.symbol) == ["circle", "x"]
    assert "cross: too few rows for an interval (1)" in figure.layout.title.text
    assert "too few rows" in found.customdata[1][2]
    assert found.customdata[0][2] == ""
