"""The comparison of two runs on the terminal, as a page of its own, and as Markdown."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from rich.console import Group, RenderableType
from rich.text import Text

from experiment_cycle.commands.run_cells import Cells, Section
from experiment_cycle.commands.run_difference import RunDifference
from experiment_cycle.commands.run_sections import conclusion, heading, sections
from experiment_cycle.commands.version_tables import table
from experiment_cycle.reporting import markup

REPORTING, TEMPLATES = "experiment_cycle.reporting", "templates"


def on_terminal(found: RunDifference) -> RenderableType:
    """Show the comparison in 80 columns or more."""
    parts: list[RenderableType] = [_drawn(heading(found)), Text(conclusion(found), style="bold")]
    for section in sections(found):
        parts += [Text(), Text(section.title, style="bold underline")]
        parts += [Text(sentence) for sentence in section.sentences]
        parts += [_drawn(cells) for cells in section.tables]
    return Group(*parts)


def as_markdown(found: RunDifference) -> str:
    """Write the comparison as Markdown; what comes from data is escaped."""
    blocks = ["# Two runs compared", _in_markdown(heading(found)), markup.escape(conclusion(found))]
    for section in sections(found):
        blocks.append(f"## {section.title}")
        blocks += [markup.opening(sentence) for sentence in section.sentences]
        blocks += [_in_markdown(cells) for cells in section.tables]
        blocks += [_verbatim(*text) for text in section.texts]
    return "\n\n".join(blocks) + "\n"


def as_html(found: RunDifference) -> str:
    """Write the comparison as one page that opens offline; what comes from data is escaped."""
    environment = Environment(
        loader=PackageLoader(REPORTING, TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = files(REPORTING).joinpath(TEMPLATES, "style.css").read_text("utf-8")
    shown: list[Section] = sections(found)
    return environment.get_template("two_runs.html").render(
        style=style,
        heading=heading(found),
        conclusion=conclusion(found),
        sections=shown,
        names=[(each.hypothesis_id or each.run_id[:8]) for each in (found.first, found.second)],
    )


def _drawn(cells: Cells) -> RenderableType:
    signs = {"r": ">", "l": ""}
    made = table(
        *(f"{signs[side]}{title}" for side, title in zip(cells.sides, cells.titles, strict=True))
    )
    for column in made.columns:
        column.no_wrap = column.justify == "right"
        column.overflow = "fold"
    made.padding = (0, 1, 0, 0)
    for row in cells.rows:
        made.add_row(*(Text(cell) for cell in row))
    return made


def _in_markdown(cells: Cells) -> str:
    return markup.table(cells.titles, cells.rows, cells.sides)


def _verbatim(title: str, text: str) -> str:
    # longer than any fence inside
    fence = "`" * max(
        3, 1 + max((len(run) for run in text.split() if set(run) == {"`"}), default=0)
    )
    return f"{markup.escape(title)}:\n\n{fence}\n{text.rstrip()}\n{fence}"
