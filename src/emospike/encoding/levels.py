"""Several encoders over the same series: each channel once for every level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from emospike.encoding import ENCODERS
from emospike.encoding.contract import Encoder
from emospike.encoding.parameters import Values, keep, per_channel
from emospike.series import Channel, Series
from emospike.spikes import Spikes, join
from emospike.validation import InputError, within


@dataclass(frozen=True)
class Levels:
    """Encode a series of C channels with L encoders, each of one channel a channel, into spikes of L · C channels.

    Channel l · C + c is channel c of encoder l. Its label tells the threshold, ``"mel 440 Hz @0.5"``, or the
    kind of encoder where there is none, ``"mel 440 Hz @sigma_delta"``; where kinds are mixed it tells both.
    Small thresholds follow fine changes, large ones mark onsets.

    Attributes
    ----------
    encoders : the encoders, or their parameters as `dataclasses.asdict` gives them
    kinds : name of each in the registry; taken from the encoders, so only needed with bare parameters

    Raises
    ------
    InputError : no encoder, or parameters without a name each

    Examples
    --------
    >>> from emospike.encoding.step_forward import StepForward
    >>> series = Series(np.float32([[0], [1], [2]]), 100.0, (Channel("a", "audio"),))
    >>> spikes = Levels.of(StepForward, (0.5, 2.0)).encode(series)
    >>> [channel.label for channel in spikes.channels], spikes.dense().tolist()
    (['a @0.5', 'a @2'], [[0, 0], [1, 0], [1, 1]])
    """

    encoders: Sequence[Any]
    kinds: Sequence[str] = ()

    def __post_init__(self) -> None:
        kinds = self.kinds or ("",) * len(self.encoders)
        if not self.encoders or len(kinds) != len(self.encoders):
            raise InputError(f"one or more encoders expected, got {len(self.encoders)} with {len(kinds)} names")
        within("number of encoders", len(self.encoders), 1, 100)
        encoders = tuple(_built(kind, one) for kind, one in zip(kinds, self.encoders, strict=True))
        if any(isinstance(one, Levels) for one in encoders):
            raise InputError("encoders of one channel a channel expected in levels, got further levels")
        keep(self, encoders=encoders, kinds=tuple(ENCODERS.name_of(type(one)) for one in encoders))

    @classmethod
    def of(cls, kind: type[Any], thresholds: Sequence[Values], **parameters: Any) -> Levels:
        """Return one encoder of this kind for each threshold."""
        return cls(tuple(kind(threshold=threshold, **parameters) for threshold in thresholds))

    @classmethod
    def fit(
        cls,
        series: Iterable[Series],
        kind: str = "step_forward",
        a: Sequence[float] = (0.0, 1.0, 2.5),
        **parameters: Any,
    ) -> Levels:
        """Return encoders of one kind, fitted on training clips with each a of mean|d| + a · std|d|.

        The default gives about 0.4, 1 and 2 nats on log-mel spectrograms at 10 ms. For other mixtures fit
        each encoder and put them together: ``Levels((StepForward.fit(clips), SigmaDelta.fit(clips)))``.
        """
        clips = list(series)
        return cls(tuple(ENCODERS.load(kind).fit(clips, a=one, **parameters) for one in a))

    def encode(self, series: Series) -> Spikes:
        """Return the spikes of all encoders, sorted by step and then by channel.

        Raises
        ------
        InputError : an encoder makes several channels of one, as `Population` does
        """
        parts = []
        for kind, one in zip(self.kinds, self.encoders, strict=True):
            part = one.encode(series)
            if len(part.channels) != len(series.channels):
                raise InputError(
                    f"levels that keep the {len(series.channels)} channels expected, got {len(part.channels)} from "
                    f"{kind}: list the feature a second time and give it that encoder"
                )
            parts.append(part)
        return replace(join(parts), channels=mark(self, series.channels))

    def split(self, spikes: Spikes) -> tuple[Spikes, ...]:
        """Return the spikes of each encoder with the channels of the series: what its own `decode` reads."""
        channels = len(spikes.channels) // len(self.encoders)
        own = tuple(channel.source for channel in spikes.channels[:channels])
        level, channel = np.divmod(spikes.channel, np.int32(channels))
        return tuple(
            Spikes(spikes.step[at], channel[at], spikes.sign[at], spikes.steps, spikes.rate, own)
            for at in (level == one for one in range(len(self.encoders)))
        )


@lru_cache  # for every clip the same
def mark(levels: Levels, channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
    """Return the channels once for each encoder, with its threshold to three digits, or else its kind, or both."""
    mixed = len(set(levels.kinds)) > 1
    marked: list[Channel] = []
    for kind, one in zip(levels.kinds, levels.encoders, strict=True):
        threshold = getattr(one, "threshold", None)
        if threshold is None:
            marked += [replace(channel, encoder=kind) for channel in channels]
        else:
            name, each = kind if mixed else "", per_channel("threshold", threshold, len(channels)).tolist()
            marked += [
                replace(channel, encoder=name, threshold=float(f"{own:.3g}"))
                for channel, own in zip(channels, each, strict=True)
            ]
    return tuple(marked)


def _built(kind: str, part: Encoder | Mapping[str, Any]) -> Encoder:
    """Return the encoder itself, or the one that the parameters and the name stand for."""
    if not isinstance(part, Mapping):
        return part
    built: Encoder = ENCODERS.load(kind)(**part)
    return built
