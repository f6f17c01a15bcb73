"""What a test set can show is told before it is opened, and holds once it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiment_cycle.decision.criteria import list_criteria
from experiment_cycle.decision.intervals import measure_effect
from experiment_cycle.decision.power import foresee, warn_of_power
from experiment_cycle.decision.records import Foresight
from experiment_cycle.errors import DataError

LEVEL = 0.03


def keys(rows: int, group_size: int = 1) -> Any:
    return (np.arange(rows) // group_size).astype(np.uint64)


def told(case: Any, test_rows: int, level: float = LEVEL, group_size: int = 1) -> Foresight:
    return foresee(
        case.paired,
        keys(len(case.predictions), group_size),
        keys(test_rows, group_size),
        level,
        case.hypothesis,
    )


@pytest.mark.parametrize("group_size", [1, 8])
def test_the_standard_error_of_the_test_set_is_foreseen(
    make_case: Callable[..., Any], group_size: int
) -> None:
    validation = make_case("binary", "roc_auc", rows=4000, group_size=group_size, seed=1)
    test = make_case("binary", "roc_auc", rows=1000, group_size=group_size, seed=2)
    found = told(validation, 1000, group_size=group_size)
    effect = measure_effect(list_criteria(test.hypothesis)[0], test.paired)
    true = effect.standard_error * (effect.quantile(LEVEL) + effect.quantile(0.2))

    assert found.smallest == pytest.approx(true, rel=0.2)
    assert found.effective_units == 1000 / group_size


def test_the_smallest_improvement_is_shown_in_80_of_100_test_sets(
    make_case: Callable[..., Any],
) -> None:
    """By the errors of a known regression: a paired t test of n differences (Student 1908)."""
    case = make_case("regression", "mae", rows=3000)
    found = told(case, 500)
    own, other = (case.paired.influence(model, "mae") for model in ("challenger", "incumbent"))
    spread = float(np.std(own.contributions - other.contributions) * len(own.contributions))
    shift = found.smallest / (spread / np.sqrt(500))
    power = stats.nct.sf(stats.t.isf(LEVEL, 499), 499, shift)

    assert power == pytest.approx(0.8, abs=0.01)


def test_four_times_the_rows_show_half_the_improvement(case: Any) -> None:
    few, many = told(case, 1000), told(case, 4000)

    assert few.smallest == pytest.approx(2 * many.smallest)
    assert few.rows_needed == pytest.approx(many.rows_needed, rel=0.01)


def test_rows_needed_are_enough_and_fewer_are_not(case: Any) -> None:
    needed = told(case, 500).rows_needed

    assert told(case, needed).smallest == pytest.approx(told(case, needed).expected, rel=0.01)
    assert not told(case, round(0.9 * needed)).is_enough
    assert told(case, round(1.1 * needed)).is_enough


def test_a_spent_budget_shows_nothing(case: Any) -> None:
    found = told(case, 1000, level=0.0005)

    assert found.smallest is None
    assert not found.is_enough


def test_too_small_a_test_set_is_a_warning_and_a_reason(
    case: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    warn_of_power(told(case, 60))
    warn_of_power(told(case, 60_000))

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "which takes about" in caplog.records[0].message
    assert "80 % power" in caplog.records[1].message


def test_a_primary_metric_that_validation_does_not_define_stops_before_a_look(
    make_case: Callable[..., Any],
) -> None:
    case = make_case("binary", "roc_auc", rows=300)
    case.predictions["target"] = np.int8(1)

    with pytest.raises(
        DataError, match=r"'roc_auc' is not defined on validation.*nothing is spent"
    ):
        told(case, 500)
    assert not case.ledger.exists()
