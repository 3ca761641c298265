"""One explanation of a generated sound through the real pipeline, with an invented decision and effects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emospike.brain.template import BrainTemplate
from emospike.brain.tonotopy import Tonotopy
from emospike.brain.wiring import InputWiring, SmallWorld
from emospike.clip import Clip
from emospike.encoding.error import reconstruction_error
from emospike.encoding.levels import Levels
from emospike.encoding.population import Population
from emospike.encoding.step_forward import StepForward
from emospike.features.mel import Mel
from emospike.features.prosody import Prosody
from emospike.networks.reservoir import Reservoir
from emospike.readout.interactions import frequency_groups, interactions, neurons_near
from emospike.series import frequencies_of
from emospike.spikes import joined
from emospike.systems.contract import Decision, Effect, Explanation
from emospike.systems.excube2_presets import CONTOUR_RANGE, CONTOUR_STEP


def voice(seconds: float = 1.5, rate: int = 16_000) -> Clip:
    """A hum whose pitch glides and whose loudness comes and goes."""
    t = np.arange(int(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(140 + 40 * np.sin(3 * t)) / rate
    hum = sum(np.sin(k * phase) / k for k in range(1, 20)) * np.maximum(np.sin(2 * np.pi * 2 * t), 0)
    return Clip.from_array((0.2 * hum).astype(np.float32), rate, name="voice.wav")


@pytest.fixture(scope="session")
def explanation() -> Explanation:
    clip, rng = voice(), np.random.default_rng(0)
    series = Mel().extract(clip)
    encoder = Levels.of(StepForward, (0.5, 1.0))
    spikes = encoder.encode(series)
    decoded = encoder.encoders[0].decode(encoder.split(spikes)[0], series.values[0])
    brain, sites = BrainTemplate.mni152(), Tonotopy().sites(frequencies_of(spikes.channels))
    inputs = InputWiring().connect(np.repeat(sites, 2, axis=0), brain, seed=1)
    activity = Reservoir.default().build(inputs, SmallWorld.default().connect(brain, seed=1)).run(spikes)
    groups = frequency_groups(spikes.channels)
    members = neurons_near(sites, groups, brain.positions)
    found = interactions(activity, members)

    def effects(names):
        return [Effect(name, float(rng.normal())) for name in names]

    return Explanation(
        name=clip.name,
        decision=Decision(
            "high",
            {"low": 0.1, "high": 0.9},
            0.9,
            True,
            "confidence 0.90 reaches the threshold 0.70",
            {"audio": 1.0},
            {"features": 0.01, "reservoir": 0.002},
        ),
        threshold=0.7,
        series={"Mel": series},
        bands=effects(groups),
        moments=effects([f"{start:.2f}-{start + 0.25:.2f} s" for start in np.arange(0, 1.5, 0.25)]),
        areas=effects(brain.regions),
        decoded={"Mel": (decoded, reconstruction_error(series, decoded).overall)},
        spikes=spikes,
        activity=activity,
        positions=brain.positions,
        region=brain.region,
        regions=brain.regions,
        sites=sites,
        nodes=tuple(members),
        interactions=found,
        class_interactions={"low": 0.5 * found, "high": found * rng.uniform(0.5, 1.5, found.shape)},
    )


@pytest.fixture(scope="session")
def contours(explanation: Explanation) -> Explanation:
    """The same sound as ten contours: levels with a threshold for each channel, and population fields."""
    levels = Levels([StepForward(tuple(part * step for step in CONTOUR_STEP)) for part in (0.15, 0.3, 0.6)])
    series, values = Prosody().extract(voice()), Prosody(bridge=False).extract(voice())
    spikes = joined([levels.encode(series), Population(*CONTOUR_RANGE).encode(values)])
    decoded = levels.encoders[0].decode(levels.encoders[0].encode(series), series.values[0])
    bands = [Effect(name, change) for name, change in (("50–200 Hz", 0.9), ("timbre", -0.02), ("intonation", -1.09))]
    return replace(
        explanation, series={"Prosody": series}, decoded={"Prosody": (decoded, 0.1)}, spikes=spikes, bands=bands
    )
