"""Speech check: whether a recording holds speech, or only noise, hum, tones, clicks or music.

A learnt detector tells: Silero VAD 6.2 (Silero Team 2024, https://github.com/snakers4/silero-vad, MIT). Its weights are
run here with numpy: all but the recurrent layer is computed for many frames at once, which takes half the time of
runtimes that go from frame to frame, and no further package.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float32
from numpy.lib.stride_tricks import sliding_window_view

from emospike.clip import SAMPLE_RATE, Clip
from emospike.features.spectrum import HOP
from emospike.validation import positive, within

WEIGHTS = Path(__file__).with_name("data") / "silero_vad.safetensors"

FRAME = 512
"""Samples (32 ms) for which a probability is given."""

CONTEXT = 64
"""Samples before a frame that it is heard with, and that it is mirrored by at its end."""

WINDOW = 256
"""Samples (16 ms) of a spectrum; there are four in a frame, half a window apart."""

BLOCK = 1024
"""Frames (33 s) that are computed at once."""

PEAK = 0.5
"""Full scale at which a recording is heard: its own level does not matter."""

LOUDNESS = 640
"""Samples (40 ms) over which loudness is measured."""

QUIET = 40.0
"""dB below the loudest step from which a step counts as silence."""


@dataclass(frozen=True)
class SpeechCheck:
    """Tells whether a clip holds speech: frames of 32 ms that a learnt detector finds likely enough to be speech.

    The detector takes some mains hum and held tones for speech, whose loudness does not swing; that is asked for too.
    The limits are where 1 % of 2,974 recordings of speech are refused: short, noisy, echoing, clipped, over a
    telephone, shouted, whispered. To refuse speech is worse than to let music pass; docs/decisions.md has the numbers.

    Attributes
    ----------
    speech : seconds of speech that are needed; half a second of a sentence has more
    probability : from which a frame counts as speech; that of noise rarely reaches 0.1
    swing : standard deviation of the loudness, dB; 1.5 in speech with white noise at 0 dB, 0.7 at most in engines
    """

    speech: float = 0.25
    probability: float = 0.1
    swing: float = 1.0

    def __post_init__(self) -> None:
        positive("speech", self.speech)
        within("probability", self.probability, 0, 1)
        positive("swing", self.swing)

    def missing(self, clip: Clip) -> str | None:
        """Return what the clip lacks to be speech, in words, or None.

        >>> tone = Clip.from_array(np.sin(np.arange(16_000) / 5), 16_000)
        >>> SpeechCheck().missing(tone)
        '0.00 s of speech, 0.25 s are needed'
        """
        found = np.count_nonzero(detect_speech(clip.sound) >= self.probability) * FRAME / SAMPLE_RATE
        if found < self.speech:
            return f"{found:.2f} s of speech, {self.speech:g} s are needed"
        level = measure_loudness(clip.sound)
        swing = level[level > level.max() - QUIET].std()
        if swing < self.swing:
            return f"the loudness swings by {swing:.1f} dB, that of speech by {self.swing:g} dB or more"
        return None


def detect_speech(sound: Float32[np.ndarray, " samples"]) -> Float32[np.ndarray, " frames"]:
    """Return the probability of speech in every frame of a sound at 16 kHz; its level does not matter.

    Each frame is heard with what came before it; the last one is filled with silence.
    """
    weights = load_weights()
    count = -(-len(sound) // FRAME)
    level = np.float32(PEAK / max(np.abs(sound).max(), 1e-9))
    padded = np.pad(sound * level, (CONTEXT, count * FRAME - len(sound)))
    frames = sliding_window_view(padded, CONTEXT + FRAME)[::FRAME]
    encoded = np.concatenate([encode_frames(frames[at : at + BLOCK], weights) for at in range(0, count, BLOCK)])
    hidden = run_lstm(encoded @ weights["lstm.input"] + weights["lstm.bias"], weights["lstm.recurrent"])
    speech: Float32[np.ndarray, " frames"] = sigmoid(
        np.maximum(hidden, 0) @ weights["output.weight"] + weights["output.bias"]
    )
    return speech


@cache
def load_weights() -> dict[str, Float32[np.ndarray, ...]]:
    """Return the detector's weights by layer; a convolution's are (taps, inputs, outputs)."""
    from safetensors.numpy import load_file

    return {name: weight.astype(np.float32) for name, weight in load_file(WEIGHTS).items()}


def encode_frames(
    frames: Float32[np.ndarray, "frames samples"], weights: dict[str, Float32[np.ndarray, ...]]
) -> Float32[np.ndarray, "frames 128"]:
    """Return what four convolutions over the magnitudes of a short-time Fourier transform make of each frame."""
    from scipy.fft import rfft  # stays in float32

    mirrored = np.concatenate([frames, frames[:, -2 : -2 - CONTEXT : -1]], axis=1)
    windows = sliding_window_view(mirrored, WINDOW, axis=1)[:, :: WINDOW // 2]
    hann = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    steps = np.abs(rfft(windows * hann))
    for layer, stride in enumerate((1, 2, 2, 1), start=1):
        steps = convolve(steps, weights[f"conv{layer}.weight"], weights[f"conv{layer}.bias"], stride)
    encoded: Float32[np.ndarray, "frames 128"] = steps[:, 0]
    return encoded


def convolve(
    steps: Float32[np.ndarray, "frames steps inputs"],
    weight: Float32[np.ndarray, "3 inputs outputs"],
    bias: Float32[np.ndarray, " outputs"],
    stride: int,
) -> Float32[np.ndarray, "frames fewer outputs"]:
    """Return max(0, w * x + b), convolved along the steps of each frame, which are padded with one 0 at either end.

    >>> convolve(np.ones((1, 4, 1), np.float32), np.ones((3, 1, 1), np.float32), np.zeros(1, np.float32), 2).ravel()
    array([2., 3.], dtype=float32)
    """
    padded = np.pad(steps, ((0, 0), (1, 1), (0, 0)))
    last = steps.shape[1]
    out = sum(np.tensordot(padded[:, k : k + last : stride], weight[k], 1) for k in range(3)) + bias
    positive_part: Float32[np.ndarray, "frames fewer outputs"] = np.maximum(out, 0)
    return positive_part


def run_lstm(
    driven: Float32[np.ndarray, "frames gates"], recurrent: Float32[np.ndarray, "units gates"]
) -> Float32[np.ndarray, "frames units"]:
    """Return the output of a long short-term memory, from 0, of what drives its gates: input, forget, cell, output.

    c = f c + i tanh(g), h = o tanh(c), with i, f and o through a sigmoid (Hochreiter and Schmidhuber 1997; Gers 2000).
    """
    units = len(recurrent)
    cell, hidden = np.zeros(units, np.float32), np.zeros((len(driven) + 1, units), np.float32)
    for step, drive in enumerate(driven):
        gates = drive + hidden[step] @ recurrent
        admit, keep, _, emit = sigmoid(gates).reshape(4, units)
        cell = keep * cell + admit * np.tanh(gates[2 * units : 3 * units])
        hidden[step + 1] = emit * np.tanh(cell)
    return hidden[1:]


def sigmoid(x: Float32[np.ndarray, ...]) -> Float32[np.ndarray, ...]:
    """Return 1 / (1 + exp(-x)), which does not overflow.

    >>> sigmoid(np.array([-1e3, 0, 1e3], np.float32)).tolist()
    [0.0, 0.5, 1.0]
    """
    half: Float32[np.ndarray, ...] = 0.5 + 0.5 * np.tanh(0.5 * x)
    return half


def measure_loudness(sound: Float32[np.ndarray, " samples"]) -> Float32[np.ndarray, " steps"]:
    """Return the level of every 10 ms step over 40 ms, dB.

    >>> measure_loudness(np.ones(1600, np.float32))[3:6].tolist()
    [0.0, 0.0, 0.0]
    """
    from scipy.ndimage import uniform_filter1d

    power = uniform_filter1d(np.pad(np.square(sound), (0, HOP)), LOUDNESS, mode="constant")[: len(sound) + 1 : HOP]
    level: Float32[np.ndarray, " steps"] = 10 * np.log10(np.maximum(power, np.float32(1e-12)))
    return level
