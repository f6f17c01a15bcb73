"""What differs between two runs, in words and tables that terminal, page and Markdown share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiment_cycle.commands.run_cells import ABSENT, Cells, Section, changed, numbers
from experiment_cycle.commands.run_difference import Change, CodeChange, RunDifference
from experiment_cycle.decision.two_runs import MetricPair, PairedRuns
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.numbers import (
    duration,
    p_value,
    rounded_alike,
    signed_interval,
)
from experiment_cycle.tracking.past_cycles import PastCycle

SIGNIFICANT = 0.05
SHORT_ID = 8
MOST_PACKAGES = 15
MOST_FILES = 8
MOST_DIFF = 200
"""Lines of a diff that are shown."""
DESCRIBES = (
    "It describes: nothing is decided, no look is spent, no test set is opened. Who picks a run by "
    "these numbers has chosen on the test set; let a cycle of its own confirm it."
)


def heading(found: RunDifference) -> Cells:
    """Tell which runs are compared."""
    facts = [
        ("cycle", [each.run_id[:SHORT_ID] for each in _both(found)]),
        ("started (UTC)", [f"{each.started:%Y-%m-%d %H:%M}" for each in _both(found)]),
        ("hypothesis", [each.name or each.hypothesis_id or ABSENT for each in _both(found)]),
        ("decision", [_decided(each) for each in _both(found)]),
        ("data", [(each.data_version or ABSENT)[:SHORT_ID] for each in _both(found)]),
        (
            "took",
            [ABSENT if e.seconds is None else duration(round(e.seconds)) for e in _both(found)],
        ),
    ]
    return Cells(("", "A", "B"), tuple((name, *values) for name, values in facts), "lll")


def conclusion(found: RunDifference) -> str:
    """Say in a sentence whether the second model is better."""
    if found.paired is None:
        return f"No test is possible. {found.why_unpaired}"
    better, worse = (
        [label(m.metric) for m in found.paired.metrics if _sign(m) == s] for s in (1, -1)
    )
    parts = [
        f"{word} in {', '.join(names)}"
        for word, names in (("better", better), ("worse", worse))
        if names
    ]
    if not parts:
        return "The models of A and B cannot be told apart on these rows."
    return f"The model of B is {'; '.join(parts)}. All else may be chance."


def sections(found: RunDifference) -> list[Section]:
    """List all that differs, and what does not in a sentence."""
    return [
        _metrics(found),
        _costs(found),
        _parameters(found),
        _data(found),
        _code(found.code),
        _environment(found),
    ]


def _metrics(found: RunDifference) -> Section:
    if found.paired is None:
        known = [each.model_copy(update={"name": label(each.name)}) for each in found.unpaired]
        if not known:
            return Section("Metrics", ("None is recorded.",))
        told = "Side by side, each on the test rows of its own run:"
        return Section("Metrics", (told,), (numbers("metric", known),))
    rows = tuple(_metric_row(each) for each in found.paired.metrics)
    titles = ("metric", "A", "B", "B is better by (95 %)", "p")
    notes = dict.fromkeys(
        f"{label(each.metric)}: {_note(each.note)}." for each in found.paired.metrics if each.note
    )
    tests: dict[str, list[str]] = {}
    for each in found.paired.metrics:
        tests.setdefault(each.test, []).append(label(each.metric))
    named = "\n".join(f"{', '.join(names)}: {test}." for test, names in tests.items())
    return Section(
        "Metrics",
        (*_rows_told(found.paired), DESCRIBES, *notes),
        (Cells(titles, rows, "lrrrr"),),
        (("Which test was used", named),),
    )


def _rows_told(paired: PairedRuns) -> Iterator[str]:
    tried = f"the same {paired.rows:,} rows"
    units = "" if paired.unit == "row" else f", {paired.units:,} {_plural(paired.unit)}"
    folds = f", in {paired.folds} folds" if paired.folds else ""
    yield (
        f"Both were tried on {tried}{units}{folds}. p is two-sided, and holds for all metrics "
        "together (Holm); * marks what is below 5 %."
    )


def _metric_row(pair: MetricPair) -> tuple[str, ...]:
    mark = " *" if _sign(pair) else ""
    first, second = rounded_alike(pair.first, pair.second)
    return (
        label(pair.metric),
        first,
        second,
        signed_interval(pair.effect, pair.lower, pair.upper),
        ABSENT if pair.p_adjusted is None else f"{p_value(pair.p_adjusted)}{mark}",
    )


def _note(note: str) -> str:
    """Name the models as they are named here."""
    return note.replace("challenger:", "B:").replace("incumbent:", "A:")


def _sign(pair: MetricPair) -> int:
    if pair.effect is None or pair.p_adjusted is None or pair.p_adjusted >= SIGNIFICANT:
        return 0
    return 1 if pair.effect > 0.0 else -1


def _costs(found: RunDifference) -> Section:
    if not found.costs:
        return Section("Costs", ("Not recorded.",))
    told = "Measured once a run: a difference may be the machine's, so that there is no test."
    return Section("Costs", (told,), (numbers("cost", found.costs),))


def _parameters(found: RunDifference) -> Section:
    if not found.parameters:
        return Section("Parameters", ("All parameters are the same.",))
    return Section("Parameters", (), (changed("parameter", found.parameters),))


def _data(found: RunDifference) -> Section:
    if not found.data and not found.split:
        version = (found.first.data_version or ABSENT)[:SHORT_ID]
        return Section("Data", (f"The same version {version}, split alike.",))
    told = []
    if not found.data:
        told.append(f"The same version, {_split_told(found.split)}.")
    if found.columns:
        names = ", ".join(each.name for each in found.columns)
        told.append(f"Columns with other values, added or removed: {names}.")
    if {each.name for each in found.data} & {"id"}:
        ids = " ".join((each.data_version or "?")[:SHORT_ID] for each in _both(found))
        told.append(f"Row by row: kedro cycle data diff {ids}")
    return Section("Data", tuple(told), (changed("", (*found.data, *found.split)),))


def _split_told(changes: Sequence[Change]) -> str:
    for run, values in (("A", [c.first for c in changes]), ("B", [c.second for c in changes])):
        if all(value is None for value in values):
            return f"which {run} did not split"
    return "split differently"


def _code(code: CodeChange) -> Section:
    if code.same:
        tree = (
            "and the same uncommitted changes" if any(code.uncommitted) else "nothing changed since"
        )
        return Section("Code", (f"The same: commit {(code.commits[0] or '')[:SHORT_ID]}, {tree}.",))
    if code.same is None:
        return Section(
            "Code", ("Not known: a run was made outside git, before a commit, or did not train.",)
        )
    rows = (
        ("commit", *((commit or ABSENT)[:SHORT_ID] for commit in code.commits)),
        ("uncommitted", *("yes" if changed else "no" for changed in code.uncommitted)),
    )
    texts = [("Between the commits", code.between_commits or "")]
    texts += [(f"Not committed in {run}", diff) for run, diff in zip("AB", code.diffs, strict=True)]
    known = [(title, _cut(text)) for title, text in texts if text]
    told = [f"{title}: {_files(text)}." for title, text in texts if text]
    if code.commits[0] != code.commits[1] and code.between_commits is None:
        told.append("This repository does not have both commits, so that they cannot be compared.")
    return Section("Code", tuple(told), (Cells(("", "A", "B"), rows, "lll"),), tuple(known))


def _environment(found: RunDifference) -> Section:
    if not found.environment and not found.packages:
        return Section("Environment", ("The same machine and packages.",))
    shown = found.packages[:MOST_PACKAGES]
    told = []
    if len(found.packages) > len(shown):
        told.append(f"{len(found.packages)} packages differ; the first {len(shown)} are shown.")
    if not found.packages:
        told.append("The same packages.")
    return Section("Environment", tuple(told), (changed("", (*found.environment, *shown)),))


def _files(diff: str) -> str:
    names = [
        line.rpartition(" b/")[2] for line in diff.splitlines() if line.startswith("diff --git")
    ]
    more = [f"and {len(names) - MOST_FILES} more"] if len(names) > MOST_FILES else []
    return ", ".join([*names[:MOST_FILES], *more]) or "files too large to be shown"


def _cut(diff: str) -> str:
    lines = diff.splitlines()
    if len(lines) <= MOST_DIFF:
        return diff
    return "\n".join([*lines[:MOST_DIFF], f"… {len(lines) - MOST_DIFF:,} lines more"])


def _decided(cycle: PastCycle) -> str:
    decided = cycle.decision or f"none ({cycle.status.lower()})"
    return decided if cycle.forced is None else f"{decided}, then forced"


def _plural(unit: str) -> str:
    return "queries" if unit == "query" else f"{unit}s"


def _both(found: RunDifference) -> tuple[PastCycle, PastCycle]:
    return found.first, found.second
