"""The What-If page: what it holds, that nothing in it can run, and rows there and back."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.what_if.conftest import COLUMNS, FEATURES, Made, made

from experiment_cycle.columns import ROW
from experiment_cycle.errors import DataError
from experiment_cycle.evaluation.predictions import MODELS, Predictions, output_columns
from experiment_cycle.evaluation.what_if.examples import Reader, to_examples
from experiment_cycle.evaluation.what_if.front_end import INSTALL, front_end
from experiment_cycle.evaluation.what_if.page import page_rows, page_without_tool, what_if_page

TOOL = '<script>define=undefined</script><wit-dashboard id="wit"></wit-dashboard>'


def predictions_of(found: Made) -> Predictions:
    rows, model, _ = found
    outputs = model.predict(rows)
    table: dict[str, Any] = {"unit": np.arange(len(rows)), "query": rows["house"].to_numpy()}
    table["target"] = model.problem.encode(rows["goal"], "test")
    for name in MODELS:
        table |= dict(zip(output_columns(name, model.problem), outputs.T, strict=True))
    thresholds = {"challenger": 0.4, "incumbent": 0.5} if model.threshold else {}
    return Predictions(pd.DataFrame(table, index=rows.index), model.problem, thresholds)


def held(page: str) -> Any:
    (found,) = re.findall(r'<script type="application/json" id="what-if">(.*?)</script>', page)
    return json.loads(found)


def test_the_page_holds_rows_targets_and_what_both_models_say(each_problem: Made) -> None:
    rows, model, _ = each_problem
    predictions = predictions_of(each_problem)

    chosen = page_rows(rows, predictions, COLUMNS, most=40, seed=7)
    content = held(what_if_page(TOOL, chosen, predictions, "goal", "static"))

    assert len(content["examples"]) == len(content["inferences"]["incumbent"]) == 40
    problem = model.problem
    for place in (0, 39):
        features = json.loads(content["examples"][place])["features"]["feature"]
        row = int(features[ROW]["int64List"]["value"][0])
        assert set(features) >= {"visits", "plan", "flag", "goal", ROW}
        assert "house" not in features, "groups are nothing to play with"
        (target,) = next(iter(features["goal"].values()))["value"]
        assert target == predictions.table.at[row, "target"]
        told = content["inferences"]["challenger"][place]
        expected = model.predict(rows.loc[[row]])[0]
        if problem.type == "binary":
            assert [each["score"] for each in told["classes"]] == pytest.approx(
                [1 - expected[0], expected[0]]
            )
        elif problem.type == "multiclass":
            assert [each["score"] for each in told["classes"]] == pytest.approx(expected)
        else:
            assert told["value"] == pytest.approx(expected[0])
    assert content["classes"] == list(problem.names)
    assert content["thresholds"] == ([0.4, 0.5] if problem.type == "binary" else [0.5, 0.5])
    again = page_rows(rows, predictions, COLUMNS, most=40, seed=7)
    pd.testing.assert_frame_equal(again.table, chosen.table)


class Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.others: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        del attrs
        self.scripts += tag == "script"
        if tag in {"b", "img"}:
            self.others.append(tag)


def test_markup_in_data_stays_text_and_nothing_is_loaded_or_sent() -> None:
    found = made("binary")
    hostile = "</script><script>alert(1)</script><img src=x><!--<b>"
    rows = found.rows.rename(columns={"plan": hostile})
    rows[hostile] = rows[hostile].astype(str) + hostile
    columns = COLUMNS.model_copy(update={"sensitive": (hostile,)})

    chosen = page_rows(rows, predictions_of(found), columns, most=5, seed=7)
    page = what_if_page(TOOL, chosen, predictions_of(found), "goal", "static")

    parser = Scripts()
    parser.feed(page)
    assert (parser.scripts, parser.others) == (3, [])
    features = json.loads(held(page)["examples"][0])["features"]["feature"]
    (text,) = features[hostile]["bytesList"]["value"]
    assert base64.b64decode(text).decode().endswith(hostile)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert "http" not in policy
    assert "self" not in policy
    live = what_if_page(TOOL, chosen, predictions_of(found), "goal", "live")
    assert "connect-src 'self'" in live


def test_without_the_tool_a_page_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiment_cycle.evaluation.what_if.front_end.PACKAGE", "no_such_package")

    assert front_end() is None
    assert INSTALL in page_without_tool()


def test_rows_come_back_as_they_were() -> None:
    rows = made("binary").rows[list(FEATURES)]

    back = Reader(rows).read(to_examples(rows))

    pd.testing.assert_frame_equal(back, rows.reset_index(drop=True))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            st.one_of(st.none(), st.text()),
            st.integers(-(2**53), 2**53),
            st.booleans(),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_value_comes_back(values: list[Any]) -> None:
    rows = pd.DataFrame(values, columns=["real", "text", "whole", "truth"]).astype(
        {"real": float, "text": object}
    )
    rows["text"] = rows["text"].where(rows["text"].notna(), None)

    back = Reader(rows).read(to_examples(rows))

    pd.testing.assert_frame_equal(back, rows)


@pytest.mark.parametrize(
    ("example", "why"),
    [
        ("{", "not written as"),
        ({"features": 1}, "not written as"),
        ('{"features": {"feature": []}}', "not written as"),
        ('{"features": {"feature": {"age": {"floatList": {"value": ["old"]}}}}}', "'age' holds"),
        (
            '{"features": {"feature": {"plan": {"bytesList": {"value": ["eno="]}}}}}',
            "'plan' cannot hold 'zz'",
        ),
        ('{"features": {"feature": {"plan": {"bytesList": {"value": ["%"]}}}}}', "cannot be read"),
    ],
)
def test_what_is_no_row_is_refused(example: Any, why: str) -> None:
    rows = made("binary").rows[list(FEATURES)]

    with pytest.raises(DataError, match=why):
        Reader(rows).read([example])
