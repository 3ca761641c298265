"""Leaks: whether recordings that test a model are among those that it learnt from."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from emospike.datasets import DATASETS, Dataset
from emospike.files import is_file
from emospike.validation import InputError

CLIP_HASHES = "clip_hashes"
"""Field of a card, and of each later step of learning in it, that tells the recordings apart without holding them."""

BYTES = 6
"""Length of a hash. Two of 10,000 recordings against 10,000 others then agree by chance once in 3 million tests."""

BLOCK = 1 << 20
"""Bytes of a file read at once."""


def hash_clips(dataset: Dataset) -> str:
    """Return the hashes of all recordings, sorted and parted by spaces, as a card holds them.

    Raises
    ------
    InputError : a recording cannot be read
    """
    return " ".join(sorted({hash_content(path) for path in dataset.paths}))


def hash_content(path: Path) -> str:
    """Return the BLAKE2b hash of a file's bytes, 12 hexadecimal digits: the same for a copy under another name."""
    digest = hashlib.blake2b(digest_size=BYTES)
    try:
        with path.open("rb") as file:
            for block in iter(partial(file.read, BLOCK), b""):
                digest.update(block)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    return digest.hexdigest()


def describe_copies(dataset: Dataset) -> str:
    """Say which files have the same bytes and other speakers, since a split by speakers leaks them; else nothing."""
    alike: dict[int, list[int]] = defaultdict(list)
    speakers = dataset.speakers
    for row, path in enumerate(dataset.paths):
        if is_file(path):
            alike[path.stat().st_size].append(row)
    pairs = []
    for rows in alike.values():
        first: dict[str, int] = {}
        for row in rows if len({*speakers[rows]}) > 1 else ():
            try:
                other = first.setdefault(hash_content(dataset.paths[row]), row)
            except InputError:  # who reads it will say so
                continue
            if speakers[other] != speakers[row]:
                pairs.append((other, row))
    if not pairs:
        return ""
    named = " and ".join(f"{dataset.paths[row].name} of speaker {speakers[row]}" for row in pairs[0])
    others = f", and {len(pairs) - 1} more" if len(pairs) > 1 else ""
    return f"LEAKY: the same bytes are there under two speakers, {named}{others}: list each recording once"


def drop_hashes(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return a card as people read it."""
    kept = {name: value for name, value in card.items() if name != CLIP_HASHES}
    return kept | ({"adapted": [drop_hashes(step) for step in card["adapted"]]} if "adapted" in card else {})


def find_leaks(card: Mapping[str, Any], dataset: Dataset) -> dict[str, Any]:
    """Return what a model's card and a data set share, ready for JSON.

    ``clips`` counts the recordings that the model was trained on, or adapted to with labels; ``unlabelled_clips``
    those that it was adapted to without; ``speakers`` are the names that occur in both. ``clips_compared`` is False
    for a card that lacks hashes of some of its clips: the counts are then what was found at least. A recording that
    was encoded again is another file, and not found.
    """
    steps = [card, *card.get("adapted", ())]
    learnt = _read_hashes(step for step in steps if step.get("labelled", True))
    met = _read_hashes(step for step in steps if not step.get("labelled", True)) - learnt
    here = [hash_content(path) for path in dataset.paths if is_file(path)] if learnt | met else []
    heard = _list_speakers(card)
    named = sorted({*dataset.speakers.tolist()} - {""})
    return {
        "clips": sum(one in learnt for one in here),
        "unlabelled_clips": sum(one in met for one in here),
        "speakers": [one for one in named if any(_may_be(_name(one, dataset.name), other) for other in heard)],
        "clips_compared": all(CLIP_HASHES in step for step in steps),
    }


def _list_speakers(card: Mapping[str, Any]) -> set[str]:
    """Return whom a model heard, by the names of `_name`."""
    steps = [card, *card.get("adapted", ())]
    return {_name(one, str(step.get("data", ""))) for step in steps for one in step.get("speakers", ())}


def _name(speaker: str, data: str) -> str:
    """Return a speaker's name with the corpus, where that is a kind of data set whose speakers everybody calls alike.

    >>> _name("1001", "cremad"), _name("nemo:SM0", "cremad+nemo"), _name("anna", "manifest"), _name("calls:anna", "x")
    ('cremad:1001', 'nemo:SM0', 'anna', 'anna')
    """
    corpus, _, own = speaker.rpartition(":")
    corpus = corpus or data
    return f"{corpus}:{own}" if corpus in DATASETS and corpus != "manifest" else own


def _may_be(first: str, second: str) -> bool:
    """Tell whether two names of `_name` may be of one speaker: alike, but for a corpus that one of them lacks.

    >>> _may_be("ravdess:01", "ravdess:01"), _may_be("ravdess:01", "01"), _may_be("ravdess:01", "ased:01")
    (True, True, False)
    """
    bare = ":" not in first or ":" not in second
    return first.rpartition(":")[2] == second.rpartition(":")[2] if bare else first == second


def _read_hashes(steps: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the hashes of the clips of all steps of learning."""
    return {one for step in steps for one in step.get(CLIP_HASHES, "").split()}


def describe_leaks(found: Mapping[str, Any], card: Mapping[str, Any], dataset: Dataset) -> str:
    """Say in words what `find_leaks` found: LEAKY where the model learnt from what tests it, or from who does."""
    names = ", ".join(found["speakers"])
    heard = _list_speakers(card)  # those of a known corpus are called alike everywhere
    same = [one for one in found["speakers"] if ":" in (name := _name(one, dataset.name)) and name in heard]
    clips = "none of these files trained it" if found["clips_compared"] else "files could not all be compared"
    if found["clips"]:
        said = f"LEAKY: the model was trained on {found['clips']} of these {len(dataset)} recordings"
    elif same:
        said = f"LEAKY: the model was trained on speakers {', '.join(same)}, who also test it"
    elif names:
        said = f"a trained model; it heard speakers named {names} too: if they are the same people, this is LEAKY"
    elif card.get("speakers") and all(dataset.speakers):
        said = f"a trained model; it shares no speaker's name with these recordings; {clips}"
    else:
        said = f"a trained model; {clips}; whether it heard these speakers is not known"
    if found["unlabelled_clips"]:
        said += f"; it was adapted to {found['unlabelled_clips']} of these {len(dataset)} recordings, without labels"
    return said
