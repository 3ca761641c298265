"""What voting neurons saw, and how they voted."""

from dataclasses import replace

import numpy as np
import pytest
from emospike.explain.captions import ballot_caption
from emospike.explain.figures.ballot import SHOWN, ballot_figure, painted
from matplotlib.colors import to_rgb

from emospike.explain.style import AGAINST, FOR, png
from emospike.readout.early import Ballot


@pytest.fixture
def ballot():
    pictures = np.zeros((12, 2, 4, 4), np.float32)
    pictures[0] = 0.5
    pictures[5, 0, 1, 2] = pictures[5, 1, 3, 0] = 1
    votes = np.linspace([0.5, 0.5], [0.0, 1.0], 12).astype(np.float32)
    return Ballot(pictures, True, np.arange(12) / 10, votes, ("high", "low"), 12)


def test_brighter_and_darker_have_colours(ballot):
    seen = painted(ballot, 5)
    np.testing.assert_allclose(seen[1, 2], to_rgb(FOR))
    np.testing.assert_allclose(seen[3, 0], to_rgb(AGAINST))
    assert (seen == 1).all(axis=2).sum() == 14
    assert (painted(ballot, 0) == 1).all()  # the first picture, white where it is brightest
    assert (painted(replace(ballot, first=False), 0) != 1).any()


def test_pictures_and_votes_are_drawn(ballot):
    figure = ballot_figure(ballot)
    *pictures, votes = figure.axes
    assert len(pictures) == SHOWN
    ends = {line.get_label(): line.get_ydata()[-1] for line in votes.lines}
    np.testing.assert_allclose([ends["high"], ends["low"]], [0.25, 0.75])
    assert len(png(figure)) > 10_000
    assert "settled" not in ballot_caption(ballot)


def test_an_early_decision_is_marked(ballot):
    early = replace(ballot, until=4)
    (line,) = (line for line in ballot_figure(early).axes[-1].lines if line.get_label() == "settled")
    assert set(line.get_xdata()) == {0.3}
    assert "settled after 4 of 12 steps" in ballot_caption(early)


def test_a_network_without_spikes_sees_pictures(ballot):
    grey = replace(ballot, pictures=ballot.pictures[:, :1], first=False, votes=ballot.votes[-1:], until=1)
    assert len(ballot_figure(grey).axes) == SHOWN
    assert ballot_caption(grey).startswith("What the network saw")
