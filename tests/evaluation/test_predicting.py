"""All models predict the same rows."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import DataError
from experiment_cycle.evaluation.predicting import predict_all
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.problem import Problem
from experiment_cycle.training.records import ModelRecord

COLUMNS = Columns(target="ill", group="person", drop=("visits",))
BINARY = Problem(type="binary", classes=("no", "yes"))


def table(rows: int = 40) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    age = generator.normal(50, 10, rows)
    return pd.DataFrame(
        {
            "ill": np.where(age + generator.normal(0, 10, rows) > 50, "yes", "no"),
            "age": age,
            "sex": generator.choice(["f", "m"], rows),
            "person": np.arange(rows) // 2 + 500,
            "visits": 1,
        },
        index=pd.Index(np.arange(rows) * 3, name=ROW),
    )


def model(frame: pd.DataFrame, *names: str, target: Any = None, estimator: Any = None) -> Pipeline:
    encode = [(name, StandardScaler() if name == "age" else OneHotEncoder()) for name in names]
    transformer = ColumnTransformer([(name, how, [name]) for name, how in encode])
    pipeline = make_pipeline(transformer, estimator or LogisticRegression())
    codes = (frame["ill"] == "yes").astype(int) if target is None else target
    return pipeline.fit(frame[list(names)], codes)


def predict(
    challenger: Pipeline,
    incumbent: Pipeline,
    test: pd.DataFrame,
    *,
    columns: Columns = COLUMNS,
    seeds: tuple[Pipeline, ...] = (),
    problem: Problem = BINARY,
    other: Problem | None = None,
) -> pd.DataFrame:
    known = {"estimator": "linear", "hyperparameters": {}, "identity": "1"}
    own = ModelRecord(**known, problem=problem, features=("age",), best_step=None)
    old = IncumbentRecord(
        **known, problem=other or problem, threshold=0.5, kind="baseline", registered_model="v"
    )
    return predict_all(challenger, incumbent, seeds, own, old, test, columns)


def test_the_table_has_unit_target_and_the_probabilities_of_all_models() -> None:
    test = table()
    challenger, incumbent = model(test, "age", "sex"), model(test, "age")

    found = predict(challenger, incumbent, test, seeds=(model(test, "sex"),) * 2)

    assert dict(found.dtypes.astype(str)) == {
        "unit": "int64",
        "target": "int64",
        "challenger": "float64",
        "challenger_seed_2": "float64",
        "challenger_seed_3": "float64",
        "incumbent": "float64",
    }
    assert found.index.equals(test.index)
    assert found.index.name == ROW
    assert (found["target"] == (test["ill"] == "yes")).all()
    assert found.groupby("unit").size().eq(2).all()
    expected = challenger.predict_proba(test[["age", "sex"]])[:, 1]
    np.testing.assert_array_equal(found["challenger"], expected)
    np.testing.assert_array_equal(found["incumbent"], incumbent.predict_proba(test[["age"]])[:, 1])


def test_without_a_group_column_every_row_is_a_unit() -> None:
    test = table()
    columns = Columns(target="ill", drop=("visits", "person"))

    found = predict(model(test, "age"), model(test, "age"), test, columns=columns)

    assert found["unit"].is_unique


def test_several_classes_have_a_column_each() -> None:
    test = table()
    problem = Problem(type="multiclass", classes=("a", "b", "c"))
    codes = np.arange(len(test)) % 3
    test["ill"] = np.array(["a", "b", "c"])[codes]
    fitted = model(test, "age", target=codes)

    found = predict(fitted, fitted, test, problem=problem, seeds=(fitted,))

    expected = fitted.predict_proba(test[["age"]])
    np.testing.assert_array_equal(found["target"], codes)
    for name in ("challenger", "challenger_seed_2", "incumbent"):
        np.testing.assert_array_equal(found[[f"{name}_{code}" for code in range(3)]], expected)


def test_a_class_no_training_row_has_is_refused() -> None:
    test = table()
    fitted = model(test, "age")
    problem = Problem(type="multiclass", classes=("yes", "maybe", "no"))

    with pytest.raises(DataError, match="classes in test that no training row has: never"):
        predict(fitted, fitted, test.replace({"ill": {"no": "never"}}), problem=problem)


@pytest.mark.parametrize("kind", ["regression", "ranking"])
def test_numbers_are_predicted_by_value_and_queries_told_apart(kind: str) -> None:
    test = table().assign(ill=np.arange(40) % 4)
    columns = Columns(target="ill", query="person", drop=("visits",))
    fitted = model(test, "age", target=test["ill"], estimator=LinearRegression())

    found = predict(fitted, fitted, test, problem=Problem(type=kind), columns=columns)

    np.testing.assert_array_equal(found["challenger"], fitted.predict(test[["age"]]))
    np.testing.assert_array_equal(found["target"], test["ill"].astype(float))
    assert found["target"].dtype == np.float64
    np.testing.assert_array_equal(found["unit"], np.arange(40) // 2)
    assert ("query" in found.columns) == (kind == "ranking")
    if kind == "ranking":
        np.testing.assert_array_equal(found["query"], np.arange(40) // 2)
        assert found["query"].dtype == np.int64


def test_an_incumbent_of_another_problem_is_refused() -> None:
    test = table()
    fitted = model(test, "age")

    with pytest.raises(DataError, match=r"trained for a regression problem.*binary.*Next step"):
        predict(fitted, fitted, test, other=Problem(type="regression"))


@pytest.mark.parametrize("classes", [("yes", "no"), (None, "yes"), ("no", "ja")])
def test_an_incumbent_of_other_classes_is_refused(classes: tuple) -> None:
    test = table()
    fitted = model(test, "age")

    with pytest.raises(DataError, match=r"other classes.*'no', 'yes'.*columns\.positive"):
        predict(fitted, fitted, test, other=Problem(type="binary", classes=classes))


def test_columns_the_champion_needs_and_the_data_no_longer_have_are_named() -> None:
    test = table()
    champion = model(test, "age", "sex")

    with pytest.raises(DataError, match=r"trained on columns that are no features.*: sex\. .*age"):
        predict(model(test, "age"), champion, test.drop(columns="sex"))


def test_columns_that_came_after_the_champion_do_not_disturb_it() -> None:
    test = table().assign(income=lambda frame: frame["age"] * 2)
    champion = model(test, "age")

    found = predict(model(test, "age", "sex"), champion, test)

    np.testing.assert_array_equal(found["incumbent"], champion.predict_proba(test[["age"]])[:, 1])


def test_a_column_that_changed_its_type_under_the_champion_is_told() -> None:
    test = table()
    changed = test.assign(age=test["age"].round().astype(int).astype(str) + " years")

    with pytest.raises(DataError, match=r"cannot read the test rows.*changed its type"):
        predict(model(test, "sex"), model(test, "age", "sex"), changed)


def test_a_model_that_does_not_give_a_number_is_named() -> None:
    test = table()
    broken = model(test, "age")
    broken[-1].coef_[:] = np.nan

    with pytest.raises(DataError, match=r"The challenger_seed_2 fails.*first in row 0"):
        predict(model(test, "age"), model(test, "age"), test, seeds=(broken,))


def test_a_test_set_of_one_class_is_encoded_as_the_training_rows_were() -> None:
    test = table()
    fitted = model(test, "age")

    assert (predict(fitted, fitted, test.assign(ill="no"))["target"] == 0).all()
    assert (predict(fitted, fitted, test.assign(ill="yes"))["target"] == 1).all()


def test_ranking_without_a_query_column_is_refused() -> None:
    test = table().assign(ill=np.arange(40) % 4)
    fitted = model(test, "age", target=test["ill"], estimator=LinearRegression())

    with pytest.raises(DataError, match=r"columns\.query"):
        predict(fitted, fitted, test, problem=Problem(type="ranking"))
