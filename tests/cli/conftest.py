"""A small model and a small data set, and the command line to use them with.

The speech is made up: vowels, in syllables; aroused speech is higher, faster, louder and brighter. It
stands in where the recordings do not matter but their number, form or defects do.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from made_up import speak
from typer.testing import CliRunner

from emospike import store
from emospike.cli import app
from emospike.datasets import DATASETS
from emospike.systems.excube2 import presets as excube2_presets

SPEAKERS = ("anna", "ben", "carla", "dan")
PITCH = dict(zip(SPEAKERS, (190.0, 110.0, 230.0, 130.0), strict=True))


def speech(seconds: float, speaker: str = "anna", high: bool = True, seed: int = 0, rate: int = 16_000) -> np.ndarray:
    """Return made-up speech."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    pitch = PITCH[speaker] * (1.6 if high else 1.0) * (1 + 0.05 * np.sin(2 * np.pi * (2 + rng.random()) * t))
    voice = speak(pitch, 0.0 if high else 0.6, rate=rate)
    syllables = 0.5 - 0.5 * np.cos(2 * np.pi * (6.0 if high else 3.0) * t + rng.random())
    return ((0.6 if high else 0.1) * voice * syllables + 0.002 * rng.standard_normal(len(t))).astype(np.float32)


@dataclass
class Outcome:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The JSON objects on stdout, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Outcome]


@pytest.fixture(scope="session")
def run() -> Run:
    """Run the command line in this process."""

    def command(*arguments: Any) -> Outcome:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return command


@contextmanager
def tiny_preset() -> Iterator[None]:
    """Offer a preset that trains in seconds, for as long as it is needed."""

    def preset(modality: str) -> dict[str, Any]:
        default = excube2_presets.default(modality)
        ways = {name: replace(way, fan_out=10) for name, way in default.items() if name.endswith("_wiring")}
        return default | {"neurons": 500, "augmentation": None} | ways

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(excube2_presets.PRESETS, "tiny", preset)
        yield


@pytest.fixture(scope="session")
def tiny_offered() -> Callable[[], AbstractContextManager[None]]:
    """The tiny preset for fixtures that outlive a test."""
    return tiny_preset


@pytest.fixture(autouse=True)
def tiny() -> Iterator[None]:
    """Add the tiny preset."""
    with tiny_preset():
        yield


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 32 made-up recordings of four speakers, happy or sad, with its manifest."""
    folder = tmp_path_factory.mktemp("data")
    lines = ["path,label,speaker"]
    for speaker in SPEAKERS:
        for i in range(8):
            name = f"{speaker}-{i}.wav"
            soundfile.write(folder / name, speech(1.2, speaker, high=i % 2 == 0, seed=i), 16_000)
            label = "happy" if i % 2 == 0 or (speaker, i) == ("dan", 7) else "sad"  # one wrong, so that nothing is sure
            lines.append(f"{name},{label},{speaker}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="session")
def model(run: Run, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of arousal, trained by the command line."""
    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    with tiny_preset():
        outcome = run("train", "excube2", "--data", data, "--preset", "tiny", "-o", path)
    assert outcome.code == 0, outcome.err
    return path


@pytest.fixture
def shipped_open(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two shipped models: one of RAVDESS, and one that is free for commercial use."""
    monkeypatch.delenv("EMOSPIKE_LICENCE", raising=False)
    for name, data, clips in (("excube2-arousal", "ravdess", 99), ("excube2-open", "cremad", 32)):
        system = store.load(model)
        system.card |= {"data": data, "licence": DATASETS[data].licence, "clips": clips}
        store.save(system, tmp_path / f"{name}.safetensors")
    monkeypatch.setattr(store, "SHIPPED", tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of made-up, aroused speech."""
    path = tmp_path_factory.mktemp("wav") / "speech.wav"
    soundfile.write(path, speech(2.0, seed=99), 16_000)
    return path
