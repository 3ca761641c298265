"""Made-up recordings: sounds in the form of speech that nobody spoke, for examples that need no data set.

A model decides on them as on any sound, and its decision means nothing: there is no emotion in them.

    python scripts/made_up.py FOLDER    writes what the examples of the documentation name
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import soundfile
from jaxtyping import Float32, UInt8
from PIL import Image

from emospike.features.openface import INTENSITIES

Sound = Float32[np.ndarray, " samples"]
RATE = 16_000
PITCHES = {"anna": 190.0, "ben": 110.0, "carla": 230.0, "dan": 130.0}
"""Mean pitch of each made-up speaker, Hz."""

VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))
"""Formants of a, i, u, e and o, Hz."""


def speak(hertz: Float32[np.ndarray, " samples"], tilt: float = 0.0, throat: float = 1.0, rate: int = RATE) -> Sound:
    """Return a voice of a moving pitch (Hz) that glides from vowel to vowel, five a second; its peak is 1.

    The k-th harmonic falls by k^-`tilt`; `throat` scales the formants, which are those of men for a, i, u, e and o
    (Peterson and Barney 1952). Without formants that move, the speech check hears no speech.
    """
    t = np.arange(len(hertz)) / rate
    phase, vowel = 2 * np.pi * np.cumsum(hertz) / rate, 5 * t % len(VOWELS)
    formants = [throat * np.interp(vowel, range(len(VOWELS) + 1), [*one, one[0]]) for one in zip(*VOWELS, strict=True)]
    sound = np.zeros(len(hertz))
    for k in range(1, int(0.45 * rate / hertz.max()) + 1):
        peaks = zip(formants, (1.0, 0.5, 0.25), (80, 110, 160), strict=True)
        gain = sum(level / (1 + ((k * hertz - formant) / width) ** 2) for formant, level, width in peaks)
        sound += k**-tilt * gain * np.sin(k * phase)
    return sound / np.abs(sound).max()


def voice(seconds: float, pitch: float = 190.0, liveliness: float = 0.5, seed: int = 0) -> Sound:
    """Return a moving pitch in syllables, at 16 kHz.

    `liveliness`, 0 to 1, makes a voice higher, faster, brighter and louder.
    """
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    hertz = pitch * (1 + 0.6 * liveliness) * (1 + 0.08 * np.sin(2 * np.pi * (0.7 + rng.random()) * t))
    syllables = 0.5 - 0.5 * np.cos(2 * np.pi * (3 + 3 * liveliness) * t + rng.random())
    noise = 0.002 * rng.standard_normal(len(t))
    sound = (0.2 + 0.3 * liveliness) * speak(hertz, 0.6 * (1 - liveliness)) * syllables + noise
    return sound.astype(np.float32)


def examples(folder: Path) -> Path:
    """Fill a folder with what the examples of the documentation name, and return it.

    ``clip.wav`` is one recording, and ``clip.csv`` the face of who speaks there, as action units; ``mine`` is a data
    set of four speakers with its ``manifest.csv``; ``odd`` holds files that something is wrong with.
    """
    write(folder / "clip.wav", voice(2.0, liveliness=0.8))
    write_face(folder / "clip.csv", 2.0)
    write_data_set(folder / "mine")
    write_odd_files(folder / "odd")
    return folder


def write(path: Path, sound: Float32[np.ndarray, "*shape"], rate: int = RATE, subtype: str = "PCM_16") -> None:
    """Write a sound file, and its folder if need be."""
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, sound, rate, subtype=subtype)


def pack_picture(image: UInt8[np.ndarray, "*shape"], quality: int = 85) -> bytes:
    """Return a picture as JPEG."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return file.getvalue()


def write_face(path: Path, seconds: float, smile: float = 2.5) -> None:
    """Write a face-tracking table of a mouth that speaks and a smile that grows."""
    lines = [",".join(["timestamp", "confidence", "success", *INTENSITIES])]
    for time in np.arange(0, seconds, 1 / 30):
        shown = {"AU12_r": smile * time / seconds, "AU25_r": 1 + np.sin(2 * np.pi * 4 * time)}
        lines.append(",".join([f"{time:.3f}", "1", "1", *(f"{shown.get(unit, 0.0):.2f}" for unit in INTENSITIES)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_drawn_face(path: Path, seconds: float, seed: int, *, smile: float, talk: float, brows: float = 0.0) -> None:
    """Write a face-tracking table with 68 landmarks: a mouth that talks and a smile and brows that rise, 30 a second.

    `smile` is -1 (corners down) to 1; `talk` how far the jaw goes, `brows` how high they rise; the rest of the face,
    and how it is held, are of the person who has this seed.
    """
    rng = np.random.default_rng(seed)
    columns = [f"{axis}_{point}" for axis in "xy" for point in range(68)]
    lines = [",".join(["timestamp", "confidence", "success", *INTENSITIES, *columns])]
    wide, beat = rng.uniform(0.92, 1.08, 2), rng.uniform(0, 2 * np.pi)
    for time in np.arange(0, seconds, 1 / 30):
        grown = min(2 * time / seconds, 1.0)
        jaw = talk * (0.5 - 0.5 * np.cos(2 * np.pi * 4 * time + beat))
        points = (
            face_points(smile * grown, jaw, brows * grown) * wide * 100
            + np.array([640, 360])
            + rng.normal(0, 0.15, (68, 2))
        )
        shown = {"AU12_r": max(5 * smile * grown, 0.0), "AU25_r": min(5 * jaw, 5.0), "AU01_r": 5 * brows * grown}
        values = [shown.get(unit, 0.0) for unit in INTENSITIES] + points.T.ravel().tolist()
        lines.append(",".join([f"{time:.3f}", "1", "1", *(f"{value:.2f}" for value in values)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_faces(folder: Path, clips: int = 4, seconds: float = 0.8) -> Path:
    """Write faces of four speakers, happy or sad in turn, as tables with landmarks, and return their manifest."""
    folder.mkdir(exist_ok=True)
    lines = ["path,label,speaker"]
    for number, speaker in enumerate(PITCHES):
        for i in range(clips):
            label, smile, talk = ("sad", -1.0, 0.2) if i % 2 else ("happy", 1.0, 1.0)
            write_drawn_face(folder / f"{speaker}-{i}.csv", seconds, 100 * number + i, smile=smile, talk=talk)
            lines.append(f"{speaker}-{i}.csv,{label},{speaker}")
    manifest = folder / "manifest.csv"
    manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return manifest


def face_points(smile: float, jaw: float, brows: float) -> np.ndarray:
    """Return the 68 landmarks (iBUG 300-W) of a face about 2 wide and 2 high, y down, the eyes at height 0."""
    side = np.linspace(-1, 1, 17)
    outline = np.stack([side, 0.2 + (1.1 + 0.15 * jaw) * np.sqrt(1 - 0.98 * side**2)], axis=1)
    brow = np.stack([np.linspace(-0.8, -0.2, 5), -0.25 - 0.2 * brows - 0.06 * np.sin(np.linspace(0, np.pi, 5))], axis=1)
    bridge = np.stack([np.zeros(4), np.linspace(0, 0.4, 4)], axis=1)
    base = np.stack([np.linspace(-0.2, 0.2, 5), np.full(5, 0.5)], axis=1)
    eye = 0.17 * np.array([(-1, 0), (-0.4, -0.4), (0.4, -0.4), (1, 0), (0.4, 0.4), (-0.4, 0.4)])
    eyes = [eye - np.array([0.45, 0]), eye + np.array([0.45, 0])]
    lips = [mouth(12, 0.4, 0.14 + 0.12 * jaw, smile), mouth(8, 0.3, 0.02 + 0.12 * jaw, smile)]
    return np.concatenate([outline, brow, brow[::-1] * (-1, 1), bridge, base, *eyes, *lips])


def mouth(points: int, half: float, height: float, smile: float) -> np.ndarray:
    """Return a closed line from the left corner over the upper lip; a smile lifts and parts the corners."""
    turn = np.pi + 2 * np.pi * np.arange(points) / points
    x, y = np.cos(turn), height * np.sin(turn)
    return np.stack([(half + 0.08 * smile) * x, 0.8 + y - 0.15 * smile * np.abs(x) ** 2], axis=1)


def write_data_set(folder: Path, clips: int = 6) -> None:
    """Write recordings of four speakers, happy or sad in turn and not always told apart, and their manifest."""
    rng = np.random.default_rng(0)
    lines = ["path,label,speaker"]
    for speaker, pitch in PITCHES.items():
        for i in range(clips):
            label = "sad" if i % 2 else "happy"
            liveliness = rng.uniform(0.0, 0.6) if label == "sad" else rng.uniform(0.4, 1.0)
            write(folder / f"{speaker}-{i}.wav", voice(1.5, pitch, liveliness, seed=i))
            lines.append(f"{speaker}-{i}.wav,{label},{speaker}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_odd_files(folder: Path) -> None:
    """Write one file for each thing that is commonly wrong with recordings."""
    good = voice(2.0)
    write(folder / "clipped.wav", np.clip(20 * good, -1, 1))
    write(folder / "silent.wav", np.zeros_like(good))
    write(folder / "noise.wav", np.random.default_rng(0).normal(0, 0.1, len(good)))
    write(folder / "stereo-8kHz.wav", np.stack([good[::2], good[::2]], axis=1), rate=8_000)
    write(folder / "too-short.wav", good[3_000:3_800])
    write(folder / "very-short.wav", good[3_000:7_800])
    write(folder / "nan.wav", np.where(np.arange(len(good)) == 99, np.nan, good), subtype="FLOAT")
    write(folder / "truncated.wav", good)
    (folder / "truncated.wav").write_bytes((folder / "truncated.wav").read_bytes()[:40_000])
    (folder / "empty.wav").write_bytes(b"")
    (folder / "text.wav").write_text("this is no sound\n" * 100, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("a folder expected: python scripts/made_up.py FOLDER")
    examples(Path(sys.argv[1]))
