"""Both models predict the same rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import DataError, IntegrityError
from experiment_cycle.evaluation.predictions import predict_both, rows_behind

COLUMNS = Columns(target="ill", group="person", drop=("visits",))


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


def model(frame: pd.DataFrame, *names: str) -> Pipeline:
    encode = [(name, StandardScaler() if name == "age" else OneHotEncoder()) for name in names]
    transformer = ColumnTransformer([(name, how, [name]) for name, how in encode])
    pipeline = make_pipeline(transformer, LogisticRegression())
    return pipeline.fit(frame[list(names)], COLUMNS.labels(frame["ill"]))


def test_the_table_has_unit_target_and_both_probabilities_of_the_same_rows() -> None:
    test = table()
    challenger, incumbent = model(test, "age", "sex"), model(test, "age")

    found = predict_both(challenger, incumbent, test, COLUMNS)

    assert dict(found.dtypes.astype(str)) == {
        "unit": "int64",
        "target": "int8",
        "challenger": "float64",
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

    found = predict_both(model(test, "age"), model(test, "age"), test[["ill", "age"]], columns)

    assert found["unit"].is_unique


def test_columns_the_champion_needs_and_the_data_no_longer_have_are_named() -> None:
    test = table()
    champion = model(test, "age", "sex")

    with pytest.raises(DataError, match=r"trained on columns that are no features.*: sex\. .*age"):
        predict_both(model(test, "age"), champion, test.drop(columns="sex"), COLUMNS)


def test_columns_that_came_after_the_champion_do_not_disturb_it() -> None:
    test = table().assign(income=lambda frame: frame["age"] * 2)
    champion = make_pipeline(StandardScaler(), LogisticRegression())
    champion.fit(test[["age"]], COLUMNS.labels(test["ill"]))

    found = predict_both(model(test, "age", "sex"), champion, test, COLUMNS)

    np.testing.assert_array_equal(found["incumbent"], champion.predict_proba(test[["age"]])[:, 1])


def test_a_column_that_changed_its_type_under_the_champion_is_told() -> None:
    test = table()
    changed = test.assign(age=test["age"].round().astype(int).astype(str) + " years")

    with pytest.raises(DataError, match=r"cannot read the test rows.*changed its type"):
        predict_both(model(test, "sex"), model(test, "age", "sex"), changed, COLUMNS)


def test_a_test_set_of_one_class_needs_to_be_told_which() -> None:
    test = table().assign(ill="no")
    never = make_pipeline(DummyClassifier(strategy="prior")).fit(
        table()[["age"]], [0] * 20 + [1] * 20
    )

    with pytest.raises(
        DataError, match=r"same value in the target column 'ill'.*columns\.positive"
    ):
        predict_both(never, never, test, COLUMNS)

    told = COLUMNS.model_copy(update={"positive": "yes"})
    assert (predict_both(never, never, test, told)["target"] == 0).all()


def test_rows_come_in_the_order_of_their_predictions() -> None:
    test = table()
    predictions = pd.DataFrame({"unit": 0}, index=test.index[::-1])

    assert rows_behind(test, predictions).index.equals(predictions.index)


def test_predictions_for_other_rows_are_refused() -> None:
    test = table()

    with pytest.raises(IntegrityError, match="not made for this test set"):
        rows_behind(test, pd.DataFrame({"unit": 0}, index=test.index + 1))
