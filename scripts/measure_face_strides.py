"""Measure how a face's probability, and what is answered, hang on how often the face is looked at, and from when on.

    python scripts/measure_face_strides.py [--model NAME] FILM_OR_TABLE... docs/results/face-strides.json

Every picture of each film, or row of each face-tracking table, is looked at once; then the track is thinned to every
first, second, third and fourth, from the first, the second and so on, and a shipped model (by default `excube2-both`)
decides by the face alone. `fill_docs.py` shows the file as the table ``strides``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

import emospike
from emospike.clip import Clip, is_table
from emospike.features.action_units import ActionUnits
from emospike.features.blendshapes import Blendshapes
from emospike.features.face_track import FaceTrack
from emospike.features.openface import read_track
from emospike.files import format_json, write_atomically

STRIDES = (1, 2, 3, 4)


def thin(track: FaceTrack, stride: int, first: int) -> FaceTrack:
    """Return every `stride`-th picture of a track from one on."""
    kept = np.zeros(len(track), bool)
    kept[first::stride] = True
    return track.select(kept, track.time)


def measure(system: Any, path: Path) -> dict[str, Any]:
    """Return the probability of the first class and whether it was answered, by stride and by the first picture."""
    clip = Clip(path)
    track = read_track(clip, path) if is_table(path) else Blendshapes(stride=1).track(clip)
    seen = [feature for feature in system.features if isinstance(feature, ActionUnits)] if is_table(path) else []
    found: dict[str, Any] = {}
    for stride in STRIDES:
        decided = []
        for first in range(stride):
            clip = Clip(path)
            clip.memo.update(dict.fromkeys(seen or [Blendshapes()], thin(track, stride, first)))
            decided.append(system.decide(clip))
        found[str(stride)] = {
            "p": [round(one.probabilities[system.labels_[0]], 4) for one in decided],
            "answered": [one.answered for one in decided],
        }
    return {"name": path.name, "table": is_table(path), "strides": found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="excube2-both")
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("output", type=Path)
    asked = parser.parse_args()
    system = emospike.load(asked.model).by("face")
    rows = [measure(system, path) for path in asked.paths]
    write_atomically(asked.output, format_json({"model": asked.model, "rows": rows}) + "\n")


if __name__ == "__main__":
    main()
