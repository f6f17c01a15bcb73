"""The failure cases as the report shows them: what was said, what came true, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiment_cycle.columns import ROW
from experiment_cycle.evaluation.errors.explanations import told_rows
from experiment_cycle.metrics.losses import row_loss_name
from experiment_cycle.problem import ProblemType
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.lines import written
from experiment_cycle.reporting.numbers import number, signed

DRIVERS = 3
SAYS: dict[str, str] = {
    "binary": "What a model says is the probability of the positive class.",
    "multiclass": "What a model says is the class it calls.",
    "regression": "What a model says is the number it predicts.",
    "ranking": "A query is as wrong as its order. Of each, the row that was put first stands "
    "against the most relevant one.",
}
"""How failure cases are to be read."""
TOLD: dict[ProblemType, tuple[str, ...]] = {
    "binary": (ROW, "loss", "probability", "target", "incumbent_probability"),
    "multiclass": (ROW, "loss", "prediction", "probability", "target", "incumbent_prediction"),
    "regression": (ROW, "loss", "prediction", "target", "incumbent_prediction"),
    "ranking": (ROW, "loss", "query", "place", "prediction", "target", "incumbent_prediction"),
}
"""The columns before those of the data."""


@dataclass(frozen=True)
class Driver:
    """A feature that moved the output, by how much, and its value; all as text."""

    feature: str
    value: str
    contribution: str


@dataclass(frozen=True)
class FailureLine:
    """One failure case.

    `neighbours` are the targets of the nearest training rows, nearest first; `contradicted` tells
    that none of them is the row's own class.
    """

    name: str
    loss: str
    says: str
    truth: str
    incumbent: str
    drivers: tuple[Driver, ...]
    neighbours: tuple[str, ...]
    contradicted: bool


def failure_titles(report: Report) -> tuple[str, ...]:
    """Title the columns of the failure lines that every problem has."""
    kind, who = report.problem.type, report.incumbent.kind
    if kind == "ranking":
        loss = "1 - NDCG at 10"
        return "query", loss, "challenger puts first", "most relevant", f"{who} puts first"
    return "row", row_loss_name(kind), "challenger says", "truth", f"{who} says"


def failure_lines(report: Report, most: int) -> list[FailureLine]:
    """Write the first `most` failure cases; of a ranking, queries."""
    if not most or report.failures.empty:
        return []
    if report.problem.type == "ranking":
        return _queries(report, most)
    shown = one_of_each_group(report, report.failures).head(most)
    return [_row(report, case) for case in _records(shown)]


def explanation_sentences(report: Report) -> list[str]:
    """Say how the reasons are to be read, or why there are none."""
    found = report.explanations
    sentences = []
    if found.output is None:
        sentences.append(found.attributions_note or "")
    else:
        before = ", before it was calibrated" if found.calibrated else ""
        what = f"moved the output most, and by how much ({found.output}{before})"
        if report.problem.type == "ranking":
            what = "put the first row ahead of the most relevant one, and by how much (score)"
        sentences.append(f"Driven by: the {DRIVERS} features that {what}.")
    if found.neighbours_note is not None:
        return [*sentences, found.neighbours_note]
    drawn = found.searched_rows < found.training_rows
    whose = " to the one put first" if report.problem.type == "ranking" else ""
    of_these = f", of {number(found.searched_rows)} drawn" if drawn else ""
    return [
        *sentences,
        f"Training says: what came true for the training rows nearest{whose}{of_these}, every "
        "feature counting alike.",
    ]


def input_table(
    report: Report, cases: pd.DataFrame, most: int
) -> tuple[list[str], list[list[str]]]:
    """Write the rows' own columns of the first `most` cases, as titles and rows of text."""
    told = set(TOLD[report.problem.type]) - {ROW}
    shown = first_cases(report, told_rows(cases), most)
    shown = shown[[name for name in shown.columns if name not in told]]
    rows = [[written(value) for value in row] for row in shown.itertuples(index=False, name=None)]
    return ["row" if name == ROW else str(name) for name in shown.columns], rows


def first_cases(report: Report, cases: pd.DataFrame, most: int) -> pd.DataFrame:
    """Keep the first `most` rows, one of each group; of a ranking, all of `most` queries."""
    if report.problem.type != "ranking" or cases.empty:
        return one_of_each_group(report, cases).head(most)
    return cases[cases["query"].isin(cases["query"].unique()[:most])]


def one_of_each_group(report: Report, cases: pd.DataFrame) -> pd.DataFrame:
    """Keep the first row of each group: rows of one person fail alike, and tell one thing."""
    name = report.columns.group
    kept = [each for each in (f"{name} (data)", name) if name and each in cases.columns]
    if not kept:
        return cases
    known = cases[kept[0]].notna()
    return cases[~(cases.duplicated(subset=kept[0]) & known)]


def truth(report: Report, target: Any) -> str:
    """Write a target: a class of two in words, the others as they are stored."""
    if report.problem.type == "binary":
        return report.metrics.classes[int(target)]
    return written(target)


def _row(report: Report, case: dict[str, Any]) -> FailureLine:
    word = "probability" if report.problem.type == "binary" else "prediction"
    says = written(case[word])
    if report.problem.type == "multiclass":
        says += f" (the truth: {number(case['probability'])})"
    came = truth(report, case["target"])
    near = _neighbours(report, case[ROW])
    return FailureLine(
        name=written(case[ROW]),
        loss=written(case["loss"]),
        says=says,
        truth=came,
        incumbent=written(case[f"incumbent_{word}"]),
        drivers=_drivers(report, case[ROW]),
        neighbours=near,
        contradicted=bool(report.problem.classes and near) and came not in near,
    )


def _queries(report: Report, most: int) -> list[FailureLine]:
    name = report.columns.query or "query"
    named = f"{name} (data)" if f"{name} (data)" in report.failures.columns else name
    lines = []
    for _, rows in list(report.failures.groupby("query", sort=False))[:most]:
        first = _records(rows.sort_values("place"))[0]
        best = _records(rows.sort_values(["target", "place"], ascending=False))[0]
        other = _records(rows.sort_values("incumbent_prediction", ascending=False, kind="stable"))[
            0
        ]
        lines.append(
            FailureLine(
                name=written(first.get(named, first["query"])),
                loss=written(first["loss"]),
                says=_relevant(first),
                truth=f"{_relevant(best)}, place {written(best['place'])}",
                incumbent=_relevant(other),
                drivers=_ahead(report, first[ROW], best[ROW]),
                neighbours=_neighbours(report, first[ROW]),
                contradicted=False,
            )
        )
    return lines


def _relevant(row: dict[str, Any]) -> str:
    return f"row {written(row[ROW])} (relevance {written(row['target'])})"


def _drivers(report: Report, row: Any) -> tuple[Driver, ...]:
    found = _attributed(report, row).head(DRIVERS)
    return tuple(
        Driver(str(line["feature"]), _short(line["value"]), _moved(line["contribution"]))
        for line in _records(found)
    )


def _ahead(report: Report, first: Any, best: Any) -> tuple[Driver, ...]:
    """Name what moved the first row ahead of the best: their contributions, one less the other."""
    if first == best:
        return _drivers(report, first)
    both = _attributed(report, first).merge(
        _attributed(report, best), on="feature", suffixes=("", "_best")
    )
    both["contribution"] -= both["contribution_best"]
    order = both["contribution"].abs().sort_values(ascending=False, kind="stable").index
    return tuple(
        Driver(
            str(line["feature"]),
            f"{_short(line['value'])}, not {_short(line['value_best'])}",
            _moved(line["contribution"]),
        )
        for line in _records(both.loc[order].head(DRIVERS))
    )


def _attributed(report: Report, row: Any) -> pd.DataFrame:
    table: pd.DataFrame = report.attributions[report.attributions[ROW] == row]
    return table


def _neighbours(report: Report, row: Any) -> tuple[str, ...]:
    table = report.neighbours
    return tuple(written(value) for value in table[table[ROW] == row]["target"].tolist())


def _short(value: str) -> str:
    """Write a value that is kept as text: numbers with four digits, nothing as missing."""
    try:
        return number(float(value)) if value else "missing"
    except ValueError:
        return value


def _moved(contribution: Any) -> str:
    return signed(float(f"{float(contribution):.2g}"))


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        dict(zip(map(str, table.columns), row, strict=True))
        for row in table.itertuples(index=False, name=None)
    ]
