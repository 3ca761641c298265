"""What holds for every panel: words, a picture that fits its frame, a plot that plotly accepts."""

from __future__ import annotations

import re

import numpy as np
import pytest
from plotly.graph_objects import Figure

from emospike.explain.html import Page
from emospike.explain.panels.synchrony import show_synchrony
from emospike.explain.panels.vote import VotePanel
from emospike.explain.style import add_caption, png
from emospike.networks.synchrony_graph import Graph, SynchronyGraph

NAMES = (
    "decision", "contributions", "occlusion", "animation", "encoding-Mel", "encoding-ConstantQ", "encoding-Prosody",
    "encoding-ActionUnits", "raster", "inputs", "cube", "cross-modal", "interactions", "region-flow", "learning",
    "vote", "synchrony",
)  # fmt: skip
CROWDED = {"region-flow"}
"""Panels whose cells hold numbers that fill them."""


@pytest.fixture(scope="module")
def panels(seen, trace):
    """Every panel of a system that hears, sees and learns, and those that only other systems have."""
    rng = np.random.default_rng(0)
    modalities = ("audio",) * 15 + ("face",) * 15

    def graph():
        counts = rng.integers(1, 9, 30).astype(np.float32)
        return Graph(counts, rng.random(30).astype(np.float32), np.triu(rng.random((30, 30)), 1).astype(np.float32))

    place = np.divmod(np.arange(30), 5)
    synchrony = SynchronyGraph(modalities, *place, graph(), {"high": graph(), "low": graph()})
    others = [VotePanel(trace), show_synchrony(synchrony, {"low": 0.9, "high": 0.1})]
    return {panel.name: panel for panel in [*seen.panels, *others]}


def test_these_are_all(panels):
    assert tuple(panels) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_panel_has_words(panels, name):
    panel = panels[name]
    assert re.fullmatch(r"[A-Za-z0-9_-]+", panel.name)
    assert len(panel.alt) > 40
    assert panel.caption.endswith(".")
    assert "{" not in panel.caption + panel.alt + panel.title


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_fits_its_frame_and_names_do_not_touch(panels, name):
    figure = panels[name].figure()
    add_caption(figure, panels[name].caption)
    assert len(png(figure)) > 8_000
    room, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(room.x0, room.y0) >= -0.02
    assert room.x1 <= width + 0.02
    assert room.y1 <= height + 0.02
    for axes in () if name in CROWDED else figure.axes:
        ticks = [label for label in axes.get_yticklabels() if label.get_text()]
        boxes = [text.get_window_extent() for text in (*ticks, *axes.texts) if text.get_text()]
        for i, box in enumerate(boxes):
            assert not any(box.shrunk(0.95, 0.85).overlaps(other.shrunk(0.95, 0.85)) for other in boxes[:i])


@pytest.mark.parametrize("name", NAMES)
def test_a_plot_is_one_that_plotly_accepts(panels, name):
    plot = panels[name].plot()
    for view in [plot] if isinstance(plot, dict) else plot or []:
        assert Figure(view["data"], view["layout"]).data
    assert panels[name].html(Page())


def test_colours_of_plots_follow_the_theme(panels):
    page = (panels["occlusion"].plot(), *panels["interactions"].plot())
    named = re.findall(r"var\(--([a-z]+)\)", str(page))
    assert {"for", "against", "arc"} <= set(named)
