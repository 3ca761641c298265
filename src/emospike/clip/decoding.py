"""Decoding: a sound or video file as blocks of samples, and those as mono sound at 16 kHz.

soundfile reads what it knows (wav, flac, ogg, opus, mp3 ...); PyAV reads the rest (m4a and every video
container), and what soundfile would not read to its end. Both are read in one sequential pass, in constant memory.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32, Int64

from emospike.clip.containers import (
    Block,
    align,
    decode_sound,
    find_beginning,
    is_clocked,
    open_av,
    read_announced,
)
from emospike.clip.headers import Survey, decode_soundfile, open_soundfile, survey
from emospike.clip.tracks import choose_sound
from emospike.validation import InputError, within

if TYPE_CHECKING:
    from av.container import InputContainer

Sound = Float32[np.ndarray, " samples"]

SAMPLE_RATE = 16_000  # Hz, of all sound inside emospike

FULL_SCALE = 0.99  # 8-bit sound peaks at 127/128
_SILENCE = 1e-4  # peak, -80 dBFS
_CANCELLED = 0.01  # power of the channels' mean to the mean of their powers; -0.98 is how channels then correlate
_AHEAD = 10.0  # s of sound by which that is judged ...
_MOST_AHEAD = 2**22  # ... but at most so many samples
_GUESSING = {"aac", "ac3", "eac3"}  # containers that estimate their length from the bit rate


class Track:
    """An opened recording: its sound from second `first` on, and what resampling would hide in it.

    Channels are averaged; where they cancel each other at the beginning of the sound, the strongest is taken.
    `announced` is the duration of the whole recording in seconds where the container tells it, `certain` whether so
    much is there; `notes` is what the user should know, complete when the sound was read. Raises
    `InputError` for sample rates outside 8 to 192 kHz and, while reading, for NaN and infinity.
    """

    def __init__(
        self,
        label: str,
        rate: float,
        announced: float | None,
        first: int,
        blocks: Iterable[Block],
        *,
        notes: list[str] | None = None,
        certain: bool = False,
    ) -> None:
        within(f"sample rate of {label} in Hz", rate, 8_000, 192_000)
        self.announced, self.certain = announced, certain
        self.first = first
        self.sounded = 0  # samples at 16 kHz given so far
        self.notes = [] if notes is None else notes
        self._label, self._rate, self._blocks = label, rate, blocks
        self._frames = 0
        self._full: list[Int64[np.ndarray, " _"]] = []  # the frames at full scale

    def sound(self) -> Iterator[Sound]:
        """Yield mono sound at 16 kHz, chunk by chunk."""
        for chunk in _resample(self._mix(self._check_blocks()), self._rate):
            self.sounded += len(chunk)
            yield chunk

    def cut(self, skip: int, wanted: int) -> Iterator[Sound]:
        """Yield the sound without its first `skip` samples, and no more than `wanted` of the others."""
        for chunk in self.sound():
            part = chunk[skip:][:wanted]
            skip, wanted = max(0, skip - len(chunk)), wanted - len(part)
            if len(part):
                yield part
            if wanted <= 0:
                return

    def measure_clipping(self, start: int, stop: int) -> float:
        """Return the fraction of frames at full scale between two samples at 16 kHz; forget earlier ones."""
        begin, end = (round(sample * self._rate / SAMPLE_RATE) for sample in (start, stop))
        full = np.concatenate([np.empty(0, np.int64), *self._full])
        self._full = [full[full >= begin]]
        return float(np.sum(self._full[0] < end) / max(end - begin, 1))

    def check_length(self, samples: int, start: float, expected: float) -> str | None:
        """Return the notes, and whether clearly less was decoded than the seconds that were expected.

        Raises `InputError` if nothing was decoded from `start` on.
        """
        if samples <= 0 and start > 0:
            raise InputError(f"{self._label} ends before {start} s: give an earlier start")
        if samples <= 0:
            raise InputError(f"{self._label} holds no sound that can be decoded: it is empty or damaged")
        notes = [f"{self._label}: {note}" for note in dict.fromkeys(self.notes)]
        got = samples / SAMPLE_RATE
        if expected - got > 0.2 + 0.01 * expected:
            damaged = any(note.startswith("damaged") for note in self.notes)
            why = "parts of it are damaged" if damaged else "it is cut short"
            notes.append(f"{self._label} announces {expected:.2f} s of sound, {got:.2f} s could be decoded: {why}")
        return "; ".join(notes) or None

    def _check_blocks(self) -> Iterator[Block]:
        """Yield the blocks, noting what is clipped and refusing what is not a number."""
        for block in self._blocks:
            level = np.abs(block).max(axis=1)
            peak = level.max()
            if not np.isfinite(peak):
                raise InputError(f"{self._label} holds NaN or infinite samples: export it again")
            if peak >= FULL_SCALE:
                self._full.append(np.flatnonzero(level >= FULL_SCALE) + self._frames)
            self._frames += len(block)
            yield block

    def _mix(self, blocks: Iterator[Block]) -> Iterator[Sound]:
        """Yield the blocks as mono."""
        for block in blocks:
            if block.shape[1] == 1 or np.abs(block).max() < _SILENCE:
                yield block.mean(axis=1)
                continue
            ahead, held = [block], len(block)
            while (
                held < min(_AHEAD * self._rate, _MOST_AHEAD / block.shape[1])
                and (more := next(blocks, None)) is not None
            ):
                ahead.append(more)
                held += len(more)
            one = _find_cancelled(ahead)
            if one is not None:
                self.notes.append(f"its {block.shape[1]} channels cancel each other: channel {one + 1} was heard alone")
            for rest in chain(ahead, blocks):
                yield rest.mean(axis=1) if one is None else rest[:, one]


def _find_cancelled(blocks: Iterable[Block]) -> int | None:
    """Return the strongest channel if the mean of all loses nearly all power, else None."""
    power, mean = 0.0, 0.0
    for block in blocks:
        power = power + np.square(block, dtype=np.float64).sum(axis=0)
        mean += float(np.square(block.mean(axis=1), dtype=np.float64).sum())
    return int(np.argmax(power)) if mean < _CANCELLED * np.mean(power) else None


def _resample(blocks: Iterable[Sound], rate: float) -> Iterator[Sound]:
    if rate == SAMPLE_RATE:
        yield from blocks
        return
    import soxr

    stream = soxr.ResampleStream(rate, SAMPLE_RATE, 1, "float32", "HQ")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.empty(0, np.float32), last=True)


@contextmanager
def open_track(path: Path, first: int, tracks: Collection[int] = ()) -> Iterator[Track]:
    """Open a file at second `first`, or at 0 where its format cannot jump there exactly.

    `tracks` are numbers of the tracks asked for (see `choose_sound`). Raises `InputError` for a missing, empty or
    unreadable file, a folder, a video without sound, and a track that is not there.
    """
    check_file(path)
    found = survey(path)
    file = open_soundfile(path) if found.by_libsndfile else None
    if file is not None:
        if set(tracks) - {0}:
            raise InputError(f"{path} has no track {max(tracks)}: it holds one, 0")
        with file:
            yield _read_soundfile(file, first, path, found)
        return
    with open_av(path, to_the_end=found.to_the_end) as container:
        yield _read_av(container, first, path, found, tracks)


def has_sound(path: Path) -> bool:
    """Tell whether a file has a sound track; raise `InputError` for one that cannot be opened."""
    check_file(path)
    file = open_soundfile(path)
    if file is not None:
        file.close()
        return True
    with open_av(path) as container:
        return bool(container.streams.audio)


def check_file(path: Path) -> None:
    """Raise `InputError` unless there is something to read in this file."""
    try:
        facts = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path} does not exist: check the path") from None
    except (OSError, ValueError) as error:  # a folder that may not be entered, a name that is too long
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if stat.S_ISDIR(facts.st_mode):
        closed = not _may(path, os.R_OK | os.X_OK)
        raise InputError(f"{path} is a folder" + (" that may not be entered" if closed else ": give a recording"))
    if not stat.S_ISREG(facts.st_mode):
        kind = "a pipe, which can be read once" if stat.S_ISFIFO(facts.st_mode) else "no file but a device"
        raise InputError(f"{path} is {kind}: save the recording in a file")
    if not _may(path, os.R_OK):
        raise InputError(f"{path} cannot be read: check its permissions")
    if facts.st_size == 0:
        raise InputError(f"{path} is empty (0 bytes): record or copy it again")


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _read_soundfile(file: Any, first: int, path: Path, found: Survey) -> Track:
    import soundfile

    try:
        file.seek(first * file.samplerate)
    except soundfile.SoundFileError:
        first = 0
    rate, blocks, notes = float(file.samplerate), decode_soundfile(file), [found.note] if found.note else []
    return Track(str(path), rate, found.announced, first, blocks, notes=notes, certain=found.certain)


def _read_av(container: InputContainer, first: int, path: Path, found: Survey, tracks: Collection[int]) -> Track:
    stream, note = choose_sound(container, path, tracks)
    notes = [one for one in (found.note, note) if one is not None]
    clocked = is_clocked(container)
    first = first if clocked else 0
    begin = first + find_beginning(container)
    if first:
        container.seek(round(begin * 1e6))
    blocks = decode_sound(container, stream, notes)
    timed = align(blocks, stream.rate, begin, str(path)) if clocked else (block for _, block in blocks)
    guessed = found.guessed or not _GUESSING.isdisjoint(container.format.name.split(","))
    announced = None if guessed else read_announced(container, stream)
    return Track(str(path), float(stream.rate), announced, first, timed, notes=notes)
