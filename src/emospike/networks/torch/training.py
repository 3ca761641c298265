"""The loop that trains networks in PyTorch (see `networks.training.Training`), and a step down a loss for others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from emospike.networks.torch.checkpoints import Checkpoint
from emospike.networks.training import Training
from emospike.validation import InputError

Some = TypeVar("Some")
Module = TypeVar("Module", bound=nn.Module)

FACTS = ("epoch", "steps", "best", "stale", "over")
"""Attributes of a `Course` that its state tells beside tensors; rates follow from how many steps are done."""

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
    checkpoint: Checkpoint | None = None,
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
    checkpoint : where it is kept how far training has come, and found again; the weights are the same
    progress : called after each epoch with those done and those in all; the last call has both alike
    """
    place = device()

    def go_on(*told: Any) -> Course[Module]:
        course = Course(deepcopy(module), training, steps, optimiser)
        course.restore(*told)
        return course

    with reproducible(seed, deterministic=training.deterministic):
        course = Course(module.to(place), training, steps, optimiser)
        if checkpoint:
            course = checkpoint.read(go_on) or course
        while not course.over:
            course.module.train()
            for batch in batches(course.epoch):
                with torch.autocast(place.type, torch.bfloat16, enabled=training.bf16 and place.type == "cuda"):
                    value = loss(course.module, batch)
                course.descend(value)
            course.end_epoch(validate)
            if checkpoint and (course.over or checkpoint.is_due):
                checkpoint.write(*course.state())
            if progress:
                progress(training.epochs if course.over else course.epoch, training.epochs)
    return (course.kept if validate else course.average).to("cpu")


class Course(Generic[Module]):
    """How far a training has come: all that it needs to go on.

    Attributes
    ----------
    module, average : the weights, and their average
    kept : the average where it did best; until something is validated, the average
    epoch, steps : how many are done
    best, stale : how good it was there, and validations since
    over : whether it has ended
    """

    def __init__(
        self,
        module: Module,
        training: Training,
        steps: int,
        optimiser: Callable[[Any], torch.optim.Optimizer] | None,
    ) -> None:
        self.training, self.module = training, module
        self.kept = self.average = deepcopy(module).eval()
        self.epoch, self.steps, self.best, self.stale, self.over = 0, 0, -float("inf"), 0, False
        self._batches = steps
        self._descent, self._schedule = _descent(module, training, steps, optimiser)

    def descend(self, loss: Tensor) -> None:
        """Take one step down the loss of a batch."""
        descend(loss, self._descent, self.module.parameters())
        if self._schedule:
            self._schedule.step()
        self.steps += 1
        follow(self.average, self.module, min(self.training.average, self.steps / (self.steps + 10)))

    def end_epoch(self, validate: Callable[[Module], float] | None) -> None:
        """Count an epoch, validate if it is time to, and tell whether it was the last."""
        self.epoch += 1
        last = self.epoch == self.training.epochs
        if validate and (last or self.epoch % self.training.validate_every == 0):
            found = validate(self.average)
            self.stale += 1
            if found > self.best:
                self.best, self.stale, self.kept = found, 0, deepcopy(self.average)
        self.over = last or self.stale >= self.training.patience

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the tensors, and the facts that JSON can hold."""
        parts = {"module": self.module, "average": self.average}
        if self.kept is not self.average:
            parts["kept"] = self.kept
        tensors = {f"{part}.{name}": one for part, own in parts.items() for name, one in own.state_dict().items()}
        told = self._descent.state_dict()
        for number, own in told["state"].items():
            tensors |= {f"optimiser.{number}.{name}": one for name, one in own.items()}
        return tensors, {name: getattr(self, name) for name in FACTS}

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Take back what `state` returned.

        Raises
        ------
        ValueError, or another of `checkpoints.DAMAGED` : it is of no such course, and this one is to be thrown away
        """
        self.descend(torch.stack([0 * one.sum() for one in self.module.parameters()]).sum())  # makes every tensor
        own, parts = _part(self.state()[0]), _part(tensors)
        own["kept"] = own["average"]
        if not {"module", "average"} <= parts.keys() or any(_kinds(parts[one]) != _kinds(own[one]) for one in parts):
            raise ValueError("tensors of another network or optimiser")
        _check(facts, self.training.epochs, self._batches)
        for name in FACTS:
            setattr(self, name, facts[name])
        self.module.load_state_dict(parts.pop("module"))
        self.average.load_state_dict(parts.pop("average"))
        if "kept" in parts:
            self.kept = deepcopy(self.average)
            self.kept.load_state_dict(parts.pop("kept"))
        groups = self._descent.state_dict()["param_groups"]
        state = {int(name.partition(".")[2]): one for name, one in parts.items()}
        if any("step" in one and not 1 <= one["step"] <= self.steps for one in state.values()):
            raise ValueError("steps of another training")
        self._descent.load_state_dict({"state": state, "param_groups": groups})
        if self._schedule:
            self._schedule.last_epoch = self.steps - 1
            self._schedule.step()


def _check(facts: Mapping[str, Any], epochs: int, steps: int) -> None:
    """Raise `ValueError` where a count is of another kind, or out of the bounds of so many epochs of so many steps."""
    kinds = {"epoch": (int,), "steps": (int,), "best": (int, float), "stale": (int,), "over": (bool,)}
    if any(type(facts[name]) not in kinds[name] for name in FACTS):
        raise ValueError("counts of another kind")
    last = epochs if facts["over"] else epochs - 1
    if not (1 <= facts["epoch"] <= last and 0 <= facts["steps"] <= facts["epoch"] * steps and facts["stale"] >= 0):
        raise ValueError("counts of another training")


def _part(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """Return tensors by what they are part of: ``module``, ``average``, ``kept`` or ``optimiser.NUMBER``."""
    parts: dict[str, dict[str, Tensor]] = {}
    for name, one in tensors.items():
        part, _, own = name.partition(".")
        if part == "optimiser":
            number, _, own = own.partition(".")
            part = f"{part}.{int(number)}"
        parts.setdefault(part, {})[own] = one
    return parts


def _kinds(part: Mapping[str, Tensor]) -> dict[str, tuple[torch.dtype, torch.Size]]:
    return {name: (one.dtype, one.shape) for name, one in part.items()}


def _descent(
    module: nn.Module, training: Training, steps: int, optimiser: Callable[[Any], torch.optim.Optimizer] | None
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.OneCycleLR | None]:
    """Return the optimiser, and the schedule of its rate if it is the one of `training`."""
    if optimiser:
        return optimiser(module.parameters()), None
    descent = torch.optim.AdamW(module.parameters(), lr=training.rate, weight_decay=training.decay)
    total = max(training.epochs * steps, 6)  # where a fifth of them is one step, OneCycleLR divides by 0
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
