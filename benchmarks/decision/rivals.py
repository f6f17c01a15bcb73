"""What else decides about a promotion: rules that are common, and the best tests known.

The tests are computed here from their sources, independently of what the project does. All p-values
are one-sided, against "the challenger is not better".
"""

from __future__ import annotations

import math
from collections.abc import Callable

import mlflow
import numpy as np
import numpy.typing as npt
import pandas as pd
from mlflow.models import MetricThreshold
from mlflow.models.evaluation import EvaluationResult
from mlflow.models.evaluation.validation import ModelValidationFailedException
from scipy import stats

from benchmarks.decision.draws import Scenario
from experiment_cycle.decision.records import Verdict
from experiment_cycle.metrics.catalogue import metric

Numbers = npt.NDArray[np.float64]
PERMUTATIONS = 999


def validated_by_mlflow(verdict: Verdict) -> bool:
    """Ask `mlflow.validate_evaluation_results` whether the challenger is 1 % better."""
    greater = metric(verdict.metric).greater_is_better
    threshold = MetricThreshold(min_relative_change=0.01, greater_is_better=greater)
    results = [
        EvaluationResult(metrics={verdict.metric: value}, artifacts={})
        for value in (verdict.challenger, verdict.incumbent)
    ]
    try:
        mlflow.validate_evaluation_results({verdict.metric: threshold}, *results)
    except ModelValidationFailedException:
        return False
    return True


COMMON: dict[str, Callable[[Verdict], bool]] = {
    ">=": lambda verdict: (verdict.effect or 0.0) >= 0.0,
    "margin 0.005": lambda verdict: (verdict.effect or 0.0) >= 0.005,
    "margin 0.01": lambda verdict: (verdict.effect or 0.0) >= 0.01,
    "MLflow, 1 %": validated_by_mlflow,
}
"""Rules by name, on what was measured; the last is MLflow's own, with a relative change of 1 %."""


def mcnemar(scenario: Scenario, table: pd.DataFrame, generator: np.random.Generator) -> float:
    """McNemar's mid-p (Lancaster 1961; Fagerland, Lydersen and Laake 2013)."""
    right = {model: _calls(table, model) == table["target"] for model in _MODELS}
    for_it = int((right["challenger"] & ~right["incumbent"]).sum())
    against = int((right["incumbent"] & ~right["challenger"]).sum())
    both = for_it + against
    return float(stats.binom.sf(for_it, both, 0.5) + stats.binom.pmf(for_it, both, 0.5) / 2.0)


def delong(scenario: Scenario, table: pd.DataFrame, generator: np.random.Generator) -> float:
    """DeLong's test, from the ranks within and over the classes (Sun and Xu 2014)."""
    positive = table["target"].to_numpy() == 1
    areas, of_positive, of_negative = [], [], []
    for model in _MODELS:
        scores = table[model].to_numpy()
        ranks = stats.rankdata(scores)
        above = (ranks[positive] - stats.rankdata(scores[positive])) / (~positive).sum()
        below = 1.0 - (ranks[~positive] - stats.rankdata(scores[~positive])) / positive.sum()
        areas.append(above.mean())
        of_positive.append(above)
        of_negative.append(below)
    variance = sum(np.var(one - two, ddof=1) / len(one) for one, two in (of_positive, of_negative))
    return float(stats.norm.sf((areas[0] - areas[1]) / math.sqrt(variance)))


def swap_f1(scenario: Scenario, table: pd.DataFrame, generator: np.random.Generator) -> float:
    """Swap the models' calls row by row, or group by group (Fisher; Good 2005)."""
    own, other = (_calls(table, model) for model in _MODELS)
    target = table["target"].to_numpy()
    differs = own != other
    codes, units = np.unique(table["unit"].to_numpy()[differs], return_inverse=True)
    # what a unit moves from one model to the other: calls, and calls that are right
    change = np.where(own[differs], 1.0, -1.0)
    moved = np.bincount(units, change, len(codes))
    right = np.bincount(units, change * target[differs], len(codes))
    called = np.array([own.sum(), other.sum()], dtype=np.float64)
    hits = np.array([(own & (target == 1)).sum(), (other & (target == 1)).sum()], dtype=np.float64)
    swapped = (generator.random((PERMUTATIONS, len(codes))) < 0.5).astype(np.float64)
    swapped = np.concatenate([np.zeros((1, len(codes))), swapped])
    by, by_right = (np.einsum("ij,j->i", swapped, each) for each in (moved, right))
    positive = target.sum()
    first = 2.0 * (hits[0] - by_right) / (positive + called[0] - by)
    second = 2.0 * (hits[1] + by_right) / (positive + called[1] + by)
    return _permuted(first - second)


def paired_t(scenario: Scenario, table: pd.DataFrame, generator: np.random.Generator) -> float:
    """Student's paired t of the absolute errors."""
    errors = [np.abs(table[model] - table["target"]) for model in _MODELS]
    return float(stats.ttest_rel(errors[1], errors[0], alternative="greater").pvalue)


def log_loss_t(scenario: Scenario, table: pd.DataFrame, generator: np.random.Generator) -> float:
    """Student's paired t of the log losses."""
    target = table["target"] == 1
    losses = [-np.log(np.where(target, table[model], 1.0 - table[model])) for model in _MODELS]
    return float(stats.ttest_rel(losses[1], losses[0], alternative="greater").pvalue)


def swap_rmse(scenario: Scenario, table: pd.DataFrame, generator: np.random.Generator) -> float:
    """Flip the signs of the differences of squared errors: for equal sums RMSE swaps alike."""
    squares = [(table[model] - table["target"]).to_numpy() ** 2 for model in _MODELS]
    return _sign_flipped(squares[1] - squares[0], generator)


def query_t(scenario: Scenario, table: pd.DataFrame, generator: np.random.Generator) -> float:
    """Student's paired t over the units' NDCG (Smucker et al. 2007), a person's queries summed."""
    values, judged = zip(*(_ndcg(scenario, table, model) for model in _MODELS), strict=True)
    difference = (values[0] - values[1])[judged[0]]
    assert scenario.query is not None
    first = np.flatnonzero(np.diff(scenario.query, prepend=-1))
    people = scenario.codes[first][judged[0]]
    if len(np.unique(people)) == len(people):
        return float(stats.ttest_1samp(difference, 0.0, alternative="greater").pvalue)
    return _sign_flipped(np.bincount(people, difference), generator)


def flip_groups(scenario: Scenario, table: pd.DataFrame, generator: np.random.Generator) -> float:
    """Flip the signs of whole groups: exact where the models are exchangeable."""
    right = [np.asarray(_calls(table, model) == table["target"], np.float64) for model in _MODELS]
    return _sign_flipped(np.bincount(scenario.codes, right[0] - right[1]), generator)


def flip_errors(scenario: Scenario, table: pd.DataFrame, generator: np.random.Generator) -> float:
    """Flip the signs of whole groups' absolute errors."""
    errors = [np.abs(table[model] - table["target"]).to_numpy() for model in _MODELS]
    return _sign_flipped(np.bincount(scenario.codes, errors[1] - errors[0]), generator)


def diebold_mariano(
    scenario: Scenario, table: pd.DataFrame, generator: np.random.Generator
) -> float:
    """Diebold and Mariano (1995), Newey and West's variance with their lag of 1994."""
    errors = [np.abs(table[model] - table["target"]).to_numpy() for model in _MODELS]
    difference = errors[1] - errors[0]
    rows = len(difference)
    lags = int(4.0 * (rows / 100.0) ** (2.0 / 9.0))
    centred = difference - difference.mean()
    variance = float((centred**2).sum()) / rows
    for lag in range(1, lags + 1):
        share = 1.0 - lag / (lags + 1.0)
        variance += 2.0 * share * float((centred[lag:] * centred[:-lag]).sum()) / rows
    return float(stats.t.sf(difference.mean() / math.sqrt(variance / rows), rows - 1))


BEST = {
    ("accuracy", False): ("McNemar mid-p", mcnemar),
    ("accuracy", True): ("permutation by group", flip_groups),
    ("roc_auc", False): ("DeLong", delong),
    ("f1", False): ("permutation", swap_f1),
    ("f1", True): ("permutation by group", swap_f1),
    ("mae", False): ("paired t", paired_t),
    ("mae", True): ("permutation by group", flip_errors),
    ("rmse", False): ("permutation", swap_rmse),
    ("log_loss", False): ("paired t", log_loss_t),
    ("ndcg_at_10", False): ("paired t by query", query_t),
    ("ndcg_at_10", True): ("permutation by person", query_t),
}
"""The best test known, by metric and whether units have several rows or queries."""


def best_test(
    scenario: Scenario,
) -> tuple[str, Callable[[Scenario, pd.DataFrame, np.random.Generator], float]] | None:
    """Name the best test known for a scenario; None where none is as simple as these."""
    if scenario.in_time:
        return "Diebold-Mariano", diebold_mariano
    return BEST.get((scenario.metric, scenario.within > 0.0))


_MODELS = ("challenger", "incumbent")


def _calls(table: pd.DataFrame, model: str) -> npt.NDArray[np.bool_]:
    return np.asarray(table[model].to_numpy() >= 0.5)


def _permuted(effects: Numbers) -> float:
    """Give the share of effects at least as great as the first, counted half where equal."""
    seen = effects[0] - 1e-12
    return float((effects >= seen).mean() + (effects > effects[0] + 1e-12).mean()) / 2.0


def _sign_flipped(differences: Numbers, generator: np.random.Generator) -> float:
    present = differences[differences != 0.0]
    signs = 2.0 * generator.integers(0, 2, size=(PERMUTATIONS, len(present))) - 1.0
    effects = np.einsum("ij,j->i", signs, present)
    return _permuted(np.concatenate([[present.sum()], effects]))


def _ndcg(
    scenario: Scenario, table: pd.DataFrame, model: str
) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """NDCG at 10 of every query, and which have a relevant row; scores without ties."""
    assert scenario.query is not None
    sizes = np.bincount(scenario.query)
    place = np.arange(len(scenario.query)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    gains = np.zeros((len(sizes), int(sizes.max())))
    scores = np.full(gains.shape, -np.inf)
    gains[scenario.query, place] = 2.0 ** table["target"] - 1.0
    scores[scenario.query, place] = table[model]
    discount = 1.0 / np.log2(np.arange(2, 12))
    seen = np.take_along_axis(gains, np.argsort(-scores, axis=1), axis=1)[:, :10]
    ideal = (-np.sort(-gains, axis=1)[:, :10] * discount).sum(axis=1)
    judged = ideal > 0.0
    return (seen * discount).sum(axis=1) / np.where(judged, ideal, 1.0), judged
