"""Each row's influence is the derivative of the metric in that row's weight."""

import warnings

import numpy as np
import numpy.typing as npt
import pytest
import sklearn.metrics as sk

from experiment_cycle.metrics.catalogue import known_metrics, measure
from experiment_cycle.metrics.influence import influence

WEIGHTED = {
    "accuracy": lambda y, p, w: sk.accuracy_score(y, p >= 0.5, sample_weight=w),
    "precision": lambda y, p, w: sk.precision_score(y, p >= 0.5, sample_weight=w),
    "recall": lambda y, p, w: sk.recall_score(y, p >= 0.5, sample_weight=w),
    "f1": lambda y, p, w: sk.f1_score(y, p >= 0.5, sample_weight=w),
    "roc_auc": lambda y, p, w: sk.roc_auc_score(y, p, sample_weight=w),
    "average_precision": lambda y, p, w: sk.average_precision_score(y, p, sample_weight=w),
    "log_loss": lambda y, p, w: sk.log_loss(y, p, sample_weight=w),
    "brier": lambda y, p, w: sk.brier_score_loss(y, p, sample_weight=w),
}


def sample(size: int, decimals: int) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
    generator = np.random.default_rng(11)
    target = generator.integers(0, 2, size).astype(np.int8)
    probability = np.round(np.clip(generator.normal(0.4, 0.2, size) + 0.2 * target, 0, 1), decimals)
    return target, probability


@pytest.mark.parametrize("decimals", [1, 12], ids=["ties", "no ties"])
@pytest.mark.parametrize("name", WEIGHTED)
def test_the_influence_is_the_numerical_derivative_in_the_weight(name: str, decimals: int) -> None:
    target, probability = sample(60, decimals)
    step = 1e-5

    def slope(row: int) -> float:
        up, down = np.ones(60), np.ones(60)
        up[row] += step
        down[row] -= step
        weighted = WEIGHTED[name]
        return (weighted(target, probability, up) - weighted(target, probability, down)) / (
            2 * step
        )

    found = influence(name, target, probability)

    assert found.value == measure(name, target, probability)
    expected = [slope(row) for row in range(60)]
    np.testing.assert_allclose(found.contributions, expected, atol=1e-9)
    assert found.contributions.sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("decimals", [1, 12], ids=["ties", "no ties"])
def test_the_auc_variance_is_delongs(decimals: int) -> None:
    target, probability = sample(41, decimals)
    positive, negative = probability[target == 1], probability[target == 0]
    above = positive[:, None] > negative[None, :]
    wins = above + 0.5 * (positive[:, None] == negative[None, :])
    delong = wins.mean(axis=1).var(ddof=1) / len(positive)
    delong += wins.mean(axis=0).var(ddof=1) / len(negative)

    contributions = influence("roc_auc", target, probability).contributions

    found = 0.0
    for label in (0, 1):
        of_class = contributions[target == label]
        found += (of_class**2).sum() * len(of_class) / (len(of_class) - 1)
    assert found == pytest.approx(delong, abs=1e-12)


@pytest.mark.parametrize("name", known_metrics())
def test_leaving_a_row_out_changes_the_metric_by_about_its_influence(name: str) -> None:
    target, probability = sample(2000, 12)
    whole = influence(name, target, probability)
    row = int(np.abs(whole.contributions).argmax())

    without = measure(name, np.delete(target, row), np.delete(probability, row))

    expected = -whole.contributions[row]
    assert without - whole.value == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(
    ("name", "target", "note"),
    [
        ("roc_auc", [0, 0], "no row is positive"),
        ("roc_auc", [1, 1], "no row is negative"),
        ("average_precision", [0, 0], "no row is positive"),
        ("precision", [0, 1], "no row is called positive"),
        ("recall", [0, 0], "no row is positive"),
        ("f1", [0, 0], "none is called positive"),
        ("log_loss", [], "there are no rows"),
    ],
)
def test_where_a_metric_is_undefined_a_note_says_why(
    name: str, target: list[int], note: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = influence(name, np.array(target, np.int8), np.array([0.1, 0.2])[: len(target)])

    assert np.isnan(found.value)
    assert not found.contributions.any()
    assert note in str(found.note)
