"""What the evaluation would refuse at its end is refused before anything is trained."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.errors import CycleError
from experiment_cycle.evaluation.demands import check_demands, named_columns
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.problem import Problem

DATA = pd.DataFrame({"price": [1.0, 2.0], "area": ["a", "b"], "sex": ["f", "m"], "y": [0, 1]})
COLUMNS = Columns(target="y", sensitive=("sex",))


def check(**options: Any) -> None:
    asked = EvaluationOptions.model_validate(options)
    available = list(DATA.columns)
    rows = DATA[named_columns(asked, available)]
    check_demands(asked, available, rows, Problem(type="binary", classes=(0, 1)), COLUMNS)


def test_what_is_there_may_be_asked_for() -> None:
    check()
    check(
        slices={"columns": ["area"], "declared": {"cheap": {"price": {"below": 2}}}},
        what_if={"immutable": ["area"]},
        behaviour=[
            {"name": "b", "type": "invariance", "max_change": 0.1, "change": {"price": {"add": 1}}}
        ],
    )


def test_a_level_that_no_row_has_is_told_with_what_may_be_meant(
    caplog: pytest.LogCaptureFixture,
) -> None:
    level = str(DATA["area"].iloc[0])
    check(slices={"declared": {"mine": {"area": [level, f"{level}x"]}}})

    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert (
        f"evaluation.slices.declared.mine.area: no row has the level '{level}x'. "
        f"Did you mean '{level}'?"
    ) in record.getMessage()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"slices": {"columns": ["aria"]}}, "Did you mean 'area'"),
        ({"slices": {"declared": {"cheap": {"prise": {"below": 2}}}}}, "Did you mean 'price'"),
        ({"slices": {"declared": {"cheap": {"area": {"below": 2}}}}}, "bounds are for numbers"),
        ({"what_if": {"immutable": ["prize"]}}, "Did you mean 'price'"),
        (
            {
                "behaviour": [
                    {
                        "name": "b",
                        "type": "invariance",
                        "max_change": 0.1,
                        "change": {"prise": {"add": 1}},
                    }
                ]
            },
            "Did you mean 'price'",
        ),
        (
            {
                "behaviour": [
                    {
                        "name": "b",
                        "type": "invariance",
                        "max_change": 0.1,
                        "change": {"area": {"add": 1}},
                    }
                ]
            },
            "evaluation.behaviour: 'b', column 'area'",
        ),
    ],
)
def test_what_is_not_there_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(CycleError, match=told):
        check(**options)
