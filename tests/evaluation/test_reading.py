from pathlib import Path

import numpy as np
import pytest
import soundfile

from emospike.datasets import Dataset, Recording, load, relabel
from emospike.datasets.labels import find_contradicted
from emospike.datasets.table import COPY
from emospike.evaluation.reading import drop_unreadable
from emospike.features.openface import INTENSITIES
from emospike.validation import InputError


@pytest.fixture
def table(tmp_path):
    """Write a face-tracking table of three frames, cut after so many characters."""

    def make(name, keep=None):
        columns = ["timestamp", *INTENSITIES]
        rows = [",".join([f"{0.1 * i:.1f}", *["1.5"] * 17]) for i in range(3)]
        (tmp_path / name).write_text("\n".join([",".join(columns), *rows])[:keep])
        return tmp_path / name

    return make


def test_faces_that_cannot_be_read_are_left_out(tmp_path, table, write_film):
    soundfile.write(tmp_path / "a.wav", 0.1 * np.sin(np.arange(16_000) / 5), 16_000)
    film = write_film(tmp_path / "film.mp4", [np.full((48, 64, 3), 90, np.uint8)] * 5)
    (tmp_path / "text.mp4").write_text("no film")
    faces = [table("good.csv"), table("cut.csv", keep=-20), film, tmp_path / "text.mp4", tmp_path / "missing.csv"]
    rows = tuple(Recording(tmp_path / "a.wav", "sad", "a", str(i), face=face) for i, face in enumerate(faces))
    everything = Dataset("manifest", rows)
    assert [row.face for row in drop_unreadable(everything).recordings] == faces  # faces do not count
    for modality in ("face", "both"):
        kept = drop_unreadable(everything, modality=modality)
        assert [row.face for row in kept.recordings] == [faces[0], film]
        assert kept.notes[0].startswith(
            f"3 of 5 recordings cannot be used and are left out; the first: row 4 of {faces[1]}"
        )


def test_a_bad_sound_does_not_matter_to_faces(tmp_path, table):
    (tmp_path / "text.wav").write_text("no sound")
    silent = Dataset("manifest", (Recording(tmp_path / "text.wav", "sad", "a", "0", face=table("good.csv")),))
    assert drop_unreadable(silent, modality="face") == silent
    with pytest.raises(InputError, match="none of 1 recordings can be read"):
        drop_unreadable(silent, modality="both")


def dataset(*paths: Path) -> Dataset:
    return Dataset("manifest", tuple(Recording(path, "sad", "a", path.name) for path in paths), ("a note",))


def test_what_can_be_read_stays(tmp_path):
    soundfile.write(tmp_path / "good.wav", 0.1 * np.sin(np.arange(16_000) / 5), 16_000)
    (tmp_path / "text.wav").write_text("no sound")
    good, text, missing = (tmp_path / name for name in ("good.wav", "text.wav", "missing.wav"))
    told = []
    kept = drop_unreadable(dataset(good, text, missing), lambda *what: told.append(what))
    assert [recording.path for recording in kept.recordings] == [good]
    assert kept.notes[0] == "a note"
    assert kept.notes[1].startswith(f"2 of 3 recordings cannot be used and are left out; the first: {text}")
    assert told[-1] == ("reading", 3, 3)
    assert drop_unreadable(dataset(good)) == dataset(good)


def test_nothing_can_be_read(tmp_path):
    with pytest.raises(InputError, match=r"none of 1 recordings can be read; the first: .*does not exist"):
        drop_unreadable(dataset(tmp_path / "a.wav"))


def test_the_same_sound_in_other_files_is_found(tmp_path):
    tone = (3000 * np.sin(np.arange(16_000) / 5)).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", tone, 16_000)
    soundfile.write(tmp_path / "b.flac", tone, 16_000)
    soundfile.write(tmp_path / "c.wav", tone // 2, 16_000)
    (tmp_path / "d.wav").write_bytes((tmp_path / "c.wav").read_bytes())
    soundfile.write(tmp_path / "e.wav", tone[1:], 16_000)
    everything = dataset(*(tmp_path / name for name in ("a.wav", "b.flac", "c.wav", "d.wav", "e.wav")))
    found = drop_unreadable(everything)
    assert found.notes[-1] == "4 recordings are 2 sounds under several names: a.wav = b.flac, c.wav = d.wav"
    sounds = [row.tags.get(COPY) for row in found.recordings]
    assert (sounds[0], sounds[2], sounds[4]) == (sounds[1], sounds[3], None)
    assert sounds[0] != sounds[2]


def test_one_sound_under_two_labels_does_not_train(tmp_path):
    for name in ("happy", "neutral", "sad", "calm"):
        seed = 0 if name in ("happy", "neutral") else 1
        soundfile.write(tmp_path / f"{name}.wav", np.random.default_rng(seed).uniform(-0.1, 0.1, 16_000), 16_000)
    rows = tuple(Recording(tmp_path / f"{name}.wav", name, "a", name) for name in ("happy", "neutral", "sad", "calm"))
    found = relabel(drop_unreadable(Dataset("manifest", rows)), "arousal")
    assert (
        found.notes[-1] == "2 recordings are one sound under two labels and do not train: happy (high) = neutral (low)"
    )  # sad and calm are one sound too, and both low
    assert find_contradicted(found).tolist() == [True, True, False, False]


@pytest.mark.long
@pytest.mark.parametrize(("name", "sounds"), [("cremad", 3), ("ased", 3), ("baved", 3)])
def test_real_copies_are_found(data_dir, name, sounds):
    folder = data_dir / "corpora" / name
    if not folder.is_dir():
        pytest.skip(f"no {name} at hand")
    whole = load(folder)
    if name == "cremad":  # those of one speaker, as all take half a minute
        whole = whole.subset(whole.speakers == "1006")
    found = drop_unreadable(whole)
    copies = [row for row in found.recordings if COPY in row.tags]
    if name == "cremad":
        assert "1006_TIE_NEU_XX" in {row.path.stem for row in copies}
        assert find_contradicted(relabel(found, "emotion")).sum() == len(copies) == 2
    else:
        assert len({row.tags[COPY] for row in copies}) == sounds
