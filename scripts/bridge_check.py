"""Compare the action units that a film's blendshapes are turned into with those of many other faces.

    python scripts/bridge_check.py openface_clip_means.npz FILM...

The npz is that of `means_as_tables.py`. FILMs are named like RAVDESS takes. For each film the bridged units are
averaged over its frames, and compared with the mean of all clips of the same emotion in the npz. Two correlations over
films and units are printed: of the values, in which units that are always strong agree anyway, and of the values less
each unit's mean over the emotions. A table of verdicts follows: what the model `excube2-both` says of each film.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from means_as_tables import MEANS
from rich.console import Console
from rich.table import Table

import emospike
from emospike.clip import Clip
from emospike.datasets.labels import LABELS
from emospike.datasets.ravdess import parse
from emospike.features.action_units import ActionUnits
from emospike.features.openface import INTENSITIES


def population(npz: Path) -> dict[str, np.ndarray]:
    """Return the mean units of every emotion, over all clips of the npz."""
    with np.load(npz) as data:
        columns = [[str(name) for name in data["au_names"]].index(unit) for unit in INTENSITIES]
        emotions = np.array([parse(str(name))["emotion"] for name in data["clip"]])
        means = data[MEANS][:, columns].astype(float)
    return {str(emotion): means[emotions == emotion].mean(axis=0) for emotion in np.unique(emotions)}


def agreement(films: np.ndarray, faces: np.ndarray) -> tuple[float, float]:
    """Return the correlation over films and units, and the same less the mean of each unit."""
    apart = films - films.mean(axis=0), faces - faces.mean(axis=0)
    return float(np.corrcoef(films.ravel(), faces.ravel())[0, 1]), float(np.corrcoef(*map(np.ravel, apart))[0, 1])


def verdicts(films: Sequence[Path], emotions: Sequence[str]) -> Table:
    """Return what the shipped model says of each film by each modality."""
    model = emospike.load("excube2-both")
    table = Table("film", "emotion", "arousal", *model.deciders)
    for film, emotion in zip(films, emotions, strict=True):
        said = []
        for modality in model.deciders:
            try:
                found = model.decide(Clip(film), modality=modality)
                said.append(f"{found.label} {found.confidence:.2f}")
            except emospike.InputError as error:
                said.append(str(error)[:40])
        table.add_row(film.name, emotion, LABELS["arousal"].map(emotion), *said)
    return table


def main(npz: Path, films: Sequence[Path]) -> None:
    faces, emotions = population(npz), [parse(film.name.partition(".")[0])["emotion"] for film in films]
    units = np.stack([ActionUnits().track(Clip(film)).values.mean(axis=0) for film in films])
    kept, apart = agreement(units, np.stack([faces[emotion] for emotion in emotions]))
    print(f"{len(films)} films, {units.shape[1]} units: r = {kept:.2f}; less the mean of each unit r = {apart:.2f}")
    Console(width=120).print(verdicts(films, emotions))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
