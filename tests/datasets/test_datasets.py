import pytest

from emospike.datasets import DATASETS, describe, load
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
    assert load(folder).paths[0].suffix == ".wav"
    assert load(folder, video=True).paths[0].suffix == ".mp4"


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
