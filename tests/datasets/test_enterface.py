from pathlib import Path

import numpy as np
import pytest

from emospike.datasets import enterface, load, relabel
from emospike.datasets.labels import EMOTIONS
from emospike.validation import InputError

FOLDERS = {"anger": "an", "disgust": "di", "fear": "fe", "happiness": "ha", "sadness": "sa", "surprise": "su"}


@pytest.fixture
def official(touch):
    """Three subjects in the archive's layout: subject 6 without folders of sentences, subject 11 under other names."""
    names = []
    for emotion, code in FOLDERS.items():
        for sentence in range(1, 6):
            names.append(f"subject 1/{emotion}/sentence {sentence}/s1_{code}_{sentence}.avi")
            names.append(f"subject 6/{emotion}/s6_{code}_{sentence}.avi")
            names.append(f"subject 11/{emotion}/sentence {sentence}/s12_{code}_{sentence}.avi")
    return touch(*names, "subject 1/Thumbs.db")


def test_the_official_layout(official):
    dataset = load(official)
    assert (dataset.name, len(dataset), dataset.notes) == ("enterface", 90, ())
    assert set(dataset.speakers) == {"01", "06", "11"}
    assert set(dataset.classes) == {"angry", "disgust", "fearful", "happy", "sad", "surprised"} < set(EMOTIONS)
    assert all(list(dataset.labels).count(label) == 15 for label in dataset.classes)
    assert len({one.take for one in dataset.recordings}) == 90
    assert set(relabel(dataset, "arousal").labels) == {"low", "high"}


def test_a_film_is_sound_and_face(official):
    assert all(one.face == one.path for one in load(official, video=True).recordings)
    assert load(official).recordings[0].face is None


def test_a_folder_above_and_hyphens(touch):
    folder = touch("enterface database/subject-2/fear/sentence-3/s2_fe_3.avi")
    assert [(one.speaker, one.label) for one in load(folder).recordings] == [("02", "fearful")]


def test_names_alone_are_enough(touch):
    dataset = load(touch("s1_an_1.avi", "s_3_ha_2.avi", "deep/s12_su_5.wav", "notes.avi"))
    assert [(one.speaker, one.label) for one in dataset.recordings] == [
        ("01", "angry"), ("03", "happy"), ("12", "surprised"),
    ]  # fmt: skip
    assert dataset.notes == ("1 file with other names ignored",)


def test_sound_that_was_taken_out_is_the_same_take(touch):
    folder = touch("subject 1/anger/sentence 1/s1_an_1.avi", "subject 1/anger/sentence 1/s1_an_1.wav")
    (one,) = load(folder, video=True).recordings
    assert (one.path.suffix, one.face.suffix) == (".wav", ".avi")


def test_nothing_of_it(touch):
    with pytest.raises(InputError, match=r"none of 1 recordings .* named as expected"):
        enterface.load(touch("a.avi"))
    with pytest.raises(InputError, match="no folder"):
        enterface.load("nowhere")
    assert enterface.parse(Path("03-01-06-01-02-01-12.wav")) is None


def test_films_can_be_heard_and_seen(tmp_path, write_film):
    rng = np.random.default_rng(0)
    for sentence in (1, 2):
        folder = tmp_path / "subject 1" / "anger" / f"sentence {sentence}"
        folder.mkdir(parents=True)
        images = rng.integers(0, 255, (10, 64, 64, 3), np.uint8)
        write_film(folder / f"s1_an_{sentence}.avi", images, sound=0.1 * rng.normal(size=19_200).astype(np.float32))
    clips = load(tmp_path, video=True).select_modality("both").clips()
    assert len(clips) == 2
    assert clips[0].seconds == pytest.approx(0.4, abs=0.1)
    assert len(list(clips[1].frames())) == 10
