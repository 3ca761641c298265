"""Whether an EEG file may be given to a library that follows what it says without looking."""

from __future__ import annotations

import struct
import zlib
from mmap import mmap

MATRIX, COMPRESSED = 14, 15
KINDS = {*range(1, 8), 9, *range(12, 19)}
"""Types of data in MATLAB's level 5 files; scipy looks them up in a table and reads beside it for others."""

MOST = 1 << 30
"""Bytes that a compressed part may hold: EAV's largest take half of it."""

DEEPEST = 20
"""Arrays within one another."""


def check_mat(raw: bytes) -> None:
    """Raise `ValueError` unless all parts of a level 5 file (if it is one) are of known types and within the file.

    Source: MathWorks, MAT-File Format (2023), chapter 1.
    """
    order = {b"IM": "<", b"MI": ">"}.get(raw[126:128])
    if order:
        _check_parts(memoryview(raw)[128:], order, 0)


def check_fif(raw: bytes | mmap) -> None:
    """Raise `ValueError` unless the tags of a FIF file lie within it, one after the other.

    A tag has 16 bytes, big endian: kind, type, size of what follows, and where the next one is (0: behind it, -1:
    nowhere). A library that goes on where an earlier one is pointed at never ends.
    """
    at = 0
    while at + 16 <= len(raw):
        _, _, size, after = struct.unpack_from(">iiii", raw, at)
        if size < 0 or at + 16 + size > len(raw):
            raise ValueError(f"a tag of {size} bytes where {len(raw) - at - 16} are left")
        if after == -1:
            return
        following = after or at + 16 + size
        if following < at + 16 + size:
            raise ValueError("a tag that points back")
        at = following


def _check_parts(data: memoryview, order: str, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError(f"arrays within arrays, more than {DEEPEST}")
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        start = at + 8
        if kind >> 16:  # a small part: its size and type share four bytes, and up to four follow
            kind, size, start = kind & 0xFFFF, kind >> 16, at + 4
            if size > 4:
                raise ValueError(f"a small part of {size} bytes, at most 4 expected")
        if kind not in KINDS or start + size > len(data):
            raise ValueError(f"a part of type {kind} and {size} bytes where {len(data) - start} are left")
        if kind == COMPRESSED:
            unpacking = zlib.decompressobj()
            whole = unpacking.decompress(data[start : start + size], MOST)
            if not unpacking.eof:
                raise ValueError(f"a compressed part that is cut short, or of more than {MOST} bytes")
            _check_parts(memoryview(whole), order, depth + 1)
        elif kind == MATRIX:
            _check_parts(data[start : start + size], order, depth + 1)
        # Parts end at a multiple of eight bytes, compressed ones where they end.
        at = start + size if kind == COMPRESSED else start + size + (-(start + size - at) % 8)
