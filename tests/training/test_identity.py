from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier

from experiment_cycle.datasets.skops_model import dump_model, load_model
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


def identity(estimator, train, validation, columns, options=OPTIONS, seed=42, **hyperparameters):
    trained = train_model(estimator, hyperparameters, train, validation, columns, options, seed)
    return model_identity(trained.model)


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
    model = train_model(estimator, {}, *split, mixed_columns, OPTIONS, 42).model
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
    trained = train_model("lightgbm", {}, *split, mixed_columns, OPTIONS, 42)
    record = describe_model(trained.model, "lightgbm", {"num_leaves": 31})
    assert record.identity == model_identity(trained.model)
    assert record.best_round == trained.history.best_round
    assert set(record.features) == set(mixed_columns.features(split[0].columns))
    linear = train_model("linear", {}, *split, mixed_columns, OPTIONS, 42)
    assert describe_model(linear.model, "linear", {}).best_round is None


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


def test_estimators_of_scikit_learn_with_compiled_state_have_an_identity():
    rows = np.random.default_rng(0).normal(size=(50, 2))

    def forest(seed):
        model = RandomForestClassifier(n_estimators=2, random_state=seed, n_jobs=seed + 1)
        return model.fit(rows, rows[:, 0] > 0)

    assert model_identity(forest(0)) == model_identity(forest(0))
    assert model_identity(forest(0)) != model_identity(forest(1))


def test_what_cannot_be_read_has_no_identity():
    with pytest.raises(TypeError, match="cannot be told"):
        model_identity([object()])
    endless = []
    endless.append(endless)
    with pytest.raises(TypeError, match="holds itself"):
        model_identity(endless)
