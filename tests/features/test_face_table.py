"""Tables of a film's face: they tell a model what the film tells it."""

import gzip
import sys

import numpy as np
import pytest

import emospike
from emospike.clip import Clip
from emospike.features.action_units import ActionUnits
from emospike.features.contours import MESH
from emospike.features.face_quality import describe_problem
from emospike.features.face_table import make_columns, open_table, track_film, write_table
from emospike.features.live_face import open_watcher
from emospike.features.openface import INTENSITIES, PICTURE, POSE, QUALITY, read_table
from emospike.validation import InputError

pytestmark = pytest.mark.usefixtures("landmarker")


@pytest.fixture(scope="module")
def film(data_dir):
    return data_dir / "samples" / "video" / "01-01-02-01-01-02-01.mp4"


@pytest.fixture(scope="module")
def face(film):
    return track_film(Clip(film), stride=2)


def test_a_table_reads_back_as_the_film(film, face, tmp_path):
    table = read_table(write_table(tmp_path / "a.csv", make_columns(face)))
    own = ActionUnits(stride=2).track(Clip(film))
    np.testing.assert_allclose(table.time, own.time, atol=1e-4)
    np.testing.assert_allclose(table.values, own.values, atol=1e-3)
    np.testing.assert_allclose(table.pose, own.pose, atol=1e-4)
    np.testing.assert_allclose(table.quality, own.quality, atol=1e-3)
    assert (table.found == own.found).all()


@pytest.mark.parametrize(
    ("stride", "near"),
    [(None, 0.01), (1, 0.06)],  # as decisions look; all pictures
)
def test_a_model_decides_on_the_table_as_on_the_film(film, tmp_path, stride, near):
    model = emospike.load("excube2-both").by("face")
    table = write_table(tmp_path / "a.csv.gz", make_columns(track_film(Clip(film), stride)))
    seen = [model.decide(clip) for clip in (Clip(film), Clip(film, face=table), Clip(table))]
    high = [decision.probabilities["high"] for decision in seen]
    assert np.ptp(high) < near
    assert stride or abs(high[0] - high[1]) < 0.001
    assert len({(decision.label, decision.answered) for decision in seen}) == 1


def test_a_face_that_cannot_be_read_is_known_from_its_table(film, tmp_path, write_film):
    dark = [0.15 * frame.image for frame in Clip(film, 1.0, 2.5).frames(3)]
    clip = Clip(write_film(tmp_path / "a.mkv", [np.uint8(image) for image in dark], codec="libx264"))
    table = write_table(tmp_path / "a.csv", make_columns(track_film(clip)))
    assert "dark" in describe_problem(read_table(table))
    assert "dark" in emospike.load("excube2-both").decide(table).reason


def test_columns(film, face):
    columns = make_columns(face)
    first = ["frame", "face_id", "timestamp", "confidence", "success"]
    assert [*columns][:5] == first
    assert {*POSE, *INTENSITIES, *QUALITY, "box_x", "blendshape_jawOpen"} <= set(columns)
    assert columns["frame"][:3].tolist() == [1, 3, 5]
    assert {len(column) for column in columns.values()} == {len(face.track)}
    assert [*make_columns(face, ())] == first
    assert [*make_columns(face, ("pose",))] == [*first, *POSE]
    assert face.rate == pytest.approx(29.97, abs=0.01)
    x, width = columns["box_x"], columns["box_width"]
    assert ((x > 200) & (x + width < 440) & (width > 100)).all()  # pixels, of 640


def test_pictures_are_numbered_as_the_film_has_them(film, face):
    every = track_film(Clip(film, 0.0, 0.5), stride=1)
    assert every.picture.tolist() == [*range(1, 16)]
    own = track_film(Clip(film, 0.0, 0.5))
    assert own.picture.tolist() == [*range(1, 16, 3)]
    assert own.rate == pytest.approx(face.rate, rel=0.01)


def test_points(face):
    few, all_of_them = make_columns(face, (), 68), make_columns(face, (), 478)
    assert {"x_0", "y_67"} <= set(few)
    assert "x_68" not in few
    assert len(all_of_them) == 5 + 2 * 478
    assert "x_0" not in all_of_them  # other points than OpenFace's
    assert (few["x_36"] == all_of_them["mesh_x_33"]).all()  # outer corner of the right eye
    assert (few["x_36"] < few["x_45"]).all()  # and of the left one
    assert (few["y_8"] > few["y_27"]).all()  # the chin is below the nose


def test_the_68_points_are_read_back(face, tmp_path):
    track = read_table(write_table(tmp_path / "a.csv", make_columns(face, ("units",), 68)))
    assert track.landmarks.shape == (len(face.track), 68, 2)
    assert track.quality is None


def test_pictures_without_a_face_are_zeros(tmp_path, write_film):
    clip = Clip(write_film(tmp_path / "a.mkv", [np.full((120, 160, 3), 90, np.uint8)] * 30))
    columns = make_columns(track_film(clip), points=68)
    assert not any(columns[name].any() for name in columns if name not in ("frame", "timestamp"))
    assert not read_table(write_table(tmp_path / "a.csv", columns)).found.any()


def test_compressed_tables_are_the_same(face, tmp_path):
    columns = make_columns(face)
    plain, packed = (write_table(tmp_path / name, columns) for name in ("a.csv", "a.csv.gz"))
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()


def test_parquet(face, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = make_columns(face)
    found = parquet.read_table(write_table(tmp_path / "a.parquet", columns))
    assert found.column_names == [*columns]
    np.testing.assert_array_equal(found["AU12_r"].to_numpy(), columns["AU12_r"])


def test_parquet_without_pyarrow(face, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "pyarrow.parquet", raising=False)
    with pytest.raises(InputError, match=r"Parquet needs pyarrow .*: pip install 'emospike\[parquet\]', or write"):
        write_table(tmp_path / "a.parquet", make_columns(face))
    assert not [*tmp_path.iterdir()]


def test_what_there_is_not(face, tmp_path):
    with pytest.raises(InputError, match="unknown group of columns 'gaze'"):
        make_columns(face, ("gaze",))
    with pytest.raises(InputError, match="points must be 0, 68 or 478, got 5"):
        make_columns(face, points=5)
    with pytest.raises(InputError, match=r"ends in \.csv, \.csv\.gz or \.parquet, got a\.txt"):
        write_table(tmp_path / "a.txt", {})
    with pytest.raises(InputError, match="shows no face"):
        track_film(Clip("a.wav"))


def test_what_a_camera_sees_is_written_as_it_comes(film, tmp_path):
    frames, sights = list(Clip(film).frames(10)), []
    with open_watcher() as watcher:
        for frame in frames:
            sights += [watcher.look(frame.time, frame.image)]
    late = [seen._replace(time=seen.time + 100) for seen in sights]
    with open_table(tmp_path / "a.csv.gz") as table:
        for seen in sights + late:
            table.put(seen)
    track, film_track = read_table(tmp_path / "a.csv.gz"), ActionUnits(stride=10).track(Clip(film))
    first, last = slice(None, len(sights)), slice(-len(sights), None)
    for part, delay in ((first, 0), (last, 100)):
        np.testing.assert_allclose(track.values[part], film_track.values, atol=1e-3)
        drawn = np.array([seen.face.landmarks[list(MESH)] * seen.size for seen in sights])
        np.testing.assert_allclose(track.landmarks[part] * PICTURE, drawn, atol=0.06)
        np.testing.assert_allclose(track.time[part] - delay, film_track.time, atol=1e-5)
        assert track.found[part].all()
    assert np.diff(track.time).max() <= 31  # tables leave out no minute
    assert not track.found[len(sights) : -len(sights)].any()
    assert len(track) == 2 * len(sights) + 3
