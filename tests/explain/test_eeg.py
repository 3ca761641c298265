"""EEG is EEG in everything that an explanation says and draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emospike.encoding.step_forward import StepForward
from emospike.explain.attribution import bands_hidden
from emospike.explain.captions import alt_encoding
from emospike.explain.geometry import channels_by_sense, of_face, own_ranges
from emospike.explain.plots.sound import encoding_plot
from emospike.explain.raster import rasters
from emospike.explain.style import SENSE
from emospike.explain.wording import kinds
from emospike.explain.write import write_explanation
from emospike.features.eeg import RHYTHMS, make_electrodes
from emospike.readout.interactions import channel_groups
from emospike.series import Series
from emospike.systems.base import Decision, Effect, Explanation
from emospike.systems.perception import WORDS

CHANNELS = make_electrodes(["Fp1", "Cz", "E7", "T8", "O2"])
GROUPS = ["EEG frontal", "EEG central", "EEG E7", "EEG temporal", "EEG occipital"]


@pytest.fixture
def told() -> Explanation:
    """A decision on EEG, with its spikes."""
    values = np.random.default_rng(0).normal(size=(200, len(CHANNELS))).astype(np.float32)
    series = Series(values, 100.0, CHANNELS)
    decision = Decision("high", {"high": 0.9, "low": 0.1}, 0.9, True, "", {"eeg": 1.0})
    bands = [Effect(name, 0.1) for name in GROUPS]
    return Explanation(
        "a.edf", decision, 0.7, {"EEG": series}, bands, [], spikes=StepForward(0.5).encode(series), target="high"
    )


def test_channels_say_so():
    assert {one.modality for one in CHANNELS} == {"eeg"}
    assert channels_by_sense(CHANNELS) == {"eeg": {one: i for i, one in enumerate(CHANNELS)}}
    assert not of_face(CHANNELS)
    assert not own_ranges(CHANNELS)
    assert SENSE["eeg"] not in (SENSE["audio"], SENSE["face"])
    assert WORDS["eeg"] == "EEG"


def test_groups_are_regions_of_the_head_or_electrodes(told):
    groups = channel_groups(CHANNELS)
    assert list(groups) == GROUPS
    assert {len(own) for own in groups.values()} == {len(RHYTHMS)}
    assert [name for name, _ in bands_hidden(list(told.series.values()))] == GROUPS


def test_effects_are_neither_of_sound_nor_of_the_face(told):
    assert [(title, [effect.name for effect in own]) for title, own in kinds(told)] == [("EEG electrodes", GROUPS)]
    heard = replace(told.series["EEG"], channels=tuple(replace(one, modality="audio") for one in CHANNELS))
    assert [title for title, _ in kinds(replace(told, series={"EEG": heard}))] == ["Contours"]


def test_pages_and_plots_name_electrodes(told, tmp_path):
    assert {one.source for one in told.spikes.channels} == set(CHANNELS)
    (raster,) = rasters(told.spikes, CHANNELS)
    assert raster.names[0] == "Fp1 delta"
    assert encoding_plot(told, "EEG")["layout"]["yaxis1"]["ticktext"][0] == "Fp1 delta"
    assert "feature EEG and its spikes" in alt_encoding(told, "EEG")
    page = write_explanation(told, tmp_path)[0].read_text(encoding="utf-8")
    assert "EEG electrodes</caption>" in page
    assert "Frequency bands" not in page
    assert "the sound" not in page
