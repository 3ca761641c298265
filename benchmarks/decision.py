"""One decision: its stages (the paper's Table 7), the whole command, the simplest alternative, a film; and training."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measurement import (
    CAN_PIN,
    CLIP_SECONDS,
    Measurement,
    Seconds,
    compare,
    run_in_fresh_process,
    summarise,
    time_rounds,
    use_cores,
    use_one_core,
)
from emospike import datasets, store
from emospike.clip import SAMPLE_RATE, Clip
from emospike.clip.batch import map_clips
from emospike.clip.synthetic import synthesise_speech
from emospike.evaluation.protocols import make_system
from emospike.evaluation.reading import drop_unreadable
from emospike.systems.base import System
from emospike.systems.competitive import LayerInputs
from emospike.validation import InputError

SEES = "excube2-both"
"""The shipped model that films are timed with."""

MOST_CLIPS = 200
"""Clips that the baseline is trained on, spread over the data set."""

PITCHES = {"anna": 200.0, "ben": 110.0, "carla": 230.0, "dan": 130.0}
"""Synthetic speakers and their pitch, Hz."""


def measure(model: str, recording: Path, runs: int) -> list[Measurement]:
    """Return the time of each stage, warm and on one core, of the command, and the size of the model."""
    path = store.locate(model)
    stages = time_stages(store.load(path), Clip(recording, 0, CLIP_SECONDS), runs)
    cold = time_command(model, recording, 1 + runs // 10)  # a second each
    return [
        *stages,
        Measurement("cold process", float(np.median(cold)), "s", f"emospike recognise, fastest: {cold.min():.2f}"),
        Measurement("model file", path.stat().st_size / 1e6, "MB", path.name),
    ]


def measure_film(film: Path, runs: int) -> list[Measurement]:
    """Return the time of each stage of a decision by sound and face, warm and on one core, and of all on two.

    Pictures are decoded in a thread beside the one that finds faces in them, so that two cores take less time.

    Raises
    ------
    InputError : the film shows no face, or MediaPipe or its model is missing
    """
    system, clip = store.load(SEES), Clip(film, 0, CLIP_SECONDS)
    decision = system.decide(clip)
    if "face" not in decision.share:
        raise InputError(f"{film.name} was decided without a face: {decision.reason}")
    frames = sum(1 for _ in clip.frames())
    with use_cores(1) if CAN_PIN else nullcontext():
        stages = time_stages(system, clip, runs)
    pictures = Measurement("pictures", frames, "", f"of {clip.seconds:.2f} s")
    return [*stages, *time_beside(system, clip, runs), pictures]


def time_beside(system: System, clip: Clip, runs: int) -> list[Measurement]:
    """Return the time of a decision on two cores, warm, and what it takes of processors in all."""
    name = "all stages, two cores"
    taken, used = [], []
    try:
        with use_cores(2), use_one_core():
            for _ in range(runs + 1):
                start = time.process_time()
                taken.append(sum(system.decide(clip).seconds.values()))
                used.append(time.process_time() - start)
                clip.forget()
    except InputError as error:
        return [Measurement(name, None, "ms", str(error))]
    return [summarise(name, np.array(taken[1:])), summarise("processor time", np.array(used[1:]), "of all threads")]


def time_stages(system: System, clip: Clip, runs: int) -> list[Measurement]:
    """Return the time of each stage of a decision, and of all, after one to warm up."""
    stages = []
    with use_one_core():
        for _ in range(runs + 1):
            stages.append(system.decide(clip).seconds)
            clip.forget()
    warm = {name: np.array([one[name] for one in stages[1:]]) for name in stages[0]}
    whole = np.sum(list(warm.values()), axis=0)
    return [*(summarise(name, seconds) for name, seconds in warm.items()), summarise("all stages", whole)]


def time_command(model: str, recording: Path, runs: int) -> Seconds:
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


def measure_baseline(model: str, recording: Path, runs: int, data: Path | None = None) -> list[Measurement]:
    """Return the time of one warm decision of a model and of the system baseline, functionals and SVM, side by side."""
    names = f"emospike, {Path(model).stem}", "functionals and SVM"
    ours = store.load(model)
    baseline, clips = train_baseline(data, ours.card.get("labels", "arousal"))

    def decide(system: System) -> None:
        system.decide(Clip(recording, 0, CLIP_SECONDS))  # decoded anew

    with use_one_core():
        taken = time_rounds({names[0]: partial(decide, ours), names[1]: partial(decide, baseline)}, runs)
    first, second = taken.values()
    return [
        summarise(names[0], first, "from file to decision"),
        summarise(names[1], second, f"the system baseline, trained on {clips}"),
        compare(names[1], second, first, f"the time of {names[0]}"),
    ]


def train_baseline(data: Path | None, labels: str) -> tuple[System, str]:
    """Return the baseline trained on part of a data set, or on synthetic speech, and what that was in words."""
    system = make_system("baseline")
    if data is None:
        voices = [(name, aroused, seed) for name in PITCHES for aroused in (False, True) for seed in range(3)]
        sounds = [synthesise_speech(2.0, PITCHES[name], aroused, seed) for name, aroused, seed in voices]
        clips = [Clip.from_array(sound, SAMPLE_RATE) for sound in sounds]
        arousal = ["high" if aroused else "low" for _, aroused, _ in voices]
        return system.fit(clips, arousal, [name for name, *_ in voices]), f"{len(clips)} synthetic clips"
    dataset = datasets.relabel(datasets.load(data), labels)
    part = np.unique(np.linspace(0, len(dataset) - 1, MOST_CLIPS).astype(int))
    dataset = drop_unreadable(dataset.subset(part))
    return system.fit(dataset.clips(), dataset.labels.tolist(), dataset.known_speakers), f"{len(dataset)} clips"


def measure_training(data: Path, labels: str = "arousal", system: str = "excube2") -> list[Measurement]:
    """Return what training the default preset costs, as `emospike train` does it, on all cores."""
    (seconds, megabytes, clips), peak = run_in_fresh_process(train, data, labels, system)
    return [
        Measurement("training", seconds, "s", f"{system} on {clips:,} clips from files, {labels}, all cores"),
        Measurement("peak memory", peak, "MB", "of the whole process"),
        Measurement("model file", megabytes, "MB"),
    ]


def train(data: Path, labels: str, system: str) -> tuple[float, float, int]:
    """Return the seconds that training takes, the size of the model in MB, and the number of clips."""
    start = time.perf_counter()
    dataset = datasets.relabel(drop_unreadable(datasets.load(data)), labels)
    model = make_system(system).fit(
        dataset.clips(), dataset.labels.tolist(), dataset.known_speakers, finer=datasets.finer_labels(dataset)
    )
    with tempfile.TemporaryDirectory() as folder:
        file = store.save(model, Path(folder) / "model.safetensors")
        return time.perf_counter() - start, file.stat().st_size / 1e6, len(dataset)


def measure_layers(data: Path) -> Measurement:
    """Return what it takes the layers of the system cross_modal to learn from all clips once, without the readout."""
    dataset = drop_unreadable(datasets.load(data))
    system = make_system("cross_modal")
    inputs, start = LayerInputs(system.pathways), time.perf_counter()
    found = map_clips(lambda _, clip: inputs.look(system.perceive(clip)), dataset.clips(), "features")
    system.learn_layers(list(found))
    seconds = time.perf_counter() - start
    note = f"features and STDP of cross_modal on {len(dataset):,} clips from files, all cores"
    return Measurement("competitive layers: one training pass", seconds, "s", note)
