"""What the bench is tried on: synthetic speech, a small data set of it, and a model of 500 neurons."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.decision import PITCHES
from benchmarks.reservoir import Recipe
from benchmarks.suite import find_recording
from emospike import store
from emospike.clip import Clip
from emospike.clip.synthetic import synthesise_speech
from emospike.systems.excube2.model import EXCube2


@pytest.fixture(scope="session")
def wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return find_recording(None, tmp_path_factory.mktemp("wav"))


@pytest.fixture(scope="session")
def recipe(wav: Path) -> Recipe:
    return Recipe.of(Clip(wav, 0, 4.0))


@pytest.fixture(scope="session")
def speech() -> list[tuple[str, str, np.ndarray]]:
    """Four speakers, each calm and aroused twice: (speaker, label, sound)."""
    return [
        (speaker, "happy" if aroused else "sad", synthesise_speech(2.0, pitch, aroused, seed))
        for speaker, pitch in PITCHES.items()
        for aroused in (False, True)
        for seed in (0, 1)
    ]


@pytest.fixture(scope="session")
def data(speech, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The speech as a data set; the last recording is long."""
    folder = tmp_path_factory.mktemp("data")
    lines = ["path,label,speaker"]
    for i, (speaker, label, sound) in enumerate(speech):
        soundfile.write(folder / f"{i}.wav", sound if i < 15 else np.tile(sound, 3), 16_000)
        lines.append(f"{i}.wav,{label},{speaker}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="session")
def model(speech, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 500 neurons."""
    small = EXCube2.preset("default")
    small = replace(small, neurons=500, augmentation=None, input_wiring=replace(small.input_wiring, fan_out=10))
    clips = [Clip.from_array(sound, 16_000, f"{i}") for i, (*_, sound) in enumerate(speech)]
    small.fit(clips, [label for _, label, _ in speech], [speaker for speaker, *_ in speech])
    small.card = {"labels": "emotion"}
    return store.save(small, tmp_path_factory.mktemp("model") / "tiny.safetensors")


@pytest.fixture(scope="session")
def by_name():
    """The function that returns the rows of a unit by name; no name comes twice."""

    def select(rows, unit="ms"):
        chosen = [row for row in rows if row.unit == unit]
        assert len({(row.name, row.at) for row in chosen}) == len(chosen)
        return {row.name: row.value for row in chosen}

    return select
