"""Where the training of networks by gradients keeps checkpoints, and which training each of them is of.

They are kept inside `keep_checkpoints` alone. A file is named by a hash of all that its training depends on: the arrays
that are learnt from, parameters, seed, code and versions of the libraries; no other training finds it. With the same
number of threads, the weights are those of a training that was not stopped, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emospike.files import drop_when_done, make_folder
from emospike.systems.vector_cache import hash_code

if TYPE_CHECKING:
    from emospike.networks.torch.checkpoints import Checkpoint

LIBRARIES = ("numpy", "scipy", "numba", "scikit-learn", "torch", "mediapipe")
"""Whose version changes numbers."""

_FOLDER: ContextVar[Path | None] = ContextVar("folder of checkpoints", default=None)


@contextmanager
def keep_checkpoints(folder: Path) -> Iterator[int]:
    """Keep checkpoints in a folder until the block ends; give how many there are.

    The folder stays where the block is stopped, for who begins it again, and is dropped where it ends or fails.
    """
    before = _FOLDER.set(folder)
    try:
        with drop_when_done(folder):
            yield len(list(folder.glob("*.checkpoint")))
    finally:
        _FOLDER.reset(before)


def open_checkpoint(
    plain: Sequence[Any], arrays: Iterable[np.ndarray | None], generators: Sequence[np.random.Generator] = ()
) -> Checkpoint | None:
    """Return the checkpoint of a training, or None outside `keep_checkpoints`.

    Parameters
    ----------
    plain : its parameters, and all else that it depends on and whose `repr` tells the whole
    arrays : what it learns from
    generators : from which its batches are drawn

    Raises
    ------
    InputError : the folder cannot be made
    """
    folder = _FOLDER.get()
    if folder is None:
        return None
    from emospike.networks.torch.checkpoints import Checkpoint

    states = [one.bit_generator.state for one in generators]
    digest = blake2b(repr([*plain, states, hash_code(("",)), *list_versions()]).encode(), digest_size=8)
    for one in arrays:
        digest.update(repr(None if one is None else (one.dtype, one.shape)).encode())
        digest.update(b"" if one is None else one.tobytes())
    return Checkpoint(make_folder(folder) / f"{digest.hexdigest()}.checkpoint", generators)


def list_versions() -> list[str]:
    """Return the versions of `LIBRARIES`; nothing for one that is not installed."""
    return [_find_version(library) for library in LIBRARIES]


def _find_version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""
