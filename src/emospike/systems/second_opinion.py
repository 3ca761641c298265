"""A second opinion on a filmed face: a small network without spikes, asked beside a spiking model.

It takes no part in decisions. See `emospike.features.expression` for what it is, and what is not known of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from emospike.clip import Clip
from emospike.clip.kinds import name_silent
from emospike.clip.video import pick_frames
from emospike.datasets.labels import Scheme
from emospike.decision import Decision
from emospike.features.blendshapes import Blendshapes
from emospike.features.contours import MESH
from emospike.features.expression import EXPRESSIONS, cut_face, read_expressions
from emospike.features.face_quality import describe_problem, keep_readable
from emospike.features.face_track import NoFaceError
from emospike.systems.windows import WINDOW, is_long

APART = 0.25
"""Seconds between the pictures that are looked at."""

_ALIKE = {"calm": "neutral"}  # which it cannot tell apart


@dataclass(frozen=True)
class SecondOpinion:
    """What the network says of a film, on average over the pictures in which the face can be read.

    Attributes
    ----------
    expressions : probability of each of `EXPRESSIONS`
    probabilities : of the labels that these become, in the scheme of a model; empty if none does
    pictures : so many were looked at
    """

    expressions: Mapping[str, float]
    probabilities: Mapping[str, float]
    pictures: int

    @property
    def label(self) -> str:
        """The most probable label, or expression where a model has other labels."""
        known = self.probabilities or self.expressions
        return max(known, key=lambda name: known[name])

    def agrees(self, decision: Decision) -> bool | None:
        """Tell whether it says what the face said, or where that is not told alone, all.

        None for other labels, and where nothing was said: all are as probable.
        """
        own = decision.alone.get("face") or decision.probabilities
        if not self.probabilities or len({*own.values()}) == 1:
            return None
        best = max(own, key=lambda name: own[name])
        return self.label == _ALIKE.get(best, best)

    def describe(self, decision: Decision) -> str:
        """Return a sentence for the reason of a decision."""
        known = self.probabilities or self.expressions
        verdict = {True: ", agrees", False: ", disagrees", None: ""}[self.agrees(decision)]
        return f"second opinion, of a network without spikes: {self.label} {known[self.label]:.2f}{verdict}"


def ask(clip: Clip, scheme: Scheme) -> SecondOpinion:
    """Return the second opinion on a film, in the labels of a scheme.

    Raises
    ------
    NoFaceError : a clip without a film, or without a face that can be read
    InputError : as `Blendshapes.track`
    """
    if clip.face is None or name_silent(clip.face):
        raise NoFaceError(f"{clip.name} is no film: there is no picture to ask about")
    read = [one for part in (clip.windows(WINDOW) if is_long(clip) else [clip]) for one in _look(part)]
    if not read:
        raise NoFaceError(f"{clip.face.name} shows no face that can be read")
    expressions = dict(zip(EXPRESSIONS, np.mean(read, axis=0).tolist(), strict=True))
    return SecondOpinion(expressions, join_expressions(expressions, scheme), len(read))


def join_expressions(expressions: Mapping[str, float], scheme: Scheme) -> dict[str, float]:
    """Return the probabilities of the labels that expressions become; those that a scheme leaves out do not count.

    >>> from emospike.datasets import find_scheme
    >>> join_expressions({"neutral": 0.5, "happy": 0.25, "sad": 0.25}, find_scheme("arousal"))
    {'low': 0.75, 'high': 0.25}
    """
    known = scheme.to if scheme.to is not None else dict(zip(expressions, expressions, strict=True))
    found: dict[str, float] = {}
    for name, p in expressions.items():
        if name in known:
            found[known[name]] = found.get(known[name], 0.0) + p
    total = sum(found.values())
    return {label: p / total for label, p in found.items()} if total else {}


def _look(clip: Clip) -> Iterator[Float32[np.ndarray, " expressions"]]:
    """Yield what the network says of some of the pictures of a film; of none where the face cannot be read."""
    shapes = Blendshapes()
    track, last, rows = shapes.track(clip), -np.inf, list[int]()
    if describe_problem(track):
        return
    for row in np.flatnonzero(keep_readable(track).found):
        if track.time[row] - last >= APART:
            rows.append(int(row))
            last = track.time[row]
    if rows:
        frames = pick_frames(shapes.frames(clip), track.time[rows])
        yield from read_expressions(
            np.stack([cut_face(frames[track.time[row]].image, track.landmarks[row, MESH]) for row in rows])
        )
