"""Decoding: a sound or video file as blocks of samples, and those as mono sound at 16 kHz.

soundfile reads what it knows (wav, flac, ogg, opus, mp3 ...); PyAV reads the rest (m4a and every video
container). Both are read in one sequential pass, in constant memory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32, Int64

from emospike.validation import InputError, within

if TYPE_CHECKING:
    from av import AudioStream, VideoStream
    from av.container import InputContainer

Sound = Float32[np.ndarray, " samples"]
Block = Float32[np.ndarray, "frames channels"]

SAMPLE_RATE = 16_000  # Hz, of all sound inside emospike
BLOCK = 16_384  # frames read at once

FULL_SCALE = 0.99  # 8-bit sound peaks at 127/128
_PAUSE = 0.05  # s; shorter jumps of a container's clock are rounding ...
_BROKEN_CLOCK = 60.0  # s; ... and longer ones are faults; those between are silence that was not stored
# Playlists and concat scripts are left out: they make ffmpeg open other files.
_CONTAINERS = "mov,matroska,avi,asf,flv,mpeg,mpegts,mp3,wav,aiff,aac,ac3,eac3,flac,ogg,caf,w64,au,amr,ape,wv,tta"


class Track:
    """An opened recording: its sound from second `first` on, and what resampling would hide in it.

    `announced` is the duration of the whole recording in seconds where the container tells it. Raises
    `InputError` for sample rates outside 8 to 192 kHz and, while reading, for NaN and infinity.
    """

    def __init__(self, label: str, rate: float, announced: float | None, first: int, blocks: Iterable[Block]) -> None:
        within(f"sample rate of {label} in Hz", rate, 8_000, 192_000)
        self.announced = announced
        self.first = first
        self.sounded = 0  # samples at 16 kHz given so far
        self._label, self._rate, self._blocks = label, rate, blocks
        self._frames = 0
        self._full: list[Int64[np.ndarray, " _"]] = []  # the frames at full scale

    def sound(self) -> Iterator[Sound]:
        """Yield mono sound at 16 kHz, chunk by chunk."""
        for chunk in _resample(self._check_blocks(), self._rate):
            self.sounded += len(chunk)
            yield chunk

    def measure_clipping(self, start: int, stop: int) -> float:
        """Return the fraction of frames at full scale between two samples at 16 kHz; forget earlier ones."""
        begin, end = (round(sample * self._rate / SAMPLE_RATE) for sample in (start, stop))
        full = np.concatenate([np.empty(0, np.int64), *self._full])
        self._full = [full[full >= begin]]
        return float(np.sum(self._full[0] < end) / max(end - begin, 1))

    def _check_blocks(self) -> Iterator[Sound]:
        """Yield blocks as mono, noting what is clipped and refusing what is not a number."""
        for block in self._blocks:
            level = np.abs(block).max(axis=1)
            peak = level.max()
            if not np.isfinite(peak):
                raise InputError(f"{self._label} holds NaN or infinite samples: export it again")
            if peak >= FULL_SCALE:
                self._full.append(np.flatnonzero(level >= FULL_SCALE) + self._frames)
            self._frames += len(block)
            yield block.mean(axis=1)


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
def open_track(path: Path, first: int) -> Iterator[Track]:
    """Open a file at second `first`, or at 0 where its format cannot jump there exactly.

    Raises `InputError` for a missing, empty or unreadable file, a folder, and a video without sound.
    """
    check_file(path)
    file = _open_soundfile(path)
    if file is not None:
        with file:
            yield _read_soundfile(file, first, path)
        return
    with open_av(path) as container:
        yield _read_av(container, first, path)


def has_sound(path: Path) -> bool:
    """Tell whether a file has a sound track; raise `InputError` for one that cannot be opened."""
    check_file(path)
    file = _open_soundfile(path)
    if file is not None:
        file.close()
        return True
    with open_av(path) as container:
        return bool(container.streams.audio)


def check_file(path: Path) -> None:
    """Raise `InputError` unless there is something to read in this file."""
    if path.is_dir():
        raise InputError(f"{path} is a folder: give a recording")
    if not path.exists():
        raise InputError(f"{path} does not exist: check the path")
    if not path.is_file() or not os.access(path, os.R_OK):
        raise InputError(f"{path} cannot be read: check its permissions")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty (0 bytes): record or copy it again")


def _open_soundfile(path: Path) -> Any:  # soundfile.SoundFile or None; the library has no types
    import soundfile

    name = path if os.name == "nt" else os.fsencode(path)  # bytes: a name need not be valid UTF-8
    try:
        file = soundfile.SoundFile(name)
    except (soundfile.SoundFileError, TypeError):  # TypeError: headerless .raw
        return None
    # Else soundfile seeks after every read, which tears mp3: a frame needs the bits kept in those before.
    file.seekable = lambda: False
    return file


def _read_soundfile(file: Any, first: int, path: Path) -> Track:
    import soundfile

    frames = file.frames
    # libsndfile mends the length of a truncated file, and keeps what the header said in its log alone.
    found = re.search(r"(?:data|SSND|Data Size)\s*: (\d+) \(should be (\d+)\)", file.extra_info)
    if found and int(found[1]) < 0x7FFF_0000:  # above: the mark of a stream whose length was not known
        frames = frames * int(found[1]) / max(int(found[2]), 1)
    try:
        file.seek(first * file.samplerate)
    except soundfile.SoundFileError:
        first = 0
    return Track(str(path), float(file.samplerate), frames / file.samplerate, first, _decode_soundfile(file))


def _decode_soundfile(file: Any) -> Iterator[Block]:
    import soundfile

    try:
        while len(block := file.read(BLOCK, "float32", always_2d=True)):
            yield block
    except soundfile.SoundFileError:  # damaged from here on; what came before counts
        return


def open_av(path: Path) -> InputContainer:
    """Open a sound or video container; raise `InputError` for what is none."""
    import av

    try:  # "file:", because a name may hold a colon
        return av.open(f"file:{path}", options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"})
    except (av.FFmpegError, UnicodeError) as error:
        raise InputError(
            f"{path} cannot be read as sound or video: give wav, flac, ogg, opus, mp3, m4a, mp4, mkv or webm"
        ) from error


def _read_av(container: InputContainer, first: int, path: Path) -> Track:
    if not container.streams.audio:
        raise InputError(f"{path} has no sound track: give a recording with speech")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise InputError(f"{path} has sound in a format that no decoder is known for: convert it to wav")
    clocked = is_clocked(container)
    first = first if clocked else 0
    begin = first + find_beginning(container)
    if first:
        container.seek(round(begin * 1e6))
    blocks = _decode_av(container, stream)
    timed = _align(blocks, stream.rate, begin) if clocked else (block for _, block in blocks)
    guessed = not {"aac", "ac3", "eac3"}.isdisjoint(container.format.name.split(","))  # from the bit rate
    announced = None if guessed else read_announced(container, stream)
    return Track(str(path), float(stream.rate), announced, first, timed)


def is_clocked(container: InputContainer) -> bool:
    """Tell whether sound has time stamps to go by; those of other containers are estimates, or absent."""
    return not {"mov", "matroska"}.isdisjoint(container.format.name.split(","))


def find_beginning(container: InputContainer) -> float:
    """Return the second of a container's clock at which its recording begins."""
    return max(0, container.start_time or 0) / 1e6


def read_announced(container: InputContainer, stream: AudioStream | VideoStream) -> float | None:
    """Return the duration that a container tells, s, of the stream or else of the whole."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / 1e6


def _decode_av(container: InputContainer, stream: AudioStream) -> Iterator[tuple[float | None, Block]]:
    """Yield blocks, and the second at which the container says that each begins."""
    import av

    resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
    for packet in read_packets(container, stream):
        try:
            frames = [part for frame in packet.decode() for part in resampler.resample(frame)]
        except (av.FFmpegError, ValueError):  # one damaged packet
            continue
        for frame in frames:
            yield frame.time, frame.to_ndarray().T


def read_packets(container: InputContainer, stream: AudioStream | VideoStream) -> Iterator[Any]:
    """Yield the packets (av.Packet) of one stream, as far as the file can be read."""
    import av

    demuxed = container.demux(stream)
    while True:
        try:
            packet = next(demuxed, None)
        except av.FFmpegError:  # cut short here
            return
        except IndexError:  # a packet of a stream that the header did not announce: pass over it
            demuxed = container.demux(stream)
            continue
        if packet is None:
            return
        yield packet


def _align(blocks: Iterable[tuple[float | None, Block]], rate: int, begin: float) -> Iterator[Block]:
    """Keep sound beside the picture: drop what is before second `begin`, fill the pauses of the clock."""
    at: int | None = None  # frames since `begin`
    for time, block in blocks:
        due = (at or 0) if time is None else round((time - begin) * rate)
        shortest = 0.0 if at is None else _PAUSE
        at = min(due, 0) if at is None else at
        if shortest < (due - at) / rate < _BROKEN_CLOCK:
            yield np.zeros((max(due, 0) - max(at, 0), block.shape[1]), np.float32)
            at = due
        at += len(block)
        if at > 0:
            yield block[-at:]
