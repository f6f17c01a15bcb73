from __future__ import annotations

import json

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.reporting.figures import page_plot, plain_text, script_json

JSON_VALUES = st.recursive(
    st.text() | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON_VALUES)
def test_json_in_a_script_is_the_same_json_and_holds_no_markup(content: object) -> None:
    written = script_json(content)
    assert json.loads(written) == content
    assert not set("<>&\u2028\u2029") & set(written)


@pytest.mark.parametrize("ending", ["</script>", "<!--", "<script", "]]>"])
def test_no_text_ends_or_opens_a_script(ending: str) -> None:
    assert ending not in script_json({"name": f"x{ending}y"})


def test_the_title_becomes_the_caption() -> None:
    figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4]))
    figure.update_layout(title="ROC curve:<br>AUC 0.668 &amp; more", width=900)
    plot = page_plot("curve_plot", figure)
    assert plot.caption == "ROC curve: AUC 0.668 & more"
    layout = json.loads(plot.json)["layout"]
    assert "title" not in layout
    assert "width" not in layout


def test_the_data_of_a_figure_arrive_whole() -> None:
    figure = go.Figure(go.Scatter(x=[1, 2, 3], y=[0.1, None, 0.3], name="a<br>b"))
    (trace,) = json.loads(page_plot("curve_plot", figure).json)["data"]
    assert (trace["x"], trace["y"], trace["name"]) == ([1, 2, 3], [0.1, None, 0.3], "a<br>b")


def test_only_a_figure_whose_colours_mean_something_stays_light() -> None:
    assert page_plot("a", go.Figure(go.Heatmap(z=[[1, 2], [3, 4]]))).keeps_light
    assert not page_plot("b", go.Figure(go.Scatter(x=[1], y=[2]))).keeps_light


def test_a_caption_is_one_line_and_shows_markup_of_the_data_as_it_is() -> None:
    assert plain_text("a <i>b</i><br/>c\n d &lt; e") == "a <i>b</i> c d < e"


@pytest.mark.parametrize("level", ["<b>bold</b>", "<a href='https://x'>x</a>", "</script>", "<5"])
def test_markup_of_the_data_is_no_markup_of_a_plot(level: str) -> None:
    figure = go.Figure(go.Bar(x=[level], y=[1], name=level, customdata=[[level]], text=[level]))
    figure.update_traces(hovertemplate=f"{level}<br>%{{y}}<extra></extra>")
    figure.update_xaxes(title=level, ticktext=[level], tickvals=[0])
    figure.add_annotation(text=f"{level}<br>below")
    content = json.loads(page_plot("a", figure).json)
    (trace,), layout = content["data"], content["layout"]
    shown = level.replace("<", "&lt;")
    assert (trace["x"], trace["name"], trace["text"]) == ([shown], shown, [shown])
    assert trace["customdata"] == [[shown]]
    assert trace["hovertemplate"] == f"{shown}<br>%{{y}}<extra></extra>"
    assert (layout["xaxis"]["title"]["text"], layout["xaxis"]["ticktext"]) == (shown, [shown])
    assert layout["annotations"][0]["text"] == f"{shown}<br>below"


def test_a_figure_with_panels_keeps_its_height_and_room_for_their_titles() -> None:
    figure = go.Figure(go.Scatter(x=[1], y=[2]))
    low = page_plot("a", figure)
    high = page_plot("b", figure.update_layout(height=650))
    assert (low.height, high.height) == (None, 650)
    margins = [json.loads(plot.json)["layout"]["margin"]["t"] for plot in (low, high)]
    assert margins[0] < margins[1]
