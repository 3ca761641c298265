"""Synthetic speech sounds like what it stands for."""

import numpy as np
import pytest

from emospike.clip.synthetic import synthesise_speech


@pytest.mark.parametrize("seed", [0, 1])
def test_aroused_voices_are_louder_and_not_clipped(seed):
    calm, aroused = (synthesise_speech(2.0, 150.0, high, seed) for high in (False, True))
    assert calm.dtype == np.int16
    assert np.std(aroused) > 2 * np.std(calm)
    assert np.abs(aroused.astype(int)).max() < 2**15 - 1
