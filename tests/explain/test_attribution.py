"""Hiding: the parts cover everything once."""

import numpy as np

from emospike.explain.attribution import bands_hidden, moments_hidden
from emospike.series import Series


def test_parts_cover_everything_once():
    names = ("mel 90 Hz", "mel 440 Hz", "mel 3000 Hz")
    series = [Series(np.zeros((50, 3), np.float32), 100.0, names), None]
    for parts in (bands_hidden(series), moments_hidden(series)):
        found = list(parts)
        assert len({name for name, _ in found}) == len(found)
        assert all(hidden[1] is None for _, hidden in found)
        assert (sum(hidden[0].astype(int) for _, hidden in found) == 1).all()
