import numpy as np
import pytest

from emospike.evaluation import protocols, testing
from emospike.systems.evidence import Evidence
from emospike.systems.perception import Perceived
from emospike.validation import InputError


def trained(toy, takes_of, modality="both", **settings):
    data = takes_of(["anna", "ben", "carla"])
    return toy(modality=modality, **settings).fit(data.clips(), data.labels.tolist(), data.speakers.tolist())


def ending(take):
    return {3: "-blind", 5: "-deaf", 7: "-nothing"}.get(take, "")


def test_each_readout_answers_what_it_can(toy, takes_of):
    system, data = trained(toy, takes_of), takes_of(["dan"], ending=ending)
    by_view, left_out, _ = system.predict_by_modality(data.clips())
    take = np.repeat(np.arange(10), 2)
    assert np.isnan(by_view["both"]).all(axis=1).tolist() == np.isin(take, [3, 5, 7]).tolist()
    assert np.isnan(by_view["audio"]).all(axis=1).tolist() == np.isin(take, [5, 7]).tolist()
    assert np.isnan(by_view["face"]).all(axis=1).tolist() == np.isin(take, [3, 7]).tolist()
    assert left_out == {14: "no face in happy-dan-7-nothing.wav", 15: "no face in sad-dan-7-nothing.wav"}
    whole = system.predict_proba(data.subset(take == 0).clips())
    np.testing.assert_array_equal(by_view["both"][take == 0], whole)
    np.testing.assert_array_equal(by_view["face"], system.predict_by_modality(data.clips())[0]["face"])


def test_a_recording_without_a_sense_is_decided_by_the_other(toy, takes_of):
    system, data = trained(toy, takes_of), takes_of(["dan"], ending=ending)
    run = testing.test_system(system, data)
    assert len(run.recordings) == len(run.probabilities) == 18
    assert run.left_out == {
        f"{label}-dan-7-nothing.wav": f"no face in {label}-dan-7-nothing.wav" for label in ("happy", "sad")
    }
    blind = np.array(["blind" in recording.path.name for recording in run.recordings.recordings])
    np.testing.assert_array_equal(run.probabilities[blind], run.alone["audio"][blind])
    assert np.isnan(run.alone["face"][blind]).all()
    assert np.isfinite(run.probabilities).all()


def test_nothing_to_decide_on(toy, takes_of):
    data = takes_of(["dan"], ending=lambda take: "-blind")
    with pytest.raises(InputError, match=r"none of 20 recordings can be decided on; the first: no face in happy-dan-0"):
        testing.test_system(trained(toy, takes_of, "face"), data)


def test_recordings_left_out_do_not_stop_an_evaluation(toy, takes_of):
    result = protocols.evaluate("toy", takes_of("abcd", ending=ending), "emotion", modality="face")
    assert result["clips"] == 4 * 20 - 4 * 4
    assert "16 recordings cannot be used and are left out; the first: no face in happy-a-3" in result["note"]
    assert "senses" not in result


def test_speakers_are_normalised_as_in_predict_proba(toy, takes_of):
    system = trained(toy, takes_of, "audio", normalise="speaker")
    data = takes_of(["dan", "eve"])
    by_view, *_ = system.predict_by_modality(data.clips(), data.speakers.tolist())
    np.testing.assert_array_equal(by_view["audio"], system.predict_proba(data.clips(), data.speakers.tolist()))


def test_training_leaves_out_clips_without_a_face(toy, takes_of):
    data = takes_of("abc", ending=ending)
    system = toy(modality="face").fit(data.clips(), data.labels.tolist(), data.speakers.tolist())
    assert len(system.left_out_) == 3 * 4
    assert system.left_out_[6] == "no face in happy-a-3-blind.wav"
    assert np.isnan(system.held_out_["face"]).all(axis=1).sum() == 12


def test_each_sense_needs_its_own_confidence(toy, takes_of):
    system, data = trained(toy, takes_of), takes_of(["dan"], ending=ending)
    for view, readout in zip(system.deciders, system.readouts_.values(), strict=True):
        readout.calibration_.threshold_ = {"both": 0.6, "audio": 0.99, "face": 0.0}[view]
    assert [system.limit(view) for view in system.deciders] == [0.6, 0.99, 0.0]
    assert system.by("audio").threshold_ == 0.99
    assert system.limit("audio", 0.5) == 0.5
    deaf = next(clip for clip in data.clips() if "deaf" in clip.name)
    unsure = Evidence(Perceived(deaf, (), ("face",)), None, np.array([0.7, 0.3]), {})
    assert system.decide_on(unsure, None, {}).answered
    assert not system.decide_on(unsure, 0.8, {}).answered
    system.readouts_["face"].calibration_.threshold_ = 0.8
    assert not system.decide_on(unsure, None, {}).answered


def test_what_a_decision_costs(toy, takes_of):
    run = testing.test_system(trained(toy, takes_of), takes_of(["dan"]))
    assert run.cost["energy_uj"] == run.cost["macs"] * 2 == 60
    assert run.cost["model_bytes"] > 1000


def spread_out(toy, takes_of, **settings):
    """Return a system that was trained on speakers who differ much, and recordings of others."""
    data = takes_of([f"t{i}" for i in range(12)], takes=15)
    system = toy(modality="audio", apart=0.8, **settings).fit(
        data.clips(), data.labels.tolist(), data.speakers.tolist()
    )
    return system, takes_of([f"n{i}" for i in range(12)], takes=15)


def test_a_risk_moves_the_threshold_alone(toy, takes_of):
    system, data = spread_out(toy, takes_of)
    careful = system.at_risk(0.25)
    run, plain = testing.predict(careful, data), testing.predict(system, data)
    np.testing.assert_array_equal(run.probabilities, plain.probabilities)
    assert run.threshold == system.readout_.calibration_.threshold_at(0.25) != plain.threshold
    assert (careful.limit("audio"), careful.limit("audio", 0.1), system.limit("audio")) == (
        run.threshold,
        0.1,
        system.threshold_,
    )
    decision = system.at_risk(0.0).decide(data.clips()[0])
    assert not decision.answered
    assert decision.reason == "don't know: no threshold keeps the risk that is asked for"
    assert list(run.risks) == [0.05, 0.1, 0.2, 0.3]
    with pytest.raises(InputError, match=r"risk must lie in 0 to 1"):
        system.at_risk(2)


def test_scores_of_one_speaker_are_centred(toy, takes_of):
    system, data = spread_out(toy, takes_of)
    one = system.for_one_speaker()
    who = data.speakers.tolist()
    plain = system.predict_proba(data.clips())
    centred = one.predict_proba(data.clips(), who)
    right = [(np.array(system.classes_)[p.argmax(axis=1)] == data.labels).mean() for p in (plain, centred)]
    assert right[1] > right[0]
    np.testing.assert_array_equal(one.predict_proba(data.clips(), who), centred)
    np.testing.assert_array_equal(system.predict_proba(data.clips(), who), plain)


def test_decisions_of_one_speaker_follow_each_other(toy, takes_of):
    system, data = spread_out(toy, takes_of)
    clips = data.clips()[:30]
    one = system.for_one_speaker()
    decided = [one.decide(clip).probabilities["happy"] for clip in clips]
    assert one.centring_["audio"].clips == len(clips)
    assert decided[0] == system.decide(clips[0]).probabilities["happy"]
    again = system.for_one_speaker()
    assert [again.decide(clip).probabilities["happy"] for clip in clips] == decided
