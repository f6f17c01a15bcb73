"""What changed between two versions, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from experiment_cycle.commands.version_difference import VersionDifference
from experiment_cycle.commands.version_tables import short_id, table
from experiment_cycle.data_versioning.changes.difference import Difference, StatisticChange
from experiment_cycle.data_versioning.changes.drift import ColumnDrift, Drift
from experiment_cycle.data_versioning.records import VersionEntry
from experiment_cycle.reporting.numbers import number, p_value, percent, signed

SHOWN = 12
"""Lines of a table; the rest is told by --json."""
LEAST_CHANGE = 0.01
STATUS = {
    "changed": "values changed",
    "retyped": "another type",
    "added": "added",
    "removed": "removed",
}
RECOGNISED = {
    "identifier": "recognised by the identifier",
    "place": "recognised by their place",
    "values": "recognised by their values alone, so that a changed row is one removed, one added",
}
TESTS = {"kolmogorov_smirnov": "KS", "chi_squared": "chi2", "none": ""}


def difference_tables(found: VersionDifference) -> RenderableType:
    """Show rows, columns, statistics and drift; nothing of what stayed the same."""
    parts: list[RenderableType] = [_heading(found), Text()]
    if found.same_content:
        return Group(*parts, Text("Both hold the same content."), Text())
    parts += list(_rows(found))
    parts += [
        part
        for part in (
            _columns(found.difference),
            _statistics([s for s in found.statistics if abs(s.change) >= LEAST_CHANGE]),
            _drift(found.drift),
        )
        if part is not None
    ]
    return Group(*parts)


def _heading(found: VersionDifference) -> Table:
    grid = Table.grid(padding=(0, 2))
    for word, entry in (("from", found.old), ("to", found.new)):
        grid.add_row(Text(word, style="dim"), *_called(entry))
    return grid


def _called(entry: VersionEntry) -> tuple[Text, ...]:
    version = entry.version
    return (
        Text(short_id(version), style="bold"),
        Text(f"{entry.created:%Y-%m-%d %H:%M}"),
        Text(f"{version.rows:,} rows, {version.columns} columns"),
        Text(", ".join(entry.tags)),
    )


def _rows(found: VersionDifference) -> Iterator[Text]:
    difference = found.difference
    counts = [f"{difference.rows_added:,} added", f"{difference.rows_removed:,} removed"]
    if difference.rows_changed is not None:
        counts.append(f"{difference.rows_changed:,} changed")
    if difference.same_rows:
        old, new = (each.version.column_hashes for each in (found.old, found.new))
        if list(old) != list(new):
            yield Text("The columns are in another order.")
        if old != new:
            yield Text("The same rows are in another order.")
        return
    yield Text.assemble(
        ("Rows: ", "bold"), ", ".join(counts), f"; {RECOGNISED[difference.recognised_by]}."
    )


def _columns(difference: Difference) -> RenderableType | None:
    changed = {n: each for n, each in difference.columns.items() if each.status != "same"}
    if not changed:
        return None
    heading = "values changed" if difference.rows_changed is not None else "values exchanged"
    made = table("column", "what", "type", f">{heading}", title="Columns")
    for name, each in list(changed.items())[:SHOWN]:
        types = [kind for kind in dict.fromkeys((each.old_type, each.new_type)) if kind]
        made.add_row(
            Text(name),
            STATUS[each.status],
            Text(" to ".join(types)),
            "" if each.values_changed is None else number(each.values_changed),
        )
    return _with_rest(made, len(changed))


def _statistics(moved: list[StatisticChange]) -> RenderableType | None:
    if not moved:
        return None
    made = table("column", "statistic", ">from", ">to", ">change", title="Statistics that moved")
    for each in moved[:SHOWN]:
        is_share = each.statistic == "missing" or each.statistic.startswith("share of")
        write = percent if is_share else number
        unit = " points" if is_share else "" if each.statistic == "distinct" else " sd"
        change = each.change * 100 if is_share or each.statistic == "distinct" else each.change
        made.add_row(
            Text(each.column),
            Text(each.statistic),
            write(each.old),
            write(each.new),
            f"{signed(float(f'{change:.3g}'))}{unit or ' %'}",
        )
    return _with_rest(made, len(moved))


def _drift(drift: Drift) -> RenderableType | None:
    if not drift.columns:
        return None
    ordered = sorted(drift.columns.items(), key=lambda item: _order(item[1]))
    made = table("column", "test", ">effect", ">p", ">p, all columns", "drifted", title="Drift")
    for name, each in ordered[:SHOWN]:
        tested = each.p_value is not None
        made.add_row(
            Text(name),
            TESTS[each.test],
            f"{each.effect:.3f}" if tested else "",
            p_value(each.p_value) if tested else "",
            p_value(each.adjusted_p_value) if tested else "",
            _verdict(each),
        )
    samples = dict.fromkeys(each.message.partition(":")[0] for each in drift.columns.values())
    told = [Text(f"Compared: {sample}.", style="dim") for sample in samples]
    style = "yellow" if any(each.drifted for each in drift.columns.values()) else "green"
    return Group(_with_rest(made, len(ordered)), *told, Text(drift.message, style=style), Text())


def _order(column: ColumnDrift) -> tuple[bool, float, float]:
    return (
        column.p_value is None,
        column.adjusted_p_value or 0.0,
        -(column.effect or 0.0),
    )


def _verdict(column: ColumnDrift) -> Text:
    if column.p_value is None:
        return Text("not tested", style="dim")
    return Text("yes", style="yellow") if column.drifted else Text("no", style="dim")


def _with_rest(made: Table, count: int) -> RenderableType:
    if count <= SHOWN:
        return made
    return Group(made, Text(f"  {count - SHOWN} more: --json shows them all.\n", style="dim"))
