"""Ben's spiker algorithm, by hand, against a loop, and on speech."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emospike.encoding.bsa import BSA, bsa
from emospike.encoding.error import reconstruction_error
from emospike.validation import InputError


def literal(unit, fir, threshold):
    """The rule as it is written, for one channel."""
    left, signs = unit.copy(), np.zeros(len(unit), np.int8)
    for step in range(len(unit)):
        ahead = left[step : step + len(fir)]
        response = fir[: len(ahead)]
        if np.abs(ahead - response).sum() <= np.abs(ahead).sum() - threshold:
            signs[step] = 1
            ahead -= response
    return signs


def test_two_taps_by_hand():
    unit, fir = np.array([[0.5], [1.0], [0.75], [0.25], [0.0]]), np.array([0.5, 0.5])
    # step 0 leaves 0 .5 .75 .25, step 1 leaves 0 0 .25 .25, step 2 gains 0.5 - 0.5 = 0, the rest less
    assert bsa(unit, fir, threshold=0.75).ravel().tolist() == [1, 1, 0, 0, 0]
    # with a low threshold step 2 spikes too and leaves -.25 -.25
    assert bsa(unit, fir, threshold=0.0).ravel().tolist() == [1, 1, 1, 0, 0]


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 20), st.just(2)),
        elements=st.integers(0, 16).map(lambda n: n / 16),
    ),
    st.sampled_from([[1.0], [0.5, 0.5], [0.25, 0.5, 0.25]]),
    st.sampled_from([0.25, 0.5, 0.875]),
)
def test_the_kernel_follows_the_literal_rule(unit, fir, threshold):
    signs = bsa(unit, np.array(fir), threshold)
    for channel in range(2):
        np.testing.assert_array_equal(signs[:, channel], literal(unit[:, channel], np.array(fir), threshold))


def test_the_filter_is_a_low_pass_of_unit_gain():
    fir = BSA(taps=16, cutoff=0.2).fir
    assert len(fir) == 16
    assert fir.sum() == pytest.approx(1)
    np.testing.assert_allclose(fir, fir[::-1])
    assert abs((fir * (-1.0) ** np.arange(16)).sum()) < 0.01


def test_the_top_of_the_range_is_a_spike_a_step_and_decodes_to_itself(make):
    one = BSA(low=-3.0, high=5.0)
    spikes = one.encode(make(np.full(40, 5.0)))
    assert spikes.step[:33].tolist() == list(range(33))  # up to the last taps - 1 steps, which cut the filter off
    np.testing.assert_allclose(one.decode(spikes).values[7:33], 5.0, rtol=1e-5)


def test_one_range_a_channel(make):
    series = make(np.full((30, 2), 1.0))
    counts = BSA(low=(0.0, 0.0), high=(1.0, 100.0)).encode(series).counts()
    assert counts[0, 0] > 20
    assert counts[0, 1] == 0
    assert counts[1].sum() == 0


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"taps": 0}, "taps must be 1 or more"),
        ({"cutoff": 1.0}, "cutoff must lie between 0 and 1"),
        ({"low": 1.0, "high": 1.0}, "low must lie below high"),
        ({"low": (0.0, 0.0), "high": (1.0, 1.0, 1.0)}, "equally long"),
    ],
)
def test_parameters_that_cannot_be_used_are_errors(parameters, message):
    with pytest.raises(InputError, match=message):
        BSA(**parameters)


@pytest.mark.long
def test_fitted_on_speech_it_rebuilds_unseen_speech(speech):
    one = BSA.fit(speech[1:])
    error = reconstruction_error(speech[0], one.decode(one.encode(speech[0])))
    assert error.overall < 0.15
