from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.tuning.spaces import (
    SearchSpace,
    contains,
    defaults_of,
    grid,
    grid_size,
    grid_values,
    in_order,
    with_parameters,
)


def one(**given):
    return SearchSpace.model_validate(given)


PENALTY = one(type="categorical", choices=["l2", "elasticnet"])
RATIO = one(type="float", low=0.1, high=0.9, num=2, when={"penalty": ["elasticnet"]})
TIED = {"l1_ratio": RATIO, "penalty": PENALTY, "alpha": one(type="int", low=1, high=2)}


@pytest.mark.parametrize(
    ("space", "values"),
    [
        (one(type="float", low=0.1, high=0.5, step=0.1), (0.1, 0.2, 0.3, 0.4, 0.5)),
        (one(type="float", low=0.001, high=10, log=True, num=5), (0.001, 0.01, 0.1, 1.0, 10.0)),
        (one(type="float", low=0, high=1), (0.0, 0.5, 1.0)),
        (one(type="int", low=2, high=10, step=4), (2, 6, 10)),
        (one(type="int", low=1, high=100, log=True, num=3), (1, 10, 100)),
        (one(type="int", low=1, high=2, num=5), (1, 2)),
        (one(type="categorical", choices=[None, [64, 32], True]), (None, (64, 32), True)),
    ],
)
def test_the_values_of_a_grid(space, values):
    found = grid_values(space)
    assert found == values
    assert all(space.holds(value) for value in found)
    assert {type(value) for value in found} == {type(value) for value in values}


def test_a_grid_without_conditions_is_every_combination():
    space = {"b": one(type="int", low=1, high=3), "a": PENALTY}
    expected = [{"a": a, "b": b} for a, b in product(["l2", "elasticnet"], [1, 2, 3])]
    assert grid(space) == expected


def test_a_grid_leaves_out_what_does_not_hold():
    points = grid(TIED)
    assert [sorted(point) for point in points[:2]] == [["alpha", "penalty"], [*sorted(TIED)]]
    assert len(points) == grid_size(TIED) == 2 * (1 + 2)
    assert all(contains(TIED, point) for point in points)


@given(
    st.lists(st.integers(2, 4), min_size=1, max_size=4),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
)
def test_points_of_a_grid_differ_and_are_as_many_as_counted(counts, parents):
    """A chain or a tree of conditions: each may depend on one before it."""
    space = {}
    for place, count in enumerate(counts):
        parent = parents[place]
        when = {f"p{parent}": [0]} if parent < place else {}
        space[f"p{place}"] = one(type="categorical", choices=range(count), when=when)
    points = grid(space)
    assert len({repr(sorted(point.items())) for point in points}) == len(points)
    assert len(points) == grid_size(space)
    assert all(contains(space, point) for point in points)


def test_an_order_puts_a_condition_before_what_depends_on_it():
    assert list(in_order(TIED)) == ["alpha", "penalty", "l1_ratio"]
    chain = {"a": one(type="int", low=1, high=2, when={"l1_ratio": [1]})} | TIED
    assert list(in_order(chain)) == ["alpha", "penalty", "l1_ratio", "a"]


def test_what_depends_on_something_that_does_not_hold_does_not_hold():
    assert RATIO.is_active({"penalty": "elasticnet"})
    assert not RATIO.is_active({"penalty": "l2"})
    assert not RATIO.is_active({})


@pytest.mark.parametrize(
    ("space", "inside", "outside"),
    [
        (one(type="float", low=0.1, high=0.9, step=0.1), [0.1, 0.30000000000000004], [0.15, 1.0]),
        (one(type="int", low=1, high=9), [1, 9, 4.0], [0, 1.5, True, None, "1"]),
        (one(type="categorical", choices=[1, None, [2, 3]]), [1, None, (2, 3), [2, 3]], [True, 2]),
    ],
)
def test_which_values_a_space_holds(space, inside, outside):
    assert all(space.holds(value) for value in inside)
    assert not any(space.holds(value) for value in outside)


def test_a_configuration_is_in_a_space_only_with_just_what_holds():
    assert contains(TIED, {"penalty": "l2", "alpha": 1})
    assert not contains(TIED, {"penalty": "elasticnet", "alpha": 1})
    assert not contains(TIED, {"penalty": "l2", "alpha": 3})


def test_the_first_trial_is_what_is_configured():
    configured = {"penalty": "l2", "l1_ratio": 0.15, "alpha": 7, "epochs": 3}
    assert defaults_of(TIED, configured) == {"penalty": "l2", "alpha": 7}
    space = {"parameters.depth": one(type="int", low=1, high=3), "epochs": TIED["alpha"]}
    assert defaults_of(space, {"parameters": {"depth": 2}, "epochs": 9}) == {
        "parameters.depth": 2,
        "epochs": 9,
    }
    assert defaults_of(space, {"parameters": {}, "epochs": None}) == {"epochs": None}


def test_dotted_names_reach_inside_and_leave_the_configuration_as_it_was():
    configured = {"path": "a.B", "parameters": {"depth": 2, "leaf": 5}, "epochs": None}
    merged = with_parameters(configured, {"parameters.depth": 9, "epochs": 4})
    assert merged == {"path": "a.B", "parameters": {"depth": 9, "leaf": 5}, "epochs": 4}
    assert configured["parameters"] == {"depth": 2, "leaf": 5}
