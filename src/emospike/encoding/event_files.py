"""Event files: recordings of real event cameras."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from jaxtyping import Bool, Float64, Int64

from emospike.clip import check_file
from emospike.validation import InputError

_MOST_BYTES = 2**30  # of a file, unpacked
_LARGEST = 4096  # pixels of a side
_LONGEST = 86_400.0  # s
_OVERFLOW = 240  # N-MNIST: an event in this row says that the clock went on by 2^13 us
_ARRAYS = ("x", "y", "t", "p", "width", "height")
_HOW = "give an .npz with arrays x, y, t (microseconds) and p, an N-MNIST .bin, or an .aedat of version 2 or 3.1"

DAVIS = {b"davis240": (240, 180), b"davis346": (346, 260), b"davis640": (640, 480)}
"""Columns and rows of the DAVIS cameras, by how the header of an AEDAT 2 file names the chip."""


_HEADER_LINE = re.compile(rb"#[\t\x20-\x7e\x80-\xff]*(?:\r?\n|\Z)")  # of an AEDAT file; events may begin with # too
_ENDS = (b"#!END-HEADER", b"#End Of ASCII Header")


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


def read_events(path: Path | str) -> RecordedEvents:
    """Read a recording of an event camera.

    ``.npz``: arrays ``x``, ``y``, ``t`` in microseconds and ``p`` (1 on; 0 or -1 off; or 2 on and 1 off), and if they
    are known ``width`` and ``height``. ``.bin``: N-MNIST's 5 bytes an event: x, y, and 1 bit polarity with 23 bits
    microseconds; an event in row 240 means that the clock went on by 2^13 microseconds.
    ``.aedat``: version 2 (jAER) of a DVS128 or, where the header says so, a DAVIS; or version 3.1 (cAER). A DAVIS that
    is neither a 240, 346 nor 640 is taken for as large as its events reach.

    Raises
    ------
    InputError : another kind of file, one that cannot be read, lacks an array, or has no event; values that are no
        numbers, times in seconds, pixels outside of the picture; more than 1 GiB, 4096 pixels a side, or a day
    """
    path = Path(path)
    check_file(path)
    if path.stat().st_size > _MOST_BYTES:
        raise InputError(f"{path} holds more than 1 GiB: cut it into parts")
    try:
        if path.suffix == ".npz":
            return _read_npz(path)
        if path.suffix == ".bin":
            return _read_bin(path)
        if path.suffix == ".aedat":
            return _read_aedat(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path} as events ({error}): {_HOW}") from None
    raise InputError(f"{path} is no event file that is known here: {_HOW}")


def _read_npz(path: Path) -> RecordedEvents:
    arrays = _unpack(path)
    if missing := [name for name in "xytp" if name not in arrays]:
        raise ValueError(f"it lacks the array {missing[0]}")
    x, y, t, p = (arrays[name] for name in "xytp")
    size = [int(arrays[name][0]) if name in arrays else 0 for name in ("width", "height")]
    if not len(x) == len(y) == len(t) == len(p):
        raise ValueError(f"x, y, t and p differ in length: {len(x)}, {len(y)}, {len(t)}, {len(p)}")
    if (t % 1).any():
        raise ValueError("t holds fractions: whole microseconds expected, as of seconds times 1e6")
    if (x % 1).any() or (y % 1).any():
        raise ValueError("x and y are whole numbers of pixels")
    kinds = set(np.unique(p).tolist())
    if not (kinds <= {-1, 0, 1} or kinds <= {1, 2}):
        raise ValueError("p holds other values than 1 for on and 0 or -1 for off (or 2 and 1)")
    return _make_events(x, y, t, p > (1 if 2 in kinds else 0), size)


def _unpack(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an archive that tell of events, each of finite numbers and as one row."""
    try:
        with ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size <= _MOST_BYTES:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: np.ravel(file[name]) for name in _ARRAYS if name in file}
    except Exception as error:  # damaged: of zipfile, zlib, and of numpy, which parses a header as Python does
        raise ValueError(f"a damaged archive: {' '.join(str(error).split())}") from error
    if size > _MOST_BYTES:
        raise ValueError("more than 1 GiB when unpacked")
    for name, values in arrays.items():
        if values.dtype.kind not in "biuf" or not np.isfinite(values).all() or not len(values):
            raise ValueError(f"{name} does not hold finite numbers")
    return arrays


def _read_bin(path: Path) -> RecordedEvents:
    """Read N-MNIST (Orchard et al. 2015), 34 x 34 pixels, or as far as the events of its larger relatives reach."""
    raw = np.frombuffer(path.read_bytes(), np.uint8)
    if len(raw) % 5:
        raise ValueError(f"{len(raw)} bytes are not 5 an event")
    x, y, *rest = raw.reshape(-1, 5).T.astype(np.int64)
    real = y != _OVERFLOW
    t = (((rest[0] & 127) << 16) | (rest[1] << 8) | rest[2]) + (np.cumsum(~real) << 13)
    width, height = (max(34, int(one[real].max(initial=0)) + 1) for one in (x, y))
    return _make_events(x[real], y[real], t[real], rest[0][real] >= 128, [width, height])


def _read_aedat(raw: bytes) -> RecordedEvents:
    """Read the address-event format of iniVation's cameras, by the version that its first line names."""
    start = 0
    while line := _HEADER_LINE.match(raw, start):
        start = line.end()
        if line[0].startswith(_ENDS):
            break
    header, body = raw[:start], raw[start:]
    if header.startswith(b"#!AER-DAT2"):
        return _read_aedat2(body, _find_chip(header))
    if header.startswith(b"#!AER-DAT3.1"):
        return _read_aedat3(body)
    raise ValueError("it is neither AEDAT 2 nor 3.1; newer files: export them as arrays")


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
    width, height = max(width, int(x.max(initial=0)) + 1), max(height, int(y.max(initial=0)) + 1)
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
    x, y = address >> 17, address >> 2 & 0x7FFF
    return _make_events(x, y, t, address >> 1 & 1 > 0, [0, 0])


def _make_events(
    x: np.ndarray, y: np.ndarray, t: np.ndarray, on: Bool[np.ndarray, " events"], size: list[int]
) -> RecordedEvents:
    """Return events in order of time; a picture whose size is not known (0) reaches to the last pixel with one."""
    if len(x) == 0:
        raise ValueError("it holds no event")
    if min(x.min(), y.min()) < 0:
        raise ValueError("columns and rows count from 0")
    width, height = size[0] or int(x.max()) + 1, size[1] or int(y.max()) + 1
    if x.max() >= width or y.max() >= height:
        raise ValueError(f"events lie outside of its {width} x {height} pixels, at {int(x.max())}, {int(y.max())}")
    if max(width, height) > _LARGEST or min(width, height) < 1:
        raise ValueError(f"{width} x {height} pixels, at most {_LARGEST} a side")
    order = np.argsort(t, kind="stable")
    time = t[order].astype(float) * 1e-6
    if time[-1] - time[0] > _LONGEST:
        raise ValueError(f"{time[-1] - time[0]:.0f} s by its times, at most {_LONGEST:.0f} s")
    return RecordedEvents(x[order].astype(np.int64), y[order].astype(np.int64), time, on[order], width, height)
