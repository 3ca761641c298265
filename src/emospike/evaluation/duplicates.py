"""Duplicates: recordings that are in two data sets at once, as the same file or as the same sound in another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Complex, Float, Float32

from emospike.clip import SAMPLE_RATE, Clip
from emospike.clip.batch import map_clips
from emospike.datasets import Dataset
from emospike.evaluation.leaks import hash_content
from emospike.progress import Progress
from emospike.validation import InputError

LONGEST = 20.0
"""Seconds of sound, from its beginning, that are compared."""

ALIKE = 0.97
"""Cosine of two fingerprints from which the sounds themselves are compared. Of 72 recordings of RAVDESS, encoded anew
in four ways (down to Opus at 24 kbit/s, and to 8 kHz), none has less than 0.995 with itself."""

SAME = 0.9
"""Correlation of two sounds, at the best shift, from which they are one recording: those have 0.96 at least, and two
takes of one sentence by one actor 0.2 to 0.4."""

_FRAME, _HOP = 400, 160  # samples at 16 kHz: 25 ms every 10 ms
_EDGES = np.geomspace(120, 3_400, 17)  # Hz, of 16 bands within what telephone and speech codecs keep
_FASTEST = 8.0  # Hz, of the modulations that are kept
_TRIED = 4  # the most similar fingerprints whose sounds are compared

Sound = Float32[np.ndarray, " samples"]


@dataclass(frozen=True)
class Duplicate:
    """A test recording that is also among the training recordings; `how`: ``"same file"`` or ``"same sound"``."""

    test: Path
    train: Path
    how: str


def find_duplicates(train: Dataset, test: Dataset, progress: Progress | None = None) -> list[Duplicate]:
    """Return the test recordings that are also among the training ones, under whatever name, level or encoding.

    Files with the same bytes are one recording. So are sounds that correlate (see `SAME`) at some shift, in their
    first seconds; what is compared are those whose fingerprints are alike. Recordings without a sound, such as
    face-tracking tables, are compared by their bytes, and by those of the face.
    """
    same, clips = _match_files(train, test), [*train.clips(), *test.clips()]
    made = map_clips(lambda _, clip: fingerprint(_read_sound(clip)), clips, "fingerprints", progress)
    prints = np.stack(list(made))
    known, asked = prints[: len(train)], prints[len(train) :]
    cosines = asked @ known.T
    for row, recording in enumerate(test.recordings):
        if recording.path in same or not asked[row].any():
            continue
        for column in np.argsort(-cosines[row], kind="stable")[:_TRIED]:
            other = train.recordings[column].path
            if cosines[row, column] < ALIKE:
                break
            if correlate(_read_sound(Clip(recording.path)), _read_sound(Clip(other))) >= SAME:
                same[recording.path] = Duplicate(recording.path, other, "same sound")
                break
    return list(same.values())


def _match_files(train: Dataset, test: Dataset) -> dict[Path, Duplicate]:
    """Return test recordings whose sound or face has the bytes of a training recording's, by path."""
    known = {hash_content(file): one.path for one in train.recordings for file in {one.path, one.face or one.path}}
    found = {}
    for one in test.recordings:
        for file in {one.path, one.face or one.path}:
            if (other := known.get(hash_content(file))) is not None:
                found[one.path] = Duplicate(one.path, other, "same file")
    return found


def fingerprint(sound: Sound) -> Float32[np.ndarray, " dims"]:
    """Return what a sound keeps under another encoding, level or small delay: its modulations, of length 1.

    The envelope of each of 16 bands (root-compressed, its mean removed) is transformed over time, and the magnitudes
    of its modulations up to 8 Hz are kept: a delay changes phases alone. Of no sound it is zero.
    """
    sound = np.pad(sound[: round(LONGEST * SAMPLE_RATE)], (0, _FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(sound, _FRAME)[::_HOP] * np.hanning(_FRAME)
    power = np.abs(np.fft.rfft(frames, 512)) ** 2
    edges = np.round(_EDGES / SAMPLE_RATE * 512).astype(int)
    bands = np.add.reduceat(power, edges, axis=1)[:, :-1] ** 0.25
    modulations = np.abs(np.fft.rfft(bands - bands.mean(axis=0), 2048, axis=0))
    kept = modulations[: round(_FASTEST * 2048 * _HOP / SAMPLE_RATE)].ravel()
    return (kept / max(float(np.linalg.norm(kept)), 1e-12)).astype(np.float32)


def correlate(first: Sound, second: Sound) -> float:
    """Return the correlation of two sounds below 3.4 kHz at the shift where it is highest, 0 to 1; 0 without sound."""
    if not (len(first) and len(second)):
        return 0.0
    size = 1 << (len(first) + len(second)).bit_length()
    keep = round(_EDGES[-1] / SAMPLE_RATE * size)

    def spectrum(sound: Sound) -> Complex[np.ndarray, " bins"]:
        whole = np.fft.rfft(sound - sound.mean(), size)
        whole[keep:] = 0
        return whole

    a, b = spectrum(first), spectrum(second)
    shifted = np.fft.irfft(a * b.conj(), size)
    energy: Float[np.ndarray, ""] = np.sqrt((np.abs(a) ** 2).sum() * (np.abs(b) ** 2).sum()) * 2 / size
    return float(np.abs(shifted).max() / max(float(energy), 1e-12))


def _read_sound(clip: Clip) -> Sound:
    """Return the first seconds of a clip's sound, no sample if it has none that can be used."""
    nothing = np.empty(0, np.float32)
    try:
        return clip.sound[: round(LONGEST * SAMPLE_RATE)] if clip.hears else nothing
    except InputError:
        return nothing
