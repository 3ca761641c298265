"""Pathways: how one feature reaches a competitive layer: trimmed or stretched, scaled to rates, seen in windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from emospike.augmentation.voice import interpolate
from emospike.clip import Clip
from emospike.features import Feature
from emospike.features.contours import Contours
from emospike.features.spectrum import find_loud_steps
from emospike.networks.competitive import CompetitiveLayer
from emospike.networks.windows import Windows
from emospike.series import Series
from emospike.validation import InputError, one_of, within

Raw = Float32[np.ndarray, "_ _"]
"""Steps and channels, or rows and columns of a picture; as many as the clip has."""

Lines = Float32[np.ndarray, "_ _"]
"""Values of the input lines, 0 to 1, in the shape that the windows slide over."""

Range = Float32[np.ndarray, "2 _"]
"""Low and high of every channel, or of all pixels."""

QUIET = 35.0
"""Before the first and after the last step at most so many dB below the loudest, nobody speaks."""

MARGIN = 5
"""Steps that are kept on either side of what is spoken."""


@dataclass(frozen=True)
class Pathway:
    """One feature on its way to a competitive layer.

        u = (x − low) / (high − low), for each channel;    rate = max_rate · clip(u, 0, 1)

    ``"level"`` takes low and high from the 1st and 99th percentile of the training clips. ``"on-off"`` has two lines a
    channel, clip(u, 0, 1) and clip(−u, 0, 1), and takes low from the mean and high from 3 deviations above it. All
    statistics are those of the training clips: what is normalised clip by clip loses its loudness.

    Attributes
    ----------
    feature : what is taken from the clip
    layer : the neurons
    code : ``"level"`` or ``"on-off"``
    steps : length of the layer's input
    fill : ``"pad"``: what is spoken, cut or padded with silence to `steps`; ``"stretch"``: the whole clip, resampled
    size, stride : of the windows
    pictures : where given, the layer sees the mean of these pictures of the face, not the feature; dark lines alone

    Source
    ------
    Mansouri-Benssassi & Ye 2019, sections IV.B and V: 40 MFCC x 388 steps, padded; frames of 100 x 100; windows of 10,
    stride 10. Scaling and trimming are ours: the paper has "proportionate to its intensity".
    """

    feature: Feature
    layer: CompetitiveLayer
    code: str = "level"
    steps: int = 388
    fill: str = "pad"
    size: int = 10
    stride: int = 10
    pictures: Contours | None = None

    def __post_init__(self) -> None:
        one_of("code", self.code, ("level", "on-off"))
        one_of("fill", self.fill, ("pad", "stretch"))
        within("steps", self.steps, self.size, 100_000)

    @property
    def modality(self) -> str:
        """The modality that it serves."""
        return self.feature.modality

    def look(self, clip: Clip, series: Series) -> Raw:
        """Return what the layer is to see of a clip, before scaling: steps or rows, channels or columns."""
        if self.pictures is not None:
            _, pictures = self.pictures.pictures(clip)
            dark: Raw = np.maximum(pictures.mean(axis=0), np.float32(0))
            return dark
        if self.fill == "stretch":
            return interpolate(series.values, np.linspace(0, len(series) - 1, self.steps))
        begin, end = find_speech(clip)
        steps = len(series)  # another voice may be slower than the sound is
        return series.values[int(begin * steps) : max(round(end * steps), 1)][: self.steps]

    def fit(self, raws: Iterable[Raw]) -> Range:
        """Return low and high of each channel, from the training clips; of pictures, one range for all pixels."""
        if self.pictures is not None:
            pixels = np.concatenate([raw[raw > 0] for raw in raws])
            return np.array([[0.0], [np.quantile(pixels, 0.99)]], np.float32)
        values = np.concatenate(list(raws))
        if self.code == "on-off":
            mean, deviation = values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64)
            return np.stack([mean, mean + 3 * deviation]).astype(np.float32)
        span: Range = np.quantile(values, (0.01, 0.99), axis=0).astype(np.float32)
        return span

    def scale(self, raw: Raw, span: Range) -> Lines:
        """Return the values of the input lines, 0 to 1; what is padded is silent."""
        if self.pictures is None and raw.shape[1:] != span.shape[1:]:
            raise InputError(f"a feature of {span.shape[1]} channels expected, got one of {raw.shape[1]}")
        low, high = span
        u = (raw - low) / np.maximum(high - low, np.float32(1e-6))
        lines = np.concatenate([u, -u], axis=1) if self.code == "on-off" else u
        out: Lines = np.clip(lines, 0, 1).astype(np.float32)
        missing = 0 if self.pictures is not None else self.steps - len(out)
        return np.pad(out, ((0, missing), (0, 0)))

    def windows(self, channels: int) -> Windows:
        """Return the windows of its layer, for a feature of so many channels."""
        if self.pictures is not None:
            return Windows.over_image(self.pictures.size, self.pictures.size, self.size, self.stride)
        return Windows.along_time(self.steps, channels * self.lines, self.size, self.stride)

    @property
    def lines(self) -> int:
        """Input lines of each channel."""
        return 2 if self.code == "on-off" else 1

    def lines_of(self, channels: Sequence[int], count: int) -> list[int]:
        """Return the lines of some of `count` channels, among those of one step.

        >>> from emospike.features.mel import Mel
        >>> Pathway(Mel(), CompetitiveLayer(), "on-off").lines_of([1], 40)
        [1, 41]
        """
        return [channel + part * count for part in range(self.lines) for channel in channels]


def find_speech(clip: Clip) -> tuple[float, float]:
    """Return where speech begins and ends, as shares of the clip.

    >>> quiet, loud = np.full(4000, 1e-3, np.float32), np.full(8000, 0.5, np.float32)
    >>> begin, end = find_speech(Clip.from_array(np.concatenate([quiet, loud, quiet]), 16_000))
    >>> round(begin, 2), round(end, 2)
    (0.19, 0.81)
    """
    heard = find_loud_steps(clip.sound, QUIET)
    loud = np.flatnonzero(heard)
    begin, end = max(int(loud[0]) - MARGIN, 0), min(int(loud[-1]) + MARGIN + 1, len(heard))
    return begin / len(heard), end / len(heard)
