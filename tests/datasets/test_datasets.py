import pytest

from emospike.datasets import DATASETS, describe, load, load_unlabelled
from emospike.validation import InputError


def test_ravdess_is_recognised_by_its_recordings(ravdess):
    assert load(ravdess).name == "ravdess"
    assert load(str(ravdess / "audio" / "Actor_02")).speakers.tolist() == ["02"] * 60


def test_clips_of_a_real_data_set_can_be_heard(ravdess):
    dataset = load(ravdess / "audio" / "Actor_03")
    clips = dataset.clips()
    assert [clip.path for clip in clips] == dataset.paths.tolist()
    assert 2 < clips[-1].seconds < 6


def test_video_option_reaches_the_loader(touch):
    folder = touch("01-01-06-01-02-01-12.mp4", "03-01-06-01-02-01-12.wav")
    assert load(folder).recordings[0].face is None
    assert load(folder, video=True).recordings[0].face.suffix == ".mp4"


def test_a_manifest_comes_before_ravdess(touch):
    folder = touch("03-01-06-01-02-01-12.wav", "mine.wav")
    (folder / "manifest.csv").write_text("path,label\nmine.wav,bored\n")
    (folder / "Other.CSV").write_text("path,label\nmine.wav,calm\n")
    assert load(folder).labels.tolist() == ["bored"]
    assert load(folder / "Other.CSV").labels.tolist() == ["calm"]


def test_neither(touch):
    folder = touch("03-01-06-01-02-01-12.wav")
    with pytest.raises(InputError, match=r"a file that is no CSV at .*: expected a folder"):
        load(folder / "03-01-06-01-02-01-12.wav")
    with pytest.raises(InputError, match=r"nothing at .*nowhere"):
        load(folder / "nowhere")


def test_every_kind_is_described():
    rows = describe()
    assert [row["name"] for row in rows] == list(DATASETS)
    assert all(row[key] for row in rows for key in ("what", "licence", "how to get it"))


def test_unlabelled_recordings_of_one_speaker(touch):
    folder = touch("a.wav", "sub/b.wav", "notes.txt")
    dataset = load_unlabelled(folder)
    assert [path.name for path in dataset.paths] == ["a.wav", "b.wav"]
    assert (dataset.name, dataset.classes, dataset.speakers.tolist()) == ("recordings", ("",), ["", ""])
    assert load_unlabelled(folder / "a.wav").paths.tolist() == [folder / "a.wav"]
    (folder / "manifest.csv").write_text("path,speaker\nsub/b.wav,anna\n")
    assert [(one.path.name, one.speaker) for one in load_unlabelled(folder).recordings] == [("b.wav", "anna")]


def test_labels_are_not_looked_at_where_they_are_not_needed(touch):
    folder = touch("a.wav", "b.wav")
    (folder / "typo.csv").write_text("path,label\na.wav,happy\nb.wav,hapy\n")
    assert load_unlabelled(folder / "typo.csv").labels.tolist() == ["", ""]
    with pytest.raises(InputError, match="lacks the column path"):
        (folder / "none.csv").write_text("label\nhappy\n")
        load_unlabelled(folder / "none.csv")


def test_several_speakers_are_no_one_speaker(ravdess, touch):
    assert set(load_unlabelled(ravdess / "audio" / "Actor_02").speakers) == {"02"}
    with pytest.raises(InputError, match=r"one speaker expected, .* has 20 \(02, 03, 05, 06, ...\): give those of one"):
        load_unlabelled(ravdess)
    folder = touch("a.wav", "b.wav")
    (folder / "two.csv").write_text("path,speaker\na.wav,anna\nb.wav,ben\n")
    with pytest.raises(InputError, match=r"two.csv has 2 \(anna, ben\): give those of one$"):
        load_unlabelled(folder / "two.csv")
