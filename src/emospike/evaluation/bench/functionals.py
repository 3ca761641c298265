"""A whole decision against the simplest alternative: functionals of the same sound and a support vector machine."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from emospike import datasets, store
from emospike.clip import SAMPLE_RATE, Clip
from emospike.evaluation.bench.material import CLIP_SECONDS, speech
from emospike.evaluation.bench.measurement import Measurement, interleaved, milliseconds, one_core, ratio
from emospike.evaluation.protocols import new_system
from emospike.evaluation.reading import readable
from emospike.systems.base import System

MOST_CLIPS = 200
"""Clips that the baseline is trained on, spread over the data set."""

PITCHES = {"anna": 200.0, "ben": 110.0, "carla": 230.0, "dan": 130.0}
"""Made-up speakers and their pitch, Hz."""


def measure(model: str, recording: Path, runs: int, data: Path | None = None) -> list[Measurement]:
    """Return the time of one warm decision of a model and of the baseline system, side by side."""
    names = f"emospike, {Path(model).stem}", "functionals and SVM"
    ours = store.load(model)
    baseline, clips = trained_baseline(data, ours.card.get("labels", "arousal"))
    systems = dict(zip(names, (ours, baseline), strict=True))
    with one_core():
        taken = interleaved({name: partial(decide, system, recording) for name, system in systems.items()}, runs)
    first, second = (taken[name] for name in names)
    return [
        milliseconds(names[0], first, "from file to decision"),
        milliseconds(names[1], second, f"the system baseline, trained on {clips}"),
        ratio(names[1], second, first, f"the time of {names[0]}"),
    ]


def decide(system: System, recording: Path) -> None:
    """Decode a recording anew and decide."""
    system.decide(Clip(recording, 0, CLIP_SECONDS))


def trained_baseline(data: Path | None, labels: str) -> tuple[System, str]:
    """Return the baseline trained on part of a data set, or on made-up voices, and what that was in words."""
    system = new_system("baseline")
    if data is None:
        voices = [(name, high, seed) for name in PITCHES for high in (False, True) for seed in range(3)]
        clips = [Clip.from_array(speech(2.0, PITCHES[name], high, seed), SAMPLE_RATE) for name, high, seed in voices]
        aroused = ["high" if high else "low" for _, high, _ in voices]
        return system.fit(clips, aroused, [name for name, *_ in voices]), f"{len(clips)} made-up clips"
    dataset = datasets.relabel(datasets.load(data), labels)
    part = np.unique(np.linspace(0, len(dataset) - 1, MOST_CLIPS).astype(int))
    dataset = readable(dataset.subset(part))
    return system.fit(dataset.clips(), dataset.labels.tolist(), dataset.known_speakers()), f"{len(dataset)} clips"
