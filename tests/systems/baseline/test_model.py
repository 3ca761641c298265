"""The baseline: its statistics, and what leaving things out does to them."""

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.explain.attribution import log_odds
from emospike.features.mel import Mel
from emospike.features.spectrum import find_loud_steps
from emospike.readout.classifiers import SklearnClassifier
from emospike.readout.linear import LinearReadout
from emospike.systems.baseline.model import Baseline, describe
from emospike.validation import InputError


def test_a_channel_is_described_by_mean_deviation_and_mean_change():
    values = np.array([[0, 5], [4, 5], [2, 5], [9, 9]], np.float32)
    heard = np.array([False, True, True, False])
    np.testing.assert_allclose(describe(values, heard), [3, 5, 1, 0, 3, 0])  # changes 4 and 2; 0 and 0
    np.testing.assert_allclose(describe(values, ~heard), [4.5, 7, 4.5, 2, 3.5, 2])  # the first step has no change


def test_pauses_are_left_out():
    time = np.arange(16_000) / 16_000
    voice = np.sin(2 * np.pi * 200 * time)
    for level, share in ((0.1, 1.0), (0.02, 0.5)):  # 20 dB and 34 dB below
        heard = find_loud_steps((np.where(time < 0.5, 1, level) * voice).astype(np.float32), 30.0)
        assert len(heard) == 101
        assert heard.mean() == pytest.approx(share, abs=0.03)
    assert find_loud_steps(np.eye(1, 1600, dtype=np.float32)[0], 30.0).any()


@pytest.fixture(scope="module")
def system(speech):
    """A baseline that is linear, so that what it is explained by can be told beforehand."""
    return Baseline(LinearReadout(10.0), features=(Mel(bands=20),)).fit(*speech)


def average_of(system):
    """What stands for a part that is left out."""
    return system.readout_.speaker_mean_.shift_ + system.readout_.scaler.mean_


def test_what_is_left_out_is_average(system, speech):
    vectors = [system.represent_clip(clip)["audio"] for clip in speech.clips]
    np.testing.assert_allclose(average_of(system), np.mean(vectors, axis=0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(system.readout_.scale(average_of(system)[None]), 0, atol=1e-3)


def test_linear_attributions_of_bands_add_up_to_the_whole(system, unheard):
    """With two classes the log-odds of a linear readout are linear, so the parts make the whole."""
    told = system.explain(unheard.clips[0])
    target, bands = system.labels_.index(told.decision.label), told.attributions["audio"]
    base = system.readout_.probabilities(average_of(system)[None])[0]
    whole = log_odds(np.array(list(told.decision.probabilities.values())), target) - log_odds(base, target)
    assert sum(band.change for band in bands) == pytest.approx(whole, rel=0.02)
    assert len(bands) > 4


def test_the_moment_that_differs_carries_the_decision(system, speech, unheard):
    low, high = unheard.clips[2], unheard.clips[0]
    assert system.predict([low]).tolist() == ["low"]
    sound = low.sound.copy()
    sound[:3200] = high.sound[:3200]
    told = system.explain(Clip.from_array(sound, 16_000))
    moments = [moment.change for moment in told.attributions["moments"]]
    assert told.decision.label == "high"
    assert sum(moments[:3]) > sum(moments[3:])


def test_it_shows_features_and_no_spikes(system, unheard):
    panels = {panel.name: panel for panel in system.explain(unheard.clips[0]).panels}
    assert list(panels) == ["decision", "occlusion", "encoding-Mel"]
    assert panels["encoding-Mel"].spikes is None
    assert panels["encoding-Mel"].series.values.shape[1] == 20


def test_a_preset_is_a_classifier():
    classifiers = [Baseline.preset(name, seed=3).classifier for name in Baseline.presets()]
    assert classifiers == [SklearnClassifier("rbf_svm"), SklearnClassifier("logistic_regression"), LinearReadout(100.0)]
    with pytest.raises(InputError, match="loud must be above 0"):
        Baseline(LinearReadout(), loud=0.0)


def test_real_speech_of_other_actors(ravdess):
    """Arousal of three actors after training on five, speaker means removed: above the majority of two thirds."""
    files = [
        sorted((ravdess / "audio" / f"Actor_{actor:02d}").glob("*.opus"))[::3] for actor in (2, 3, 5, 6, 7, 8, 10, 11)
    ]
    clips = [Clip(path) for actor in files for path in actor]
    labels = ["low" if clip.name.split("-")[2] in {"01", "02", "04"} else "high" for clip in clips]
    speakers = [clip.path.parent.name for clip in clips]
    cut = sum(map(len, files[:5]))
    system = Baseline.preset("svm").set_params(normalise="speaker").fit(clips[:cut], labels[:cut], speakers[:cut])
    right = np.array(system.predict(clips[cut:], speakers[cut:])) == labels[cut:]
    assert right.mean() > 0.75
