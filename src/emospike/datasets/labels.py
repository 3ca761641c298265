"""What a recording is labelled with: its emotion, or what is told of it (arousal, valence, one of four)."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from emospike.datasets.table import COPY, Dataset, Recording
from emospike.validation import InputError, one_of, show

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
"""The eight emotions of RAVDESS, in the order of their codes 01 to 08."""

FURTHER = ("bored", "excited")
"""Emotions that other corpora have: EmoDB, JL-Corpus."""

LEVELS = ("level 0", "level 1", "level 2")
"""Labels of BAVED, which are no emotions but levels of arousal: low or tired, neutral, high."""

AROUSALS = ("low", "high")
VALENCES = ("negative", "neutral", "positive")

LOW_AROUSAL = frozenset({"neutral", "calm", "sad", "bored", "level 0", "level 1"})
_KNOWN = (*EMOTIONS, *FURTHER, *LEVELS)


@dataclass(frozen=True)
class Scheme:
    """A set of labels, and what becomes of the labels that data carry.

    Attributes
    ----------
    name : as it is asked for, and stands in cards
    to : the new label of each label; None keeps all labels but `LEVELS` as they are
    known : labels that it knows and leaves out; None leaves out all that `to` does not list
    file : where it was read from, if it is a user's own
    """

    name: str
    to: Mapping[str, str] | None
    known: tuple[str, ...] | None = ()
    file: Path | None = None

    def map(self, label: str) -> str | None:
        """Return the new label of a label, None for one that is left out.

        Raises `InputError` for a label that it does not know, with the nearest that it knows.
        """
        if self.to is None:
            return None if label in LEVELS else label
        if self.known is not None and label not in self.known:
            one_of("emotion", label, self.to)
        return self.to.get(label)


def _map_to_itself(labels: tuple[str, ...]) -> dict[str, str]:
    return {label: label for label in labels}


LABELS: dict[str, Scheme] = {
    scheme.name: scheme
    for scheme in (
        Scheme("emotion", None),
        Scheme(
            "arousal",
            {label: "low" if label in LOW_AROUSAL else "high" for label in _KNOWN} | _map_to_itself(AROUSALS),
        ),
        Scheme(
            "valence",
            dict.fromkeys(("angry", "sad", "fearful", "disgust"), "negative")
            | dict.fromkeys(("happy", "excited"), "positive")
            | dict.fromkeys(("neutral", "calm"), "neutral")
            | _map_to_itself(VALENCES),
            known=("surprised", "bored", *LEVELS),
        ),
        Scheme(
            "big4",
            _map_to_itself(("angry", "happy", "neutral", "sad")),
            known=("calm", "fearful", "disgust", "surprised", *FURTHER, *LEVELS),
        ),
    )
}
"""The label schemes, by name. Arousal is that of eXCube2 (Biomimetics 2026, 11(3), 208), section 2.3."""


FINER = "label before relabelling"
"""Tag that keeps a recording's own label when a scheme changes it."""

CONTRADICTED = "contradicted"
"""Tag of a recording whose sound has another label elsewhere."""


def read_map(path: Path | str) -> Scheme:
    """Return the scheme of a CSV with the columns ``from`` and ``to``; labels that it does not list are left out.

    Raises
    ------
    InputError : no such file, no CSV in UTF-8, columns missing, an empty field, or a label listed twice
    """
    path = Path(path)
    how = "write one line a label under the header from,to"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [
                {(name or "").strip().lower(): (text or "").strip().lower() for name, text in row.items()}
                for row in csv.DictReader(file, restval="", restkey="more")
            ]
    except (OSError, UnicodeError, csv.Error, AttributeError) as error:
        raise InputError(f"cannot read {path} as CSV in UTF-8 ({error}): {how}") from None
    if not rows or not {"from", "to"} <= {*rows[0]}:
        raise InputError(f"{path} lacks rows, or the columns from and to: {how}")
    for number, row in enumerate(rows, start=2):
        if not (row["from"] and row["to"]):
            raise InputError(f"row {number} of {path} lacks a label: {how}")
    counts = Counter(row["from"] for row in rows)
    if twice := [label for label, count in counts.items() if count > 1]:
        raise InputError(f"{path} has {twice[0]!r} twice: list each label once")
    return Scheme(f"map:{path.stem}", {row["from"]: row["to"] for row in rows}, None, path)


def find_scheme(scheme: Scheme | str) -> Scheme:
    """Return a scheme, or that of a name of `LABELS`; raise `InputError` for another name."""
    return scheme if isinstance(scheme, Scheme) else LABELS[one_of("label scheme", scheme, LABELS)]


def relabel(dataset: Dataset, scheme: Scheme | str) -> Dataset:
    """Return the data set with each label turned into that of a scheme; a note counts what it leaves out.

    Raises
    ------
    InputError : a label that the scheme does not know, with the file that has it; a label in a map of one's own that
        neither these recordings have nor any that we know (a typo, say); all recordings are left out
    """
    if not isinstance(dataset, Dataset):
        raise InputError(f"a data set expected, as emospike.datasets.load gives, got {show(dataset)}")
    rule = find_scheme(scheme)
    if rule.file is not None and rule.to is not None:
        for label in sorted({*rule.to} - {*_KNOWN, *AROUSALS, *VALENCES, *dataset.classes}):
            one_of(f"label in {rule.file}", label, dataset.classes)
    recordings, out = [], Counter[str]()
    for one in dataset.recordings:
        try:
            new = rule.map(one.label)
        except InputError as error:
            raise InputError(
                f"{one.path.name} has no {rule.name}: {error}; any labels go with the scheme 'emotion'"
            ) from None
        if new is None:
            out[one.label] += 1
        else:
            recordings.append(replace(one, label=new, tags={**one.tags, FINER: one.label}))
    if not recordings:
        levels = ", which are levels of arousal: use --labels arousal" if {*out} <= {*LEVELS} else ""
        raise InputError(f"no recording has a label of {rule.name}; there are {', '.join(sorted(out))}{levels}")
    recordings, contradicted = _mark_contradictions(recordings)
    counted = ", ".join(f"{count} {label}" for label, count in sorted(out.items()))
    notes = (f"{sum(out.values())} recordings have no label of {rule.name} and are left out: {counted}",) if out else ()
    return replace(dataset, recordings=tuple(recordings), notes=dataset.notes + notes + contradicted)


def _mark_contradictions(recordings: Sequence[Recording]) -> tuple[list[Recording], tuple[str, ...]]:
    """Return recordings, those marked that are one sound under several labels; and a note that names them."""
    sounds: dict[str, list[Recording]] = {}
    for one in recordings:
        if COPY in one.tags:
            sounds.setdefault(one.tags[COPY], []).append(one)
    found = {sound: same for sound, same in sounds.items() if len({one.label for one in same}) > 1}
    if not found:
        return list(recordings), ()
    marked = [
        replace(one, tags={**one.tags, CONTRADICTED: one.tags[COPY]}) if one.tags.get(COPY) in found else one
        for one in recordings
    ]
    named = [" = ".join(f"{one.path.stem} ({one.label})" for one in same) for same in found.values()]
    more = f" and {len(named) - 4} more" if len(named) > 4 else ""
    said = f"{sum(map(len, found.values()))} recordings are one sound under two labels and do not train"
    return marked, (f"{said}: {', '.join(named[:4])}{more}",)


def find_contradicted(dataset: Dataset) -> Bool[np.ndarray, " recordings"]:
    """Tell which recordings should not train: their sound is there with another label too."""
    return np.array([CONTRADICTED in one.tags for one in dataset.recordings], bool)


def finer_labels(dataset: Dataset) -> list[str] | None:
    """Return the labels that the data set had before `relabel` made them coarser, or None if it did not."""
    own = [recording.tags.get(FINER, recording.label) for recording in dataset.recordings]
    return own if len(set(own)) > len(dataset.classes) else None
