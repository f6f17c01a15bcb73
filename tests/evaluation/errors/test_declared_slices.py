"""Slices declared by name are measured however small, or say why they are not."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.evaluation.errors.slices import measure_slices
from experiment_cycle.evaluation.options import EvaluationOptions, SliceOptions
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.problem import Problem

N = 200
COLUMNS = Columns(target="goal", group="person", drop=("zone",))


def rows() -> pd.DataFrame:
    generator = np.random.default_rng(1)
    age = generator.integers(20, 90, N).astype(float)
    age[:5] = np.nan
    return pd.DataFrame(
        {
            "age": age,
            "area": generator.choice(["urban", "rural"], N),
            "sex": pd.Categorical(generator.choice(["f", "m"], N)),
            "seen": pd.date_range("2024-01-01", periods=N, freq="D", tz="UTC"),
            "smokes": generator.random(N) < 0.5,
            "zone": generator.integers(0, 3, N),
            "person": np.arange(N) // 2,
            "goal": 1.0,
        },
        index=pd.RangeIndex(N, name=ROW),
    )


def measured(declared: dict[str, object]) -> pd.DataFrame:
    options = EvaluationOptions(slices=SliceOptions.model_validate({"declared": declared}))
    table = pd.DataFrame(
        {"unit": np.arange(N), "target": 1.0, "challenger": np.arange(N) / N, "incumbent": 0.0},
        index=rows().index,
    )
    predictions = Predictions(table, Problem(type="regression"))
    found = measure_slices(rows(), predictions, COLUMNS, options)
    return found[found["kind"] == "declared"]


@pytest.mark.parametrize(
    ("demands", "text", "inside"),
    [
        ({"age": {"above": 65}}, "age above 65", lambda t: t["age"] > 65),
        ({"age": {"at_least": 65, "below": 70}}, "age at least 65 and below 70", None),
        ({"age": {"at_most": 30}}, "age at most 30", lambda t: t["age"] <= 30),
        ({"age": [None]}, "age missing", lambda t: t["age"].isna()),
        ({"age": [40, 50]}, "age 40 or 50", lambda t: t["age"].isin([40, 50])),
        ({"smokes": [True]}, "smokes True", lambda t: t["smokes"]),
        ({"zone": [1]}, "zone 1", lambda t: t["zone"] == 1),
        (
            {"area": ["urban"], "sex": ["f"]},
            "area urban, sex f",
            lambda t: (t["area"] == "urban") & (t["sex"] == "f"),
        ),
        (
            {"seen": {"at_least": "2024-02-01", "below": "2024-03-01"}},
            "seen at least 2024-02-01 and below 2024-03-01",
            lambda t: t["seen"].dt.strftime("%Y-%m") == "2024-02",
        ),
    ],
)
def test_a_declared_slice_holds_the_rows_it_says(demands: dict, text: str, inside) -> None:
    found = measured({"mine": demands})

    table = rows()
    expected = table["age"].between(65, 69.99) if inside is None else inside(table)
    assert set(found["column"]) == {"mine"}
    assert set(found["level"]) == {text}
    assert set(found["rows"]) == {int(expected.sum())}
    errors = 1.0 - np.arange(N)[expected.to_numpy()] / N
    got = found.set_index("metric")["value"]
    assert got["mae"] == pytest.approx(errors.mean())


def test_an_empty_or_small_slice_and_a_level_nobody_has_are_told() -> None:
    found = measured(
        {
            "old": {"age": {"above": 200}},
            "gone": {"area": ["urbn"]},
            "half": {"area": ["urban", "urbn"]},
            "few": {"age": [None]},
        }
    )

    notes = found.groupby("column")["note"].first()
    assert notes["old"] == "no test row is in it"
    assert notes["gone"] == "no row has area 'urbn'"
    assert notes["half"].startswith("no row has area 'urbn'")
    assert notes["few"].startswith("fewer than 30 rows")
    assert found[found["column"] == "gone"]["value"].isna().all()


@pytest.mark.parametrize(
    ("demands", "told"),
    [
        ({"aeg": [1]}, r"declared\.mine\.aeg: there is no such column.*Did you mean 'age'"),
        ({"goal": [1]}, "no such column"),
        ({"area": {"above": 3}}, r"bounds are for numbers and dates.*: write a list of levels\.$"),
        ({"area": {"above": "2024-01-01"}}, r"load_args: \{parse_dates: \[area\]\} in the catalog"),
        ({"age": {"above": "old"}}, "wants numbers"),
        ({"seen": {"above": 3}}, "wants dates"),
        ({"seen": {"above": "soon"}}, "is no date"),
        ({"seen": ["2024-01-01"]}, "write bounds"),
    ],
)
def test_a_demand_that_does_not_fit_is_refused(demands: dict, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        measured({"mine": demands})


@pytest.mark.parametrize("demands", [{}, {"age": []}, {"age": {}}, {"age": {"over": 3}}])
def test_a_demand_that_demands_nothing_is_refused(demands: dict) -> None:
    with pytest.raises(ValidationError):
        SliceOptions.model_validate({"declared": {"mine": demands}})
