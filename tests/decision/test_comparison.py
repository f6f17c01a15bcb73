"""Two models on one test set: verdicts, looks, and what proves that the rows are the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.metrics.oracles import skewed_bound

from experiment_cycle.columns import Columns
from experiment_cycle.decision.comparison import compare
from experiment_cycle.decision.ledger import Ledger
from experiment_cycle.decision.options import DecisionOptions
from experiment_cycle.decision.records import Comparison
from experiment_cycle.decision.verdicts import Levels
from experiment_cycle.errors import ConfigurationError, DataError, IntegrityError
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.options import fingerprint
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.manifest import describe_split, split_frames
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import assign

Case = Any
MakeHypothesis = Callable[..., Hypothesis]
Predict = Callable[..., pd.DataFrame]


def criteria(primary: str = "roc_auc", *rails: dict[str, Any], expected: float = 0.05) -> dict:
    return {
        "primary": {"metric": primary, "expected_improvement": expected},
        "guardrails": list(rails),
    }


def test_a_clearly_better_challenger_meets_its_criteria(case: Case) -> None:
    comparison = case.compare()

    assert comparison.primary.status == "met"
    assert comparison.primary.lower > 0.0
    assert [rail.status for rail in comparison.guardrails] == ["met"]
    assert [item.metric for item in comparison.tracked] == ["brier", "f1"]


def test_a_clearly_worse_challenger_is_refuted(case: Case, make_predictions: Predict) -> None:
    case.predictions = make_predictions(challenger=0.3, incumbent=2.0)
    comparison = case.compare()

    assert comparison.primary.status == "refuted"
    assert comparison.primary.upper <= 0.0


def test_bounds_are_at_the_looks_level_and_at_a_share_of_the_level_for_abandoning(
    case: Case,
) -> None:
    comparison = case.compare()
    primary = comparison.primary
    error = (primary.effect - primary.lower) / stats.t.isf(0.05 * 6 / np.pi**2, 1999)

    assert primary.lower_level == pytest.approx(comparison.look.alpha)
    assert primary.upper_level == pytest.approx(0.05 / 2)
    assert primary.upper == pytest.approx(primary.effect + stats.t.isf(0.025, 1999) * error)


@pytest.mark.parametrize(("effective", "share"), [(99.9, 2), (100.0, 1)])
def test_with_few_effective_units_the_upper_level_is_halved(effective: float, share: int) -> None:
    levels = Levels.of(0.03, 0.05, criteria=4, effective=effective)

    assert levels.lower == 0.03
    assert levels.upper == pytest.approx(0.05 / 4 / share)


@pytest.mark.parametrize(("groups", "decided"), [(19, False), (20, True)])
def test_with_fewer_than_twenty_effective_groups_nothing_is_decided(
    groups: int, decided: bool, case: Case, make_predictions: Predict
) -> None:
    case.predictions = make_predictions(rows=100 * groups, challenger=9.0, group_size=100)
    case.predictions["incumbent"] = 0.5
    primary = case.compare().primary

    assert primary.effective_units == pytest.approx(groups)
    assert (primary.status == "met") is decided
    assert primary.lower is not None
    assert decided or "nothing is decided" in primary.note


def test_rows_needed_come_from_the_expected_improvement_and_not_from_the_observed_one(
    case: Case, make_hypothesis: MakeHypothesis, make_predictions: Predict
) -> None:
    case.predictions = make_predictions(rows=300, challenger=1.0, noise=3.0)
    case.hypothesis = make_hypothesis(success_criteria=criteria("brier", expected=0.04))
    primary = case.compare().primary
    error = (primary.effect - primary.lower) / stats.t.isf(primary.lower_level, 299)
    reach = (stats.t.isf(primary.lower_level, 299) + stats.t.isf(0.2, 299)) * error

    assert primary.status == "undecided"
    assert primary.rows_needed == int(np.ceil(300 * (reach / 0.04) ** 2))


def test_superiority_is_more_than_no_inferiority(
    case: Case, make_hypothesis: MakeHypothesis
) -> None:
    case.predictions["challenger"] = case.predictions["incumbent"]
    case.hypothesis = make_hypothesis(
        success_criteria=criteria(
            "roc_auc",
            {"metric": "log_loss", "max_increase": 0.01},
            {"metric": "log_loss", "require": "superior"},
        )
    )
    margin, superior = case.compare().guardrails

    assert (margin.status, superior.status) == ("met", "undecided")
    assert superior.rows_needed is None


def test_an_undefined_metric_is_undecided_and_the_record_is_json(
    case: Case, make_hypothesis: MakeHypothesis
) -> None:
    case.predictions["challenger"] *= 0.4
    case.hypothesis = make_hypothesis(
        success_criteria=criteria("precision"), metrics_to_track=["precision"]
    )
    comparison = case.compare()

    assert comparison.primary.status == "undecided"
    assert comparison.primary.challenger is None
    assert comparison.primary.note
    text = json.dumps(comparison.model_dump(mode="json"), allow_nan=False)
    assert Comparison.model_validate_json(text) == comparison


def test_tracked_intervals_are_two_sided_95_percent(case: Case) -> None:
    brier = case.compare().tracked[0]
    target = case.predictions["target"]
    losses = {
        model: (case.predictions[model] - target) ** 2 for model in ("challenger", "incumbent")
    }
    gains = (losses["incumbent"] - losses["challenger"]).to_numpy()
    interval = skewed_bound(gains, 0.025), -skewed_bound(-gains, 0.025)

    assert (brier.lower, brier.upper) == pytest.approx(interval, abs=1e-10)


@pytest.mark.parametrize("kind", ["champion", "baseline"])
def test_an_identical_model_is_not_compared_and_spends_nothing(kind: str, case: Case) -> None:
    case.predictions["challenger"] = case.predictions["incumbent"]
    case.challenger, case.incumbent_kind = case.incumbent, kind
    comparison = case.compare()

    assert comparison.identical
    assert (comparison.look, comparison.primary, comparison.guardrails) == (None, None, ())
    assert not case.ledger.exists()


def test_one_identity_with_two_predictions_is_an_error(case: Case) -> None:
    case.challenger = case.incumbent

    with pytest.raises(IntegrityError, match="same identity"):
        case.compare()


def test_predictions_of_other_rows_are_refused_before_a_look_is_spent(case: Case) -> None:
    case.rows_hash = "0" * 64

    with pytest.raises(IntegrityError, match="not the 2000 test rows"):
        case.compare()
    assert not case.ledger.exists()


@pytest.mark.parametrize("value", [np.nan, 1.1, -0.1, np.inf])
def test_what_is_no_probability_is_refused_with_its_row(value: float, case: Case) -> None:
    case.predictions.loc[11, "challenger"] = value

    with pytest.raises(DataError, match=r"challenger .* row 11"):
        case.compare()


def test_a_row_that_occurs_twice_is_refused(case: Case) -> None:
    case.predictions = pd.concat([case.predictions, case.predictions.iloc[[4]]])

    with pytest.raises(DataError, match="Row 17 occurs more than once"):
        case.compare()


def test_the_rows_of_a_real_split_are_recognised(case: Case, tmp_path: Path) -> None:
    frame = pd.DataFrame({"y": np.arange(1000) % 2, "x": np.arange(1000.0)})
    frame.to_parquet(tmp_path / "dataset.parquet")
    snapshot, columns = Snapshot(tmp_path / "dataset.parquet"), Columns(target="y")
    options = SplittingOptions(strategy="random")
    assignment = assign(snapshot, columns, options, 7)
    test = split_frames(snapshot, assignment)[2]
    predictions = case.predictions.iloc[: len(test)].set_index(test.index)
    manifest = describe_split(snapshot, assignment, columns, options, 7, "d" * 64)

    comparison = compare(
        predictions,
        pd.DataFrame(),
        case.challenger_record,
        case.incumbent_record,
        manifest.model_dump(mode="json"),
        case.hypothesis,
        case.options,
        case.test_set,
        case.ledger,
    )

    assert comparison.rows == len(test) == 150
    assert comparison.rows_hash == manifest.parts["test"].rows_hash


def test_an_unknown_metric_is_refused_before_a_look_is_spent(
    case: Case, make_hypothesis: MakeHypothesis
) -> None:
    case.hypothesis = make_hypothesis(success_criteria=criteria("roc"))

    with pytest.raises(ConfigurationError, match="Did you mean 'roc_auc'"):
        case.compare()
    assert not case.ledger.exists()


def test_the_look_is_reserved_even_where_the_comparison_then_fails(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("experiment_cycle.decision.comparison.judge", fail)
    with pytest.raises(MemoryError):
        case.compare()

    assert [entry["kind"] for entry in Ledger(case.ledger).entries()] == ["test_set", "look"]


def test_the_same_comparison_again_gives_the_same_answer_and_spends_nothing(case: Case) -> None:
    first = case.compare()
    again = case.compare()

    assert again.look == first.look.model_copy(update={"reused": True})
    assert again.model_copy(update={"look": first.look}) == first


def test_whatever_changes_the_question_is_a_new_look(
    case: Case, make_hypothesis: MakeHypothesis
) -> None:
    case.compare()
    other = case.predictions.assign(challenger=case.predictions["challenger"] * 0.999)
    regrouped = case.predictions.assign(unit=case.predictions["unit"] // 2)
    variants = [
        replace(case, predictions=other),
        replace(case, predictions=regrouped),
        replace(case, hypothesis=make_hypothesis(alpha=0.04)),
        replace(case, thresholds={"challenger": 0.4}),
        replace(case, thresholds={"incumbent": 0.4}),
    ]

    assert [variant.compare().look.number for variant in variants] == [2, 3, 4, 5, 6]


def test_what_spends_no_alpha_is_no_new_look(case: Case) -> None:
    case.compare()
    case.options = DecisionOptions(registered_model="m", abandon_alpha=0.01, futility=False)

    assert case.compare().look.reused


def test_the_evidence_has_a_hash_of_everything_compared(case: Case) -> None:
    evidence = case.compare().evidence

    assert evidence["challenger"] == case.challenger
    assert evidence["hypothesis"] == fingerprint(case.hypothesis)
    assert evidence["challenger_predictions"] != evidence["incumbent_predictions"]
    assert all(len(value) == 64 for value in evidence.values())


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    group_size=st.integers(1, 40),
    gain=st.floats(0.2, 4.0),
    metric=st.sampled_from(["roc_auc", "log_loss", "f1", "average_precision", "accuracy"]),
)
def test_a_verdict_is_what_its_bounds_say(
    seed: int,
    group_size: int,
    gain: float,
    metric: str,
    comparison_tools: tuple[type, Predict, MakeHypothesis],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    case_type, predict, make = comparison_tools
    verdict = (
        case_type(
            predict(rows=400, challenger=gain, group_size=group_size, seed=seed),
            tmp_path_factory.mktemp("ledger") / "ledger.jsonl",
            make(success_criteria=criteria(metric), metrics_to_track=[]),
        )
        .compare()
        .primary
    )
    if verdict.effect is None:
        return
    assert verdict.lower < verdict.effect < verdict.upper
    if verdict.effective_units < 20:
        assert verdict.status == "undecided"
    else:
        expected = "undecided"
        if verdict.lower > verdict.threshold:
            expected = "met"
        elif verdict.upper <= verdict.threshold:
            expected = "refuted"
        assert verdict.status == expected
