"""Faces of another take, or of another length, beside a sound are told."""

import made_up
import pytest
import soundfile

from emospike.clip import Clip
from emospike.datasets import load
from emospike.evaluation.reading import note_mismatches
from emospike.systems.baseline.model import Baseline
from emospike.systems.mismatch import describe_mismatch


def take(folder, heard=2.0, seen=2.0, sound="a.wav", face="a.csv"):
    """Write a sound and a face of so many seconds."""
    soundfile.write(folder / sound, made_up.voice(heard), 16_000)
    made_up.write_face(folder / face, seen)
    return Clip(folder / sound, face=folder / face)


@pytest.mark.parametrize(("heard", "seen", "said"), [
    (2.0, 2.0, None),
    (2.0, 2.6, None),
    (3.0, 1.0, r"the face (a.csv) lasts 1.0 s, the sound 3.0 s: is it of the same take?"),
    (1.0, 9.0, r"the face (a.csv) lasts 9.0 s, the sound 1.0 s: is it of the same take?"),
])  # fmt: skip
def test_another_length(tmp_path, heard, seen, said):
    clip = take(tmp_path, heard, seen)
    assert describe_mismatch(clip) == said
    assert describe_mismatch(Clip(clip.path, 0.5, face=clip.face)) is None  # a part
    assert describe_mismatch(Clip(clip.face)) is None


@pytest.mark.parametrize(("sound", "face", "other"), [
    ("03-01-06-01-02-01-12.wav", "01-01-06-01-02-01-12.csv", False),
    ("03-01-06-01-02-01-12.wav", "01-01-06-01-02-02-12.csv", True),
    ("1001_DFA_ANG_XX.wav", "1001_DFA_ANG_XX.csv", False),
    ("1001_DFA_ANG_XX.wav", "1002_DFA_ANG_XX.csv", True),
    ("anna.wav", "ben.csv", False),  # no data set's names
])  # fmt: skip
def test_names_of_another_take(tmp_path, sound, face, other):
    told = describe_mismatch(take(tmp_path, sound=sound, face=face))
    assert told == (f"the face ({face}) is named as another take than the sound: is it of this one?" if other else None)


def test_a_reason_and_a_note_tell_it(tmp_path, speech, faced):
    system = Baseline.preset("ridge", modality="both").fit(*faced(speech))
    clip = take(tmp_path, 3.0, 1.9)
    assert "the face (a.csv) lasts 1.9 s, the sound 3.0 s" in system.decide(clip).reason
    assert "is it of the same take" not in system.decide(take(tmp_path, 2.0, 2.0, "b.wav", "b.csv")).reason
    long = take(tmp_path, 12.0, 9.0, "c.wav", "c.csv")
    assert system.decide(long).reason.count("lasts 9.0 s, the sound 12.0 s") == 1
    rows = [f"{name}.wav,sad,anna,{name}.csv" for name in "abc"]
    (tmp_path / "m.csv").write_text("\n".join(["path,label,speaker,face", *rows]))
    noted = note_mismatches(load(tmp_path / "m.csv", video=True)).notes[-1]
    assert noted.startswith("2 of 3 recordings may have the face of another take; the first: a.wav: the face (a.csv)")
