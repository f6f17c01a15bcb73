"""The metrics are scikit-learn's, and nan where they are not defined."""

import warnings
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.metrics.catalogue import known_metrics, measure, metric

Rows = tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]

ORACLES: dict[str, Callable[..., float]] = {
    "accuracy": lambda y, p, t: sk.accuracy_score(y, p >= t),
    "precision": lambda y, p, t: sk.precision_score(y, p >= t, zero_division=np.nan),
    "recall": lambda y, p, t: sk.recall_score(y, p >= t, zero_division=np.nan),
    "f1": lambda y, p, t: sk.f1_score(y, p >= t, zero_division=np.nan),
    "roc_auc": lambda y, p, t: sk.roc_auc_score(y, p),
    "average_precision": lambda y, p, t: sk.average_precision_score(y, p),
    "log_loss": lambda y, p, t: sk.log_loss(y, p, labels=[0, 1]),
    "brier": lambda y, p, t: sk.brier_score_loss(y, p),
}


@st.composite
def rows(draw: st.DrawFn, ties: bool = True) -> Rows:
    """Both classes, probabilities with or without many ties, 0 and 1 included."""
    size = draw(st.integers(2, 60))
    target = draw(hnp.arrays(np.int8, size, elements=st.integers(0, 1)))
    target[:2] = [0, 1]
    grid = st.integers(0, 8).map(lambda step: step / 8)
    elements = grid if ties else st.floats(0, 1)
    return target, draw(hnp.arrays(np.float64, size, elements=elements))


def test_there_is_an_independent_oracle_for_every_metric() -> None:
    assert known_metrics() == list(ORACLES)


@pytest.mark.parametrize("name", ORACLES)
@given(data=st.one_of(rows(), rows(ties=False)), threshold=st.sampled_from([0.25, 0.5, 0.9]))
def test_a_metric_equals_scikit_learns(name: str, data: Rows, threshold: float) -> None:
    target, probability = data

    found = measure(name, target, probability, threshold)

    expected = ORACLES[name](target, probability, threshold)
    assert found == pytest.approx(expected, abs=1e-12, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_a_large_sample_equals_scikit_learns_as_closely(name: str) -> None:
    generator = np.random.default_rng(3)
    target = (generator.random(50_000) < 0.1).astype(np.int8)
    probability = np.clip(generator.normal(0.3, 0.2, 50_000) + 0.1 * target, 0, 1)

    found = measure(name, target, probability)

    assert found == pytest.approx(ORACLES[name](target, probability, 0.5), abs=1e-12)


@pytest.mark.parametrize(
    ("target", "probability", "undefined"),
    [
        ([0, 0, 0], [0.1, 0.2, 0.7], {"recall", "roc_auc", "average_precision"}),
        ([1, 1, 1], [0.1, 0.2, 0.7], {"roc_auc"}),
        ([0, 1, 1], [0.1, 0.2, 0.3], {"precision"}),
        ([0, 0], [0.1, 0.2], {"precision", "recall", "f1", "roc_auc", "average_precision"}),
        ([], [], set(ORACLES)),
    ],
)
def test_an_undefined_metric_is_nan_without_a_warning(
    target: list[int], probability: list[float], undefined: set[str]
) -> None:
    classes, predicted = np.array(target, np.int8), np.array(probability, np.float64)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = {name: measure(name, classes, predicted) for name in ORACLES}

    assert {name for name, value in found.items() if np.isnan(value)} == undefined


def test_the_threshold_itself_counts_as_positive() -> None:
    assert measure("recall", np.array([1, 1], np.int8), np.array([0.5, 0.499]), 0.5) == 0.5


def test_only_losses_are_better_when_smaller() -> None:
    assert [n for n in known_metrics() if not metric(n).greater_is_better] == ["log_loss", "brier"]


def test_an_unknown_metric_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ConfigurationError, match=r"'roc_acu'.*Did you mean 'roc_auc'\?.*brier"):
        measure("roc_acu", np.array([0, 1], np.int8), np.array([0.1, 0.9]))
