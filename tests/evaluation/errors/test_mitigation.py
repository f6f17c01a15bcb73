"""A fairer alternative is made with Fairlearn and judged on test rows, or refused."""

import numpy as np
import pandas as pd
import pytest
from fairlearn.postprocessing import ThresholdOptimizer

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.evaluation.errors import retrained
from experiment_cycle.evaluation.errors.mitigation import mitigate
from experiment_cycle.evaluation.errors.retrained import Retraining
from experiment_cycle.evaluation.errors.thresholds import Scored, thresholded_calls
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.plots.trade_off import plot_trade_off
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.evaluation.records import Mitigation
from experiment_cycle.problem import Problem
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.records import ModelRecord, ThresholdRecord
from experiment_cycle.training.trainer import train_model

COLUMNS = Columns(target="ill", sensitive=("origin",))
TRAINING = TrainingOptions()


def rows(count: int, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    origin = generator.choice(["a", "b"], count, p=[0.6, 0.4])
    signal = generator.normal(size=count) + 1.2 * (origin == "b")
    ill = signal + generator.normal(size=count) > 0.5
    return pd.DataFrame(
        {"signal": signal, "noise": generator.normal(size=count), "origin": origin, "ill": ill},
        index=pd.RangeIndex(seed * 10_000, seed * 10_000 + count, name=ROW),
    )


TRAIN, VALIDATION, TEST = rows(400, 1), rows(600, 2), rows(1000, 3)


@pytest.fixture(scope="module")
def trained():
    return train_model("linear", {}, TRAIN, VALIDATION, COLUMNS, TRAINING, "classification", seed=1)


def ask(trained, test: pd.DataFrame = TEST, columns: Columns = COLUMNS, **wanted) -> Mitigation:
    validation = wanted.pop("validation", VALIDATION)
    problem = wanted.pop("problem", trained.problem)
    record = ModelRecord(
        estimator="linear",
        identity="1",
        problem=trained.problem,
        features=("signal", "noise", "origin"),
        hyperparameters={},
        best_step=None,
        threshold=ThresholdRecord(value=0.5, choose_by="fixed", detail="as told"),
    )
    table = pd.DataFrame(
        {
            "unit": np.arange(len(test)),
            "target": test["ill"].to_numpy().astype(int),
            "challenger": trained.model.predict_proba(test)[:, 1] if len(test) else [],
            "incumbent": 0.5,
        },
        index=test.index,
    )
    options = EvaluationOptions.model_validate(
        {"bootstrap_replicates": 200, "fairness": {"mitigation": "threshold_optimizer"} | wanted}
    )
    predictions = Predictions(table, problem, {"challenger": 0.5, "incumbent": 0.5})
    retraining = Retraining(record, TRAIN, validation, columns, TRAINING)
    return mitigate(test, predictions, trained.model, retraining, options, seed=1)


@pytest.mark.parametrize(
    ("method", "constraint"),
    [
        ("threshold_optimizer", "demographic_parity"),
        ("threshold_optimizer", "equalized_odds"),
        ("exponentiated_gradient", "demographic_parity"),
    ],
)
def test_the_gap_falls_as_less_of_it_is_allowed(
    trained, method: str, constraint: str, monkeypatch
) -> None:
    tolerances = [0.02, 0.1] if method == "threshold_optimizer" else [0.05]
    monkeypatch.setattr(retrained, "MOST_FITS", 4)
    found = ask(trained, mitigation=method, constraint=constraint, tolerances=tolerances)

    assert Mitigation.model_validate_json(found.model_dump_json()) == found
    challenger, incumbent = found.models
    assert (challenger.name, incumbent.name) == ("challenger", "incumbent")
    called = trained.model.predict_proba(TEST)[:, 1] >= 0.5
    assert challenger.objective.value == pytest.approx((called == TEST["ill"]).mean())
    rates = pd.Series(called).groupby(TEST["origin"].to_numpy()).mean()
    if constraint == "demographic_parity":
        assert challenger.gap.value == pytest.approx(rates.max() - rates.min())
    gaps = [point.gap.value for point in found.points]
    assert gaps == sorted(gaps)
    assert gaps[-1] < 0.8 * challenger.gap.value
    strict = found.points[0]
    assert strict.objective.lower < strict.objective.value < strict.objective.upper
    figure = plot_trade_off(found)
    assert {trace.name for trace in figure.data} == {"mitigated", "challenger", "incumbent"}


@pytest.mark.parametrize("constraint", ["equalized_odds", "true_positive_rate_parity"])
def test_chances_are_what_fairlearn_calls_on_average(constraint: str) -> None:
    generator = np.random.default_rng(1)
    score, group = generator.random(150), generator.integers(0, 2, 150)
    target = (score + 0.5 * generator.normal(size=150) > 0.5).astype(int)

    chances = thresholded_calls(
        (score, target, group), (score, group), constraint, "accuracy", None
    )

    optimizer = ThresholdOptimizer(
        estimator=Scored(), constraints=constraint, prefit=True, predict_method="predict_proba"
    ).fit(score[:, None], target, sensitive_features=group)
    drawn = [
        optimizer.predict(score[:, None], sensitive_features=group, random_state=seed)
        for seed in range(60)
    ]
    assert chances == pytest.approx(np.mean(drawn, axis=0), abs=0.27)


def test_nothing_is_made_where_nothing_is_asked_or_no_test_set_there(trained) -> None:
    none = ask(trained, mitigation="none")
    assert (none.method, none.points, none.note) == ("none", (), None)
    empty = ask(trained, test=TEST.iloc[:0])
    assert (empty.method, empty.points) == ("none", ())
    assert "no test set" in str(empty.note)
    assert not plot_trade_off(empty).data


def test_what_cannot_be_mitigated_is_refused(trained) -> None:
    with pytest.raises(ConfigurationError, match="needs a sensitive column"):
        ask(trained, columns=Columns(target="ill"))
    with pytest.raises(ConfigurationError, match=r"'orign' is no sensitive column.*'origin'"):
        ask(trained, mitigated="orign")
    with pytest.raises(ConfigurationError, match="this problem is regression"):
        ask(trained, problem=Problem(type="regression"))
    only = VALIDATION[VALIDATION["origin"] == "a"]
    with pytest.raises(DataError, match="the group 'b' of 'origin' has no row in validation"):
        ask(trained, validation=only)
    one = VALIDATION[(VALIDATION["origin"] == "a") | VALIDATION["ill"]]
    with pytest.raises(DataError, match="rows of one class only in validation"):
        ask(trained, validation=one)
