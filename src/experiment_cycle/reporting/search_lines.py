"""What the report says of the search for hyperparameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.figures import plain_text
from experiment_cycle.reporting.lines import written
from experiment_cycle.reporting.numbers import duration, number, percent, rounded_alike, signed
from experiment_cycle.tuning.spaces import SearchSpace

NOTHING_SEARCHED = "Nothing was searched: the hyperparameters are as configured."
SEARCH_ROWS = (
    ("trials_plot", "curves_plot"),
    ("importance_plot",),
    ("slice_plot",),
    ("parallel_plot",),
)
"""The figures, as they are shown beside and below each other."""
SEARCH_FIGURES = tuple(name for row in SEARCH_ROWS for name in row)
METHODS = {
    "grid": "grid: every combination",
    "random": "random",
    "bayesian": "Bayesian: each trial learns from those before it",
    "hyperband": "Hyperband: trials that promise little are stopped early",
}
ABSENT = "not varied"


@dataclass(frozen=True)
class VariedLine:
    """One hyperparameter: what was searched, what the best trial has, what is configured."""

    name: str
    searched: str
    best: str
    start: str


def search_facts(report: Report) -> list[tuple[str, str]]:
    """Describe the search in pairs of a name and a text; none where nothing was searched."""
    search = report.search
    if not search.searched:
        return []
    asked = f"at most {number(search.trials_asked)} trials"
    if search.seconds_asked is not None:
        asked += f" and {duration(search.seconds_asked)}"
    return [
        ("Method", METHODS.get(search.method, search.method)),
        ("By", search.backend),
        ("Estimator", search.estimator),
        ("Budget", asked),
        ("Trials", _counts(report)),
        ("Ended", search.stopped_because),
        ("Time", _time(report)),
    ]


def score_lines(report: Report) -> list[tuple[str, str]]:
    """Set the best trial's value beside the corrected one, and beside the configuration's."""
    search, honest = report.search, report.search.honest
    if not search.searched:
        return []
    corrected = None if honest is None else honest.corrected
    best, fair, default = rounded_alike(search.best_value, corrected, search.default_value)
    lines = [(f"best, trial {number(search.best_trial)}", best), ("corrected value", fair)]
    if honest is not None and honest.standard_error is not None:
        lines.append(("standard error of either", number(honest.standard_error)))
    lines.append(("as configured, trial 0", default))
    if honest is not None and honest.gain is not None:
        lines.append(("improvement of the search, corrected", signed(honest.gain)))
        lines.append(("more than noise from", number(honest.noise)))
    return lines


def score_sentence(report: Report) -> str:
    """Say how the corrected value comes about, and how sure the choice is; empty without one."""
    honest = report.search.honest
    if honest is None:
        return ""
    if honest.note is not None:
        return honest.note
    return (
        f"The best of {number(honest.candidates)} values on the same rows is partly luck. "
        f"Corrected: the mean over {number(honest.resamples)} draws of the validation rows, "
        "choosing each time on the rows drawn and measuring on the others. The same trial was "
        f"chosen in {percent(honest.chosen_again)} of the draws. An improvement is more than noise "
        "from where a search that gains nothing would get by chance in one case of twenty. That "
        "early stopping looks at the same rows is not corrected for."
    )


def varied_lines(report: Report) -> list[VariedLine]:
    """Write what was searched, a line for each hyperparameter."""
    trials, search = report.trials, report.search
    if not search.searched or trials.empty:
        return []
    by_number = trials.set_index("trial")
    lines = []
    for name, space in search.space.items():
        values = by_number[name] if name in by_number.columns else None
        best, start = (
            ABSENT
            if values is None or at is None or at not in values.index
            else written(values[at]) or "none"
            for at in (search.best_trial, 0)
        )
        lines.append(VariedLine(name, _range(space), best, start))
    return lines


def search_notes(report: Report) -> list[str]:
    """Give the sentences of those figures of the search that have nothing to draw."""
    figures = [report.figures[name] for name in SEARCH_FIGURES]
    return [
        plain_text(annotation.text)
        for figure in figures
        if not figure.data
        for annotation in figure.layout.annotations
    ]


def _counts(report: Report) -> str:
    search = report.search
    counted = {
        "complete": search.complete,
        "stopped early": search.pruned,
        "failed": search.failed,
        "from an earlier run": search.earlier,
    }
    return ", ".join(f"{number(count)} {name}" for name, count in counted.items() if count)


def _time(report: Report) -> str:
    search = report.search
    spent = duration(search.seconds)
    return spent if search.workers == 1 else f"{spent}, {number(search.workers)} trials at a time"


def _range(space: SearchSpace) -> str:
    return ", ".join(_parts(space))


def _parts(space: SearchSpace) -> Iterator[str]:
    if space.choices is not None:
        yield " or ".join("none" if choice is None else written(choice) for choice in space.choices)
    else:
        yield f"{number(space.low)} to {number(space.high)}"
    if space.log:
        yield "log scale"
    if space.step is not None:
        yield f"in steps of {number(space.step)}"
    for other, values in space.when.items():
        told = " or ".join("none" if value is None else written(value) for value in values)
        yield f"where {other} is {told}"
