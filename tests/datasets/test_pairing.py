import gzip

import pytest

from emospike.datasets import load_unlabelled, pair_tables
from emospike.validation import InputError

HEADER = "frame, timestamp, AU01_r, AU45_r\n"


@pytest.fixture
def folder(touch):
    """Sounds with tables beside them and in another folder, a table alone, and CSV files of other kinds."""
    root = touch("a.wav", "deep/b.wav", "sound/03-01-06-01-02-01-12.wav")
    for name in ("a.csv", "deep/c.csv", "b.csv", "track/01-01-06-01-02-01-12.csv", ".hidden.csv"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(HEADER)
    (root / "notes.csv").write_text("file,label\n")
    return root


def named(root, pairs):
    return {file.relative_to(root).as_posix(): face and face.relative_to(root).as_posix() for file, face in pairs}


def test_tables_of_a_folder(folder):
    assert named(folder, pair_tables([folder])) == {
        "a.wav": "a.csv",
        "b.csv": None,  # beside no b.wav
        "deep/b.wav": None,
        "deep/c.csv": None,
        "sound/03-01-06-01-02-01-12.wav": "track/01-01-06-01-02-01-12.csv",
    }


def test_compressed_tables(touch):
    root = touch("a.wav")
    with gzip.open(root / "a.csv.gz", "wt") as file:
        file.write(HEADER)
    (root / "b.csv.gz").write_text("not compressed")
    assert named(root, pair_tables([root])) == {"a.wav": "a.csv.gz"}


def test_files_are_returned_as_they_are(folder):
    files = [folder / "a.wav", folder / "a.csv", folder / "nowhere.wav"]
    assert pair_tables(files) == [(file, None) for file in files]


def test_tables_alone_are_enough_and_nothing_is_not(folder, tmp_path):
    assert named(folder, pair_tables([folder / "track"])) == {"track/01-01-06-01-02-01-12.csv": None}
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no recording"):
        pair_tables([tmp_path / "empty"])
    assert len(pair_tables([tmp_path / "empty", folder / "track"])) == 2


def test_unlabelled_recordings_with_their_faces(folder):
    (one,) = load_unlabelled(folder / "sound").recordings
    assert (one.face, one.speaker) == (None, "12")
    faces = {one.path.name: one.face for one in load_unlabelled(folder, video=True).recordings}
    assert faces["a.wav"] == folder / "a.csv"
    assert load_unlabelled(folder / "track", video=True).recordings[0].speaker == "12"
