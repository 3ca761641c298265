from __future__ import annotations

from dataclasses import replace

import pytest

from emospike.explain.captions import alt_decision, alt_effects, network_caption
from emospike.explain.wording import (
    confidence_line,
    counted,
    percent,
    short_channel,
    signed,
    spans,
    strongest,
    verdict,
)
from emospike.features.eeg import make_electrodes
from emospike.features.prosody import CHANNELS
from emospike.features.spectrum import make_band
from emospike.series import Channel
from emospike.systems.base import Effect


def test_an_unanswered_decision_says_so(explanation):
    unsure = replace(explanation.decision, answered=False)
    assert verdict(explanation.decision) == "high"
    assert verdict(unsure) == "Don't know"
    assert confidence_line(unsure, 0.95) == "leaning to high, confidence 90 %, an answer needs 95 %"
    assert "Don't know" in alt_decision(replace(explanation, decision=unsure))


def test_strongest_keeps_the_largest_and_sorts_by_sign():
    effects = [Effect(str(change), change) for change in (0.1, -3.0, 2.0, 0.0, -0.2)]
    assert [effect.change for effect in strongest(effects, most=3)] == [2.0, -0.2, -3.0]


def test_what_is_left_out_is_counted(explanation):
    effects = [Effect(str(i), float(i)) for i in range(13)]
    assert counted("Regions", effects) == "Regions (12 strongest of 13)"
    assert counted("Regions", effects[1:]) == "Regions"
    assert alt_effects("Regions", effects).startswith("Regions (12 strongest of 13) that carried the decision")
    arcs = len(explanation.nodes) * (len(explanation.nodes) - 1)
    assert f"of each network's {arcs} arcs the 24 strongest are drawn" in network_caption(explanation)
    assert "classes the" not in network_caption(explanation)
    assert "classes the" not in network_caption(explanation, classes=2)
    assert network_caption(explanation, classes=1).startswith("Of 2 classes the 1 most probable are drawn. An arc")
    assert "strongest" not in network_caption(replace(explanation, nodes=explanation.nodes[:5]))


@pytest.mark.parametrize("name", ["0.50-0.75 s", "0.50–0.75 s", "from 0.5 s to 0.75 s", "0.5 s – 0.75 s"])
def test_spans_are_read_from_names(name):
    assert spans([Effect(name, 0.0)], 4.0) == [(0.5, 0.75)]


def test_spans_without_times_share_the_clip():
    assert spans([Effect("start", 0.0), Effect("0.5-1 s", 0.0)], 4.0) == [(0.0, 2.0), (2.0, 4.0)]
    assert spans([], 4.0) == []


def test_numbers_do_not_claim_certainty():
    assert percent(1.0) == "100 %"
    assert percent(0.9999) == ">99.9 %"
    assert percent(0.0001) == "<0.1 %"
    assert signed(-1e-9) == "0.00"


def test_short_channels_keep_the_frequency():
    assert short_channel(replace(make_band("pitch", "80.0"), threshold=0.4)) == "80 Hz"
    assert short_channel(make_band("mel", "7377")) == "7.4 kHz"


def test_short_channels_keep_all_but_group_and_level():
    assert short_channel(replace(CHANNELS[2], threshold=0.9)) == "relative pitch"
    assert short_channel(replace(CHANNELS[9], field=2)) == "flux #2"
    assert short_channel(Channel("pitch", "audio", field=11)) == "pitch #11"
    assert short_channel(replace(make_band("mel", "2150"), field=2)) == "2.1 kHz #2"
    assert [short_channel(one) for one in make_electrodes(["Cz"])][2] == "Cz alpha"
