"""Streams: what is decided on sound as it comes, by a small trained model."""

from copy import deepcopy

import made_up
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_speech import Speech, speaking

from emospike import store
from emospike.augmentation.channel import ChannelVariation
from emospike.clip import Clip
from emospike.datasets import load
from emospike.evaluation.retraining import hash_state
from emospike.systems import SYSTEMS
from emospike.systems.early import read_looks
from emospike.systems.excube2.model import EXCube2
from emospike.systems.streaming import PIECE
from emospike.validation import InputError

RATE = 16_000


def speak(*lengths, pause=0.9):
    """Vowels of so many seconds each, between pauses."""
    parts = [np.zeros(round(pause * RATE), np.float32)]
    for number, seconds in enumerate(lengths):
        parts += [made_up.voice(seconds, 110.0 + 40 * number, seed=number), parts[0]]
    return np.concatenate(parts).astype(np.float32)


SPOKEN = speak(1.3, 0.7, 2.2)


@pytest.fixture(scope="module")
def trained(speech, small):
    varied = {"channel_variation": ChannelVariation(("telephone",))}
    return small(EXCube2, "default", **varied).fit(*speech)


@pytest.fixture(scope="module")
def early(trained):
    """The same model, which has learnt to decide early too."""
    longer = Speech(["high", "low"], [0, 1, 2, 3], takes=3)
    longer.clips = [clip.change(lambda sound: np.tile(sound, 2)[: len(sound)]) for clip in longer.clips]
    return deepcopy(trained).fit_early(*longer, looks=(0.3, 0.5))


def feed(model, sound, cuts=(), rate=RATE):
    stream = model.stream(rate)
    return [one for part in np.split(sound, cuts) for one in stream.feed(part)] + stream.flush()


def strip(decided):
    return [(one.start, one.stop, one.look, one.decision.probabilities, one.decision.reason) for one in decided]


def test_a_decision_holds_the_sound_that_it_was_made_on(trained):
    for one in feed(trained, SPOKEN):
        assert trained.decide(Clip.from_array(one.sound, RATE)).probabilities == one.decision.probabilities


def test_nothing_is_said_before_an_utterance_is_over_unless_early(early):
    stream = early.stream(early=False)
    decided = stream.feed(SPOKEN) + stream.flush()
    assert strip(decided) == [one for one in strip(feed(early, SPOKEN)) if one[2] is None]
    assert len(decided) == 3


def test_every_utterance_gets_one_final_decision_that_of_its_samples(trained):
    finals = [one for one in feed(trained, SPOKEN) if one.final]
    assert len(finals) == 3
    for one in finals:
        part = SPOKEN[round(one.start * RATE) : round(one.stop * RATE)]
        alone = trained.decide(Clip.from_array(part, RATE))
        assert (one.decision.probabilities, one.decision.reason) == (alone.probabilities, alone.reason)


def test_early_decisions_come_while_it_is_said(early, trained):
    looks = [one.look for one in feed(early, SPOKEN)]
    assert looks == [0.3, 0.5, None, 0.3, 0.5, None, 0.3, 0.5, 2.0, None]
    assert [one.look for one in feed(trained, SPOKEN)] == [None, None, 2.0, None]
    first = next(one for one in feed(early, SPOKEN) if one.look == 0.5)
    assert "after 0.5 s" in first.decision.reason
    assert sum(first.decision.probabilities.values()) == pytest.approx(1)


def test_early_readouts_hold_nothing_to_learn_with(early):
    for readout in early.early_.values():
        assert len(readout.classifier.memory_) == len(readout.classifier.bolder_) == 0
    assert len(early.readout_.classifier.memory_) > 0


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(0, 3 * len(SPOKEN)), max_size=9).map(sorted), rate=st.sampled_from([RATE, 48_000]))
def test_any_cut_decides_bit_for_bit_alike(early, cuts, rate):
    sound = np.repeat(SPOKEN, rate // RATE)
    assert strip(feed(early, sound, cuts, rate)) == strip(feed(early, sound, (), rate))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, len(SPOKEN)))
def test_sound_may_end_anywhere(trained, samples):
    for one in feed(trained, SPOKEN[RATE // 2 : RATE // 2 + samples]):
        assert 0 <= one.start < one.stop <= samples / RATE


def test_noise_hum_and_silence_give_no_decision(trained):
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.05, 3 * RATE)
    hum = 0.2 * np.sin(2 * np.pi * 50 * np.arange(3 * RATE) / RATE)
    silence = np.zeros(RATE)
    assert feed(trained, np.concatenate([silence, noise, silence, hum, silence]).astype(np.float32)) == []
    assert feed(trained, np.zeros(0, np.float32)) == []


def test_a_long_utterance_is_decided_in_parts(trained):
    decided = [one for one in feed(trained, speak(19.0)) if one.final]
    assert [one.stop - one.start for one in decided[:2]] == pytest.approx([8.0, 8.0])
    assert decided[1].start == decided[0].stop


def test_hours_take_no_more_memory_than_an_utterance(trained):
    stream, held = trained.stream(), []
    for _ in range(20):
        stream.feed(SPOKEN)
        held.append(len(stream._sound))
    assert max(held) < 9 * RATE + PIECE
    assert stream.seconds == pytest.approx(20 * len(SPOKEN) / RATE)


def test_a_stream_begins_anew(early):
    stream = early.stream()
    first = stream.feed(SPOKEN) + stream.flush()
    stream.feed(SPOKEN[: 2 * RATE])
    assert stream.speaking
    stream.reset()
    assert not stream.speaking
    assert strip(stream.feed(SPOKEN) + stream.flush()) == strip(first)


def test_a_chunk_that_is_none_leaves_the_stream_as_it_was(early):
    stream = early.stream()
    decided = stream.feed(SPOKEN[:30_000])
    with pytest.raises(InputError, match="NaN"):
        stream.feed(np.full(160, np.nan, np.float32))
    decided += stream.feed(SPOKEN[30_000:]) + stream.flush()
    assert strip(decided) == strip(feed(early, SPOKEN))


def test_only_final_decisions_teach_who_speaks(early):
    one = early.for_one_speaker()
    finals = sum(decided.final for decided in feed(one, SPOKEN))
    assert one.centring_["audio"].clips == finals == 3
    one.forget_speaker()
    assert one.centring_["audio"].clips == 0
    assert strip(feed(one, SPOKEN)) == strip(feed(early.for_one_speaker(), SPOKEN))


def test_thresholds_and_risks_hold_for_early_decisions_too(early):
    stream = early.stream(threshold=1.1)
    assert not any(one.decision.answered for one in stream.feed(SPOKEN))
    assert not any(one.decision.answered for one in feed(early.at_risk(0.0), SPOKEN))
    assert all(one.decision.answered for one in early.stream(threshold=0.0).feed(SPOKEN) if one.decision.familiar)


def test_learning_to_decide_early_changes_nothing_else_and_is_stored(early, trained, tmp_path):
    assert list(early.early_) == [0.3, 0.5]
    whole = [one for one in strip(feed(early, SPOKEN)) if one[2] is None or one[2] == 2.0]
    assert whole == strip(feed(trained, SPOKEN))
    again = store.load(store.save(early, tmp_path / "a.safetensors"))
    assert hash_state(again) == hash_state(early)
    assert strip(feed(again, SPOKEN)) == strip(feed(early, SPOKEN))
    assert store.load(store.save(trained, tmp_path / "b.safetensors")).early_ == {}


def test_a_clip_that_cannot_be_read_teaches_nothing(trained, speech):
    (readout,) = deepcopy(trained).fit_early(*speech, looks=(0.3,)).early_.values()
    lost = [*speech.clips, Clip("nowhere.wav")], [*speech.labels, "low"], [*speech.speakers, speech.speakers[0]]
    (again,) = deepcopy(trained).fit_early(*lost, looks=(0.3,)).early_.values()
    assert again.threshold_ == readout.threshold_


def test_looks_that_nobody_reaches_are_left_out(trained, speech):
    assert deepcopy(trained).fit_early(*speech, looks=(0.3, 3.0)).early_.keys() == {0.3}


def test_what_is_learnt_later_makes_early_decisions_forget(early, speech):
    other = deepcopy(early)
    other.adapt(speech.clips[:4], speech.labels[:4])
    assert other.early_ == {}
    assert deepcopy(early).fit(*speech).early_ == {}


@pytest.mark.parametrize(
    ("look", "labels", "said"),
    [
        (0.1, None, "seconds of an early decision must lie in 0.25 to 8"),
        (9.0, None, "seconds of an early decision must lie in"),
        (0.5, ["a", "b"] * 12, "recordings of the classes high, low expected"),
    ],
)
def test_what_cannot_be_learnt_early(trained, speech, look, labels, said):
    with pytest.raises(InputError, match=said):
        deepcopy(trained).fit_early(speech.clips, labels or speech.labels, speech.speakers, looks=(look,))


@pytest.mark.parametrize("name", ["early.x", "early.", "early.0.5", "early.-500", "early.9999", "early.100"])
def test_looks_in_model_files_that_are_none_are_refused(name):
    with pytest.raises(InputError, match="early decision"):
        read_looks(["readout.audio", name])


@pytest.mark.parametrize("name", ["baseline", "cross_modal", "synch_graph"])
def test_other_systems_decide_on_streams(speech, small, faced, name):
    kind = SYSTEMS.load(name)
    modality = "audio" if "audio" in kind.modalities() else "both"
    model = small(kind, kind.presets()[0], modality).fit(*faced(speech))
    assert sum(one.final for one in feed(model, SPOKEN)) == 3
    looks = [one.look for one in feed(model.fit_early(*faced(speech), looks=(0.3,)), SPOKEN)]
    assert looks == [0.3, None, 0.3, None, 0.3, 2.0, None]


def test_a_model_that_only_sees_says_so(small, faced, speech):
    model = small(EXCube2, "default", "face").fit(*faced(speech))
    with pytest.raises(InputError, match="streams are of sound, and this model perceives face"):
        model.stream()
    with pytest.raises(InputError, match="does not learn to decide on speech early"):
        model.fit_early(*faced(speech))


def test_one_that_hears_and_sees_decides_by_sound(small, faced, speech):
    model = small(EXCube2, "default", "both").fit(*faced(speech)).fit_early(*faced(speech), looks=(0.3,))
    decided = feed(model, SPOKEN)
    assert {0.3, None} <= {one.look for one in decided}
    assert all(set(one.decision.share) == {"audio"} for one in decided)
    assert (model.by("audio").early_.keys(), model.by("face").early_) == ({0.3}, {})


def test_real_speech_in_a_stream_is_decided_as_alone(ravdess):
    """Of the shipped model, which has heard these recordings."""
    model = store.load("excube2-arousal")
    recordings = load(ravdess)
    clips = recordings.subset(np.random.default_rng(1).permutation(len(recordings))[:12]).clips()
    parts = [part for clip in clips for part in (clip.sound, np.zeros(RATE, np.float32))]
    finals = [one for one in feed(model, np.concatenate(parts), range(1600, sum(map(len, parts)), 1600)) if one.final]
    assert len(finals) == len(clips)
    same = [one.decision.label == model.decide(clip).label for one, clip in zip(finals, clips, strict=True)]
    assert sum(same) >= 11


def test_speech_is_what_the_check_takes_for_speech(trained, unheard):
    assert [one for one in feed(trained, np.pad(unheard.clips[0].sound, RATE)) if one.final] == []
    assert len([one for one in feed(trained, np.pad(speaking(unheard.clips[0]).sound, RATE)) if one.final]) == 1
