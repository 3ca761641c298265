"""Send-on-delta: the level stays within reach of the value, whatever the layout of the clips."""

import numpy as np
import pytest

from emospike.encoding.send_on_delta import send_on_delta


@pytest.fixture
def walks():
    return np.random.default_rng(0).normal(size=(3, 50, 4)).cumsum(axis=1).astype(np.float32)


@pytest.mark.parametrize("delta", [0.3, 0.5, 2.0])
def test_the_level_is_never_further_than_delta_from_the_value(walks, delta):
    levels = send_on_delta(walks, delta)
    assert np.abs(levels - walks).max() < delta * (1 + 1e-5)
    np.testing.assert_allclose(levels / delta, np.rint(levels / delta), atol=1e-4)


def test_it_is_the_rule_written_out(walks):
    for x, levels in zip(walks[0].T, send_on_delta(walks, 0.5)[0].T, strict=True):
        n = 0.0
        for value, level in zip(x, levels, strict=True):
            n += np.trunc(value / np.float32(0.5) - n)
            assert level == 0.5 * n


def test_a_clip_alone_gives_the_same_levels(walks):
    together = send_on_delta(walks, 0.4)
    np.testing.assert_array_equal(send_on_delta(walks[1], 0.4), together[1])
    np.testing.assert_array_equal(send_on_delta(np.asfortranarray(walks), 0.4), together)
    assert send_on_delta(walks[:, :0], 0.4).shape == (3, 0, 4)
