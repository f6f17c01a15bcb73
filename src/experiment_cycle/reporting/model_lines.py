"""What the report says of the challenger as a model: what it is, how it was made."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.figures import plain_text
from experiment_cycle.reporting.numbers import (
    duration,
    number,
    percent,
    size,
)
from experiment_cycle.training.records import Resources

PROBLEMS = {
    "binary": "classification, two classes",
    "multiclass": "classification, {} classes",
    "regression": "regression",
    "ranking": "ranking",
}


@dataclass(frozen=True)
class CurveLine:
    """The trainings on one share of the training rows, their mean."""

    share: str
    rows: str
    repeats: str
    train: str
    validation: str


def model_facts(report: Report) -> list[tuple[str, str]]:
    """Describe the challenger in pairs of a name and a text."""
    model, incumbent = report.challenger, report.incumbent
    return [
        ("Estimator", model.estimator),
        ("Problem", PROBLEMS[report.problem.type].format(len(report.problem.classes))),
        ("Features", number(len(model.features))),
        _best_step(report),
        *_of_classification(report),
        ("Trained on", _rows(report)),
        ("Trainings", _trainings(report)),
        ("Identity of the challenger", model.identity[:12]),
        (f"Identity of the {incumbent.kind}", incumbent.identity[:12]),
    ]


def threshold_sentence(report: Report) -> str:
    """Say from where on rows are called positive, and how that was chosen; empty without."""
    found = report.challenger.threshold
    if found is None:
        return ""
    return (
        f"A row is called positive from a probability of {number(found.value)} on. {found.detail}"
    )


def called_sentence(report: Report) -> str:
    """Say from where on each model calls a row positive on the test rows; empty without."""
    thresholds = report.metrics.thresholds
    if thresholds is None:
        return ""
    own, other = number(thresholds["challenger"]), number(thresholds["incumbent"])
    if own == other:
        return f"A row is called positive from a probability of {own} on."
    return (
        f"A row is called positive from a probability of {own} on by the challenger, of {other} on "
        f"by the {report.incumbent.kind}."
    )


def cost_lines(report: Report) -> list[tuple[str, str, str]]:
    """Say what training the challenger and the baseline cost."""
    own, other = _costs(report.challenger_resources), _costs(report.baseline_resources)
    return [(name, own[name], other.get(name, "")) for name in own if own[name] or other.get(name)]


def validation_lines(report: Report) -> list[tuple[str, str, str]]:
    """Write the challenger's metrics on validation, each beside the same one on the test rows."""
    test = report.metrics.challenger
    return [
        (name, number(value), number(test[name].value) if name in test else "")
        for name, value in report.validation.metrics.items()
    ]


def curve_lines(report: Report) -> list[CurveLine]:
    """Write the learning curve, the smallest share first; none where it was not asked for."""
    points = sorted(report.learning_curve, key=lambda point: point.share)
    lines = []
    for share, found in groupby(points, key=lambda point: point.share):
        same = list(found)
        lines.append(
            CurveLine(
                share=percent(share),
                rows=number(round(math.fsum(point.rows for point in same) / len(same))),
                repeats=number(len(same)),
                train=number(math.fsum(point.train for point in same) / len(same)),
                validation=number(math.fsum(point.validation for point in same) / len(same)),
            )
        )
    return lines


def curve_sentence(report: Report) -> str:
    """Say whether more data would help, as the learning curve's title does; empty without one."""
    if not report.learning_curve:
        return ""
    return plain_text(report.figures["learning_curve_plot"].layout.title.text or "")


def stopped_sentence(report: Report) -> str:
    """Say how many steps were trained, and why training ended."""
    history = report.history
    steps = f"{number(history.steps)} {history.unit}s were trained. " if history.steps else ""
    return f"{steps}{history.stopped_because.removesuffix('.')}."


def _best_step(report: Report) -> tuple[str, str]:
    unit, best = report.history.unit, report.challenger.best_step
    if unit is None or best is None:
        return "Fitted", "at once"
    # 0: the metric that was watched was never defined
    return f"Best {unit}", number(best) if best else "none: the last one is kept"


def _of_classification(report: Report) -> Iterator[tuple[str, str]]:
    model = report.challenger
    if not report.problem.classes:
        return
    if model.threshold is not None:
        yield "Threshold", number(model.threshold.value)
    yield "Calibration", model.calibration
    weights = report.training.class_weight
    if isinstance(weights, dict):
        told = ", ".join(f"{level}: {number(weight)}" for level, weight in weights.items())
    else:
        told = weights or "none"
    yield "Class weights", told


def _rows(report: Report) -> str:
    refitted = report.challenger.refit_rows
    if refitted is None:
        return f"{number(report.challenger_resources.train_rows)} rows of train"
    return f"{number(refitted)} rows, refitted on train and validation"


def _trainings(report: Report) -> str:
    further = len(report.challenger.seed_identities)
    return f"{further + 1} seeds" if further else "one seed"


def _costs(found: Resources) -> dict[str, str]:
    gpu, model = found.gpu_memory_mib, found.model_bytes
    return {
        "time": duration(found.wall_seconds),
        "processor time": duration(found.cpu_seconds),
        "peak memory": f"{number(found.peak_memory_mib)} MiB",
        "memory of the GPU": "" if gpu is None else f"{number(gpu)} MiB",
        "size of the model": "" if model is None else size(model),
        "train rows": number(found.train_rows),
        "validation rows": number(found.validation_rows),
    }
