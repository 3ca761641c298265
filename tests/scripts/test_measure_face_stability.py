"""What is done to the pictures of a face, and what the shipped model then says."""

import fill_docs
import measure_face_stability as stability
import numpy as np
import pytest

import emospike
from emospike.files import format_json


@pytest.fixture(scope="module")
def picture():
    rng = np.random.default_rng(0)
    return rng.integers(40, 200, (120, 160, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def points():
    """A face between (50, 20) and (110, 100)."""
    face = np.tile([[80.0, 60.0]], (478, 1))
    face[[0, 1, stability.CHEEK, stability.BRIDGE, stability.LIP]] = [
        [50, 20],
        [110, 100],
        [65, 60],
        [80, 45],
        [80, 75],
    ]
    return face


def test_degradations_do_what_they_say(picture, points):
    done = {name: np.asarray(change(picture, points)) for name, change in stability.DEGRADATIONS.items()}
    assert done["dark: a quarter of the light"].mean() == pytest.approx(picture.mean() / 4)
    assert done["blurred: of 8 %"].std() < 0.3 * picture.std()
    assert not done["covered: the mouth, black"][76:100, 58:102].any()
    assert (done["covered: the mouth, black"][:75] == picture[:75]).all()
    assert not done["covered: half, black"][20:100, 50:80].any()
    assert (done["covered: half, black"][:, 82:] == picture[:, 82:]).all()
    assert done["turned: 90° in the plane"].shape == (160, 120, 3)
    assert done["turned: aside, 0.6 as wide"].shape == (120, 96, 3)
    assert stability.halve(picture, points).shape == (60, 80, 3)


def test_one_film(data_dir, landmarker, monkeypatch, tmp_path):
    few = {name: stability.DEGRADATIONS[name] for name in ("dark: a seventh", "covered: the mouth, skin")}
    monkeypatch.setattr(stability, "DEGRADATIONS", few)
    monkeypatch.setattr(stability, "LONGEST", 2.0)
    film = data_dir / "samples" / "video" / "01-01-02-01-01-02-01.mp4"
    found = stability.measure(emospike.load(stability.MODEL).by("face"), film)
    assert found["plain"]["clear"]
    assert [one["clear"] for one in found["degraded"].values()] == [False, False]
    assert found["plain"] == found["harmless"]["stride 3"]  # of 30 pictures a second
    (tmp_path / "f.json").write_text(format_json({"films": [found]}))
    monkeypatch.setattr(fill_docs, "RESULTS", tmp_path)
    assert "| dark: a seventh | 0 of 1 | dark 1 |" in fill_docs.of_file("unreadable", "f")
    assert "| 01-01-02-01-01-02-01 | 0." in fill_docs.of_file("stability", "f")
