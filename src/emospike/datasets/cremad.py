"""CREMA-D: 91 actors say 12 sentences in six emotions (Cao et al. 2014), ``AudioWAV/1001_IEO_ANG_HI.wav``.

Paper: doi 10.1109/TAFFC.2014.2336244. Levels ``X`` and ``XX`` are both one that was not asked for. 1076_MTI_SAD_XX is
silent in the release; three pairs of recordings are the same under two emotions. Gender and age of the speakers stand
in ``VideoDemographics.csv`` of the release, and are told where that file lies in the folder or above it.
"""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

from emospike.datasets.table import Dataset, Take
from emospike.datasets.takes import make_source, make_take, read_name
from emospike.files import is_file
from emospike.validation import InputError

_EMOTIONS = {
    "ang": "angry", "dis": "disgust", "fea": "fearful", "hap": "happy", "neu": "neutral", "sad": "sad"
}  # fmt: skip
_SENTENCES = {
    "ieo": "it's eleven o'clock",
    "tie": "that is exactly what happened",
    "iom": "I'm on my way to the meeting",
    "iww": "I wonder what this is about",
    "tai": "the airplane is almost full",
    "mti": "maybe tomorrow it will be cold",
    "iwl": "I would like a new alarm clock",
    "ith": "I think I have a doctor's appointment",
    "dfa": "don't forget a jacket",
    "its": "I think I've seen this before",
    "tsi": "the surface is slick",
    "wsi": "we'll stop in a couple of minutes",
}
_LEVELS = {"lo": "low", "md": "medium", "hi": "high", "xx": "", "x": ""}
TABLE = "VideoDemographics.csv"

_NAME = re.compile(
    r"(?P<speaker>10(?:0[1-9]|[1-8]\d|9[01]))_(?P<sentence>[A-Z]{3})_(?P<emotion>[A-Z]{3})_(?P<intensity>[A-Z]{1,2})",
    re.IGNORECASE,
)


def parse(path: Path) -> Take | None:
    """Return what a name like ``1001_IEO_ANG_HI.wav`` says, or None if it is no such name.

    >>> take = parse(Path("1001_IEO_ANG_HI.wav"))
    >>> take.label, take.speaker, take.tags["intensity"]
    ('angry', '1001', 'high')
    """
    said = read_name(_NAME, path.stem, emotion=_EMOTIONS, sentence=_SENTENCES, intensity=_LEVELS)
    return make_take(path, said) if said else None


def load(folder: Path | str, video: bool = False) -> Dataset:
    """Load the recordings that lie in a folder at any depth, with gender and age where the release's table is there.

    Raises `InputError` for no such folder, nothing in it that is CREMA-D's, or a table that cannot be read.
    """
    dataset = _NAMED.load(Path(folder), video)
    known = _read_speakers(Path(folder))
    rows = (replace(one, tags={**one.tags, **known.get(one.speaker or "", {})}) for one in dataset.recordings)
    return replace(dataset, recordings=tuple(rows)) if known else dataset


def _read_speakers(folder: Path) -> dict[str, dict[str, str]]:
    """Return gender and age of the speakers that the release's table lists; nothing without the table."""
    file = next((place / TABLE for place in (folder, folder.resolve().parent) if is_file(place / TABLE)), None)
    if file is None:
        return {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return {row["ActorID"]: {"gender": row["Sex"].lower(), "age": row["Age"]} for row in csv.DictReader(lines)}
    except (UnicodeError, csv.Error, KeyError, AttributeError) as error:
        raise InputError(f"{file} is not CREMA-D's table of speakers ({error}): take it out of the folder") from None


_NAMED = make_source(
    "cremad",
    what="CREMA-D: 91 actors say 12 sentences in 6 emotions, 7,442 recordings, as sound and film",
    language="English (US)",
    licence="ODbL 1.0 (also commercial, with attribution)",
    commercial=True,
    citation="Cao et al. 2014, IEEE Transactions on Affective Computing 5(4): 377, doi 10.1109/TAFFC.2014.2336244",
    get="https://github.com/CheyneyComputerScience/CREMA-D with git-lfs; name its folder AudioWAV",
    parse=parse,
    expected="1001_IEO_ANG_HI.wav",
)

SOURCE = replace(_NAMED, load=load)
