import csv
from collections import Counter

import pytest

from emospike.datasets import relabel
from emospike.datasets.ravdess import load, parse
from emospike.features.action_units import ActionUnits
from emospike.validation import InputError


def test_parse_reads_all_fields():
    assert parse("01-02-08-02-01-01-23") == {
        "modality": "audio-video",
        "channel": "song",
        "emotion": "surprised",
        "intensity": "strong",
        "statement": "kids",
        "repetition": "1",
        "actor": "23",
        "gender": "male",
    }


@pytest.mark.parametrize(
    "name",
    [
        "speech",
        "03-01-06-01-02-01",
        "03-01-06-01-02-01-12-01",
        "3-1-6-1-2-1-12",
        "04-01-06-01-02-01-12",
        "03-03-06-01-02-01-12",
        "03-01-09-01-02-01-12",
        "03-01-00-01-02-01-12",
        "03-01-06-03-02-01-12",
        "03-01-06-01-03-01-12",
        "03-01-06-01-02-03-12",
        "03-01-06-01-02-01-25",
        "03-01-06-01-02-01-00",
        "03-01-01-02-02-01-12",  # neutral has no strong intensity
        "._03-01-06-01-02-01-12",
        "03-01-06-01-02-01-12.recon",
    ],
)
def test_parse_refuses_other_names(name):
    assert parse(name) is None


def test_real_recordings_agree_with_their_label_table(ravdess):
    dataset = load(ravdess)
    with (ravdess / "labels.csv").open() as file:
        expected = {row["file"]: row for row in csv.DictReader(file)}
    assert len(dataset) == len(expected) == 1200
    assert dataset.notes == ()
    for recording in dataset.recordings:
        row = expected[recording.path.stem]
        assert recording.label == row["emotion"]
        assert int(recording.speaker) == int(row["actor"])
        for fact in ("gender", "intensity", "repetition"):
            assert recording.tags[fact] == row[fact]
    assert set(Counter(dataset.speakers.tolist()).values()) == {60}
    assert len({recording.take for recording in dataset.recordings}) == 1200


def test_real_recordings_are_a_third_low_arousal(ravdess):
    assert Counter(relabel(load(ravdess), "arousal").labels.tolist()) == {"low": 400, "high": 800}


def test_real_samples_of_mixed_kinds(data_dir):
    dataset = load(data_dir / "samples")
    assert Counter(path.suffix for path in dataset.paths) == {".wav": 11, ".mp4": 4}
    assert dataset.notes == ("4 files with other names ignored",)


def test_a_take_in_several_files_is_one_recording(touch):
    take = "-01-06-01-02-01-12"
    folder = touch(
        f"a/03{take}.opus",
        f"b/deep/03{take}.WAV",
        f"copy/03{take}.WAV",
        f"01{take}.wav",
        f"01{take}.mp4",
        f"02{take}.mp4",
    )
    (recording,) = load(folder).recordings
    assert recording.path == folder / f"b/deep/03{take}.WAV"
    assert (recording.take, recording.speaker, recording.label) == (take[1:], "12", "fearful")
    assert recording.face is None
    (seen,) = load(folder, video=True).recordings
    assert (seen.path, seen.take) == (recording.path, recording.take)
    assert seen.face.name == f"01{take}.mp4"


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("03-01-06-01-02-01-12.flac", "03-01-06-01-02-01-12.ogg"),
        ("03-01-06-01-02-01-12.mp3", "01-01-06-01-02-01-12.wav"),
        ("01-01-06-01-02-01-12.wav", "01-01-06-01-02-01-12.mp4"),
        ("03-01-06-01-02-01-12.mp3", "03-01-06-01-02-01-12.mp4"),
    ],
)
def test_sound_before_film_and_lossless_before_lossy(touch, better, worse):
    folder = touch(f"z/{better}", f"a/{worse}")
    assert [path.name for path in load(folder).paths] == [better]


def test_video_falls_back_to_sound(touch):
    folder = touch("03-01-06-01-02-01-12.wav", "01-01-05-01-02-01-12.mp4")
    assert sorted(path.suffix for path in load(folder, video=True).paths) == [".mp4", ".wav"]


# -- faces -----------------------------------------------------------------------------------------------------

TAKE = "-01-06-01-02-01-12"


@pytest.mark.parametrize("better", [f"01{TAKE}.csv", f"03{TAKE}.csv.gz", f"02{TAKE}.CSV", f"z/01{TAKE}.csv"])
def test_tables_before_films(touch, better):
    folder = touch(f"03{TAKE}.wav", better, f"a/01{TAKE}.mp4", f"a/02{TAKE}.mp4")
    (recording,) = load(folder, video=True).recordings
    assert (recording.path, recording.face) == (folder / f"03{TAKE}.wav", folder / better)
    assert load(folder).recordings[0].face is None
    (clip,) = load(folder, video=True).clips()
    assert (clip.path, clip.face) == (recording.path, recording.face)


def test_the_largest_of_several_tables(touch):
    folder = touch(f"03{TAKE}.wav", f"a/01{TAKE}.csv", f"b/01{TAKE}.csv", f"c/01{TAKE}.csv.gz")
    (folder / f"b/01{TAKE}.csv").write_text("longer")
    assert load(folder, video=True).recordings[0].face == folder / f"b/01{TAKE}.csv"


@pytest.mark.parametrize(
    ("name", "hears"), [(f"01{TAKE}.csv.gz", False), (f"01{TAKE}.mp4", True), (f"02{TAKE}.mp4", False)]
)
def test_a_take_that_is_only_seen(touch, name, hears):
    folder = touch("03-01-05-01-02-01-11.wav", f"deep/{name}")
    sound, face = load(folder, video=True).recordings
    assert (sound.label, sound.face) == ("angry", None)
    assert (face.label, face.speaker, face.take) == ("fearful", "12", TAKE[1:])
    assert face.path == face.face == folder / "deep" / name
    assert load(folder, video=True).notes == ()
    assert len(load(folder)) == 1 + hears


def test_a_folder_of_tables_alone(touch):
    folder = touch(f"01{TAKE}.csv", "labels.csv", "01-02-04-01-02-01-12.csv.gz", f"._01{TAKE}.csv")
    dataset = load(folder, video=True)
    assert [path.name for path in dataset.paths] == [f"01{TAKE}.csv"]
    assert dataset.notes == ("1 file with no speech ignored",)
    with pytest.raises(InputError, match="holds no recording"):
        load(folder)


def test_real_tables_pair_with_the_sound_of_their_take(ravdess):
    dataset = load(ravdess, video=True)
    assert dataset.paths.tolist() == load(ravdess).paths.tolist()
    both = dataset.select_modality("both")
    assert len(both) == 144
    assert both.notes == ("1056 recordings without a face left out",)
    assert Counter(both.labels.tolist()) == {"happy": 72, "sad": 72}
    assert set(both.speakers.tolist()) == {"02", "03", "05", "06", "07", "08", "10", "11", "12"}
    for recording, clip in zip(both.recordings, both.clips(), strict=True):
        assert recording.path.stem == "03" + recording.face.name[2:20]
        assert clip.hears
        assert clip.sees
    sound = ActionUnits().track(both.clips()[0])
    assert abs(sound.time[-1] - both.clips()[0].seconds) < 0.2  # truly simultaneous


def test_real_films_are_their_own_face(data_dir):
    seen = load(data_dir / "samples", video=True).select_modality("face")
    assert seen.paths.tolist() == [recording.face for recording in seen.recordings]
    assert len(seen) == 4


def test_songs_are_left_out_unless_asked_for(touch):
    folder = touch("03-01-06-01-02-01-12.wav", "03-02-05-01-02-01-12.wav", "03-02-04-01-02-01-12.wav")
    assert load(folder).labels.tolist() == ["fearful"]
    assert load(folder).notes == ("2 files with no speech ignored",)
    assert load(folder, channel="song").labels.tolist() == ["sad", "angry"]
    assert len(load(folder, channel="both")) == 3
    with pytest.raises(InputError, match="unknown channel 'songs': did you mean 'song'"):
        load(folder, channel="songs")


def test_other_files_are_counted_once(touch):
    folder = touch(
        "03-01-06-01-02-01-12.wav", "talk.wav", "x/03-01-09-01-02-01-12.wav", "notes.txt", "._03-01-06-01-02-01-12.wav"
    )
    assert load(folder).notes == ("2 files with other names ignored",)


def test_order_is_by_actor_wherever_files_lie(touch):
    folder = touch("a/03-01-05-01-01-01-24.wav", "z/03-01-05-01-01-01-02.wav", "b/03-01-04-01-01-01-02.opus")
    assert [path.stem[-8:] for path in load(folder).paths] == ["01-01-02", "01-01-02", "01-01-24"]
    assert load(folder).labels.tolist() == ["sad", "angry", "angry"]


def test_nothing_there(touch, tmp_path):
    with pytest.raises(InputError, match=r"no folder .*nowhere"):
        load(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no recording"):
        load(tmp_path)
    with pytest.raises(
        InputError,
        match=r"no RAVDESS speech recordings in .* \(1 file with other names ignored\): expected names .*manifest.csv",
    ):
        load(touch("talk.wav"))
    with pytest.raises(InputError, match=r"1 file with no sound \(02-\) ignored"):
        load(touch("02-01-06-01-02-01-12.mp4"))
