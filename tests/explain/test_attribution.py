"""Attribution: what is lost without a part, in log-odds."""

from __future__ import annotations

import numpy as np
import pytest

from emospike.explain.attribution import Attribution, attribute, cut_moments, log_odds, select_strongest


def test_a_part_is_worth_what_is_lost_without_it():
    asked = []

    def evidence(parts):
        asked.append(parts)
        return sum(parts)

    found = attribute(evidence, (3, -1), {"regions": [("a", (-1,)), ("b", (3,))], "face": []})
    assert found == {"regions": [Attribution("a", 3), Attribution("b", -1)]}
    assert asked.count((3, -1)) == 1  # the whole is decided once


def test_log_odds_of_certainty_are_finite():
    assert log_odds(np.array([0.2, 0.8]), 1) == pytest.approx(np.log(4))
    assert 20 < log_odds(np.array([1.0, 0.0]), 0) < 21
    assert -21 < log_odds(np.array([1.0, 0.0]), 1) < -20


def test_moments_cover_a_clip_once():
    moments = list(cut_moments(50, 100.0))
    assert [step for _, own in moments for step in range(own.start, own.stop)] == list(range(50))
    assert len({name for name, _ in moments}) == 12
    assert moments[-1][0] == "0.45–0.50 s"


def test_the_strongest_are_sorted_from_for_to_against():
    found = [Attribution(str(change), change) for change in (0.1, -3.0, 2.0, 0.0, -0.2)]
    assert [one.change for one in select_strongest(found, most=3)] == [2.0, -0.2, -3.0]
