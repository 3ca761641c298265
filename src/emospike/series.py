"""Series: what a recording looks like over time, one row a step and one column a channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32

from emospike.frames import import_pandas
from emospike.schema import check_parameters
from emospike.validation import InputError, positive

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Channel:
    """One column of a series, or one line of spikes. What it is stands in fields; its names are for people to read.

    Attributes
    ----------
    name : as users read it: ``"mel 440 Hz"``, ``"AU12 lip corner puller"``, ``"EEG Cz alpha"``
    modality : ``"audio"``, ``"face"`` or ``"eeg"``
    group : what it is left out, wired and drawn together with: a band of sound (``"400–650 Hz"``), contours
        (``"timbre"``), a part of the face (``"upper mouth"``), electrodes (``"EEG frontal"``); by default its name
    short : its name where the feature is told beside it (``"440 Hz"``); by default its name
    unit : of its values; channels of one series may differ
    hz : frequency of sound, as its name gives it
    movement, side : of the face, one of `emospike.features.movements.MOVEMENTS`; ``"left"`` or ``"right"`` where it is
        one half of it
    encoder, threshold : of spikes, what of the values they mark: a threshold, to three digits, and the kind of encoder
        where channels of several kinds stand together or there is no threshold
    field : of spikes, which of the tuned fields of a population code they are of

    Examples
    --------
    >>> mel = Channel("mel 440 Hz", "audio", "400–650 Hz", "440 Hz", unit="nats", hz=440.0)
    >>> replace(mel, threshold=0.5).label, replace(mel, threshold=0.5).source == mel
    ('mel 440 Hz @0.5', True)
    """

    name: str
    modality: str
    group: str = ""
    short: str = ""
    unit: str = ""
    hz: float | None = None
    movement: str = ""
    side: str = ""
    encoder: str = ""
    threshold: float | None = None
    field: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "group", self.group or self.name)
        object.__setattr__(self, "short", self.short or self.name)

    @property
    def level(self) -> str:
        """What of the values an encoder marks, in words: ``"0.5"``, ``"sigma_delta"``, ``"step_forward 0.5"``."""
        return f"{self.encoder} {'' if self.threshold is None else format(self.threshold, '.3g')}".strip()

    @property
    def label(self) -> str:
        """The name with level and field, which no two lines of an encoder share."""
        level, field = f" @{self.level}" if self.level else "", "" if self.field is None else f" #{self.field}"
        return self.name + level + field

    @property
    def source(self) -> Channel:
        """The channel of the series that an encoder made this one from; itself, if none did."""
        return replace(self, encoder="", threshold=None, field=None)


@dataclass(frozen=True)
class Series:
    """A regularly sampled multichannel signal.

    Attributes
    ----------
    values : float32 array, shape (steps, channels), in the feature's unit (log power in nats for spectra)
    rate : steps per second, Hz (100 for the 10 ms grid that sound and face share)
    channels : one a column

    Raises
    ------
    InputError : values are not 2-D, hold NaN or infinity, or are not as many columns as channels

    Examples
    --------
    >>> channels = (Channel("mel 100 Hz", "audio", hz=100.0), Channel("mel 200 Hz", "audio", hz=200.0))
    >>> series = Series(np.zeros((400, 2), np.float32), rate=100.0, channels=channels)
    >>> len(series), series.seconds
    (400, 4.0)
    """

    values: Float32[np.ndarray, "steps channels"]
    rate: float
    channels: tuple[Channel, ...]

    def __post_init__(self) -> None:
        positive("rate", self.rate)
        if self.values.ndim != 2 or self.values.shape[1] != len(self.channels):
            raise InputError(
                f"values of shape (steps, {len(self.channels)}) expected for {len(self.channels)} channels, "
                f"got {self.values.shape}"
            )
        if not np.isfinite(self.values).all():
            raise InputError("series holds NaN or infinite values: clean the recording or the feature first")

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return len(self) / self.rate

    def to_frame(self) -> DataFrame:
        """Return a pandas table with a column a channel, indexed by the time of each step, s."""
        names = [channel.label for channel in self.channels]
        index = import_pandas().Index(np.arange(len(self)) / self.rate, name="time")
        frame: DataFrame = import_pandas().DataFrame(self.values, index=index, columns=names)
        return frame

    def with_values(self, values: Float32[np.ndarray, "steps channels"]) -> Series:
        """Return the same channels and rate with other values."""
        return replace(self, values=values)


def tabulate(channels: Iterable[Channel]) -> dict[str, list[Any]]:
    """Return channels as one list for each field that any of them has, as a model file keeps them."""
    rows = list(channels)
    table = {field: [getattr(one, field.name) for one in rows] for field in fields(Channel)}
    return {field.name: values for field, values in table.items() if any(one != field.default for one in values)}


def from_table(table: Mapping[str, Sequence[Any]]) -> tuple[Channel, ...]:
    """Return the channels that `tabulate` was given.

    >>> jaw = Channel("AU26 jaw drop", "face", "jaw", movement="jawOpen")
    >>> from_table(tabulate([jaw])) == (jaw,)
    True
    """
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    for row in rows:
        check_parameters(Channel, row)
    return tuple(Channel(**row) for row in rows)


def frequencies_of(channels: Sequence[Channel]) -> Float32[np.ndarray, " channels"]:
    """Return the frequency of each channel, Hz; NaN for a channel that has none.

    >>> frequencies_of([Channel("mel 440 Hz", "audio", hz=440.0), Channel("mfcc 3", "audio")]).tolist()
    [440.0, nan]
    """
    return np.array([np.nan if channel.hz is None else channel.hz for channel in channels], np.float32)
