"""Drift between train and test: named where there is some, and seldom where there is none."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.evaluation.errors.mixed_rows import COLUMNS, mixed

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.evaluation.errors.drift import NO_TEST, FeatureDrift, measure_drift

COLUMN_ROLES = Columns(target="goal", group="site", drop=("note",))


def table(rows: int, seed: int, first_site: int = 0) -> pd.DataFrame:
    """Rows in groups of four that share most of their values."""
    draw = np.random.default_rng(seed)
    site = np.arange(rows) // 4
    return pd.DataFrame(
        {
            "age": draw.normal(size=rows // 4)[site],
            "colour": draw.choice(["red", "green", "blue"], rows // 4)[site],
            "own": draw.normal(size=rows),
            "count": draw.integers(0, 4, rows),
            "goal": draw.integers(0, 2, rows // 4)[site],
            "note": "x",
            "site": site + first_site,
        },
        index=pd.RangeIndex(rows, name=ROW),
    )


def of(found: tuple[FeatureDrift, ...], name: str) -> FeatureDrift:
    return next(each for each in found if each.column == name)


def test_clean_splits_are_seldom_accused_although_rows_of_a_group_are_alike() -> None:
    accused = 0
    for seed in range(80):
        train, test = table(1200, seed), table(400, seed + 1000, first_site=5000)
        found = measure_drift(train, test, COLUMN_ROLES, seed)
        accused += any(each.differs for each in found.columns)
    assert found.unit == "group"
    assert (found.train_units, found.test_units) == (300, 100)
    # 4 expected at most; 9 or more have a probability below 2 %
    assert accused <= 8


def test_what_moved_is_named_and_comes_first() -> None:
    train, test = table(1200, 1), table(400, 2, first_site=5000)
    test["age"] += 0.8
    test["colour"] = test["colour"].where(test["site"] % 2 == 0, "red")

    found = measure_drift(train, test, COLUMN_ROLES, 1)

    assert [each.column for each in found.columns if each.differs] == [
        each.column for each in found.columns[:2]
    ]
    assert {each.column for each in found.columns[:2]} == {"age", "colour"}
    assert "note" not in {each.column for each in found.columns}
    colour = of(found.columns, "colour")
    assert colour.most == "share of red"
    assert (colour.train, colour.test) == (
        pytest.approx(0.33, abs=0.1),
        pytest.approx(0.67, abs=0.1),
    )


def test_effect_and_p_value_are_scipys() -> None:
    columns = Columns(target="goal")
    train, test = table(800, 3), table(800, 4)

    found = measure_drift(train, test, columns, 1)

    own = of(found.columns, "own")
    expected = stats.ks_2samp(train["own"], test["own"])
    assert (own.effect, own.p_value) == pytest.approx((expected.statistic, expected.pvalue))
    assert own.train == pytest.approx(np.quantile(train["own"], 0.5, method="lower"))
    colour = of(found.columns, "colour")
    both = pd.crosstab(np.repeat(["train", "test"], 800), pd.concat([train, test])["colour"].values)
    assert colour.p_value == pytest.approx(stats.chi2_contingency(both, correction=False).pvalue)
    shares = both.to_numpy() / 800
    assert colour.effect == pytest.approx(np.abs(shares[0] - shares[1]).sum() / 2)
    assert of(found.columns, "goal").role == "target"
    effects = [each.effect for each in found.columns]
    assert effects == sorted(effects, reverse=True)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "ranking"])
def test_every_kind_of_column_can_be_compared(kind: str) -> None:
    later = mixed(kind, seed=2).assign(when=lambda rows: rows["when"] + pd.Timedelta("800D"))

    found = measure_drift(mixed(kind), later, COLUMNS[kind], 1)

    when = of(found.columns, "when")
    assert {each.column for each in found.columns} == {
        *{"number", "other", "flag", "colour", "when", "goal"}
    }
    assert when.differs
    assert str(when.train) < str(when.test)
    assert when.most == "median"
    assert found.unit == ("query" if kind == "ranking" else "row")
    found.model_validate_json(found.model_dump_json())


def test_time_is_told_as_the_reason_and_a_missing_test_set_as_that() -> None:
    columns = Columns(target="goal", time="when")
    early, late = (
        table(400, seed).assign(when=pd.Timestamp("2024-01-01") + pd.to_timedelta(day, "D"))
        for seed, day in ((1, 0), (2, 9))
    )

    assert "later than training rows" in (measure_drift(early, late, columns, 1).note or "")
    nothing = measure_drift(early, late.head(0), columns, 1)
    assert (nothing.columns, nothing.note) == ((), NO_TEST)
    few = measure_drift(early, late.head(9), columns, 1)
    assert "fewer than 20 rows" in (few.note or "")


def test_types_that_differ_are_compared_by_what_they_hold() -> None:
    train, test = table(400, 1), table(400, 2)
    test["count"] = test["count"].astype("Int64").where(test["count"] > 0)
    train["all"], test["all"] = 1, 1

    found = measure_drift(train, test, Columns(target="goal"), 1)

    assert of(found.columns, "count").differs
    assert "all" in found.untested
