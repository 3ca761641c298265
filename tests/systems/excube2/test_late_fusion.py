"""Late fusion: sound and face are read on their own, from one cube, and their answers are joined."""

import numpy as np
import pytest
from made_up_speech import Speech

from emospike import store
from emospike.readout.readout import VectorReadout
from emospike.systems.excube2.model import EXCube2
from emospike.validation import InputError


@pytest.fixture(scope="module")
def taught(small, faced, speech):
    """A system of both senses; half of the clips that trained it show no face."""
    seen = faced(speech)
    clips = [one if i % 2 else other for i, (one, other) in enumerate(zip(speech.clips, seen.clips, strict=True))]
    return small(EXCube2, "default", modality="both").fit(clips, speech.labels, speech.speakers), clips


@pytest.fixture
def heard(monkeypatch):
    """Take made-up voices for speech."""
    monkeypatch.setattr("emospike.systems.deciding.explain_no_speech", lambda _: None)


@pytest.mark.usefixtures("heard")
def test_both_is_what_each_says_alone(monkeypatch, taught, faced, unheard):
    """But for a constant, log-odds are summed (no p counts as less than 1e-6) where neither sense is strange."""
    monkeypatch.setattr(VectorReadout, "measure_novelty", lambda self, X, speakers=None: np.zeros(len(X), np.float32))
    system, _ = taught
    clips = faced(unheard).clips
    sound, face = (system.predict_proba(clips, modality=sense) for sense in ("audio", "face"))
    both = system.predict_proba(clips)
    for row, clip in enumerate(clips):
        decision = system.decide(clip)
        np.testing.assert_allclose(list(decision.probabilities.values()), both[row], rtol=1e-5)
        np.testing.assert_allclose(list(decision.alone["audio"].values()), sound[row], rtol=1e-5)
        np.testing.assert_allclose(list(decision.alone["face"].values()), face[row], rtol=1e-5)
    fused, odds = system.readouts_["both"], np.log(sound.clip(1e-6) * face.clip(1e-6))
    scores = fused.scores([system.represent_clip(clip)["both"] for clip in clips])
    offset = (odds - scores) - (odds - scores).mean(axis=0)
    assert np.abs(offset[:, 0] - offset[:, 1]).max() < 1e-3
    assert (np.array(system.predict(clips)) == unheard.labels).all()


def test_clips_without_a_face_train_the_sound(taught, small, speech):
    """The sound is read as by a system that only hears, trained on the same clips, with and without a face."""
    system, clips = taught
    hears = small(EXCube2, "default").fit(speech.clips, speech.labels, speech.speakers)
    np.testing.assert_allclose(system.predict_proba(clips, modality="audio"), hears.predict_proba(clips), atol=1e-6)
    assert np.isfinite(system.held_out_["audio"]).all()
    assert np.isfinite(system.held_out_["face"]).all(axis=1).tolist() == [i % 2 == 0 for i in range(len(clips))]
    assert np.isfinite(system.held_out_["both"]).all(axis=1).tolist() == [i % 2 == 0 for i in range(len(clips))]


def test_what_was_stored_decides_bit_for_bit(taught, faced, unheard, tmp_path):
    system, _ = taught
    system.card = {"system": "excube2", "modality": "both"}
    again = store.load(store.save(system, tmp_path / "both.safetensors"))
    clips = [*faced(unheard).clips, *unheard.clips]
    np.testing.assert_array_equal(again.predict_proba(clips), system.predict_proba(clips))


@pytest.mark.usefixtures("heard")
def test_both_explain_and_cost_what_both_took(taught, faced, unheard):
    system, _ = taught
    clip = faced(unheard).clips[0]
    explained = system.explain(clip)
    assert {"audio", "face", "moments", "regions", "modalities"} <= set(explained.attributions)
    assert any(one.change for one in explained.attributions["face"])
    costs = [system.operations(clip, modality) for modality in (None, "audio", "face")]
    assert costs[0].synaptic_operations == costs[1].synaptic_operations + costs[2].synaptic_operations
    assert {"inputs, audio", "inputs, face"} <= {layer.name for layer in costs[0].layers}


def test_a_new_class_is_learnt_by_both(small, faced, speech, shrill):
    system = small(EXCube2, "default", modality="both").fit(*faced(speech))
    new = faced(Speech(["shrill"], [0, 1], takes=4))
    system.adapt(new.clips, new.labels)
    assert system.labels_ == ("high", "low", "shrill")
    assert system.readouts_["both"].classes == system.labels_
    assert (np.array(system.predict(new.clips)) == "shrill").mean() > 0.7
    known = faced(speech)
    assert (np.array(system.predict(known.clips)) == known.labels).mean() > 0.9  # not all is taken for the new class


@pytest.mark.parametrize("preset", ["default", "early"])
def test_a_new_class_that_one_sense_does_not_meet_is_not_learnt(small, faced, speech, shrill, preset):
    """Sound that is new would leave the face, and both together, with other classes than the sound."""
    system = small(EXCube2, preset, modality="both").fit(*faced(speech))
    clips, before = faced(speech).clips[:2], system.predict_proba(speech.clips[:2])
    with pytest.raises(InputError, match="no recording of the new class 'shrill' can be decided on by audio and face"):
        system.adapt([*clips, *shrill.clips], [*speech.labels[:2], *shrill.labels])
    np.testing.assert_array_equal(system.predict_proba(speech.clips[:2]), before)
    system.adapt(speech.clips[:2], speech.labels[:2])  # sound of known classes is
    assert system.labels_ == ("high", "low")


def test_late_fusion_needs_both_and_a_way_to_read_the_face():
    for wrong in ({"modality": "audio"}, {"modality": "both", "preset": "early"}):
        made = EXCube2.preset(wrong.get("preset", "default"), modality=wrong["modality"])
        with pytest.raises(InputError, match="late fusion needs modality 'both', face_vectors and a face_classifier"):
            made.set_params(fusion="late")
    with pytest.raises(InputError, match="unknown fusion 'middle'"):
        EXCube2.preset("default", modality="both").set_params(fusion="middle")
