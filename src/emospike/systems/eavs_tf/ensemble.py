"""The networks of EAVS-TF together: what they say of a clip, what they keep of training, and how they learn on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from jaxtyping import Float32, Int64, Shaped

from emospike.networks.heads import LinearHead, refit_ridge
from emospike.networks.spiking_transformer import SpikingTransformer, Stream
from emospike.readout.calibration import Calibration
from emospike.readout.contract import check_owners
from emospike.readout.readout import Readout, Scores
from emospike.readout.speaker_mean import SpeakerMean
from emospike.schema import check_arrays, check_parameters
from emospike.systems.eavs_tf.streams import Means, Scales, batch_of, clip_means
from emospike.systems.perception import Perceived
from emospike.validation import InputError, within

if TYPE_CHECKING:
    from emospike.networks.torch.transformer import TransformerNetwork

Labels = Shaped[np.ndarray, " clips"]

KEPT = 12
"""Training clips of each learnt class that are kept, as the heads read them."""

PENALTY = 10.0
"""Of a head that learns new clips."""

Read = dict[str, Float32[np.ndarray, "clips _"]]


@dataclass
class Memory:
    """What the heads read of training clips that were kept, so that they stay known when new ones are learnt.

    Attributes
    ----------
    read : of each network, by modality
    there : by modality, which clips have it
    labels : index of each clip's learnt class
    """

    read: list[Read]
    there: dict[str, Float32[np.ndarray, " clips"]]
    labels: Int64[np.ndarray, " clips"]

    def join(self, other: Memory) -> Memory:
        """Return both, one after the other."""
        read = [
            {modality: np.concatenate([one[modality], two[modality]]) for modality in one}
            for one, two in zip(self.read, other.read, strict=True)
        ]
        there = {modality: np.concatenate([one, other.there[modality]]) for modality, one in self.there.items()}
        return Memory(read, there, np.concatenate([self.labels, other.labels]))

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays to store."""
        out = {f"memory.there.{name}": one for name, one in self.there.items()} | {"memory.labels": self.labels}
        for member, read in enumerate(self.read):
            out |= {f"memory.{member}.{name}": one.astype(np.float16) for name, one in read.items()}
        return out

    @classmethod
    def restore(cls, arrays: Mapping[str, np.ndarray]) -> Memory:
        """Return the memory that `state` was taken from."""
        there = {name[13:]: one for name, one in arrays.items() if name.startswith("memory.there.")}
        members = {int(name.split(".")[1]) for name in arrays if name.startswith("memory.") and name[7].isdigit()}
        read = [{name: arrays[f"memory.{i}.{name}"].astype(np.float32) for name in there} for i in sorted(members)]
        return cls(read, there, arrays["memory.labels"])

    def check(self, width: Mapping[str, int], members: int, classes: int) -> None:
        """Raise `InputError` unless it is that of so many networks, whose heads read so many numbers by modality."""
        clips = len(self.labels)
        check_owners(self.labels, np.arange(classes))
        shapes = [{name: one.shape for name, one in read.items()} for read in self.read]
        expected = {name: (clips, count) for name, count in width.items()}
        if shapes != [expected] * members or any(one.shape != (clips,) for one in self.there.values()):
            raise InputError(f"memory of {members} networks that read {dict(width)} numbers of {clips} clips expected")


@dataclass
class Ensemble:
    """Networks whose scores are averaged.

    Attributes
    ----------
    streams : what the networks read
    length : steps of the grid at least
    scales : mean and deviation of every channel in training
    speakers : what is a speaker's own, by feature
    networks : the trained networks
    calibrations : from their scores to probabilities, by the modality that decides
    memory : training clips that were kept
    """

    streams: Sequence[Stream]
    length: int
    scales: Scales
    speakers: tuple[SpeakerMean, ...]
    networks: list[TransformerNetwork] = field(default_factory=list)
    calibrations: dict[str, Calibration] = field(default_factory=dict)
    memory: Memory = field(init=False, repr=False)

    @property
    def shift(self) -> Means:
        """What a clip whose speaker is not told loses, by feature."""
        return tuple(one.shift_ for one in self.speakers)

    def shifts_of(self, spoken: Sequence[Perceived], speakers: Labels | None) -> list[Means]:
        """Return what each clip loses: how far its speaker is from the training mean, where speakers are normalised."""
        if speakers is None or self.speakers[0].normalise == "none":
            return [self.shift] * len(spoken)
        found = {}
        for name in np.unique(speakers):
            own = [spoken[i] for i in np.flatnonzero(speakers == name).tolist()]
            rows = [clip_means(own, i) for i in range(len(self.speakers))]
            pairs = zip(self.speakers, rows, strict=True)
            found[str(name)] = tuple(
                one.offset(row) if len(row) else np.zeros_like(one.population_) for one, row in pairs
            )
        return [found[str(name)] for name in speakers]

    def score(self, spoken: Perceived, shift: Means) -> Float32[np.ndarray, "1 learnt"]:
        """Return the mean of the networks' scores of one clip."""
        batch = batch_of([self.scales.arrays(spoken.series, shift)], self.streams, self.length)
        mean: Float32[np.ndarray, "1 learnt"] = np.mean([one.scores(batch) for one in self.networks], axis=0)
        return mean

    # -- learning on -------------------------------------------------------------------------------------------

    def keep(self, spoken: Sequence[Perceived], shifts: Sequence[Means], labels: Labels, seed: int) -> None:
        """Keep some training clips of each class, at random; `labels` are indices of learnt classes."""
        rng = np.random.default_rng(seed)
        rows = [rng.permutation(np.flatnonzero(labels == k))[:KEPT] for k in np.unique(labels)]
        kept = np.concatenate(rows)
        self.memory = self._read([spoken[i] for i in kept], [shifts[i] for i in kept], labels[kept])

    def _read(
        self, spoken: Sequence[Perceived], shifts: Sequence[Means], labels: Int64[np.ndarray, " clips"]
    ) -> Memory:
        """Return what all heads read of clips (of a modality that is missing, zeros)."""
        clips = [self.scales.arrays(one.series, shift) for one, shift in zip(spoken, shifts, strict=True)]
        batches = [batch_of([clip], self.streams, self.length) for clip in clips]
        modalities = self.networks[0].width
        there = {name: np.concatenate([batch.there[name] for batch in batches]) for name in modalities}
        out = []
        for network in self.networks:
            nothing = {name: np.zeros((1, width), np.float32) for name, width in network.width.items()}
            rows = [nothing | network.read(batch) for batch in batches]
            half = {name: np.concatenate([one[name] for one in rows]).astype(np.float16) for name in modalities}
            out.append({name: one.astype(np.float32) for name, one in half.items()})
        return Memory(out, there, labels.astype(np.int64))

    def adapt_to_speaker(self, spoken: Sequence[Perceived]) -> None:
        """Learn how far a new speaker's features are from the training mean."""
        for i, speaker in enumerate(self.speakers):
            if len(rows := clip_means(spoken, i)):
                speaker.adapt(rows)

    def learn(self, clips: Sequence[tuple[str, Perceived]], labels: Labels) -> None:
        """Teach the heads of all networks new clips, beside those in memory; classes that are new get a place.

        `clips` are the modality that each is decided by, and what the networks read of it. Of a label that stands for
        finer ones, the likeliest is learnt.
        """
        names = [
            str(self.calibrations[modality].name_finer(self.score(spoken, self.shift), labels[i : i + 1])[0])
            for i, (modality, spoken) in enumerate(clips)
        ]
        learnt = list(dict.fromkeys([*next(iter(self.calibrations.values())).learnt, *names]))
        index = np.array([learnt.index(name) for name in names])
        new = self._read([spoken for _, spoken in clips], [self.shift] * len(clips), index)
        self.memory = self.memory.join(new)
        for network, read in zip(self.networks, self.memory.read, strict=True):
            heads = network.heads().items()
            network.set_heads(
                {one: self._relearn(head, read[one], one, len(labels), len(learnt)) for one, head in heads}
            )
        for calibration in self.calibrations.values():
            calibration.extend(np.array(learnt))

    def _relearn(
        self, head: LinearHead, read: Float32[np.ndarray, "clips _"], modality: str, new: int, classes: int
    ) -> LinearHead:
        """Return the head of a modality after it met the last `new` clips in memory.

        The others keep their scores, and those for classes that are new are low. New clips score as high for their own
        class, and as low for others, as old clips do. Classes weigh alike, whatever their number of clips.
        """
        memory, (weights, bias) = self.memory, head
        own = memory.there[modality] > 0
        fresh = (np.arange(len(own)) >= len(own) - new)[own]
        X, labels = read[own], memory.labels[own]
        scores = X @ weights.T + bias
        mine = labels[:, None] == np.arange(classes)
        known = mine[~fresh, : len(bias)]
        high, low = scores[~fresh][known].mean(), scores[~fresh][~known].mean()
        target = np.where(mine, high, low).astype(np.float32)
        target[~fresh, : len(bias)] = scores[~fresh]
        weight = (1 / np.bincount(labels)[labels]).astype(np.float32)
        return refit_ridge(head, X, target, PENALTY, weight / weight.mean())

    # -- storing -----------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the fitted facts that JSON can hold."""
        arrays: dict[str, np.ndarray] = {}
        for member, network in enumerate(self.networks):
            arrays |= {f"network.{member}.{name}": one for name, one in network.weights().items()}
        kept = {"mean": self.scales.means, "deviation": self.scales.deviations, "shift": self.shift}
        kept["population"] = tuple(one.population_ for one in self.speakers)
        arrays |= {f"{name}.{i}": one for name, parts in kept.items() for i, one in enumerate(parts)}
        for modality, one in self.calibrations.items():
            arrays |= {f"{name}.{modality}": array for name, array in one.state()[0].items()}
        facts: dict[str, Any] = {"networks": len(self.networks)}
        facts |= {"thresholds": {modality: one.threshold_ for modality, one in self.calibrations.items()}}
        facts |= {"temperatures": {modality: one.temperature_ for modality, one in self.calibrations.items()}}
        label_of = next(iter(self.calibrations.values())).label_of_
        facts |= {"learnt": list(label_of), "groups": list(label_of.values())}
        facts |= {"streams": [[one.modality, one.channels, one.kind, one.tokens] for one in self.streams]}
        return arrays | self.memory.state(), facts

    @classmethod
    def restore(
        cls,
        arrays: Mapping[str, np.ndarray],
        facts: Mapping[str, Any],
        network: SpikingTransformer,
        *,
        length: int,
        normalise: str,
        coverage: float,
    ) -> Ensemble:
        """Return the ensemble that `state` was taken from, of networks that are like `network`."""
        from emospike.networks.torch.transformer import TransformerNetwork

        streams = [read_stream(one) for one in facts["streams"]]
        names = ("mean", "deviation", "population", "shift")
        for i, stream in enumerate(streams):
            kinds = {f"{name}.{i}": Float32[np.ndarray, " channels"] for name in names}
            check_arrays(arrays, kinds, channels=stream.channels)
        mean, deviation, population, shift = (
            tuple(arrays[f"{name}.{i}"] for i in range(len(streams))) for name in names
        )
        speakers = tuple(SpeakerMean(normalise) for _ in streams)
        for speaker, centre, own in zip(speakers, population, shift, strict=True):
            speaker.population_, speaker.shift_ = centre, own
        made = cls(streams, length, Scales(mean, deviation), speakers)
        members, classes = int(facts["networks"]), len(facts["learnt"])
        within("networks", members, 1, 1000)
        for member in range(members):
            head = f"network.{member}."
            weights = {name.removeprefix(head): one for name, one in arrays.items() if name.startswith(head)}
            made.networks.append(TransformerNetwork.restore(network, streams, classes, weights))
        made.memory = Memory.restore(arrays)
        made.memory.check(made.networks[0].width, members, classes)
        for modality, threshold in facts["thresholds"].items():
            known = {**facts, "threshold": threshold, "temperature": facts["temperatures"][modality]}
            calibrated = {name.removesuffix(f".{modality}"): array for name, array in arrays.items()}
            made.calibrations[modality] = Calibration(coverage).restore(calibrated, known)
        return made


def read_stream(stored: Sequence[Any]) -> Stream:
    """Return a stream that `Ensemble.state` told of."""
    named = dict(zip(("modality", "channels", "kind", "tokens"), stored, strict=True))
    check_parameters(Stream, named)
    return Stream(**named)


@dataclass
class TransformerReadout(Readout):
    """What an ensemble says by one modality; its readouts share the networks.

    Attributes
    ----------
    ensemble : the networks, with their calibrations
    modality : what decides
    """

    stage: ClassVar[str] = "network"

    ensemble: Ensemble
    modality: str

    @property
    def calibration_(self) -> Calibration:  # type: ignore[override]
        """From scores to probabilities."""
        return self.ensemble.calibrations[self.modality]

    def scores(self, X: Sequence[Perceived], speakers: Labels | None = None) -> Scores:
        """Return the mean of the networks' scores, clip by clip, so that a clip alone decides as in company."""
        shifts = self.ensemble.shifts_of(X, speakers)
        return np.concatenate([self.ensemble.score(one, shift) for one, shift in zip(X, shifts, strict=True)])

    def adapt(self, X: Sequence[Perceived], labels: Labels | None = None) -> TransformerReadout:
        """Adapt all networks, to a new speaker or to labelled clips and new classes."""
        if labels is None:
            self.ensemble.adapt_to_speaker(X)
        else:
            self.ensemble.learn([(self.modality, one) for one in X], labels)
        return self

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return nothing: the ensemble is stored once."""
        return {}, {}

    def restore(self, arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> TransformerReadout:
        """Take back nothing."""
        return self
