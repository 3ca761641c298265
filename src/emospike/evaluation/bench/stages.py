"""One decision: its stages (the paper's Table 7), the whole command in a cold process, the model's file."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from emospike import store
from emospike.clip import Clip
from emospike.evaluation.bench.material import CLIP_SECONDS
from emospike.evaluation.bench.measurement import Measurement, Seconds, milliseconds, one_core
from emospike.systems.base import System
from emospike.validation import InputError

SEES = "excube2-both"
"""The shipped model that films are timed with."""


def measure(model: str, recording: Path, runs: int) -> list[Measurement]:
    """Return the time of each stage, warm and on one core, of the command, and the size of the model."""
    path = store.locate(model)
    decided = decisions(store.load(path), Clip(recording, 0, CLIP_SECONDS), runs)
    cold = commands(model, recording, 1 + runs // 10)  # a second each
    return [
        *decided,
        Measurement("cold process", float(np.median(cold)), "s", f"emospike recognise, fastest: {cold.min():.2f}"),
        Measurement("model file", path.stat().st_size / 1e6, "MB", path.name),
    ]


def film(film: Path, runs: int) -> list[Measurement]:
    """Return the time of each stage of a decision by sound and face, warm and on one core, and that of the brain alone.

    Raises `InputError` where the film shows no face, or MediaPipe or its model is missing.
    """
    system, clip = store.load(SEES), Clip(film, 0, CLIP_SECONDS)
    seen = system.decide(clip)
    if "face" not in seen.share:
        raise InputError(f"{film.name} was decided without a face: {seen.reason}")
    frames = sum(1 for _ in clip.frames())
    return [*decisions(system, clip, runs), Measurement("pictures", frames, "", f"of {clip.seconds:.2f} s")]


def decisions(system: System, clip: Clip, runs: int) -> list[Measurement]:
    """Return the time of each stage of a decision, and of all, after one to warm up."""
    stages = []
    with one_core():
        for _ in range(runs + 1):
            stages.append(system.decide(clip).seconds)
            clip.forget()
    warm = {name: np.array([one[name] for one in stages[1:]]) for name in stages[0]}
    whole = np.sum(list(warm.values()), axis=0)
    return [*(milliseconds(name, seconds) for name, seconds in warm.items()), milliseconds("all stages", whole)]


def commands(model: str, recording: Path, runs: int) -> Seconds:
    """Return the seconds that `emospike recognise` takes from start to end; a first run fills the caches."""
    command = [sys.executable, "-m", "emospike", "recognise", str(recording), "--model", model]
    taken = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        taken.append(time.perf_counter() - start)
        if done.returncode:
            raise InputError(f"emospike recognise failed: {(done.stdout + done.stderr).strip()}")
    return np.array(taken[1:])
