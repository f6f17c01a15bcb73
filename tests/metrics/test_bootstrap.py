"""The vectorised bootstrap is the loop over scikit-learn, on the same resamples."""

import tracemalloc
import warnings

import numpy as np
import numpy.typing as npt
import pytest
import sklearn.metrics as sk

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.metrics import bootstrap as module
from experiment_cycle.metrics.bootstrap import bootstrap, replicate_weights
from experiment_cycle.metrics.catalogue import known_metrics, measure
from experiment_cycle.metrics.influence import influence
from experiment_cycle.metrics.units import Units

Sample = tuple[npt.NDArray[np.int8], npt.NDArray[np.float64], Units]


def sample(rows: int, groups: int | None, decimals: int) -> Sample:
    generator = np.random.default_rng(2)
    target = (generator.random(rows) < 0.3).astype(np.int8)
    noise = generator.normal(0.4, 0.2, rows)
    probability = np.round(np.clip(noise + 0.15 * target, 0, 1), decimals)
    codes = np.arange(rows) if groups is None else generator.integers(0, groups, rows)
    return target, probability, Units.from_codes(codes)


@pytest.mark.parametrize("decimals", [1, 12], ids=["ties", "no ties"])
@pytest.mark.parametrize("groups", [None, 40], ids=["rows", "groups"])
def test_it_equals_scikit_learn_on_repeated_rows(groups: int | None, decimals: int) -> None:
    target, probability, units = sample(300, groups, decimals)

    found = bootstrap(known_metrics(), target, probability, units, 25, seed=9)

    for replicate, weights in enumerate(replicate_weights(units, 25, seed=9)):
        y, p = np.repeat(target, weights), np.repeat(probability, weights)
        expected = {
            "accuracy": sk.accuracy_score(y, p >= 0.5),
            "precision": sk.precision_score(y, p >= 0.5),
            "recall": sk.recall_score(y, p >= 0.5),
            "f1": sk.f1_score(y, p >= 0.5),
            "roc_auc": sk.roc_auc_score(y, p),
            "average_precision": sk.average_precision_score(y, p),
            "log_loss": sk.log_loss(y, p),
            "brier": sk.brier_score_loss(y, p),
        }
        got = {name: values[replicate] for name, values in found.items()}
        assert got == pytest.approx(expected, abs=1e-12, rel=1e-12)


def test_a_resample_without_a_class_is_nan_and_no_warning() -> None:
    target, probability = np.array([1, 0, 0, 0], np.int8), np.array([0.9, 0.2, 0.3, 0.4])
    units = Units.from_codes(np.arange(4))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = bootstrap(known_metrics(), target, probability, units, 200, seed=0)

    for replicate, weights in enumerate(replicate_weights(units, 200, seed=0)):
        y, p = np.repeat(target, weights), np.repeat(probability, weights)
        for name, values in found.items():
            assert values[replicate] == pytest.approx(measure(name, y, p), nan_ok=True)
    assert 0 < np.isnan(found["roc_auc"]).sum() < 200
    assert not np.isnan(found["accuracy"]).any()


def test_a_resample_draws_as_many_units_as_there_are() -> None:
    units = Units.from_codes([0, 0, 1, 2, 2, 2])

    weights = replicate_weights(units, 50, seed=1)

    assert weights.shape == (50, 6)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_the_size_of_a_chunk_changes_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    target, probability, units = sample(100, 20, 12)
    at_once = bootstrap(known_metrics(), target, probability, units, 40, seed=3)

    monkeypatch.setattr(module, "CHUNK", 300)
    in_chunks = bootstrap(known_metrics(), target, probability, units, 40, seed=3)

    for name in known_metrics():
        np.testing.assert_allclose(in_chunks[name], at_once[name], rtol=1e-13)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    target, probability, units = sample(100, None, 12)

    first, again, other = (
        bootstrap(["brier"], target, probability, units, 30, seed=seed)["brier"].tobytes()
        for seed in (3, 3, 4)
    )

    assert first == again
    assert first != other


@pytest.mark.parametrize("name", known_metrics())
def test_its_spread_is_the_influence_standard_error(name: str) -> None:
    target, probability, units = sample(1500, 300, 12)

    replicates = bootstrap([name], target, probability, units, 2000, seed=4)[name]

    linearised = units.standard_error(influence(name, target, probability).contributions)
    assert replicates.std(ddof=1) == pytest.approx(linearised, rel=0.08)


@pytest.mark.slow
def test_memory_stays_small_at_150_000_rows() -> None:
    target, probability, units = sample(150_000, None, 12)

    tracemalloc.start()
    bootstrap(known_metrics(), target, probability, units, 5, seed=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 200 * 2**20


def test_an_unknown_metric_is_refused() -> None:
    target, probability, units = sample(10, None, 12)

    with pytest.raises(ConfigurationError, match="There is no metric 'auc'"):
        bootstrap(["auc"], target, probability, units, 10, seed=0)
