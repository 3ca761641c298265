"""Fingerprints: which recordings these are, whatever their files are called."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from emospike.validation import InputError


def hash_parts(*parts: bytes | Path | None) -> int:
    """Return a number of 64 bits that depends on the parts in this order; of a path, on the bytes of the file.

    >>> hash_parts(b"a", None) == hash_parts(b"a", None), hash_parts(b"a", None) == hash_parts(None, b"a")
    (True, False)

    Raises
    ------
    InputError : a file that cannot be read
    """
    digest = blake2b(digest_size=8)
    for part in parts:
        own = _hash_file(part) if isinstance(part, Path) else blake2b(part or b"", digest_size=8).digest()
        digest.update(own + (b"-" if part is None else b"+"))
    return int.from_bytes(digest.digest(), "big")


def _hash_file(path: Path) -> bytes:
    try:
        facts = path.stat()
        return _hash_version(path, facts.st_size, facts.st_mtime_ns)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


@lru_cache(maxsize=64)  # windows of one recording share its file
def _hash_version(path: Path, size: int, changed: int) -> bytes:
    digest = blake2b(digest_size=8)
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.digest()
