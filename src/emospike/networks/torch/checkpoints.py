"""Checkpoints: how far the training of a network has come, in a file, so that a run that was stopped goes on there.

Tensors and JSON in a safetensors file, so that reading one runs no code.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from emospike.files import write_atomically
from emospike.validation import InputError

EVERY = 5.0
"""Seconds that pass at least from one writing to the next."""

Tensors: TypeAlias = dict[str, Tensor]
"""By name."""

Restored = TypeVar("Restored")

DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, SafetensorError)
"""What reading a file raises that is not as `Checkpoint.write` writes it."""


@dataclass
class Checkpoint:
    """A file of one training alone: whoever names it sees to that (see `systems.checkpoints`).

    Attributes
    ----------
    file : where it is written, and found again
    generators : NumPy's, from which batches are drawn: where they stand is part of it, as where PyTorch's stands
    """

    file: Path
    generators: Sequence[np.random.Generator] = ()
    written: float = field(default_factory=time.monotonic, init=False, repr=False)

    @property
    def is_due(self) -> bool:
        """Whether it is time to write it again."""
        return time.monotonic() - self.written >= EVERY

    def write(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Write tensors, facts that JSON can hold, and where the random generators stand; on a full disk, nothing."""
        random, generators = self._take_random()
        copies = {name: one.detach().cpu().clone().contiguous() for name, one in (*tensors.items(), *random.items())}
        told = json.dumps({"facts": facts, "generators": generators})
        with suppress(InputError):
            write_atomically(self.file, save(copies, {"told": told, "digest": _digest(copies, told)}))
        self.written = time.monotonic()

    def read(self, restore: Callable[[Tensors, dict[str, Any]], Restored]) -> Restored | None:
        """Return what `restore` makes of the tensors and facts that were written, and set the generators as they stood.

        None if there is no file, or it is damaged, or `restore` raises one of `DAMAGED`; then every generator stands
        where it stood before.
        """
        before = self._take_random()
        try:
            with safe_open(self.file, "pt") as file:
                tensors, known = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
            told = json.loads(known["told"])
            if known["digest"] != _digest(tensors, known["told"]):
                return None
            random = {name: tensors.pop(name) for name in before[0]}
            restored = restore(tensors, told["facts"])
            self._set_random(random, told["generators"])
        except DAMAGED:
            self._set_random(*before)
            return None
        return restored

    def _take_random(self) -> tuple[Tensors, list[Any]]:
        """Return where the random generators stand: PyTorch's, of the processor and of every GPU, and NumPy's."""
        random = {"random": torch.get_rng_state()}
        if torch.cuda.is_available():
            random |= {f"random.{i}": one for i, one in enumerate(torch.cuda.get_rng_state_all())}
        return random, [one.bit_generator.state for one in self.generators]

    def _set_random(self, random: Tensors, generators: Sequence[Any]) -> None:
        """Set the random generators as `_take_random` told them, GPUs in the order of their numbers."""
        for generator, state in zip(self.generators, generators, strict=True):
            generator.bit_generator.state = state
        torch.set_rng_state(random["random"])
        if len(random) > 1:
            torch.cuda.set_rng_state_all([random[f"random.{i}"] for i in range(len(random) - 1)])


def _digest(tensors: Mapping[str, Tensor], told: str) -> str:
    """Return a hash of what a file holds: one that a disk has changed is not gone on with."""
    digest = blake2b(told.encode(), digest_size=16)
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
