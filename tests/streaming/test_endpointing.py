"""Endpointing on noise with sounds in it, and on real speech."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emospike.datasets import load
from emospike.streaming.endpointing import MEMORY, Endpointer, Endpointing
from emospike.validation import InputError

RATE = 16_000
LOOKS = (0.5, 1.0, 2.0)


def noise(seconds, level, seed=0):
    """White noise at a level in dBFS."""
    rng = np.random.default_rng(seed)
    return (10 ** (level / 20) * rng.standard_normal(round(seconds * RATE))).astype(np.float32)


def find(sound, cuts=(), **settings):
    endpointer = Endpointer(Endpointing(**({"looks": LOOKS} | settings)))
    return [mark for part in np.split(sound, cuts) for mark in endpointer.push(part)] + endpointer.finish()


def finals(sound, **settings):
    return [(mark.start / RATE, mark.stop / RATE) for mark in find(sound, **settings) if mark.final]


def speak(*spans, seconds=6.0, background=-70.0, level=-30.0):
    sound = noise(seconds, background)
    for start, stop in spans:
        sound[round(start * RATE) : round(stop * RATE)] += noise(stop - start, level, seed=1)
    return sound


SPOKEN = speak((1.0, 2.4), (2.7, 3.2), (4.5, 5.1))


def test_utterances_lie_between_pauses_with_margins():
    first, second = finals(SPOKEN)
    assert first == pytest.approx((0.4, 3.8), abs=0.03)  # a pause of 0.3 s ends none
    assert second == pytest.approx((3.9, 5.7), abs=0.03)


def test_margins_do_not_overlap():
    first, second = finals(speak((1.0, 2.0), (2.8, 3.5)))
    assert first == pytest.approx((0.4, 2.6), abs=0.03)
    assert second == pytest.approx((2.6, 4.1), abs=0.03)


def test_looks_come_so_long_after_the_onset():
    marks = find(SPOKEN)
    assert [mark.look for mark in marks] == [0.5, 1.0, 2.0, None, 0.5, 1.0, None]
    first = [mark for mark in marks if mark.start == marks[0].start and not mark.final]
    assert [(mark.stop - first[0].stop) / RATE for mark in first] == [0.0, 0.5, 1.5]
    assert first[0].stop / RATE == pytest.approx(1.5, abs=0.03)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(SPOKEN)), max_size=12).map(sorted))
def test_any_cut_gives_the_same_marks(cuts):
    assert find(SPOKEN, cuts) == find(SPOKEN)


def test_an_endless_utterance_is_cut_without_a_gap():
    sound = speak((0.5, 20.0), seconds=22.0)
    sound[: 20 * RATE] *= np.abs(np.sin(np.pi * 2 * np.arange(20 * RATE) / RATE)).astype(np.float32)  # syllables
    cut = finals(sound)
    assert [stop - start for start, stop in cut[:2]] == pytest.approx([8.0, 8.0])
    assert [start for start, _ in cut[1:]] == [stop for _, stop in cut[:-1]]
    assert cut[-1][1] == pytest.approx(20.6, abs=0.05)


@pytest.mark.parametrize("stop", [7.5, 7.9, 8.0, 8.1, 8.3])
def test_a_cut_in_or_near_the_last_pause_leaves_no_scrap(stop):
    sound = speak((0.1, stop), seconds=10.0)
    sound[: 8 * RATE] *= np.abs(np.sin(np.pi * 2 * np.arange(8 * RATE) / RATE)).astype(np.float32)
    assert all(end - start > 0.5 for start, end in finals(sound))


def test_clicks_and_steady_sound_are_no_utterances():
    clicks = noise(5.0, -70.0)
    clicks[:: RATE // 2] = 0.9
    assert finals(clicks) == []
    assert finals(np.zeros(5 * RATE, np.float32)) == []
    assert finals(noise(5.0, -65.0) + np.float32(0.3)) == []  # a converter that does not rest at 0


def test_it_learns_a_loud_background_within_seconds():
    sound = speak((14.0, 15.0), seconds=18.0, background=-40.0, level=-20.0)
    found = finals(sound)
    assert found[-1] == pytest.approx((13.4, 15.6), abs=0.05)
    assert found[0][0] == 0.0
    assert all(stop < MEMORY + 2 for _, stop in found[:-1])


def test_what_it_needs_is_bounded():
    endpointer = Endpointer(Endpointing(looks=LOOKS))
    held = []
    for at in range(0, 60 * RATE, 4000):
        endpointer.push(np.tile(SPOKEN, 11)[at : at + 4000])
        held.append(at + 4000 - endpointer.needed)
    assert max(held) <= 8.0 * RATE + 4000


def test_it_forgets_all():
    endpointer = Endpointer(Endpointing(looks=LOOKS))
    first = endpointer.push(SPOKEN) + endpointer.finish()
    assert endpointer.push(SPOKEN) + endpointer.finish() == first


def test_sound_that_ends_in_an_utterance():
    assert finals(SPOKEN[: 5 * RATE])[-1][1] == 5.0


@pytest.mark.parametrize(
    "wrong",
    [{"onset": 5.0, "offset": 9.0}, {"rise": 0}, {"pause": 0.2, "margin": 0.3}, {"longest": 0.5}, {"looks": (0.0,)}],
)
def test_settings_that_cannot_be(wrong):
    with pytest.raises(InputError):
        Endpointing(**wrong)


def test_every_recording_of_speakers_has_an_utterance(ravdess):
    recordings = load(ravdess)
    some = recordings.subset(np.random.default_rng(0).permutation(len(recordings))[:60])
    found = [finals(clip.sound) for clip in some.clips()]
    assert [len(one) for one in found].count(0) == 0
    assert np.median([max(stop - start for start, stop in one) for one in found]) == pytest.approx(2.9, abs=0.4)


def test_what_is_left_of_a_pause_when_the_sound_ends_is_no_utterance():
    """An utterance is cut after 2 s in the pause behind it, and then the sound ends, or goes on."""
    sound = speak((1.0, 2.0))
    for end in (2.5, 2.55, 6.0):
        marks = finals(sound[: round(end * RATE)], longest=2.0)
        assert [stop for _, stop in marks] == pytest.approx([2.4], abs=0.03)
