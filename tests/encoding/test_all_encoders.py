"""What holds for every registered encoder."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emospike.encoding import ENCODERS
from emospike.encoding.contract import Decoder, Encoder
from emospike.series import Channel, Series
from emospike.validation import InputError

DECODERS = [name for name in ENCODERS if name not in ("poisson", "population", "levels")]
QUIET = [name for name in ENCODERS if name != "population"]  # its fields stand for values, and zero is one
OUTPUTS = {"levels": 2, "population": 12}  # channels of spikes a channel of the series, if not one

every_encoder = pytest.mark.parametrize("name", ENCODERS)
every_decoder = pytest.mark.parametrize("name", DECODERS)

matrices = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
    elements=st.floats(-5, 5, width=32),
)


def example(name):
    """An encoder with its default parameters."""
    kind = ENCODERS.load(name)
    return kind.of(ENCODERS.load("step_forward"), (0.5, 1.0)) if name == "levels" else kind()


@every_encoder
def test_parameters_survive_json(name, wave):
    for one in (example(name), ENCODERS.load(name).fit([wave])):
        again = type(one)(**json.loads(json.dumps(asdict(one), allow_nan=False)))
        assert again == one
        assert hash(again) == hash(one)
        np.testing.assert_array_equal(again.encode(wave).dense(), one.encode(wave).dense())


@every_encoder
@settings(max_examples=40, deadline=None)
@given(values=matrices)
def test_events_are_sorted_unique_and_on_the_grid_of_the_series(name, values):
    series = Series(values, 100.0, tuple(Channel(str(i), "audio") for i in range(values.shape[1])))
    spikes = example(name).encode(series)
    assert (spikes.steps, spikes.rate) == (len(series), series.rate)
    assert len(spikes.channels) == len(series.channels) * OUTPUTS.get(name, 1)
    place = spikes.step.astype(np.int64) * len(spikes.channels) + spikes.channel
    assert (np.diff(place) > 0).all()
    assert set(spikes.sign.tolist()) <= {-1, 1}


@every_encoder
def test_encoding_is_repeatable_and_leaves_the_series_alone(name, wave):
    before = wave.values.copy()
    first, second = example(name).encode(wave), example(name).encode(wave)
    np.testing.assert_array_equal(first.dense(), second.dense())
    np.testing.assert_array_equal(wave.values, before)


@pytest.mark.parametrize("name", QUIET)
@pytest.mark.parametrize("steps", [0, 1, 50])
def test_silence_gives_no_spikes(name, steps, make):
    assert len(example(name).encode(make(np.zeros((steps, 2))))) == 0


@every_encoder
def test_memory_layout_and_number_of_channels_at_once_do_not_matter(name, wave):
    if name == "poisson":
        pytest.skip("its random numbers depend on the number of channels")
    one = example(name)
    spikes = one.encode(wave)
    whole = spikes.counts()
    turned = wave.with_values(np.asfortranarray(wave.values))
    np.testing.assert_array_equal(one.encode(turned).counts(), whole)
    alone = one.encode(Series(wave.values[:, 1:2], wave.rate, wave.channels[1:2]))
    own = [spikes.channels.index(name) for name in alone.channels]
    assert len(own) == OUTPUTS.get(name, 1)
    np.testing.assert_array_equal(alone.counts(), whole[:, own])


@every_encoder
def test_fit_takes_any_iterable_and_refuses_none(name, wave):
    kind = ENCODERS.load(name)
    assert kind.fit(clip for clip in (wave, wave)) == kind.fit([wave])
    with pytest.raises(InputError, match="at least one training clip"):
        kind.fit([])


@every_encoder
def test_every_encoder_keeps_the_contract(name):
    assert isinstance(example(name), Encoder)
    assert isinstance(example(name), Decoder) == (name in DECODERS)


@every_decoder
def test_decoding_gives_the_grid_of_the_series(name, wave):
    one = ENCODERS.load(name).fit([wave])
    decoded = one.decode(one.encode(wave), wave.values[0])
    assert (decoded.rate, decoded.channels, decoded.values.shape) == (100.0, wave.channels, wave.values.shape)
    assert decoded.values.dtype == np.float32


@every_decoder
@pytest.mark.parametrize("steps", [0, 1])
def test_short_clips_can_be_decoded(name, steps, make):
    one = example(name)
    assert len(one.decode(one.encode(make(np.zeros((steps, 2)))))) == steps


@every_encoder
def test_parameters_of_another_number_of_channels_are_an_error(name, wave, make):
    with pytest.raises(InputError, match="one number or 1, one a channel, got 3"):
        ENCODERS.load(name).fit([wave]).encode(make([0.0, 1.0]))
