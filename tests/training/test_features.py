from __future__ import annotations

import logging
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.training.features import refuse_infinite, usable_features
from experiment_cycle.training.preprocessing.options import PreprocessingOptions


def test_numbers_and_booleans_are_numeric_and_text_is_categorical(mixed, mixed_columns):
    found = usable_features(mixed, mixed_columns)
    assert found.numeric == ("number", "whole", "flag")
    assert found.categorical == ("flag_with_gaps", "colour", "size")


@pytest.mark.parametrize(
    "values",
    [
        pd.to_timedelta([1, 2, 3], unit="D"),
        [Decimal(1), Decimal(2), None],
        [[1], [2], [3]],
        [b"a", b"b", None],
        ["a", 1, None],
        [1j, 2j, 3j],
        [None, None, None],
        [np.nan, np.nan, np.nan],
        pd.Categorical(pd.date_range("2020-01-01", periods=3)),
    ],
    ids=lambda values: type(values[0]).__name__,
)
def test_a_column_that_no_model_reads_is_left_out_and_named(values, caplog):
    frame = pd.DataFrame({"odd": values, "x": [1.0, 2.0, 3.0], "y": [0, 1, 0]})
    # at the level of a repeated notice: another test may have had the same one
    with caplog.at_level(logging.DEBUG, logger="experiment_cycle.training.features"):
        found = usable_features(frame, Columns(target="y"))
    assert found.names == ["x"]
    assert "'odd'" in caplog.text


def test_a_categorical_of_booleans_or_numbers_is_categorical():
    frame = pd.DataFrame(
        {"b": pd.Categorical([True, False]), "n": pd.Categorical([3, 4]), "y": [0, 1]}
    )
    assert usable_features(frame, Columns(target="y")).categorical == ("b", "n")


def test_no_feature_left_is_a_mistake_in_the_data():
    frame = pd.DataFrame({"x": [1, 2], "y": [0, 1]})
    with pytest.raises(DataError, match=r"columns\.drop"):
        usable_features(frame, Columns(target="y", drop=("x",)))


def test_an_infinite_feature_is_refused_with_its_first_row():
    frame = pd.DataFrame({"x": [1.0, np.nan, np.inf, -np.inf], "y": [0, 1, 0, 1]})
    found = usable_features(frame, Columns(target="y"))
    with pytest.raises(DataError, match=r"'x' is infinite in 2 rows of train, first in row 2"):
        refuse_infinite(frame, found, "train")


@pytest.mark.parametrize(
    "values",
    [
        pd.date_range("2020-01-01", periods=3),
        pd.date_range("2020-01-01", periods=3, tz="Europe/Berlin"),
        [date(2020, 1, 1), None, date(2021, 1, 1)],
    ],
    ids=["times", "with a zone", "objects"],
)
def test_dates_are_dates(values):
    frame = pd.DataFrame({"d": values, "y": [0, 1, 0]})
    assert usable_features(frame, Columns(target="y")).dates == ("d",)


def test_text_that_hardly_repeats_is_left_out_and_told_and_levels_are_not(caplog):
    names = [f"person {number}" for number in range(90)]
    frame = pd.DataFrame(
        {
            "full_name": names + names[:10],
            "made_a_category": pd.Categorical(names + names[:10]),
            "town": [f"town {number % 45}" for number in range(100)],
            "y": [0, 1] * 50,
        }
    )
    with caplog.at_level(logging.WARNING):
        found = usable_features(frame, Columns(target="y"))
    assert found.categorical == ("made_a_category", "town")
    assert "'full_name' (90 values)" in caplog.text
    from_all = PreprocessingOptions.model_validate({"text": {"from_distinct_share": 0.95}})
    assert "full_name" in usable_features(frame, Columns(target="y"), from_all).names
    said = PreprocessingOptions.model_validate({"columns": {"full_name": {"encode": "target"}}})
    assert "full_name" in usable_features(frame, Columns(target="y"), said).names


def test_numbers_are_categories_where_the_options_say_so():
    frame = pd.DataFrame({"code": [1, 2], "y": [0, 1]})
    said = PreprocessingOptions.model_validate({"columns": {"code": {"kind": "categorical"}}})
    assert usable_features(frame, Columns(target="y"), said).categorical == ("code",)


def test_options_of_another_kind_than_the_column_are_refused():
    frame = pd.DataFrame({"c": ["a", "b"], "y": [0, 1]})
    said = PreprocessingOptions.model_validate({"columns": {"c": {"impute": "median"}}})
    with pytest.raises(ConfigurationError, match=r"columns\.c has options of a numeric column"):
        usable_features(frame, Columns(target="y"), said)
