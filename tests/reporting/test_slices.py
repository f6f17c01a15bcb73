from __future__ import annotations

from io import StringIO

import pandas as pd

from experiment_cycle.evaluation.errors.slices import NOT_SLICED, SLICE_COLUMNS, SLICE_METRICS
from experiment_cycle.reporting.slices import unsliced_columns, weakest_slices

BINARY, RANKING = SLICE_METRICS["binary"], SLICE_METRICS["ranking"]


def slice_table(
    *named: tuple[str, object], metrics: tuple[str, ...] = BINARY, overall: float = 0.55
) -> pd.DataFrame:
    """As the evaluation writes it, and as it comes back from a CSV file."""
    rows = [
        {
            "kind": "level",
            "column": column,
            "level": level,
            "rows": 40,
            "units": 40,
            "positives": 10,
            "metric": metric,
            "value": 0.6,
            "lower": 0.5 + 0.1 * (position == 0),
            "upper": 0.7,
            "overall": overall,
            "note": "",
        }
        for position, (column, level) in enumerate(named)
        for metric in metrics
    ]
    table = pd.DataFrame(rows, columns=list(SLICE_COLUMNS))
    return pd.read_csv(StringIO(table.to_csv(index=False)))


def test_slices_keep_the_order_of_the_table_and_their_number_is_limited() -> None:
    table = slice_table(("age", "over 40"), ("sex", "f"), ("age", "up to 40"))
    shown = weakest_slices(table, 2)
    assert [(found.column, found.level) for found in shown] == [("age", "over 40"), ("sex", "f")]
    assert list(shown[0].metrics) == list(BINARY)


def test_a_slice_is_surely_weaker_if_its_whole_interval_is_above_the_overall_loss() -> None:
    first, second = weakest_slices(slice_table(("age", "over 40"), ("sex", "f")), 2)
    assert first.surely_weaker
    assert not second.surely_weaker


def test_where_more_is_better_a_slice_is_weaker_below_all_rows() -> None:
    table = slice_table(("age", "over 40"), ("sex", "f"), metrics=RANKING, overall=0.75)
    first, second = weakest_slices(table, 2)
    assert first.surely_weaker
    assert second.surely_weaker
    assert weakest_slices(slice_table(("sex", "f"), metrics=RANKING, overall=0.5), 2) == []


def test_a_column_that_cuts_queries_apart_is_named_and_is_no_slice() -> None:
    table = slice_table(("age", "over 40"), ("cost", NOT_SLICED), metrics=RANKING, overall=0.75)
    apart = table["level"] == NOT_SLICED
    table.loc[apart, ["value", "lower", "upper", "positives"]] = None
    table["note"] = table["note"].astype(object)
    table.loc[apart, "note"] = "its values differ within queries"
    table = table.drop(table.index[apart][1:])
    assert unsliced_columns(table) == ["cost"]
    assert [found.column for found in weakest_slices(table, 5)] == ["age"]


def test_levels_that_a_csv_file_reads_as_numbers_or_as_missing_are_shown() -> None:
    numbers = weakest_slices(slice_table(("a", 0), ("a", 1)), 5)
    assert [found.level for found in numbers] == ["0", "1"]
    unreadable = weakest_slices(slice_table(("a", "NA"), ("a", "b")), 5)
    assert [found.level for found in unreadable] == ["NA", "b"]


def test_an_undefined_metric_has_no_value_and_says_why() -> None:
    table = slice_table(("a", "x"))
    table.loc[table["metric"] == "recall", ["value", "lower", "upper"]] = None
    table["note"] = table["note"].astype(object)
    table.loc[table["metric"] == "recall", "note"] = "no row is positive"
    found = weakest_slices(table, 1)[0].metrics["recall"]
    assert (found.value, found.lower, found.note) == (None, None, "no row is positive")


def test_no_slices_are_no_slices() -> None:
    assert weakest_slices(slice_table().iloc[:0], 12) == []
    assert weakest_slices(slice_table(("a", "x")), 0) == []
