"""Hiding parts of what is perceived, one after the other, to measure what each of them does to a decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool

from emospike.readout.interactions import channel_groups
from emospike.series import Series
from emospike.systems.explained import stretches

Hidden = tuple[Bool[np.ndarray, "_ _"] | None, ...]
"""Of each feature, what is hidden (steps, channels); None where nothing is."""


def bands_hidden(series: Sequence[Series | None]) -> Iterator[tuple[str, Hidden]]:
    """Yield the name of each band of sound, contour and part of the face, and where it is, in all features.

    >>> heard = Series(np.zeros((2, 2), np.float32), 100.0, ("mel 90 Hz", "mel 440 Hz"))
    >>> [(name, hidden[0].sum(axis=0).tolist()) for name, hidden in bands_hidden([heard, None])]
    [('50–200 Hz', [2, 0]), ('400–650 Hz', [0, 2])]
    """
    groups = [{} if one is None else channel_groups(one.channels) for one in series]
    for name in dict.fromkeys(name for own in groups for name in own):
        hidden = []
        for one, own in zip(series, groups, strict=True):
            mask = None if one is None or name not in own else np.zeros(one.values.shape, bool)
            if mask is not None:
                mask[:, own[name]] = True
            hidden.append(mask)
        yield name, tuple(hidden)


def moments_hidden(series: Sequence[Series | None]) -> Iterator[tuple[str, Hidden]]:
    """Yield the name of each stretch of time (see `stretches`), and where it is, in all features."""
    grid = next(one for one in series if one is not None)
    for name, start, stop in stretches(len(grid), grid.rate):
        masks = [None if one is None else np.zeros(one.values.shape, bool) for one in series]
        for mask in masks:
            if mask is not None:
                mask[start:stop] = True
        yield name, tuple(masks)
