"""EAVS-TF: both senses and each alone, a companion, what is stored, what it costs."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from scipy.io import savemat

pytest.importorskip("torch")
pytest.importorskip("snntorch")

from emospike import store
from emospike.clip import Clip
from emospike.networks import training
from emospike.systems.clips import ticks
from emospike.systems.eavs_tf import EAVSTransformer
from emospike.validation import InputError


def quick(modality="audio", preset="default", **parameters):
    """A system that learns made-up speech in seconds."""
    made = EAVSTransformer.preset(preset, modality=modality)
    made.card = {"about": "a test"}
    return made.set_params(
        network=replace(made.network, dim=16, receptors=60 if made.network.receptors else 0),
        penalty=10.0,
        training=replace(made.training, epochs=20, batch=8, rate=0.02, average=0.8),
        members=2,
        excerpt=0.8,
        **parameters,
    )


@pytest.fixture(scope="module")
def both(speech, faced):
    """A system of both senses; a test that changes it takes a copy."""
    return quick("both").fit(*faced(speech))


def test_each_sense_decides_alone(both, unheard, faced):
    shown = faced(unheard)
    answers, reasons = both.answers(shown.clips)
    assert not reasons
    assert set(answers) == {"both", "audio", "face"}
    for view, found in answers.items():
        right = np.array(both.classes_)[found.argmax(axis=1)] == shown.labels
        assert right.mean() > (0.8 if view == "both" else 0.6), view
    np.testing.assert_array_equal(answers["audio"], both.answers(unheard.clips)[0]["audio"])
    assert np.isnan(both.answers(unheard.clips)[0]["both"]).all()
    decision = both.decide(shown.clips[0])
    assert set(decision.share) == {"audio", "face"}
    alone = both.decide(shown.clips[0], modality="face")
    assert list(alone.probabilities.values()) == answers["face"][0].tolist()
    assert both.by("face").threshold_ == both.thresholds_["face"]


def test_both_senses_are_stored_and_taught(both, speech, shrill, faced, tmp_path):
    system = deepcopy(both)
    system.adapt(faced(shrill).clips, shrill.labels)
    assert system.classes_ == ("high", "low", "shrill")
    for clips, labels in ((faced(shrill).clips, shrill.labels), (speech.clips, speech.labels)):
        assert np.mean(np.array(system.predict(clips)) == labels) > 0.8
    loaded = store.load(store.save(system, tmp_path / "model.safetensors"))
    shown = faced(shrill).clips[:2]
    np.testing.assert_array_equal(loaded.predict_proba(shown), system.predict_proba(shown))
    assert loaded.memory_.labels.tolist() == system.memory_.labels.tolist()


def test_finer_labels_are_learnt_and_summed(speech):
    finer = [f"{label} {i % 2}" for i, label in enumerate(speech.labels)]
    system = quick().fit(*speech, finer=finer)
    assert set(system.learnt_) == set(finer)
    assert system.classes_ == ("high", "low")
    assert np.mean(np.array(system.predict(speech.clips)) == speech.labels) > 0.9
    before = system.learnt_
    system.adapt(speech.clips[:2], speech.labels[:2])
    assert system.learnt_ == before  # a label that stands for finer ones is no class of its own


def test_what_it_costs(both, faced, unheard):
    clip = faced(unheard).clips[0]
    whole, heard = both.operations(clip), both.operations(clip, "audio")
    assert 0 < whole.spike_rate < 0.3
    assert heard.twin_macs < whole.twin_macs
    assert whole.energy_uj < whole.twin_energy_uj
    assert whole.bytes_moved < whole.twin_bytes_moved
    real = [one.name for one in whole.layers if one.macs]
    assert {name.split(".")[0] for name in real} == {"patches", "head", "leak"}  # receptors hear spikes


def test_the_twin_has_no_spikes(speech):
    cost = quick(preset="non_spiking").fit(*speech).operations(speech.clips[0])
    assert (cost.spikes, cost.synaptic_operations) == (0, 0)
    assert cost.energy_uj == cost.twin_energy_uj


def test_eeg_accompanies_what_is_heard(speech, tmp_path):
    from emospike.features.eeg import EEG

    rng, labels = np.random.default_rng(0), np.array(speech.labels)
    time = np.arange(10_000) / 500
    trials = rng.normal(0, 1, (10_000, 3, len(labels)))
    trials[:, 1] += np.where(labels == "high", 3.0, 0.0) * np.sin(2 * np.pi * 10 * time)[:, None]
    savemat(tmp_path / "subject1_eeg.mat", {"seg": trials})
    file = tmp_path / "subject1_eeg.mat"
    clips = [Clip(one.path, eeg=file, eeg_start=20.0 * i, _array=one._array) for i, one in enumerate(speech.clips)]
    system = quick(companion=EEG()).fit(clips, speech.labels, speech.speakers)
    assert [stream.sense for stream in system.streams_] == ["audio", "audio", "audio", "eeg"]
    assert np.mean(np.array(system.predict(clips)) == labels) > 0.9
    deaf = system.predict_proba(speech.clips)  # without their EEG
    assert np.isfinite(deaf).all()
    assert np.abs(np.log(deaf) - np.log(system.predict_proba(clips))).max() > 0.1
    loaded = store.load(store.save(system, tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(loaded.predict_proba(clips[:2]), system.predict_proba(clips[:2]))


def test_parameters_are_checked(monkeypatch, speech):
    with pytest.raises(InputError, match="a kind and tokens a feature expected"):
        replace(quick(), kinds=("picture",))
    with pytest.raises(InputError, match="unknown normalise 'speakers'"):
        replace(quick(), normalise="speakers")
    monkeypatch.setattr(training, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'emospike\[deep\]'"):
        quick().fit(*speech)


def test_training_tells_how_far_it_is():
    told = []
    done = ticks(lambda *what: told.append(what), 5)
    for share in (0.3, 0.3, 1.0):
        done(share)
    assert told == [("training", i, 5) for i in range(1, 6)]
