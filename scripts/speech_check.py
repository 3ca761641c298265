"""Measure the speech check: how much real speech it refuses, and how much noise and music.

    python scripts/speech_check.py RECORDINGS

Speech is every recording in the folder, as it is and damaged. Noise and music are made up, 20 clips of each kind.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.signal import butter, lfilter, sosfilt

from emospike.clip import Clip, find_recordings
from emospike.features.speech import SpeechCheck

Sound = Float[np.ndarray, " samples"]
Kind = Callable[[float, np.random.Generator], Sound]
RATE = 16_000
LENGTHS = (0.5, 1.0, 3.0, 10.0)
SEEDS = 5
SCALE = 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12)


def times(seconds: float) -> Sound:
    return np.arange(round(seconds * RATE)) / RATE


def coloured(slope: float) -> Kind:
    """Noise whose power falls as f^-slope."""

    def noise(seconds: float, rng: np.random.Generator) -> Sound:
        spectrum = np.fft.rfft(rng.standard_normal(len(times(seconds))))
        return np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 1) ** (slope / 2), len(times(seconds)))

    return noise


def band_noise(seconds: float, rng: np.random.Generator) -> Sound:
    low = rng.uniform(100, 3000)
    band = butter(2, [low, low * rng.uniform(1.2, 2.5)], "band", fs=RATE, output="sos")
    return sosfilt(band, rng.standard_normal(len(times(seconds))))


def puffs(seconds: float, rng: np.random.Generator) -> Sound:
    """White noise in the rhythm of syllables."""
    return rng.standard_normal(len(times(seconds))) * (1 - np.cos(2 * np.pi * rng.uniform(3, 6) * times(seconds)))


def struck(per_second: float, decay: float) -> Kind:
    """Bursts of noise at random times: clicks, rain, applause."""

    def bursts(seconds: float, rng: np.random.Generator) -> Sound:
        hits = np.zeros(len(times(seconds)))
        count = max(1, rng.poisson(per_second * seconds))
        hits[rng.integers(0, len(hits), count)] = rng.exponential(1, count)
        envelope = lfilter([1], [1, -np.exp(-1 / (decay * RATE))], hits)
        return envelope * rng.standard_normal(len(hits)) + 1e-4 * rng.standard_normal(len(hits))

    return bursts


def harmonics(phase: Sound, rng: np.random.Generator, count: int = 12) -> Sound:
    return sum(rng.uniform(0.3, 1) / k * np.sin(k * phase + rng.uniform(0, 6)) for k in range(1, count + 1))


def mains_hum(seconds: float, rng: np.random.Generator) -> Sound:
    return harmonics(2 * np.pi * rng.choice([50, 60, 100]) * times(seconds), rng)


def engine(seconds: float, rng: np.random.Generator) -> Sound:
    drift = np.cumsum(rng.standard_normal(len(times(seconds)))) / np.sqrt(len(times(seconds)))
    phase = 2 * np.pi * np.cumsum(rng.uniform(30, 110) * (1 + 0.1 * drift)) / RATE
    return harmonics(phase, rng, 24) + 0.3 * rng.standard_normal(len(phase))


def tone(seconds: float, rng: np.random.Generator) -> Sound:
    return np.sin(2 * np.pi * rng.uniform(60, 4000) * times(seconds))


def beeps(seconds: float, rng: np.random.Generator) -> Sound:
    return tone(seconds, rng) * (times(seconds) % (period := rng.uniform(0.2, 1)) < period / 2)


def keypad(seconds: float, rng: np.random.Generator) -> Sound:
    """Tones of a telephone's keys (DTMF)."""
    low, high = rng.choice([697, 770, 852, 941], 50), rng.choice([1209, 1336, 1477], 50)
    t, key = times(seconds), (times(seconds) / 0.2).astype(int)
    return (np.sin(2 * np.pi * low[key] * t) + np.sin(2 * np.pi * high[key] * t)) * (t % 0.2 < 0.1)


def siren(seconds: float, rng: np.random.Generator) -> Sound:
    glide = 1 + 0.35 * np.sin(2 * np.pi * times(seconds) / rng.uniform(0.5, 3))
    return harmonics(2 * np.pi * np.cumsum(rng.uniform(300, 1000) * glide) / RATE, rng, 4)


def tune(*, decay: float, vibrato: float = 0.0, chord: tuple[float, ...] = (1.0,)) -> Kind:
    """Notes of 0.15 to 0.6 s that fade at `decay` per second; `vibrato` is a share of the pitch."""

    def notes(seconds: float, rng: np.random.Generator) -> Sound:
        sound, at = np.zeros(len(times(seconds))), 0
        while at < len(sound):
            t = times(rng.choice([0.15, 0.25, 0.3, 0.5, 0.6]))[: len(sound) - at]
            shape = np.exp(-decay * t) * np.minimum(1, t / 0.01) * np.minimum(1, (t[-1] - t) / 0.02)
            phase = 2 * np.pi * 220 * rng.choice(SCALE) * (t + vibrato / 35 * np.sin(2 * np.pi * 5.5 * t))
            sound[at : at + len(t)] = shape * sum(harmonics(ratio * phase, rng, 8) for ratio in chord)
            at += len(t)
        return sound

    return notes


def drums(seconds: float, rng: np.random.Generator) -> Sound:
    """Toms, whose pitch falls, and cymbals."""
    sound, beat = np.zeros(len(times(seconds))), times(60 / rng.uniform(160, 280))
    phase = 2 * np.pi * (rng.uniform(70, 140) * beat + 3 * (1 - np.exp(-20 * beat)))
    for at in range(0, len(sound), len(beat)):
        hit = np.sin(phase) * np.exp(-8 * beat) + 0.3 * rng.standard_normal(len(beat)) * np.exp(-60 * beat)
        sound[at : at + len(beat)] = hit[: len(sound) - at]
    return sound


NOISE: dict[str, Kind] = {
    "white noise": coloured(0), "pink noise": coloured(1), "brown noise": coloured(2), "band of noise": band_noise,
    "puffs of noise": puffs, "clicks": struck(4, 0.001), "rain": struck(500, 0.001), "applause": struck(60, 0.003),
    "mains hum": mains_hum, "engine": engine, "tone": tone, "beeps": beeps, "keypad": keypad, "siren": siren,
}  # fmt: skip
MUSIC: dict[str, Kind] = {
    "plucked notes": tune(decay=5), "held notes": tune(decay=0), "slight vibrato": tune(decay=0, vibrato=0.002),
    "chords": tune(decay=1, chord=(1, SCALE[2], SCALE[4])), "vibrato": tune(decay=2, vibrato=0.02),
    "drums": drums,
}  # fmt: skip


def made(kind: Kind) -> Iterator[Sound]:
    """Yield clips of several lengths, at several levels."""
    for seed in range(SEEDS):
        for seconds in LENGTHS:
            rng = np.random.default_rng([seed, round(10 * seconds)])
            sound = kind(seconds, rng)
            yield sound / np.abs(sound).max() * rng.choice([0.02, 0.1, 0.5, 0.9])


def damaged(sound: Sound) -> Iterator[tuple[str, Sound]]:
    """Yield a recording as it is, and what noise, telephones and wrong levels make of it."""
    yield "as it is", sound
    noise = np.random.default_rng(len(sound)).standard_normal(len(sound))
    for ratio in (10, 0):
        yield f"white noise at {ratio} dB", sound + noise * np.sqrt(np.mean(sound**2) / 10 ** (ratio / 10))
    yield "telephone band", sosfilt(butter(4, [300, 3400], "band", fs=RATE, output="sos"), sound)
    yield "20 dB quieter", 0.1 * sound
    yield "clipped at a tenth", np.clip(sound / np.abs(sound).max(), -0.1, 0.1)


def refused(sound: Sound) -> bool:
    return SpeechCheck().missing(Clip.from_array(sound, RATE)) is not None


def main() -> None:
    counts: dict[str, list[bool]] = {}
    for path in find_recordings([Path(sys.argv[1])]):
        for how, sound in damaged(Clip(path).sound):
            counts.setdefault(f"speech, {how}", []).append(refused(sound))
    for group, kinds in (("noise", NOISE), ("music", MUSIC)):
        for name, kind in kinds.items():
            counts[f"{group}, {name}"] = [refused(sound) for sound in made(kind)]
        counts[f"{group}, all"] = [one for name in kinds for one in counts[f"{group}, {name}"]]
    for what, found in counts.items():
        print(f"{what:32} {sum(found):5} of {len(found):5} refused")


if __name__ == "__main__":
    main()
