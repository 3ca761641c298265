"""Event files: recordings of real event cameras."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from jaxtyping import Bool, Float64, Int64

from emospike.clip.aedat4 import read_aedat4
from emospike.clip.decoding import check_file
from emospike.validation import InputError

COMMENT = re.compile(rb"#[^\x00-\x08\x0a-\x1f]*\r?(?:\n|$)")
"""A line of a header; events, which may begin with the same byte, hold others that no text has."""

_HOW = "give an .npz with arrays x, y, t (microseconds) and p, an N-MNIST .bin, or an AEDAT file of version 2, 3.1 or 4"

OVERFLOW_ROW, OVERFLOW = 240, 1 << 13
"""What N-MNIST has in the place of a row where its clock ran over, and the microseconds that all later events add."""

LARGEST = 16_384
"""Columns and rows: several times those of the largest sensor."""

DENSEST, ROOM = 50, 1 << 26
"""How many times its own size an archive may unpack to; the bytes that any may."""

LONGEST = 86_400.0
"""Seconds from the first event to the last: a day."""

LATEST = float(1 << 53)
"""Microseconds, 285 years, up to which every whole number has a float of its own."""

SHORTEST = 10_000.0
"""Microseconds that times with fractions span at least: below, they are seconds."""

TONIC = np.dtype([("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "?")])
"""Of an event in an array of tonic: column, row, microseconds, and whether the pixel grew brighter."""

DAVIS = {b"davis240": (240, 180), b"davis346": (346, 260), b"davis640": (640, 480)}
"""Columns and rows of the DAVIS cameras, by how the header of an AEDAT 2 file names the chip."""


@dataclass(frozen=True, eq=False)
class RecordedEvents:
    """Events E(x, y, t, p) in order of time.

    Attributes
    ----------
    x, y : column and row of each event, pixels
    t : when it happened, s
    on : whether the pixel grew brighter
    width, height : of the picture, pixels
    """

    x: Int64[np.ndarray, " events"]
    y: Int64[np.ndarray, " events"]
    t: Float64[np.ndarray, " events"]
    on: Bool[np.ndarray, " events"]
    width: int
    height: int

    @property
    def seconds(self) -> float:
        """From the first event to the last."""
        return float(self.t[-1] - self.t[0])

    def structured(self) -> np.ndarray:
        """Return the events as one structured array, as tonic has them: x, y (int16), t (int64, µs) and p (bool, on).

        >>> events = from_structured(np.array([(3, 1, 2000, True)], TONIC), width=34, height=34)
        >>> events.structured()
        array([(3, 1, 2000,  True)],
              dtype=[('x', '<i2'), ('y', '<i2'), ('t', '<i8'), ('p', '?')])
        """
        found = np.empty(len(self.t), TONIC)
        found["x"], found["y"], found["p"] = self.x, self.y, self.on
        found["t"] = np.round(self.t * 1e6)
        return found

    def cut(self, start: float, stop: float) -> RecordedEvents:
        """Return the events from `start` to before `stop`, s since the first one, with times from `start` on.

        There may be none.
        """
        since = self.t - self.t[0]
        part = slice(*np.searchsorted(since, [start, stop]).tolist())
        return replace(self, x=self.x[part], y=self.y[part], t=since[part] - start, on=self.on[part])


def from_structured(events: np.ndarray, width: int = 0, height: int = 0) -> RecordedEvents:
    """Return the events of a structured array with the fields x, y, t (microseconds) and p, in any order and types.

    A picture of unknown size reaches to the last column and row with an event.

    Raises
    ------
    InputError : another array, or events as `read_events` has it
    """
    names = getattr(getattr(events, "dtype", None), "names", None) or ()
    if not {*"xytp"} <= {*names} or any(events[name].ndim != 1 for name in "xytp"):
        raise InputError("one row of events with the fields x, y, t and p expected, each of one number")
    try:
        x, y, t, p = (events[name] for name in "xytp")
        return _check_events(x, y, t, p, [width, height])
    except ValueError as error:
        raise InputError(f"no events: {error}") from None


def read_events(path: Path | str) -> RecordedEvents:
    """Read a recording of an event camera.

    ``.npz``: arrays ``x``, ``y``, ``t`` in microseconds and ``p`` (1 on; 0 or -1 off), and if they are known ``width``
    and ``height``. ``.bin``: N-MNIST's 5 bytes an event: x, y, and 1 bit polarity with 23 bits microseconds; a row of
    240 is no event, but says that the clock ran over by 8192 microseconds.
    ``.aedat``, ``.aedat4``: version 2 (jAER) of a DVS128 or, where the header says so, a DAVIS; version 3.1 (cAER); or
    version 4 (DV), of the first camera in it. A DAVIS that is neither a 240, 346 nor 640 is taken
    for as large as its events reach.

    Raises
    ------
    InputError : another kind of file, one that cannot be read, lacks an array, or has no event; events outside of the
        picture that it declares, more than a day, times that are no microseconds, or other polarities
    """
    path = Path(path)
    check_file(path)
    facts = path.stat()
    return _read(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=2)  # windows of one recording share its file
def _read(path: Path, _size: int, _changed: int) -> RecordedEvents:
    try:
        if path.suffix.lower() == ".npz":
            return _read_npz(path)
        if path.suffix.lower() == ".bin":
            return _read_bin(path)
        if path.suffix.lower() in {".aedat", ".aedat4"}:
            return _read_aedat(path)
    except Exception as error:
        raise InputError(f"cannot read {path} as events ({error or type(error).__name__}): {_HOW}") from None
    raise InputError(f"{path} is no event file that is known here: {_HOW}")


def _read_npz(path: Path) -> RecordedEvents:
    with ZipFile(path) as archive:
        if sum(one.file_size for one in archive.infolist()) > max(DENSEST * path.stat().st_size, ROOM):
            raise ValueError(f"it unpacks to more than {DENSEST} times its size")
    with np.load(path, allow_pickle=False) as file:
        x, y, t, p = (file[name].ravel() for name in "xytp")
        size = [int(file[name]) if name in file else 0 for name in ("width", "height")]
    if not len(x) == len(y) == len(t) == len(p):
        raise ValueError(f"x, y, t and p differ in length: {len(x)}, {len(y)}, {len(t)}, {len(p)}")
    return _check_events(x, y, t, p, size)


def _check_events(x: np.ndarray, y: np.ndarray, t: np.ndarray, p: np.ndarray, size: list[int]) -> RecordedEvents:
    """Return the events of four arrays, of any types, once they are what they should be."""
    for name, array in zip("xytp", (x, y, t, p), strict=True):
        if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
            raise ValueError(f"finite numbers expected, {name} holds others")
    if not np.isin(p, (-1, 0, 1)).all():
        raise ValueError(f"polarities of 1 (on) and 0 or -1 (off) expected, got {np.unique(p)[:4].tolist()}")
    if np.any(x != np.floor(x)) or np.any(y != np.floor(y)):
        raise ValueError("whole columns and rows expected")
    if np.any(t != np.floor(t)) and np.ptp(t) < SHORTEST:
        raise ValueError(f"times in microseconds expected, those span {np.ptp(t):.3g}: are they seconds?")
    return _make_events(x, y, t, p > 0, size)


def _read_bin(path: Path) -> RecordedEvents:
    """Read N-MNIST (Orchard et al. 2015), 34 x 34 pixels."""
    raw = np.frombuffer(path.read_bytes(), np.uint8)
    if len(raw) % 5:
        raise ValueError(f"{len(raw)} bytes are not 5 an event")
    x, y, *rest = raw.reshape(-1, 5).T.astype(np.int64)
    over = y == OVERFLOW_ROW
    t = (((rest[0] & 127) << 16) | (rest[1] << 8) | rest[2]) + OVERFLOW * np.cumsum(over)
    return _make_events(x[~over], y[~over], t[~over], rest[0][~over] >= 128, [34, 34])


def _read_aedat(path: Path) -> RecordedEvents:
    """Read the address-event format of iniVation's cameras, by the version that its first line names."""
    with path.open("rb") as file:
        if file.readline(64).startswith(b"#!AER-DAT4"):
            events, size = read_aedat4(path, max(DENSEST * path.stat().st_size, ROOM))
            x, y, t = (events[name].astype(np.int64) for name in "xyt")
            return _make_events(x, y, t, events["on"] > 0, size)
    raw, start = path.read_bytes(), 0
    while line := COMMENT.match(raw, start):
        start = line.end()
        if line[0].startswith((b"#!END-HEADER", b"#End Of ASCII Header")):
            break
    header, body = raw[:start], raw[start:]
    if header.startswith(b"#!AER-DAT2"):
        return _read_aedat2(body, _find_chip(header))
    if header.startswith(b"#!AER-DAT3.1"):
        return _read_aedat3(body)
    raise ValueError("it is neither AEDAT 2, 3.1 nor 4")


def _find_chip(header: bytes) -> bytes:
    r"""Return how the header of an AEDAT 2 file names the camera, in small letters; all of it if no line does.

    >>> _find_chip(b"#!AER-DAT2.0\n# AEChip: eu.seebetter.ini.chips.davis.DAVIS240C\n# davis346\n")
    b'aechip: eu.seebetter.ini.chips.davis.davis240c'
    """
    line = re.search(rb"aechip:.*", header.lower())
    return line[0] if line else header.lower()


def _read_aedat2(body: bytes, chip: bytes) -> RecordedEvents:
    """Read big-endian pairs of address and microseconds; columns count from the right, rows from the bottom.

    DVS128: polarity in bit 0 (1 off), column in bits 1 to 7, row in bits 8 to 14; bit 15 marks what is no event.
    DAVIS: polarity in bit 11 (1 on), column in bits 12 to 21, row in bits 22 to 30; bits 10 and 31 mark what is no
    event. This is how the event extractors of jAER, which writes such files, read them.
    """
    address, t = np.frombuffer(body[: len(body) // 8 * 8], ">u4").astype(np.int64).reshape(-1, 2).T
    davis = b"davis" in chip
    real = address & (0x80000400 if davis else 0x8000) == 0
    address, t = address[real], t[real]
    if davis:
        x, y, on = address >> 12 & 0x3FF, address >> 22 & 0x1FF, address & 0x800 > 0
        width, height = next((size for name, size in DAVIS.items() if name in chip), (0, 0))
    else:
        x, y, on, width, height = address >> 1 & 0x7F, address >> 8 & 0x7F, address & 1 == 0, 128, 128
    width, height = width or int(x.max(initial=0)) + 1, height or int(y.max(initial=0)) + 1
    return _make_events(width - 1 - x, height - 1 - y, t, on, [width, height])


def _read_aedat3(body: bytes) -> RecordedEvents:
    """Read packets of little-endian events: 28 bytes of header, then address and microseconds of each event.

    Of the address bit 0 says whether the event is valid, bit 1 its polarity; row in bits 2 to 16, column in 17 to 31.
    """
    parts, at = [np.zeros((0, 2), np.int64)], 0
    while at + 28 <= len(body):
        kind, _, size, _, overflow, _, count, _ = struct.unpack_from("<hhiiiiii", body, at)
        at += 28
        if size <= 0 or count < 0:
            raise ValueError("a packet says that its events have no size")
        if kind == 1 and size == 8:
            events = np.frombuffer(body[at : at + 8 * count][: (len(body) - at) // 8 * 8], "<u4").astype(np.int64)
            parts.append(events.reshape(-1, 2) + np.array([0, overflow << 31]))
        at += size * count
    address, t = np.concatenate(parts).T
    valid = address & 1 > 0
    address, t = address[valid], t[valid]
    return _make_events(address >> 17, address >> 2 & 0x7FFF, t, address >> 1 & 1 > 0, [0, 0])


def _make_events(
    x: np.ndarray, y: np.ndarray, t: np.ndarray, on: Bool[np.ndarray, " events"], size: list[int]
) -> RecordedEvents:
    """Return events in order of time; a picture of unknown size reaches to the last column and row with one."""
    if len(x) == 0:
        raise ValueError("it holds no event")
    width, height = size[0] or int(x.max()) + 1, size[1] or int(y.max()) + 1
    if min(x.min(), y.min()) < 0 or x.max() >= width or y.max() >= height:
        raise ValueError(
            f"columns of 0 to {width - 1} and rows of 0 to {height - 1} expected, got {x.min()} to {x.max()} and "
            f"{y.min()} to {y.max()}"
        )
    if max(width, height) > LARGEST:
        raise ValueError(f"a picture of at most {LARGEST} columns and rows expected, got {width} x {height}")
    first, last = float(t.min()), float(t.max())
    if max(-first, last) > LATEST:
        raise ValueError(f"times of at most {LATEST:.3g} microseconds expected, got {first:.3g} to {last:.3g}")
    order = np.argsort(t, kind="stable")
    seconds = (last - first) * 1e-6
    if seconds > LONGEST:
        raise ValueError(f"it lasts {seconds:.3g} s, at most {LONGEST:g} s expected: are its times microseconds?")
    column, row = x[order].astype(np.int64), y[order].astype(np.int64)
    return RecordedEvents(column, row, t[order].astype(float) * 1e-6, on[order], width, height)
