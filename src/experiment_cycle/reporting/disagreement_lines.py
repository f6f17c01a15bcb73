"""Where both models disagree, as the report says it."""

from __future__ import annotations

from experiment_cycle.columns import ROW
from experiment_cycle.evaluation.errors.disagreement import Disagreement
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.failure_lines import TOLD, first_cases, truth
from experiment_cycle.reporting.lines import written
from experiment_cycle.reporting.numbers import number, percent
from experiment_cycle.reporting.terms import units

MOST_SLICES = 5


def disagreement_sentence(report: Report) -> str:
    """Say what was fixed and what was broken, and what is left of it."""
    found, who = report.disagreement, report.incumbent.kind
    fixed, broken = (
        f"{number(count)}{_in_units(found, count, units_)}"
        for count, units_ in ((found.fixed, found.fixed_units), (found.broken, found.broken_units))
    )
    if found.both_right is not None:
        told = (
            f"Of {number(found.counted)} rows, the challenger fixed {fixed} that the {who} got "
            f"wrong, and broke {broken} that it got right. Both are right on "
            f"{number(found.both_right)}, both wrong on {number(found.both_wrong)}."
        )
    elif found.counts == "query":
        told = (
            f"Of {number(found.counted)} queries, the challenger orders {fixed} better than the "
            f"{who}, and {broken} worse; {number(found.alike)} are as good."
        )
    else:
        told = (
            f"Of {number(found.counted)} rows, the challenger fixed {fixed}, where it is closer "
            f"than the {who} by more than {number(found.margin)} (a tenth of the {who}'s mean "
            f"absolute error), and broke {broken}, where it is as much farther; "
            f"{number(found.alike)} are alike."
        )
    return f"{told} {_net(found)}"


def broken_slices_sentence(found: Disagreement) -> str:
    """Say how many levels broke more than others, and by what was judged."""
    many = "queries" if found.counts == "query" else "rows"
    if not found.slices_tested:
        return f"No level of a column has enough broken {many} to ask where they are concentrated."
    if not found.slices:
        return (
            f"None of {number(found.slices_tested)} levels of columns has a greater share of "
            f"broken {many} than chance would have it."
        )
    return (
        f"Of {number(found.slices_tested)} levels of columns, {number(len(found.slices))} have a "
        f"greater share of broken {many} than the others, with a false discovery rate of "
        f"{percent(round(found.alpha, 9))}. Where as many were fixed, the models only differ there."
    )


def broken_slice_rows(found: Disagreement) -> list[list[str]]:
    """Write the first levels: name, size, shares broken, broken elsewhere and fixed."""
    return [
        [
            f"{each.column}: {each.level}",
            number(each.counted),
            percent(each.share),
            percent(each.elsewhere),
            percent(each.fixed / each.counted),
        ]
        for each in found.slices[:MOST_SLICES]
    ]


def broken_case_table(report: Report, most: int) -> tuple[list[str], list[list[str]]]:
    """Write the first `most` broken rows as titles and rows of text."""
    shown, kind = first_cases(report, report.broken, most), report.problem.type
    titles = {
        ROW: "row",
        "loss": "loss grew by",
        "probability": "probability of the truth" if kind == "multiclass" else "challenger says",
        "prediction": "challenger says",
        "target": "truth",
        "incumbent_probability": f"{report.incumbent.kind} says",
        "incumbent_prediction": f"{report.incumbent.kind} says",
    }
    told = [name for name in TOLD[kind] if name in shown.columns]
    order = [*told, *(name for name in shown.columns if name not in told)]
    rows = []
    for values in shown[order].itertuples(index=False, name=None):
        texts = [written(value) for value in values]
        if "target" in told:
            place = told.index("target")
            texts[place] = truth(report, values[place])
        rows.append(texts)
    return [titles.get(str(name), str(name)) if name in told else str(name) for name in order], rows


def _net(found: Disagreement) -> str:
    net, many = found.net, "queries" if found.counts == "query" else "rows"
    if net.value is None:
        return net.note or ""
    sign = "+" if net.value > 0 else ""
    bounds = ""
    if net.lower is not None and net.upper is not None:
        bounds = f" ({100 * net.lower:.1f} to {100 * net.upper:.1f})"
    return f"Fixed less broken: {sign}{100 * net.value:.1f} % of the {many}{bounds}."


def _in_units(found: Disagreement, count: int, units_: int) -> str:
    return f" (in {units('group', units_)})" if found.unit == "group" and count else ""
