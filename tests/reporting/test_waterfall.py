from __future__ import annotations

from collections.abc import Callable
from typing import Any

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.waterfall import RowLine, row_lines

Collected = Callable[..., Report]


def by_table(report: Report) -> dict[str, RowLine]:
    lines = row_lines(report)
    assert len({line.table for line in lines}) == len(lines)
    return {line.table: line for line in lines}


def test_tables_come_before_what_is_made_of_them(report_of: Callable[[str], Report]) -> None:
    assert list(by_table(report_of("promoted"))) == [
        "persons",
        "adults",
        "visits",
        "raw_data",
        "dataset",
        "train",
        "validation",
        "test",
    ]


def test_bars_are_on_one_scale_and_show_what_was_lost(report_of: Callable[[str], Report]) -> None:
    lines = by_table(report_of("promoted"))
    bars = {name: line.bar for name, line in lines.items()}
    assert bars["visits"] is not None
    assert (bars["visits"].width, bars["visits"].lost) == (100.0, 0.0)
    assert bars["raw_data"] is not None
    assert bars["raw_data"].width + bars["raw_data"].lost == 100.0
    assert bars["raw_data"].lost == round(100 * 462 / 20_652, 2)


def test_the_parts_of_the_split_stand_side_by_side(report_of: Callable[[str], Report]) -> None:
    lines = by_table(report_of("promoted"))
    dataset, *parts = (lines[name].bar for name in ("dataset", "train", "validation", "test"))
    assert dataset is not None
    end = 0.0
    for part in parts:
        assert part is not None
        assert abs(part.start - end) < 0.02
        end = part.start + part.width
    assert abs(end - dataset.width) < 0.02


def test_rows_in_no_part_are_told(collected: Collected, evidence: dict[str, Any]) -> None:
    evidence["split_manifest"]["parts"]["test"]["rows"] -= 1000
    lines = by_table(collected(evidence))
    assert lines["left out"].rows == "1,000"
    assert "In no part of the split" in lines["left out"].reason


def test_what_was_not_counted_says_so(collected: Collected, evidence: dict[str, Any]) -> None:
    join = evidence["row_counts"]["steps"][1]
    join["reads"] = {"visits": None, "adults": None}
    lines = by_table(collected(evidence))
    assert (lines["visits"].rows, lines["visits"].bar) == ("not counted", None)
    assert lines["raw_data"].rows == "20,190"
    assert lines["raw_data"].change == ""
    assert "adults (not counted)" in lines["raw_data"].reason


def test_a_join_that_adds_rows_says_so(collected: Collected, evidence: dict[str, Any]) -> None:
    evidence["row_counts"]["steps"][1]["reads"] = {"visits": 20_000, "a": 1, "b": 2}
    line = by_table(collected(evidence))["raw_data"]
    assert line.change == "+190 (0.9 %)"
    assert line.reason.endswith("Read with a (1 rows) and b (2 rows).")
    assert line.bar is not None
    assert line.bar.lost == 0.0


def test_without_steps_the_way_begins_at_the_dataset(
    collected: Collected, evidence: dict[str, Any]
) -> None:
    evidence["row_counts"]["steps"] = []
    lines = by_table(collected(evidence))
    assert list(lines) == ["dataset", "train", "validation", "test"]
    assert lines["dataset"].rows == "20,190"


def test_an_empty_raw_table_makes_no_share(collected: Collected, evidence: dict[str, Any]) -> None:
    evidence["row_counts"]["steps"][0] |= {"reads": {"persons": 0}, "makes": {"adults": 5}}
    assert by_table(collected(evidence))["adults"].change == "+5"
