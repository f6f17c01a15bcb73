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

TAGS = re.compile(r"<[^>]*>")
BREAKS = re.compile(r"<br\s*/?>", re.IGNORECASE)
MARGIN = {"l": 56, "r": 16, "t": 36, "b": 48}
PANELS_TOP = 64
"""The upper margin of a figure with panels: their titles stand below the legend."""
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
        json=script_json({"data": content["data"], "layout": layout}),
        height=height,
        keeps_light=any(trace.get("type") in MATRIX for trace in content["data"]),
    )


def plain_text(markup: str) -> str:
    """Turn Plotly's markup into plain text on one line."""
    return " ".join(html.unescape(TAGS.sub("", BREAKS.sub(" ", markup))).split())


def script_json(content: object) -> Markup:
    """Write JSON that cannot end a script element, or open a comment in it, whatever it holds."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704
