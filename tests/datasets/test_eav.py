import numpy as np
import pytest
import soundfile

from emospike.datasets import eav, load, speaker_folds, standard_split
from emospike.datasets.folds import is_leaky
from emospike.validation import InputError

WORDS = ("Neutral", "Anger", "Happiness", "Sadness", "Calmness")


@pytest.fixture
def official(touch):
    """Two subjects with ten interactions each; sound and film number the trials otherwise."""
    names = []
    for subject in (1, 42):
        for i in range(1, 11):
            task, word = "Speaking" if i % 2 == 0 else "Listening", WORDS[(i - 1) // 2]
            names.append(f"subject{subject}/Video/{i:03d}_Trial_{i:02d}_{task}_{word}.mp4")
            if task == "Speaking":
                end = "aud" if subject == 1 else "Aud"
                names.append(f"subject{subject}/Audio/{i:03d}_Trial_{i // 2:02d}_{task}_{word}_{end}.wav")
        names += [
            f"subject{subject}/EEG/subject{subject}_eeg.mat",
            f"subject{subject}/EEG/subject{subject}_eeg_label.mat",
        ]
    return touch(*names, "subjects.tsv", "questionnaire.xlsx")


def test_the_official_layout(official):
    dataset = load(official)
    assert (dataset.name, len(dataset)) == ("eav", 10)
    assert dataset.classes == ("angry", "calm", "happy", "neutral", "sad")
    assert set(dataset.speakers) == {"01", "42"}
    assert dataset.notes == (
        "10 files with listening ignored",
        "10 of 10 recordings have EEG: eavs_tf reads it with --preset eeg or --modality eeg",
    )
    assert all(one.path.suffix == ".wav" and one.face is None for one in dataset.recordings)
    assert [one.eeg for one in dataset.recordings] == [one.eeg for one in load(official, video=True).recordings]


def test_senses_are_matched_by_the_first_number(official):
    for one in load(official, video=True).recordings:
        assert one.face.name[:3] == one.path.name[:3]
        assert one.face.parent.parent == one.path.parent.parent
        assert one.eeg.name == f"subject{int(one.speaker)}_eeg.mat"
        assert one.eeg_start == 20 * (int(one.tags["interaction"]) - 1)
        assert int(one.tags[eav.INTERACTION]) == int(one.path.name[:3])


def test_a_subject_alone(official):
    assert len(load(official / "subject42")) == 5


def test_the_authors_split(touch):
    """Of 100 spoken interactions, twenty a class, the first 14 of each train: 56 of 80 parts of five seconds."""
    folder = touch(
        *(
            f"subject{subject}/Audio/{i:03d}_Trial_{i // 2:02d}_Speaking_{WORDS[(i // 2) % 5]}_aud.wav"
            for subject in (3, 12)
            for i in range(2, 201, 2)
        )
    )
    dataset = load(folder)
    split = standard_split(dataset)
    assert (len(split.train), len(split.test), split.speakers) == (140, 60, ("03", "12"))
    assert is_leaky(dataset, split)
    assert not any(is_leaky(dataset, fold) for fold in speaker_folds(dataset))
    numbers = np.array([int(one.tags[eav.INTERACTION]) for one in dataset.recordings])
    for label in dataset.classes:
        trained, tested = (numbers[rows][dataset.labels[rows] == label] for rows in (split.train, split.test))
        assert (len(trained), len(tested)) == (28, 12)
        assert trained.max() < tested.min()


def test_film_without_sound_files_and_eeg(touch):
    folder = touch("EAV/subject03/Video/002_Trial_02_Speaking_Anger.mp4", "EAV/subject03/Video/x.mp4")
    dataset = load(folder, video=True)
    (one,) = dataset.recordings
    assert (one.speaker, one.label, one.eeg, one.face) == ("03", "angry", None, one.path)
    assert dataset.notes == ("1 file with other names ignored",)


def test_nothing_of_it(touch):
    folder = touch("subject1/Video/001_Trial_01_Listening_Neutral.mp4", "subject2/EEG/subject2_eeg.mat")
    with pytest.raises(InputError, match="no spoken interaction in"):
        load(folder)
    with pytest.raises(InputError, match="no folder"):
        eav.load(folder / "nowhere")
    assert not eav.recognises(touch("subject 1/anger/sentence 1/s1_an_1.avi") / "subject 1")


def test_clips_can_be_heard_and_seen(tmp_path, write_film):
    rng = np.random.default_rng(0)
    for sense in ("Audio", "Video"):
        (tmp_path / "subject1" / sense).mkdir(parents=True)
    soundfile.write(
        tmp_path / "subject1/Audio/002_Trial_01_Speaking_Sadness_aud.wav", rng.normal(size=16_000) / 9, 16_000
    )
    images = rng.integers(0, 255, (10, 64, 64, 3), np.uint8)
    write_film(tmp_path / "subject1/Video/002_Trial_02_Speaking_Sadness.mp4", images)
    (clip,) = load(tmp_path, video=True).select_modality("both").clips()
    assert clip.seconds == 1.0
    assert len(list(clip.frames())) == 10
