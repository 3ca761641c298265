"""Trials of cross-modal networks: layers learn, and several readouts decide by the same spike counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from emospike.activity import Activity
from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.datasets import Dataset
from emospike.readout.linear import LinearReadout
from emospike.readout.readout import VectorReadout
from emospike.readout.scaling import SoftScaler
from emospike.readout.spike_counts import Counts, read
from emospike.readout.vote import Vote
from emospike.systems.competitive import LayerInputs
from emospike.systems.cross_modal.model import CrossModal
from emospike.systems.paper import Claim, Found, Labels, Split, Trial
from emospike.systems.pathways import Lines, Pathway, Raw

BOTH = ("audio", "face")

Counted = Sequence[Sequence[Counts]]
"""Of each recording, the counts that are read."""

Seen = Sequence[Sequence[Lines | None]]
"""Of each recording, the values of the input lines of every layer."""


@dataclass
class Material:
    """What layers are to see of recordings; taken once, as every split and trial comes back to it."""

    kept: dict[tuple[object, ...], Raw | None] = field(default_factory=dict, repr=False)

    def read_raws(self, system: CrossModal, part: Dataset, split: Split) -> list[list[Raw | None]]:
        """Return what each layer of a system is to see of every recording, before scaling."""

        def one(index: int, clip: Clip) -> list[Raw | None]:
            keys = [_make_key(clip, pathway) for pathway in system.pathways]
            if not all(key in self.kept for key in keys):
                self.kept.update(zip(keys, LayerInputs(system.pathways).look(system.perceive(clip)), strict=True))
            return [self.kept[key] for key in keys]

        return list(map_clips(one, part.clips(), "features", split.progress))

    def train(self, system: CrossModal, split: Split) -> tuple[CrossModal, Seen, Seen]:
        """Return a system whose layers have learnt, and what is on its input lines in training and in test."""
        system = replace(system, seed=split.seed)
        raws = self.read_raws(system, split.train, split)
        system.learn_layers(raws, split.progress)
        tested = self.read_raws(system, split.test, split)
        return system, [system.inputs_.scale(one) for one in raws], [system.inputs_.scale(one) for one in tested]


def _make_key(clip: Clip, pathway: Pathway) -> tuple[object, ...]:
    return clip.path, clip.face, pathway.feature, pathway.fill, pathway.steps, pathway.pictures


def respond_all(system: CrossModal, lines: Seen, split: Split) -> list[list[Activity]]:
    """Return what the layers do with these values, recording by recording."""
    stand_ins = [Clip("lines")] * len(lines)
    return list(map_clips(lambda i, _: system.respond(lines[i]), stand_ins, "spike counts", split.progress))


def count_spikes(system: CrossModal, lines: Seen, senses: Sequence[str], split: Split) -> Counted:
    """Return what is counted where these senses decide."""
    return [system.count(one, senses) for one in respond_all(system, lines, split)]


# -- how it is read out ---------------------------------------------------------------------------------------


def make_readouts(system: CrossModal) -> dict[str, tuple[tuple[str, ...], VectorReadout]]:
    """Return what is read, and by what, in each column.

    Where positions share their weights, a feature means the same everywhere and is summed over stretches of time; in a
    picture it also counts where it is.
    """
    sums: tuple[str, ...] = ("stretches", "moments")
    if not all(pathway.layer.shared for pathway in system.pathways):
        sums = ("neurons",)
    elif any(pathway.pictures for pathway in system.pathways):
        sums = ("neurons", *sums)
    return {
        "vote": (("neurons",), VectorReadout(SoftScaler(root=False, rare=0.0, soft=1000.0), Vote())),
        "linear": (sums, VectorReadout(SoftScaler(), LinearReadout(alpha=3.0, relative=True))),
    }


def decide_by_counts(
    system: CrossModal, train: Dataset, counted: Counted, tests: Mapping[str, Counted]
) -> dict[str, dict[str, Labels]]:
    """Return the labels for every test by every readout, trained on the counts of the training recordings."""
    out: dict[str, dict[str, Labels]] = {name: {} for name in tests}
    who = np.array(train.known_speakers or range(len(train)), dtype=str)
    for column, (names, readout) in make_readouts(system).items():
        fitted = readout.fit(np.stack([read(one, names) for one in counted]), train.labels, who)
        for name, test in tests.items():
            probabilities = fitted.probabilities(np.stack([read(one, names) for one in test]))
            out[name][column] = np.array(fitted.classes)[probabilities.argmax(axis=1)]
    return out


# -- sound alone ----------------------------------------------------------------------------------------------


def hear(what: str, system: CrossModal, material: Material, split: Split) -> Found:
    """Let layers learn from sound alone, and decide."""
    system, learnt, tested = material.train(system, split)
    own, new = (count_spikes(system, lines, ("audio",), split) for lines in (learnt, tested))
    return Found(decide_by_counts(system, split.train, own, {what: new}))


def make_hearing_trial(claim: Claim, pathways: tuple[Pathway, ...], material: Material, passes: int = 1) -> Trial:
    """Return the trial of layers that hear."""
    system = replace(make_system(pathways, "audio"), passes=passes)
    return Trial((claim,), f"hear {system}", partial(hear, claim.what, system, material))


def make_system(pathways: tuple[Pathway, ...], modality: str, fusion: str = "enhancement") -> CrossModal:
    """Return the unfitted system of these pathways; its own readout is not used.

    Pictures excite many neurons a little: below a mean conductance of 0.4 their links have no effect.
    """
    group = replace(pathways[-1].layer, features=60)
    conductance = 0.4 if any(pathway.pictures for pathway in pathways) else 0.1
    return CrossModal(pathways, LinearReadout(), modality, fusion, conductance, group)


# -- sound and face -------------------------------------------------------------------------------------------


def enhance(names: Mapping[str, str], system: CrossModal, material: Material, split: Split) -> Found:
    """Let the face's spikes reach the layers that hear; decide with the face, without it, and with another's."""
    system, learnt, tested = material.train(system, split)
    shown = {"enhancement": tested, "off": drop_face(system, tested)}
    shown["other"] = swap_faces(system, tested, pick_others(len(tested), split.seed))
    new = {names[kind]: count_spikes(system, lines, BOTH, split) for kind, lines in shown.items() if kind in names}
    return Found(decide_by_counts(system, split.train, count_spikes(system, learnt, BOTH, split), new))


def drop_face(system: CrossModal, lines: Seen) -> Seen:
    """Return what the recordings show, less the face."""
    return [
        [None if path.modality == "face" else own for path, own in zip(system.pathways, one, strict=True)]
        for one in lines
    ]


def swap_faces(system: CrossModal, lines: Seen, others: Sequence[int]) -> Seen:
    """Return what the recordings let hear, with the faces of others."""
    return [
        [lines[k][i] if path.modality == "face" else one[i] for i, path in enumerate(system.pathways)]
        for k, one in zip(others, lines, strict=True)
    ]


def pick_others(count: int, seed: int) -> list[int]:
    """Return another recording for each, by a walk through all of them in an order that is drawn.

    >>> pick_others(3, seed=0)
    [1, 2, 0]
    """
    walk = np.random.default_rng(seed).permutation(count)
    after = dict(zip(walk.tolist(), np.roll(walk, -1).tolist(), strict=True))
    return [after[one] for one in range(count)]


WAYS = {
    "joint": ("joint", BOTH),
    "convergence": ("convergence", BOTH),
    "concatenation": ("concatenation", BOTH),
    "sound": ("concatenation", ("audio",)),
    "face": ("concatenation", ("face",)),
}
"""What is counted of layers that do not hear each other: the fusion, and the senses that decide."""


def join(names: Mapping[str, str], system: CrossModal, material: Material, split: Split) -> Found:
    """Let layers learn from sound and face apart, and a group from both; decide by each and by all of them."""
    system, *lines = material.train(system, split)
    learnt, tested = (respond_all(system, part, split) for part in lines)
    out: dict[str, dict[str, Labels]] = {}
    for kind, name in names.items():
        system.fusion, senses = WAYS[kind]
        own, new = ([system.count(one, senses) for one in part] for part in (learnt, tested))
        out |= decide_by_counts(system, split.train, own, {name: new})
    return Found(out)


def make_enhancement_trial(pathways: tuple[Pathway, ...], claims: Mapping[str, Claim], material: Material) -> Trial:
    """Return the trial of enhancement; its claims by kind: enhancement, off, other."""
    system, names = make_system(pathways, "both"), {kind: claim.what for kind, claim in claims.items()}
    return Trial(tuple(claims.values()), f"enhance {system}", partial(enhance, names, system, material))


def make_joining_trial(pathways: tuple[Pathway, ...], claims: Mapping[str, Claim], material: Material) -> Trial:
    """Return the trial of the ways to join; its claims by kind, as in `WAYS`."""
    meets = {"joint", "convergence"} & set(claims)
    system = make_system(pathways, "both", "convergence" if meets else "concatenation")
    names = {kind: claim.what for kind, claim in claims.items()}
    return Trial(tuple(claims.values()), f"join {system}", partial(join, names, system, material))
