from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from experiment_cycle.decision.gates import incumbent_unseen
from experiment_cycle.decision.gates.evidence import Evidence
from experiment_cycle.decision.rule import decide
from experiment_cycle.evaluation.cross_validation import out_of_fold
from experiment_cycle.metrics.corrected_t import corrected_resampled_t

FOLDS, REPEATS, ROWS = 5, 4, 400


@pytest.fixture
def folded(case, make_predictions):
    """A comparison that has folds and no test set."""
    table = make_predictions(rows=ROWS, challenger=3.0, incumbent=0.2, noise=0.7)
    random = np.random.default_rng(0)
    repeats = []
    for repeat in range(1, REPEATS + 1):
        drawn = table.copy()
        drawn["challenger"] = np.clip(drawn["challenger"] + 0.02 * random.normal(size=ROWS), 0, 1)
        drawn.insert(0, "repeat", repeat)
        drawn.insert(1, "fold", random.permutation(np.arange(ROWS) % FOLDS) + 1)
        drawn.insert(2, "train_rows", ROWS * 3 // 5)
        drawn["challenger_threshold"], drawn["incumbent_threshold"] = 0.4, 0.6
        repeats.append(drawn)
    case.folds = pd.concat(repeats)
    case.predictions = out_of_fold(case.folds)
    case.without_test = True
    return case


def aucs(folds, model):
    places = folds.groupby(["repeat", "fold"])
    return np.array([roc_auc_score(part["target"], part[model]) for _, part in places])


def test_without_a_test_set_the_corrected_t_over_all_folds_decides(folded) -> None:
    found = folded.compare()

    differences = aucs(folded.folds, "challenger") - aucs(folded.folds, "incumbent")
    oracle = corrected_resampled_t(differences, ROWS * 3 / 5, ROWS / 5)
    assert found.primary.effect == pytest.approx(differences.mean())
    assert found.primary.lower == pytest.approx(oracle.lower(found.look.alpha))
    assert found.primary.status == "met"
    assert "corrected resampled t test over 20 folds of 4 repeats" in found.primary.test
    assert found.folds.decides
    assert found.folds.folds == FOLDS * REPEATS
    assert found.rows == ROWS


def test_the_bound_is_wider_than_that_of_a_t_test_that_takes_folds_for_independent(folded) -> None:
    found = folded.compare()

    differences = aucs(folded.folds, "challenger") - aucs(folded.folds, "incumbent")
    plain = differences.std(ddof=1) / np.sqrt(len(differences))
    reach = found.folds.effect.upper - found.folds.effect.effect
    assert reach > 2 * 1.9 * plain


def test_each_fold_is_judged_at_the_thresholds_that_were_chosen_inside_it(
    folded, make_hypothesis
) -> None:
    primary = {"metric": "accuracy", "expected_improvement": 0.05}
    folded.hypothesis = make_hypothesis(success_criteria={"primary": primary})

    found = folded.compare().primary

    right = [
        ((part["challenger"] >= 0.4) == part["target"]).mean()
        for _, part in folded.folds.groupby(["repeat", "fold"])
    ]
    assert found.challenger == pytest.approx(np.mean(right))


def test_another_prediction_in_any_repeat_is_another_look(folded) -> None:
    first = folded.compare().look
    again = folded.compare().look
    folded.folds.iloc[-1, folded.folds.columns.get_loc("challenger")] = 0.123
    other = folded.compare().look

    assert (first.number, again.number, again.reused, other.number) == (1, 1, True, 2)


def test_beside_a_test_set_folds_are_told_and_decide_nothing(folded, make_predictions) -> None:
    folded.predictions = make_predictions(rows=2000)
    folded.without_test = False

    found = folded.compare()

    assert not found.folds.decides
    assert "DeLong" in found.primary.test
    assert found.folds.effect.metric == "roc_auc"
    assert found.rows == 2000
    reasons = decide(found, [], folded.hypothesis, folded.options).reasons
    assert any("by cross-validation over 20 folds" in reason for reason in reasons)


def test_a_metric_that_a_fold_does_not_define_is_undecided(folded) -> None:
    tested = (folded.folds["repeat"] == 2) & (folded.folds["fold"] == 1)
    folded.folds.loc[tested, "target"] = 1

    found = folded.compare().primary

    assert found.status == "undecided"
    assert found.note is not None
    assert "not defined in 1 of 20 folds" in found.note


def test_equal_procedures_are_not_promoted(folded) -> None:
    folded.folds["challenger"] = folded.folds["incumbent"]
    folded.predictions = out_of_fold(folded.folds)

    found = folded.compare()

    assert found.primary.effect == 0
    assert found.primary.status != "met"
    assert decide(found, [], folded.hypothesis, folded.options).decision != "promote"


def test_the_gate_on_the_incumbent_says_that_folds_were_used(folded) -> None:
    evidence = Evidence(
        **dict.fromkeys(Evidence.__dataclass_fields__)  # only the comparison is looked at
        | {"comparison": folded.compare()}
    )

    outcome = incumbent_unseen.check(evidence)

    assert outcome.status == "passed"
    assert "In each of 20 folds".lower() in outcome.evidence.lower()
