"""Scikit-learn's metrics, weighted, and samples to try them on."""

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import sklearn.metrics as sk
from scipy import optimize, stats

from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.problem import ProblemType

Floats = npt.NDArray[np.float64]
Oracle = Callable[[Outcomes, Floats], float]


def called(outcomes: Outcomes) -> npt.NDArray[np.int64]:
    if outcomes.problem == "binary":
        return (outcomes.prediction >= outcomes.threshold).astype(np.int64)
    return outcomes.prediction.argmax(axis=1)


def of_calls(score: Callable[..., float], **options: object) -> Oracle:
    def oracle(outcomes: Outcomes, weights: Floats) -> float:
        return score(outcomes.target, called(outcomes), sample_weight=weights, **options)

    return oracle


def of_predictions(score: Callable[..., float], **options: object) -> Oracle:
    def oracle(outcomes: Outcomes, weights: Floats) -> float:
        return score(outcomes.target, outcomes.prediction, sample_weight=weights, **options)

    return oracle


def of_probabilities(score: Callable[..., float]) -> Oracle:
    def oracle(outcomes: Outcomes, weights: Floats) -> float:
        classes = 2 if outcomes.problem == "binary" else outcomes.prediction.shape[1]
        return score(
            outcomes.target,
            outcomes.prediction,
            sample_weight=weights,
            labels=list(range(classes)),
        )

    return oracle


def each_against_the_rest(outcomes: Outcomes, weights: Floats) -> float:
    # scikit-learn takes no weights for several classes
    areas = [
        sk.roc_auc_score(outcomes.target == code, probability, sample_weight=weights)
        for code, probability in enumerate(outcomes.prediction.T)
    ]
    return float(np.mean(areas))


def each_average_precision(outcomes: Outcomes, weights: Floats) -> float:
    return sk.average_precision_score(
        np.eye(outcomes.prediction.shape[1])[outcomes.target],
        outcomes.prediction,
        sample_weight=weights,
    )


def in_bins(outcomes: Outcomes, weights: Floats) -> float:
    """Expected calibration error, bin by bin as its definition has it."""
    if outcomes.problem == "binary":
        said, right = outcomes.prediction, outcomes.target == 1
    else:
        said = outcomes.prediction.max(axis=1)
        right = called(outcomes) == outcomes.target
    edges, error = np.arange(1, 15) / 15, 0.0
    for place in range(15):
        # on the edge of a bin, as `said * 15` has it: 0.2 is below 3 / 15
        inside = np.minimum(np.floor(said * 15), 14) == place
        assert ((np.searchsorted(edges, said[inside], side="right") - place) ** 2 <= 1).all()
        if weights[inside].sum() > 0:
            gap = np.average(right[inside] - said[inside], weights=weights[inside])
            error += abs(gap) * weights[inside].sum() / weights.sum()
    return error


def median_error(outcomes: Outcomes, weights: Floats) -> float:
    whole = np.rint(weights).astype(int)
    rows = np.repeat(np.arange(len(whole)), whole)
    return sk.median_absolute_error(outcomes.target[rows], outcomes.prediction[rows])


def percentage_error(outcomes: Outcomes, weights: Floats) -> float:
    if (outcomes.target == 0).any():
        return np.nan
    return sk.mean_absolute_percentage_error(
        outcomes.target, outcomes.prediction, sample_weight=weights
    )


def correlation(outcomes: Outcomes, weights: Floats) -> float:
    value = sk.matthews_corrcoef(outcomes.target, called(outcomes), sample_weight=weights)
    kept = weights > 0
    sides = (outcomes.target[kept], called(outcomes)[kept])
    return np.nan if min(len(set(side.tolist())) for side in sides) < 2 else value


macro = partial(of_calls, average="macro", zero_division=np.nan)
weighted = partial(of_calls, average="weighted", zero_division=np.nan)
either = partial(of_calls, zero_division=np.nan)

ORACLES: dict[ProblemType, dict[str, Oracle]] = {
    "binary": {
        "accuracy": of_calls(sk.accuracy_score),
        "balanced_accuracy": of_calls(sk.balanced_accuracy_score),
        "precision": either(sk.precision_score),
        "recall": either(sk.recall_score),
        "f1": either(sk.f1_score),
        "mcc": correlation,
        "roc_auc": of_predictions(sk.roc_auc_score),
        "average_precision": of_predictions(sk.average_precision_score),
        "log_loss": of_probabilities(sk.log_loss),
        "brier": of_probabilities(sk.brier_score_loss),
        "ece": in_bins,
    },
    "multiclass": {
        "accuracy": of_calls(sk.accuracy_score),
        "balanced_accuracy": of_calls(sk.balanced_accuracy_score),
        "precision_macro": macro(sk.precision_score),
        "precision_weighted": weighted(sk.precision_score),
        "recall_macro": macro(sk.recall_score),
        "f1_macro": macro(sk.f1_score),
        "f1_weighted": weighted(sk.f1_score),
        "mcc": correlation,
        "roc_auc_ovr": each_against_the_rest,
        "average_precision_ovr": each_average_precision,
        "log_loss": of_probabilities(sk.log_loss),
        "brier": of_probabilities(sk.brier_score_loss),
        "ece": in_bins,
    },
    "regression": {
        "rmse": of_predictions(sk.root_mean_squared_error),
        "mae": of_predictions(sk.mean_absolute_error),
        "median_absolute_error": median_error,
        "mape": percentage_error,
        "mse": of_predictions(sk.mean_squared_error),
        "r2": of_predictions(sk.r2_score),
    },
}
"""For each problem type but ranking, which has its own tests."""

ON_REQUEST: dict[ProblemType, dict[str, Oracle]] = {
    "binary": {
        "precision_macro": macro(sk.precision_score),
        "recall_macro": macro(sk.recall_score),
        "f1_macro": macro(sk.f1_score),
        "precision_weighted": weighted(sk.precision_score),
        "recall_weighted": weighted(sk.recall_score),
        "f1_weighted": weighted(sk.f1_score),
    },
    "multiclass": {"recall_weighted": weighted(sk.recall_score)},
}
"""What a hypothesis can ask for besides."""

SMOOTH = {
    problem: {
        name: oracle
        for name, oracle in (oracles | ON_REQUEST.get(problem, {})).items()
        if name not in {"ece", "median_absolute_error"}
    }
    for problem, oracles in ORACLES.items()
}
"""Those that have a derivative in the weight of a row."""

CASES = [(problem, name) for problem, names in ORACLES.items() for name in names]


def sample(problem: ProblemType, size: int, decimals: int, seed: int = 11) -> Outcomes:
    """Draw outcomes of a model that knows something, with ties or without."""
    generator = np.random.default_rng(seed)
    if problem == "binary":
        target = (generator.random(size) < 0.4).astype(np.int64)
        noise = generator.normal(0.4, 0.2, size)
        prediction = np.round(np.clip(noise + 0.2 * target, 0, 1), decimals)
        return Outcomes(problem, target, prediction)
    if problem == "multiclass":
        target = generator.choice(4, size, p=[0.4, 0.3, 0.2, 0.1])
        logits = generator.normal(size=(size, 4)) + 1.2 * np.eye(4)[target]
        if decimals < 4:
            logits = np.round(logits)
        probability = np.exp(logits)
        return Outcomes(problem, target, probability / probability.sum(axis=1, keepdims=True))
    if problem == "regression":
        target = np.round(generator.normal(1000, 5, size), decimals)
        return Outcomes(problem, target, target + np.round(generator.normal(1, 3, size), decimals))
    query = generator.integers(0, max(size // 6, 2), size)
    target = generator.choice(4, size, p=[0.6, 0.2, 0.1, 0.1]).astype(np.float64)
    score = np.round(generator.normal(size=size) + target / 2, decimals)
    return Outcomes(problem, target, score, query)


def repeated(outcomes: Outcomes, weights: npt.NDArray[np.int32]) -> Outcomes:
    """Repeat each row as often as its weight says."""
    rows = np.repeat(np.arange(len(weights)), weights)
    return Outcomes(
        outcomes.problem,
        outcomes.target[rows],
        outcomes.prediction[rows],
        None if outcomes.query is None else outcomes.query[rows],
        outcomes.threshold,
    )


def skewed_t(differences: Floats, limit: float = 0.0) -> float:
    """One-sided p-value of a mean above `limit`: Student's, or Hall's of 1992 where greater."""
    count = len(differences)
    student = stats.ttest_1samp(differences, limit, alternative="greater")
    by_root = stats.skew(differences) / np.sqrt(count)
    t = student.statistic
    hall = t + by_root * t**2 / 3 + by_root**2 * t**3 / 27 + by_root / 6
    return max(float(student.pvalue), float(stats.t.sf(hall, count - 1)))


def skewed_bound(differences: Floats, level: float) -> float:
    """The least mean that `skewed_t` does not reject."""
    reach = 20 * differences.std() / np.sqrt(len(differences))
    middle = differences.mean()
    return float(
        optimize.brentq(
            lambda limit: skewed_t(differences, limit) - level,
            middle - reach,
            middle,
            xtol=1e-14,
            rtol=1e-12,
        )
    )
