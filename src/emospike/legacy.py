"""What older model files hold in another form; only here is anything read from a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from emospike.features import blendshapes, openface, prosody
from emospike.features.mfcc import make_coefficients
from emospike.features.spectrum import make_band
from emospike.series import Channel, tabulate

MARK = re.compile(r" [@#].*")
BAND = re.compile(r"(\w+) ([\d.]+) Hz")
NAMED = {one.name: one for one in (*blendshapes.CHANNELS, *openface.CHANNELS, *prosody.CHANNELS)}


def modernise(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a model file as this version stores them.

    Up to version 0.1 the channels of each feature were kept as the labels of their spikes, in ``"parts"``.
    """
    known = dict(facts)
    if "parts" in known:
        known["channels"] = [tabulate(read_channels(labels)) for labels in known.pop("parts")]
    return known


def read_channels(labels: Iterable[str]) -> tuple[Channel, ...]:
    """Return the channels of a feature that the labels of its spikes stand for; unknown ones are taken for sound.

    >>> [(one.name, one.hz, one.group) for one in read_channels(("tone 80.0 Hz @0.4", "tone 80.0 Hz @0.8"))]
    [('tone 80.0 Hz', 80.0, '50–200 Hz')]
    """
    names = list(dict.fromkeys(MARK.sub("", label) for label in labels))
    known = NAMED | {one.name: one for one in make_coefficients(len(names))}
    bands = [BAND.fullmatch(name) for name in names]
    return tuple(
        make_band(band[1], band[2]) if band else known.get(name) or Channel(name, "audio")
        for name, band in zip(names, bands, strict=True)
    )
