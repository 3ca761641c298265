import numpy as np
import pytest

from emospike.datasets.manifest import from_frame, load
from emospike.validation import InputError

HEADER = "path,label,speaker\n"
GOOD = HEADER + "a.wav,happy,anna\nsub/b.wav,sad,bo\n"


@pytest.fixture
def csv(touch):
    """Write a CSV beside four empty recordings and return its path."""
    folder = touch("a.wav", "sub/b.wav", "c.wav", "d.wav")

    def write(text, encoding="utf-8"):
        (folder / "labels.csv").write_bytes(text.encode(encoding))
        return folder / "labels.csv"

    return write


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace(HEADER, " Path , LABEL,Speaker\n"),
        GOOD + "\n,,\n",
        GOOD.replace("happy", " Happy "),
        GOOD.replace("sub/b", "sub\\b"),
        '"path","label","speaker"\n"a.wav","happy","anna"\n"sub/b.wav","sad","bo"\n',
        "speaker,label,path\nanna,happy,a.wav\nbo,sad,sub/b.wav\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_spellings_of_one_manifest(csv, text, encoding):
    path = csv(text, encoding)
    dataset = load(path)
    assert dataset.paths.tolist() == [path.parent / "a.wav", path.parent / "sub" / "b.wav"]
    assert dataset.labels.tolist() == ["happy", "sad"]
    assert dataset.speakers.tolist() == ["anna", "bo"]


def test_a_manifest_of_real_recordings(ravdess, tmp_path):
    files = sorted((ravdess / "audio" / "Actor_02").glob("*.opus"))[:6]
    rows = "".join(f"{file},{label},2\n" for file, label in zip(files, ["bored", "excited"] * 3, strict=True))
    (tmp_path / "manifest.csv").write_text(HEADER + rows)
    dataset = load(tmp_path)
    assert dataset.paths.tolist() == files
    assert dataset.classes == ("bored", "excited")


def test_tables_go_both_ways(csv):
    pandas = pytest.importorskip("pandas")
    path = csv("path,label,speaker,room,face\na.wav,Happy,anna,kitchen,d.wav\nsub/b.wav,sad,bo,,\n")
    dataset = load(path, video=True)
    table = dataset.to_frame()
    assert table["label"].tolist() == ["happy", "sad"]
    assert table["room"].tolist() == ["kitchen", ""]
    assert table["corpus"].tolist() == ["manifest"] * 2
    again = from_frame(table, video=True)
    assert again.paths.tolist() == dataset.paths.tolist()
    assert [(one.label, one.speaker, one.face) for one in again.recordings] == [
        (one.label, one.speaker, one.face) for one in dataset.recordings
    ]
    with pytest.raises(InputError, match="table lacks the column label, it has path"):
        from_frame(table[["path"]])
    with pytest.raises(InputError, match="row 3 of table has no label"):
        from_frame(table.assign(label=["happy", None]))
    with pytest.raises(InputError, match="row 3 of table repeats"):
        from_frame(pandas.concat([table[:1], table[:1]]))
    with pytest.raises(InputError, match="no rows"):
        from_frame(table[:0])
    with pytest.raises(InputError, match="a pandas table expected, got 3"):
        from_frame(3)


@pytest.mark.parametrize("name", ["a\0b/c.wav", "a\0.wav", "x" * 5000 + "/a.wav", "a.wav/b.wav"])
def test_a_name_that_no_file_can_have_is_missing(csv, name):
    with pytest.raises(InputError, match=r"1 of 2 files of .* are missing"):
        load(csv(HEADER + f"a.wav,happy,anna\n{name},sad,bo\n"))


def test_a_link_is_the_file_that_it_points_to(csv):
    path = csv(HEADER + "a.wav,happy,anna\nlink.wav,sad,bo\n")
    (path.parent / "link.wav").symlink_to("c.wav")
    assert len(load(path)) == 2
    (path.parent / "link.wav").unlink()
    (path.parent / "link.wav").symlink_to("a.wav")
    with pytest.raises(InputError, match=r"repeats 'link\.wav' of row 2"):
        load(path)
    (path.parent / "link.wav").unlink()
    (path.parent / "link.wav").symlink_to("nothing.wav")
    with pytest.raises(InputError, match=r"1 of 2 files of .* are missing, first 'link\.wav'"):
        load(path)


def test_speaker_is_optional_and_other_columns_are_tags(csv):
    (recording,) = load(csv("path,label,room\na.wav,calm,kitchen\n")).recordings
    assert recording.speaker is None
    assert recording.tags == {"room": "kitchen"}
    assert recording.take == "a.wav"
    assert load(csv(HEADER + "a.wav,calm,\nc.wav,sad,\n")).speakers.tolist() == ["", ""]


def test_a_face_beside_the_sound(csv):
    path = csv("path,label,face,room\na.wav,calm,sub\\b.wav,kitchen\nc.wav,sad,,hall\n")
    seen, heard = load(path, video=True).recordings
    assert (seen.face, heard.face) == (path.parent / "sub" / "b.wav", None)
    assert seen.tags == {"room": "kitchen"}
    assert [clip.sees for clip in load(path, video=True).clips()] == [True, False]
    assert [recording.face for recording in load(path).recordings] == [None, None]
    path.write_text("path,label,face\na.wav,calm,\nc.wav,sad,film.mp4\n")
    with pytest.raises(InputError, match=r"the face 'film.mp4' in row 3 of .* is missing: paths are relative to"):
        load(path, video=True)
    assert len(load(path)) == 2


def test_eeg_beside_the_sound(csv):
    path = csv("path,label,eeg,eeg_start,room\na.wav,calm,sub\\b.wav,12.5,x\nc.wav,sad,d.wav,,x\nd.wav,sad,,,x\n")
    for video in (False, True):
        dataset = load(path, video)
        found = [(one.eeg, one.eeg_start) for one in dataset.recordings]
        assert found == [(path.parent / "sub" / "b.wav", 12.5), (path.parent / "d.wav", 0.0), (None, 0.0)]
        assert [(clip.eeg, clip.eeg_start) for clip in dataset.clips()] == found
        assert dataset.recordings[0].tags == {"room": "x"}
    chosen = load(path).select_modality("eeg")
    assert (len(chosen), chosen.notes) == (2, ("1 recording without EEG left out",))
    with pytest.raises(InputError, match="none of 1 recordings has EEG: name EEG recordings in the column eeg"):
        load(path).subset(np.array([2])).select_modality("eeg")
    path.write_text("path,label,eeg\na.wav,calm,\nc.wav,sad,one.edf\n")
    with pytest.raises(InputError, match=r"the eeg 'one.edf' in row 3 of .* is missing: paths are relative to"):
        load(path)
    for start in ("soon", "-1", "nan", "1e999"):
        path.write_text(f"path,label,eeg,eeg_start\na.wav,calm,d.wav,{start}\n")
        with pytest.raises(InputError, match=rf"eeg_start '{start}' in row 2 of .*: seconds expected, 0 or more"):
            load(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks the column label and path, it has nothing"),
        ("file;emotion\na.wav;sad\n", "lacks the column label and path, it has file, emotion"),
        ("path,emotion\na.wav,sad\n", "lacks the column label, it has path, emotion"),
        (HEADER, "has a header and no rows"),
        (HEADER + "\n\n", "has a header and no rows"),
        (HEADER + "a.wav,sad,bo,tall\n", "row 2 of .* has 4 fields and the header 3: .*double quotes"),
        (HEADER + "a.wav,sad\n", "row 2 of .* has 2 fields"),
        (HEADER + "a.wav,sad,bo\nc.wav, ,bo\n", "row 3 of .* has no label"),
        (HEADER + "a.wav,sad,bo\n\nc.wav,sad,\n", "1 of 2 rows of .* have no speaker, first row 4"),
        (
            HEADER + "a.wav,sad,x\ne.wav,sad,x\nf.wav,sad,x\n",
            "2 of 3 files of .* missing, first 'e.wav' in row 3",
        ),
        (HEADER + ",sad,x\n", "1 of 1 files of .* missing, first '' in row 2"),
        (HEADER + "sub,sad,x\n", "1 of 1 files of .* missing, first 'sub'"),
        (HEADER + "a.wav,sad,x\nsub/../a.wav,sad,x\n", "row 3 of .* repeats 'sub/../a.wav' of row 2"),
    ],
)
def test_mistakes_are_named(csv, text, message):
    with pytest.raises(InputError, match=message) as error:
        load(csv(text))
    assert "\n" not in str(error.value)


def test_real_label_table_without_the_right_columns(ravdess):
    with pytest.raises(InputError, match="lacks the column label and path, it has file, actor, gender"):
        load(ravdess / "labels.csv")


def test_a_single_label_that_looks_like_an_emotion_is_a_typo(csv):
    with pytest.raises(InputError, match=r"label 'hapy' in row 3 of .*labels.csv: did you mean 'happy'\?$"):
        load(csv(HEADER + "a.wav,sad,x\nc.wav,hapy,x\n"))


def test_a_single_label_that_looks_like_a_frequent_one_is_a_typo(csv):
    with pytest.raises(InputError, match=r"label 'borde' in row 4 .* 'bored'"):
        load(csv(HEADER + "a.wav,bored,x\nc.wav,bored,x\nd.wav,borde,x\n"))


def test_labels_of_ones_own_are_fine(csv):
    text = HEADER + "a.wav,unhappy,x\nc.wav,unhappy,y\nd.wav,happy,x\nsub/b.wav,excited,y\n"
    assert load(csv(text)).classes == ("excited", "happy", "unhappy")


def test_no_such_file_and_no_text(csv, tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*none.csv as CSV"):
        load(tmp_path / "none.csv")
    with pytest.raises(InputError, match=r"cannot read .*labels.csv as CSV in UTF-8"):
        load(csv(GOOD, "utf-16"))


def test_one_label_written_in_two_forms_of_unicode_is_one_class(csv):
    composed, apart = "fr\u00f6hlich", "fro\u0308hlich"
    rows = f"a.wav,{composed},anna\nsub/b.wav,{apart},bo\nc.wav, {apart}  sehr,bo\nd.wav,{composed} sehr,bo\n"
    assert load(csv(HEADER + rows)).classes == (composed, f"{composed} sehr")


@pytest.mark.parametrize("other", ["S02", "s2", "s 02", " S 2"])
def test_a_person_written_in_two_ways_is_named(csv, other):
    rows = f"a.wav,happy,s02\nsub/b.wav,sad,{other}\n"
    with pytest.raises(InputError, match=f"speaker '{other.strip()}' in row 3 of .* looks like 's02'"):
        load(csv(HEADER + rows))


def test_people_who_are_not_alike_are_others(csv):
    rows = "a.wav,happy,1\nsub/b.wav,sad,10\nc.wav,sad,100\n"
    assert load(csv(HEADER + rows)).speakers.tolist() == ["1", "10", "100"]


@pytest.mark.parametrize("label", ["nan", "NaN", "#N/A", "null"])
def test_what_programs_write_for_no_label_is_none(csv, label):
    with pytest.raises(InputError, match=f"row 3 of .* has the label '{label.lower()}': fill it in or delete"):
        load(csv(HEADER + f"a.wav,happy,anna\nsub/b.wav,{label},bo\n"))


def test_numbers_on_a_scale_are_no_classes(csv):
    with pytest.raises(InputError, match=r"numbers on a scale \(2\.5, 3\.1 \.\.\.\), and classes are learnt here"):
        load(csv(HEADER + "a.wav,2.5,anna\nsub/b.wav,3.1,bo\n"))
    assert load(csv(HEADER + "a.wav,0,anna\nsub/b.wav,1,bo\n")).classes == ("0", "1")


def test_labels_that_are_not_needed_are_tags(csv):
    (first, second) = load(csv(HEADER + "a.wav,2.5,anna\nsub/b.wav,3.1,bo\n"), labelled=False).recordings
    assert (first.label, first.tags, second.tags) == ("", {"label": "2.5"}, {"label": "3.1"})
    (unlabelled, _) = load(csv("path,speaker\na.wav,anna\nsub/b.wav,bo\n"), labelled=False).recordings
    assert unlabelled.tags == {}


def test_a_column_given_twice_is_named(csv):
    with pytest.raises(InputError, match=r"has the column label twice: leave one"):
        load(csv("path,label,Label\na.wav,happy,sad\n"))


def test_a_name_of_any_length_is_a_file_that_is_missing(tmp_path):
    (tmp_path / "manifest.csv").write_text(f"path,label,speaker\n{'a' * 5000},happy,anna\n")
    with pytest.raises(InputError, match=r"1 of 1 files of .* are missing"):
        load(tmp_path / "manifest.csv")
