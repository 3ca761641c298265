"""The voters of Spiking Emotions: from hidden spikes to votes, to calibrated probabilities, and how they learn on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from jaxtyping import Float32, Int64, Shaped

from emospike.networks.plif_net import PlifNet
from emospike.readout.calibration import Calibration
from emospike.readout.contract import check_owners
from emospike.readout.early import Votes, count_votes
from emospike.readout.readout import Readout, ScoreReadout, Scores
from emospike.validation import InputError

if TYPE_CHECKING:
    from emospike.networks.torch.plif import PlifNetwork

Labels = Shaped[np.ndarray, " clips"]
Hidden = Sequence[Float32[np.ndarray, "looks hidden"]]
"""Hidden spikes of a clip, of each network."""


@dataclass
class VoteReadout(Readout):
    """Votes of several networks, averaged, and calibrated.

    Labelled clips change the last layer of each network alone, which rehearses the training clips whose hidden spikes
    are kept, so that they stay known.

    Attributes
    ----------
    network : what the networks are like
    networks : those that vote
    lead : how far a class must lead for counting to stop (see `early.stops`); None counts all steps
    calibrated : from mean votes to probabilities
    memory : hidden spikes of the training clips, by network: a bit a neuron and step where there are spikes
    remembered : index of the class of each of these clips
    """

    stage: ClassVar[str] = "votes"

    network: PlifNet
    networks: list[PlifNetwork]
    lead: float | None
    calibrated: ScoreReadout
    memory: list[np.ndarray] = field(default_factory=list, repr=False)
    remembered: Int64[np.ndarray, " clips"] = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)

    @property
    def calibration_(self) -> Calibration:  # type: ignore[override]
        """From scores to probabilities."""
        return self.calibrated.calibration_

    def votes(self, hidden: Sequence[Hidden]) -> Votes:
        """Return the share of each class's voters that fired at each step, averaged over the networks."""
        each = [[net.vote_on_hidden(one) for net, one in zip(self.networks, own, strict=True)] for own in hidden]
        return np.asarray(np.mean(np.stack(each), axis=1), np.float32)

    def scores(self, X: Sequence[Hidden], speakers: Labels | None = None) -> Scores:
        """Return the mean votes, counted until they are settled if a lead is given, without what is the speaker's."""
        return self.calibrated.scores(count_votes(self.votes(X), self.lead), speakers)

    def adapt(self, X: Sequence[Hidden], labels: Labels | None = None) -> VoteReadout:
        """Learn a new speaker (without labels: its mean votes), or new clips and classes."""
        if labels is None:
            self.calibrated.adapt(count_votes(self.votes(X), self.lead))
            return self
        before = list(self.classes)
        classes = sorted({*before, *labels.tolist()})
        self.calibrated.extend(classes)
        place = np.searchsorted(classes, before)
        target = np.concatenate([place[self.remembered], np.searchsorted(classes, labels)])
        from emospike.networks.torch.plif import teach, widen

        for member, network in enumerate(self.networks):
            widen(network, len(classes), place)
            inner = np.concatenate([self._recall(member), np.stack([one[member] for one in X])])
            teach(network, inner, target)
            self.memory[member] = self._pack(inner)
        self.remembered = target
        return self

    def keep(
        self, hidden: Sequence[Float32[np.ndarray, "clips looks hidden"]], target: Int64[np.ndarray, " clips"]
    ) -> None:
        """Keep what the hidden neurons of each network do with the training clips."""
        self.memory, self.remembered = [self._pack(one) for one in hidden], target.astype(np.int64)

    def _pack(self, inner: Float32[np.ndarray, "clips looks hidden"]) -> np.ndarray:
        return np.packbits(inner > 0, axis=None) if self.network.spiking else inner

    def _recall(self, member: int) -> Float32[np.ndarray, "clips looks hidden"]:
        if not self.network.spiking:
            return self.memory[member]
        shape = (len(self.remembered), self.network.steps, self.network.hidden)
        return np.unpackbits(self.memory[member], count=int(np.prod(shape))).reshape(shape).astype(np.float32)

    # -- storing -----------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fitted arrays, and the facts that JSON can hold."""
        own, facts = self.calibrated.state()
        arrays = {f"readout.{name}": array for name, array in own.items()} | {"remembered": self.remembered}
        for member, (network, memory) in enumerate(zip(self.networks, self.memory, strict=True)):
            arrays |= {f"network.{member}.{name}": one.numpy() for name, one in network.state_dict().items()}
            arrays[f"memory.{member}"] = memory
        return arrays, {"readout": facts}

    def restore(self, arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> VoteReadout:
        """Take back what `state` returned."""
        from emospike.networks.torch.plif import PlifNetwork

        own = {name[8:]: array for name, array in arrays.items() if name.startswith("readout.")}
        self.calibrated.restore(own, facts["readout"])
        members = sorted(int(name[7:]) for name in arrays if name.startswith("memory."))
        self.memory, self.remembered = [arrays[f"memory.{i}"] for i in members], arrays["remembered"]
        for i in members:
            head = f"network.{i}."
            weights = {name.removeprefix(head): one for name, one in arrays.items() if name.startswith(head)}
            self.networks.append(PlifNetwork.restore(self.network, len(self.classes), weights))
        self._check()
        return self

    def _check(self) -> None:
        """Raise `InputError` unless there are networks, and memory is that of the clips that are remembered."""
        if not self.networks:
            raise InputError("a network at least expected, got none")
        check_owners(self.remembered, np.array(self.classes))
        clips, hidden = len(self.remembered), self.network.hidden
        shape = (-(-clips * self.network.steps * hidden // 8),) if self.network.spiking else (clips, 1, hidden)
        if any(one.shape != shape for one in self.memory):
            raise InputError(f"memory of shape {shape} for each network expected")
