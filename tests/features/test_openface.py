"""OpenFace's tables: the real ones, and odd ones made of them."""

import gzip

import numpy as np
import pytest

from emospike.features.openface import CHANNELS, INTENSITIES, read_table
from emospike.validation import InputError

NAMES = ("frame", "face_id", "timestamp", "confidence", "success", *INTENSITIES)


@pytest.fixture(scope="module")
def real(ravdess):
    return sorted((ravdess / "face" / "openface").glob("*.csv.gz"))


@pytest.fixture
def write(tmp_path):
    """Write a table of 17 intensities and return its path; `rows` are (face, time, confidence, success, level)."""

    def make(rows, names=NAMES, name="face.csv", encoding="utf-8", parted=","):
        lines = [parted.join(names)]
        for number, (face, time, confidence, success, level) in enumerate(rows, 1):
            fields = dict(zip(NAMES, (number, face, time, confidence, success, *[level] * 17), strict=True))
            lines.append(parted.join(str(fields[column.strip()]) for column in names))
        (tmp_path / name).write_bytes(("\n".join(lines) + "\n").encode(encoding))
        return tmp_path / name

    return make


def rows(*levels):
    return [(0, 0.1 * at, 0.98, 1, level) for at, level in enumerate(levels)]


# -- real tables -----------------------------------------------------------------------------------------------


def test_every_real_table_is_read(real):
    means = []
    for path in real:
        track = read_table(path)
        assert track.channels == CHANNELS
        assert track.seen == 1
        assert track.company.describe() == ()
        assert track.landmarks.shape == (len(track), 68, 2)
        assert 0 < track.landmarks.min() < track.landmarks.max() < 1
        assert np.diff(track.time).mean() == pytest.approx(1 / 29.97, abs=1e-4)
        means.append(track.values.mean(axis=0))
    assert len(real) == 144
    with np.load(real[0].parents[1] / "openface_clip_means.npz") as data:
        place = {str(name): at for at, name in enumerate(data["clip"])}
        expected = data["openface_static_mean"][[place[path.name[:20]] for path in real]][:, :17]
    np.testing.assert_allclose(means, expected, atol=0.03)


def test_a_real_face_is_where_it_should_be(real):
    track = read_table(real[0])
    x, y, width, height = track.box.mean(axis=0)
    assert x < 0.5 < x + width  # RAVDESS's actors sit in the middle of the picture
    assert 0.2 < y < y + height < 1
    assert np.abs(track.pose).max() < 0.6
    brows, chin = track.landmarks[:, 17:27, 1].mean(axis=1), track.landmarks[:, 8, 1]
    assert np.all(brows < chin)  # y runs down
    assert read_table(real[0]) is track  # windows of a long recording share it


# -- spellings -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("parted", [",", ", ", ";", "\t"])
def test_spellings_of_one_table(write, parted, encoding):
    track = read_table(write(rows(1.5, 2.5), parted=parted, encoding=encoding))
    assert track.time.tolist() == [0.0, 0.1]
    assert track.values.tolist() == [[1.5] * 17, [2.5] * 17]
    assert track.landmarks.shape == (2, 0, 2)
    assert not track.box.any()
    assert track.confidence.tolist() == pytest.approx([0.98, 0.98])


@pytest.mark.parametrize("parted", [";", "\t"])
def test_decimal_commas(write, parted):
    path = write(rows("1,25", "2,5"), parted=parted)
    assert read_table(path).values[:, 0].tolist() == [1.25, 2.5]


def test_columns_in_any_order_and_only_those_that_matter(write):
    few = ("AU45_r", *INTENSITIES[:-1], "timestamp")
    track = read_table(write(rows(1, 2), names=few[::-1]))
    assert track.values[:, -1].tolist() == [1, 2]
    assert track.found.all()
    assert track.confidence.tolist() == [1, 1]


def test_compressed(write, tmp_path):
    (tmp_path / "face.csv.gz").write_bytes(gzip.compress(write(rows(1, 2)).read_bytes()))
    assert read_table(tmp_path / "face.csv.gz").values[:, 0].tolist() == [1, 2]


def test_a_table_that_changed_is_read_again(write):
    assert len(read_table(write(rows(1, 2)))) == 2
    assert len(read_table(write(rows(1, 2, 3)))) == 3


# -- frames without a face, and several faces ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confidence", "success", "level", "found"),
    [
        (0.98, 1, 2, True),
        (0.5, 1, 2, True),
        (0.49, 1, 2, False),
        (0.98, 0, 2, False),
        ("nan", 1, 2, False),
        ("", 1, 2, False),
        (0.98, 1, "", False),
        (0.98, 1, "nan", False),
        (0.98, 1, "inf", False),
        (0.98, 1, 0, True),
    ],
)
def test_frames_in_which_no_face_was_found(write, confidence, success, level, found):
    track = read_table(write([(0, 0, 0.9, 1, 1), (0, 0.1, confidence, success, level), (0, 0.2, 0.9, 1, 3)]))
    assert track.found.tolist() == [True, found, True]
    assert np.isfinite(track.resample(21).values).all()
    assert np.isfinite(track.confidence).all()


def test_a_table_of_zeros_shows_no_face(write):
    assert not read_table(write([(0, 0, 0.9, 1, 0), (0, 0.1, 0.9, 1, 0)])).found.any()


def test_the_face_in_most_frames_is_followed(write):
    passer = [(1, 0.1 * at, 0.98, 1, 5) for at in (0, 2, 6)]
    speaker = [(2, 0.1 * at, 0.98, 1, 1) for at in (1, 2, 3, 4)]
    track = read_table(write(sorted(passer + speaker, key=lambda row: row[1])))
    assert track.company.describe() == ("2 faces: the one in most frames was followed",)
    np.testing.assert_allclose(track.time, [0, 0.1, 0.2, 0.3, 0.4, 0.6])
    assert track.found.tolist() == [False, True, True, True, True, False]
    assert set(track.values[track.found, 0].tolist()) == {1}


def test_rows_in_any_order_of_time(write):
    track = read_table(write([(0, 0.2, 1, 1, 3), (0, 0.0, 1, 1, 1), (0, 0.1, 1, 1, 2)]))
    assert track.values[:, 0].tolist() == [1, 2, 3]


# -- landmarks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("x", "y", "share"), [(640, 360, (0.5, 0.5)), (1920, 1080, (1, 1)), (2560, 720, (1, 0.5))])
def test_landmarks_are_shares_of_a_picture_of_16_to_9(tmp_path, x, y, share):
    points = [f"{axis}_{point}" for axis in "xy" for point in range(68)]
    values = ["0.0", *["1"] * 17, *[str(x)] * 68, *[str(y)] * 68]
    (tmp_path / "face.csv").write_text(",".join(["timestamp", *INTENSITIES, *points]) + "\n" + ",".join(values))
    track = read_table(tmp_path / "face.csv")
    np.testing.assert_allclose(track.landmarks[0], np.tile(share, (68, 1)))
    np.testing.assert_allclose(track.box[0], [*share, 0, 0])


# -- odd files -------------------------------------------------------------------------------------------------


def test_what_is_wrong_is_said_in_one_line(write, tmp_path, ravdess):
    def refused(path, message):
        with pytest.raises(InputError, match=message) as error:
            read_table(path)
        assert "\n" not in str(error.value)
        assert path.name in str(error.value)

    refused(tmp_path / "none.csv", "No such file")
    refused(tmp_path / ("x" * 300 + ".csv"), "cannot read")
    refused(tmp_path, "is a folder")
    refused(write([]), "has a header and no rows")
    refused(write(rows(1), names=NAMES[3:]), "lacks the column timestamp: give a table of OpenFace 2")
    refused(write(rows(1), names=NAMES[:6]), "lacks the column AU02_r, AU04_r, AU05_r and 13 more")
    refused(write(rows(1, 2, "strong")), "row 4 of .* holds 'strong' in column AU01_r, a number expected")
    refused(write([(0, "", 1, 1, 1)]), "has a row without a timestamp")
    refused(write([(0, 0, 1, 1, 1), (0, "inf", 1, 1, 1)]), "has a row without a timestamp")
    refused(write([(0, 33 * at, 1, 1, 1) for at in range(9)]), "rows 33 s apart by its column timestamp: seconds")
    refused(write([*rows(1, 2, 3), (0, 1e6, 1, 1, 1)]), r"no row between 0.2 s and 1e\+06 s by its column timestamp")
    refused(write(rows(1, 7)), "holds 7 in column AU01_r, intensities of 0 to 5 expected")
    refused(write(rows(1, -1)), "holds -1 in column AU01_r, intensities of 0 to 5 expected")
    refused(write(rows(*[0.5] * 30)), "no intensity above 0.5 in columns AU01_r ... AU45_r, 0 to 5 expected")
    refused(write(rows(1, 2), names=(*NAMES, "AU12_r")), "has the column AU12_r twice")
    refused(write(rows(1, 2) + rows(1, 2)), "tells of one face twice at one time")
    cut = write(rows(1, 2))
    cut.write_text(cut.read_text()[:-20])
    refused(cut, "row 3 of .* has 13 fields and the header 22: it was cut short")
    refused(ravdess / "labels.csv", "lacks the column timestamp, AU01_r, AU02_r and 15 more")
    for content in (b"", b"\n", b"talk\n", b"\xff\xfe\x00\x01" * 9, b"\x00" * 40):
        cut.write_bytes(content)
        refused(cut, "lacks the column|cannot read|is empty")


def test_bounds_of_what_a_table_may_ask_for(write, monkeypatch):
    monkeypatch.setattr("emospike.clip.tables._MOST_LINES", 10)
    with pytest.raises(InputError, match="more than 10 lines"):
        read_table(write(rows(*[1] * 10)))
    path = write(rows(1))
    path.write_text(path.read_text() + "1" * 200_000)
    with pytest.raises(InputError, match="a line of 131072 characters or more"):
        read_table(path)


@pytest.mark.parametrize("damage", [lambda data: data[:-200], lambda data: b"talk", lambda data: data[:200] * 3])
def test_damaged_archives(real, tmp_path, damage):
    (tmp_path / "cut.csv.gz").write_bytes(damage(real[0].read_bytes()))
    with pytest.raises(InputError, match=r"cannot read .*cut.csv.gz as CSV"):
        read_table(tmp_path / "cut.csv.gz")
