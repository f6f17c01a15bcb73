from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from experiment_cycle.problem import Problem
from experiment_cycle.training.fit_key import code_versions, data_hash, fit_key
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.prepared import Prepared

DATA = Prepared(
    *(Problem(type="binary", classes=("no", "yes")), None, None, (0,)),
    *(np.arange(6.0).reshape(3, 2), np.array([0, 1, 1]), np.zeros((1, 2)), np.array([0])),
)
BLOCK = {"num_leaves": 5, "learning_rate": 0.1, "max_depth": None, "hidden_layers": (3, 4)}


def key(data=DATA, estimator="lightgbm", block=BLOCK, seed=1, **options):
    return fit_key(estimator, data, block, TrainingOptions.model_validate(options), seed)


@pytest.mark.parametrize(
    "change",
    [
        {"train": DATA.train + 1e-15},
        {"train": DATA.train.astype(np.float32)},
        {"train": DATA.train.reshape(2, 3)},
        {"train_target": np.array([1, 1, 1])},
        {"validation": np.ones((1, 2))},
        {"validation_target": np.array([1])},
        {"train_weight": np.ones(3)},
        {"train_query": np.zeros(3, dtype=np.int64)},
        {"categorical": ()},
        {"problem": Problem(type="binary", classes=("yes", "no"))},
    ],
)
def test_other_data_are_another_fit(change):
    assert key(replace(DATA, **change)) != key()


@pytest.mark.parametrize(
    "change",
    [
        {"estimator": "xgboost"},
        {"block": BLOCK | {"num_leaves": 6}},
        {"block": BLOCK | {"hidden_layers": (4, 3)}},
        {"seed": 2},
        {"metrics": ["brier"]},
        {"early_stopping": {"patience": 3}},
    ],
)
def test_what_changes_the_curves_is_another_fit(change):
    assert key(**change) != key()


@pytest.mark.parametrize(
    "change", [{"threads": 4}, {"checkpoints": {"every": 7}}, {"seeds": 3}, {"baseline": "dummy"}]
)
def test_what_leaves_them_as_they_are_is_the_same_fit(change):
    assert key(**change) == key()


def test_the_order_of_the_bytes_in_memory_means_nothing():
    assert data_hash(replace(DATA, train=np.asfortranarray(DATA.train))) == data_hash(DATA)
    assert data_hash(replace(DATA, train=np.repeat(DATA.train, 2, axis=1)[:, ::2])) == data_hash(
        DATA
    )


def test_sparse_rows_are_hashed_by_what_they_hold():
    thin = [sparse.csr_array(DATA.train), sparse.csc_array(DATA.train)]
    hashes = {data_hash(replace(DATA, train=each)) for each in thin}
    assert len(hashes) == 1
    other = sparse.csr_array(DATA.train + 1)
    assert data_hash(replace(DATA, train=other)) not in hashes


def test_a_class_of_the_users_own_counts_by_its_source(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    source = tmp_path / "forest_of_mine.py"
    hashes = []
    for text in ("class Forest: pass\n", "class Forest: trees = 2\n"):
        source.write_text(text)
        versions = code_versions("custom", {"path": "forest_of_mine.Forest"})
        hashes.append(versions["forest_of_mine.Forest"])
    assert None not in hashes
    assert len(set(hashes)) == 2
    missing = code_versions("custom", {"path": "nowhere.at.All"})
    assert missing["nowhere.at.All"] is None


def test_the_libraries_that_fit_are_named():
    assert {"numpy", "scikit-learn", "lightgbm"} <= set(code_versions("lightgbm", {}))
    assert "lightgbm" not in code_versions("linear", {})
