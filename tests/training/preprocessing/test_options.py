from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from experiment_cycle.training.preprocessing.options import (
    CategoricalOptions,
    NumericOptions,
    PreprocessingOptions,
)


def read(**options: Any) -> PreprocessingOptions:
    return PreprocessingOptions.model_validate(options)


def test_a_column_has_its_own_options_and_for_the_rest_those_of_its_kind() -> None:
    options = read(
        numeric={"impute": "mean"},
        categorical={"min_rows": 3},
        columns={"age": {"scale": "robust"}, "town": {"encode": "target"}},
    )

    assert options.of_numeric("age") == NumericOptions(impute="mean", scale="robust")
    assert options.of_numeric("other") == options.numeric
    assert options.of_categorical("town") == CategoricalOptions(encode="target", min_rows=3)


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ({"imput": "mean"}, "Extra inputs are not permitted"),
        ({"impute": "average"}, "Input should be 'auto', 'none', 'median'"),
        ({"impute": "mean", "encode": "target"}, "these keys are of several"),
        ({"kind": "date", "encode": "target"}, "these keys are of several"),
        ({"transformer": "a.B", "scale": "none"}, "transformer stands alone"),
        ({"parameters": {"a": 1}}, "parameters are of a transformer, and none is named"),
        ({"parts": []}, "at least 1 item"),
        ({"parts": ["century"]}, "Input should be 'year'"),
        ("a.B", "valid dictionary or instance of ColumnOptions"),
    ],
)
def test_a_wrong_option_of_a_column_is_refused_at_its_place(column: Any, told: str) -> None:
    with pytest.raises(ValidationError) as raised:
        read(columns={"age": column})

    found = raised.value.errors()[0]
    assert found["loc"][:2] == ("columns", "age")
    assert told in found["msg"]


def test_parameters_without_a_transformer_are_refused() -> None:
    with pytest.raises(ValidationError, match="none is named"):
        read(parameters={"a": 1})
