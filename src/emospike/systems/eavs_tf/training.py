"""Training the networks of EAVS-TF: what each of them sees in a pass, and what it says of speakers that it lacked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
from jaxtyping import Float32, Int64

from emospike.datasets.folds import Fold
from emospike.networks.heads import LinearHead, fit_ridge
from emospike.networks.spiking_transformer import Batch
from emospike.systems.eavs_tf.streams import Means, batch_of, mixed, of_senses, one_sense_less
from emospike.systems.perception import MODALITIES, Perceived

if TYPE_CHECKING:
    from emospike.networks.torch.transformer import TransformerNetwork
    from emospike.systems.eavs_tf.model import EAVSTransformer

Targets = Float32[np.ndarray, "clips learnt"]
Done = Callable[[float], None]


@dataclass(frozen=True)
class Lessons:
    """Training clips.

    Attributes
    ----------
    seen : the features of each, cut to its speech
    shifts : what is taken from them
    target : 1 for the class that is learnt of it, else 0
    folds : which of them each network trains on, and which it is judged and calibrated by
    """

    seen: Sequence[Perceived]
    shifts: Sequence[Means]
    target: Targets
    folds: Sequence[Fold]


TOGETHER = 64
"""Held-out clips that are put side by side, sorted by length."""


def trained_members(system: EAVSTransformer, lessons: Lessons, done: Done) -> list[TransformerNetwork]:
    """Return a network for each fold, trained on its training part and judged on the rest."""
    from emospike.networks.torch.transformer import train

    networks = []
    for member, fold in enumerate(lessons.folds):
        rng = np.random.default_rng([system.seed, member])

        def batches(_: int, fold: Fold = fold, rng: np.random.Generator = rng) -> Iterator[Batch]:
            return varied(system, lessons, fold.train, rng)

        def told(epoch: int, epochs: int, member: int = member) -> None:
            done((member + epoch / epochs) / len(lessons.folds))

        judges = [one for view in system.views for _, one in viewed(system, lessons, fold.test, view)]
        networks.append(
            network := train(
                system.network,
                system.streams_,
                len(system.learnt_),
                batches,
                judges,
                training=system.training,
                steps=len(chunks(fold.train, system.training.batch)),
                seed=system.seed + member,
                progress=told,
            )
        )
        if system.penalty is not None:
            network.set_heads(solved_heads(system, network, lessons, fold.train, rng))
    return networks


def solved_heads(
    system: EAVSTransformer,
    network: TransformerNetwork,
    lessons: Lessons,
    rows: Int64[np.ndarray, " train"],
    rng: np.random.Generator,
) -> dict[str, LinearHead]:
    """Return heads in closed form, from training clips as they are and as other voices would have spoken them.

    A head learns what it reads when its sense is alone, and when others are there.
    """
    read: dict[str, list[Float32[np.ndarray, "clips _"]]] = {}
    said: dict[str, list[Targets]] = {}
    for copy in range(1 + system.copies):
        seen = lessons.seen if copy == 0 else [respoken(system, one, rng) for one in lessons.seen]
        for view in system.views:
            for some, batch in viewed(system, replace(lessons, seen=seen), rows, view):
                for sense, one in network.read(batch).items():
                    has = batch.there[sense] > 0
                    read.setdefault(sense, []).append(one[has])
                    said.setdefault(sense, []).append(lessons.target[some][has])
    penalty = cast(float, system.penalty)
    return {sense: fit_ridge(np.concatenate(read[sense]), np.concatenate(said[sense]), penalty) for sense in read}


def respoken(system: EAVSTransformer, seen: Perceived, rng: np.random.Generator) -> Perceived:
    """Return a clip as another speaker would have given it."""
    return replace(seen, series=system.augmentation.respoken(system.read, seen.series, rng))


def varied(
    system: EAVSTransformer, lessons: Lessons, rows: Int64[np.ndarray, " train"], rng: np.random.Generator
) -> Iterator[Batch]:
    """Yield the training clips in a new order, each varied anew (see `Augmentation`)."""
    change = system.augmentation
    for own in chunks(rng.permutation(rows), system.training.batch):
        clips = []
        for i in own:
            spoken = change.respoken(system.read, lessons.seen[i].series, rng)
            arrays = system.scales_.arrays(spoken, lessons.shifts[i])
            pairs = zip(arrays, system.streams_, strict=True)
            clips.append(
                tuple(
                    None if one is None else change.disturbed(one, rng, picture=stream.kind == "picture")
                    for one, stream in pairs
                )
            )
        batch = batch_of(clips, system.streams_, system.length, lessons.target[own], rng)
        yield one_sense_less(mixed(batch, change.mix, rng), system.training.modality_dropout, rng)


def chunks(rows: Int64[np.ndarray, " rows"], size: int) -> list[Int64[np.ndarray, " some"]]:
    """Return rows in pieces of about this size, none of which is much smaller.

    >>> [len(piece) for piece in chunks(np.arange(70), 32)]
    [35, 35]
    """
    return np.array_split(rows, max(round(len(rows) / size), 1))


def viewed(
    system: EAVSTransformer, lessons: Lessons, rows: Int64[np.ndarray, " test"], view: str
) -> Iterator[tuple[Int64[np.ndarray, " some"], Batch]]:
    """Yield clips side by side as they are, by the senses of a modality alone, and their rows; others are left out."""
    own = np.array([i for i in rows if set(MODALITIES[view]) <= set(lessons.seen[i].senses)], np.int64)
    own = own[np.argsort([len(lessons.seen[i].there[0]) for i in own], kind="stable")]
    for some in chunks(own, TOGETHER) if len(own) else ():
        arrays = [system.scales_.arrays(lessons.seen[i].series, lessons.shifts[i]) for i in some]
        clips = [of_senses(one, system.streams_, system.joined(MODALITIES[view])) for one in arrays]
        yield some, batch_of(clips, system.streams_, system.length, lessons.target[some])


def held_out_scores(system: EAVSTransformer, lessons: Lessons, view: str) -> Float32[np.ndarray, "clips learnt"]:
    """Return what each network says, by the senses of a modality, of the clips that it did not train on; else NaN."""
    out = np.full(lessons.target.shape, np.nan, np.float32)
    for network, fold in zip(system.networks_, lessons.folds, strict=True):
        for rows, batch in viewed(system, lessons, fold.test, view):
            out[rows] = network.scores(batch)
    return out
