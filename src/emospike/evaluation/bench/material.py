"""What is measured on: a recording of 4 s, real or made up, and reservoirs of any size that it drives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from emospike import datasets
from emospike.brain.template import GRID_NEURONS, BrainTemplate
from emospike.brain.wiring import InputWiring
from emospike.clip import SAMPLE_RATE, Clip
from emospike.networks.reservoir import STDP, Network
from emospike.series import frequencies_of
from emospike.spikes import Spikes, joined
from emospike.systems.excube2.model import EXCube2
from emospike.validation import InputError

CLIP_SECONDS = 4.0
"""Length of the clip that everything is measured on: 400 steps of 10 ms."""

FAN_IN = 12
"""Recurrent synapses a neuron, unless they are what is varied."""


def speech(
    seconds: float = CLIP_SECONDS, pitch: float = 160.0, high: bool = True, seed: int = 0
) -> Float32[np.ndarray, " samples"]:
    """Return a made-up voice: harmonics of a moving pitch (Hz) in syllables, phrases and pauses, at 16 kHz.

    An aroused voice (`high`) is louder, higher, faster and brighter.
    """
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    moving = pitch * (1.5 if high else 1.0) * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * t + 2 * np.pi * rng.random()))
    phase = 2 * np.pi * np.cumsum(moving) / SAMPLE_RATE
    tilt = 1.0 if high else 1.8
    voice = sum(np.sin(k * phase) / k**tilt for k in range(1, 16))
    syllables = np.sin(np.pi * (5.0 if high else 3.0) * t) ** 2
    phrases = np.sin(np.pi * t / CLIP_SECONDS) > 0.75
    noise = rng.standard_normal(len(t))
    sound = (0.2 if high else 0.05) * syllables * phrases * (voice + 0.05 * noise) + 1e-4 * noise
    return np.asarray(sound, np.float32)


def recording(data: Path | None, folder: Path) -> Path:
    """Return the first recording of a data set that lasts 4 s; without data, made-up speech written to `folder`.

    Raises
    ------
    InputError : no data set at that path, or no recording of 4 s in it
    """
    if data is None:
        import soundfile

        path = folder / "speech.wav"
        soundfile.write(path, speech(), SAMPLE_RATE)
        return path
    for clip in datasets.load(data).clips():
        if clip.seconds >= CLIP_SECONDS:
            return clip.path
    raise InputError(f"no recording of at least {CLIP_SECONDS:g} s in {data}: leave --data out to use made-up speech")


@dataclass(frozen=True)
class Recipe:
    """What reservoirs of any size are built from, and the spikes that drive them.

    Attributes
    ----------
    system : the settings, as a system that is not trained
    spikes : what the system's encoders make of a clip
    """

    system: EXCube2
    spikes: Spikes

    @classmethod
    def of(cls, clip: Clip, preset: str = "default") -> Recipe:
        """Take the settings of a preset and the spikes of a clip."""
        system = EXCube2.preset(preset)
        encoded = [
            encoder.encode(series) for encoder, series in zip(system.encoders, system.perceive(clip).there, strict=True)
        ]
        return cls(system, joined(encoded))

    def network(self, neurons: int = GRID_NEURONS, fan_in: int = FAN_IN, stdp: bool = False) -> Network:
        """Return a reservoir in which about the same share of neurons fires whatever its size.

        Input lines reach the same share of neurons; recurrent weights fall as their number rises, and reach as far as
        `fan_in` partners ask for.
        """
        system, share, more = self.system, neurons / GRID_NEURONS, fan_in / FAN_IN
        brain = BrainTemplate.mni152(neurons, system.seed)
        inputs, wiring = system.input_wiring, system.wiring
        if isinstance(inputs, InputWiring):
            inputs = replace(inputs, fan_out=max(1, round(inputs.fan_out * share)))
        wiring = replace(
            wiring,
            density=None,
            peak=None,
            fan_in=fan_in,
            strength=wiring.strength / more,
            length=wiring.length * max(1.0, more / share) ** (1 / 3),
        )
        reservoir = replace(system.reservoir, stdp=STDP() if stdp else None)
        sites = system.tonotopy.sites(frequencies_of(self.spikes.channels))
        lines = np.repeat(sites, reservoir.lines(1), axis=0)
        return reservoir.build(
            inputs.connect(lines, brain, system.seed), wiring.connect(brain, system.seed), system.seed
        )


def repeated(spikes: Spikes, times: int) -> Spikes:
    """Return the same spikes several times, one after the other.

    >>> from emospike.series import Channel
    >>> once = Spikes.from_dense(np.array([[1], [0]], np.int8), 100.0, (Channel("a", "audio"),))
    >>> repeated(once, 3).step.tolist()
    [0, 2, 4]
    """
    later = np.repeat(np.arange(times, dtype=np.int32) * np.int32(spikes.steps), len(spikes))
    return replace(
        spikes,
        step=np.tile(spikes.step, times) + later,
        channel=np.tile(spikes.channel, times),
        sign=np.tile(spikes.sign, times),
        steps=spikes.steps * times,
    )


def learn_afresh(network: Network, spikes: Spikes) -> None:
    """Let a network learn from a sample, then forget it again, so that every run does the same work."""
    before = network.recurrent.weights.copy()
    network.learn(spikes)
    network.recurrent.weights[:] = before
