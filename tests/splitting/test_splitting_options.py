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


TIMED = Columns(target="y", time="day")
PANEL = Columns(target="y", group="person", time="day")


@pytest.mark.parametrize(
    ("strategy", "columns", "told"),
    [
        ("random", TIMED, r"'columns\.time' declares 'day'.*to time;.*override_reason"),
        ("key_hash", TIMED, r"'columns\.time' declares 'day'.*to time;"),
        ("group", PANEL, r"'columns\.time' declares 'day'.*to group_time"),
        ("time", PANEL, r"'columns\.group' declares 'person'.*to group_time"),
        ("time", GROUPED, r"'columns\.time' names no column.*stratified_group or group"),
        ("time", UNGROUPED, r"'columns\.time' names no column.*stratified or random"),
        ("group_time", TIMED, r"'columns\.group' names no column.*to time"),
        ("predefined", UNGROUPED, r"'splitting\.column' names no column"),
    ],
)
def test_what_a_strategy_ignores_or_lacks_is_told_with_the_remedy(
    strategy: str, columns: Columns, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        check_splitting(columns, SplittingOptions.model_validate({"strategy": strategy}))


@pytest.mark.parametrize(
    ("strategy", "columns"),
    [
        ("group_time", PANEL),
        ("time", TIMED),
        ("key_hash", GROUPED),
        ("group", Columns(target="y", query="list")),
        ("random", Columns(target="y", query="list")),
        ("group_time", Columns(target="y", query="list", time="day")),
    ],
)
def test_strategies_that_respect_what_is_declared_need_no_reason(
    strategy: str, columns: Columns
) -> None:
    check_splitting(columns, SplittingOptions.model_validate({"strategy": strategy}))


def test_a_reason_allows_time_to_be_ignored() -> None:
    check_splitting(PANEL, SplittingOptions(strategy="random", override_reason="demonstration"))


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (Columns(target="y"), r"'part', which a model would read.*'columns\.drop'"),
        (Columns(target="part"), r"names the target, 'part'"),
    ],
)
def test_the_column_of_a_predefined_split_is_no_feature(columns: Columns, told: str) -> None:
    options = SplittingOptions(strategy="predefined", column="part")

    with pytest.raises(ConfigurationError, match=told):
        check_splitting(columns, options)
    check_splitting(Columns(target="y", drop=("part",)), options)


@pytest.mark.parametrize("key", ["label_horizon", "feature_lookback"])
def test_a_stretch_of_time_needs_a_time_column(key: str) -> None:
    options = SplittingOptions.model_validate({"strategy": "random", key: "30d"})

    with pytest.raises(ConfigurationError, match=rf"{key}' is 30d, but 'columns\.time' names no"):
        check_splitting(UNGROUPED, options)


@pytest.mark.parametrize("written", ["30d", "1.5 h", 0, 7, 2.5])
def test_a_stretch_of_time_is_read(written: object) -> None:
    read = SplittingOptions.model_validate({"label_horizon": written}).label_horizon

    assert read is not None
    assert (read.delay is None) is not isinstance(written, str)


@pytest.mark.parametrize("written", ["30", "30 fortnights", "soon", "outcome", -1, "-3d", True])
def test_any_other_stretch_of_time_is_refused_with_what_is_allowed(written: object) -> None:
    with pytest.raises(ValidationError, match="such as 30d"):
        SplittingOptions.model_validate({"label_horizon": written})


def test_a_test_share_of_zero_needs_cross_validation() -> None:
    ratios = {"train": 0.8, "validation": 0.2, "test": 0.0}

    with pytest.raises(ValidationError, match="nothing to test with"):
        SplittingOptions.model_validate({"ratios": ratios})
    SplittingOptions.model_validate({"ratios": ratios, "cross_validation": {"folds": 3}})


def test_folds_by_time_are_drawn_once() -> None:
    options = SplittingOptions.model_validate(
        {"strategy": "time", "cross_validation": {"folds": 3, "repeats": 2}}
    )

    with pytest.raises(ConfigurationError, match="come out the same every time"):
        check_splitting(TIMED, options)
