"""Measure decisions on endless streams of speakers whom the model has not met, and write them to a file.

    EMOSPIKE_CACHE=FOLDER python scripts/measure_streaming.py DATA docs/results/streaming-arousal.json [LABELS]

For every fold of speakers a model of eXCube2 is trained on the others, early decisions included. The recordings of the
fold come in streams of `RECORDINGS`, in random order, with silent pauses of `PAUSES` seconds between them, in chunks of
`CHUNK` seconds. Told are the final decisions beside those on the same recordings one by one, the early ones, what a
decision costs, and what getting used to a voice is worth: the utterances of each test speaker, in `ORDERS` random
orders, all of them and those of two emotions alone. Where no speech is heard nothing is decided, which counts as wrong,
whole or not. `fill_docs.py` shows the file as the tables ``streams``, ``looks``, ``listening`` and ``voices``.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from emospike.clip import SAMPLE_RATE, Clip
from emospike.datasets import Dataset, finer_labels, load, relabel, speaker_folds
from emospike.evaluation.metrics import interval
from emospike.evaluation.testing import fit_early, fit_system
from emospike.files import format_json, write_atomically
from emospike.readout.score_centring import ScoreCentring
from emospike.streaming.endpointing import Endpointer, Endpointing
from emospike.systems.excube2.model import EXCube2
from emospike.systems.streaming import StreamDecision
from emospike.systems.windows import LONGEST

RECORDINGS, PAUSES, CHUNK, SEED = 30, (0.8, 2.0), 0.1, 0
ORDERS, EMOTIONS = 20, 2
HEARD = (0, 1, 5, 10, 20, 40)
"""Utterances of a speaker that were heard before, from one number to below the next."""


@dataclass
class Found:
    """What was decided on one recording: whole, at the end of its utterance, and at the looks before."""

    speaker: str
    whole: bool
    whole_answered: bool
    final: bool = False
    final_answered: bool = False
    utterances: int = 0
    early: dict[float | None, tuple[bool, bool]] = field(default_factory=dict)


def join_sounds(sounds: Sequence[np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Return a stream of sounds with pauses between them, and from when to when each lasts, s."""
    parts, spans, at = [], [], 0
    for sound in sounds:
        spans.append((at / SAMPLE_RATE, (at + len(sound)) / SAMPLE_RATE))
        parts += [sound, np.zeros(round(rng.uniform(*PAUSES) * SAMPLE_RATE), np.float32)]
        at += len(sound) + len(parts[-1])
    return np.concatenate(parts), spans


def feed(system: EXCube2, sound: np.ndarray) -> tuple[list[StreamDecision], float]:
    """Return the decisions on a stream, and the processor's seconds that they took."""
    stream, step, begun = system.stream(), round(CHUNK * SAMPLE_RATE), time.process_time()
    decided = [one for at in range(0, len(sound), step) for one in stream.feed(sound[at : at + step])]
    return decided + stream.flush(), time.process_time() - begun


def measure_stream(system: EXCube2, some: Dataset, rng: np.random.Generator) -> tuple[list[Found], float, float]:
    """Return what was decided on recordings in a stream, how long the stream is, and what it took."""
    clips = some.clips()
    whole = [system.decide(clip) for clip in clips]
    sound, spans = join_sounds([clip.sound for clip in clips], rng)
    decided, spent = feed(system, sound)
    rows = []
    for i, (begin, end) in enumerate(spans):
        truth = some.labels[i]
        row = Found(str(some.speakers[i]), whole[i].speech and whole[i].label == truth, whole[i].answered)
        finals = [one for one in decided if one.final and begin < (one.start + one.stop) / 2 < end]
        row.utterances = len(finals)
        if finals:
            main = max(finals, key=lambda one: one.stop - one.start)
            row.final, row.final_answered = main.decision.label == truth, main.decision.answered
            early = [one for one in decided if not one.final and one.start == main.start]
            row.early = {one.look: (one.decision.label == truth, one.decision.answered) for one in early}
        rows.append(row)
    return rows, len(sound) / SAMPLE_RATE, spent


def score_utterances(system: EXCube2, some: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of the longest utterance of each recording, and which recordings have one."""
    scores, there = [], []
    for i, clip in enumerate(some.clips()):
        endpointer = Endpointer(Endpointing(longest=LONGEST))
        marks = [*endpointer.push(clip.sound), *endpointer.finish()]
        if marks:
            mark = max(marks, key=lambda one: one.stop - one.start)
            part = Clip.from_array(clip.sound[mark.start : mark.stop], SAMPLE_RATE)
            scores.append(system.readout_.scores([system.represent(system.perceive(part), ("audio",))])[0])
            there.append(i)
    return np.array(scores), np.array(there)


def get_used(system: EXCube2, some: Dataset, shown: int | None) -> Iterator[tuple[int, str, bool, bool]]:
    """Yield how many utterances of the speaker came before, whose it is, and whether it is decided rightly without
    and with what was found of the speaker; of so many emotions alone, drawn for each, if that is asked for.
    """
    scores, there = score_utterances(system, some)
    labels, who = some.labels[there], some.speakers[there]
    emotions = np.array(finer_labels(some) or some.labels.tolist())[there]
    calibration, rng = system.readout_.calibration_, np.random.default_rng(SEED)
    classes = np.array(calibration.classes)
    plain = classes[calibration.probabilities(scores).argmax(axis=1)] == labels
    for speaker in np.unique(who):
        for _ in range(ORDERS):
            rows = rng.permutation(np.flatnonzero(who == speaker))
            if shown is not None:
                kept = rng.permutation(np.unique(emotions))[:shown]
                rows = rows[np.isin(emotions[rows], kept)]
            centring = ScoreCentring(calibration)
            for heard, row in enumerate(rows):
                said = classes[calibration.probabilities(centring.update(scores[row])[None])[0].argmax()]
                yield heard, str(speaker), bool(plain[row]), bool(said == labels[row])


def summarise_voices(found: Sequence[tuple[int, str, bool, bool]]) -> list[dict[str, Any]]:
    """Return accuracy without and with what was found of speakers, by the number of utterances heard before."""
    heard, plain, used = (np.array([one[i] for one in found]) for i in (0, 2, 3))
    rows = []
    for low, high in zip(HEARD, (*HEARD[1:], None), strict=True):
        own = (heard >= low) & (heard < (high or np.inf))
        if own.any():
            row = {"from": low, "below": high, "decisions": int(own.sum())}
            rows.append(row | {"without": float(plain[own].mean()), "with": float(used[own].mean())})
    return [*rows, {"from": 0, "below": None, "without": float(plain.mean()), "with": float(used.mean())}]


def measure_memory(system: EXCube2, sound: np.ndarray, minutes: int = 30) -> list[float]:
    """Return the memory of this process in MB, after each of some minutes of a sound that is fed again and again."""
    stream, taken = system.stream(), []
    minute = np.resize(sound, 60 * SAMPLE_RATE)
    for _ in range(minutes):
        stream.feed(minute)
        pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
        taken.append(pages * resource.getpagesize() / 1e6)
    return taken


def summarise(rows: Sequence[Found]) -> dict[str, Any]:
    """Return what is right of recordings whole and at the end of utterances, of all and of the answered."""
    told: dict[str, Any] = {"recordings": len(rows), "speakers": len({row.speaker for row in rows})}
    speakers = np.array([row.speaker for row in rows])
    for kind in ("whole", "final"):
        right, answered = (np.array([getattr(row, name) for row in rows]) for name in (kind, f"{kind}_answered"))
        told[kind] = {
            "accuracy": float(right.mean()),
            "ci95": list(interval(right, speakers, len(rows))),
            "answered": float(answered.mean()),
            "right": float(right[answered].mean()),
        }
    return told | {
        "missed": sum(row.utterances == 0 for row in rows),
        "in_parts": sum(row.utterances > 1 for row in rows),
    }


def summarise_looks(rows: Sequence[Found]) -> list[dict[str, Any]]:
    """Return what is right of early decisions, of all and of the answered, by look."""
    told = []
    for look in sorted({look for row in rows for look in row.early}):
        right, answered = np.array([row.early[look] for row in rows if look in row.early]).T
        row = {"look": look, "decisions": len(right), "accuracy": float(right.mean())}
        told.append(row | {"answered": float(answered.mean()), "right": float(right[answered].mean())})
    return told


def main(data: Path, output: Path, labels: str = "arousal") -> None:
    dataset = relabel(load(data), labels)
    first, rows, voices, few, lengths, memory = [], [], [], [], [], []
    for number, fold in enumerate(speaker_folds(dataset)):
        train, test = dataset.subset(fold.train), dataset.subset(fold.test)
        system = fit_early(fit_system(EXCube2.preset("default"), train), train)
        rng = np.random.default_rng([SEED, number])
        for at, some in enumerate(np.array_split(rng.permutation(len(test)), len(test) // RECORDINGS)):
            found, seconds, spent = measure_stream(system, test.subset(some), rng)
            first += found if at == 0 else []
            rows += found
            lengths.append((seconds, spent))
        voices += get_used(system, test, None)
        few += get_used(system, test, EMOTIONS)
        if number == 0:
            sound, _ = join_sounds([clip.sound for clip in test.clips()[:RECORDINGS]], rng)
            memory = measure_memory(system, sound)
        print(number, summarise(rows), summarise_looks(rows), flush=True)
    seconds, spent = np.array(lengths).sum(axis=0)
    result = {
        "labels": labels,
        "streams": {f"{RECORDINGS} a fold": summarise(first), "all": summarise(rows)},
        "looks": summarise_looks(rows),
        "voices": summarise_voices(voices),
        "voices_of_two_emotions": summarise_voices(few),
        "ms_per_100_ms": 100 * spent / seconds,
        "hours": seconds / 3600,
        "memory_mb": memory,
    }
    write_atomically(output, format_json(result, 1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
