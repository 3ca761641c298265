"""Where the training of networks by gradients keeps checkpoints, and which training each of them is of.

They are kept inside `keep_checkpoints` alone. A file is named by a hash of all that its training depends on: the arrays
that are learnt from, parameters, seed, code, versions of the libraries and whether a GPU computes; no other training
finds it. With the same number of threads, the weights are those of a training that was not stopped, bit for bit.
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

from emospike.files import drop_files, make_folder
from emospike.systems.vector_cache import hash_code

if TYPE_CHECKING:
    from emospike.networks.torch.checkpoints import Checkpoint

LIBRARIES = ("numpy", "scipy", "numba", "scikit-learn", "torch", "mediapipe")
"""Whose version changes numbers."""

_KEPT: ContextVar[tuple[Path, set[str]] | None] = ContextVar("folder of checkpoints, those opened", default=None)


@contextmanager
def keep_checkpoints(folder: Path) -> Iterator[int]:
    """Keep checkpoints in a folder until the block ends well; give how many there are.

    Then those of its own trainings are dropped, and the folder if nothing else is in it. Where the block is stopped or
    fails they stay, for who begins it again.
    """
    folder, opened = folder.absolute(), set[str]()
    before = _KEPT.set((folder, opened))
    try:
        yield len(list(folder.glob("*.checkpoint")))
    finally:
        _KEPT.reset(before)
    for name in opened:
        drop_files(folder, name)


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
    kept = _KEPT.get()
    if kept is None:
        return None
    from emospike.networks.torch.checkpoints import Checkpoint
    from emospike.networks.torch.training import device

    folder, opened = kept
    states = [one.bit_generator.state for one in generators]
    digest = blake2b(digest_size=8)
    digest.update(repr([*plain, states, hash_code(("",)), *list_versions(), device().type]).encode())
    for one in arrays:
        digest.update(repr(None if one is None else (one.dtype, one.shape)).encode())
        digest.update(b"" if one is None else one.tobytes())
    name = f"{digest.hexdigest()}.checkpoint"
    opened.add(name)
    return Checkpoint(make_folder(folder) / name, generators)


def list_versions() -> list[str]:
    """Return the versions of `LIBRARIES`; nothing for one that is not installed."""
    return [_find_version(library) for library in LIBRARIES]


def _find_version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""
