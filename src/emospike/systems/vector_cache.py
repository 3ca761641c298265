"""Vector cache: what was made of training clips, kept in a folder, so that no other fold or run makes it again.

It is off unless the environment variable `EMOSPIKE_CACHE` names a folder, or `keep_vectors` does for a while. What is
there is used only for the same recording, the same parameters and the same code, so that a result is bit for bit what
it would have been.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from emospike.clip import Clip
from emospike.files import drop_empty, drop_files, write_atomically
from emospike.readout.training_rows import find_kind
from emospike.validation import InputError

VARIABLE = "EMOSPIKE_CACHE"
"""The environment variable that names the folder."""

SOURCES = (
    *("clip", "features", "augmentation", "encoding", "brain", "networks", "systems/excube2/model.py"),
    *("systems/perceiving.py", "systems/perception.py", "systems/vectors.py"),
    *("readout/state_vectors.py", "readout/contexts.py", "readout/spike_counts.py", "readout/interactions.py"),
)
"""The code that makes vectors; what another version made is not used."""

_OPENED: ContextVar[set[Path] | None] = ContextVar("folders opened inside keep_vectors", default=None)


@dataclass(frozen=True)
class Kept:
    """What was made of a training clip.

    Attributes
    ----------
    vectors : the vectors of its copies, by modality; the first is that of the recorded clip
    statistic : what was collected of it on the way, or None
    """

    vectors: Mapping[str, Shaped[np.ndarray, "copies dims"]]
    statistic: Shaped[np.ndarray, ...] | None = None


@dataclass(frozen=True)
class VectorCache:
    """A folder with a file for each recording, for one set of parameters."""

    folder: Path

    @classmethod
    def open(cls, described: str | None) -> VectorCache | None:
        """Return the cache of vectors that depend on what is described, or None if none is asked for.

        Raises
        ------
        InputError : the folder cannot be made
        """
        named = os.environ.get(VARIABLE)
        if described is None or not named:
            return None
        within = Path(named).expanduser().absolute()  # processes of a cluster may work in another folder
        folder = within / blake2b(f"{described}{hash_code()}".encode(), digest_size=8).hexdigest()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot keep vectors in {VARIABLE}={named}: {error.strerror}") from error
        if (opened := _OPENED.get()) is not None:
            opened.add(folder)
        return cls(folder)

    def read(self, clip: Clip) -> Kept | None:
        """Return what was made of a recording, or None if nothing is kept, or what is kept is damaged."""
        if clip.is_changed:
            return None
        try:
            with np.load(self._locate(clip), allow_pickle=False) as file:
                found = dict(file)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None
        statistic = found.pop("statistic", None)
        return Kept({name.removeprefix("vectors."): one for name, one in found.items()}, statistic)

    def write(self, clip: Clip, made: Kept) -> None:
        """Keep what was made of a recording; nothing is kept of one that was changed."""
        if clip.is_changed:
            return
        arrays: dict[str, Any] = {
            f"vectors.{own}": one.astype(find_kind(one), copy=False) for own, one in made.vectors.items()
        }
        if made.statistic is not None:
            arrays["statistic"] = made.statistic
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        with suppress(InputError):  # on a full disk, say: what is not kept is made again
            write_atomically(self._locate(clip), buffer.getvalue())

    def _locate(self, clip: Clip) -> Path:
        return self.folder / f"{clip.fingerprint:016x}.npz"


@contextmanager
def keep_vectors(folder: Path) -> Iterator[int]:
    """Keep vectors in a folder until the block ends well, unless `EMOSPIKE_CACHE` names one; give how many there are.

    Then those that it asked for are dropped, and the folder if nothing else is in it. Where the block is stopped or
    fails they stay, for who begins it again.
    """
    if os.environ.get(VARIABLE):
        yield 0
        return
    folder, opened = folder.absolute(), set[Path]()
    os.environ[VARIABLE], before = str(folder), _OPENED.set(opened)
    try:
        yield sum(1 for _ in folder.rglob("*.npz"))
    finally:
        _OPENED.reset(before)
        del os.environ[VARIABLE]
    for own in opened:
        drop_files(own, f"{16 * '[0-9a-f]'}.npz")
    if opened:
        drop_empty(folder)


@cache
def hash_code(sources: tuple[str, ...] = SOURCES) -> str:
    """Return a hash of code, by default of that which makes vectors."""
    root, digest = Path(__file__).parent.parent, blake2b(digest_size=8)
    for source in sources:
        files = sorted((root / source).rglob("*.py")) if (root / source).is_dir() else [root / source]
        for file in files:
            digest.update(file.read_bytes())
    return digest.hexdigest()
