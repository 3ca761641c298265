"""The loop that trains networks in PyTorch (see `networks.training.Training`), and a step down a loss for others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from emospike.networks.training import Training
from emospike.validation import InputError

Some = TypeVar("Some")
Module = TypeVar("Module", bound=nn.Module)

CLIP = 2.0
"""Norm above which a gradient is shortened."""


def device() -> torch.device:
    """Return the GPU if there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def load_weights(make: Callable[[], Module], weights: Mapping[str, np.ndarray]) -> Module:
    """Return a network, ready to answer, with these weights.

    Their names, types and shapes are compared first with those of a network without memory: what is not there is not
    made. Raises `InputError` where they differ.
    """
    stored = {name: torch.from_numpy(np.array(one)) for name, one in weights.items()}
    with torch.device("meta"):
        expected = {name: (one.dtype, one.shape) for name, one in make().state_dict().items()}
    for name in sorted(expected.keys() | stored.keys()):
        came = (stored[name].dtype, stored[name].shape) if name in stored else None
        if came != expected.get(name):
            raise InputError(f"{name} of the network has another type or shape than expected, or is one too many")
    network = make()
    network.load_state_dict(stored)
    return network.eval()


@contextmanager
def reproducible(seed: int, *, deterministic: bool = True) -> Iterator[None]:
    """Draw the same random numbers inside, and use deterministic algorithms if asked to; leave PyTorch as it was."""
    was = torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(deterministic, warn_only=True)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(was)


def fit(
    module: Module,
    batches: Callable[[int], Iterable[Some]],
    loss: Callable[[Module, Some], Tensor],
    validate: Callable[[Module], float] | None = None,
    *,
    training: Training,
    steps: int,
    seed: int = 0,
    optimiser: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Module:
    """Train a module, and return its averaged weights where they did best.

    Parameters
    ----------
    batches : of an epoch, counted from 0; the caller seeds what is random in them
    loss : of a batch
    validate : how good the averaged weights are on clips that do not train; higher is better. Without it the last
        average is returned
    steps : batches an epoch, at most
    optimiser : in place of AdamW with one cycle of its learning rate
    progress : called after each epoch with those done and those in all; the last call has both alike
    """
    place = device()
    module = module.to(place)
    kept = average = deepcopy(module).eval()
    best, stale, done = -float("inf"), 0, 0
    with reproducible(seed, deterministic=training.deterministic):
        descent, schedule = _descent(module, training, steps, optimiser)
        for epoch in range(training.epochs):
            module.train()
            for batch in batches(epoch):
                with torch.autocast(place.type, torch.bfloat16, enabled=training.bf16 and place.type == "cuda"):
                    value = loss(module, batch)
                descend(value, descent, module.parameters())
                if schedule:
                    schedule.step()
                done += 1
                follow(average, module, min(training.average, done / (done + 10)))
            if validate and ((epoch + 1) % training.validate_every == 0 or epoch + 1 == training.epochs):
                found = validate(average)
                stale += 1
                if found > best:
                    best, stale, kept = found, 0, deepcopy(average)
            ends = stale >= training.patience
            if progress:
                progress(training.epochs if ends else epoch + 1, training.epochs)
            if ends:
                break
    return (kept if validate else average).to("cpu")


def _descent(
    module: nn.Module, training: Training, steps: int, optimiser: Callable[[Any], torch.optim.Optimizer] | None
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.OneCycleLR | None]:
    """Return the optimiser, and the schedule of its rate if it is the one of `training`."""
    if optimiser:
        return optimiser(module.parameters()), None
    descent = torch.optim.AdamW(module.parameters(), lr=training.rate, weight_decay=training.decay)
    total = max(training.epochs * steps, 2)
    return descent, torch.optim.lr_scheduler.OneCycleLR(descent, training.rate, total, pct_start=0.2)


def descend(loss: Tensor, optimiser: torch.optim.Optimizer, shorten: Iterable[nn.Parameter] | None = None) -> None:
    """Take one step down a loss, the gradient of some parameters shortened to `CLIP`."""
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    if shorten is not None:
        nn.utils.clip_grad_norm_(shorten, CLIP)
    optimiser.step()


@torch.no_grad()
def follow(average: nn.Module, module: nn.Module, keep: float) -> None:
    """Move the averaged weights towards the module's: ``average = keep average + (1 - keep) weights``."""
    for kept, new in zip(average.state_dict().values(), module.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, 1 - keep)
        else:
            kept.copy_(new)


def contrast_loss(first: Tensor, second: Tensor, labels: Tensor, temperature: float = 0.07) -> Tensor:
    """Return how badly one modality's embedding picks out the other's of clips with the same label.

        -mean over pairs (i, j) of one class of log softmax_j(F_i . G_j / temperature)

    Embeddings are scaled to unit length. Source: S-CMRL, arXiv 2502.12488.
    """
    near = nn.functional.normalize(first, dim=1) @ nn.functional.normalize(second, dim=1).T / temperature
    same = labels[:, None] == labels[None, :]
    return -near.log_softmax(1)[same].mean()
