"""Explanations: of a generated sound through the real pipeline, with an invented decision and effects; and of a
generated sound with its face by a small system of both senses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_up import speak

from emospike.brain.template import BrainTemplate
from emospike.brain.tonotopy import Tonotopy
from emospike.brain.wiring import InputWiring, SmallWorld
from emospike.clip import Clip
from emospike.decision import Decision
from emospike.encoding.error import reconstruction_error
from emospike.encoding.levels import Levels
from emospike.encoding.population import Population
from emospike.encoding.step_forward import StepForward
from emospike.explain import Attribution, Explanation
from emospike.explain.attribution import cut_moments
from emospike.explain.panels.animation import animate
from emospike.explain.panels.cube import CubePanel
from emospike.explain.panels.decision import DecisionPanel
from emospike.explain.panels.encoding import EncodingPanel
from emospike.explain.panels.inputs import InputsPanel
from emospike.explain.panels.interactions import show_interactions
from emospike.explain.panels.occlusion import OcclusionPanel
from emospike.features.mel import Mel
from emospike.features.openface import INTENSITIES
from emospike.features.prosody import Prosody
from emospike.networks.reservoir import STDP, Reservoir
from emospike.readout.early import VoteTrace
from emospike.readout.interactions import channel_groups, interactions, neurons_near
from emospike.series import frequencies_of
from emospike.spikes import join
from emospike.systems.excube2.model import EXCube2
from emospike.systems.excube2.panels import show_regions
from emospike.systems.excube2.presets import CONTOUR_RANGE, CONTOUR_STEP


def voice(seconds: float = 1.5, rate: int = 16_000) -> Clip:
    """Vowels whose pitch glides and whose loudness comes and goes."""
    t = np.arange(int(seconds * rate)) / rate
    sound = speak(140 + 40 * np.sin(3 * t), rate=rate) * np.maximum(np.sin(2 * np.pi * 2 * t), 0)
    return Clip.from_array((0.7 * sound).astype(np.float32), rate, name="voice.wav")


@pytest.fixture(scope="session")
def explanation() -> Explanation:
    """A decision on a sound, with attributions that are made up and pictures that are not."""
    clip, rng = voice(), np.random.default_rng(0)
    series, encoder, brain = Mel().extract(clip), Levels.of(StepForward, (0.5, 1.0)), BrainTemplate.mni152()
    spikes = encoder.encode(series)
    rebuilt = encoder.encoders[0].decode(encoder.split(spikes)[0], series.values[0])
    sites, groups = Tonotopy().sites(frequencies_of(spikes.channels)), channel_groups(spikes.channels)
    inputs = InputWiring().connect(np.repeat(sites, 2, axis=0), brain, seed=1)
    activity = Reservoir.default().build(inputs, SmallWorld.default().connect(brain, seed=1)).run(spikes)
    nodes = neurons_near(sites, groups, brain.positions)
    found = interactions(activity, nodes)
    means = {"low": 0.5 * found, "high": found * rng.uniform(0.5, 1.5, found.shape)}
    probabilities = {"low": 0.1, "high": 0.9}
    reason = "confidence 0.90 reaches the threshold 0.70; 2% of the samples are clipped"
    seconds = {"features": 0.01, "reservoir": 0.002}
    decision = Decision("high", probabilities, 0.9, True, reason, {"audio": 1.0}, seconds)

    def attributed(names):
        return [Attribution(name, float(rng.normal())) for name in names]

    moments = [name for name, _ in cut_moments(len(series), series.rate)]
    attributions = {
        "audio": attributed(groups), "moments": attributed(moments), "regions": attributed(brain.regions)
    }  # fmt: skip
    error = reconstruction_error(series, rebuilt).overall
    panels = [
        DecisionPanel(clip.name, decision, 0.7, "arousal", sound=clip.sound),
        OcclusionPanel("high", attributions, "Mel", series),
        animate(activity, brain, clip.sound),
        EncodingPanel("Mel", series, spikes, rebuilt, error),
        show_regions(activity, brain),
        InputsPanel(brain, spikes.channels, sites),
        CubePanel(brain, np.bincount(activity.neuron, minlength=activity.neurons), spikes.channels, sites),
        show_interactions(tuple(nodes), found, means, probabilities),
    ]
    return Explanation(clip.name, decision, 0.7, "arousal", "high", attributions, panels)


@pytest.fixture(scope="session")
def contours() -> EncodingPanel:
    """The same sound as ten contours: levels with a threshold for each channel, and population fields."""
    levels = Levels([StepForward(tuple(part * step for step in CONTOUR_STEP)) for part in (0.15, 0.3, 0.6)])
    series, values = Prosody().extract(voice()), Prosody(bridge=False).extract(voice())
    spikes = join([levels.encode(series), Population(*CONTOUR_RANGE).encode(values)])
    rebuilt = levels.encoders[0].decode(levels.encoders[0].encode(series), series.values[0])
    return EncodingPanel("Prosody", series, spikes, rebuilt, 0.1)


def spoken(high: bool, speaker: int, seconds: float = 0.9, rate: int = 16_000) -> np.ndarray:
    """Syllables, higher and louder where they are aroused."""
    t = np.arange(int(seconds * rate)) / rate
    pitch = (130 + 12 * speaker) * (1.7 if high else 1.0) * (1 + 0.04 * np.sin(9 * t))
    syllables = np.abs(np.sin(np.pi * (5 if high else 3) * t / seconds))
    return ((0.6 if high else 0.18) * speak(pitch, rate=rate) * syllables).astype(np.float32)


def face_points(opened: float) -> np.ndarray:
    """68 landmarks in pixels of a face whose mouth is opened, 0 to 1."""
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    jaw = [(640 + 180 * np.cos(a), 300 + (260 + 30 * opened) * np.sin(a)) for a in np.linspace(np.pi, 0, 17)]
    brows = [(x, 210) for x in (*np.linspace(500, 600, 5), *np.linspace(680, 780, 5))]
    nose = [(640, y) for y in np.linspace(260, 350, 4)] + [(x, 370) for x in np.linspace(610, 670, 5)]
    eyes = [(x + 30 * np.cos(a), 265 + 10 * np.sin(a)) for x in (560, 720) for a in turn[::2]]
    lips = [
        (640 + wide * np.cos(a), 450 + (tall + 30 * opened) * np.sin(a))
        for wide, tall, angles in ((60, 18, turn), (45, 2, turn[:8] * 1.5))
        for a in angles
    ]
    return np.array([*jaw, *brows, *nose, *eyes, *lips])


@pytest.fixture(scope="session")
def write_face():
    """The function that writes a face-tracking table; the face is lost in the frames that are named."""

    def write(path, high=True, speaker=0, seconds=0.9, lost=()):
        rng = np.random.default_rng([high, speaker])
        header = ["timestamp", "confidence", "success", *INTENSITIES]
        header += [f"{axis}_{point}" for axis in "xy" for point in range(68)]
        lines = [",".join(header)]
        for frame in range(int(seconds * 30)):
            opened = 0.5 + 0.5 * np.sin(frame / 3)
            values = rng.uniform(0, 0.4, len(INTENSITIES))
            values[8] = 3 * high + 1.5 * opened  # AU12
            points = face_points(opened).T.ravel()
            row = [frame / 30, 0.98, int(frame not in lost), *values, *points]
            lines.append(",".join(f"{value:.3f}" for value in row))
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


@dataclass(frozen=True)
class Both:
    """A trained system of both senses, and a new recording with its face."""

    system: EXCube2
    sound: Path
    face: Path


@pytest.fixture(scope="session")
def both(write_face, tmp_path_factory) -> Both:
    """A small system that hears, sees and learns by STDP."""
    folder = tmp_path_factory.mktemp("both")
    clips, labels, speakers = [], [], []
    for speaker in range(4):
        for high in (True, False) * 2:
            name = f"{speaker}-{len(clips)}"
            soundfile.write(folder / f"{name}.wav", spoken(high, speaker), 16_000)
            face = write_face(folder / f"{name}.csv", high, speaker)
            clips.append(Clip(folder / f"{name}.wav", face=face))
            labels.append("high" if high else "low")
            speakers.append(str(speaker))
    preset = EXCube2.preset("default", 0, "both")
    ways = {name: replace(getattr(preset, name), fan_out=20) for name in ("input_wiring", "face_wiring")}
    system = preset.set_params(neurons=500, augmentation=None, reservoir=Reservoir(stdp=STDP()), **ways)
    system.fit(clips, labels, speakers)
    soundfile.write(folder / "new.wav", spoken(True, 5), 16_000)
    return Both(system, folder / "new.wav", write_face(folder / "new.csv", True, 5, lost=range(4)))


@pytest.fixture(scope="session")
def seen(both: Both) -> Explanation:
    """Why the system decided as it did on the new recording."""
    return both.system.explain(Clip(both.sound, face=both.face))


@pytest.fixture(scope="session")
def trace() -> VoteTrace:
    """What twelve steps of an event camera saw, and the votes of two classes."""
    pictures = np.zeros((12, 2, 4, 4), np.float32)
    pictures[0] = 0.5
    pictures[5, 0, 1, 2] = pictures[5, 1, 3, 0] = 1
    votes = np.linspace([0.5, 0.5], [0.0, 1.0], 12).astype(np.float32)
    return VoteTrace(pictures, True, np.arange(12) / 10, votes, ("high", "low"), 12)
