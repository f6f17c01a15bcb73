"""What the terminal shows at the end of a run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from experiment_cycle.decision.records import Comparison, Decision, Gate, Promotion, Verdict
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.numbers import confidence, number, rounded_alike
from experiment_cycle.reporting.seed_lines import seed_range
from experiment_cycle.reporting.terms import SIGNS

STYLES = {"good": "green", "bad": "red", "open": "yellow"}
INDENT = (0, 0, 0, 2)
STATUS_WIDTH = 11


def summarise(
    decision: dict[str, Any],
    comparison: dict[str, Any],
    gates: list[dict[str, Any]],
    promotion: dict[str, Any],
    report_path: Path,
) -> RenderableType:
    """Say what was decided and why, in about twenty lines that fit into 80 columns.

    Args:
        decision: A `Decision`, as stored.
        comparison: A `Comparison`, as stored.
        gates: Each a `Gate`, as stored.
        promotion: A `Promotion`, as stored.
        report_path: Where the HTML report is; shown relative to the current directory if below it.

    Returns:
        Something for rich to print; without colour it says the same.
    """
    decided = Decision.model_validate(decision)
    compared = Comparison.model_validate(comparison)
    parts: list[RenderableType] = [Text(), *_outcome(decided, Promotion.model_validate(promotion))]
    if compared.primary is not None:
        verdicts = (compared.primary, *compared.guardrails)
        parts += [Text(), _verdicts(verdicts, compared.incumbent_kind)]
    if compared.seeds is not None and seed_range(compared):
        told = f"improvement over {len(compared.seeds.effects)} seeds: {seed_range(compared)}"
        parts.append(Padding(Text(told), INDENT, expand=False))
    parts += [Text(), _gates([Gate.model_validate(gate) for gate in gates])]
    return Group(*parts, Text(), _where(report_path), Text())


def _outcome(decided: Decision, promotion: Promotion) -> list[RenderableType]:
    sign = SIGNS[decided.decision]
    first = decided.reasons[0] if decided.reasons else "No reason was recorded."
    headline = Text.assemble((f"{sign.icon} {sign.word}", f"bold {STYLES[sign.tone]}"))
    headline.append(f"  hypothesis {decided.hypothesis_id}", style="dim")
    return [
        headline,
        *(Padding(Text(text), INDENT, expand=False) for text in (first, promotion.sentence)),
    ]


def _verdicts(verdicts: tuple[Verdict, ...], incumbent: str) -> Padding:
    grid = _grid()
    for verdict in verdicts:
        grid.add_row(_sign(verdict.status), f"{label(verdict.metric)} {verdict.requirement}")
        grid.add_row("", Text(_measured(verdict, incumbent)))
        if bounds := _bounds(verdict):
            grid.add_row("", Text(bounds, style="dim"))
        if verdict.rows_needed is not None and verdict.rows_needed > verdict.rows:
            needed, there = number(verdict.rows_needed), number(verdict.rows)
            grid.add_row("", Text(f"80 % power takes about {needed} test rows; there are {there}"))
    return Padding(grid, INDENT, expand=False)


def _measured(verdict: Verdict, incumbent: str) -> str:
    if verdict.effect is None:
        return f"not defined: {verdict.note or 'a metric it needs is not'}"
    own, other = rounded_alike(verdict.challenger, verdict.incumbent)
    models = f"challenger {own}"
    if verdict.incumbent is not None:
        models += f", {incumbent} {other}"
    effect, *_ = rounded_alike(verdict.effect, verdict.lower, verdict.upper)
    sign = "+" if verdict.effect > 0.0 else ""
    if not verdict.is_improvement:
        return f"{models}: {sign}{effect} from the limit"
    return f"{models}: improvement {sign}{effect}"


def _bounds(verdict: Verdict) -> str:
    _, lower, upper = rounded_alike(verdict.effect, verdict.lower, verdict.upper)
    bounds = []
    if verdict.lower is not None:
        bounds.append(f"above {lower} with {confidence(verdict.lower_level)}")
    if verdict.upper is not None:
        bounds.append(f"below {upper} with {confidence(verdict.upper_level)}")
    return ", ".join(bounds).replace(" %", " % confidence", 1)


def _gates(gates: list[Gate]) -> Padding:
    grid = _grid()
    for gate in gates:
        told = Text(gate.title if gate.required else f"{gate.title} (advisory)")
        if gate.status != "passed":
            told.append(f"\n{gate.evidence}")
        grid.add_row(_sign(gate.status), told)
    return Padding(grid, INDENT, expand=False)


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, min_width=STATUS_WIDTH)
    grid.add_column(overflow="fold")
    return grid


def _sign(status: str) -> Text:
    sign = SIGNS[status]
    return Text(f"{sign.icon} {sign.word}", style=STYLES[sign.tone])


def _where(report_path: Path) -> Padding:
    here = Path.cwd()
    shown = report_path.relative_to(here) if report_path.is_relative_to(here) else report_path
    grid = _grid()
    grid.add_row("report", Text(shown.as_posix(), style="bold"))
    if shutil.which("kedro") is None:
        grid.add_row("first", "source .venv/bin/activate")
    grid.add_row("record", "kedro mlflow ui")
    grid.add_row("pipeline", "kedro viz run")
    return Padding(grid, INDENT, expand=False)
