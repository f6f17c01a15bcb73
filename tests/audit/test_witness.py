"""The fit witness, and how it recognises rows."""

from __future__ import annotations

import lightgbm
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from experiment_cycle.audit.fitted import fit_witness_finding
from experiment_cycle.audit.known_rows import KnownRows, RowBook
from experiment_cycle.audit.witness import FitWitness
from experiment_cycle.columns import ROW, Columns
from experiment_cycle.splitting.leakage.options import AuditOptions, Waiver
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.trainer import train_model

ROWS = 200
SHORT = {
    "estimators": {
        **{name: {"n_estimators": 3} for name in ("lightgbm", "xgboost", "hist_gradient_boosting")},
        **{name: {"epochs": 2} for name in ("sgd", "skorch")},
    }
}
FITS = ("fit", "fit_transform", "fit_predict", "fit_resample", "partial_fit", "transform")


@pytest.fixture
def table() -> pd.DataFrame:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(ROWS, 4)), columns=list("abcd"))
    frame["level"] = random.choice(["u", "v", "w"], ROWS)
    frame["y"] = random.integers(0, 2, ROWS)
    frame.index.name = ROW
    return frame


@pytest.fixture
def part() -> np.ndarray:
    return np.random.default_rng(1).permutation(np.repeat([0, 1, 2], [140, 30, 30])).astype(np.int8)


@pytest.fixture
def book(table: pd.DataFrame, part: np.ndarray) -> RowBook:
    return RowBook([KnownRows(table, part)])


def numbers(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[list("abcd")]


def test_every_step_of_a_pipeline_is_heard(
    table: pd.DataFrame, part: np.ndarray, book: RowBook
) -> None:
    train = table[part == 0]
    preprocess = ColumnTransformer(
        [("n", StandardScaler(), list("abcd")), ("l", OneHotEncoder(), ["level"])]
    )
    model = Pipeline([("p", preprocess), ("m", LogisticRegression())])

    with FitWitness(book) as witness:
        model.fit(train, train["y"])

    heard = {each.estimator: each for each in witness.seen}
    assert {"Pipeline", "ColumnTransformer", "StandardScaler", "OneHotEncoder"} <= set(heard)
    assert heard["LogisticRegression"].how == "followed"
    assert not heard["Pipeline"].nested
    assert heard["StandardScaler"].nested
    for name in ("Pipeline", "ColumnTransformer", "StandardScaler", "LogisticRegression"):
        assert heard[name].rows == {"train": 140, "validation": 0, "test": 0}
    assert fit_witness_finding(witness.seen, AuditOptions()).status == "passed"


def test_a_fit_on_test_rows_fails_and_is_named(
    table: pd.DataFrame, part: np.ndarray, book: RowBook
) -> None:
    with FitWitness(book, lambda: "my_node") as witness:
        make_pipeline(StandardScaler(), PCA(2)).fit(numbers(table[part > 0]))

    finding = fit_witness_finding(witness.seen, AuditOptions())
    assert finding.status == "failed"
    assert "In the node 'my_node' Pipeline was fitted on 30 test rows" in finding.message
    assert finding.evidence["accused"][0]["rows"] == 30


def test_a_waived_fit_is_waived_and_not_passed(table: pd.DataFrame, book: RowBook) -> None:
    with FitWitness(book) as witness:
        StandardScaler().fit(numbers(table))
    waiver = Waiver(code="LEAK017", reason="units only", by="A. Smith")

    finding = fit_witness_finding(witness.seen, AuditOptions(waivers=(waiver,)))

    assert finding.status == "waived"
    assert finding.waiver == {"reason": "units only", "by": "A. Smith"}


@pytest.mark.parametrize(
    ("form", "how"),
    [
        (lambda frame: frame, "index"),
        (lambda frame: frame.reset_index(drop=True), "values"),
        (lambda frame: frame.sample(frac=1, random_state=0).reset_index(drop=True), "values"),
        (lambda frame: frame.to_numpy(), "column"),
        (lambda frame: frame[["b", "a"]].to_numpy(), "column"),
    ],
)
def test_rows_are_recognised_in_other_forms(form, how, table, part, book) -> None:  # type: ignore[no-untyped-def]
    with FitWitness(book) as witness:
        StandardScaler().fit(form(numbers(table)))

    (seen,) = witness.seen
    assert seen.how == how
    assert seen.rows == {"train": 140, "validation": 30, "test": 30}


def test_what_cannot_be_recognised_is_said_and_not_passed_over(book: RowBook) -> None:
    with FitWitness(book) as witness:
        StandardScaler().fit(np.random.default_rng(5).normal(size=(77, 3)))

    finding = fit_witness_finding(witness.seen, AuditOptions())
    assert finding.status == "passed"
    assert "could not be told for 1 kinds of fit" in finding.message


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_a_train_row_with_a_test_rows_values_accuses_nobody(seed: int, levels: int) -> None:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": random.integers(0, levels, 90), "b": random.integers(0, levels, 90)})
    part = random.permutation(np.repeat([0, 1, 2], 30)).astype(np.int8)
    train = frame[part == 0].reset_index(drop=True)

    found = KnownRows(frame, part).count(train)

    assert found is None or found[0]["test"] == 0


@pytest.mark.parametrize(
    "fit",
    [
        lambda X, y: lightgbm.LGBMClassifier(n_estimators=2, verbosity=-1).fit(X, y),
        lambda X, y: SGDClassifier().partial_fit(X, y, classes=[0, 1]),
        lambda X, y: GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2).fit(X, y),
        lambda X, y: StandardScaler().fit_transform(X),
        lambda X, y: StandardScaler().fit(X=X),
    ],
)
def test_all_ways_to_fit_are_heard(fit, table, part, book) -> None:  # type: ignore[no-untyped-def]
    with FitWitness(book) as witness:
        fit(numbers(table[part == 2]), table["y"][part == 2])

    assert fit_witness_finding(witness.seen, AuditOptions()).status == "failed"


BOOSTERS = {
    "lightgbm": lambda rows, target: __import__("lightgbm").train(
        {"verbosity": -1}, lightgbm.Dataset(rows, target), num_boost_round=2
    ),
    "lightgbm, continued": lambda rows, target: lightgbm.Booster(
        {"verbosity": -1}, lightgbm.Dataset(rows, target).construct()
    ).update(),
    "xgboost": lambda rows, target: pytest.importorskip("xgboost").train(
        {"verbosity": 0}, pytest.importorskip("xgboost").DMatrix(rows, target), 3
    ),
    "xgboost, binned": lambda rows, target: pytest.importorskip("xgboost").train(
        {"verbosity": 0}, pytest.importorskip("xgboost").QuantileDMatrix(rows, target), 3
    ),
}


@pytest.mark.parametrize("name", BOOSTERS)
@pytest.mark.parametrize("form", ["frame", "numbers", "scaled"])
def test_boosters_that_learn_without_a_fit_are_heard(name, form, table, part, book) -> None:  # type: ignore[no-untyped-def]
    rows = numbers(table[part == 2])
    with FitWitness(book, lambda: "my_node") as witness:
        given = {
            "frame": rows,
            "numbers": rows.to_numpy(),
            "scaled": StandardScaler().fit(numbers(table[part == 0])).transform(rows),
        }[form]
        BOOSTERS[name](given, table["y"][part == 2])

    booster = witness.seen[-1]
    assert booster.estimator == f"{name.split(',')[0]}.Booster"
    assert (booster.rows, booster.calls) == ({"train": 0, "validation": 0, "test": 30}, 1)
    assert booster.learns_target
    finding = fit_witness_finding(witness.seen, AuditOptions())
    assert "Booster was fitted on 30 test rows" in finding.message


def test_rows_that_only_validate_a_booster_are_not_fitted_on(
    table: pd.DataFrame, part: np.ndarray, book: RowBook
) -> None:
    with FitWitness(book) as witness:
        train = lightgbm.Dataset(numbers(table[part == 0]), table["y"][part == 0])
        held = lightgbm.Dataset(numbers(table[part == 2]), table["y"][part == 2], reference=train)
        lightgbm.train({"verbosity": -1}, train, 2, valid_sets=[held])

    assert [each.rows for each in witness.seen] == [{"train": 140, "validation": 0, "test": 0}]


@pytest.mark.parametrize(
    ("estimator", "module", "heard"),
    [
        ("lightgbm", "lightgbm", "lightgbm.Booster"),
        ("xgboost", "xgboost", "xgboost.Booster"),
        ("skorch", "skorch", "_Net"),
        # its mini-batches are no known set of rows
        ("sgd", "sklearn", "Preprocessor"),
        ("hist_gradient_boosting", "sklearn", "HistGradientBoostingClassifier"),
    ],
)
def test_a_test_row_among_those_that_the_trainer_is_given_is_seen(
    estimator: str, module: str, heard: str, table: pd.DataFrame, part: np.ndarray, book: RowBook
) -> None:
    pytest.importorskip(module)
    columns, options = Columns(target="y"), TrainingOptions.model_validate(SHORT)
    stolen = pd.concat([table[part == 0], table[part == 2].head(1)])

    with FitWitness(book) as witness:
        train_model(
            *(estimator, {}, stolen, table[part == 1], columns, options, "classification", 0)
        )

    seen = {each.estimator: each.rows for each in witness.seen}
    leaking = {"train": 140, "validation": 0, "test": 1}
    assert seen["Preprocessor"] == leaking
    assert seen[heard] == leaking
    assert fit_witness_finding(witness.seen, AuditOptions()).status == "failed"


def test_a_class_made_while_listening_is_heard_and_left_as_it_was(
    table: pd.DataFrame, book: RowBook
) -> None:
    with FitWitness(book) as witness:

        class Mean(TransformerMixin, BaseEstimator):
            def fit(self, X: pd.DataFrame, y: object = None) -> Mean:
                self.mean_ = X.mean()
                return self

            def transform(self, X: pd.DataFrame) -> pd.DataFrame:
                return X - self.mean_

        Mean().fit_transform(numbers(table))

    assert [each.estimator for each in witness.seen] == ["Mean"]
    assert not hasattr(Mean.fit, "__wrapped__")


def test_everything_is_put_back_even_after_an_error(book: RowBook) -> None:
    classes = [BaseEstimator]
    for each in classes:
        classes += [found for found in each.__subclasses__() if found not in classes]
    owners = [
        (owner, name)
        for each in classes
        for owner in each.__mro__
        for name in (*FITS, "__init_subclass__")
        if name in owner.__dict__
    ]
    before = {(owner, name): owner.__dict__[name] for owner, name in owners}
    own = set(BaseEstimator.__dict__)
    boosters = (lightgbm.Dataset.__init__, lightgbm.Booster.__init__)

    with pytest.raises(ValueError, match="0 sample"), FitWitness(book):
        StandardScaler().fit(np.empty((0, 2)))

    assert {key: key[0].__dict__[key[1]] for key in before} == before
    assert set(BaseEstimator.__dict__) == own
    assert (lightgbm.Dataset.__init__, lightgbm.Booster.__init__) == boosters


def test_fitting_is_not_changed_by_being_watched(
    table: pd.DataFrame, part: np.ndarray, book: RowBook
) -> None:
    train = table[part == 0]
    alone = LogisticRegression().fit(numbers(train), train["y"]).coef_
    with FitWitness(book):
        watched = LogisticRegression().fit(numbers(train), train["y"]).coef_

    assert np.array_equal(alone, watched)


def test_preprocessing_fitted_on_validation_rows_is_told(
    table: pd.DataFrame, part: np.ndarray, book: RowBook
) -> None:
    with FitWitness(book, lambda: "train_it") as witness:
        StandardScaler().fit(numbers(table[part < 2]))

    finding = fit_witness_finding(witness.seen, AuditOptions(), frozenset({"train_it"}))

    assert finding.status == "passed"
    assert "fitted on validation rows in training (StandardScaler)" in finding.message
