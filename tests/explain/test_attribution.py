"""Hiding: the parts cover everything once."""

import numpy as np

from emospike.explain.attribution import bands_hidden, moments_hidden
from emospike.features.spectrum import make_band
from emospike.series import Series


def test_parts_cover_everything_once():
    bands = tuple(make_band("mel", hertz) for hertz in ("90", "440", "3000"))
    series = [Series(np.zeros((50, 3), np.float32), 100.0, bands), None]
    for parts in (bands_hidden(series), moments_hidden(series)):
        found = list(parts)
        assert len({name for name, _ in found}) == len(found)
        assert all(hidden[1] is None for _, hidden in found)
        assert (sum(hidden[0].astype(int) for _, hidden in found) == 1).all()
