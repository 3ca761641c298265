"""Make face-tracking tables of clips of which only the mean action units are known, so that faces can be trained.

    python scripts/means_as_tables.py openface_clip_means.npz TRACKS TABLES [SOUNDS] [--alike]

The npz holds `clip` (names such as 01-01-03-01-01-01-02), `au_names` (OpenFace's columns, AU01_r ...) and
`openface_static_mean`, shape (clips, columns): the means over each clip of what OpenFace writes frame by frame. TRACKS
is a folder of tables frame by frame, of some of these clips: they are linked as they are. Every other clip gets the
time course of one of them, scaled to its own mean m in every unit,

    x[t] = clip(m d[t] / mean(d), 0, 5),    or m throughout where mean(d) < 0.05,

with d the table of another clip, drawn among those of the same speaker fold, so that no fold tells of another. Their
movements are therefore not their own: results on them say little, and the tables are for training only. TABLES gets
one CSV per clip in OpenFace's columns. With SOUNDS, a folder of recordings, TABLES also gets links to these, and is
then a data set of sounds and faces by itself:

    emospike train --modality both --data TABLES ...

With `--alike` the clips of TRACKS get the time course of another clip too. Where TRACKS holds clips of some labels
alone, a table that moves as it was tracked tells of these labels: of arousal nothing here, as half of the tracks are
happy and half sad, but of emotions much.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emospike.clip import find_recordings
from emospike.datasets.folds import RAVDESS_FOLDS
from emospike.features.face_track import FaceTrack
from emospike.features.openface import INTENSITIES, read_table

MEANS = "openface_static_mean"  # on the scale of the frame-by-frame tables; the "dynamic" run is shifted clip by clip
LEAST = 0.05
"""Mean intensity from which a time course can be scaled."""
SHOWN = 1.0
"""Intensity that some unit reaches in a face that speaks: a table that has less is not read as one of intensities."""


def write_tables(npz: Path, tracks: Path, folder: Path, seed: int = 0, *, alike: bool = False) -> tuple[int, int]:
    """Write one table for each clip of `npz`, or link it, unless all are to be `alike`; return how many of each.

    That is first how many are linked, and then how many made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    own = {path.name.partition(".")[0]: path for path in sorted(tracks.rglob("01-*.csv*"))}
    donors = {clip: read_table(path) for clip, path in own.items()}
    with np.load(npz) as data:
        columns = [[str(name) for name in data["au_names"]].index(unit) for unit in INTENSITIES]
        means = dict(zip((str(name) for name in data["clip"]), data[MEANS][:, columns].astype(float), strict=True))
    linked = set() if alike else own.keys() & means.keys()
    for clip, mean in means.items():
        if clip in linked:
            link(own[clip], folder / own[clip].name)
            continue
        others = [name for name in donors if name != clip]
        near = [name for name in others if fold_of(name) == fold_of(clip)] or others
        drawn = rng.integers(len(near))
        write_table(folder / f"{clip}.csv", *borrow(mean, [donors[name] for name in near[drawn:] + near[:drawn]]))
    return len(linked), len(means) - len(linked)


def fold_of(clip: str) -> int | None:
    """Return the number of the speaker fold that a clip's actor belongs to."""
    return next((number for number, actors in enumerate(RAVDESS_FOLDS) if int(clip[-2:]) in actors), None)


def borrow(mean: np.ndarray, donors: Sequence[FaceTrack]) -> tuple[FaceTrack, np.ndarray]:
    """Return the first donor with whose time course some unit is `SHOWN`, and that time course; else the first."""
    for donor in donors:
        if (values := scaled(donor, mean)).max() >= SHOWN:
            return donor, values
    return donors[0], scaled(donors[0], mean)


def scaled(donor: FaceTrack, mean: np.ndarray) -> np.ndarray:
    """Return a time course with these means, shape (frames, units)."""
    values = donor.values.astype(float)
    level = values[donor.found].mean(axis=0)
    course = np.where(level < LEAST, 1, values / np.maximum(level, LEAST))
    return np.clip(mean * course, 0, 5)


def write_table(path: Path, donor: FaceTrack, values: np.ndarray) -> None:
    """Write a table of OpenFace with the times of a donor."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["frame", "face_id", "timestamp", "confidence", "success", *INTENSITIES])
        for number, (time, found, row) in enumerate(zip(donor.time, donor.found, values, strict=True), start=1):
            writer.writerow([number, 0, f"{time:.3f}", int(found), int(found), *(f"{value:.3f}" for value in row)])


def link(file: Path, at: Path) -> None:
    """Link a file, in the place of what lies there."""
    at.parent.mkdir(parents=True, exist_ok=True)
    at.unlink(missing_ok=True)
    at.symlink_to(file.resolve())


def link_recordings(sounds: Path, folder: Path) -> int:
    """Link the recordings below `sounds` into `folder` under the same paths; return how many there are."""
    files = list(find_recordings([sounds]))
    for file in files:
        link(file, folder / file.relative_to(sounds))
    return len(files)


if __name__ == "__main__":
    alike = "--alike" in sys.argv
    npz, tracks, folder, *sounds = (Path(one) for one in sys.argv[1:] if one != "--alike")
    linked, made = write_tables(npz, tracks, folder, alike=alike)
    print(f"{linked} tables linked and {made} made in {folder}")
    for recordings in sounds:
        print(f"{link_recordings(recordings, folder)} links to the recordings in {recordings}")
