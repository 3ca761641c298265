"""Clip: one recording, read lazily; with its decoding, every check of a user's sound or film lives here.

Whatever the container, sound leaves this module as mono float32 at 16 kHz, and pictures as upright RGB with their
times on the clock of the sound. Windows of a long recording come from one sequential pass through a streaming
resampler, so a three-hour file takes no more memory than a short one, and windows join without seams.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Shaped

from emospike.clip.decoding import BLOCK, FULL_SCALE, SAMPLE_RATE, Sound, Track, has_sound, open_track
from emospike.clip.fingerprint import hash_parts
from emospike.clip.video import Frame, is_table, read_frames, read_seconds
from emospike.validation import InputError, positive, within

SOUND_SUFFIXES = {".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a"} | {
    ".aac", ".aif", ".aiff", ".au", ".caf", ".w64", ".wma", ".amr"
}  # fmt: skip
VIDEO_SUFFIXES = {".mp4", ".m4v", ".mkv", ".webm", ".avi", ".mov", ".mpg", ".mpeg", ".3gp", ".flv", ".wmv"}

_SHORTEST = 0.1  # s; no decision is possible on less
_SHORTEST_WINDOW = 0.5  # s; a last, partial window shorter than this is dropped
_SILENCE = 1e-4  # peak, -80 dBFS
_LOUDEST = 100.0  # peak, +40 dBFS: no sound, but samples of ±32768 stored as float
_LONGEST_DELAY = 60.0  # s
_PREROLL = 0.1  # s, decoded and dropped before a start, in which codecs (Opus 80 ms) and resampler settle


@dataclass(frozen=True, init=False)
class Clip:
    """One recording of speech, or the part of it from `start` to `stop`; it is decoded on first use.

    Attributes
    ----------
    path : the sound or video file, or a face-tracking table alone (for an array, its name)
    start, stop : seconds from the beginning of the sound; `stop` None means to its end
    face : the film or face-tracking table that shows the speaker's face; by default `path` if it is one
    face_delay : seconds added to all times of the face, where it was measured to run ahead of the sound
    eeg : the EEG recording of the speaker, where there is one (see `emospike.features.eeg`)
    eeg_start : where in it the file of this clip begins, in seconds

    Its sound may be changed after decoding (see `change`).

    Raises
    ------
    InputError : at once unless 0 <= start < stop; on first use for a file that is missing, empty, unreadable
        or without a sound track, and for sound that is silent, too short, damaged beyond use, or holds NaN

    Examples
    --------
    >>> clip = Clip.from_array(np.sin(np.arange(48_000) / 20), rate=48_000, name="tone")
    >>> clip.name, clip.seconds, clip.sound.shape
    ('tone', 1.0, (16000,))
    >>> [window.start for window in clip.windows(0.5)]
    [0.0, 0.5]
    """

    path: Path
    start: float
    stop: float | None
    face: Path | None
    face_delay: float
    eeg: Path | None
    eeg_start: float
    _array: _Array | None
    _change: Callable[[Sound], Sound] | None

    def __init__(
        self,
        path: Path | str,
        start: float | int = 0.0,
        stop: float | int | None = None,
        *,
        face: Path | str | None = None,
        face_delay: float | int = 0.0,
        eeg: Path | str | None = None,
        eeg_start: float | int = 0.0,
        _array: _Array | None = None,
        _change: Callable[[Sound], Sound] | None = None,
    ) -> None:
        if not 0 <= start < (np.inf if stop is None else stop):
            raise InputError(f"{path}: 0 <= start < stop expected in seconds, got start {start}, stop {stop}")
        within(f"face_delay of {path} in seconds", face_delay, -_LONGEST_DELAY, _LONGEST_DELAY)
        within(f"eeg_start of {path} in seconds", eeg_start, 0, np.inf)
        path, stop = Path(path), None if stop is None else float(stop)
        if face is None and _array is None and (is_table(path) or path.suffix.lower() in VIDEO_SUFFIXES):
            face = path
        face = None if face is None else Path(face)
        # Frozen: fields are set past the guard, as functools.cached_property does.
        vars(self).update(path=path, start=float(start), stop=stop, face=face, face_delay=float(face_delay))
        vars(self).update(eeg=None if eeg is None else Path(eeg), eeg_start=float(eeg_start), _array=_array)
        vars(self).update(_change=_change)

    @classmethod
    def from_array(cls, sound: Shaped[np.ndarray, ...], rate: float | int, name: str = "array") -> Clip:
        """Make a clip from samples, shape (samples,) or (samples, channels), at `rate` Hz (8 to 192 kHz).

        Floats have full scale ±1; integers that of their type (8, 16 or 32 bit).
        """
        return cls(name, _array=_Array(_scale_to_one(sound, name), float(rate)))

    def change(self, change: Callable[[Sound], Sound]) -> Clip:
        """Return the same clip, but for a sound that is changed, after decoding, as `change` does it.

        It gets mono sound at 16 kHz, and returns as many samples; what is there already is changed after what was
        before. A window of the clip has its part of the changed sound, until it is forgotten: then its part is changed.
        """
        before = self._change
        changed = self._copy(self.start, self.stop, change if before is None else lambda sound: change(before(sound)))
        if "_recorded" in vars(self):  # decoded once is enough
            vars(changed)["_before"] = self.sound, change
        return changed

    @property
    def name(self) -> str:
        """The name of the file, or of the array."""
        return self.path.name

    @cached_property
    def fingerprint(self) -> int:
        """A number of 64 bits that tells which recording, and which part of it, this is, whatever its files are called.

        It depends on the bytes of the files, or on the samples of an array, as they were recorded: what `change` does
        to them is not looked at.
        """
        parts = repr((self.start, self.stop, self.face_delay, self.eeg_start)).encode()
        if self._array is None:
            return hash_parts(parts, self.path, self.face, self.eeg)
        return hash_parts(parts, repr(self._array.rate).encode(), self._array.samples.tobytes(), self.face, self.eeg)

    @property
    def is_changed(self) -> bool:
        """Whether its sound is another than was recorded (see `change`)."""
        return self._change is not None

    @cached_property
    def hears(self) -> bool:
        """Whether there is a sound track; a face-tracking table has none, and some films."""
        if self._array is not None or self.path.suffix.lower() in SOUND_SUFFIXES:
            return True
        return not is_table(self.path) and has_sound(self.path)

    @property
    def sees(self) -> bool:
        """Whether a face is there to look for: in a film or in a face-tracking table."""
        return self.face is not None

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What was derived from this clip and is kept while the clip is in use; `forget` empties it."""
        return {}

    @property
    def sound(self) -> Sound:
        """Mono sound at 16 kHz, full scale ±1; decoded once and kept."""
        return self._recorded.sound

    @property
    def clipped(self) -> float:
        """Fraction of the recorded samples at full scale in any channel, measured before resampling; 0 if none."""
        return self._recorded.clipped if self.hears else 0.0

    @cached_property
    def warning(self) -> str | None:
        """What is wrong with a recording that can still be used: it holds less sound than it announces.

        Known once `sound` was read or `windows` has run to its end; else this decodes the sound.
        """
        return self._recorded.warning if self.hears else None

    @property
    def seconds(self) -> float:
        """Duration in seconds: of the sound if it is decoded, else from the header where it tells.

        Where nothing is heard, of the film or the face-tracking table.
        """
        if "_recorded" in vars(self):
            return len(self.sound) / SAMPLE_RATE
        if not self.hears:
            return self._expect(self._seen_until)
        with self._open() as (track, skip):
            if track.announced is None:
                return sum(map(len, self._read(track, skip))) / SAMPLE_RATE
            return self._expect(track.announced)

    def frames(self, stride: int = 1) -> Iterator[Frame]:
        """Yield every `stride`-th picture of the face's film, upright, with its time in seconds from `start`.

        One sequential pass, one picture in memory at a time. Times are the film's own (its frame rate may vary) on
        the clock of the sound, `face_delay` added; pictures before `start` and from `stop` on are left out.

        Raises `InputError` for a clip without a face or with a table in place of a film, and for a film that is
        missing, unreadable, without a video track, or damaged beyond use.
        """
        positive("stride", stride)
        if self.face is None:
            raise InputError(f"{self.path} shows no face: give a film, or name the face's film beside the sound")
        if is_table(self.face):
            raise InputError(f"{self.face} is a face-tracking table and holds no pictures: give the film itself")
        stop = np.inf if self.stop is None else self.stop
        return read_frames(self.face, self.start - self.face_delay, stop - self.face_delay, stride)

    def forget(self) -> None:
        """Drop what was decoded and derived, so that thousands of clips fit in memory; the next use does it again."""
        for name in ("_recorded", "_before", "memo"):
            vars(self).pop(name, None)

    def windows(self, seconds: float | int, hop: float | int | None = None) -> Iterator[Clip]:
        """Yield successive windows of `seconds`, one every `hop` (default: end to end), their sound loaded.

        One sequential pass in constant memory. The last window may be shorter; below 0.5 s it is dropped,
        unless it is the only one. A window may be silent: ask `check_speech`. Windows of a clip that is only seen
        have no sound to load; the face of each is read from the film when it is asked for.
        """
        hop = seconds if hop is None else hop
        length, step = (round(time * SAMPLE_RATE) for time in (seconds, hop))
        positive("window in samples", float(length))
        positive("hop in samples", float(step))
        return self._cut_sound(length, step) if self.hears else self._cut_face(length, step)

    def _cut_sound(self, length: int, hop: int) -> Iterator[Clip]:
        if self._change is not None:
            for at, sound in _cut([self.sound], length, hop):
                window = self._take(at, at + len(sound))
                vars(window)["_recorded"] = _Recorded(sound, _measure_clipping(sound))
                yield window
            return
        with self._open() as (track, skip):
            for at, sound in _cut(self._read(track, skip), length, hop):
                window = self._take(at, at + len(sound))
                clipped = track.measure_clipping(skip + at, skip + at + len(sound))
                vars(window)["_recorded"] = _Recorded(sound, clipped)
                yield window
            vars(self)["warning"] = self._check_length(track, track.sounded - skip)

    def _cut_face(self, length: int, hop: int) -> Iterator[Clip]:
        end = round(self.seconds * SAMPLE_RATE)
        for at in range(0, max(end, 1), hop):
            if at and not _is_new(end - at, length, hop):
                return
            yield self._take(at, max(min(at + length, end), 1))

    def _take(self, begin: int, end: int) -> Clip:
        """Return the part between two samples."""
        start, stop = (self.start + sample / SAMPLE_RATE for sample in (begin, end))
        part = self._copy(start, stop, self._change)
        vars(part)["hears"] = self.hears
        return part

    def _copy(self, start: float, stop: float | None, change: Callable[[Sound], Sound] | None) -> Clip:
        """Return a clip of the same recording and face."""
        modalities = {"face": self.face, "face_delay": self.face_delay, "eeg": self.eeg, "eeg_start": self.eeg_start}
        return Clip(self.path, start, stop, **modalities, _array=self._array, _change=change)  # type: ignore[arg-type]

    @cached_property
    def _seen_until(self) -> float:
        """The last moment of a clip that is only seen, s from the beginning of the film or table."""
        return read_seconds(self.face or self.path) + self.face_delay

    @cached_property
    def _recorded(self) -> _Recorded:
        sound, change = vars(self).pop("_before", (None, self._change))
        warning, clipped = None, 0.0
        if sound is None:
            with self._open() as (track, skip):
                sound = np.concatenate([np.empty(0, np.float32), *self._read(track, skip)])
                clipped = track.measure_clipping(skip, skip + len(sound))
                warning = self._check_length(track, len(sound))
            check_speech(sound, str(self.path))
        if change is not None:
            sound = change(sound)
            clipped = _measure_clipping(sound)
            check_speech(sound, str(self.path))
        vars(self)["hears"] = True
        return _Recorded(sound, clipped, warning)

    @contextmanager
    def _open(self) -> Iterator[tuple[Track, int]]:
        """Open the recording at a whole second before the start, where the grids of all sample rates meet.

        Gives the track and how many of its samples (at 16 kHz) come before the start.
        """
        if is_table(self.path):
            raise InputError(f"{self.path} is a face-tracking table and holds no sound: name it beside the recording")
        first = max(0, int(self.start - _PREROLL))
        if self._array is not None:
            opened: AbstractContextManager[Track] = nullcontext(self._array.open_track(first, str(self.path)))
        else:
            opened = open_track(self.path, first)
        with opened as track:
            yield track, round((self.start - track.first) * SAMPLE_RATE)

    def _read(self, track: Track, skip: int) -> Iterator[Sound]:
        """Yield the sound from start to stop: drop `skip` samples, and end after those that are wanted."""
        wanted = sys.maxsize if self.stop is None else round((self.stop - self.start) * SAMPLE_RATE)
        for chunk in track.sound():
            part = chunk[skip:][:wanted]
            skip, wanted = max(0, skip - len(chunk)), wanted - len(part)
            if len(part):
                yield part
            if wanted <= 0:
                return

    def _expect(self, announced: float) -> float:
        """Return how long the clip should be, s, of a recording that lasts so long."""
        stop = announced if self.stop is None else min(self.stop, announced)
        return max(0.0, stop - self.start)

    def _check_length(self, track: Track, samples: int) -> str | None:
        """Raise if nothing was decoded; say if clearly less was than the container announced."""
        if samples <= 0 and self.start > 0:
            raise InputError(f"{self.path} ends before {self.start} s: give an earlier start")
        if samples <= 0:
            raise InputError(f"{self.path} holds no sound that can be decoded: it is empty or damaged")
        if track.announced is None:
            return None
        expected, got = self._expect(track.announced), samples / SAMPLE_RATE
        if expected - got <= 0.2 + 0.01 * expected:
            return None
        return f"{self.path} announces {expected:.2f} s of sound, {got:.2f} s could be decoded: it is cut short"


def is_silent(sound: Sound) -> bool:
    """Tell whether sound never exceeds -80 dBFS."""
    return bool(np.abs(sound).max(initial=0.0) < _SILENCE)


def _measure_clipping(sound: Sound) -> float:
    """Return the share of samples at full scale or above."""
    return float(np.mean(np.abs(sound) >= FULL_SCALE))


def check_speech(sound: Sound, name: str = "sound") -> None:
    """Raise `InputError` if no decision can be made on this sound (16 kHz, full scale ±1).

    >>> check_speech(np.zeros(16_000, np.float32), "a.wav")
    Traceback (most recent call last):
    emospike.validation.InputError: a.wav is silent (peak below -80 dBFS): check the microphone or the track
    """
    seconds = len(sound) / SAMPLE_RATE
    if seconds < _SHORTEST:
        raise InputError(f"{name} holds {seconds:.2f} s of sound, at least {_SHORTEST} s is needed")
    peak = float(np.abs(sound).max())
    if not np.isfinite(peak):
        raise InputError(f"{name} holds NaN or infinite samples: export it again")
    if is_silent(sound):
        raise InputError(f"{name} is silent (peak below -80 dBFS): check the microphone or the track")
    if peak > _LOUDEST:
        raise InputError(f"{name} peaks at {peak:.3g}, not near 1: damaged, or integers to divide by 32768")


def find_recordings(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the files among `paths` as they are, and in the place of a folder its recordings, sorted.

    Folders are searched to the bottom by known suffix, linked ones too; hidden files (and macOS's "._" files) are
    passed over.
    Raises `InputError` for a folder that holds no recording, if it is the only path; among others it is yielded.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        files = (file for file in _walk(path) if file.suffix.lower() in SOUND_SUFFIXES | VIDEO_SUFFIXES)
        found = sorted(file for file in files if not is_hidden(file, path) and file.is_file())
        if not found and len(paths) == 1:
            raise InputError(f"{path} holds no recording: give a folder with wav, flac, opus, mp3 or mp4 files")
        yield from found or [path]  # an empty folder among others is an error of its own, when it is read


def _walk(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder, each real folder once, however often links lead there."""
    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        facts = Path(place).stat()
        if (key := (facts.st_dev, facts.st_ino)) in seen:
            folders.clear()
            continue
        seen.add(key)
        folders.sort()
        yield from (Path(place, name) for name in names)


def is_hidden(file: Path, folder: Path) -> bool:
    """Tell whether a file of a folder, or a folder on the way to it, has a name that begins with a dot."""
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


@dataclass(frozen=True)
class _Recorded:
    sound: Sound
    clipped: float
    warning: str | None = None


@dataclass(frozen=True, eq=False)
class _Array:
    """Samples that a user gave; clips of arrays are equal only if they share them."""

    samples: Float32[np.ndarray, "samples channels"]
    rate: float

    def open_track(self, first: int, label: str) -> Track:
        begin, length = round(first * self.rate), len(self.samples)
        blocks = (self.samples[at : at + BLOCK] for at in range(begin, length, BLOCK))
        return Track(label, self.rate, length / self.rate, first, blocks)


def _scale_to_one(sound: Shaped[np.ndarray, ...], name: str) -> Float32[np.ndarray, "samples channels"]:
    kind, size = sound.dtype.kind, sound.dtype.itemsize
    if sound.ndim not in {1, 2} or (sound.ndim == 2 and sound.shape[1] > max(sound.shape[0], 1)):
        raise InputError(f"{name}: shape (samples,) or (samples, channels) expected, got {sound.shape}")
    if kind not in "fiu" or (kind in "iu" and size > 4):
        raise InputError(f"{name}: samples of {sound.dtype} have no known full scale: give float32 or int16")
    if kind != "f":
        sound = sound / 2.0 ** (8 * size - 1) - (kind == "u")  # unsigned sound rests at half its range
    return sound.astype(np.float32).reshape(len(sound), -1 if sound.size else 1)


def _cut(chunks: Iterable[Sound], length: int, hop: int) -> Iterator[tuple[int, Sound]]:
    """Yield each window and the sample where it begins; the last may be shorter, but holds something new."""
    at, held, need = 0, 0, max(length, hop)
    kept = [np.empty(0, np.float32)]
    for chunk in chunks:
        kept.append(chunk)
        held += len(chunk)
        if held < need:
            continue
        joined = np.concatenate(kept)
        while len(joined) >= need:
            yield at, joined[:length].copy()
            joined, at = joined[hop:], at + hop
        kept, held = [joined], len(joined)
    last = np.concatenate(kept)[:length]
    if len(last) and (_is_new(len(last), length, hop) or at == 0):
        yield at, last


def _is_new(rest: int, length: int, hop: int) -> bool:
    """Tell whether the rest of a recording makes a window: it holds something new, and not too little."""
    return rest > length - hop and rest >= _SHORTEST_WINDOW * SAMPLE_RATE
