"""A system that needs no sound: what it answers is set by the files' names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from emospike.datasets import Dataset, Recording
from emospike.decision import make_decision
from emospike.energy.operations import Operations
from emospike.features.face_track import NoFaceError
from emospike.readout.linear import LinearReadout
from emospike.readout.readout import Readout
from emospike.readout.scaling import SoftScaler
from emospike.systems import SYSTEMS
from emospike.systems.base import System
from emospike.systems.evidence import Evidence
from emospike.systems.info import SystemInfo
from emospike.systems.perception import MODALITIES, Perceived
from emospike.systems.vectors import VectorSystem

HEARD: list[dict[str, Any]] = []
"""What every system was fitted to, in order."""


def without_file(system, found, seconds, threshold=None):
    """Decide without remarks, for which the file would be read."""
    limit = system.limit(found.seen.modality, threshold)
    return make_decision(system.labels_, found.whole, limit, share=found.share, seconds=seconds)


@dataclass
class Stub(System):
    """Decides by a file's name: ``happy-0.8-anna-3.wav`` is happy with confidence 0.8."""

    normalise: str = "none"
    seed: int = 0
    modality: str = "audio"
    features = ()
    coverage = 0.78

    def _fit(self, training):
        names = [clip.name for clip in training.clips]
        HEARD.append(
            {"names": names, "labels": training.labels.tolist(), "speakers": training.speakers.tolist()}
            | {"system": self}
        )
        if training.progress:
            training.progress("fitting", len(names), len(names))
        self.card, self.readouts_ = {}, {"audio": Told(sorted(set(training.labels.tolist())))}

    def perceive(self, clip, modality=None):
        return Perceived(clip, (), ("audio",))

    def represent(self, seen, modalities, timer=None):
        return seen.clip.name

    def attend(self, clip, modality=None, timer=None):
        return self.perceive(clip), None

    def decide_on(self, found, threshold, seconds):
        return without_file(self, found, {"decode": 0.25, "classifier": 0.5})

    def _panels(self, seen, target):
        raise NotImplementedError

    def _operations(self, seen):
        return Operations(10, 0.1, 20, 30, 40, 50.0, 60, 70, 80.0)

    def state(self):
        return {"nothing": np.zeros(1)}, {}

    def restore(self, arrays, facts):
        raise NotImplementedError


@dataclass
class Names:
    """In place of a calibration: reads label and confidence out of names."""

    classes: tuple[str, ...]
    threshold_: float = 0.7
    risks_: None = None

    def probabilities(self, names):
        rows = []
        for name in names:
            label, confidence, *_ = name.split("-")
            rest = (1 - float(confidence)) / (len(self.classes) - 1)
            rows.append([float(confidence) if one == label else rest for one in self.classes])
        return np.array(rows)


class Told(Readout):
    """Says what the names of files say; it notes what speakers it was told."""

    def __init__(self, classes):
        self.calibration_, self.told = Names(tuple(classes)), []

    def scores(self, X, speakers=None):
        self.told.append(speakers)
        return X

    adapt = state = restore = None


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

    def _fit(self, training):
        self._fit_readouts(training, stage="fitting")

    def perceive(self, clip, modality=None):
        asked = MODALITIES[modality or self.modality]
        lacks = {"deaf": ["audio"], "blind": ["face"], "nothing": ["audio", "face"]}.get(
            clip.path.stem.split("-")[-1], []
        )
        found = tuple(one for one in asked if one not in lacks)
        if not found:
            raise NoFaceError(f"no face in {clip.name}")
        return Perceived(clip, (), found, {one: f"no {one}" for one in asked if one in lacks})

    def represent(self, seen, modalities, timer=None):
        label, speaker, *_ = seen.clip.path.stem.split("-")
        moved = self.apart * np.random.default_rng(list(speaker.encode())).normal(size=4)
        parts = [np.zeros(0)]
        for one in modalities:
            rng = np.random.default_rng([*seen.clip.name.encode(), len(one)])
            sign = 1 if label == "happy" else -1
            parts.append(rng.normal(size=4) + moved + self.clear[one] * sign * np.eye(4)[0])
        return np.concatenate(parts).astype(np.float32)

    def consider(self, clip, modality=None, timer=None):
        seen = self.perceive(clip, modality)
        timer.seconds |= {"features": {"audio": 1.0, "face": 3.0}.get(modality or "", 4.0), "shares": 9.0}
        return Evidence(seen, None, self.answer(seen, seen.modalities, learn=True), {})

    def decide_on(self, found, threshold, seconds):
        return without_file(self, found, dict(seconds), threshold)

    def _operations(self, seen):
        made = self.cost[seen.modality]
        return Operations(0, 0.0, made // 2, made // 2, 0, float(made), 0, 0, 0.0)

    _panels = restore = None


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
