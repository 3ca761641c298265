"""Pictures of a real film at the moments that decided."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import emospike
from emospike.cli import app
from emospike.clip import Clip
from emospike.explain import write_explanation
from emospike.explain.attribution import Attribution
from emospike.explain.panels.film import HEIGHT, SHOWN, show_film
from emospike.features.blendshapes import Blendshapes
from emospike.systems.baseline.model import Baseline

pytestmark = pytest.mark.usefixtures("landmarker")


@pytest.fixture(scope="module")
def film(data_dir):
    return data_dir / "samples" / "video" / "01-01-08-01-01-02-01.mp4"


@pytest.fixture(scope="module")
def explained(film):
    """The decision of the shipped model by the face alone."""
    return emospike.load("excube2-both").explain(Clip(film), modality="face")


def read_pictures(page):
    """The JPEG pictures of a page."""
    found = re.findall(r'<img src="data:image/jpeg;base64,([^"]+)"', page.read_text(encoding="utf-8"))
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one)))).astype(int) for one in found]


def test_the_moments_that_speak_most(explained, film):
    panel = explained.panel("film")
    changes = sorted((one.change for one in explained.attributions["moments"]), reverse=True)
    told = [one.change for one in panel.glimpses]
    assert sorted(told, reverse=True) == [change for change in changes[:SHOWN] if change > 0]
    times = [one.time for one in panel.glimpses]
    assert times == sorted(times)
    frames = {round(frame.time, 6): frame for frame in Clip(film).frames()}
    for one in panel.glimpses:
        assert round(one.time, 6) in frames
        assert one.picture.shape[0] == HEIGHT
        assert 20 < one.picture.mean() < 240
        assert "lips apart" in one.seen  # a surprised actor who speaks
    strongest = max(panel.glimpses, key=lambda one: one.change)
    part = next(one.name for one in explained.attributions["moments"] if one.change == strongest.change)
    begin, end = map(float, re.findall(r"[0-9.]+", part))
    assert begin - 0.05 <= strongest.time <= end + 0.05


def test_pictures_are_small_and_can_be_left_out(explained, tmp_path):
    page, *_ = write_explanation(explained, tmp_path / "faces")
    pictures = read_pictures(page)
    assert 1 <= len(pictures) <= SHOWN
    colourful = [np.ptp(one, axis=2).max() for one in pictures]
    assert min(colourful) > 60
    bare, *_ = write_explanation(explained, tmp_path / "lines", faces=False)
    lines = read_pictures(bare)
    assert len(lines) == len(pictures)
    assert max(np.ptp(one, axis=2).max() for one in lines) < 40  # ink on paper
    assert all(0.005 < (one.mean(axis=2) < 128).mean() < 0.1 for one in lines)
    assert "Lines are the face" in bare.read_text(encoding="utf-8")
    one = next(panel for panel in explained.panels if panel.name != "film")
    without = write_explanation(type(explained)(**{**vars(explained), "panels": [one]}), tmp_path / "one")[0]
    with_film = [one, explained.panel("film")]
    whole = write_explanation(type(explained)(**{**vars(explained), "panels": with_film}), tmp_path / "two")[0]
    assert whole.stat().st_size - without.stat().st_size < 200_000


def test_times_are_those_of_the_film(film):
    part = emospike.load("excube2-both").explain(Clip(film, 1.0, 3.0), modality="face")
    assert all(1.0 <= one.time <= 3.0 for one in part.panel("film").glimpses)


@pytest.mark.parametrize("shipped", [True, False])
def test_beside_sound_the_face_alone_is_left_out(film, filmed, shipped):
    system = emospike.load("excube2-both") if shipped else Baseline.preset("ridge", modality="both")
    if not shipped:
        mixed = np.random.default_rng(0).permutation(filmed.labels)  # so that it is sure of nothing
        system.fit(filmed.clips(), mixed.tolist(), filmed.speakers.tolist())
    found = system.explain(Clip(film))
    face, both = (np.array([one.change for one in found.attributions[kind]]) for kind in ("face moments", "moments"))
    assert len(face) == len(both)
    assert not np.allclose(face, both)
    assert face.any()


def test_a_table_shows_no_pictures(filmed):
    clip = filmed.clips()[0]
    found = emospike.load("excube2-both").explain(clip, modality="face")
    assert "film" not in [panel.name for panel in found.panels]
    assert set(found.attributions) == {"face", "moments", "regions"}


def test_command(film, tmp_path):
    for option in ("--faces", "--no-faces"):
        asked = ["explain", str(film), "--model", "excube2-both", "--modality", "face", option]
        outcome = CliRunner().invoke(app, [*asked, "-o", str(tmp_path / option)])
        assert outcome.exit_code == 0, outcome.output
    colours = [read_pictures(tmp_path / option / "index.html") for option in ("--faces", "--no-faces")]
    assert [max(np.ptp(one, axis=2).max() for one in own) > 60 for own in colours] == [True, False]


def test_a_film_whose_clock_jumps(jumping_film):
    """Which pictures are there hangs on which are decoded: those that were looked at are shown."""
    model, clip = emospike.load("excube2-both"), Clip(jumping_film)
    assert model.explain(clip, modality="face", label="high").panel("film").glimpses
    (track,) = (one for kept, one in clip.memo.items() if isinstance(kept, Blendshapes))
    assert set(track.time) - {frame.time for frame in clip.frames()}
    for moment in range(12):
        moments = [Attribution(str(number), float(number == moment)) for number in range(12)]
        assert len(show_film(clip, moments, "high", round(100 * clip.seconds)).glimpses) == 1
