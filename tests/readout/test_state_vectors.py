"""Every kind of state vector on one small activity, worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from emospike.activity import Activity
from emospike.readout.state_vectors import KINDS, StateVector, locate_shares, read_all, speech_span
from emospike.series import Channel
from emospike.spikes import Spikes
from emospike.validation import InputError

CHANNELS = (Channel("a", "audio"), Channel("b", "audio"))


@pytest.fixture
def activity():
    """Neuron 0 fires in the steps 1, 3 and 6 of 8, neuron 1 in step 2, neuron 2 never; two input channels."""
    dense = np.zeros((8, 2), np.int8)
    dense[[0, 7], 0], dense[4, 0], dense[3, 1] = 1, -1, -1
    inputs = Spikes.from_dense(dense, 100.0, CHANNELS)
    return Activity(inputs, np.array([1, 2, 3, 6], np.int32), np.array([0, 1, 0, 0], np.int32), 3)


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        (StateVector("count"), [3, 1, 0]),
        (StateVector("count", "I"), [3, 1]),
        (StateVector("count", "I split"), [2, 1, 0, 1]),  # a+, a-, b+, b-
        (StateVector("bins", bins=2), [2, 1, 0, 1, 0, 0]),
        (StateVector("bins", bins=3), [1, 1, 0, 1, 0, 0, 1, 0, 0]),  # steps 0-2, 3-5 and 6-7
        (StateVector("bins", bins=4), [1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0]),
        (StateVector("bins", "I", bins=1), [3, 1]),
        (StateVector("rate"), [3 / 8, 1 / 8, 0]),
        # 5 · 0.8^1 + 0.8 · 3 - 0.01 · 5;  5 · 0.8^2 + 0.8 · 1 - 0.01 · 7;  -0.01 · 8
        (StateVector("desnn"), [6.35, 3.93, -0.08]),
        (StateVector("desnn", alpha=1.0, mod=0.5, up=0.0, down=0.0), [0.5, 0.25, 0]),
        # 0.8^1 + 0.01 · (2 later spikes - 4 silent steps);  0.8^2 - 0.01 · 5
        (StateVector("rank_order"), [0.78, 0.59, 0]),
        # gaps of 2 and 3 steps: mean 2.5, deviation 0.5; the others have none
        (StateVector("isi"), [2.5, -1, -1, 0.5, -1, -1]),
        (StateVector("count", "A1"), [0, 3]),
    ],
)
def test_hand_worked(activity, vector, expected):
    got = vector.read(activity, {"A1": np.array([2, 0])})
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_rank_goes_on_by_number_where_first_spikes_coincide(activity):
    together = Activity(activity.inputs, np.zeros(3, np.int32), np.arange(3, dtype=np.int32), 3)
    ranked = StateVector("rank_order", mod=0.5, down=0.0).read(together)
    np.testing.assert_allclose(ranked, [0.5, 0.25, 0.125])


@pytest.mark.parametrize("span", ["clip", "speech"])
@pytest.mark.parametrize("kind", KINDS)
def test_silence_has_a_vector_of_the_same_length(activity, kind, span):
    none = np.empty(0, np.int32)
    for steps in (0, 8):
        nothing = Activity(Spikes.from_dense(np.zeros((steps, 2), np.int8), 100.0, CHANNELS), none, none, 3)
        silent = StateVector(kind, span=span).read(nothing)
        assert silent.shape == StateVector(kind, span=span).read(activity).shape
        assert np.isfinite(silent).all()
        assert len(np.unique(silent)) == 1


@pytest.fixture
def padded():
    """Ten steps: inputs in the steps 3 to 6 only; neuron 0 fires in the steps 2, 3, 6 and 7, neuron 1 in step 5."""
    dense = np.zeros((10, 2), np.int8)
    dense[3, 0], dense[5, 0], dense[6, 1] = 1, 1, -1
    inputs = Spikes.from_dense(dense, 100.0, CHANNELS)
    return Activity(inputs, np.array([2, 3, 5, 6, 7], np.int32), np.array([0, 0, 1, 0, 0], np.int32), 2)


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        (StateVector("count", span="speech"), [2, 1]),  # steps 3 to 6
        (StateVector("count"), [4, 1]),
        (StateVector("count", "I", span="speech"), [2, 1]),
        (StateVector("count", "I split", span="speech"), [2, 0, 0, 1]),
        (StateVector("bins", span="speech", bins=2), [1, 0, 1, 1]),  # steps 3-4 and 5-6
        (StateVector("bins", span="speech", bins=4), [1, 0, 0, 0, 0, 1, 1, 0]),
        (StateVector("rate", span="speech"), [2 / 4, 1 / 4]),
        # time runs from the first step of the speech: 5 · 0.8^0 + 0.8 · 2 - 0.01 · 2;  5 · 0.8^2 + 0.8 - 0.01 · 3
        (StateVector("desnn", span="speech"), [6.58, 3.97]),
        (StateVector("rank_order", span="speech"), [0.8 + 0.01 * (1 - 2), 0.64 - 0.01 * 1]),
        (StateVector("isi", span="speech"), [3, -1, 0, -1]),
        (StateVector("count", "A1", span="speech"), [1]),
    ],
)
def test_speech_hand_worked(padded, vector, expected):
    np.testing.assert_allclose(vector.read(padded, {"A1": np.array([1])}), expected, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_speech_does_not_know_how_the_clip_was_cut(padded, kind):
    inputs = padded.inputs
    moved = Spikes(inputs.step + 50, inputs.channel, inputs.sign, 200, inputs.rate, inputs.channels)
    later = Activity(moved, padded.step + 50, padded.neuron, padded.neurons)
    read = StateVector(kind, span="speech").read
    np.testing.assert_array_equal(read(later), read(padded))


@pytest.mark.parametrize(
    ("events", "span"),
    [
        ([], (0, 1000)),
        ([7], (7, 8)),
        ([0, 999], (0, 1000)),
        ([*range(100, 199)], (100, 199)),  # of 99 spikes, none is left out
        ([3, *range(100, 298), 990], (101, 297)),  # of 200 spikes, two at each end are
        ([5] * 2 + [400] * 98 + [600] * 98 + [900] * 2, (400, 601)),
    ],
)
def test_speech_lasts_from_1_to_99_percent_of_the_input_spikes(events, span):
    step = np.array(events, np.int32)
    order = np.arange(len(step), dtype=np.int32)
    inputs = Spikes(
        step, order, np.ones(len(step), np.int8), 1000, 100.0, tuple(Channel(str(i), "audio") for i in order)
    )
    assert speech_span(inputs) == span


def test_several_readings_are_joined(activity):
    both = read_all((StateVector("count", "I"), StateVector("count", "R")), activity)
    assert both.tolist() == [3, 1, 3, 1, 0]


def test_unknown_names_are_refused(activity):
    with pytest.raises(InputError, match="did you mean 'bins'"):
        StateVector("bin")
    with pytest.raises(InputError, match="unknown span 'word': known are clip, speech"):
        StateVector(span="word")
    with pytest.raises(InputError, match="bins must lie in 1 to 1000"):
        StateVector("bins", bins=0)
    with pytest.raises(InputError, match="unknown source 'A2': known are A1"):
        StateVector(source="A2").read(activity, {"A1": np.array([0])})


def test_fields_of_a_population_code_are_read_alone(activity):
    """Of three input channels the last two are fields; a share stands where its reading does in the joined vector."""
    channels = (CHANNELS[0], *(replace(CHANNELS[1], field=field) for field in (0, 1)))
    dense = np.zeros((8, 3), np.int8)
    dense[[1, 2], 0], dense[3, 1], dense[[4, 5, 6], 2] = 1, 1, 1
    own = Activity(Spikes.from_dense(dense, 100.0, channels), activity.step, activity.neuron, 3)
    fields = StateVector("count", "I fields", share=0.2)
    assert fields.read(own).tolist() == [1, 3]
    joined = (StateVector("bins", bins=2), fields, StateVector("count", "A1"))
    regions = {"A1": np.array([2, 0])}
    assert read_all(joined, own, regions)[6:8].tolist() == [1, 3]
    assert locate_shares(joined, channels, 3, regions) == ((6, 8, 0.2),)
    with pytest.raises(InputError, match="share"):
        StateVector(share=1.0)
