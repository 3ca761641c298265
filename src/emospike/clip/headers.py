"""Headers: what a file says of its length is a claim, to be held against what is there.

libsndfile trusts some of these claims: it stops at the length that it guesses for an mp3 without a Xing header, at the
end of the first of several chained Ogg streams, where a wav says that its data end, and at the first damaged place.
`survey` finds that out beforehand; such files are left to PyAV.
"""

from __future__ import annotations

import mmap
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from emospike.clip.containers import decode_sound, open_av, read_packets
from emospike.validation import InputError

Block = Float32[np.ndarray, "frames channels"]

BLOCK = 16_384  # frames read at once

_COMPRESSED = {"FLAC", "OGG", "MP3"}  # reading ends where these are damaged, and their length may be a guess
_TOLERANCE = 0.3  # s; codecs add and trim up to that much at the ends
_HOLE = 0.02  # s
_LONGEST_PAGE = 2**18  # frames
_UNKNOWN = 2**60  # frames; libsndfile's word for an unknown length is near 2**63
_TAGS = (b"TAG", b"ID3", b"APETAG")  # what may follow the chunks of a wav and is no sound


@dataclass(frozen=True)
class Survey:
    """How to read a file.

    Attributes
    ----------
    by_libsndfile : by libsndfile, else by PyAV
    announced : seconds that the file tells libsndfile; None if it tells none, or guesses
    certain : whether so much is there
    guessed : whether all that it tells is a guess, whoever reads it
    to_the_end : whether a wav goes on beyond the end that it tells
    note : what the user should know
    """

    by_libsndfile: bool
    announced: float | None = None
    certain: bool = False
    guessed: bool = False
    to_the_end: bool = False
    note: str | None = None


def survey(path: Path) -> Survey:
    """Return how to read a file; it is looked at once for each version of it."""
    facts = path.stat()
    return _survey(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=256)
def _survey(path: Path, size: int, changed: int) -> Survey:
    del size, changed
    file = open_soundfile(path)
    if file is None:
        return Survey(False, guessed=_is_mp3(path) and not _has_count(path))
    with file:
        if file.format in _COMPRESSED:
            return _survey_compressed(path, file)
        rate, frames = file.samplerate, file.frames
        if frames == 0 or _goes_on(path, rate * file.channels):
            return Survey(False, guessed=True, to_the_end=True)
        # libsndfile mends the length of a truncated file, and keeps what the header said in its log alone.
        found = re.search(r"(?:data|SSND|Data Size)\s*: (\d+) \(should be (\d+)\)", file.extra_info)
        if found and int(found[1]) < 0x7FFF_0000:  # above: the mark of a stream whose length was not known
            return Survey(True, max(frames, frames * int(found[1]) / max(int(found[2]), 1)) / rate)
        return Survey(True, frames / rate, certain=True)


def _survey_compressed(path: Path, file: Any) -> Survey:
    """Hold what libsndfile decodes of a file against the packets that PyAV finds in it."""
    rate, frames = file.samplerate, file.frames
    decoded = sum(map(len, decode_soundfile(file))) / rate
    guessed = frames > _UNKNOWN or (file.format == "MP3" and not _has_count(path))
    announced = None if guessed else frames / rate
    there = _measure_packets(path)
    if there - decoded <= _TOLERANCE:
        if file.format == "MP3" and (guessed or frames / rate - decoded > _HOLE) and _is_damaged(path):
            return Survey(False, guessed=guessed)  # passed over in silence, where PyAV tells
        # What the last page of an Ogg file counts is there, or the middle is damaged.
        counted = frames if file.subtype == "OPUS" else _count_granules(path)
        hole = file.format == "OGG" and not guessed and counted / rate - decoded > _HOLE
        return Survey(True, announced, note="damaged: a part was passed over" if hole else None)
    stopped = f"damaged after {decoded:.2f} s, where one reader stops; another went on and reads {there:.2f} s"
    chained = file.format == "OGG" and len(_read_pages(path)) > 1
    explained = guessed or chained  # the reader that stops trusted a guess
    return Survey(False, guessed=guessed or chained, note=None if explained else stopped)


def _measure_packets(path: Path) -> float:
    """Return how many seconds of sound the packets of a file hold; 0 if PyAV cannot read it."""
    try:
        with open_av(path) as container:
            if not container.streams.audio:
                return 0.0
            packets = read_packets(container, container.streams.audio[0])
            return float(sum((packet.duration or 0) * (packet.time_base or 0) for packet in packets))
    except InputError:
        return 0.0


def open_soundfile(path: Path) -> Any:  # soundfile.SoundFile or None; the library has no types
    """Open a file that libsndfile can read; None if it cannot."""
    import soundfile

    name = path if os.name == "nt" else os.fsencode(path)  # bytes: a name need not be valid UTF-8
    try:
        file = soundfile.SoundFile(name)
    except (soundfile.SoundFileError, TypeError):  # TypeError: headerless .raw
        return None
    # Else soundfile seeks after every read, which tears mp3: a frame needs the bits kept in those before.
    file.seekable = lambda: False
    return file


def decode_soundfile(file: Any) -> Iterator[Block]:
    """Yield blocks until the end or the first damaged place."""
    import soundfile

    try:
        while len(block := file.read(BLOCK, "float32", always_2d=True)):
            yield block
    except soundfile.SoundFileError:  # damaged from here on; what came before counts
        return


def _is_mp3(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(3)
    return head == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0")


def _has_count(path: Path) -> bool:
    """Tell whether the first frame of an mp3 counts the frames: in a header of Xing (Info if all are alike) or VBRI."""
    with path.open("rb") as file:
        head = file.read(10)
        length = sum((byte & 127) << (21 - 7 * i) for i, byte in enumerate(head[6:]))  # of the tag: 4 times 7 bits
        file.seek(10 + length if head[:3] == b"ID3" else 0)
        frame = file.read(2048)
    return any(mark in frame for mark in (b"Xing", b"Info", b"VBRI"))


def _is_damaged(path: Path) -> bool:
    """Tell whether PyAV passes over parts of a file."""
    notes: list[str] = []
    with open_av(path) as container:
        for _ in decode_sound(container, container.streams.audio[0], notes):
            pass
    return bool(notes)


def _count_granules(path: Path) -> int:
    """Return the frames that the pages of an Ogg file count; 0 if it counts from anywhere but its beginning."""
    return sum(counts[-1] for counts in _read_pages(path) if counts and counts[0] < _LONGEST_PAGE)


def _read_pages(path: Path) -> list[list[int]]:
    """Return what the pages of each of the streams of an Ogg file count, in order (RFC 3533, section 6)."""
    counts: dict[int, list[int]] = {}  # of the streams that have begun last, by their number
    streams = []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for page in re.finditer(rb"OggS\0(.)(.{8})(.{4})", data, re.DOTALL):
            kind, count, stream = struct.unpack("<Bqi", page[1] + page[2] + page[3])
            if kind & 2:  # a stream begins
                counts[stream] = []
                streams.append(counts[stream])
            if count > 0 and stream in counts:
                counts[stream].append(count)
    return streams


def _goes_on(path: Path, per_second: int) -> bool:
    """Tell whether a wav goes on for a second after the end that its data tell, and not with chunks or tags.

    A second of it takes at least `per_second` bytes.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head, in_data = file.read(12), False
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return False
        while len(chunk := file.read(8)) == 8:
            at, length = file.tell(), int.from_bytes(chunk[4:], "little")
            is_chunk = chunk[:4].isascii() and chunk[:4].decode("ascii").isprintable() and at + length <= size + 1
            if in_data and not is_chunk:
                return size - at > per_second and not chunk.startswith(_TAGS)
            in_data = in_data or chunk[:4] == b"data"
            file.seek(length + length % 2, os.SEEK_CUR)
    return False
