"""Event rate: how much an event camera saw at each moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emospike.augmentation.voice import Voice, stretch
from emospike.clip import Clip
from emospike.features.face_track import NoFaceError
from emospike.features.spectrum import RATE
from emospike.series import Channel, Series


@dataclass(frozen=True)
class EventRate:
    """Log rate of events at 10 ms steps: r[t, p] = ln(1 + events of polarity p per second around t)."""

    modality: ClassVar[str] = "face"

    def extract(self, clip: Clip) -> Series:
        """Return the rates during the clip, shape (steps, 2): of pixels that grew brighter, and darker.

        Raises `NoFaceError` for a clip without an event, and `InputError` as `Clip.events`.
        """
        events = clip.events()
        if not len(events.t):
            raise NoFaceError(f"no event in {clip.face}")
        counts = np.zeros((round(clip.seconds * RATE) + 1, 2), np.float32)
        step = np.rint(events.t * RATE).astype(int).clip(0, len(counts) - 1)
        np.add.at(counts, (step, np.where(events.on, 0, 1)), 1)
        names = ("brighter", "darker")
        return Series(
            np.log1p(RATE * counts), RATE, tuple(Channel(f"events {one}", "face", unit="nats") for one in names)
        )

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the events of one who moves as slowly as that voice speaks."""
        return stretch(voice, series)
