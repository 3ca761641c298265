"""Vectors that are kept: the same results, without the same work."""

import inspect
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import emospike
from emospike.augmentation.channel import ChannelVariation, degrade
from emospike.augmentation.voice import VirtualSpeakers
from emospike.evaluation.retraining import hash_state
from emospike.networks.reservoir import STDP, Reservoir
from emospike.readout.state_vectors import StateVector
from emospike.systems.excube2.model import EXCube2
from emospike.systems.perceiving import PerceivingSystem
from emospike.systems.vector_cache import SOURCES, VARIABLE, Kept, VectorCache, keep_vectors
from emospike.systems.vectors import VectorSystem
from emospike.validation import InputError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder in which vectors are kept."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def make(small):
    """A function that makes a small cube with copies of every kind."""

    def new(**parameters):
        varied = {"augmentation": VirtualSpeakers(copies=1), "channel_variation": ChannelVariation(("telephone",))}
        return small(EXCube2, "default", **(varied | parameters))

    return new


def files(folder):
    return sorted(folder.rglob("*.npz"))


def never(*_, **__):
    raise AssertionError("a clip was perceived again")


def test_nothing_is_kept_unless_asked_for(make, speech, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert VectorCache.open(make().describe_vectors()) is None


def test_what_is_kept_changes_nothing(make, speech, unheard, folder, monkeypatch):
    first = make().fit(*speech)
    kept = files(folder)
    assert len(kept) == len(speech.clips)
    fresh = first.predict_by_modality(unheard.clips)[0]["audio"]
    heard = first.predict_by_modality(speech.clips)[0]["audio"]
    monkeypatch.setattr(EXCube2, "perceive_copies", never)
    monkeypatch.setattr(EXCube2, "represent", never)
    again = make().fit(*speech)
    assert hash_state(again) == hash_state(first)
    np.testing.assert_array_equal(again.predict_by_modality(speech.clips)[0]["audio"], heard)
    monkeypatch.undo()
    np.testing.assert_array_equal(again.predict_by_modality(unheard.clips)[0]["audio"], fresh)


def test_other_parameters_other_code_and_other_recordings_are_others(make, speech, folder, monkeypatch):
    made = make().fit(*speech)
    clip, cache = speech.clips[0], VectorCache.open(made.describe_vectors())
    assert cache.read(clip) is not None
    assert cache.read(degrade(clip, "gain:-20")) is None
    for other in (make(level=-20.0), make(seed=1), make(augmentation=VirtualSpeakers(copies=2))):
        assert VectorCache.open(other.describe_vectors()).read(clip) is None
    reader = make(coverage=0.5, normalise="speaker")
    assert VectorCache.open(reader.describe_vectors()).read(clip) is not None
    monkeypatch.setattr("emospike.systems.vector_cache.hash_code", lambda: "another version")
    assert VectorCache.open(made.describe_vectors()).read(clip) is None


def test_a_cube_that_learns_keeps_nothing(make, speech, folder):
    make(reservoir=Reservoir(stdp=STDP())).fit(*speech)
    assert files(folder) == []


def test_a_damaged_file_is_made_again(make, speech, folder):
    first = make().fit(*speech)
    for file in files(folder):
        file.write_bytes(file.read_bytes()[:100])
    assert hash_state(make().fit(*speech)) == hash_state(first)


def test_only_what_is_its_own_is_dropped_and_only_after_success(make, speech, tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    made, clip, kept = make().describe_vectors(), speech.clips[0], tmp_path / "kept"
    for failure in (InputError, MemoryError, KeyboardInterrupt):
        with pytest.raises(failure), keep_vectors(Path("kept")):
            monkeypatch.chdir(tmp_path.parent)
            VectorCache.open(made).write(clip, Kept({"audio": np.zeros((1, 2), np.float32)}))
            raise failure("failed")
        assert len(files(kept)) == 1
        monkeypatch.chdir(tmp_path)
    another = kept / "0123456789abcdef" / "0123456789abcdef.npz"
    another.parent.mkdir()
    for foreign in (kept / "notes.txt", another):
        foreign.write_text("")
    with keep_vectors(Path("kept")) as begun:
        assert begun == 2
        assert VectorCache.open(made).read(clip) is not None
    assert VARIABLE not in os.environ
    assert sorted(kept.rglob("*.*")) == [another, kept / "notes.txt"]
    assert sorted(kept.iterdir()) == [another.parent, kept / "notes.txt"]
    another.unlink()
    (kept / "notes.txt").unlink()
    another.parent.rmdir()
    with keep_vectors(kept):
        VectorCache.open(made)
    assert not kept.exists()


def test_a_relative_folder_is_the_same_from_anywhere(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, "kept")
    assert VectorCache.open(make().describe_vectors()).folder.parent == tmp_path / "kept"


def test_a_folder_that_cannot_be(make, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    with pytest.raises(InputError, match="cannot keep vectors in EMOSPIKE_CACHE"):
        VectorCache.open(make().describe_vectors())


def test_what_will_not_fit_is_refused_at_the_first_clip(make, speech, monkeypatch):
    monkeypatch.setattr("emospike.readout.memory.find_available_bytes", lambda: 1000)
    seen = []
    perceive = EXCube2.perceive
    monkeypatch.setattr(EXCube2, "perceive", lambda self, clip, *more: seen.append(clip) or perceive(self, clip, *more))
    with pytest.raises(InputError, match=r"needs about \d+\.\d GiB of memory, 0\.0 GiB are free"):
        make().fit(*speech)
    assert len(seen) < len(speech.clips)


def test_what_will_not_fit_any_more_is_refused_at_the_clip_whose_counts_are_large(make, speech, monkeypatch):
    free, asked = [10**12, 1000], []
    monkeypatch.setattr("emospike.readout.memory.find_available_bytes", lambda: asked.append(1) or free.pop(0))
    make_vectors = EXCube2._make_vectors

    def make_large(self, index, *more):
        made = make_vectors(self, index, *more)
        return replace(made, vectors={own: (300 if index == 3 else 1) * one for own, one in made.vectors.items()})

    monkeypatch.setattr(EXCube2, "_make_vectors", make_large)
    with pytest.raises(InputError, match=r"needs about \d+\.\d GiB of memory, 0\.0 GiB are free"):
        make().fit(*speech)
    assert len(asked) == 2
    free[:] = [10**12, 10**12]
    make().fit(*speech)


@pytest.mark.parametrize("kind", [VectorSystem, PerceivingSystem, EXCube2, StateVector, ChannelVariation])
def test_what_another_version_of_the_code_made_is_not_used(kind):
    file = Path(inspect.getfile(kind)).relative_to(Path(emospike.__file__).parent).as_posix()
    assert any(file == source or file.startswith(f"{source}/") for source in SOURCES)
