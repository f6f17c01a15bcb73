from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.splitting.options import SplittingOptions, check_splitting

GROUPED = Columns(target="y", group="person")
UNGROUPED = Columns(target="y")


def test_the_shipped_parameters_are_the_defaults() -> None:
    file = Path(__file__).parents[2] / "conf" / "base" / "parameters_splitting.yml"
    shipped = yaml.safe_load(file.read_text())["splitting"]

    assert SplittingOptions.model_validate(shipped) == SplittingOptions()
    assert set(shipped) == set(SplittingOptions.model_fields)


@pytest.mark.parametrize(
    ("ratios", "total"),
    [((0.7, 0.15, 0.25), "1.1"), ((0.7, 0.1, 0.1), "0.9"), ((0.7, 0.15, 0.149999), "0.999999")],
)
def test_ratios_that_do_not_add_up_are_refused_with_their_sum(
    ratios: tuple[float, float, float], total: str
) -> None:
    named = dict(zip(("train", "validation", "test"), ratios, strict=True))

    with pytest.raises(ValidationError, match=rf"add up to {total}; they must add up to 1"):
        SplittingOptions.model_validate({"ratios": named})


@pytest.mark.parametrize("ratios", [(1.0, 0.0, 0.0), (1.2, -0.1, -0.1)])
def test_no_part_may_be_empty_or_negative(ratios: tuple[float, float, float]) -> None:
    named = dict(zip(("train", "validation", "test"), ratios, strict=True))

    with pytest.raises(ValidationError):
        SplittingOptions.model_validate({"ratios": named})


def test_ratios_that_add_up_but_for_rounding_are_accepted() -> None:
    SplittingOptions.model_validate({"ratios": {"train": 0.7, "validation": 0.2, "test": 0.1}})


@pytest.mark.parametrize("strategy", ["random", "stratified"])
def test_a_strategy_that_ignores_the_group_column_names_both_remedies(strategy: str) -> None:
    options = SplittingOptions.model_validate({"strategy": strategy})

    with pytest.raises(ConfigurationError) as raised:
        check_splitting(GROUPED, options)

    assert "'person'" in raised.value.message
    assert "stratified_group" in raised.value.message
    assert "'splitting.override_reason'" in raised.value.message


@pytest.mark.parametrize("reason", ["", "   "])
def test_an_empty_reason_is_none(reason: str) -> None:
    options = SplittingOptions(strategy="random", override_reason=reason)

    with pytest.raises(ConfigurationError, match="override_reason"):
        check_splitting(GROUPED, options)


def test_a_reason_allows_it() -> None:
    check_splitting(GROUPED, SplittingOptions(strategy="random", override_reason="demonstration"))


@pytest.mark.parametrize("strategy", ["group", "stratified_group"])
def test_a_group_strategy_without_a_group_column_names_the_key(strategy: str) -> None:
    options = SplittingOptions.model_validate({"strategy": strategy})

    with pytest.raises(ConfigurationError, match=r"'columns\.group' names no column.*Next step"):
        check_splitting(UNGROUPED, options)
    check_splitting(GROUPED, options)


@pytest.mark.parametrize("strategy", ["random", "stratified"])
def test_without_a_group_column_no_reason_is_needed(strategy: str) -> None:
    check_splitting(UNGROUPED, SplittingOptions.model_validate({"strategy": strategy}))
