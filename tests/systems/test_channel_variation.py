"""Copies of training clips over other channels: every system that hears takes them, and they stay with their clip."""

import numpy as np
import pytest

from emospike import store
from emospike.augmentation.channel import ChannelVariation, degrade
from emospike.clip import Clip
from emospike.readout.readout import VectorReadout
from emospike.systems import SYSTEMS
from emospike.systems.baseline.model import Baseline

HEARING = [name for name in SYSTEMS if "channel_variation" in SYSTEMS.load(name).preset().get_params(deep=False)]
RATE = 16_000
TELEPHONE = ChannelVariation(("telephone",))


def murmur(high, speaker, take):
    """A quiet voice; an aroused one is sharper above 4 kHz, which telephones cut, and higher, which they keep."""
    rng = np.random.default_rng([high, speaker, take])
    time = np.arange(RATE) / RATE
    pitch = (140 + 5 * speaker) * (1.6 if high else 1) * rng.uniform(0.95, 1.05)
    voice = sum(np.sin(k * 2 * np.pi * pitch * time + k) / k for k in range(1, 16))
    sharp = np.diff(rng.standard_normal(RATE + 2), 2) * (0.3 if high else 0.02)
    sound = 0.004 * np.sin(np.pi * 4 * time) ** 2 * (voice + sharp) + 2e-5 * rng.standard_normal(RATE)
    return Clip.from_array(sound.astype(np.float32), RATE)


def murmurs(speakers):
    rows = [(high, speaker, take) for speaker in speakers for high in (0, 1) for take in range(3)]
    labels = ["high" if high else "low" for high, _, _ in rows]
    return [murmur(*row) for row in rows], labels, [str(speaker) for _, speaker, _ in rows]


def test_every_system_that_hears_takes_them():
    assert {"audio", "both"}.isdisjoint(
        {m for name in set(SYSTEMS) - set(HEARING) for m in SYSTEMS.find(name).modalities}
    )
    assert len(HEARING) == 5


def test_who_trained_over_the_telephone_understands_it_better(small):
    clips, truth, _ = murmurs(range(10, 16))
    called, right = [degrade(clip, "telephone") for clip in clips], {}
    for variation in (None, TELEPHONE):
        made = small(Baseline, "svm", channel_variation=variation).fit(*murmurs(range(8)))
        right[variation] = np.mean(np.array(made.predict(called)) == truth)
    assert right[TELEPHONE] > right[None] + 0.15


def test_copies_train_and_calibrate_with_their_clip(monkeypatch, small, speech):
    told = []
    fit = VectorReadout.fit

    def spy(self, *given, **more):
        told.append((*given, more["heard"]))
        return fit(self, *given, **more)

    monkeypatch.setattr(VectorReadout, "fit", spy)
    made = small(Baseline, "ridge", channel_variation=ChannelVariation(("telephone", "noise:20"), copies=2)).fit(
        *speech
    )
    ((vectors, y, speakers, recorded, _, heard),) = told
    clips = len(speech.clips)
    assert len(vectors) == 3 * clips
    assert recorded.tolist() == [True, False, False] * clips
    assert heard.all()
    assert y.tolist() == np.repeat(speech.labels, 3).tolist()
    assert speakers.tolist() == np.repeat(speech.speakers, 3).tolist()
    assert made.held_out_["audio"].shape == (clips, 2)
    assert np.isfinite(made.held_out_["audio"]).all()
    monkeypatch.undo()
    plain = small(Baseline, "ridge").fit(*speech)
    np.testing.assert_array_equal(plain.represent(plain.perceive(speech.clips[0]), ("audio",)), vectors[0])


def test_what_is_seen_stays(small, speech, faced):
    """A face alone has as many training rows as before, and with the voice the copies keep the clip's face."""
    seen = faced(speech)
    made = Baseline.preset("ridge", modality="both").set_params(channel_variation=TELEPHONE)
    clip = made.perceive(seen.clips[0])
    (copy,) = made.perceive_copies(clip)
    pairs = zip(made.features, copy.series, clip.series, strict=True)
    assert {feature.modality: np.array_equal(one.values, other.values) for feature, one, other in pairs} == {
        "audio": False,
        "face": True,
    }
    without = Baseline.preset("ridge", modality="both").fit(*seen)
    made.fit(*seen)
    np.testing.assert_array_equal(
        made.by("face").predict_proba(seen.clips), without.by("face").predict_proba(seen.clips)
    )


def test_a_channel_that_leaves_no_sound_leaves_the_clip(speech):
    made = Baseline.preset().set_params(channel_variation=ChannelVariation(("gain:-100",)))
    clip = made.perceive(speech.clips[0])
    assert made.perceive_copies(clip) == [clip]


@pytest.mark.parametrize("name", HEARING)
def test_all_systems_train_with_them_and_are_stored(name, request, small, faced, tmp_path):
    kind, speech, unheard = SYSTEMS.load(name), request.getfixturevalue("speech"), request.getfixturevalue("unheard")
    made = small(kind, kind.presets()[0], channel_variation=ChannelVariation(("telephone", "noise:5..30"), copies=2))
    (heard, test) = (faced(speech), faced(unheard)) if made.modality == "both" else (speech, unheard)
    answers = made.fit(*heard).predict_proba(test.clips)
    for held_out in made.held_out_.values():
        assert held_out.shape == (len(speech.clips), 2)
        assert np.isfinite(held_out).all()
    loaded = store.load(store.save(made, tmp_path / "model.safetensors"))
    assert loaded.channel_variation == made.channel_variation
    np.testing.assert_allclose(loaded.predict_proba(test.clips), answers, atol=1e-6)
    plain = small(kind, kind.presets()[0]).fit(*heard).predict_proba(test.clips)
    assert not np.array_equal(plain, answers)
