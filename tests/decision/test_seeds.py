"""An effect that is one of the seed, and not of the training, is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, roc_auc_score

from experiment_cycle.decision.options import DecisionOptions, GateOptions
from experiment_cycle.decision.records import Gate, SeedEffects
from experiment_cycle.decision.rule import decide
from experiment_cycle.decision.wording import describe_seeds

Case = Any

WORSE = -1.0


def passed() -> list[Gate]:
    return [
        Gate(code=code, title=code, status="passed", required=True, evidence="e")
        for code, _ in GateOptions()
    ]


def trained_with(case: Case, *shares: float) -> Case:
    """Add trainings that are the given share of the way from incumbent to challenger.

    One of `WORSE` says the opposite of the challenger.
    """
    table = case.predictions
    for number, share in enumerate(shares, start=2):
        mixed = share * table["challenger"] + (1.0 - share) * table["incumbent"]
        table[f"challenger_seed_{number}"] = 1.0 - table["challenger"] if share == WORSE else mixed
    return case


def test_one_training_has_no_spread(case: Case) -> None:
    assert case.compare().seeds is None


def test_the_spread_is_of_each_trainings_improvement_over_the_incumbent(case: Case) -> None:
    comparison = trained_with(case, 0.5, 0.0, 0.8).compare()
    table = case.predictions
    names = ["challenger", "challenger_seed_2", "challenger_seed_3", "challenger_seed_4"]
    base = roc_auc_score(table["target"], table["incumbent"])
    effects = [roc_auc_score(table["target"], table[name]) - base for name in names]

    seeds = comparison.seeds
    assert seeds.metric == "roc_auc"
    assert seeds.effects == pytest.approx(effects)
    assert seeds.effects[0] == pytest.approx(comparison.primary.effect)
    assert seeds.mean == pytest.approx(np.mean(effects))
    assert seeds.standard_deviation == pytest.approx(np.std(effects, ddof=1))
    # the third is the incumbent itself, which is no improvement
    assert seeds.flipped == pytest.approx(1 / 3)


def test_seeds_change_neither_verdict_nor_look(case: Case) -> None:
    alone = case.compare()
    together = trained_with(case, WORSE, WORSE).compare()

    assert together.look.reused
    assert together.primary == alone.primary
    assert set(together.evidence) - set(alone.evidence) == {"seed_predictions"}


@pytest.mark.parametrize(
    ("shares", "warned"),
    [
        ((0.9, 0.9, 0.9, 0.9), False),
        ((0.9, 0.9, 0.9, WORSE), False),
        ((0.9, 0.9, WORSE, WORSE), True),
    ],
)
def test_a_sign_that_flips_in_more_than_a_quarter_is_a_warning_that_decides_nothing(
    shares: tuple[float, ...], warned: bool, case: Case
) -> None:
    comparison = trained_with(case, *shares).compare()
    options = DecisionOptions(registered_model="m")
    decision = decide(comparison, passed(), case.hypothesis, options)

    told = [reason for reason in decision.reasons if reason.startswith("Warning")]
    assert decision.decision == "promote"
    assert bool(told) is warned
    assert not warned or "2 of 4 further trainings" in told[0]


def test_trainings_of_several_classes_have_a_column_a_class(
    make_case: Callable[..., Case],
) -> None:
    case = make_case("multiclass", "accuracy")
    for code in range(3):
        # worse than the incumbent: it calls the next class
        case.predictions[f"challenger_seed_2_{code}"] = case.predictions[
            f"challenger_{(code + 1) % 3}"
        ]
    seeds = case.compare().seeds

    assert len(seeds.effects) == 2
    assert seeds.flipped == 1.0


def test_where_lower_is_better_a_fall_is_an_improvement(make_case: Callable[..., Case]) -> None:
    case = make_case("regression", "mae")
    case.predictions["challenger_seed_2"] = case.predictions["target"]
    table = case.predictions

    seeds = case.compare().seeds

    error = mean_absolute_error(table["target"], table["incumbent"])
    assert seeds.effects[1] == pytest.approx(error)
    assert seeds.flipped == 0.0


def test_a_training_in_which_the_metric_is_undefined_has_no_sign(
    case: Case, make_hypothesis: Callable[..., Any]
) -> None:
    primary = {"metric": "precision", "expected_improvement": 0.05}
    case.hypothesis = make_hypothesis(success_criteria={"primary": primary})
    case.predictions["challenger_seed_2"] = 0.1
    seeds = case.compare().seeds

    assert seeds.effects[1] is None
    assert seeds.flipped == 0.0


def test_the_warning_shows_every_effect_with_its_sign() -> None:
    told = describe_seeds(
        SeedEffects(
            metric="mae",
            effects=(0.02, -0.01, None),
            mean=0.005,
            standard_deviation=0.0212,
            flipped=0.5,
        )
    )

    assert "1 of 2 further trainings" in told
    assert (
        "(improvements: +0.020, -0.010, undefined; mean +0.0050, standard deviation 0.021)" in told
    )
