"""AEDAT 4, the files of iniVation's DV: packets of events, which may be compressed, in FlatBuffers.

After a line with the version come a header (FlatBuffer `IOHeader`: how packets are compressed, where they end, and an
XML text that tells the streams), and the packets: stream, bytes, and a FlatBuffer. Every offset is checked where it is
used, as a file may hold anything.

Source: https://docs.inivation.com/software/software-advanced-usage/file-formats/aedat-4.0.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from emospike.optional import import_optional

EVENT = np.dtype([("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("on", "u1"), ("", "u1", 3)])
"""An event in a packet: microseconds, column, row, and polarity."""

NONE, LZ4, ZSTD = (0,), (1, 2), (3, 4)
"""How the header names ways of compression; the second of two takes longer to write."""


def read_aedat4(path: Path, most: int) -> tuple[np.ndarray, list[int]]:
    """Return the events of the first camera in a file, as `EVENT` has them, and columns and rows of its picture.

    Raises
    ------
    InputError : a package that unpacks them is missing
    ValueError, struct.error : a damaged file, one without events, or more than `most` bytes of them
    """
    raw = path.read_bytes()
    at = raw.index(b"\n") + 1
    (size,) = struct.unpack_from("<I", raw, at)
    header = raw[at + 4 : at + 4 + size]
    compression, end, text = (_find_field(header, number) for number in range(3))
    way = struct.unpack_from("<i", header, compression)[0] if compression else 0
    stop = struct.unpack_from("<q", header, end)[0] if end else -1
    stream, picture = _find_camera(_read_string(header, text))
    parts, held = [np.empty(0, EVENT)], 0
    for packet in _read_packets(raw[at + 4 + size : stop if stop > 0 else None], stream):
        unpacked = _unpack(packet, way, most - held)
        held += len(unpacked)
        parts.append(_read_events(unpacked[4:]))
    return np.concatenate(parts), picture


def _read_packets(body: bytes, stream: int) -> Iterator[bytes]:
    """Yield what the packets of a stream hold."""
    at = 0
    while at < len(body):
        number, size = struct.unpack_from("<ii", body, at)
        if size < 0 or at + 8 + size > len(body):
            raise ValueError("a packet is longer than the file")
        if number == stream:
            yield body[at + 8 : at + 8 + size]
        at += 8 + size


def _unpack(packet: bytes, way: int, most: int) -> bytes:
    """Return a packet as it was before it was compressed."""
    if way in NONE:
        unpacked = packet
    elif way in LZ4:
        unpacked = _import_packer("lz4.frame").LZ4FrameDecompressor().decompress(packet, max_length=most + 1)
    elif way in ZSTD:
        unpacked = _import_packer("zstandard").ZstdDecompressor().stream_reader(packet).read(most + 1)
    else:
        raise ValueError(f"compression {way} is not known")
    if len(unpacked) > most:
        raise ValueError("it unpacks to many times its size")
    return bytes(unpacked)


def _import_packer(name: str) -> Any:
    return import_optional(name, "compressed AEDAT 4 needs a package", "aedat")


def _find_field(buffer: bytes, number: int) -> int:
    """Return where a field of a FlatBuffer's root table stands; 0 for one that was left out."""
    (root,) = struct.unpack_from("<I", buffer)
    (back,) = struct.unpack_from("<i", buffer, root)
    table = root - back
    if table < 0:
        raise ValueError("a table of fields lies outside of its packet")
    (size,) = struct.unpack_from("<H", buffer, table)
    if size < 6 + 2 * number:
        return 0
    (offset,) = struct.unpack_from("<H", buffer, table + 4 + 2 * number)
    return root + offset if offset else 0


def _read_events(buffer: bytes) -> np.ndarray:
    """Return the events of a packet, whose one field they are."""
    if buffer[4:8] != b"EVTS":
        raise ValueError("a packet of the camera holds no events")
    field = _find_field(buffer, 0)
    if not field:
        return np.empty(0, EVENT)
    start = field + struct.unpack_from("<I", buffer, field)[0]
    (count,) = struct.unpack_from("<I", buffer, start)
    return np.frombuffer(buffer, EVENT, count, start + 4)


def _read_string(buffer: bytes, field: int) -> str:
    if not field:
        raise ValueError("its header tells no streams")
    start = field + struct.unpack_from("<I", buffer, field)[0]
    (length,) = struct.unpack_from("<I", buffer, start)
    return buffer[start + 4 : start + 4 + length].decode()


def _find_camera(text: str) -> tuple[int, list[int]]:
    """Return the number of the first stream of events, and columns and rows of its picture."""
    if "<!" in text:
        raise ValueError("its header declares what no camera does")
    streams = {}
    for node in ElementTree.fromstring(text).iterfind(".//node[@name='outInfo']/node"):
        if node.findtext("attr[@key='typeIdentifier']") == "EVTS":
            sides = [node.findtext(f"node[@name='info']/attr[@key='{side}']") for side in ("sizeX", "sizeY")]
            streams[int(node.get("name", ""))] = [int(side or 0) for side in sides]
    if not streams:
        raise ValueError("it has no stream of events")
    return min(streams.items())
