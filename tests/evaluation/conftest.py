"""A system that needs no sound: what it answers is set by the files' names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from emospike.datasets import Dataset, Recording
from emospike.energy.operations import Operations
from emospike.features.face_track import NoFaceError
from emospike.readout.linear import LinearReadout
from emospike.readout.scaling import SoftScaler
from emospike.systems import SYSTEMS
from emospike.systems.base import Decision, System
from emospike.systems.info import SystemInfo
from emospike.systems.perception import MODALITIES, Perceived
from emospike.systems.vector_system import VectorSystem

HEARD: list[dict[str, Any]] = []
"""What every system was fitted to, in order."""


@dataclass
class Stub(System):
    """Decides by a file's name: ``happy-0.8-anna-3.wav`` is happy with confidence 0.8."""

    normalise: str = "none"
    seed: int = 0

    def fit(self, clips, labels, speakers=None, progress=None, finer=None):
        names = [clip.name for clip in clips]
        HEARD.append({"names": names, "labels": labels, "speakers": speakers, "system": self})
        if progress:
            progress("fitting", len(clips), len(clips))
        self.classes_, self.threshold_, self.card = tuple(sorted(set(labels))), 0.7, {}
        return self

    def predict_proba(self, clips, speakers=None, progress=None):
        self.asked = speakers
        return np.array([[p for _, p in self._answer(clip)] for clip in clips])

    def _answer(self, clip):
        label, confidence, *_ = clip.name.split("-")
        rest = (1 - float(confidence)) / (len(self.classes_) - 1)
        return [(name, float(confidence) if name == label else rest) for name in self.classes_]

    def decide(self, clip, threshold=None, modality=None):
        answer = dict(self._answer(clip))
        label = max(answer, key=answer.get)
        return Decision(label, answer, answer[label], True, "stub", {"audio": 1.0}, {"decode": 0.25, "classifier": 0.5})

    def adapt(self, clips, labels=None):
        raise NotImplementedError

    def operations(self, clip, modality=None):
        return Operations(10, 0.1, 20, 30, 40, 50.0, 60, 70, 80.0)

    def state(self):
        return {"nothing": np.zeros(1)}, {}

    explain = restore = adapt


@dataclass
class Toy(VectorSystem):
    """Perceives numbers, which the names of files stand for: ``high-anna-3.wav``, ``low-ben-1-deaf.wav``.

    Each speaker moves all numbers by an amount of its own; the face tells classes better than the sound. Where a name
    ends in ``deaf`` nothing is heard, in ``blind`` no face is found, and in ``nothing`` neither.
    """

    normalise: str = "none"
    seed: int = 0
    modality: str = "both"
    classifier: Any = field(default_factory=lambda: LinearReadout(10.0))
    coverage: float = 0.78
    apart: float = 0.0
    cost: Mapping[str, int] = field(default_factory=lambda: {"audio": 40, "face": 30, "both": 60})

    features = ()
    scaler = SoftScaler(root=False, rare=0.0)
    clear = MappingProxyType({"audio": 0.9, "face": 1.8})

    def perceive(self, clip, modality=None):
        asked = MODALITIES[modality or self.modality]
        lacks = {"deaf": ["audio"], "blind": ["face"], "nothing": ["audio", "face"]}.get(
            clip.path.stem.split("-")[-1], []
        )
        senses = tuple(sense for sense in asked if sense not in lacks)
        if not senses:
            raise NoFaceError(f"no face in {clip.name}")
        return Perceived(clip, (), senses, {sense: f"no {sense}" for sense in asked if sense in lacks})

    def vector(self, seen, senses, watch=None):
        label, speaker, *_ = seen.clip.path.stem.split("-")
        moved = self.apart * np.random.default_rng(list(speaker.encode())).normal(size=4)
        parts = [np.zeros(0)]
        for sense in senses:
            rng = np.random.default_rng([*seen.clip.name.encode(), len(sense)])
            parts.append(
                rng.normal(size=4) + moved + self.clear[sense] * (1 if label == "happy" else -1) * np.eye(4)[0]
            )
        return np.concatenate(parts).astype(np.float32)

    def decide(self, clip, threshold=None, modality=None):
        seconds = {"features": {"audio": 1.0, "face": 3.0}.get(modality or "", 4.0), "shares": 9.0}
        return Decision("happy", {}, 1.0, True, "toy", {}, seconds)

    def operations(self, clip, modality=None):
        made = self.cost[modality or self.modality]
        return Operations(0, 0.0, made // 2, made // 2, 0, float(made), 0, 0, 0.0)

    def detailed(self, shown, seen):
        return shown


def plain(modality: str) -> dict[str, Any]:
    """Return the parameters of a preset that changes nothing."""
    return {}


def spoken(speakers: Sequence[str], takes: int = 10, ending: Callable[[int], str] = lambda take: "") -> Dataset:
    """Make a data set of happy and sad takes for `Toy`."""
    rows = [(label, who, take) for who in speakers for take in range(takes) for label in ("happy", "sad")]
    recordings = [
        Recording(Path(f"{label}-{who}-{take}{ending(take)}.wav"), label, who, f"{label}-{who}-{take}")
        for label, who, take in rows
    ]
    return Dataset("manifest", tuple(recordings))


@pytest.fixture
def takes_of() -> Callable[..., Dataset]:
    """Return `spoken`, for data sets of `Toy`."""
    return spoken


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> type[Toy]:
    """Register `Toy` as a system, and return it."""
    monkeypatch.setitem(SYSTEMS, "toy", SystemInfo("toy", Toy, "A toy", {"default": plain}))
    return Toy


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Register the stub as a system, and return what its systems were fitted to."""
    presets = {"default": plain, "other": plain}
    monkeypatch.setitem(SYSTEMS, "stub", SystemInfo("stub", Stub, "A stub", presets, modalities=("audio",)))
    HEARD.clear()
    return HEARD


def table(rows: Sequence[tuple[str, str, float, str | None]], name: str = "manifest") -> Dataset:
    """Make a data set from (true label, decided label, confidence, speaker)."""
    recordings = [
        Recording(Path(f"{decided}-{confidence}-{speaker}-{i}.wav"), label, speaker, f"{i}")
        for i, (label, decided, confidence, speaker) in enumerate(rows)
    ]
    return Dataset(name, tuple(recordings))


@pytest.fixture
def table_of() -> Callable[..., Dataset]:
    """Return `table`, for tests of their own recordings."""
    return table


@pytest.fixture
def four_speakers() -> Dataset:
    """Four speakers, each happy twice (decided rightly, surely) and sad once (rightly by half of them)."""
    rows = []
    for i, speaker in enumerate("abcd"):
        rows += [("happy", "happy", 0.9, speaker), ("happy", "happy", 0.8, speaker)]
        rows += [("sad", "sad" if i < 2 else "happy", 0.6, speaker)]
    return table(rows)
