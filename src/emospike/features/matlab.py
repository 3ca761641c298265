"""MATLAB files of version 5: one array of numbers out of them.

The reader of scipy follows what a damaged file tells of types and sizes out of its memory, and the process dies.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_MATRIX, _COMPRESSED = 14, 15
_NUMERIC = range(6, 16)  # classes of arrays
_COMPLEX = 0x0800
_HEADER = 128
_MOST = 2**31  # bytes, packed or not


def read_array(path: Path, names: Collection[str]) -> Shaped[np.ndarray, ...] | None:
    """Return the first array of numbers that has one of these names, or None.

    Source: MAT-File Format (The MathWorks), chapter 1.

    Raises
    ------
    ValueError : no file of that version, or one that is damaged or takes more than 2 GiB
    """
    if path.stat().st_size > _MOST:
        raise ValueError("more than 2 GiB")
    data = path.read_bytes()
    order = {b"IM": "<", b"MI": ">"}.get(data[126:_HEADER])
    if order is None or data.startswith(b"MATLAB 7.3"):
        raise ValueError("a file of MATLAB's version 5 expected: save it with -v7")
    elements = list(_read_elements(memoryview(data)[_HEADER:], order))
    if any(kind not in {_MATRIX, _COMPRESSED} for kind, _ in elements):
        raise ValueError("it is damaged: something else than arrays")
    for kind, body in elements:
        inner = _read_elements(_unpack(body), order) if kind == _COMPRESSED else iter([(kind, body)])
        for own, matrix in inner:
            array = _read_matrix(matrix, order, names) if own == _MATRIX else None
            if array is not None:
                return array
    return None


def _read_elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Yield type and content of the elements of a file, or of an array."""
    at = 0
    while at + 8 <= len(data):
        kind, size = np.frombuffer(data[at : at + 8], f"{order}u4").tolist()
        begin, step = at + 8, 8 + size + (0 if kind == _COMPRESSED else -size % 8)
        if kind >> 16:  # four bytes or fewer stand in the tag itself
            kind, size, begin, step = kind & 0xFFFF, kind >> 16, at + 4, 8
        if begin + size > len(data):
            raise ValueError("it is cut short or damaged")
        yield kind, data[begin : begin + size]
        at += step


def _unpack(body: memoryview) -> memoryview:
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(body, _MOST)
    except zlib.error as error:
        raise ValueError(f"it is damaged: {error}") from error
    if unpacker.unconsumed_tail:
        raise ValueError("more than 2 GiB when unpacked")
    return memoryview(data)


def _read_matrix(matrix: memoryview, order: str, names: Collection[str]) -> Shaped[np.ndarray, ...] | None:
    """Return an array of numbers, if it has one of the names: flags, shape, name and numbers follow each other."""
    parts = _read_elements(matrix, order)
    head = [part for _, part in zip(range(3), parts, strict=False)]
    if len(head) < 3 or bytes(head[2][1]).decode("latin-1") not in names:
        return None
    flags, shape = _read_numbers(*head[0], order), _read_numbers(*head[1], order).tolist()
    if not len(flags) or int(flags[0]) & 0xFF not in _NUMERIC or int(flags[0]) & _COMPLEX:
        return None
    values = _read_numbers(*next(parts, (0, memoryview(b""))), order)
    if min(shape, default=0) < 0 or math.prod(shape) != len(values):
        raise ValueError(f"it is damaged: {len(values)} numbers in an array of shape {tuple(shape)}")
    return values.reshape(shape, order="F")


def _read_numbers(kind: int, body: memoryview, order: str) -> Shaped[np.ndarray, " numbers"]:
    if kind not in _TYPES or len(body) % int(_TYPES[kind][1]):
        raise ValueError(f"it is damaged: {len(body)} bytes of type {kind}")
    return np.frombuffer(body, order + _TYPES[kind])
