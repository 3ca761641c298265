"""Made-up speech: harmonic tones of several speakers, whose pitch, level and rhythm tell the class."""

from collections.abc import Callable

import numpy as np
import pytest

from emospike.clip import Clip

RATE = 16_000
PITCH = {"high": 220.0, "low": 110.0, "shrill": 480.0}
LEVEL = {"high": 0.5, "low": 0.12, "shrill": 0.3}


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


class Speech:
    """Clips with their labels and speakers, in the order that `fit` takes them."""

    def __init__(self, labels: list[str], speakers: list[int], takes: int) -> None:
        rows = [(label, speaker, take) for speaker in speakers for label in labels for take in range(takes)]
        self.clips = [utterance(*row) for row in rows]
        self.labels = [label for label, _, _ in rows]
        self.speakers = [f"s{speaker}" for _, speaker, _ in rows]

    def __iter__(self):
        return iter((self.clips, self.labels, self.speakers))


@pytest.fixture(scope="session")
def speech() -> Speech:
    """Twenty-four training clips of two classes and four speakers."""
    return Speech(["high", "low"], [0, 1, 2, 3], takes=3)


@pytest.fixture(scope="session")
def unheard() -> Speech:
    """Eight clips of two other speakers."""
    return Speech(["high", "low"], [4, 5], takes=2)


@pytest.fixture(scope="session")
def shrill() -> Speech:
    """Eight clips of a class that was not trained."""
    return Speech(["shrill"], [0, 1], takes=4)


@pytest.fixture(scope="session")
def short() -> Clip:
    """Three tenths of a second."""
    return utterance("high", 0, 0, seconds=0.3)


@pytest.fixture(scope="session")
def small() -> Callable:
    """Make the system of a preset, with the smallest cube that there is."""

    def make(system, preset, **parameters):
        made = system.preset(preset)
        made.card = {"about": "a test"}
        if "neurons" in made.get_params():
            parameters = {"neurons": 500} | parameters
        return made.set_params(**parameters)

    return make
