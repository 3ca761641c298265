"""Population code, by hand and on real contours of speech."""

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.encoding.population import Population
from emospike.features.prosody import ABSENT, Prosody
from emospike.validation import InputError


def labels(spikes):
    return [channel.label for channel in spikes.channels]


def test_three_fields_by_hand(make):
    spikes = Population(fields=3, max_rate=100.0).encode(make(np.zeros(6)))
    # charge a step: 1, e^-1/2 = 0.61, e^-2 = 0.14; summed up: 0.61 1.21! 1.82 2.43! 3.03! 3.64, 0.81 after six steps
    assert spikes.dense().T.tolist() == [[1, 1, 1, 1, 1, 1], [0, 1, 0, 1, 1, 0], [0, 0, 0, 0, 0, 0]]
    assert labels(spikes) == ["c0 #0", "c0 #1", "c0 #2"]


def test_fields_of_one_channel_lie_side_by_side(make):
    one = Population(low=(0.0, 10.0), high=(2.0, 30.0), fields=3, max_rate=100.0)
    spikes = one.encode(make(np.tile([2.0, 20.0], (100, 1))))
    assert spikes.counts()[0].tolist() == [13, 60, 100, 60, 100, 60]
    assert not spikes.counts()[1].any()
    assert labels(spikes) == ["c0 #0", "c0 #1", "c0 #2", "c1 #0", "c1 #1", "c1 #2"]
    assert (spikes.steps, spikes.rate) == (100, 100.0)


@pytest.mark.parametrize("value", np.linspace(0.15, 0.85, 8))
def test_the_centre_of_the_spikes_tells_the_value(make, value):
    counts = Population(fields=12).encode(make(np.full(1000, value))).counts()[0]
    assert counts @ np.arange(12) / counts.sum() == pytest.approx(11 * value, abs=0.1)
    assert counts.argmax() == round(11 * value)


@pytest.mark.parametrize(("value", "field"), [(-0.5, 0), (-1.0, 0), (1.5, 3), (2.0, 3), (-1.01, None), (2.01, None)])
def test_values_outside_belong_to_the_outer_field_and_far_outside_to_none(make, value, field):
    counts = Population(fields=4, max_rate=100.0).encode(make(np.full(20, value))).counts()[0]
    if field is None:
        assert not counts.any()
    else:
        assert counts.argmax() == field
        assert counts[field] == 20


def test_absence_is_told_step_by_step_and_channel_by_channel(make):
    values = np.full((30, 2), 0.5)
    values[10:20, 1] = ABSENT
    dense = Population(fields=3, max_rate=100.0).encode(make(values)).dense()
    assert dense[:, 1].all()
    assert not dense[10:20, 3:].any()
    assert dense[:10, 4].all()
    assert dense[20:, 4].all()


@pytest.mark.parametrize("shape", [(0, 2), (1, 2), (5, 0), (0, 0)])
def test_empty_and_short_series(shape, make):
    spikes = Population(fields=5).encode(make(np.zeros(shape)))
    assert (spikes.steps, len(spikes.channels), len(spikes)) == (shape[0], 5 * shape[1], 0)


def test_fit_takes_percentiles_of_what_is_there(make):
    values = np.arange(101, dtype=np.float32)[:, None] * np.float32([1, 10])
    gaps = np.insert(values, [0, 50, 101], ABSENT, axis=0)
    clips = [make(gaps), make(np.full((40, 2), ABSENT))]
    assert Population.fit(clips, fields=7, max_rate=30.0) == Population((1.0, 10.0), (99.0, 990.0), 30.0, 7)
    assert Population.fit(clips, percentiles=(0, 100)) == Population((0.0, 0.0), (100.0, 1000.0))
    with pytest.raises(InputError, match="at least one training clip"):
        Population.fit(clips[1:])


def test_contours_of_real_speech_fire_while_there_is_speech(data_dir):
    audio = data_dir / "ravdess" / "audio"
    clips = [Clip(sorted((audio / f"Actor_{actor:02d}").glob("*.opus"))[12]) for actor in (3, 2, 10)]
    series = [Prosody(bridge=False).extract(clip) for clip in clips]
    one = Population.fit(series[1:], fields=8, max_rate=100.0)
    assert np.min(one.low) > -50
    absent = series[0].values[:, 0] == ABSENT
    dense = one.encode(series[0]).dense()
    assert 20 < absent.sum() < len(absent) - 50
    assert not dense[absent].any()
    assert dense[~absent].any(axis=1).all()
    assert dense.reshape(len(dense), 10, 8).any(axis=(0, 2)).all()  # every contour speaks


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"fields": 1}, "fields must lie in 2 to 1000"),
        ({"max_rate": 0.0}, "max_rate must be above 0"),
        ({"low": 1.0}, "low must lie below high"),
        ({"low": (0.0, 0.0), "high": (1.0, 1.0, 1.0)}, "equally long"),
    ],
)
def test_impossible_parameters_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        Population(**wrong)


def test_a_rate_above_the_grid_is_an_error(make):
    with pytest.raises(InputError, match="at most the series' 30 steps per second"):
        Population().encode(make([0.0, 1.0], rate=30.0))
