"""EEG is EEG in everything that an explanation says and draws."""

from __future__ import annotations

import numpy as np
import pytest

from emospike.decision import Decision
from emospike.encoding.step_forward import StepForward
from emospike.explain import Attribution, Explanation, write_explanation
from emospike.explain.heat import of_face, own_ranges
from emospike.explain.panels.decision import DecisionPanel
from emospike.explain.panels.encoding import EncodingPanel
from emospike.explain.panels.inputs import find_sources
from emospike.explain.panels.occlusion import OcclusionPanel, select_kinds
from emospike.explain.style import MODALITY
from emospike.explain.wording import WORDS
from emospike.features.eeg import RHYTHMS, make_electrodes
from emospike.series import Series
from emospike.systems.explaining import group_channels, occlude_groups

CHANNELS = make_electrodes(["Fp1", "Cz", "E7", "T8", "O2"])
GROUPS = ["EEG frontal", "EEG central", "EEG E7", "EEG temporal", "EEG occipital"]


@pytest.fixture
def series() -> Series:
    values = np.random.default_rng(0).normal(size=(200, len(CHANNELS))).astype(np.float32)
    return Series(values, 100.0, CHANNELS)


def test_channels_say_so():
    assert {one.modality for one in CHANNELS} == {"eeg"}
    assert find_sources(CHANNELS) == {"eeg": {one: i for i, one in enumerate(CHANNELS)}}
    assert not of_face(CHANNELS)
    assert not own_ranges(CHANNELS)
    assert MODALITY["eeg"] not in (MODALITY["audio"], MODALITY["face"])
    assert WORDS["eeg"] == "EEG"


def test_groups_are_regions_of_the_head_or_electrodes(series):
    groups = group_channels(CHANNELS)
    assert list(groups) == ["eeg"]
    assert list(groups["eeg"]) == GROUPS
    assert {len(own) for own in groups["eeg"].values()} == {len(RHYTHMS)}
    levels = [np.zeros(len(CHANNELS), np.float32)]
    assert [name for name, _ in occlude_groups([series], levels, "eeg")] == GROUPS
    assert not list(occlude_groups([series], levels, "audio"))


def test_pages_and_pictures_name_electrodes(series, tmp_path):
    attributions = {"eeg": [Attribution(name, 0.1) for name in GROUPS]}
    assert [(kind, [one.name for one in own]) for kind, own in select_kinds(attributions).items()] == [
        ("EEG electrodes", GROUPS)
    ]
    spikes = StepForward(0.5).encode(series)
    panel = EncodingPanel("EEG", series, spikes)
    (stack,) = panel.stacks
    assert stack.names[0] == "Fp1 delta"
    assert panel.plot()["layout"]["yaxis1"]["ticktext"][0] == "Fp1 delta"
    decision = Decision("high", {"high": 0.9, "low": 0.1}, 0.9, True, "", {"eeg": 1.0})
    panels = [DecisionPanel("a.edf", decision, 0.7), OcclusionPanel("high", attributions, "EEG", series), panel]
    told = Explanation("a.edf", decision, 0.7, "", "high", attributions, panels)
    page = write_explanation(told, tmp_path)[0].read_text(encoding="utf-8")
    assert "EEG electrodes</caption>" in page
    assert "Frequency bands" not in page
    assert "the sound" not in page
