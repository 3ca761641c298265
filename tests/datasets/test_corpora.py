"""Corpora that are known by the names of their recordings: made-up folders of all, and the real ones at hand."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from emospike.datasets import DATASETS, load, load_unlabelled, relabel
from emospike.validation import InputError

NAMES = {
    "cremad": ("AudioWAV/1001_IEO_ANG_HI.wav", "angry", "1001"),
    "emodb": ("wav/16b10Lb.wav", "bored", "16"),
    "emovo": ("EMOVO/f1/rab-f1-d2.wav", "angry", "f1"),
    "tess": ("YAF_pleasant_surprised/YAF_gaze_ps.wav", "surprised", "YAF"),
    "savee": ("AudioData/KL/sa15.wav", "sad", "KL"),
    "nemo": ("samples/WR0_surprised_64.wav", "surprised", "WR0"),
    "urdu": ("Neutral/SM5_F72_N0100.wav", "neutral", "SM5"),
    "turevdb": ("Sound Source/Calm/1984_sk_kagit.wav", "calm", "1984"),
    "ased": ("04Sad/S4-04-02-01-29.wav", "sad", "29"),
    "baved": ("5/3-m-21-5-2-922.wav", "level 2", "3"),
    "shemo": ("male/M56W01.wav", "surprised", "M56"),
    "jl_corpus": ("JL(wav+txt)/female1_happy_15b_2.wav", "happy", "female1"),
    "cafe": ("D\u00e9go\u00fbt/Fort/12-D-2-6.aiff", "disgust", "12"),
    "mesd": ("Happiness_F_A_de_nada.wav", "happy", "F"),
    "subesco": ("SUBESCO/M_10_EVAN_S_10_SURPRISE_2.wav", "surprised", "M_10"),
    "ravdess": ("Actor_12/03-01-06-01-02-01-12.wav", "fearful", "12"),
    "enterface": ("subject 3/anger/sentence 1/s3_an_1.avi", "angry", "03"),
}

OTHERS = {
    "cremad": ["1092_IEO_ANG_HI", "1000_IEO_ANG_HI", "1001_XXX_ANG_HI", "1001_IEO_SUR_HI", "1001_IEO_ANG_LOUD"],
    "emodb": ["04a01Fa", "03a03Fa", "03b04Fa", "03a01Xa", "03a01F", "03a01Fz"],
    "emovo": ["dis-f4-b1", "dis-f1-b4", "ang-f1-b1", "dis-f1"],
    "tess": ["XAF_back_angry", "OAF_back_bored", "OAF_angry"],
    "savee": ["DC_a16", "DC_n31", "DC_a00", "XX_a01", "DC_x01", "a01"],
    "nemo": ["XX0_anger_1", "SM0_rage_1", "SM0_anger_91", "SM0_anger_0"],
    "urdu": ["SX1_F1_A01", "SM39_F1_A01", "SM0_F1_A01", "SM1_F1_D01"],
    "turevdb": ["1111_kz_algi", "1157_xx_algi", "1157_kz"],
    "ased": ["n2-01-01-01-05", "n1-08-01-01-05", "n1-01-03-01-05", "n1-01-01-03-05", "n1-01-01-01-66"],
    "baved": ["3-x-21-5-2-922", "3-m-21-7-2-922", "3-m-21-5-3-922", "3-m-21-5-2"],
    "shemo": ["F32A02", "M57A02", "F00A02", "X01A02", "F01B02", "F01A2"],
    "jl_corpus": ["female3_angry_10a_1", "female1_bored_10a_1", "female1_angry_16a_1", "female1_angry_10a_3"],
    "cafe": ["13-C-1-1", "00-C-1-1", "01-X-1-1", "01-C-3-1", "01-C-1-7", "01-N-2-1"],
    "mesd": ["Rage_F_A_abajo", "Anger_X_A_abajo", "Anger_F_C_abajo", "Anger_F_A"],
    "subesco": ["F_11_OISHI_S_1_ANGRY_1", "F_01_OISHI_S_11_ANGRY_1", "F_01_OISHI_S_1_BORED_1", "F_01_OISHI_S_1_SAD_6"],
}


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_is_known_by_its_names(touch, name):
    file, label, speaker = NAMES[name]
    dataset = load(touch(file, "anywhere/notes.txt"))
    (one,) = dataset.recordings
    assert (dataset.name, one.label, one.speaker) == (name, label, speaker)
    assert one.path.name == file.rpartition("/")[2]
    if name not in ("ravdess", "enterface"):
        assert one.tags["language"] == DATASETS[name].language


@pytest.mark.parametrize("name", [name for name in NAMES if name != "enterface"])
def test_nesting_suffix_and_its_case_do_not_matter(touch, tmp_path, name):
    file = NAMES[name][0]
    keep = file.split("/")[-2:] if name == "savee" else file.split("/")[-1:]  # SAVEE's folders name the speaker
    stem = "/".join(keep).rpartition(".")[0]
    (tmp_path / "data").mkdir()
    touch(f"real/deep/er/{stem}.MP3")
    (tmp_path / "data/link").symlink_to(tmp_path / "real", target_is_directory=True)
    (tmp_path / "renamed").symlink_to(tmp_path / "data", target_is_directory=True)
    assert [load(tmp_path / place).name for place in ("real", "data", "renamed")] == [name] * 3


def test_links_in_a_circle_end(touch, tmp_path):
    folder = touch("data/1001_IEO_ANG_HI.wav")
    (tmp_path / "data/again").symlink_to(tmp_path, target_is_directory=True)
    assert len(load(folder)) == 1


@pytest.mark.parametrize(("name", "other"), [(name, other) for name, others in OTHERS.items() for other in others])
def test_other_names_are_counted(touch, name, other):
    dataset = load(touch(NAMES[name][0], f"other/{other}.wav"))
    assert len(dataset) == 1
    assert dataset.notes[-1] == "1 file with other names ignored"


def test_no_name_is_of_two_data_sets():
    for name, (file, *_) in NAMES.items():
        assert [kind for kind, source in DATASETS.items() if source.parse and source.parse(Path(file))] == [name]


def test_a_take_in_several_encodings_is_one_recording(touch):
    folder = touch("a/1001_IEO_ANG_HI.mp3", "b/1001_IEO_ANG_HI.WAV", "c/1001_ieo_ang_hi.flv", "b/1001_IEO_SAD_HI.mp3")
    recordings = load(folder).recordings
    assert [one.path.name for one in recordings] == ["1001_IEO_ANG_HI.WAV", "1001_IEO_SAD_HI.mp3"]
    assert [one.face and one.face.suffix for one in load(folder, video=True).recordings] == [".flv", None]


def test_both_ways_of_naming_savee(touch):
    folder = touch("AudioData/DC/a01.wav", "flat/DC_a01.wav", "flat/JE_a01.wav")
    assert load(folder).speakers.tolist() == ["DC", "JE"]


def test_facts_of_recordings(touch):
    cases = {
        "1001_IEO_ANG_MD.wav": {"intensity": "medium", "sentence": "it's eleven o'clock"},
        "03a01Fa.wav": {"gender": "male", "age": "31", "sentence": "a01"},
        "12-D-2-6.wav": {"gender": "female", "age": "37", "intensity": "strong", "sentence": "6"},
        "OA_bite_neutral.wav": {"gender": "female", "age": "64", "sentence": "say the word bite"},
    }
    for number, (file, facts) in enumerate(cases.items()):
        folder = touch(f"{number}/{file}") / str(number)
        assert facts.items() <= load(folder).recordings[0].tags.items()
    assert "intensity" not in load(touch("x/1040_ITH_SAD_X.wav") / "x").recordings[0].tags


def test_the_table_of_cremad_tells_gender_and_age(touch):
    folder = touch("AudioWAV/1001_IEO_ANG_HI.wav", "AudioWAV/1002_IEO_ANG_HI.wav")
    (folder / "VideoDemographics.csv").write_text('"ActorID","Age","Sex","Race"\n1001,51,"Male","x"\n')
    for path in (folder, folder / "AudioWAV"):
        first, second = load(path).recordings
        assert (first.tags["gender"], first.tags["age"], "gender" in second.tags) == ("male", "51", False)
    (folder / "VideoDemographics.csv").write_text("who,what\n1001,x\n")
    with pytest.raises(InputError, match=r"is not CREMA-D's table of speakers .*: take it out"):
        load(folder)


def test_secondary_emotions_are_left_out(touch):
    folder = touch("male1_angry_1a_1.wav", "male1_anxious_1a_1.wav", "male1_assertive_1a_1.wav")
    assert load(folder).labels.tolist() == ["angry"]
    assert load(folder).notes == ("2 files with secondary emotions ignored",)


def test_speakers_that_are_not_named_are_said(touch):
    assert load(touch(NAMES["mesd"][0])).notes[0].startswith("MESD does not name its 11 speakers")


def test_a_manifest_stays_one(touch):
    folder = touch("1001_IEO_ANG_HI.wav")
    (folder / "manifest.csv").write_text("path,label\n1001_IEO_ANG_HI.wav,calm\n")
    assert (load(folder).name, load(folder).classes) == ("manifest", ("calm",))


def test_names_of_several_data_sets(touch):
    folder = touch("a/1001_IEO_ANG_HI.wav", "a/1001_IEO_SAD_HI.wav", "b/03a01Fa.wav")
    with pytest.raises(InputError, match=r"several data sets \(2 of cremad, 1 of emodb\): name the folder of one$"):
        load(folder)


def test_no_known_names_lists_the_kinds(touch):
    with pytest.raises(InputError, match=r"none of 1 recordings in .* \(first talk.wav\) is named .*: ") as caught:
        load(touch("talk.wav"))
    said = str(caught.value)
    assert all(f"{name} ({source.expected})" in said for name, source in DATASETS.items() if source.expected)
    assert "manifest.csv" in said
    assert "\n" not in said


def test_unlabelled_recordings_of_a_known_speaker(touch):
    folder = touch("1001_IEO_ANG_HI.wav", "1001_IEO_SAD_HI.wav", "talk.wav")
    assert load_unlabelled(folder).speakers.tolist() == ["1001", "1001", ""]


# -- real recordings -------------------------------------------------------------------------------------------

REAL = ("cremad", "nemo", "emovo", "ased", "tess", "turevdb", "baved")
BAVED = {"low-tired": "level 0", "neutral": "level 1", "high-emotion": "level 2"}


@pytest.mark.parametrize("name", REAL)
def test_real_recordings_agree_with_their_label_table(data_dir, name):
    folder = data_dir / "corpora" / name
    if not folder.is_dir():
        pytest.skip(f"no {name} at hand")
    dataset = load(folder)
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    assert (dataset.name, dataset.notes) == (name, ())
    found = {str(one.path.relative_to(folder)): (one.label, one.speaker) for one in dataset.recordings}
    translate = BAVED if name == "baved" else {}
    assert found == {path: (translate.get(row["label"], row["label"]), row["speaker"]) for path, row in rows.items()}
    assert len({one.take for one in dataset.recordings}) == len(rows)
    relabel(dataset, "arousal")


def test_genders_and_ages_of_nemo_are_those_of_its_table(data_dir):
    folder = data_dir / "corpora" / "nemo"
    if not folder.is_dir():
        pytest.skip("no nemo at hand")
    with (folder / "data.tsv").open(encoding="utf-8") as file:
        rows = {row["file_id"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    for one in load(folder).recordings:
        row = rows[f"{one.path.stem}.wav"]
        assert (one.speaker, one.tags["gender"], one.tags["age"]) == (
            row["speaker_id"].strip(), row["gender"], row["age"]
        )  # fmt: skip


def test_real_genders(data_dir):
    folder = data_dir / "corpora" / "emovo"
    if not folder.is_dir():
        pytest.skip("no emovo at hand")
    assert Counter(one.tags["gender"] for one in load(folder).recordings) == {"female": 294, "male": 294}
