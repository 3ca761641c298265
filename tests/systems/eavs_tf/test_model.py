"""EAVS-TF: both modalities and each alone, an auxiliary stream, what is stored, what it costs."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from made_up_speech import speaking
from scipy.io import savemat

pytest.importorskip("torch")

from emospike import store
from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.datasets import load, standard_split
from emospike.evaluation.protocols import make_system
from emospike.networks import training
from emospike.progress import tell_share
from emospike.systems import SYSTEMS
from emospike.systems.eavs_tf.model import EAVSTransformer
from emospike.systems.perception import MODALITIES
from emospike.validation import InputError


def quick(modality="audio", preset="default", **parameters):
    """A system that learns made-up speech in seconds."""
    made = EAVSTransformer.preset(preset, modality=modality)
    made.card = {"about": "a test"}
    return made.set_params(
        network=replace(made.network, dim=16, random_features=60 if made.network.random_features else 0),
        penalty=10.0,
        training=replace(made.training, epochs=20, batch=8, rate=0.02, average=0.8),
        members=2,
        excerpt=0.8,
        **parameters,
    )


@pytest.fixture(scope="module")
def both(speech, faced):
    """A system of both modalities; a test that changes it takes a copy."""
    return quick("both").fit(*faced(speech))


def streams(system):
    """The modality of each stream that the networks read."""
    return [stream.modality for stream in system.ensemble_.streams]


def test_each_modality_decides_alone(both, unheard, faced):
    shown = faced(unheard)
    answers, reasons, _ = both.predict_by_modality(shown.clips)
    assert not reasons
    assert set(answers) == {"both", "audio", "face"}
    for decider, found in answers.items():
        right = np.array(both.classes_)[found.argmax(axis=1)] == shown.labels
        assert right.mean() > (0.8 if decider == "both" else 0.6), decider
    blind, *_ = both.predict_by_modality(unheard.clips)
    np.testing.assert_array_equal(answers["audio"], blind["audio"])
    assert np.isnan(blind["both"]).all()
    assert set(both.decide(speaking(shown.clips[0])).share) == {"audio", "face"}
    alone = both.decide(shown.clips[0], modality="face")
    assert list(alone.probabilities.values()) == answers["face"][0].tolist()


def test_each_modality_has_a_calibration_and_all_share_the_networks(both):
    calibrations = both.ensemble_.calibrations
    assert both.threshold_ == calibrations["both"].threshold_
    assert both.by("face").threshold_ == calibrations["face"].threshold_
    copied = deepcopy(both)
    assert all(readout.ensemble is copied.ensemble_ for readout in copied.readouts_.values())


def test_both_modalities_are_stored_and_taught(both, speech, shrill, faced, tmp_path):
    system = deepcopy(both)
    system.adapt(faced(shrill).clips, shrill.labels)
    assert system.labels_ == ("high", "low", "shrill")
    for clips, labels in ((faced(shrill).clips, shrill.labels), (speech.clips, speech.labels)):
        assert np.mean(np.array(system.predict(clips)) == labels) > 0.8
    loaded = store.load(store.save(system, tmp_path / "model.safetensors"))
    shown = faced(shrill).clips[:2]
    np.testing.assert_array_equal(loaded.predict_proba(shown), system.predict_proba(shown))
    np.testing.assert_array_equal(loaded.ensemble_.memory.labels, system.ensemble_.memory.labels)


def test_finer_labels_are_learnt_and_summed(speech):
    finer = [f"{label} {i % 2}" for i, label in enumerate(speech.labels)]
    system = quick().fit(*speech, finer=finer)
    before = system.readout_.calibration_.learnt
    assert set(before) == set(finer)
    assert system.labels_ == ("high", "low")
    assert np.mean(np.array(system.predict(speech.clips)) == speech.labels) > 0.9
    system.adapt(speech.clips[:2], speech.labels[:2])
    assert system.readout_.calibration_.learnt == before  # a label that stands for finer ones is no class of its own


def test_what_it_costs(both, faced, unheard):
    clip = faced(unheard).clips[0]
    whole, heard = both.operations(clip), both.operations(clip, "audio")
    assert 0 < whole.spike_rate < 0.3
    assert heard.twin_macs < whole.twin_macs
    assert whole.energy_uj < whole.twin_energy_uj
    assert whole.bytes_moved < whole.twin_bytes_moved
    real = [one.name for one in whole.layers if one.macs]
    assert {name.split(",")[0].split(" ")[0] for name in real} == {"stream", "head", "leak"}  # receptors hear spikes


def test_what_it_costs_is_counted_in_threads_as_alone(both, faced, unheard):
    clips = faced(unheard).clips
    alone = [both.operations(clip) for clip in clips]
    assert list(map_clips(lambda _, clip: both.operations(clip), clips, "operations")) == alone


def test_the_equivalent_has_no_spikes(speech):
    cost = quick(preset="non_spiking").fit(*speech).operations(speech.clips[0])
    assert (cost.spikes, cost.synaptic_operations) == (0, 0)
    assert cost.energy_uj == cost.twin_energy_uj


def write_eeg(file, high, seed=0):
    """Trials of three electrodes; the second has an alpha rhythm in those that are high."""
    trials = np.random.default_rng(seed).normal(0, 1, (10_000, 3, len(high)))
    trials[:, 1] += np.where(high, 3.0, 0.0) * np.sin(2 * np.pi * 10 * np.arange(10_000) / 500)[:, None]
    savemat(file, {"seg": trials})
    return file


@pytest.fixture
def eav(speech, tmp_path):
    """Four subjects in EAV's layout, six spoken interactions each, that sound alike: only EEG tells the class."""
    low = [clip for clip, label in zip(speech.clips, speech.labels, strict=True) if label == "low"]
    for subject in range(1, 5):
        folder = tmp_path / f"subject{subject}"
        (folder / "Audio").mkdir(parents=True)
        (folder / "EEG").mkdir()
        high = np.arange(1, 13) % 4 == 0  # of twelve interactions, those with even numbers are spoken
        write_eeg(folder / "EEG" / f"subject{subject}_eeg.mat", high, subject)
        for i in range(2, 13, 2):
            name = f"{i:03d}_Trial_{i // 2:02d}_Speaking_{'Anger' if high[i - 1] else 'Calmness'}_aud.wav"
            soundfile.write(folder / "Audio" / name, low[3 * subject - 1].sound, 16_000)
    return tmp_path


def test_eeg_in_the_layout_of_eav(eav, tmp_path):
    dataset = load(eav)
    split = standard_split(dataset)
    train, test = dataset.subset(split.train), dataset.subset(split.test)
    assert (len(train), len(test)) == (16, 8)
    system = quick(preset="eeg").fit(train.clips(), train.labels.tolist(), train.speakers.tolist())
    assert set(streams(system)) == {"audio", "eeg"}
    assert np.mean(np.array(system.predict(test.clips())) == test.labels) > 0.8
    decision = system.decide(test.clips()[0])
    assert decision.share == {"audio": 1.0}
    assert "EEG" not in decision.reason
    deaf = system.decide(test.paths[0])
    assert "sound alone: 010_Trial_05_Speaking_Calmness_aud.wav has no EEG" in deaf.reason
    assert deaf.confidence < decision.confidence
    loaded = store.load(store.save(system, tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(loaded.predict_proba(test.clips()), system.predict_proba(test.clips()))


@pytest.mark.long
@pytest.mark.parametrize("modality", ["both", "face"])
def test_eeg_with_a_face_from_a_manifest(modality, speech, faced, tmp_path):
    shown, rows = faced(speech), ["path,label,speaker,face,eeg,eeg_start"]
    write_eeg(tmp_path / "all_eeg.mat", np.array(speech.labels) == "high")
    for i, (clip, label, speaker) in enumerate(zip(*shown, strict=True)):
        soundfile.write(tmp_path / clip.name, clip.sound, 16_000)
        rows.append(f"{clip.name},{label},{speaker},{clip.face},all_eeg.mat,{20 * i}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    dataset = load(tmp_path, video=True)
    clips = dataset.clips()
    system = quick(modality, "eeg").fit(clips, dataset.labels.tolist(), dataset.speakers.tolist())
    assert set(streams(system)) == {"eeg", *MODALITIES[modality]}
    assert np.mean(np.array(system.predict(clips)) == dataset.labels) > 0.9
    blind = [Clip(one.path, face=one.face) for one in clips]
    assert np.abs(system.predict_proba(blind) - system.predict_proba(clips)).max() > 0
    assert "alone: " in system.decide(blind[0]).reason
    alone = system.decide(clips[0], modality="face")
    assert (system.decide(blind[0], modality="face").probabilities == alone.probabilities) is (modality == "both")


def test_eeg_alone(eav, tmp_path):
    dataset = load(eav, video=True).select_modality("eeg")
    split = standard_split(dataset)
    train, test = dataset.subset(split.train), dataset.subset(split.test)
    system = quick("eeg").fit(train.clips(), train.labels.tolist(), train.speakers.tolist())
    assert streams(system) == ["eeg"]
    assert (system.deciders, list(system.readouts_)) == (("eeg",), ["eeg"])
    clips = test.clips()
    found, reasons, _ = system.predict_by_modality([*clips, Clip(test.paths[0])])
    assert np.mean(np.array(system.classes_)[found["eeg"][:8].argmax(axis=1)] == test.labels) > 0.8
    assert "has no EEG: name its recording" in reasons[8]
    decision = system.decide(clips[0])
    assert (decision.share, next(iter(decision.seconds))) == ({"eeg": 1.0}, "decode")
    told = system.explain(clips[0])
    assert {channel.modality for channel in told.panel("encoding-EEG").series.channels} == {"eeg"}
    for kind in ("eeg", "moments"):
        assert any(part.change for part in told.attributions[kind])
    assert system.operations(clips[0]).synaptic_operations > 0
    with pytest.raises(InputError, match="this model perceives eeg, not audio"):
        system.decide(clips[0], modality="audio")
    loaded = store.load(store.save(system, tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(loaded.predict_proba(clips), system.predict_proba(clips))


def test_eeg_is_no_modality_of_others():
    assert EAVSTransformer.preset("eeg", modality="eeg").auxiliary is None
    for name in set(SYSTEMS) - {"eavs_tf"}:
        system = SYSTEMS.load(name)
        assert "eeg" not in system.modalities()
        with pytest.raises(InputError):
            make_system(name, modality="eeg")


def test_eeg_that_nobody_has_cannot_be_learnt(speech):
    with pytest.raises(
        InputError, match=r"modality audio needs clips with audio and eeg: high-0-0.wav has no EEG: name"
    ):
        quick(preset="eeg").fit(*speech)


@pytest.mark.long
def test_eeg_accompanies_what_is_heard(speech, tmp_path):
    from emospike.features.eeg import EEG

    labels = np.array(speech.labels)
    file = write_eeg(tmp_path / "subject1_eeg.mat", labels == "high")
    clips = [Clip(one.path, eeg=file, eeg_start=20.0 * i, _array=one._array) for i, one in enumerate(speech.clips)]
    system = quick(auxiliary=EEG()).fit(clips, speech.labels, speech.speakers)
    assert streams(system) == ["audio", "audio", "audio", "eeg"]
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
    done = tell_share(lambda *what: told.append(what), 5)
    for share in (0.3, 0.3, 1.0):
        done(share)
    assert told == [("training", i, 5) for i in range(1, 6)]
