"""What the record tells to the items of REFORMS, in short sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from experiment_cycle.evaluation.records import Metrics
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.lines import settings
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.model_card.answers import Answer
from experiment_cycle.reporting.model_card.leakage import held_out_sentence
from experiment_cycle.reporting.model_lines import PROBLEMS
from experiment_cycle.reporting.numbers import number, percent
from experiment_cycle.reporting.profile_lines import QUANTILES, level_lines, target_line
from experiment_cycle.reporting.search_lines import search_facts, varied_lines
from experiment_cycle.reporting.terms import units
from experiment_cycle.reporting.waterfall import row_lines

MOST = 5
"""How many columns or steps a sentence names; all are in the report."""


def some_values_lack(report: Report) -> bool:
    """Tell whether a feature or the target has missing values."""
    return any(_missing(report).values())


def target_sentence(report: Report) -> str:
    """Describe the target: its mean and range, or the share of each level."""
    name, line = report.columns.target, target_line(report)
    if line is not None:
        found = dict(zip(QUANTILES, line.quantiles, strict=True))
        return f"{name}: mean {line.mean}, from {found['min']} to {found['max']}."
    levels = level_lines(report)
    more = len(report.profile.target) - len(levels)
    told = [f"{each.level} {each.share}" for each in levels]
    return f"{name}: {'; '.join(told + ([f'{number(more)} rarer levels'] if more else []))}."


def size_sentence(report: Report) -> str:
    """Say how many rows there are, in each part and of each class."""
    parts = [f"{name} {number(part.rows)}" for name, part in report.split.parts.items()]
    levels = [f"{each.level} {each.rows}" for each in level_lines(report)]
    by_class = f" By level of the target: {'; '.join(levels)}." if levels else ""
    return f"{number(report.version.rows)} rows: {', '.join(parts)}.{by_class}"


def code_sentence(report: Report) -> str:
    """Say which version of the code ran."""
    found = report.environment
    if found.git_commit is None:
        return "The project was not under git, so that no version of the code is named."
    changed = ", with uncommitted changes" if found.git_clean is False else ""
    return f"Commit {found.git_commit[:12]}{changed}."


def evaluation_sentence(report: Report) -> str:
    """Say on which rows, and over which units, the models were judged."""
    found = report.metrics
    return (
        f"{held_out_sentence(report)} Judged on {number(found.rows)} rows, in "
        f"{units(found.unit, found.units)}."
    )


def interval_sentence(found: Metrics) -> str:
    """Say how sure the metrics are, and how their intervals were made."""
    how = f": {found.method.removesuffix('.')}" if found.method else ""
    return f"{percent(found.confidence)} intervals{how}."


def transformations(report: Report) -> str:
    """Name the preprocessing that was configured otherwise than automatically."""
    options = report.training.preprocessing
    changed = settings(options.model_dump(mode="json", exclude_defaults=True))
    told = ", ".join(f"{name}: {value}" for name, value in changed[:MOST])
    how = f"configured: {told}" if told else "as the estimator wants it (auto)"
    return f"Imputation, scaling and encoding are fitted with the model, {how}."


def _dataset(report: Report, _: Sequence[Answer]) -> str:
    version = report.version
    return (
        f"{version.backend} version {version.id[:12]}, content hash {version.content_hash[:12]}: "
        f"{number(version.rows)} rows, {number(version.columns)} columns."
    )


def _infrastructure(report: Report, _: Sequence[Answer]) -> str:
    found = report.environment
    gpu = f", {', '.join(found.gpu)}" if found.gpu else ""
    return (
        f"{found.system}, {found.processor}, {number(found.cores)} cores, "
        f"{number(found.memory_mib)} MiB{gpu}; Python {found.python}, "
        f"{number(len(found.packages))} packages with their versions in the report."
    )


def _instructions(report: Report, _: Sequence[Answer]) -> str:
    return f"The report's section Reproduce; the command is {report.command}."


def _script(report: Report, _: Sequence[Answer]) -> str:
    return f"{report.command} makes every result; kedro cycle report --verify computes them again."


def _missing(report: Report) -> dict[str, int]:
    read = [*report.challenger.features, report.columns.target]
    columns = report.profile.columns
    return {name: columns[name].missing for name in read if name in columns}


def _missing_sentence(report: Report, _: Sequence[Answer]) -> str:
    found = {name: count for name, count in _missing(report).items() if count}
    if not found:
        return "No value of a feature or of the target is missing."
    worst = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST]
    told = ", ".join(f"{name} {percent(count / report.profile.rows)}" for name, count in worst)
    more = f", {number(len(found) - MOST)} more columns" if len(found) > MOST else ""
    return f"{told}{more}; not split by class."


def _excluded(report: Report, _: Sequence[Answer]) -> str:
    lost = [
        f"{line.table} {line.rows if line.table == 'left out' else line.change} ({line.reason})"
        for line in row_lines(report)
        if line.change.startswith("-") or line.table == "left out"
    ]
    dropped = ", ".join(report.columns.drop[:MOST])
    told = "; ".join(lost[:MOST]) or "no step left out a row"
    columns = f" Columns dropped: {dropped}." if dropped else ""
    return f"Rows: {told.removesuffix('.')}.{columns}"


def _models(report: Report, _: Sequence[Answer]) -> str:
    problem = PROBLEMS[report.problem.type].format(len(report.problem.classes))
    return (
        f"Challenger: {report.challenger.estimator}; {report.incumbent_name}: "
        f"{report.incumbent.estimator}. {problem[0].upper()}{problem[1:]}, "
        f"{number(len(report.challenger.features))} features, loss {label(report.history.loss)}."
    )


def _choice(report: Report, _: Sequence[Answer]) -> str:
    watched = f"By {label(report.history.metric)} on the validation rows."
    if not report.search.searched:
        return f"{watched} Nothing was searched: the hyperparameters are those configured."
    facts = "; ".join(f"{name}: {value.removesuffix('.')}" for name, value in search_facts(report))
    return f"{watched} {facts}."


def _hyperparameters(report: Report, _: Sequence[Answer]) -> str:
    ranges = "; ".join(f"{line.name}: {line.searched}" for line in varied_lines(report))
    searched = f" Searched: {ranges}." if ranges else " Nothing was searched."
    return f"The values are under Model details.{searched}"


def _baseline(report: Report, _: Sequence[Answer]) -> str:
    return f"Compared with the {report.incumbent_name}, {report.incumbent.estimator}."


def _leakage(asked: Sequence[Answer]) -> str:
    words = {"none_found": "none found", "warned": "a warning"}
    told = [f"{each.number} {words.get(each.status, each.status)}" for each in asked]
    return f"Leakage questions above: {', '.join(told)}."


def _metrics(report: Report, _: Sequence[Answer]) -> str:
    return f"{', '.join(map(label, report.metrics.challenger))}."


def _uncertainty(report: Report, _: Sequence[Answer]) -> str:
    return interval_sentence(report.metrics)


def _tests(report: Report, _: Sequence[Answer]) -> str:
    tests = dict.fromkeys(verdict.test for verdict in report.verdicts)
    return "; ".join(tests) + "." if tests else "Nothing was compared, so that nothing was tested."


LEAKAGE = {"3g": ("L3.3",), "6a": ("L1.1", "L1.2", "L1.3"), "6b": ("L1.4", "L3.2"), "6c": ("L2",)}
"""Which leakage questions answer an item, by its number."""

EVIDENCE: dict[str, Callable[[Report, Sequence[Answer]], str]] = {
    "2a": _dataset,
    "2b": lambda report, _: code_sentence(report),
    "2c": _infrastructure,
    "2d": _instructions,
    "2e": _script,
    "3d": lambda report, _: target_sentence(report),
    "3e": lambda report, _: size_sentence(report),
    "3f": _missing_sentence,
    "3g": lambda _, asked: _leakage(asked),
    "4a": _excluded,
    "4c": lambda report, _: transformations(report),
    "5a": _models,
    "5c": lambda report, _: evaluation_sentence(report),
    "5d": _choice,
    "5e": _hyperparameters,
    "5f": _baseline,
    "6a": lambda _, asked: _leakage(asked),
    "6b": lambda _, asked: _leakage(asked),
    "6c": lambda _, asked: _leakage(asked),
    "7a": _metrics,
    "7b": _uncertainty,
    "7c": _tests,
}
"""By the item's number, of the report and of the leakage questions it rests on; the others only a
person can answer."""
