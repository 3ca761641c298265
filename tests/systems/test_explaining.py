"""What every explanation tells, and how parts of what is perceived are left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.encoding.levels import Levels
from emospike.encoding.population import Population
from emospike.encoding.step_forward import StepForward
from emospike.explain import write_explanation
from emospike.features.mel import Mel
from emospike.features.openface import INTENSITIES
from emospike.features.prosody import ABSENT, Prosody
from emospike.series import Channel, Series
from emospike.systems.baseline.model import Baseline
from emospike.systems.excube2.model import EXCube2
from emospike.systems.explaining import choose_features, name_features, occlude_groups, occlude_moments
from emospike.systems.perception import Perceived
from emospike.validation import InputError


def test_parts_cover_everything_once():
    channels = [Channel("mel 90 Hz", "audio", "low"), Channel("mel 440 Hz", "audio", "high")]
    channels += [Channel("AU26 jaw drop", "face", "jaw")]
    series = [Series(np.ones((50, 3), np.float32), 100.0, tuple(channels)), None]
    levels = [np.zeros(3, np.float32), np.zeros(0, np.float32)]
    groups = [*occlude_groups(series, levels, "audio"), *occlude_groups(series, levels, "face")]
    assert [name for name, _ in groups] == ["low", "high", "jaw"]
    for parts in (groups, list(occlude_moments(series, levels))):
        assert all(rest[1] is None for _, rest in parts)
        assert (sum(rest[0].values == 0 for _, rest in parts) == 1).all()


def test_features_with_the_same_channels_share_a_picture_without_gaps(short):
    bridged, gaps = (Prosody(bridge=bridge) for bridge in (True, False))
    features = (Mel(40), gaps, Mel(64), bridged, Mel(40))
    series = [feature.extract(short) for feature in features]
    series[1] = series[1].with_values(np.full_like(series[1].values, ABSENT))
    assert name_features(features, series) == ["Mel", "Prosody", "Mel 2", "Prosody", "Mel"]
    shown = choose_features(features, Perceived(short, tuple(series), ("audio",)))
    assert list(shown) == ["Mel", "Prosody", "Mel 2"]
    assert shown["Prosody"] is series[3]
    assert shown["Mel"] is series[0]
    alone = choose_features(features[:2], Perceived(short, (None, series[1]), ("audio",)))
    assert alone == {"Prosody": series[1]}


@pytest.fixture(scope="module")
def system(speech):
    return Baseline.preset("ridge").fit(*speech)


def test_one_modality_has_nothing_to_compare_with(system, short):
    found = system.explain(short)
    assert [panel.name for panel in found.panels][:2] == ["decision", "occlusion"]
    assert found.target == found.decision.label
    assert set(found.attributions) == {"audio", "moments"}
    np.testing.assert_array_equal(found.panel("decision").sound, short.sound)


def test_the_card_says_what_is_decided(system, short):
    assert system.explain(short).task == ""
    system.card = {"labels": "arousal"}
    try:
        assert system.explain(short).panel("decision").headline.startswith("Arousal: ")
    finally:
        del system.card


def test_unknown_classes_and_modalities_are_refused(system, short):
    with pytest.raises(InputError, match="unknown class 'hihg'"):
        system.explain(short, label="hihg")
    with pytest.raises(InputError, match="perceives audio, not face"):
        system.explain(short, modality="face")


def test_a_face_that_is_not_there_is_no_error(tmp_path):
    def table(name, level, found=1):
        rows = [f"{i / 30},{found},{','.join([str(level + 0.01 * i)] * len(INTENSITIES))}" for i in range(30)]
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join([",".join(["timestamp", "success", *INTENSITIES]), *rows]))
        return Clip(path)

    clips = [table(f"{level}-{i}", level + i / 10) for level in (1, 3) for i in range(4)]
    system = Baseline.preset("ridge", 0, "face").fit(clips, ["low"] * 4 + ["high"] * 4, list("abcdabcd"))
    found = system.explain(table("nobody", 1, found=0))
    assert not found.decision.answered
    assert [panel.name for panel in found.panels] == ["decision"]
    assert not found.attributions
    assert system.explain(clips[0]).panel("decision").sound is None  # a table has no sound


# -- eXCube2 ---------------------------------------------------------------------------------------------------


def test_the_default_preset_is_explained_without_absent_values(speech, unheard, small, tmp_path):
    # The encoders and features of the preset, at the least cost.
    system = small(EXCube2, "default", augmentation=None).fit(*speech)
    clip = Clip.from_array(np.pad(unheard.clips[0].sound, (8000, 0)), 16_000, "late.wav")
    found = system.explain(clip)
    for name in ("Mel", "ConstantQ", "Prosody"):
        panel = found.panel(f"encoding-{name}")
        assert not (panel.series.values == ABSENT).any()
        assert panel.rebuilt.channels == panel.series.channels
        assert 0 < panel.error < 0.5
    assert {"timbre", "loudness"} < {band.name for band in found.attributions["audio"]}
    assert write_explanation(found, tmp_path)


def test_a_clip_is_decoded_once_and_its_time_told(speech, unheard, small, monkeypatch):
    system = small(EXCube2, "published").fit(*speech)
    decoded = []
    read = Clip._read
    monkeypatch.setattr(Clip, "_read", lambda clip, *where: (decoded.append(clip), read(clip, *where))[1])
    clip = unheard.clips[0]
    clip.forget()
    assert system.explain(clip).decision.seconds["decode"] > 0
    assert decoded == [clip]


@pytest.mark.parametrize("encoder", [Population(), Levels.of(StepForward, (0.5, 1.0))])
def test_a_rule_for_thresholds_needs_encoders_with_one(encoder, short):
    system = replace(EXCube2.preset("published"), encoders=(encoder,))
    with pytest.raises(InputError, match=rf"encoder_rule=0.5, got {type(encoder).__name__}: use another"):
        system.fit([short] * 4, ["low", "high"] * 2, list("abcd"))
