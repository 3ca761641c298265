"""Early decisions: votes come in step by step, and counting stops as soon as one class leads by enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64

Votes = Float32[np.ndarray, "clips looks classes"]
"""The share of each class's voters that fired, at each step (once without spikes)."""


@dataclass(frozen=True, eq=False)
class Ballot:
    """What voting neurons saw of one clip, and how they voted, step by step.

    Attributes
    ----------
    pictures : what was seen at each step: events on, and events off; a single channel is a grey picture
    first : whether both channels of step 0 hold the first picture itself
    times : of the steps, s
    votes : the share of each class's voters that fired at each step (a single step without spikes)
    classes : the classes, in the order of the votes
    until : the step after which nothing was counted
    """

    pictures: Float32[np.ndarray, "steps channels size size"]
    first: bool
    times: Float64[np.ndarray, " steps"]
    votes: Float32[np.ndarray, "looks classes"]
    classes: tuple[str, ...]
    until: int


def stops(votes: Votes, lead: float) -> Int64[np.ndarray, " clips"]:
    """Return after how many steps each vote is settled; all of them, where it never is.

    It is settled once the votes of the first class exceed those of the second by `lead`, in votes of a whole group of
    voters, summed over the steps so far; or once the second can no longer catch up, were all its voters to fire and
    none of the first's at every step that is left.

    >>> even, clear = [[1, 1], [0, 0], [1, 0]], [[1, 0], [1, 0], [0, 0]]
    >>> stops(np.array([even, clear], np.float32), lead=9).tolist()
    [3, 2]
    >>> stops(np.array([even, clear], np.float32), lead=1).tolist()
    [3, 1]
    """
    steps = votes.shape[1]
    first = np.sort(votes.cumsum(axis=1), axis=2)[:, :, ::-1]
    ahead = first[:, :, 0] - first[:, :, 1]
    enough = np.minimum(np.float32(lead), np.arange(steps)[::-1] + np.float32(1e-3))
    settled = ahead >= enough
    return np.asarray(np.where(settled.any(axis=1), settled.argmax(axis=1) + 1, steps), np.int64)


def count_votes(votes: Votes, lead: float | None) -> Float32[np.ndarray, "clips classes"]:
    """Return the mean votes of each class up to where the vote is settled; over all steps without a lead."""
    if lead is None:
        return np.asarray(votes.mean(axis=1), np.float32)
    until = stops(votes, lead)
    total = np.take_along_axis(votes.cumsum(axis=1), until[:, None, None] - 1, axis=1)[:, 0]
    return np.asarray(total / until[:, None], np.float32)


def latency_curve(votes: Votes, target: Int64[np.ndarray, " clips"]) -> list[dict[str, Any]]:
    """Return accuracy and mean steps for leads from one voter in ten to the whole vote.

    >>> votes = np.array([[[1, 0], [0, 1], [0, 1]]], np.float32)
    >>> latency_curve(votes, np.array([1]))[-1]
    {'lead': None, 'steps': 3.0, 'share': 1.0, 'accuracy': 1.0}
    """
    rows = []
    for lead in (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, None):
        until = stops(votes, lead) if lead is not None else np.full(len(votes), votes.shape[1])
        right = count_votes(votes, lead).argmax(axis=1) == target
        steps = float(until.mean())
        rows.append({"lead": lead, "steps": steps, "share": steps / votes.shape[1], "accuracy": float(right.mean())})
    return rows


def accuracy_by_step(
    votes: Votes, target: Int64[np.ndarray, " clips"]
) -> tuple[Float[np.ndarray, " looks"], Float[np.ndarray, " looks"]]:
    """Return accuracy and mean squared error after each step, all steps so far counted (the paper's Figure 2)."""
    so_far = votes.cumsum(axis=1) / np.arange(1, votes.shape[1] + 1)[:, None]
    hot = np.eye(votes.shape[2])[target][:, None]
    return (so_far.argmax(axis=2) == target[:, None]).mean(axis=0), ((so_far - hot) ** 2).mean(axis=(0, 2))
