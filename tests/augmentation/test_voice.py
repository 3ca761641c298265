from dataclasses import replace

import numpy as np
import pytest

from emospike.augmentation.voice import VirtualSpeakers, Voice, interpolate, respeak_spectrum
from emospike.series import Channel, Series
from emospike.validation import InputError


@pytest.fixture
def peak():
    """Forty steps of ten bands at -10 nats, with a peak of 0 nats in band 3 at steps 10 to 19."""
    values = np.full((40, 10), -10, np.float32)
    values[10:20, 3] = 0
    return Series(values, 100.0, tuple(Channel(f"band {i}", "audio") for i in range(10)))


def test_own_voice_changes_nothing(peak):
    np.testing.assert_array_equal(respeak_spectrum(Voice(), peak, floor=-16.0).values, peak.values)


@pytest.mark.parametrize(("shift", "expected"), [(2.0, {5: 0.0}), (-3.0, {0: 0.0}), (0.5, {3: -5.0, 4: -5.0})])
def test_shift_moves_the_peak(peak, shift, expected):
    row = respeak_spectrum(Voice(shift=shift), peak, -16.0).values[15]
    assert {band: value for band, value in enumerate(row) if value > -10} == pytest.approx(expected)


def test_outer_bands_repeat_when_the_spectrum_moves_away_from_them(peak):
    values = peak.values.copy()
    values[:, 0] = -3
    row = respeak_spectrum(Voice(shift=2.0), peak.with_values(values), -16.0).values[0]
    assert row[:4].tolist() == [-3, -3, -3, -10]


@pytest.mark.parametrize(("stretch", "steps"), [(1.1, 44), (0.5, 20), (2.0, 80), (0.001, 1)])
def test_stretch_changes_the_length(peak, stretch, steps):
    spoken = respeak_spectrum(Voice(stretch=stretch), peak, -16.0)
    assert len(spoken) == steps
    if steps > 1:
        loud = np.flatnonzero(spoken.values[:, 3] > -5) / steps
        assert (loud[0], loud[-1]) == pytest.approx((0.25, 0.49), abs=0.04)


def test_level_adds_and_the_floor_holds(peak):
    louder, softer = (respeak_spectrum(Voice(level=level), peak, -10.5).values for level in (1.5, -1.5))
    assert (louder.min(), louder.max()) == (-8.5, 1.5)
    assert (softer.min(), softer.max()) == (-10.5, -1.5)


def test_interpolation_is_linear():
    rows = np.array([[0, 10], [4, 20]], np.float32)
    np.testing.assert_allclose(interpolate(rows, np.array([0, 0.25, 1])), [[0, 10], [1, 12.5], [4, 20]])


def test_voices_begin_with_the_own_and_stay_in_range():
    speakers = VirtualSpeakers(copies=200, shift=3.0, stretch=0.12, level=1.5)
    own, *others = speakers.draw(np.random.default_rng(0))
    assert own == Voice()
    assert len(others) == 200
    for name, middle, largest in (("shift", 0, 3.0), ("stretch", 1, 0.12), ("level", 0, 1.5)):
        drawn = np.array([getattr(voice, name) for voice in others]) - middle
        assert np.abs(drawn).max() <= largest
        assert drawn.max() - drawn.min() > 1.9 * largest
    assert speakers.draw(np.random.default_rng(0))[1:] == others


@pytest.mark.parametrize("wrong", [{"copies": -1}, {"stretch": 1.0}])
def test_impossible_voices_are_refused(wrong):
    with pytest.raises(InputError, match="must lie in"):
        VirtualSpeakers(**wrong)


def test_another_face_is_drawn_where_asked_for():
    plain, faced = (VirtualSpeakers(copies=3, faces=faces).draw(np.random.default_rng(1)) for faces in (False, True))
    assert [voice.face for voice in plain] == [None] * 4
    assert faced[0] == Voice()
    assert len({voice.face for voice in faced[1:]}) == 3
    assert [replace(voice, face=None) for voice in faced] == plain
