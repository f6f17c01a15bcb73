"""The page in a browser: nothing from the data runs; keyboard, phone, paper; no network."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.evaluation.what_if.browser import Browser, chromium, open_page
from tests.reporting.conftest import promoted

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.html import render_html
from experiment_cycle.reporting.options import ReportingOptions

pytest.importorskip("websockets")
pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium")

HOSTILE = "<script>window.ran = true</script><img src=x onerror='window.ran = true'>"
READY = "document.readyState === 'complete' && !!document.querySelector('.main-svg')"
TAB = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}


def renamed(content: Any, name: str) -> Any:
    """Write markup for a name everywhere in plain records."""
    if isinstance(content, dict):
        return {renamed(key, name): renamed(value, name) for key, value in content.items()}
    if isinstance(content, list):
        return [renamed(item, name) for item in content]
    return content.replace(name, HOSTILE) if isinstance(content, str) else content


@pytest.fixture(scope="module")
def file(
    tmp_path_factory: pytest.TempPathFactory,
    collected: Callable[..., Report],
) -> Path:
    """A page whose columns, levels, reasons and plots hold scripts."""
    import plotly.graph_objects as go

    evidence = promoted()
    for name in ("physical_limitation", "disea"):
        evidence = renamed(evidence, name)
    evidence["decision"]["reasons"].append(HOSTILE)
    drawn = go.Figure(go.Bar(x=[HOSTILE], y=[1], name=HOSTILE, text=[HOSTILE], showlegend=True))
    drawn.update_layout(title=HOSTILE, xaxis_title=HOSTILE)
    drawn.add_annotation(text=HOSTILE, x=0, y=1)
    evidence["curve_plot"] = drawn
    written = tmp_path_factory.mktemp("page") / "report.html"
    written.write_text(render_html(collected(evidence), ReportingOptions()), "utf-8")
    return written


@pytest.fixture(scope="module")
def page(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_page(f"file://{file}", tmp_path_factory.mktemp("browser")) as browser:
        browser.call("Emulation.setFocusEmulationEnabled", enabled=True)
        browser.wait(READY)
        yield browser


@pytest.fixture
def phone(page: Browser) -> Iterator[Browser]:
    page.call(
        *("Emulation.setDeviceMetricsOverride",),
        **{"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True},
    )
    yield page
    page.call("Emulation.clearDeviceMetricsOverride")


def test_nothing_of_the_data_runs_and_plots_show_it_as_it_is(page: Browser) -> None:
    assert page.value("window.ran === undefined")
    assert page.value("document.querySelectorAll('img, iframe, object').length") == 0
    plot = "document.querySelector('[data-plot=curve_plot-data]')"
    texts = page.value(f"[...{plot}.querySelectorAll('text')].map((each) => each.textContent)")
    assert sum("<script>window.ran = true</script>" in text for text in texts) >= 4


def test_nothing_is_asked_of_a_network(page: Browser) -> None:
    asked = page.value("performance.getEntriesByType('resource').map((each) => each.name)")
    assert [name for name in asked if not name.startswith("data:")] == []


def test_a_word_is_explained_on_focus_as_on_hover(page: Browser) -> None:
    page.value("document.querySelector('.card abbr[tabindex]').focus()")
    told = page.value("document.getElementById('meaning').textContent")
    assert told == page.value("document.activeElement.dataset.meaning")
    assert page.value("document.activeElement.getAttribute('aria-describedby')") == "meaning"
    page.call("Input.dispatchKeyEvent", type="keyDown", key="Escape", code="Escape")
    assert page.value("document.getElementById('meaning').hidden")
    at = page.value(
        "(() => { const box = document.querySelector('.legend abbr').getBoundingClientRect();"
        " return [box.x + 3, box.y + 3]; })()"
    )
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=at[0], y=at[1])
    page.wait("!document.getElementById('meaning').hidden")


def test_the_keyboard_skips_to_the_evidence_and_its_place_is_seen(page: Browser) -> None:
    page.value("document.activeElement.blur(); scrollTo(0, 0)")
    page.call("Page.reload")
    page.wait(READY)
    page.call("Input.dispatchKeyEvent", type="keyDown", **TAB)
    assert page.value("document.activeElement.className") == "skip"
    assert page.value("document.activeElement.getBoundingClientRect().left >= 0")
    assert page.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    for kind in ("keyDown", "keyUp"):
        page.call(
            *("Input.dispatchKeyEvent",),
            **{"type": kind, "key": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
        )
    page.wait("document.activeElement.id === 'evidence'")


def test_on_a_phone_only_tables_scroll_sideways(phone: Browser) -> None:
    phone.wait("document.documentElement.scrollWidth <= 390")
    beyond = phone.value(
        "[...document.querySelectorAll('body *')].filter((each) =>"
        " !each.closest('.scroll, svg, nav') && each.getBoundingClientRect().right > 391)"
        ".map((each) => each.outerHTML.slice(0, 80))"
    )
    assert beyond == []
    assert (
        phone.value("document.querySelector('h1').getBoundingClientRect().bottom + scrollY") < 844
    )
    reasons = "document.querySelector('.lead').getBoundingClientRect().bottom + scrollY"
    assert phone.value(reasons) < 844


def test_on_paper_no_plot_is_wider_than_the_page(page: Browser) -> None:
    page.value("dispatchEvent(new Event('beforeprint'))")
    page.call("Emulation.setEmulatedMedia", media="print")
    widths = page.value(
        "[...document.querySelectorAll('.main-svg')].map((each) => Math.max("
        "each.getBoundingClientRect().right, each.closest('.plot').getBoundingClientRect().right))"
    )
    inside = page.value(
        "[...document.querySelectorAll('.plot')].every((each) => "
        "each.querySelector('.main-svg').getBoundingClientRect().width"
        " <= each.getBoundingClientRect().width)"
    )
    folded = page.value("document.querySelectorAll('details:not([open], .not-on-paper)').length")
    page.call("Emulation.setEmulatedMedia", media="")
    page.value("dispatchEvent(new Event('afterprint'))")
    # A4 less the margins that browsers leave, in CSS pixels
    assert max(widths) <= 718
    assert inside
    assert folded == 0
    assert base64.b64decode(page.call("Page.printToPDF")["data"]).startswith(b"%PDF")
