"""Early decisions: the beginnings of utterances, by which readouts learn to decide before these are over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emospike.clip import Sound
from emospike.streaming.endpointing import Endpointer, Endpointing
from emospike.systems.windows import LONGEST
from emospike.validation import InputError, within

LOOKS = (0.5, 1.0)
"""Seconds since the onset after which readouts of their own decide. In a trial on 20 speakers of RAVDESS, without
copies over other channels, these were right on 0.85 and 0.87 of the beginnings, and readouts of whole recordings,
calibrated anew, on 0.78 and 0.85; after 1.5 s there was no difference left."""

LATER = tuple(map(float, range(2, int(LONGEST))))
"""Seconds after which an utterance is decided as a whole recording is."""

EARLIEST_AND_LATEST = (0.25, LONGEST)
"""Seconds between which looks can lie: fewer hold too little for the speech check."""

EARLY = "early."
"""What the names of all that a model file holds of early decisions begin with."""

ENOUGH = 0.25
"""Share of the training clips that must last until a look for a readout of it."""


def find_beginnings(sound: Sound, looks: Sequence[float]) -> dict[float, slice]:
    """Return what a stream would have heard of the longest utterance in a recording at each look that it lasts to.

    >>> import numpy as np
    >>> sound = np.random.default_rng(0).normal(0, 1e-4, 48_000).astype(np.float32)
    >>> sound[16_000:36_000] *= 1000
    >>> find_beginnings(sound, (0.5, 1.0, 2.0))
    {0.5: slice(6240, 23840, None), 1.0: slice(6240, 31840, None)}
    """
    endpointer = Endpointer(Endpointing(longest=LONGEST, looks=tuple(looks)))
    marks = [*endpointer.push(sound), *endpointer.finish()]
    longest = max((mark for mark in marks if mark.final), key=lambda mark: mark.stop - mark.start, default=None)
    own = [mark for mark in marks if longest and mark.start == longest.start]
    return {mark.look: slice(mark.start, mark.stop) for mark in own if mark.look is not None}


def name_look(look: float) -> str:
    """Return what a model file calls the readout of a look, by its milliseconds.

    >>> name_look(1.5)
    'early.1500'
    """
    return f"{EARLY}{1000 * look:.0f}"


def read_looks(names: Iterable[str]) -> list[float]:
    """Return the looks that a model file has readouts of, by the names of its facts.

    >>> read_looks(["readout.audio", "early.500", "early.1000"])
    [0.5, 1.0]

    Raises
    ------
    InputError : a name that tells no look
    """
    told = [name.removeprefix(EARLY) for name in names if name.startswith(EARLY)]
    if not all(one.isdecimal() and one.isascii() and len(one) < 6 for one in told):
        raise InputError(f"early decisions after some milliseconds expected, got {', '.join(told)}")
    looks = [int(one) / 1000 for one in told]
    for look in looks:
        within("seconds of an early decision", look, *EARLIEST_AND_LATEST)
    return looks
