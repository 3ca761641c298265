"""The rate of events: right counts at the right moments, and no face where there is none."""

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.features.event_rate import EventRate
from emospike.features.face_track import NoFaceError


def test_events_are_counted_at_their_moment(tmp_path):
    np.savez(tmp_path / "a.npz", x=[0, 1, 0, 1], y=[0, 0, 1, 1], t=[7e6, 7.5e6, 7.5e6, 8e6], p=[1, 0, 0, 1])
    series = EventRate().extract(Clip(tmp_path / "a.npz"))
    assert [one.name for one in series.channels] == ["events brighter", "events darker"]
    counts = np.expm1(series.values) / 100
    assert counts.shape == (101, 2)
    np.testing.assert_allclose(counts[[0, 50, 100]], [[1, 0], [0, 2], [1, 0]], rtol=1e-5)
    assert counts.sum() == pytest.approx(4, rel=1e-5)


def test_a_part_without_events_shows_no_face(tmp_path):
    np.savez(tmp_path / "a.npz", x=[0, 1], y=[0, 0], t=[0, 9e6], p=[1, 0])
    with pytest.raises(NoFaceError, match="no event in"):
        EventRate().extract(Clip(tmp_path / "a.npz", 1, 5))
