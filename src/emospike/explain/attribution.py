"""Attribution by occlusion: a part is left out, the model decides again, and the evidence that is lost is the part's.

    change = ln(p / (1 - p)) on the whole clip - ln(p / (1 - p)) without the part

Source: Zeiler & Fergus 2014, section 4.2 (occlusion); Robnik-Šikonja & Kononenko 2008 (difference of log-odds).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from jaxtyping import Float

Part = TypeVar("Part")

MOMENTS = 12
"""Stretches of equal length that a clip is cut into."""

STRONGEST = 12
"""Attributions of one kind that are shown."""


@dataclass(frozen=True)
class Attribution:
    """What leaving one thing out does to a decision.

    Attributes
    ----------
    name : the band, region or moment that was left out
    change : log-odds of a class with it minus without it; positive speaks for the class
    """

    name: str
    change: float


def attribute(
    evidence: Callable[[Part], float], whole: Part, occluded: Mapping[str, Iterable[tuple[str, Part]]]
) -> dict[str, list[Attribution]]:
    """Return the change of evidence that each part makes, by kind of part; kinds without parts are left out.

    Parameters
    ----------
    evidence : the log-odds of a class, of whatever the model decides on
    whole : all of it
    occluded : by kind, the name of each part, and all but this part

    Examples
    --------
    >>> attribute(sum, [1.0, 2.0], {"moments": [("0–1 s", [2.0]), ("1–2 s", [1.0])]})
    {'moments': [Attribution(name='0–1 s', change=1.0), Attribution(name='1–2 s', change=2.0)]}
    """
    known = evidence(whole)
    found = {
        kind: [Attribution(name, known - evidence(rest)) for name, rest in parts] for kind, parts in occluded.items()
    }
    return {kind: own for kind, own in found.items() if own}


def log_odds(probabilities: Float[np.ndarray, " classes"], target: int) -> float:
    """Return ln p / (1 - p) of a class.

    >>> log_odds(np.array([0.5, 0.5]), 0)
    0.0

    Certainty is cut off, in single precision too:

    >>> round(log_odds(np.array([1.0, 0.0], np.float32), 0), 2)
    20.72
    """
    p = np.clip(float(probabilities[target]), 1e-9, 1 - 1e-9)
    return float(np.log(p / (1 - p)))


def cut_moments(steps: int, rate: float) -> Iterator[tuple[str, slice]]:
    """Yield the name of each of `MOMENTS` moments of a clip, and its steps.

    >>> next(cut_moments(120, rate=100.0))
    ('0.00–0.10 s', slice(0, 10, None))
    """
    for start, stop in pairwise(np.linspace(0, steps, MOMENTS + 1).astype(int).tolist()):
        yield f"{start / rate:.2f}–{stop / rate:.2f} s", slice(start, stop)


def select_strongest(attributions: Sequence[Attribution], most: int = STRONGEST) -> list[Attribution]:
    """Return the attributions of largest size, `most` at most, from the strongest for to the strongest against.

    >>> found = [Attribution("a", 0.1), Attribution("b", -2.0), Attribution("c", 1.0)]
    >>> [one.name for one in select_strongest(found, most=2)]
    ['c', 'b']
    """
    largest = sorted(attributions, key=lambda one: -abs(one.change))[:most]
    return sorted(largest, key=lambda one: -one.change)
