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


def repeated_differences(random: np.random.Generator, rows: int, repeats: int) -> np.ndarray:
    """Accuracies of two procedures, equally good by symmetry, over ten-fold cross-validation."""
    target = random.integers(0, 2, rows)
    features = random.normal(size=(rows, 6)) + 0.35 * target[:, None]
    halves = (features[:, :3], features[:, 3:])
    found = []
    for _ in range(repeats):
        fold = random.permutation(rows) % 10
        for number in range(10):
            tests = fold == number
            right = [
                LinearDiscriminantAnalysis().fit(half[~tests], target[~tests]).predict(half[tests])
                == target[tests]
                for half in halves
            ]
            found.append(right[0].mean() - right[1].mean())
    return np.array(found)


@pytest.mark.slow
def test_its_size_is_near_the_nominal_one_where_the_plain_test_errs_often() -> None:
    """Ten times ten folds of 100 rows: .036 corrected, .537 plain (1,000 repetitions)."""
    random, plain, corrected = np.random.default_rng(5), 0, 0
    repetitions = 120
    for _ in range(repetitions):
        differences = repeated_differences(random, rows=100, repeats=10)
        plain += stats.ttest_1samp(differences, 0).pvalue < 0.05
        corrected += corrected_resampled_t(differences, 90, 10).p_value < 0.05

    # 0.036 give or take four standard errors; 0.537 likewise
    assert corrected / repetitions < 0.036 + 4 * math.sqrt(0.036 * 0.964 / repetitions)
    assert plain / repetitions > 0.35
