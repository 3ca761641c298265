"""CMU-MOSI: 2,199 parts of 93 films in which people say what they think of a film (Zadeh et al. 2016).

Paper: arXiv 1606.06259. Each part has an opinion from -3 (negative) to 3, the mean of five raters. The archive has::

    Raw/Labels/OpinionLevelSentiment.csv                       start, end, film, part, opinion; no header
    Raw/Audio/WAV_16000/Segmented/03bSnISJMiM_1.wav            or .../Video/Segmented/03bSnISJMiM_1.mp4

and the form in which it is often passed on ``label.csv`` with the columns video_id, clip_id and label, beside
``Raw/03bSnISJMiM/1.mp4``. Both are read; the .csd files and TextGrids are not.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from emospike.clip import find_recordings
from emospike.datasets._cmu_mosi_parts import TEST, TRAIN, VALIDATION
from emospike.datasets.films import Take, left_out, recordings
from emospike.datasets.table import PART, Dataset, Source
from emospike.validation import InputError, one_of

LABELS = ("OpinionLevelSentiment.csv", "label.csv")
"""Files of labels, in the order in which they are looked for."""

ZERO = ("out", "negative", "positive")
"""What an opinion of exactly 0 may count as."""

_SPLIT = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
_PARTS = {film: part for part, films in _SPLIT.items() for film in films}


def recognises(path: Path) -> bool:
    """Tell whether a folder holds CMU-MOSI's labels, at most two folders down."""
    return path.is_dir() and _labels(path) is not None


def _labels(path: Path) -> Path | None:
    found = (file for name in LABELS for depth in ("", "*/", "*/*/") for file in sorted(path.glob(depth + name)))
    return next((file for file in found if file.name != LABELS[1] or _header(file) >= {"video_id", "clip_id"}), None)


def _header(file: Path) -> set[str]:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as rows:
        return {name.strip() for name in next(csv.reader(rows), [])}


def load(folder: Path | str, video: bool = False, zero: str = "out") -> Dataset:
    """Load the parts of films, as ``positive`` or ``negative``; with `video`, each comes with its film.

    `zero` tells what an opinion of exactly 0 is: left out (the default, and a note counts them), or one of the two.
    The speaker is the film's, as nothing tells more: the paper counts 89 speakers in 93 films, so a few may be in two
    films. Tags are the ``opinion`` and the ``part`` of the standard split (see `emospike.datasets.standard_split`).

    Raises
    ------
    InputError : no such folder, no labels that can be read, or none of the labelled parts
    """
    folder, zero = Path(folder), one_of("zero", zero, ZERO)
    file = _labels(folder) if folder.is_dir() else None
    if file is None:
        raise InputError(f"no labels of CMU-MOSI in {folder}: expected Raw/Labels/{LABELS[0]}, or {LABELS[1]}")
    opinions = {f"{film}_{part}": (film, part, opinion) for film, part, opinion in _opinions(file)}
    files = [path for path in find_recordings([folder]) if _named(path) in opinions]
    takes = {path: _take(*opinions[_named(path)], zero) for path in files}
    known = {path: take for path, take in takes.items() if take}
    if not known:
        raise InputError(f"none of {len(opinions)} labelled parts lies in {folder}: expected films or sounds such as "
                         f"{next(iter(opinions), '')}.mp4 in a folder Segmented")  # fmt: skip
    return Dataset("cmu_mosi", tuple(recordings(known, video)), left_out({"an opinion of 0": len(files) - len(known)}))


def _opinions(file: Path) -> Iterator[tuple[str, str, float]]:
    """Yield film, part and opinion of each row."""
    with file.open(encoding="utf-8-sig", newline="") as rows:
        reader = csv.reader(rows)
        columns = [2, 3, 4]
        if file.name == LABELS[1]:
            header = [name.strip() for name in next(reader)]
            columns = [header.index(name) for name in ("video_id", "clip_id", "label")]
        for row in reader:
            try:
                film, part, opinion = (row[column].strip() for column in columns)
                yield film, part, float(opinion)
            except (IndexError, ValueError):
                raise InputError(
                    f"row {reader.line_num} of {file} has no film, part and opinion in columns "
                    f"{', '.join(str(column + 1) for column in columns)}: it is not CMU-MOSI's"
                ) from None


def _named(path: Path) -> str:
    """Return the film and the part that a file is named by: ``film_1.mp4``, or ``film/1.mp4``."""
    return f"{path.parent.name}_{path.stem}" if path.stem.isdigit() else path.stem


def _take(film: str, part: str, opinion: float, zero: str) -> Take | None:
    if opinion == 0 and zero == "out":
        return None
    label = zero if opinion == 0 else "positive" if opinion > 0 else "negative"
    tags = {"opinion": str(opinion), "segment": part} | ({PART: _PARTS[film]} if film in _PARTS else {})
    return Take(label, film, part.zfill(3), tags)


SOURCE = Source(
    name="cmu_mosi",
    what="CMU-MOSI: 2,199 parts of 93 films of opinions, positive or negative, as sound and film",
    licence="for research, see its page",
    get="http://multicomp.cs.cmu.edu/resources/cmu-mosi-dataset/: the raw data set (CMU_MOSI.zip); unzip and name its "
    "folder. Use --labels emotion; --protocol standard is its standard split",
    recognises=recognises,
    load=load,
)
