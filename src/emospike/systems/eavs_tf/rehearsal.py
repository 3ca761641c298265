"""Rehearsal: new clips and classes are learnt together with old ones that were kept, so that these stay known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, Int64, Shaped

from emospike.networks.heads import LinearHead, refit_ridge
from emospike.networks.spiking_transformer import Batch
from emospike.systems.eavs_tf.streams import Means, batch_of
from emospike.systems.perception import Perceived, modality_of

if TYPE_CHECKING:
    from emospike.systems.eavs_tf.model import EAVSTransformer

KEPT = 12
"""Training clips of each learnt class that are kept, as the heads read them."""

PENALTY = 10.0
"""Of a head that learns new clips."""

Read = dict[str, Float32[np.ndarray, "clips _"]]


@dataclass
class Memory:
    """What the heads read of clips.

    Attributes
    ----------
    read : of each network, by sense
    there : by sense, which clips have it
    labels : index of each clip's learnt class
    """

    read: list[Read]
    there: dict[str, Float32[np.ndarray, " clips"]]
    labels: Int64[np.ndarray, " clips"]

    def joined(self, other: Memory) -> Memory:
        """Return both, one after the other."""
        read = [
            {sense: np.concatenate([one[sense], two[sense]]) for sense in one}
            for one, two in zip(self.read, other.read, strict=True)
        ]
        there = {sense: np.concatenate([one, other.there[sense]]) for sense, one in self.there.items()}
        return Memory(read, there, np.concatenate([self.labels, other.labels]))

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays to store."""
        out = {f"memory.there.{sense}": one for sense, one in self.there.items()} | {"memory.labels": self.labels}
        for member, read in enumerate(self.read):
            out |= {f"memory.{member}.{sense}": one.astype(np.float16) for sense, one in read.items()}
        return out

    @classmethod
    def restored(cls, arrays: Mapping[str, np.ndarray]) -> Memory:
        """Take back what `state` returned."""
        there = {name[13:]: one for name, one in arrays.items() if name.startswith("memory.there.")}
        members = {int(name.split(".")[1]) for name in arrays if name.startswith("memory.") and name[7].isdigit()}
        read = [{sense: arrays[f"memory.{i}.{sense}"].astype(np.float32) for sense in there} for i in sorted(members)]
        return cls(read, there, arrays["memory.labels"])


def remembered(
    system: EAVSTransformer,
    seen: Sequence[Perceived],
    shifts: Sequence[Means],
    learnt: Shaped[np.ndarray, " clips"],
) -> Memory:
    """Return what is kept of the training clips: some of each class, at random."""
    rng = np.random.default_rng(system.seed)
    rows = [rng.permutation(np.flatnonzero(learnt == name))[:KEPT] for name in system.learnt_]
    kept = np.concatenate(rows)
    labels = np.repeat(np.arange(len(rows)), [len(own) for own in rows])
    return read_by(system, [seen[i] for i in kept], [shifts[i] for i in kept], labels)


def read_by(
    system: EAVSTransformer, seen: Sequence[Perceived], shifts: Sequence[Means], labels: Int64[np.ndarray, " clips"]
) -> Memory:
    """Return what all heads read of clips (of a sense that is missing, zeros)."""
    clips = [system.scales_.arrays(one.series, shift) for one, shift in zip(seen, shifts, strict=True)]
    batches = [batch_of([clip], system.streams_, system.length) for clip in clips]
    senses = system.networks_[0].width
    there = {sense: np.concatenate([batch.there[sense] for batch in batches]) for sense in senses}
    out = []
    for network in system.networks_:
        found = [network.read(batch) for batch in batches]
        nothing = {sense: np.zeros((1, width), np.float32) for sense, width in network.width.items()}
        rows = [nothing | one for one in found]
        half = {sense: np.concatenate([one[sense] for one in rows]).astype(np.float16) for sense in senses}
        out.append({sense: one.astype(np.float32) for sense, one in half.items()})
    return Memory(out, there, labels.astype(np.int64))


def taught(system: EAVSTransformer, seen: Sequence[Perceived], labels: Shaped[np.ndarray, " clips"]) -> EAVSTransformer:
    """Teach the heads of all networks new clips, beside those in memory; classes that are new get a place.

    Of a label that stands for finer ones, the likeliest is learnt.
    """
    learnt = [finer(system, one, str(label)) for one, label in zip(seen, labels, strict=True)]
    before = list(system.learnt_)
    system.groups_ |= {name: name for name in learnt if name not in system.groups_}
    system.learnt_ = tuple(dict.fromkeys([*before, *learnt]))
    system.classes_ = tuple(sorted(set(system.groups_.values())))
    index = np.array([system.learnt_.index(name) for name in learnt])
    system.memory_ = system.memory_.joined(read_by(system, seen, [system.shift_] * len(seen), index))
    for network, read in zip(system.networks_, system.memory_.read, strict=True):
        network.set_heads(
            {sense: relearnt(system, head, read[sense], sense, len(labels)) for sense, head in network.heads().items()}
        )
    for calibration in system.calibrations_.values():
        calibration.extend(before, list(system.learnt_))
    return system


def relearnt(
    system: EAVSTransformer, head: LinearHead, read: Float32[np.ndarray, "clips _"], sense: str, new: int
) -> LinearHead:
    """Return the head of a sense after it met the last `new` clips in memory.

    The others keep their scores, and those for classes that are new are low. New clips score as high for their own
    class, and as low for others, as old clips do. Classes weigh alike, whatever their number of clips.
    """
    memory, (weights, bias) = system.memory_, head
    own = memory.there[sense] > 0
    fresh = (np.arange(len(own)) >= len(own) - new)[own]
    X, labels = read[own], memory.labels[own]
    scores = X @ weights.T + bias
    mine = labels[:, None] == np.arange(len(system.learnt_))
    known = mine[~fresh, : len(bias)]
    high, low = scores[~fresh][known].mean(), scores[~fresh][~known].mean()
    target = np.where(mine, high, low).astype(np.float32)
    target[~fresh, : len(bias)] = scores[~fresh]
    weight = (1 / np.bincount(labels)[labels]).astype(np.float32)
    return refit_ridge(head, X, target, PENALTY, weight / weight.mean())


def finer(system: EAVSTransformer, seen: Perceived, label: str) -> str:
    """Return the likeliest of the finer labels that a label stands for, or the label itself if there are none."""
    inside = [i for i, name in enumerate(system.learnt_) if system.groups_[name] == label]
    if label in system.learnt_ or not inside:
        return label
    batch: Batch = system.batch_of_speech(seen, seen.senses)
    likely = system.calibrations_[modality_of(seen.senses)].probabilities(system.scored(batch))[0]
    return system.learnt_[max(inside, key=lambda i: likely[i])]
