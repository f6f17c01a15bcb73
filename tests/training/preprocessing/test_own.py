from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.training.estimators.contract import Wants
from experiment_cycle.training.preparation import prepare_data, transform_rows
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.preprocessing.options import PreprocessingOptions

MODULE = "transformers_of_the_user"
COLUMNS = Columns(target="y")
TREES = Wants(scaled=False, codes=True, gaps=True)


@pytest.fixture(scope="module", autouse=True)
def module() -> Iterator[None]:
    spec = importlib.util.spec_from_file_location(MODULE, Path(__file__).parent / "transformers.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules[MODULE] = found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    yield
    del sys.modules[MODULE]


def table(rows: int = 6) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "note": ["well", "ill again", None, "x", "yes", "no"][:rows],
            "income": np.arange(1.0, rows + 1),
            "debt": np.arange(rows) * 2.0,
            "y": [0, 1] * (rows // 2) + [0] * (rows % 2),
        },
        index=np.arange(10, 10 + rows),
    )


def prepared(options: dict[str, Any], validation: pd.DataFrame | None = None) -> Prepared:
    told = PreprocessingOptions.model_validate(options)
    rest = table() if validation is None else validation
    return prepare_data(TREES, table(), rest, COLUMNS, told, "classification")


def of_note(name: str, **parameters: Any) -> dict[str, Any]:
    own: dict[str, Any] = {"transformer": f"{MODULE}.{name}", "parameters": parameters}
    return {"columns": {"note": own}}


def test_a_transformer_of_one_column_makes_inputs_of_it() -> None:
    found = prepared(of_note("Lengths", most=5))

    assert found.features.own == ("note",)
    assert found.preprocess.get_feature_names_out().tolist() == ["income", "debt", "note_0"]
    assert found.train[:, 2].tolist() == [4, 5, 0, 1, 3, 2]


def test_a_vectoriser_of_documents_reads_texts_not_column_names() -> None:
    path = "sklearn.feature_extraction.text.CountVectorizer"
    found = prepared({"columns": {"note": {"transformer": path}}})

    names = found.preprocess.get_feature_names_out().tolist()
    assert names == ["income", "debt", "again", "ill", "no", "well", "yes"]
    assert found.train[1, 2:].tolist() == [1, 1, 0, 0, 0]
    assert found.train[2, 2:].tolist() == [0] * 5


def test_a_transformer_of_all_raw_features_comes_first_and_the_model_takes_raw_rows() -> None:
    found = prepared({"transformer": f"{MODULE}.Ratio", "columns": {"ratio": {"impute": "zero"}}})

    assert found.preprocess.feature_names_in_.tolist() == ["note", "income", "debt"]
    assert found.features.numeric == ("income", "ratio")
    np.testing.assert_allclose(found.train[:, 1], np.arange(6) * 2 / 3.5)
    again = transform_rows(found, table()[["debt", "note", "income"]])
    np.testing.assert_array_equal(again, found.train)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (of_note("Absent"), r"columns\.note\.transformer is '.*Absent', which cannot be imported"),
        (of_note("CannotTransform"), "which lacks transform"),
        (of_note("not_a_class"), "which is no class"),
        (of_note("Lengths", least=1), r"columns\.note\.parameters .* does not take.*'least'"),
        (of_note("DropsRows"), r"DropsRows \(.*columns\.note\.transformer\) returned 5 rows for 6"),
        (of_note("Words"), "returned something else than numbers"),
        ({"transformer": "nowhere.Thing"}, r"preprocessing\.transformer is 'nowhere\.Thing'"),
        ({"transformer": f"{MODULE}.DropsRows"}, "returned 5 rows for 6"),
        (
            {"columns": {"nte": {"transformer": f"{MODULE}.Lengths"}}},
            r"names 'nte', which is no feature\. Did you mean 'note'",
        ),
    ],
)
def test_a_transformer_that_cannot_be_used_is_refused_with_its_key(
    options: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        prepared(options)


def test_another_number_of_columns_than_in_training_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="1 columns for the training rows and 2 here"):
        prepared(of_note("Widens"), table(5))


@pytest.mark.parametrize("options", [of_note("Lengths"), {"transformer": f"{MODULE}.Ratio"}])
def test_rows_without_a_column_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="columns that the table lacks: note"):
        transform_rows(prepared(options), table().drop(columns="note"))
