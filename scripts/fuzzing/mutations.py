"""What is done to a file that is right: bytes, words of text, and the header and arrays of a model."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

HEADER = "emospike"

MOST_CHANGES = 4
"""Of one file."""

BYTES = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\x00" * 4, b"\xff" * 4, b"\x00" * 8, b"\xff" * 8, b"\x7f" + b"\xff" * 7)
WORDS = (
    "", "nan", "inf", "-inf", "0", "-1", "1e308", "1e-308", "1e6", "99999999999999999999", "0x10", '"', '"\n', ";", ",",
    "\t", "\x00", "\x1b[2J", "../../etc/passwd", "a" * 5000, "é", "\u202e", "true", "1;2", "1,5", "None", "[/b]",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    0, 1, -1, 2, 3, 7, 100, 1000, 10**6, 10**9, 2**31, 2**63, 2**70, 0.0, -1.0, 0.5, 1e-30, 1e9, 1e308, float("nan"),
    float("inf"), -float("inf"), "", "x", "high", "\x1b[2J", "[/b]", "../../etc/passwd", "a" * 5000, None, True, False,
    [], {}, [[]], [0], [1, 2, 3], [None], ["a", "b"], {"mapping": {}}, {"step": "feature/mel", "with": {}},
    {"step": "encoder/population", "with": {"fields": 1000}}, {"step": "os:system", "with": {"command": "ls"}},
)  # fmt: skip


def mutate(data: bytes, kind: str, suffix: str, seed: str, keep: list[int] | None = None) -> tuple[bytes, list[str]]:
    """Return a file with one to four things done to it, and what; of those that `keep` numbers."""
    rng = Random(seed)
    done = []
    for number in range(rng.choice((1, 1, 1, 2, 3, MOST_CHANGES))):
        own = Random(f"{seed}/{number}")
        change = choose(kind, suffix, own)
        if keep is not None and number not in keep:
            continue
        try:
            data = change(data, own)
        except Exception:
            data = flip(data, own)
        done.append(f"{number}:{change.__name__}")
    return data, done


def choose(kind: str, suffix: str, rng: Random) -> Callable[[bytes, Random], bytes]:
    if kind == "model":
        return rng.choice((flip, patch, cut, *3 * (edit_header, edit_arrays)))
    if suffix == ".csv":
        return rng.choice((flip, patch, cut, *3 * (change_word,), move_lines))
    return rng.choice((flip, flip, patch, patch, cut, splice))


# -- bytes ---------------------------------------------------------------------------------------------------------


def place(data: bytes, rng: Random) -> int:
    """Return a place, in half of the cases near the beginning, where headers are."""
    return rng.randrange(max(1, min(len(data), 400) if rng.random() < 0.5 else len(data)))


def flip(data: bytes, rng: Random) -> bytes:
    """Flip some bits."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 2, 8, 64))):
        if out:
            out[place(data, rng)] ^= 1 << rng.randrange(8)
    return bytes(out)


def patch(data: bytes, rng: Random) -> bytes:
    """Write bytes that mean a lot over others."""
    at, what = place(data, rng), rng.choice((*BYTES, rng.randbytes(8)))
    return data[:at] + what + data[at + len(what) :]


def cut(data: bytes, rng: Random) -> bytes:
    """Cut the end off, or a part out."""
    at = place(data, rng)
    return data[:at] if rng.random() < 0.5 else data[:at] + data[at + rng.randrange(1, 1000) :]


def splice(data: bytes, rng: Random) -> bytes:
    """Copy a part to another place."""
    start, to = place(data, rng), place(data, rng)
    return data[:to] + data[start : start + rng.randrange(1, 2000)] + data[to:]


# -- text ----------------------------------------------------------------------------------------------------------


def change_word(data: bytes, rng: Random) -> bytes:
    """Put another word into a field, into the header's row a little more often than into others."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    row = 0 if rng.random() < 0.2 else rng.randrange(len(lines))
    mark = ";" if ";" in lines[row] else ","
    fields = lines[row].split(mark)
    fields[rng.randrange(len(fields))] = rng.choice(WORDS)
    lines[row] = mark.join(fields)
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def move_lines(data: bytes, rng: Random) -> bytes:
    """Drop, repeat or exchange lines."""
    lines = data.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(3)
    if kind == 0:
        del lines[one]
    elif kind == 1:
        lines[one:one] = [lines[other]] * rng.choice((1, 50))
    else:
        lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


# -- models --------------------------------------------------------------------------------------------------------


def read_model(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray], dict[str, str]]:
    """Return the header, the arrays and the other metadata of a model file."""
    from safetensors.numpy import load

    size = struct.unpack("<Q", data[:8])[0]
    metadata = json.loads(data[8 : 8 + size])["__metadata__"]
    return json.loads(metadata[HEADER]), dict(load(data)), metadata


def write_model(header: Any, arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    from safetensors.numpy import save

    ready = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    return save(ready, metadata=metadata | {HEADER: header if isinstance(header, str) else json.dumps(header)})


def list_places(value: Any) -> list[tuple[Any, Any]]:
    """Return all places in a JSON value, as what they lie in and the key there."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [found for key in keys for found in list_places(value[key])]


def edit_header(data: bytes, rng: Random) -> bytes:
    """Change, drop, rename, repeat or nest something of the header."""
    header, arrays, metadata = read_model(data)
    if rng.random() < 0.03:
        return write_model("[" * 100_000 + "]" * 100_000, arrays, metadata)
    part = header.get(rng.choice(("parameters", "parameters", "facts", "card")), header)
    places = list_places(part) or list_places(header)
    inside, key = rng.choice(places)
    kind = rng.randrange(10)
    if kind < 6:
        inside[key] = rng.choice(VALUES)
    elif kind == 6:
        del inside[key]
    elif kind == 7:
        other, its = rng.choice(places)
        inside[key] = other[its]
    elif kind == 8:
        value = inside[key]
        scale = rng.choice((-1, 0, 2, 10, 1e3, 1e6, 1e-3))
        inside[key] = type(value)(value * scale) if isinstance(value, (int, float)) else [value] * rng.choice((2, 300))
    elif isinstance(inside, dict):
        inside[rng.choice(("x", "steps", "model", "classes", str(key) + "_"))] = inside.pop(key)
    return write_model(header, arrays, metadata)


def edit_arrays(data: bytes, rng: Random) -> bytes:
    """Change values, type, shape or name of an array; drop it, or add one."""
    header, arrays, metadata = read_model(data)
    name = rng.choice(sorted(arrays))
    array = arrays[name]
    arrays[name] = EDITS[rng.randrange(len(EDITS))](array, rng)
    kind = rng.randrange(12)
    if kind == 0:
        del arrays[name]
    elif kind == 1:
        arrays["extra"] = array
    elif kind == 2:
        arrays[rng.choice(sorted(arrays))] = array
    elif kind == 3:
        header["facts"]["mapping"]["threshold"] = rng.choice(VALUES)
    return write_model(header, arrays, metadata)


def set_values(array: np.ndarray, rng: Random) -> np.ndarray:
    """Write numbers that are out of place."""
    out = np.array(array)
    if out.dtype.kind == "f":
        numbers = (np.nan, np.inf, -np.inf, 0, -1, 1e30, 1e-30, 65504.0)
    else:
        limits = np.iinfo(out.dtype) if out.dtype.kind in "iu" else None
        numbers = (limits.min, limits.max, limits.max // 2, 0, 1, 1000) if limits else (True, False)
    with np.errstate(all="ignore"):
        for _ in range(rng.choice((1, 2, 20))):
            if out.size:
                out.flat[rng.randrange(out.size)] = rng.choice(numbers)
        if rng.random() < 0.2:
            out[...] = rng.choice(numbers)
    return out


def swap_large(array: np.ndarray, rng: Random) -> np.ndarray:
    """Add a lot to one number and take it from another, so that the sum stays."""
    out = np.array(array)
    if out.size > 1 and out.dtype.kind in "iuf":
        one, other = rng.randrange(out.size), rng.randrange(out.size)
        much = out.dtype.type(rng.choice((1, 100, 10_000)))
        with np.errstate(all="ignore"):
            out.flat[one] += much
            out.flat[other] -= much
    return out


def set_type(array: np.ndarray, rng: Random) -> np.ndarray:
    """Say the same in another type."""
    with np.errstate(all="ignore"):
        return array.astype(rng.choice(("f2", "f4", "f8", "i1", "u1", "i4", "u4", "i8", "u8", "?")))


def set_shape(array: np.ndarray, rng: Random) -> np.ndarray:
    """Give the same numbers another shape, or repeat or drop some."""
    if not array.ndim:
        return array[None]
    change = rng.choice(
        (
            lambda: array.reshape(-1, 1),
            lambda: array.reshape(1, -1),
            array.ravel,
            lambda: array.T,
            lambda: array[: len(array) // 2],
            lambda: array[:0],
            lambda: np.concatenate([array, array]),
            lambda: array[..., :1],
        )
    )
    return change()


EDITS = (set_values, set_values, swap_large, set_type, set_shape, set_shape)
