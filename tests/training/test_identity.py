from __future__ import annotations

import json

import numpy as np
import pytest
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, TargetEncoder

from experiment_cycle.datasets.skops_model import dump_model, load_model
from experiment_cycle.training.calibrated import CalibratedClassifier
from experiment_cycle.training.identity import describe_model, model_identity, state_hash
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.trainer import train_model

ESTIMATORS = ["lightgbm", "linear"]
OPTIONS = TrainingOptions.model_validate({"estimators": {"lightgbm": {"n_estimators": 20}}})

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def identity(
    estimator, train_rows, validation, columns, options=OPTIONS, seed=42, **hyperparameters
):
    return model_identity(
        train(estimator, hyperparameters, train_rows, validation, columns, options, seed).model
    )


def train(estimator, hyperparameters, rows, validation, columns, options=OPTIONS, seed=42):
    task = "classification"
    return train_model(estimator, hyperparameters, rows, validation, columns, options, task, seed)


@pytest.fixture
def split(mixed):
    return mixed[:400], mixed[400:]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_same_training_twice_is_the_same_model(estimator, split, mixed_columns):
    assert identity(estimator, *split, mixed_columns) == identity(estimator, *split, mixed_columns)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_number_of_threads_is_no_part_of_a_model(estimator, visits, visits_columns):
    parts = visits["train"], visits["validation"]
    two = OPTIONS.model_copy(update={"threads": 2})
    assert identity(estimator, *parts, visits_columns) == identity(
        estimator, *parts, visits_columns, two
    )


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_model_read_back_from_a_file_is_the_same(estimator, split, mixed_columns, tmp_path):
    model = train(estimator, {}, *split, mixed_columns).model
    dump_model(model, tmp_path / "first.skops")
    once = load_model(tmp_path / "first.skops")
    dump_model(once, tmp_path / "second.skops")
    twice = load_model(tmp_path / "second.skops")
    assert model_identity(model) == model_identity(once) == model_identity(twice)


@pytest.mark.parametrize(
    ("estimator", "changed"),
    [
        ("lightgbm", {"learning_rate": 0.051}),
        ("lightgbm", {"reg_lambda": 1e-9}),
        ("linear", {"C": 1.0001}),
        ("lightgbm", {"seed": 43}),
        ("linear", {"seed": 43}),
    ],
)
def test_another_seed_or_hyperparameter_is_another_model(estimator, changed, split, mixed_columns):
    assert identity(estimator, *split, mixed_columns) != identity(
        estimator, *split, mixed_columns, **changed
    )


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("column", ["outcome", "number"])
def test_one_changed_row_is_another_model(estimator, column, split, mixed_columns):
    train, validation = split
    changed = train.copy()
    other = {"outcome": "no" if train["outcome"].iloc[7] == "yes" else "yes", "number": 9.0}
    changed.iloc[7, changed.columns.get_loc(column)] = other[column]
    assert identity(estimator, train, validation, mixed_columns) != identity(
        estimator, changed, validation, mixed_columns
    )


def test_estimators_differ_from_each_other(split, mixed_columns):
    assert len({identity(name, *split, mixed_columns) for name in ESTIMATORS}) == 2


def test_a_model_is_described_by_what_it_reads_and_where_it_stopped(split, mixed_columns):
    trained = train("lightgbm", {}, *split, mixed_columns)
    record = describe_model(
        trained.model,
        estimator="lightgbm",
        problem=trained.problem,
        hyperparameters={"num_leaves": 31},
        best_step=trained.history.best_step,
    )
    assert record.identity == model_identity(trained.model)
    assert record.best_step == trained.history.best_step
    assert set(record.features) == set(mixed_columns.features(split[0].columns))


@given(plain, plain)
def test_plain_values_hash_alike_exactly_if_their_sorted_json_is_alike(one, two):
    alike = json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)
    assert (state_hash(one) == state_hash(two)) == alike


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (np.arange(6), np.arange(6).reshape(2, 3)),
        (np.arange(6), np.arange(6.0)),
        (np.zeros(2, np.float32), np.zeros(1, np.float64)),
        (np.array(["a", "b"]), np.array(["ab", ""])),
        (np.array(["a", None], object), np.array(["a", "None"], object)),
        (["ab", "c"], ["a", "bc"]),
        ([[1], 2], [1, [2]]),
        (sparse.csr_array([[0, 1]]), sparse.csr_array([[1, 0]])),
        ({1, 2}, {1, 3}),
        (int, float),
    ],
)
def test_what_differs_hashes_differently(one, two):
    assert state_hash(one) != state_hash(two)


def test_memory_layout_and_byte_order_are_no_part_of_an_array():
    array = np.arange(6.0).reshape(2, 3)
    assert state_hash(array) == state_hash(np.asfortranarray(array))
    assert state_hash(array) == state_hash(array.astype(">f8"))
    assert state_hash(sparse.csr_array(array)) == state_hash(sparse.csc_array(array))


ROWS = np.random.default_rng(0).normal(size=(200, 3))
LABELS = (ROWS[:, 0] + ROWS[:, 1] ** 2 > 0.7).astype(int)
LEVELS = np.abs(ROWS[:, :2]).round()


def learn_in_epochs(model):
    for _ in range(3):
        model.partial_fit(ROWS, LABELS, classes=[0, 1])
    return model


LEARNED = {
    "sgd": lambda seed: learn_in_epochs(SGDClassifier(loss="log_loss", random_state=seed)),
    "mlp": lambda seed: learn_in_epochs(MLPClassifier((4,), random_state=seed)),
    "mlp fitted at once": lambda seed: MLPRegressor(
        hidden_layer_sizes=(4,), max_iter=3, early_stopping=True, random_state=seed
    ).fit(ROWS, LABELS),
    "forest": lambda seed: RandomForestClassifier(
        n_estimators=2, random_state=seed, n_jobs=seed + 1
    ).fit(ROWS, LABELS),
    "trees": lambda seed: ExtraTreesRegressor(n_estimators=2, random_state=seed).fit(ROWS, LABELS),
    "boosting": lambda seed: HistGradientBoostingClassifier(
        max_iter=3, max_features=0.5, random_state=seed
    ).fit(ROWS, LABELS),
    "quantile boosting": lambda seed: HistGradientBoostingRegressor(
        max_iter=3, loss="quantile", quantile=0.3, max_features=0.5, random_state=seed
    ).fit(ROWS, LABELS),
    "dummy": lambda seed: DummyClassifier(random_state=seed).fit(ROWS, LABELS),
    "target encoding": lambda seed: TargetEncoder(random_state=seed).fit(LEVELS, LABELS),
    "one-hot": lambda seed: OneHotEncoder(min_frequency=seed + 2).fit(LEVELS),
    "quantiles": lambda seed: QuantileTransformer(n_quantiles=9, random_state=seed).fit(ROWS),
    "calibration": lambda seed: CalibratedClassifier(
        LogisticRegression(random_state=seed).fit(ROWS, LABELS), "isotonic"
    ).fit(ROWS, LABELS),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", LEARNED)
def test_what_was_learned_is_the_same_after_a_file_and_another_with_another_seed(name):
    model = LEARNED[name](0)
    dumped = skops.io.dumps(model)
    back = skops.io.loads(dumped, trusted=skops.io.get_untrusted_types(data=dumped))
    same = {model_identity(model), model_identity(LEARNED[name](0)), model_identity(back)}
    assert len(same) == 1
    assert model_identity(LEARNED[name](1)) not in same


def test_what_a_fit_drew_from_and_how_it_went_is_no_part_of_a_model():
    model = learn_in_epochs(MLPClassifier((4,), random_state=0))
    before = model_identity(model)
    model._random_state.random()
    model.loss_curve_.append(0.1)
    del model._optimizer
    assert model_identity(model) == before
    model.coefs_[0][0, 0] = np.nextafter(model.coefs_[0][0, 0], 1.0)
    assert model_identity(model) != before


def test_what_lies_between_the_fields_of_an_array_does_not_count():
    fields = np.dtype({"names": ["a", "b"], "formats": ["u1", "f8"], "offsets": [0, 8]})
    one, two = (
        np.frombuffer(bytes([fill]) * 32, dtype="u1").copy().view(fields) for fill in (0, 9)
    )
    for array in (one, two):
        array["a"], array["b"] = 1, 2.0
    assert one.tobytes() != two.tobytes()
    assert state_hash(one) == state_hash(two)
    two["b"][1] = 3.0
    assert state_hash(one) != state_hash(two)


def test_what_cannot_be_read_has_no_identity():
    with pytest.raises(TypeError, match="cannot be told"):
        model_identity([object()])
    endless = []
    endless.append(endless)
    with pytest.raises(TypeError, match="holds itself"):
        model_identity(endless)
