from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from experiment_cycle.reporting import model_lines as model
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.seed_lines import seed_lines, seed_range, seed_sentence

ReportOf = Callable[[str], Report]


def changed(report: Report, part: str, **values: Any) -> Report:
    """Change fields of one of a report's records."""
    return replace(report, **{part: getattr(report, part).model_copy(update=values)})


def test_a_classifier_is_described_with_all_that_was_chosen(report_of: ReportOf) -> None:
    report = report_of("promoted")
    facts = dict(model.model_facts(report))
    assert facts["Estimator"] == "lightgbm"
    assert facts["Problem"] == "classification, two classes"
    assert facts["Best round"] == "141"
    assert facts["Threshold"] == "0.42"
    assert facts["Calibration"] == "sigmoid"
    assert facts["Class weights"] == "False: 2, True: 1"
    assert facts["Trained on"] == "14,133 rows of train"
    assert facts["Trainings"] == "one seed"
    assert model.threshold_sentence(report) == (
        "A row is called positive from a probability of 0.42 on. F1 on validation is 0.806 there"
    )


def test_a_refit_and_seeds_are_told(report_of: ReportOf) -> None:
    facts = dict(model.model_facts(report_of("seeded")))
    assert facts["Trained on"] == "17,162 rows, refitted on train and validation"
    assert facts["Trainings"] == "5 seeds"


@pytest.mark.parametrize("name", ["regression", "ranking"])
def test_what_classes_alone_have_is_left_out_of_others(name: str, report_of: ReportOf) -> None:
    report = report_of(name)
    facts = dict(model.model_facts(report))
    assert facts["Problem"] == name
    assert not {"Threshold", "Calibration", "Class weights"} & set(facts)
    assert model.threshold_sentence(report) == model.called_sentence(report) == ""


@pytest.mark.parametrize(
    ("unit", "best", "told"),
    [
        ("epoch", 3, ("Best epoch", "3")),
        ("round", 0, ("Best round", "none: the last one is kept")),
        (None, None, ("Fitted", "at once")),
    ],
)
def test_the_best_step_is_told_in_its_unit(
    unit: str | None, best: int | None, told: tuple[str, str], report_of: ReportOf
) -> None:
    report = changed(report_of("promoted"), "history", unit=unit)
    assert told in model.model_facts(changed(report, "challenger", best_step=best))


@pytest.mark.parametrize(
    ("weights", "told"), [(None, "none"), ("balanced", "balanced"), ({"a": 1.5}, "a: 1.5")]
)
def test_class_weights_are_told(weights: Any, told: str, report_of: ReportOf) -> None:
    report = changed(report_of("multiclass"), "training", class_weight=weights)
    assert ("Class weights", told) in model.model_facts(report)


def test_thresholds_of_both_models_are_told_where_they_differ(report_of: ReportOf) -> None:
    report = report_of("promoted")
    assert "0.42 on by the challenger, of 0.5 on by the baseline" in model.called_sentence(report)
    alike = changed(report, "metrics", thresholds={"challenger": 0.5, "incumbent": 0.5})
    told = model.called_sentence(alike)
    assert told == "A row is called positive from a probability of 0.5 on."


def test_memory_of_a_gpu_is_told_where_there_was_one(report_of: ReportOf) -> None:
    lines = {line[0]: line[1:] for line in model.cost_lines(report_of("promoted"))}
    assert "memory of the GPU" not in lines
    assert lines["size of the model"] == ("1.25 MB", "1.25 MB")
    assert ("memory of the GPU", "812 MiB", "") in model.cost_lines(report_of("seeded"))


def test_validation_stands_beside_test(report_of: ReportOf) -> None:
    lines = {line[0]: line[1:] for line in model.validation_lines(report_of("promoted"))}
    assert lines["roc_auc"] == ("0.6734", "0.6682")
    assert lines["log_loss"] == ("not defined", "0.588")


def test_seeds_are_told_with_mean_spread_and_worst(report_of: ReportOf) -> None:
    report = report_of("seeded")
    first, second = seed_lines(report)
    assert (first.part, second.part) == ("validation", "test")
    assert (first.first, first.mean, first.worst) == ("0.668", "0.663", "0.640")
    assert first.deviation == "0.013"
    assert len(first.dots) == 5
    assert min(first.dots) == first.dots[2]
    assert seed_range(report.comparison) == "0.021 on average, from 0.000 to 0.031"
    told = seed_sentence(report.comparison)
    assert told.startswith("Over 5 seeds, ROC AUC improves by 0.021 on average")
    assert "1 of 4 others have another sign" in told


def test_one_seed_has_no_spread(report_of: ReportOf) -> None:
    report = report_of("promoted")
    assert seed_lines(report) == []
    assert seed_range(report.comparison) == seed_sentence(report.comparison) == ""


def test_equal_seeds_have_no_deviation(report_of: ReportOf) -> None:
    report = report_of("seeded")
    (spread,) = report.metrics.seeds
    equal = spread.model_copy(
        update={"values": (0.7, 0.7), "mean": 0.7, "standard_deviation": 0.0, "worst": 0.7}
    )
    lines = seed_lines(changed(report, "metrics", seeds=(equal,)))
    line = next(line for line in lines if line.part == "test")
    assert (line.mean, line.deviation, line.worst) == ("0.7", "0", "0.7")


def test_the_learning_curve_is_told_share_by_share(report_of: ReportOf) -> None:
    report = report_of("seeded")
    lines = model.curve_lines(report)
    assert [(line.share, line.rows, line.repeats) for line in lines] == [
        ("10 %", "1,413", "2"),
        ("40 %", "5,653", "2"),
        ("100 %", "14,133", "1"),
    ]
    assert [(line.train, line.validation) for line in lines][1:] == [
        ("0.52", "0.61"),
        ("0.54", "0.602"),
    ]
    assert model.curve_sentence(report) == "Learning curve"
    assert model.curve_lines(report_of("promoted")) == []
    assert model.curve_sentence(report_of("promoted")) == ""
