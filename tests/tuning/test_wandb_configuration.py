from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sweeps")

from sweeps.config import schema_violations_from_proposed_config

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.testing.studies import HALVING, METHODS, SPACE, a_study
from experiment_cycle.tuning.contract import Halving
from experiment_cycle.tuning.spaces import SearchSpace, contains, grid, grid_values
from experiment_cycle.tuning.wandb_sweeps.configuration import (
    parameters_read,
    parameters_written,
    sweep_configuration,
)
from experiment_cycle.tuning.wandb_sweeps.iterations import Iterations


def parameter(study_of="random", **one):
    study = replace(a_study(study_of), space={"x": SearchSpace(**one)})
    return sweep_configuration(study)["parameters"]["x"]


@pytest.mark.parametrize("method", METHODS)
def test_w_and_b_s_schema_takes_it(method):
    assert schema_violations_from_proposed_config(sweep_configuration(a_study(method))) == []


def test_method_metric_and_rungs_are_those_of_the_study():
    configuration = sweep_configuration(a_study("hyperband", greater_is_better=True, metric="auc"))
    assert configuration["method"] == "bayes"
    assert configuration["metric"] == {"name": "auc", "goal": "maximize", "impute": "worst"}
    rule = {"type": "hyperband", "max_iter": 27, "s": 3, "eta": 3}
    assert configuration["early_terminate"] == rule
    assert sweep_configuration(a_study("grid"))["metric"]["goal"] == "minimize"
    assert "early_terminate" not in sweep_configuration(a_study("bayesian"))
    short = a_study("hyperband", halving=Halving((), 3))
    assert "early_terminate" not in sweep_configuration(short)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (
            {"type": "float", "low": 0, "high": 1},
            {"distribution": "uniform", "min": 0.0, "max": 1.0},
        ),
        (
            {"type": "float", "low": 0.1, "high": 10, "log": True},
            {"distribution": "log_uniform_values", "min": 0.1, "max": 10.0},
        ),
        (
            {"type": "int", "low": 2, "high": 9},
            {"distribution": "int_uniform", "min": 2, "max": 9},
        ),
        (
            {"type": "int", "low": 1, "high": 64, "log": True},
            {"distribution": "q_log_uniform_values", "min": 1, "max": 64, "q": 1},
        ),
        # multiples of the step are not what is meant: they begin at low
        ({"type": "float", "low": 0.05, "high": 0.25, "step": 0.1}, {"values": [0.05, 0.15, 0.25]}),
        ({"type": "int", "low": 1, "high": 7, "step": 3}, {"values": [1, 4, 7]}),
        (
            {"type": "float", "low": 0, "high": 1, "step": 0.0001},
            {"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.0001},
        ),
        ({"type": "categorical", "choices": ["a", "b"]}, {"values": ["a", "b"]}),
        ({"type": "categorical", "choices": [1, True]}, {"values": ["1", "true"]}),
        ({"type": "categorical", "choices": [None, "a"]}, {"values": ["null", '"a"']}),
        ({"type": "categorical", "choices": [[64, 32], [8]]}, {"values": ["[64, 32]", "[8]"]}),
    ],
)
def test_each_kind_of_hyperparameter(one, expected):
    assert parameter(**one) == expected


def test_a_grid_lists_the_points():
    assert parameter("grid", type="float", low=1, high=100, log=True, num=3) == {
        "values": [1.0, 10.0, 100.0]
    }


def test_a_grid_too_large_without_its_conditions_is_refused_with_its_size():
    tied = SearchSpace(type="int", low=1, high=100, num=100, when={"way": ("left",)})
    space = {"way": SPACE["way"], "a": tied, "b": tied, "c": tied}
    with pytest.raises(ConfigurationError, match=r"3,000,000 points; at most 100,000"):
        sweep_configuration(replace(a_study("grid"), space=space))


@pytest.mark.parametrize("point", grid(SPACE)[::7])
def test_what_is_written_is_read_as_it_was(point):
    assert parameters_read(parameters_written(point, SPACE), SPACE) == point


@st.composite
def numbers(draw):
    """A range, and a value that W&B might draw from it, its ends and a little beyond included."""
    kind = draw(st.sampled_from(["int", "float"]))
    low = draw(st.integers(1, 50))
    step = draw(st.sampled_from([None, 1, 3] if kind == "int" else [None, 0.1, 0.25]))
    high = low + (step or 1) * draw(st.integers(1, 40))
    log = step is None and draw(st.booleans())
    one = SearchSpace(type=kind, low=low, high=high, step=step, log=log)
    return one, draw(st.floats(low - 0.5, high + 0.5))


@given(numbers())
def test_whatever_is_drawn_lies_in_the_space(case):
    one, drawn = case
    read = parameters_read({"x": drawn}, {"x": one})["x"]
    assert contains({"x": one}, {"x": read})
    if one.step is not None:
        assert read in grid_values(one)
    assert type(read) is (int if one.type == "int" else float)


def test_conditions_that_do_not_hold_are_dropped():
    drawn = parameters_written({"way": "left", "width": 0.5}, SPACE)
    assert parameters_read(drawn, SPACE)["width"] == 0.5
    other = parameters_written({"way": 2}, SPACE)
    assert "width" not in parameters_read(other, SPACE)
    assert other["width"] in grid_values(SPACE["width"])


def test_shares_of_rows_count_for_as_many_iterations_as_they_have_rows():
    shares = Iterations(Halving((1, 2), 3))
    assert [shares.until(step) for step in (0, 1, 2, 3)] == [0, 1, 3, 9]
    assert shares.early_terminate() == {"type": "hyperband", "max_iter": 9, "s": 2, "eta": 3}
    rounds = Iterations(HALVING)
    assert [rounds.until(step) for step in (0, 1, 2, 9)] == [0, 1, 2, 9]
    assert rounds.history([5.0, 4.0]) == [5.0, 5.0, 4.0]
