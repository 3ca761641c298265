"""What a recording is labelled with: its emotion, or how aroused that emotion is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from emospike.datasets.table import Dataset
from emospike.validation import InputError, one_of

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
"""The eight emotions of RAVDESS, in the order of their codes 01 to 08."""

LOW_AROUSAL = frozenset({"neutral", "calm", "sad"})
AROUSALS = ("low", "high")


def emotion(label: str) -> str:
    """Return the label as it is: the scheme of whatever labels the data carry."""
    return label


def arousal(label: str) -> str:
    """Return how aroused an emotion is: ``"low"`` for neutral, calm and sad, ``"high"`` for the other five.

    Labels that are already low or high stay. Any other label raises `InputError` with the nearest known one.
    Source: eXCube2 (Biomimetics 2026, 11(3), 208), section 2.3.

    >>> arousal("sad"), arousal("surprised"), arousal("high")
    ('low', 'high', 'high')
    """
    one_of("emotion", label, EMOTIONS + AROUSALS)
    if label in AROUSALS:
        return label
    return "low" if label in LOW_AROUSAL else "high"


LABELS: dict[str, Callable[[str], str]] = {"emotion": emotion, "arousal": arousal}
"""The label schemes, by name."""


FINER = "label before relabelling"
"""Tag that keeps a recording's own label when a scheme changes it."""


def finer_labels(dataset: Dataset) -> list[str] | None:
    """Return the labels that the data set had before `relabel` made them coarser, or None if it did not."""
    own = [recording.tags.get(FINER, recording.label) for recording in dataset.recordings]
    return own if len(set(own)) > len(dataset.classes) else None


def relabel(dataset: Dataset, scheme: str) -> Dataset:
    """Return the data set with each label turned into that of a scheme of `LABELS`.

    Raises `InputError` that names the file whose label the scheme does not know.
    """
    rule = LABELS[one_of("label scheme", scheme, LABELS)]
    recordings = []
    for one in dataset.recordings:
        try:
            recordings.append(replace(one, label=rule(one.label), tags={**one.tags, FINER: one.label}))
        except InputError as error:
            raise InputError(
                f"{one.path.name} has no {scheme}: {error}; any labels go with the scheme 'emotion'"
            ) from None
    return replace(dataset, recordings=tuple(recordings))
