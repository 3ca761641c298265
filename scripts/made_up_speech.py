"""Made-up speech with labels: what every system is trained on in tests, and what `fingerprints` trains them on.

Harmonic tones of several speakers, whose pitch, level and rhythm tell the class; and their faces, as tables.
To the speech check they are no speech (see `speaking`).
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_up
import numpy as np

from emospike.clip import Clip
from emospike.systems.base import System

RATE = 16_000
PITCH = {"high": 220.0, "low": 110.0, "shrill": 480.0}
LEVEL = {"high": 0.5, "low": 0.12, "shrill": 0.3}
LOOKS = {
    "high": {"smile": 1.0, "talk": 1.0},
    "low": {"smile": -1.0, "talk": 0.2},
    "shrill": {"smile": 0.0, "talk": 0.5, "brows": 1.0},
}


def utterance(label: str, speaker: int, take: int, seconds: float = 0.8) -> Clip:
    """Four syllables with falling pitch, thirty harmonics, a formant of the speaker's own, and a little noise."""
    rng = np.random.default_rng([speaker, take, len(label)])
    time = np.arange(round(RATE * seconds)) / RATE
    pitch = PITCH[label] * (1 + 0.05 * speaker) * (1.1 - 0.2 * time / seconds) * rng.uniform(0.97, 1.03)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    formant = 700 + 120 * speaker
    voice = sum(
        np.exp(-0.5 * ((k * PITCH[label] - formant) / 500) ** 2) * np.sin(k * phase)
        for k in range(1, int(7000 / PITCH[label] / 1.4))
    )
    syllables = np.abs(np.sin(np.pi * 4 * time / seconds)) + 0.02
    sound = LEVEL[label] * rng.uniform(0.8, 1.2) * syllables * voice / np.abs(voice).max()
    sound += rng.normal(0, 1e-3, len(sound))
    return Clip.from_array(np.clip(sound, -0.99, 0.99).astype(np.float32), RATE, f"{label}-{speaker}-{take}.wav")


def speaking(clip: Clip) -> Clip:
    """Return the same clip with vowels in the place of its tones, which are speech to the speech check."""
    return clip.change(lambda sound: made_up.voice(len(sound) / RATE, 120.0))


class Speech:
    """Clips with their labels and speakers, in the order that `fit` takes them."""

    def __init__(self, labels: list[str], speakers: list[int], takes: int) -> None:
        rows = [(label, speaker, take) for speaker in speakers for label in labels for take in range(takes)]
        self.clips = [utterance(*row) for row in rows]
        self.labels = [label for label, _, _ in rows]
        self.speakers = [f"s{speaker}" for _, speaker, _ in rows]

    def __iter__(self) -> Any:
        return iter((self.clips, self.labels, self.speakers))


def with_face(clip: Clip, folder: Path) -> Clip:
    """Show the face of who speaks, in a table in a folder; mouth and brows tell the class, as the voice does."""
    label, speaker, take = clip.path.stem.split("-")
    table = folder / f"{clip.path.stem}-{clip.seconds:.1f}.csv"
    made_up.write_drawn_face(table, clip.seconds, 100 * int(speaker) + int(take), **LOOKS[label])
    return Clip(clip.path, face=table, _array=clip._array)


def with_faces(heard: Speech, folder: Path) -> Speech:
    """Show the face of who speaks in every clip."""
    seen = copy(heard)
    seen.clips = [with_face(clip, folder) for clip in heard.clips]
    return seen


def smallest(system: type[System], preset: str, modality: str | None = None, **parameters: Any) -> System:
    """Return the unfitted system of a preset, as small as it can be and still learn."""
    made = system.preset(preset) if modality is None else system.preset(preset, 0, modality)
    made.card = {"about": "a test", "preset": preset}
    if "neurons" in made.get_params(deep=False):
        parameters = {"neurons": 500} | parameters
    if "window" in made.get_params(deep=False):
        parameters = few_graphs(made) | parameters
    if "excerpt" in made.get_params(deep=False):
        parameters = few_tokens(made) | parameters
    if "camera" in made.get_params(deep=False):
        parameters = few_pixels(made) | parameters
    return made.set_params(**parameters)


def few_graphs(system: Any) -> dict[str, Any]:
    """What makes a system of synchrony graphs quick: fewer neurons, one look, a small network, larger steps."""
    classifier, features = replace(system.classifier, hidden=32, batch=min(system.classifier.batch, 8)), 5
    if classifier.epochs > 100:
        classifier, features = replace(classifier, epochs=100, learning_rate=1e-3), 8
    pathways = tuple(replace(path, layer=replace(path.layer, features=features)) for path in system.pathways)
    return {"pathways": pathways, "presentations": 1, "classifier": classifier}


def few_pixels(system: Any) -> dict[str, Any]:
    """What makes a system that looks at pictures quick: small ones, a small network, and few passes."""
    network = replace(system.network, size=24, steps=12, filters=8, hidden=64, padding=1, threshold=0.4)
    return {
        "pictures": replace(system.pictures, size=24),
        "camera": replace(system.camera, steps=12, sensitivity=0.05),
        "network": network,
        "training": replace(system.preset("default").training, epochs=24, batch=4, rate=0.01, average=0.9),
        "momentum": None,
        "members": 2,
        "parts": 2,
    }


def few_tokens(system: Any) -> dict[str, Any]:
    """What makes a spiking transformer quick: narrow tokens, few random features, short excerpts, two networks."""
    return {
        "network": replace(system.network, dim=16, random_features=60 if system.network.random_features else 0),
        "training": replace(system.training, epochs=20, batch=8, rate=0.02, average=0.8),
        "penalty": system.penalty and 10.0,
        "members": 2,
        "excerpt": 0.8,
    }
