"""Google's What-If Tool with our page and server, used as a person would: by clicking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests.evaluation.what_if.browser import Browser, chromium, open_page
from tests.evaluation.what_if.conftest import COLUMNS, Made, made
from tests.evaluation.what_if.test_page import predictions_of

from experiment_cycle.evaluation.what_if.front_end import INSTALL, front_end
from experiment_cycle.evaluation.what_if.page import page_rows, what_if_page
from experiment_cycle.evaluation.what_if.playground import Playground
from experiment_cycle.evaluation.what_if.server import WhatIfServer

pytest.importorskip("websockets", reason="nothing speaks with Chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium to click in"),
    pytest.mark.skipif(front_end() is None, reason=f"there is no What-If Tool: {INSTALL}"),
]
WIT = "document.getElementById('wit')"


def page_of(found: Made, mode: Any) -> tuple[str, Any]:
    tool = front_end()
    assert tool is not None
    predictions = predictions_of(found)
    rows = page_rows(found.rows, predictions, COLUMNS, most=12, seed=2)
    return what_if_page(tool.read_text("utf-8"), rows, predictions, "goal", mode), rows


@pytest.fixture
def clicked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Browser, Made, Any]]:
    found = made(request.param)
    page, rows = page_of(found, "live")
    models = {"challenger": found.model, "incumbent": found.model}
    with WhatIfServer(0, page, Playground(models, rows.table)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        with open_page(server.address, tmp_path / "profile") as browser:
            browser.wait("document.body && document.body.dataset.inferred === '1'")
            yield browser, found, rows
        server.shutdown()
        thread.join()


def select_a_point(browser: Browser) -> int:
    """Click where the points are until one of them is selected."""
    box = browser.wait(
        f"(() => {{ const box = {browser.found('canvas')}[0].getBoundingClientRect();"
        " return box.width && [box.x, box.y, box.width, box.height]; })()"
    )
    # both axes show the same model, so that the points are on the diagonal
    for step in range(200):
        share = (step + 0.5) / 200
        browser.click_at(box[0] + box[2] * share, box[1] + box[3] * (1 - share))
        chosen = browser.value(f"{WIT}.selected")
        if chosen:
            return int(chosen[0])
    raise AssertionError("no point could be clicked")


def shown_score(browser: Browser, index: int, model: int) -> Any:
    """Read the last prediction of a row, by class."""
    told = browser.value(f"{WIT}.examplesAndInferences[{index}].inferences.at(-1)[{model}]")
    return {each["label"]: each["score"] for each in told}


@pytest.mark.parametrize("clicked", ["binary", "multiclass", "regression"], indirect=True)
def test_a_row_is_selected_changed_and_predicted_anew(
    clicked: tuple[Browser, Made, Any], tmp_path: Path
) -> None:
    browser, found, rows = clicked
    index = select_a_point(browser)
    before = shown_score(browser, index, 0)

    browser.click(".visits.value-pill")
    browser.type("9")
    browser.click("paper-button", "Predict")
    browser.wait("document.body.dataset.inferred === '2'")

    asked = rows.table.iloc[[index]].assign(visits=9)
    expected = found.model.predict(asked)[0]
    codes = {"binary": ["1"], "multiclass": ["0", "1", "2"], "regression": [""]}
    names = codes[found.model.problem.type]
    for model in (0, 1):
        after = shown_score(browser, index, model)
        assert [after[name] for name in names] == pytest.approx(expected.tolist(), abs=1e-6)
        assert after != before
    browser.picture(tmp_path / "changed.png")
    assert f"{expected[0]:.3f}" in browser.value(
        f"{browser.found('.inference-holder, .rows-holder, .runs-holder')}"
        ".map((each) => each.textContent).join(' ')"
    )

    browser.click("paper-radio-button", "Partial dependence plots")
    browser.wait(f"{browser.found('vz-line-chart2, vz-bar-chart')}.length > 0")
    assert "HTML" not in browser.value("document.title")
    assert set(browser.value(f"{WIT}.partialDepPlotEligibleFeatures.map((each) => each.name)")) == {
        "age",
        "visits",
        "insured",
        "plan",
        "joined",
        "flag",
    }
    browser.picture(tmp_path / "dependence.png")


def test_the_page_alone_shows_rows_and_says_how_to_predict(tmp_path: Path) -> None:
    found = made("binary")
    page, _ = page_of(found, "static")
    file = tmp_path / "what_if.html"
    file.write_text(page, encoding="utf-8")

    with open_page(file.as_uri(), tmp_path / "profile") as browser:
        browser.wait("document.body && document.body.dataset.inferred === '1'")
        index = select_a_point(browser)
        browser.click(".visits.value-pill")
        browser.type("9")
        browser.click("paper-button", "Predict")
        told = browser.wait("document.title.includes('kedro cycle what-if') && document.title")

        assert "This page is a file" in told
        assert len(browser.value(f"{WIT}.examplesAndInferences[{index}].inferences")) == 1
        browser.click("paper-tab", "Performance & Fairness")
        browser.wait(f"{browser.found('.perf-table-entry, .inference-stats')}.length > 0")
        assert json.loads(browser.value(f"JSON.stringify({WIT}.labelVocab)")) == ["no", "yes"]
        browser.picture(tmp_path / "performance.png")
