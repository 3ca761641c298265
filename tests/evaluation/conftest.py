"""A system that needs no sound: what it answers is set by the files' names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emospike.datasets import Dataset, Recording
from emospike.systems import SYSTEMS
from emospike.systems.contract import Decision, System
from emospike.validation import one_of

HEARD: list[dict[str, Any]] = []
"""What every system was fitted to, in order."""


@dataclass
class Stub(System):
    """Decides by a file's name: ``happy-0.8-anna-3.wav`` is happy with confidence 0.8."""

    normalise: str = "none"
    seed: int = 0

    @classmethod
    def presets(cls):
        return ("default", "other")

    @classmethod
    def preset(cls, name, seed=0):
        one_of("preset", name, cls.presets())
        return cls(seed=seed)

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

    def decide(self, clip, threshold=None):
        answer = dict(self._answer(clip))
        label = max(answer, key=answer.get)
        return Decision(label, answer, answer[label], True, "stub", {"audio": 1.0}, {"decode": 0.25, "classifier": 0.5})

    def adapt(self, clips, labels=None):
        raise NotImplementedError

    explain = operations = state = restore = adapt


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Register the stub as a system, and return what its systems were fitted to."""
    monkeypatch.setitem(SYSTEMS, "stub", f"{Stub.__module__}:Stub")
    monkeypatch.setattr(SYSTEMS, "load", {"stub": Stub}.__getitem__)
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
def four_speakers() -> Dataset:
    """Four speakers, each happy twice (decided rightly, surely) and sad once (rightly by half of them)."""
    rows = []
    for i, speaker in enumerate("abcd"):
        rows += [("happy", "happy", 0.9, speaker), ("happy", "happy", 0.8, speaker)]
        rows += [("sad", "sad" if i < 2 else "happy", 0.6, speaker)]
    return table(rows)
