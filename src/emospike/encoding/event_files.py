"""Event files: recordings of real event cameras."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int64

from emospike.validation import InputError

_HOW = "give an .npz with arrays x, y, t (microseconds) and p, or an N-MNIST .bin"


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

    ``.npz``: arrays ``x``, ``y``, ``t`` in microseconds and ``p`` (1 on; 0 or -1 off), and if they are known ``width``
    and ``height``. ``.bin``: N-MNIST's 5 bytes an event: x, y, and 1 bit polarity with 23 bits microseconds.

    Raises
    ------
    InputError : another kind of file, one that cannot be read, lacks an array, or has no event
    """
    path = Path(path)
    try:
        if path.suffix == ".npz":
            return _npz(path)
        if path.suffix == ".bin":
            return _bin(path)
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"cannot read {path} as events ({error}): {_HOW}") from None
    raise InputError(f"{path} is no event file that is known here: {_HOW}")


def _npz(path: Path) -> RecordedEvents:
    with np.load(path, allow_pickle=False) as file:
        x, y, t, p = (file[name].ravel() for name in "xytp")
        size = [int(file[name]) if name in file else 0 for name in ("width", "height")]
    if not len(x) == len(y) == len(t) == len(p):
        raise ValueError(f"x, y, t and p differ in length: {len(x)}, {len(y)}, {len(t)}, {len(p)}")
    return _events(x, y, t, p > 0, size)


def _bin(path: Path) -> RecordedEvents:
    """Read N-MNIST (Orchard et al. 2015), 34 x 34 pixels."""
    raw = np.frombuffer(path.read_bytes(), np.uint8)
    if len(raw) % 5:
        raise ValueError(f"{len(raw)} bytes are not 5 an event")
    x, y, *rest = raw.reshape(-1, 5).T.astype(np.int64)
    return _events(x, y, ((rest[0] & 127) << 16) | (rest[1] << 8) | rest[2], rest[0] >= 128, [34, 34])


def _events(
    x: np.ndarray, y: np.ndarray, t: np.ndarray, on: Bool[np.ndarray, " events"], size: list[int]
) -> RecordedEvents:
    """Return events in order of time; the picture reaches at least to the last column and row with one."""
    if len(x) == 0:
        raise ValueError("it holds no event")
    if min(x.min(), y.min()) < 0:
        raise ValueError("columns and rows count from 0")
    order = np.argsort(t, kind="stable")
    width, height = max(size[0], int(x.max()) + 1), max(size[1], int(y.max()) + 1)
    column, row = x[order].astype(np.int64), y[order].astype(np.int64)
    return RecordedEvents(column, row, t[order].astype(float) * 1e-6, on[order], width, height)
