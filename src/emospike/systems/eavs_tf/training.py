"""Training the networks of EAVS-TF: what each of them sees in a pass, and what it says of speakers that it lacked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, Int64

from emospike.augmentation.masks import Augmentation
from emospike.datasets.folds import Fold
from emospike.features import Feature
from emospike.networks.heads import LinearHead, fit_ridge
from emospike.networks.spiking_transformer import Batch, SpikingTransformer
from emospike.networks.training import Training
from emospike.series import Series
from emospike.systems.checkpoints import open_checkpoint
from emospike.systems.eavs_tf.ensemble import Ensemble
from emospike.systems.eavs_tf.streams import Means, batch_of, drop_modality, mask_series, mix_clips
from emospike.systems.perception import MODALITIES, Perceived

if TYPE_CHECKING:
    from emospike.networks.torch.transformer import TransformerNetwork

Targets = Float32[np.ndarray, "clips learnt"]
Weights = Float32[np.ndarray, " clips"]

TOGETHER = 64
"""Held-out clips that are put side by side, sorted by length."""


@dataclass(frozen=True)
class TrainingClips:
    """What the networks train on.

    Attributes
    ----------
    features : what is read of a clip
    spoken : the features of each clip, cut to its speech
    shifts : what is taken from them
    target : 1 for the class that is learnt of it, else 0
    folds : which of them each network trains on, and which it is validated and calibrated by
    joined : what the networks read where each modality decides: with an auxiliary one, where all decide
    weights : how much each clip counts; None if all count alike
    """

    features: tuple[Feature, ...]
    spoken: Sequence[Perceived]
    shifts: Sequence[Means]
    target: Targets
    folds: Sequence[Fold]
    joined: dict[str, tuple[str, ...]]
    weights: Weights | None = None

    def list_arrays(self) -> list[np.ndarray | None]:
        """Return all arrays that the networks learn from."""
        read = [None if series is None else series.values for one in self.spoken for series in one.series]
        return [*read, *(mean for shift in self.shifts for mean in shift), self.target, self.weights]

    def add_copies(self, copies: Sequence[Perceived], each: int) -> TrainingClips:
        """Return the clips and behind them so many copies of each, in the same order, which train wherever it does.

        They never validate, nor do they train where their clip is held out.
        """
        if not each:
            return self
        clips = np.arange(len(self.spoken))
        source = np.concatenate([clips, np.repeat(clips, each)])
        folds = [replace(fold, train=np.flatnonzero(np.isin(source, fold.train))) for fold in self.folds]
        shifts, spoken = [self.shifts[i] for i in source], [*self.spoken, *copies]
        weights = None if self.weights is None else self.weights[source]
        return replace(self, spoken=spoken, shifts=shifts, target=self.target[source], folds=folds, weights=weights)


@dataclass(frozen=True)
class Recipe:
    """How the networks are trained; the parameters of `EAVSTransformer` of the same names."""

    network: SpikingTransformer
    training: Training
    augmentation: Augmentation
    penalty: float | None
    copies: int
    seed: int

    def train(self, ensemble: Ensemble, clips: TrainingClips, tell: Callable[[float], None]) -> None:
        """Train a network for each fold on its training part, and validate it on the rest."""
        from emospike.networks.torch.transformer import train

        for member, fold in enumerate(clips.folds):
            rng = np.random.default_rng([self.seed, member])

            def draw(_: int, fold: Fold = fold, rng: np.random.Generator = rng) -> Iterator[Batch]:
                return self._vary(ensemble, clips, fold.train, rng)

            def told(epoch: int, epochs: int, member: int = member) -> None:
                tell((member + epoch / epochs) / len(clips.folds))

            learnt = [*clips.list_arrays(), fold.train, fold.test]
            settings = [self, ensemble.streams, ensemble.length, clips.features, clips.joined, member]
            validation = [one for modality in clips.joined for _, one in batches(ensemble, clips, fold.test, modality)]
            network = train(
                self.network,
                ensemble.streams,
                clips.target.shape[1],
                draw,
                validation,
                training=self.training,
                steps=len(chunk(fold.train, self.training.batch)),
                seed=self.seed + member,
                checkpoint=open_checkpoint(settings, learnt, [rng]),
                progress=told,
            )
            ensemble.networks.append(network)
            if self.penalty is not None:
                network.set_heads(self._solve_heads(ensemble, network, clips, fold.train, rng))

    def _solve_heads(
        self,
        ensemble: Ensemble,
        network: TransformerNetwork,
        clips: TrainingClips,
        rows: Int64[np.ndarray, " train"],
        rng: np.random.Generator,
    ) -> dict[str, LinearHead]:
        """Return heads in closed form, from training clips as they are and as other voices would have spoken them.

        A head learns what it reads when its modality is alone, and when others are there.
        """
        read: dict[str, list[Float32[np.ndarray, "clips _"]]] = {}
        target: dict[str, list[Targets]] = {}
        weight: dict[str, list[Weights]] = {}
        for copy in range(1 + self.copies):
            spoken = clips.spoken
            if copy:
                spoken = [replace(one, series=self._respeak(clips, one, rng)) for one in spoken]
            for modality in clips.joined:
                for some, batch in batches(ensemble, replace(clips, spoken=spoken), rows, modality):
                    for own, one in network.read(batch).items():
                        has = batch.there[own] > 0
                        read.setdefault(own, []).append(one[has])
                        target.setdefault(own, []).append(clips.target[some][has])
                        if clips.weights is not None:
                            weight.setdefault(own, []).append(clips.weights[some][has])
        penalty = self.penalty or 0.0
        counts = {own: np.concatenate(weight[own]) if weight else None for own in read}
        return {
            own: fit_ridge(np.concatenate(read[own]), np.concatenate(target[own]), penalty, counts[own]) for own in read
        }

    def _respeak(self, clips: TrainingClips, seen: Perceived, rng: np.random.Generator) -> tuple[Series | None, ...]:
        """Return the features of a clip as another speaker would have given them."""
        return self.augmentation.respeak(clips.features, seen.series, rng)

    def _vary(
        self, ensemble: Ensemble, clips: TrainingClips, rows: Int64[np.ndarray, " train"], rng: np.random.Generator
    ) -> Iterator[Batch]:
        """Yield the training clips in a new order, each varied anew (see `Augmentation`)."""
        change = self.augmentation
        for own in chunk(rng.permutation(rows), self.training.batch):
            varied = []
            for i in own:
                arrays = ensemble.scales.arrays(self._respeak(clips, clips.spoken[i], rng), clips.shifts[i])
                pairs = zip(arrays, ensemble.streams, strict=True)
                varied.append(
                    tuple(
                        None if one is None else change.disturb(one, rng, picture=stream.kind == "picture")
                        for one, stream in pairs
                    )
                )
            batch = batch_of(varied, ensemble.streams, ensemble.length, clips.target[own], rng)
            if clips.weights is not None:
                batch = replace(batch, weight=clips.weights[own])
            yield drop_modality(mix_clips(batch, change.mix, rng), self.training.modality_dropout, rng)


def chunk(rows: Int64[np.ndarray, " rows"], size: int) -> list[Int64[np.ndarray, " some"]]:
    """Return rows in pieces of about this size, none of which is much smaller.

    >>> [len(piece) for piece in chunk(np.arange(70), 32)]
    [35, 35]
    """
    return np.array_split(rows, max(round(len(rows) / size), 1))


def batches(
    ensemble: Ensemble, clips: TrainingClips, rows: Int64[np.ndarray, " test"], modality: str
) -> Iterator[tuple[Int64[np.ndarray, " some"], Batch]]:
    """Yield clips side by side as they are, by a modality alone, and their rows; those that lack it are left out."""
    own = np.array([i for i in rows if set(MODALITIES[modality]) <= set(clips.spoken[i].modalities)], np.int64)
    own = own[np.argsort([len(clips.spoken[i].present[0]) for i in own], kind="stable")]
    for some in chunk(own, TOGETHER) if len(own) else ():
        series = [mask_series(clips.spoken[i].series, ensemble.streams, clips.joined[modality]) for i in some]
        arrays = [ensemble.scales.arrays(one, clips.shifts[i]) for one, i in zip(series, some, strict=True)]
        yield some, batch_of(arrays, ensemble.streams, ensemble.length, clips.target[some])


def score_held_out(ensemble: Ensemble, clips: TrainingClips, modality: str) -> Float32[np.ndarray, "clips learnt"]:
    """Return what each network says, by a modality, of the clips that it did not train on; NaN of others."""
    out = np.full(clips.target.shape, np.nan, np.float32)
    for network, fold in zip(ensemble.networks, clips.folds, strict=True):
        for rows, batch in batches(ensemble, clips, fold.test, modality):
            out[rows] = network.scores(batch)
    return out
