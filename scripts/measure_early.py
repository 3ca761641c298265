"""Measure the early decisions of a model on corpora that it never met, and write them to a file.

    python scripts/measure_early.py MODEL docs/results/early.json DATA [DATA ...]

Of each corpus, `MOST` recordings in a seeded draw are heard one by one as streams. Told are the balanced accuracy at
each look and at the end of an utterance, how many are answered, and how many of these are right; of the longest
utterance of a recording. `fill_docs.py` shows the file as the table ``beginnings``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emospike import store
from emospike.clip import SAMPLE_RATE, Clip
from emospike.clip.batch import map_clips
from emospike.datasets import Dataset, load, relabel
from emospike.datasets.labels import find_contradicted
from emospike.evaluation.metrics import balanced_accuracy
from emospike.files import format_json, write_atomically
from emospike.systems.base import System
from emospike.systems.streaming import StreamDecision
from emospike.validation import InputError

MOST, SEED = 400, 0


def decide_stream(system: System, clip: Clip) -> list[StreamDecision]:
    """Return what is decided on the longest utterance of a recording, while it lasts and in the end."""
    stream = system.stream(SAMPLE_RATE)
    try:
        decided = [*stream.feed(clip.sound), *stream.flush()]
    except InputError:
        return []
    longest = max((one for one in decided if one.final), key=lambda one: one.stop - one.start, default=None)
    return [one for one in decided if longest and one.start == longest.start]


def measure_corpus(system: System, some: Dataset) -> Iterator[dict[str, Any]]:
    """Yield what is right of the decisions on a corpus, look by look, and in the end (look null)."""
    found = list(map_clips(lambda _, clip: decide_stream(system, clip), some.clips(), some.name))
    for look in (*sorted(system.early_), None):
        told = [(one, label) for own, label in zip(found, some.labels, strict=True) for one in own if one.look == look]
        said, truth = np.array([one.decision.label for one, _ in told]), np.array([label for _, label in told])
        answered = np.array([one.decision.answered for one, _ in told])
        yield {
            "corpus": some.name,
            "look": look,
            "decisions": len(told),
            "balanced_accuracy": balanced_accuracy(truth, said),
            "answered": float(answered.mean()),
            "right": float((said == truth)[answered].mean()),
        }


def draw(dataset: Dataset) -> Dataset:
    """Return as many recordings as are measured."""
    rows = np.random.default_rng(SEED).permutation(len(dataset))[:MOST]
    return dataset.subset(np.sort(rows))


def main(model: str, output: str, *data: str) -> None:
    """Measure a model on all corpora, and write what was found."""
    system = store.load(model)
    labels: str = system.card["labels"]
    rows = []
    for path in data:
        dataset = relabel(load(path), labels)
        rows += list(measure_corpus(system, draw(dataset.subset(~find_contradicted(dataset)))))
        print(format_json(rows[-1]), flush=True)
    write_atomically(Path(output), format_json({"model": model, "labels": labels, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    arguments: Sequence[str] = sys.argv[1:]
    main(*arguments)
