"""Plotly figures made ready for a page: caption outside, colours left to the page."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    import plotly.graph_objects as go

BREAKS = re.compile(r"<br\s*/?>", re.IGNORECASE)
MARGIN = {"l": 56, "r": 16, "t": 36, "b": 48}
PANELS_TOP = 64
"""The upper margin of a figure with panels: their titles stand below the legend."""
OWN_TAG = re.compile(r"<(?!(?:br|/?extra)\s*/?>)", re.IGNORECASE)
"""What opens a tag that the project's own texts do not have."""
OWN_TEXTS = frozenset({"hovertemplate", "texttemplate"})
"""They are written by the project, with names from data in between."""
MATRIX = frozenset({"heatmap", "contour", "histogram2d"})


@dataclass(frozen=True)
class PagePlot:
    """A figure on the page: `caption` is its title as plain text, `json` is safe inside a script.

    `height` in pixels is that of a figure that has panels; the others are as high as the page says.
    `keeps_light` tells that it is drawn on light paper in either colour scheme, because its
    colours are a scale that means something.
    """

    name: str
    caption: str
    json: Markup
    height: int | None
    keeps_light: bool


def page_plot(name: str, figure: go.Figure) -> PagePlot:
    """Take the title out of a figure, and write the rest as JSON that a script element can hold."""
    content: dict[str, Any] = json.loads(figure.to_json())
    layout = content.setdefault("layout", {})
    title = layout.pop("title", None)
    text = title.get("text", "") if isinstance(title, dict) else title or ""
    layout.pop("width", None)
    height = layout.pop("height", None)
    layout["margin"] = {**layout.get("margin", {}), **MARGIN}
    if height is not None:
        layout["margin"]["t"] = PANELS_TOP
    return PagePlot(
        name=name,
        caption=plain_text(text),
        json=script_json({"data": shown_as_is(content["data"]), "layout": shown_as_is(layout)}),
        height=height,
        keeps_light=any(trace.get("type") in MATRIX for trace in content["data"]),
    )


def shown_as_is(content: Any, key: str = "") -> Any:
    """Write what comes from data so that Plotly shows it and takes none of it for markup.

    Line breaks remain in texts that are drawn; in those that only the project writes, its other
    tags do too.
    """
    if isinstance(content, dict):
        return {name: shown_as_is(value, name) for name, value in content.items()}
    if isinstance(content, list):
        return [shown_as_is(value, key) for value in content]
    if not isinstance(content, str) or "<" not in content:
        return content
    if key in OWN_TEXTS:
        return OWN_TAG.sub("&lt;", content)
    return BREAKS.sub("<br>", content.replace("<", "&lt;").replace("&lt;br>", "<br>"))


def plain_text(markup: str) -> str:
    """Write a title on one line; breaks are its only markup, and what else looks so is data."""
    return " ".join(html.unescape(BREAKS.sub(" ", markup)).split())


def script_json(content: object) -> Markup:
    """Write JSON that cannot end a script element, or open a comment in it, whatever it holds."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704  # nosec B704
