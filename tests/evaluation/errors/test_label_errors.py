"""Confident learning against its definitions, and what it finds where labels were changed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from tests.evaluation.errors.mixed_rows import COLUMNS, mixed, trained

from experiment_cycle.columns import ROW
from experiment_cycle.evaluation.errors.label_errors import doubt_classes, doubt_numbers
from experiment_cycle.evaluation.errors.suspects import (
    RANKED,
    REFITTED,
    Part,
    suspect_labels,
    validated,
)
from experiment_cycle.metrics.units import Units
from experiment_cycle.problem import Problem
from experiment_cycle.training.predicting import predict_outputs
from experiment_cycle.training.records import ModelRecord

BINARY = Problem(type="binary", classes=("no", "yes"))


def by_definition(
    probability: np.ndarray, label: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Thresholds, confident joint and the rows off its diagonal, by equations 1 and 2, in loops."""
    classes = probability.shape[1]
    thresholds = np.array(
        [
            np.mean(probability[label == j, j]) if (label == j).any() else np.nan
            for j in range(classes)
        ]
    )
    joint, off = np.zeros((classes, classes), dtype=int), []
    for row, given_ in enumerate(label):
        over = [j for j in range(classes) if probability[row, j] >= thresholds[j] - 1e-12]
        if over:
            likeliest = max(over, key=lambda j: (probability[row, j], -j))
            joint[given_, likeliest] += 1
            if likeliest != given_:
                off.append(row)
    return thresholds, joint, off


@given(
    arrays.arrays(float, st.tuples(st.integers(1, 30), st.just(3)), elements=st.floats(0.05, 1)),
    st.randoms(use_true_random=False),
)
def test_it_is_confident_learning_as_published(weights: np.ndarray, random) -> None:
    probability = weights / weights.sum(axis=1, keepdims=True)
    label = np.array([random.randrange(3) for _ in probability])

    found = doubt_classes(probability, label)

    thresholds, joint, off = by_definition(probability, label)
    np.testing.assert_allclose(found.thresholds, thresholds)
    np.testing.assert_array_equal(found.joint, joint)
    assert np.flatnonzero(found.suspected).tolist() == off
    # equation 3, before it is divided by the number of rows
    sizes = np.bincount(label, minlength=3)
    calibrated = np.array(
        [
            row * size / row.sum() if row.sum() else np.eye(3)[code] * size
            for code, (row, size) in enumerate(zip(joint, sizes, strict=True))
        ]
    )
    assert calibrated.sum() == pytest.approx(len(label))
    assert found.estimated == pytest.approx(calibrated.sum() - np.trace(calibrated))


def clusters(rows: int, distance: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    code = draw.integers(0, 3, rows)
    angle = 2 * np.pi * code / 3
    centre = distance * np.column_stack([np.cos(angle), np.sin(angle)])
    return centre + draw.normal(size=(rows, 2)), code


def test_flipped_labels_are_among_the_most_doubtful() -> None:
    features, truth = clusters(3000, 3.0)
    draw = np.random.default_rng(1)
    flipped = draw.choice(3000, 90, replace=False)
    label = truth.copy()
    label[flipped] = (label[flipped] + draw.integers(1, 3, 90)) % 3
    probability = cross_val_predict(
        LogisticRegression(), features, label, cv=5, method="predict_proba"
    )

    found = doubt_classes(probability, label)

    most = np.argsort(found.margin)[:90]
    # by chance 3 of 100 would be
    assert np.isin(flipped, most).mean() > 0.8
    # rows between the classes are over no threshold, and left in peace
    assert found.suspected[flipped].mean() > 0.7
    assert np.isin(np.flatnonzero(found.suspected), flipped).mean() > 0.9
    assert 60 < found.estimated < 150


def test_no_label_of_classes_far_apart_is_suspected() -> None:
    features, label = clusters(2000, 12.0)
    probability = cross_val_predict(
        LogisticRegression(), features, label, cv=5, method="predict_proba"
    )

    found = doubt_classes(probability, label)

    assert not found.suspected.any()
    assert found.estimated == 0
    assert found.by_chance < 0.5


def part_of(probability: np.ndarray, label: np.ndarray, name: str = "test") -> Part:
    rows = pd.DataFrame(
        {"size": np.arange(len(label))}, index=pd.RangeIndex(len(label), name=ROW) * 2
    )
    return Part(name, rows, label, probability, Units.from_codes(np.arange(len(label))))


def test_hard_rows_are_told_from_wrong_labels_by_how_many_there_are() -> None:
    draw = np.random.default_rng(3)
    probability = draw.beta(2, 2, 4000)
    right = (draw.random(4000) < probability).astype(np.int64)
    flips = draw.random(4000) < 0.05

    fine, _ = suspect_labels([part_of(probability, right)], BINARY, 10)
    wrong, _ = suspect_labels([part_of(probability, right ^ flips)], BINARY, 10)

    assert fine.suspected > 500
    assert fine.suspected == pytest.approx(fine.by_chance, rel=0.1)
    assert (fine.p_value or 0) > 0.05
    assert (wrong.p_value or 1) < 0.05


def test_labels_that_are_right_are_accused_as_often_as_promised() -> None:
    accused = 0
    for seed in range(100):
        draw = np.random.default_rng(seed)
        probability = np.repeat(draw.beta(2, 1, 100), 4)
        # rows of a group share their fate
        right = np.repeat(draw.random(100), 4) < probability
        part = part_of(probability, right.astype(np.int64))
        part = part._replace(units=Units.from_codes(np.arange(400) // 4))
        found, _ = suspect_labels([part], BINARY, 1)
        accused += (found.p_value or 1) < 0.05
    # 5 expected; 11 or more have a probability below 2 %
    assert accused <= 10


def test_the_most_doubtful_rows_of_both_parts_come_first_with_their_own_columns() -> None:
    one = part_of(np.array([0.9, 0.2, 0.95, 0.1]), np.array([1, 0, 0, 0]))
    other = part_of(np.array([0.99, 0.9, 0.1]), np.array([0, 1, 0]), "validation")

    found, listed = suspect_labels([one, other], BINARY, 2)

    assert listed.to_dict("list") == {
        ROW: [0, 4],
        "part": ["validation", "test"],
        "label": ["no", "no"],
        "suggested": ["yes", "yes"],
        "label_probability": pytest.approx([0.01, 0.05]),
        "suggested_probability": [0.99, 0.95],
        "size": [0, 2],
    }
    assert found.rows == {"test": 4, "validation": 3}
    assert found.suspected == 2


def test_extreme_errors_of_numbers_are_suspected_and_normal_ones_are_not() -> None:
    draw = np.random.default_rng(0)
    prediction = draw.uniform(1, 10, 2000)
    # greater where the prediction is
    error = draw.normal(size=2000) * prediction
    accused = 0
    for seed in range(40):
        again = np.random.default_rng(seed + 1)
        accused += doubt_numbers(prediction, again.normal(size=2000)).suspected.any()
    # 2 expected; 6 or more have a probability below 2 %
    assert accused <= 5
    error[[3, 8]] += [70, -70]

    found, listed = suspect_labels(
        [part_of(prediction, prediction + error)], Problem(type="regression"), 5
    )

    assert set(listed[ROW]) >= {6, 16}
    assert found.suspected <= 3
    assert found.limit == pytest.approx(stats.t.isf(0.025 / 2000, 0.37 * 200))


@pytest.mark.parametrize("target", [np.zeros(50), np.repeat([0.0, 1.0], [49, 1])])
def test_errors_that_are_nearly_all_0_have_no_size_to_exceed(target: np.ndarray) -> None:
    assert not doubt_numbers(np.zeros(50), target).suspected.any()
    assert not doubt_numbers(np.zeros(0), np.zeros(0)).suspected.any()


def test_a_relevance_is_no_label() -> None:
    part = part_of(np.zeros(3), np.zeros(3))

    found, listed = suspect_labels([part], Problem(type="ranking"), 5)

    assert (found.method, found.note, len(listed)) == ("none", RANKED, 0)


def test_validation_is_looked_at_unless_the_model_learned_from_it() -> None:
    rows, columns = mixed("binary", seed=2), COLUMNS["binary"]
    model = trained("lightgbm", "binary")
    record = ModelRecord(
        **{"estimator": "lightgbm", "identity": "1", "features": (), "hyperparameters": {}},
        problem=BINARY,
        best_step=1,
    )

    found = validated(model, record, rows, columns)

    assert isinstance(found, Part)
    np.testing.assert_array_equal(found.target, rows["goal"] == "yes")
    np.testing.assert_array_equal(found.output, predict_outputs(model, rows, BINARY))
    refitted = record.model_copy(update={"refit_rows": 400})
    assert validated(model, refitted, rows, columns) == REFITTED
