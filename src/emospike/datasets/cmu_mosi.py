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
from emospike.datasets.table import PART, Dataset, Source, Take
from emospike.datasets.takes import make_recordings, note_ignored
from emospike.files import is_folder
from emospike.validation import InputError, one_of

LABELS = ("OpinionLevelSentiment.csv", "label.csv")
"""Files of labels, in the order in which they are looked for."""

ZERO = ("out", "negative", "positive")
"""What an opinion of exactly 0 may count as."""

# The films of the standard split, by their names on YouTube: 52 (1,284 parts) train, 10 (229) validate, 31 (686) test.
# Source: the standard folds of the authors' CMU-MultimodalSDK.
_TRAIN = (
    "03bSnISJMiM", "0h-zjBukYpk", "1DmNV9C1hbY", "1iG0909rllw", "2WGyTLYerpo", "2iD-tVS8NPw", "5W7Z1C_fDaE",
    "6Egk_28TtTM", "6_0THN4chvY", "73jzhE8R1TQ", "7JsX8y1ysxY", "8OtFthrtaJM", "8d-gEyoeBzc", "8qrpnFRGt2A",
    "9J25DZhivz8", "9T9Hf74oK10", "9c67fiY0wGQ", "9qR7uwkblbs", "Af8D0E4ZXaw", "BI97DNYfe5I", "BXuRRbG0Ugk",
    "Bfr499ggo-0", "BioHAh1qJAQ", "BvYR0L6f2Ig", "Ci-AH39fi3Y", "Clx4VXItLTE", "Dg_0XKD0Mf4", "G-xst2euQUc",
    "G6GlGvlkxAQ", "GWuJjcEuzt8", "HEsqda8_d0Q", "I5y0__X72p0", "Iu2PFX3z_1s", "IumbAb8q2dM", "Jkswaaud0hk",
    "LSi-o-IrDMs", "MLal-t_vJPM", "Njd1F0vZSm4", "Nzq88NnDkEk", "OQvJTdtJ2H4", "OtBXNcAL_lE", "Oz06ZWiO20M",
    "POKffnXeBds", "PZ-lDQFboO8", "QN9ZIUWUXsY", "Qr1Ca94K55A", "Sqr0AcuoNnk", "TvyZBvOMOTc", "VCslbP0mgZI",
    "VbQk4H8hgr0", "Vj1wYRQjB-o", "W8NXH0Djyww",
)  # fmt: skip
_VALIDATION = (
    "WKA5OygbEKI", "X3j2zQgwYgE", "ZAIRrfG22O0", "ZUXBRvtny7o", "_dI--eQ6qVU", "aiEXnCPZubE", "atnd_PF-Lbs",
    "bOL9jKpeJRs", "bvLlb-M3UXU", "c5xsKMxpXnc",
)  # fmt: skip
_TEST = (
    "c7UH_rxdZv4", "cM3Yna7AavY", "cW1FSBF59ik", "cXypl4FnoZo", "d3_k5Xpfmik", "d6hH302o4v8", "dq3Nf_lMPnE",
    "etzxEpPuc6I", "f9O3YtZ2VfI", "f_pcplsH_V0", "fvVhgmXxadc", "iiK8YX8oH1E", "jUzDDGyPkXU", "k5Y_838nuGo",
    "lXPQBPVc5Cw", "nbWiPyCm4g0", "nzpVDcQ0ywM", "ob23OKe5a9Q", "pLTX3ipuDJI", "phBUpBr1hSo", "rnaNMUZpvvg",
    "tIrG4oNLFzE", "tStelxIAHjw", "tmZoasNr4rU", "v0zCBqDeKcE", "vvZ4IcEtiZc", "vyB00TXsimI", "wMbj6ajWbic",
    "yDtzw_Y-7RU", "yvsjCA6Y5Fc", "zhpQhgha_KU",
)  # fmt: skip

SPLIT = {"train": _TRAIN, "validation": _VALIDATION, "test": _TEST}
"""The films of each part of the standard split; nobody's film is in two."""

_PARTS = {film: part for part, films in SPLIT.items() for film in films}


def recognises(path: Path) -> bool:
    """Tell whether a folder holds CMU-MOSI's labels, at most two folders down."""
    return is_folder(path) and _find_labels(path) is not None


def _find_labels(path: Path) -> Path | None:
    found = (file for name in LABELS for depth in ("", "*/", "*/*/") for file in sorted(path.glob(depth + name)))
    for file in found:
        if file.name == LABELS[0]:
            return file
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as rows:
            if {name.strip() for name in next(csv.reader(rows), [])} >= {"video_id", "clip_id"}:
                return file
    return None


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
    file = _find_labels(folder) if is_folder(folder) else None
    if file is None:
        raise InputError(f"no labels of CMU-MOSI in {folder}: expected Raw/Labels/{LABELS[0]}, or {LABELS[1]}")
    opinions = {f"{film}_{part}": (film, part, opinion) for film, part, opinion in _read_opinions(file)}
    named = ((path, _identify(path)) for path in find_recordings([folder]))
    found = {path: opinions[name] for path, name in named if name in opinions}
    takes = {path: _make_take(*row, zero) for path, row in found.items() if row[2] != 0 or zero != "out"}
    if not takes:
        raise InputError(f"none of {len(opinions)} labelled parts lies in {folder}: expected films or sounds such as "
                         f"{next(iter(opinions), '')}.mp4 in a folder Segmented")  # fmt: skip
    notes = note_ignored({"an opinion of 0": len(found) - len(takes)})
    return Dataset("cmu_mosi", tuple(make_recordings(takes, video)), notes)


def _read_opinions(file: Path) -> Iterator[tuple[str, str, float]]:
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


def _identify(path: Path) -> str:
    """Return the film and the part that a file is named by: ``film_1.mp4``, or ``film/1.mp4``."""
    return f"{path.parent.name}_{path.stem}" if path.stem.isdigit() else path.stem


def _make_take(film: str, part: str, opinion: float, zero: str) -> Take:
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
    language="English",
    citation="Zadeh et al. 2016, arXiv 1606.06259",
)
