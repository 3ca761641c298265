from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.encoding.levels import Levels
from emospike.encoding.population import Population
from emospike.encoding.step_forward import StepForward
from emospike.features.prosody import ABSENT
from emospike.systems.excube2.model import EXCube2
from emospike.validation import InputError


def test_the_default_preset_is_explained_without_absent_values(speech, unheard, small):
    # The encoders and features of the preset, at the least cost.
    system = small(EXCube2, "default", augmentation=None).fit(*speech)
    clip = Clip.from_array(np.pad(unheard.clips[0].sound, (8000, 0)), 16_000, "late.wav")
    found = system.explain(clip)
    assert list(found.series) == ["Mel", "ConstantQ", "Prosody"]
    assert not any((one.values == ABSENT).any() for one in found.series.values())
    assert list(found.decoded) == list(found.series)
    for name, (rebuilt, error) in found.decoded.items():
        assert rebuilt.channels == found.series[name].channels
        assert 0 < error < 0.5
    assert {"timbre", "loudness"} < {band.name for band in found.bands}


def test_a_clip_is_decoded_once_and_its_time_told(speech, unheard, small, monkeypatch):
    system = small(EXCube2, "published").fit(*speech)
    opened = []
    track = Clip._open
    monkeypatch.setattr(Clip, "_open", lambda clip: (opened.append(clip), track(clip))[1])
    clip = unheard.clips[0]
    clip.forget()
    assert system.explain(clip).decision.seconds["decode"] > 0
    assert opened == [clip]


@pytest.mark.parametrize("encoder", [Population(), Levels.of(StepForward, (0.5, 1.0))])
def test_a_rule_for_thresholds_needs_encoders_with_one(encoder, short):
    system = replace(EXCube2.preset("published"), encoders=(encoder,))
    with pytest.raises(InputError, match=rf"encoder_rule=0.5, got {type(encoder).__name__}: use another"):
        system.prepare([short])
