"""Measure what emotions learnt from borrowed movements are worth on faces that were tracked, and on films.

    python scripts/measure_face_emotion.py [--among EVALUATED] openface_clip_means.npz TABLES TRACKS FILM... \
        docs/results/face-emotion.json

TABLES is a folder that `means_as_tables.py --alike` made of the npz and of TRACKS. For each speaker fold of RAVDESS
excube2 learns eight emotions from the TABLES of the other folds' speakers, and decides on the clips of this fold that
TRACKS holds, by the made table and by what was tracked frame by frame. Beside it stands logistic regression on the
means of the npz, of one OpenFace run (that of the tables) and of both, its penalty chosen on training speakers. Each
FILM, named as RAVDESS names them, is decided by a shipped model (`MODEL`). EVALUATED is what `emospike evaluate --json`
wrote of tables that were made without `--alike`: it tells how much better clips are decided whose tracks stand among
made tables. `fill_docs.py` shows the file as the tables ``emotions`` and ``filmed``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from means_as_tables import MEANS

import emospike
from emospike.clip import Clip
from emospike.datasets import Dataset
from emospike.datasets.folds import Fold, speaker_folds
from emospike.datasets.ravdess import load, parse, strip_suffixes
from emospike.evaluation.metrics import interval
from emospike.evaluation.protocols import make_system
from emospike.evaluation.testing import fit_system
from emospike.features.openface import INTENSITIES
from emospike.files import format_json, write_atomically

MODEL = "excube2-face-emotion"
SECOND = "openface_dynamic_mean"
PENALTIES = (0.01, 0.1, 1.0)
TRACKED, OTHERS = "that were tracked", "of the same labels, not tracked"


def classify_means(means: np.ndarray, dataset: Dataset, folds: list[Fold]) -> np.ndarray:
    """Return what logistic regression says of each clip, by its means, learnt from the other folds' speakers."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    said = dataset.labels
    for fold in folds:
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
        search = GridSearchCV(pipeline, {"logisticregression__C": PENALTIES}, cv=GroupKFold(5))
        search.fit(means[fold.train], dataset.labels[fold.train], groups=dataset.speakers[fold.train])
        said[fold.test] = search.predict(means[fold.test])
    return said


def describe(what: str, by: str, some: Dataset, said: np.ndarray, answered: np.ndarray | None = None) -> dict[str, Any]:
    """Return how often the labels of a data set were said, and as what those of each class were taken."""
    right = said == some.labels
    row: dict[str, Any] = {
        "what": what,
        "by": by,
        "clips": len(some),
        "speakers": len(np.unique(some.speakers)),
        "accuracy": float(right.mean()),
        "ci95": interval(right, some.speakers),
        "recall": {label: float(right[some.labels == label].mean()) for label in some.classes},
    }
    if answered is not None:
        row |= {"answered": float(answered.mean()), "right_of_answered": float(right[answered].mean())}
    return row


def decide_tracks(tables: Dataset, tracks: dict[str, Path], folds: list[Fold]) -> list[dict[str, Any]]:
    """Return rows on the clips that were tracked, by the tables that were made of them and by their tracks."""
    found: dict[str, list[tuple[str, bool]]] = {"a made table": [], "the track": []}
    order: list[int] = []
    for fold in folds:
        system = fit_system(make_system("excube2", modality="face"), tables.subset(fold.train))
        rows = [row for row in fold.test if tables.recordings[row].take in tracks]
        clips = tables.subset(np.array(rows, int)).clips()
        order += rows
        shown = {"a made table": clips, "the track": [Clip(tracks[tables.recordings[row].take]) for row in rows]}
        for what, some in shown.items():
            found[what] += [(one.label, one.answered) for one in map(system.decide, some)]
        print(f"{len(order)} clips decided", flush=True)
    some = tables.subset(np.array(order))
    return [describe(TRACKED, f"`excube2`, made tables alike, by {what}", some, *map(np.array, zip(*said, strict=True)))
            for what, said in found.items()]  # fmt: skip


def compare_known(by: str, tables: Dataset, said: np.ndarray, known: np.ndarray) -> list[dict[str, Any]]:
    """Return how the clips were decided that were tracked, and the others of the same labels."""
    others = ~known & np.isin(tables.labels, np.unique(tables.labels[known]))
    return [describe(what, by, tables.subset(mask), said[mask]) for what, mask in ((TRACKED, known), (OTHERS, others))]


def read_decided(evaluated: Path, tables: Dataset) -> np.ndarray:
    """Return what an evaluation's file tells of the same recordings."""
    rows = json.loads(evaluated.read_text(encoding="utf-8"))["predictions"]
    said = {Path(row["file"]).name: row["decided"] for row in rows}
    return np.array([said[path.name] for path in tables.paths])


def decide_film(path: Path) -> dict[str, Any]:
    """Return what the shipped model says of a film."""
    decision = emospike.load(MODEL).decide(Clip(path))
    facts = parse(path.name.partition(".")[0]) or {}
    told = {"label": decision.label, "confidence": decision.confidence, "answered": decision.answered}
    return {"name": path.name.removesuffix(".mp4"), "emotion": facts.get("emotion", ""), **told}


def measure_rows(npz: Path, folder: Path, tracked: Path, among: Path | None) -> list[dict[str, Any]]:
    """Return all rows of the table."""
    tables = load(folder, video=True).select_modality("face")
    tracks = {one.take: one.face or one.path for one in load(tracked, video=True).recordings}
    folds = speaker_folds(tables)
    with np.load(npz) as data:
        place = {str(clip): row for row, clip in enumerate(data["clip"])}
        own = [place[strip_suffixes(one.face or one.path)] for one in tables.recordings]
        columns = [[str(name) for name in data["au_names"]].index(unit) for unit in INTENSITIES]
        one_run, both = data[MEANS][own][:, columns].astype(float), np.hstack([data[MEANS], data[SECOND]])[own]
    known = np.array([one.take in tracks for one in tables.recordings])
    rows = []
    for by, means in (("17 means of one run", one_run), ("70 means of both runs", both.astype(float))):
        said = classify_means(means, tables, folds)
        rows += [describe("all", by, tables, said), *compare_known(by, tables, said, known)]
    if among:
        said = read_decided(among, tables)
        rows += compare_known("`excube2`, tracks among made tables", tables, said, known)
    return [*rows, *decide_tracks(tables, tracks, folds)]


def main() -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--among", type=Path)
    for name in ("npz", "folder", "tracked"):
        parser.add_argument(name, type=Path)
    parser.add_argument("films", nargs="*", type=Path)
    parser.add_argument("output", type=Path)
    asked = parser.parse_args()
    rows = measure_rows(asked.npz, asked.folder, asked.tracked, asked.among)
    found = {"rows": rows, "model": MODEL, "films": [decide_film(film) for film in asked.films]}
    write_atomically(asked.output, format_json(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
