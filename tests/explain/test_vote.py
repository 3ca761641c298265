"""What voting neurons saw, and how they voted."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from emospike.explain.panels.vote import SHOWN, VotePanel, paint
from emospike.explain.style import AGAINST, FOR


@pytest.fixture
def panel(trace):
    return VotePanel(trace)


def test_brighter_and_darker_have_colours(trace):
    seen = paint(trace, 5)
    np.testing.assert_allclose(seen[1, 2], to_rgb(FOR))
    np.testing.assert_allclose(seen[3, 0], to_rgb(AGAINST))
    assert (seen == 1).all(axis=2).sum() == 14
    assert (paint(trace, 0) == 1).all()  # the first picture, white where it is brightest
    assert (paint(replace(trace, first=False), 0) != 1).any()


def test_pictures_and_votes_are_drawn(panel):
    *pictures, votes = panel.figure().axes
    assert len(pictures) == SHOWN
    ends = {line.get_label(): line.get_ydata()[-1] for line in votes.lines}
    np.testing.assert_allclose([ends["high"], ends["low"]], [0.25, 0.75])
    assert "settled" not in panel.caption
    assert "end at high 25%, low 75%" in panel.alt


def test_an_early_decision_is_marked(trace):
    early = VotePanel(replace(trace, until=4))
    (line,) = (line for line in early.figure().axes[-1].lines if line.get_label() == "settled")
    assert set(line.get_xdata()) == {0.3}
    assert "settled after 4 of 12 steps" in early.caption


def test_a_network_without_spikes_sees_pictures(trace):
    grey = VotePanel(replace(trace, pictures=trace.pictures[:, :1], first=False, votes=trace.votes[-1:], until=1))
    assert len(grey.figure().axes) == SHOWN
    assert grey.caption.startswith("What the network saw")


def test_what_was_cut_out_of_a_film_can_be_hidden(panel):
    assert panel.hide_faces() is panel  # drawn lines
    assert replace(panel, filmed=True).hide_faces() is None
