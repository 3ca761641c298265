"""From features to the arrays that a network of tokens reads: cut to speech, scaled, and put side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32

from emospike.clip import Clip
from emospike.features import Feature
from emospike.features.spectrum import find_loud_steps
from emospike.networks.spiking_transformer import STRIDE, Batch, Stream
from emospike.series import Series
from emospike.systems.perception import Perceived
from emospike.validation import InputError

LOUD = 35.0
"""dB below the loudest step at which speech begins and ends."""

MARGIN = 5
"""Steps that are kept before and after it."""

SOFT = 0.1
"""Added to every deviation, in the unit of the feature, so that channels that hardly change stay small."""

Arrays = tuple[Float32[np.ndarray, "_ _"] | None, ...]
Means = tuple[Float32[np.ndarray, " _"], ...]


def add_auxiliary(seen: Perceived, auxiliary: Feature | None) -> Perceived:
    """Return the features with those of an auxiliary one behind them, on the same grid.

    Where the clip lacks it, or it cannot be read, None is in its place, and `Perceived.missing` tells why.
    """
    if auxiliary is None:
        return seen
    own = _extract_kept(auxiliary, seen.clip)
    if isinstance(own, InputError):
        return replace(seen, series=(*seen.series, None), missing={**seen.missing, auxiliary.modality: str(own)})
    grid = len(seen.present[0])
    own = own.with_values(np.pad(own.values[:grid], ((0, max(grid - len(own), 0)), (0, 0)), "edge"))
    return replace(seen, series=(*seen.series, own))


def _extract_kept(auxiliary: Feature, clip: Clip) -> Series | InputError:
    """Return what an auxiliary feature finds in a clip, or why it finds nothing; kept in `clip.memo`."""
    if auxiliary not in clip.memo:
        try:
            clip.memo[auxiliary] = auxiliary.extract(clip)
        except InputError as error:
            clip.memo[auxiliary] = error
    found: Series | InputError = clip.memo[auxiliary]
    return found


def cut_to_speech(seen: Perceived) -> Perceived:
    """Return the features from shortly before the first loud step to shortly after the last; all if nothing is heard.

    A face is cut with its voice.
    """
    part = find_speech(seen)
    return replace(seen, series=tuple(one and one.with_values(one.values[part]) for one in seen.series))


def find_speech(seen: Perceived) -> slice:
    """Return the steps of `cut_to_speech`."""
    if "audio" not in seen.modalities:
        return slice(None)
    loud = np.flatnonzero(find_loud_steps(seen.clip.sound, LOUD))
    return slice(max(int(loud[0]) - MARGIN, 0), int(loud[-1]) + 1 + MARGIN)


@dataclass(frozen=True)
class Scales:
    """Mean and deviation of every channel over the steps of the training clips.

    Attributes
    ----------
    means, deviations : one array a feature
    """

    means: Means
    deviations: Means

    @classmethod
    def of(cls, seen: Sequence[Perceived]) -> Scales:
        """Return those of training clips; a feature that no clip has is not possible.

        Raises `InputError` for a feature whose channels differ between clips, as the electrodes of EEG may.
        """
        columns = [[one.series[i] for one in seen] for i in range(len(seen[0].series))]
        counts = [next(len(one.channels) for one in column if one is not None) for column in columns]
        for one in seen:
            _check_channels(one.series, counts)
        stacked = [np.concatenate([one.values for one in column if one is not None]) for column in columns]
        deviations = tuple(all_steps.std(axis=0) + np.float32(SOFT) for all_steps in stacked)
        return cls(tuple(all_steps.mean(axis=0) for all_steps in stacked), deviations)

    def arrays(self, series: Sequence[Series | None], shift: Means | None = None) -> Arrays:
        """Return series with mean 0 and deviation 1, after a shift (in the unit of the feature) is taken away.

        Raises `InputError` for a series with other channels than in training.
        """
        _check_channels(series, [len(mean) for mean in self.means])
        shift = shift or tuple(np.zeros_like(mean) for mean in self.means)
        parts = zip(series, self.means, self.deviations, shift, strict=True)
        return tuple(None if one is None else (one.values - mean - off) / wide for one, mean, wide, off in parts)


def _check_channels(series: Sequence[Series | None], expected: Sequence[int]) -> None:
    for one, count in zip(series, expected, strict=True):
        if one is not None and len(one.channels) != count:
            raise InputError(
                f"{count} channels expected as in other training clips, got {len(one.channels)} "
                f"({one.channels[0].name} to {one.channels[-1].name}): record all clips with the same electrodes"
            )


def mask_series(
    series: Sequence[Series | None], streams: Sequence[Stream], modalities: Sequence[str]
) -> tuple[Series | None, ...]:
    """Return the series of these modalities, None in the place of others."""
    return tuple(one if stream.modality in modalities else None for one, stream in zip(series, streams, strict=True))


def clip_means(seen: Sequence[Perceived], feature: int) -> Float32[np.ndarray, "clips channels"]:
    """Return the mean over the steps of a feature, a row for each clip that has it; (0, 0) if none has."""
    own = [part.values.mean(axis=0) for one in seen if (part := one.series[feature]) is not None]
    return np.array(own, np.float32) if own else np.zeros((0, 0), np.float32)


def batch_of(
    clips: Sequence[Arrays],
    streams: Sequence[Stream],
    length: int,
    target: Float32[np.ndarray, "clips classes"] | None = None,
    rng: np.random.Generator | None = None,
) -> Batch:
    """Put clips side by side on a grid of at least `length` steps, with zeros after their ends.

    With a generator, as for training, the grid has just `length` steps: of a longer clip a random part is taken, and
    a shorter one begins at a random step.
    """
    steps = [len(next(one for one in clip if one is not None)) for clip in clips]
    grid = length if rng is not None else max(length, *steps)
    grid = -(-grid // STRIDE) * STRIDE
    kept = [min(one, grid) for one in steps]
    skipped = [int(rng.integers(0, one - own + 1)) if rng else 0 for one, own in zip(steps, kept, strict=True)]
    begins = [int(rng.integers(0, grid - own + 1)) if rng else 0 for own in kept]
    valid = np.zeros((len(clips), grid), np.float32)
    arrays: list[Float32[np.ndarray, "clips grid _"] | None] = []
    for i, stream in enumerate(streams):
        out = np.zeros((len(clips), grid, stream.channels), np.float32)
        for row, (clip, own, skip, at) in enumerate(zip(clips, kept, skipped, begins, strict=True)):
            valid[row, at : at + own] = 1
            one = clip[i]
            if one is not None:
                out[row, at : at + own] = one[skip : skip + own]
        arrays.append(out if any(clip[i] is not None for clip in clips) else None)
    senses = dict.fromkeys(stream.modality for stream in streams)
    first = {sense: next(i for i, stream in enumerate(streams) if stream.modality == sense) for sense in senses}
    there = {sense: np.array([clip[first[sense]] is not None for clip in clips], np.float32) for sense in senses}
    return Batch(tuple(arrays), valid, there, target)


def mix_clips(batch: Batch, strength: float, rng: np.random.Generator) -> Batch:
    """Return a batch whose clips have each a little of another: array and target alike (Zhang et al. 2018, mixup).

    Shares are drawn from Beta(strength, strength), the larger of a clip itself; 0 leaves the batch as it is.
    """
    if not strength or batch.target is None:
        return batch
    share = rng.beta(strength, strength, len(batch.valid)).astype(np.float32)
    share = np.maximum(share, 1 - share)
    other = rng.permutation(len(share))

    def blend(array: Float32[np.ndarray, "_ ..."]) -> Float32[np.ndarray, "_ ..."]:
        own = share.reshape(-1, *[1] * (array.ndim - 1))
        out: Float32[np.ndarray, "_ ..."] = own * array + (1 - own) * array[other]
        return out

    arrays = tuple(None if one is None else blend(one) for one in batch.arrays)
    valid = np.maximum(batch.valid, batch.valid[other])
    weight = None if batch.weight is None else blend(batch.weight)
    return replace(batch, arrays=arrays, valid=valid, target=blend(batch.target), weight=weight)


def drop_modality(batch: Batch, chance: float, rng: np.random.Generator) -> Batch:
    """Return the batch without one sense, drawn anew for each clip that has several, with this chance."""
    senses = list(batch.there)
    if len(senses) < 2 or not chance:
        return batch
    there = {sense: mask.copy() for sense, mask in batch.there.items()}
    for row in range(len(batch.valid)):
        own = [sense for sense in senses if there[sense][row]]
        if len(own) > 1 and rng.random() < chance:
            there[own[rng.integers(len(own))]][row] = 0
    return replace(batch, there=there)
