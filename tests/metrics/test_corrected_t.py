"""The corrected test keeps its size where the plain one errs in half of all cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from experiment_cycle.metrics.corrected_t import corrected_resampled_t


def test_an_example_computed_by_hand() -> None:
    # mean 0.02, variance 0.0002; 1/4 + 10/90 = 13/36; error sqrt(0.0002 * 13/36)
    differences = np.array([0.0, 0.02, 0.02, 0.04]) + np.array([0.0, 0.01, -0.01, 0.0])

    test = corrected_resampled_t(differences, 90, 10)

    variance = (0.02**2 + 0.01**2 + 0.01**2 + 0.02**2) / 3
    assert test.mean == pytest.approx(0.02)
    assert test.standard_error == pytest.approx(math.sqrt(variance * 13 / 36))
    assert test.statistic == pytest.approx(0.02 / math.sqrt(variance * 13 / 36))
    assert test.degrees == 3
    assert test.p_value == pytest.approx(2 * stats.t.cdf(-test.statistic, 3))
    assert test.lower(test.p_value / 2) == pytest.approx(0, abs=1e-12)


def test_with_next_to_no_test_rows_it_is_the_plain_t_test() -> None:
    differences = np.random.default_rng(0).normal(0.3, 1, 20)

    plain = stats.ttest_1samp(differences, 0)

    assert corrected_resampled_t(differences, 1e12, 1).p_value == pytest.approx(plain.pvalue)


def test_differences_that_are_all_alike_leave_no_doubt() -> None:
    assert corrected_resampled_t(np.zeros(10), 90, 10).p_value == 1
    assert corrected_resampled_t(np.full(10, 0.5), 90, 10).p_value == 0


@pytest.mark.parametrize(("count", "n_train", "n_test"), [(1, 90, 10), (5, 0, 10), (5, 90, 0)])
def test_too_little_to_test_is_refused(count: int, n_train: int, n_test: int) -> None:
    with pytest.raises(ValueError, match="at least two differences"):
        corrected_resampled_t(np.zeros(count), n_train, n_test)


def draw(random: np.random.Generator, rows: int, repeats: int) -> tuple[np.ndarray, ...]:
    """Draw a target, two sets of columns that tell as much of it, and ten folds, repeated."""
    target = random.integers(0, 2, rows)
    features = random.normal(size=(rows, 6)) + 0.35 * target[:, None]
    folds = np.stack([random.permutation(rows) % 10 for _ in range(repeats)])
    return target, features[:, :3], features[:, 3:], folds


def right(target: np.ndarray, features: np.ndarray, trained: np.ndarray) -> np.ndarray:
    """Tell which rows linear discriminant analysis calls right, one model for each row of trained.

    All models at once: each needs only the sums of its training rows.
    """
    squares = np.einsum("ri,rj->rij", features, features).reshape(len(features), -1)
    shares, means, scatter = [], [], 0.0
    for label in (0, 1):
        rows = trained * (target == label)
        count = rows.sum(axis=1)
        centre = rows @ features / count[:, None]
        inner = np.einsum("mi,mj->mij", centre, centre) * count[:, None, None]
        scatter = scatter + (rows @ squares).reshape(inner.shape) - inner
        shares.append(count)
        means.append(centre)
    gap, middle = means[1] - means[0], (means[0] + means[1]) / 2
    pooled = scatter / (trained.sum(axis=1) - 2)[:, None, None]
    weights = np.linalg.solve(pooled, gap[:, :, None])[:, :, 0]
    scores = weights @ features.T - (weights * middle).sum(axis=1, keepdims=True)
    called = scores + np.log(shares[1] / shares[0])[:, None] > 0
    return called == target


def repeated_differences(random: np.random.Generator, rows: int, repeats: int) -> np.ndarray:
    """Accuracies of two procedures, equally good by symmetry, over ten-fold cross-validation."""
    target, first, second, folds = draw(random, rows, repeats)
    tested = (folds[:, None, :] == np.arange(10)[:, None]).reshape(-1, rows).astype(np.float64)
    better = right(target, first, 1 - tested) * 1.0 - right(target, second, 1 - tested)
    return (better * tested).sum(axis=1) / tested.sum(axis=1)


def test_the_many_models_at_once_are_those_of_scikit_learn() -> None:
    found = repeated_differences(np.random.default_rng(5), rows=100, repeats=2)

    target, first, second, folds = draw(np.random.default_rng(5), rows=100, repeats=2)
    expected = []
    for tests in (fold == number for fold in folds for number in range(10)):
        accuracies = [
            LinearDiscriminantAnalysis()
            .fit(half[~tests], target[~tests])
            .score(half[tests], target[tests])
            for half in (first, second)
        ]
        expected.append(accuracies[0] - accuracies[1])
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(("rows", "size", "plain_size"), [(100, 0.068, 0.60), (300, 0.049, 0.55)])
def test_its_size_is_near_the_nominal_one_where_the_plain_test_errs_often(
    rows: int, size: float, plain_size: float
) -> None:
    """Ten times ten folds; the sizes at 5 % were measured with 5,000 repetitions."""
    random, plain, corrected = np.random.default_rng(5), 0, 0
    repetitions = 300
    for _ in range(repetitions):
        differences = repeated_differences(random, rows, repeats=10)
        plain += stats.ttest_1samp(differences, 0).pvalue < 0.05
        corrected += corrected_resampled_t(differences, 0.9 * rows, 0.1 * rows).p_value < 0.05

    # give or take four standard errors
    assert corrected / repetitions < size + 4 * math.sqrt(size * (1 - size) / repetitions)
    error = math.sqrt(plain_size * (1 - plain_size) / repetitions)
    assert plain / repetitions > plain_size - 4 * error
