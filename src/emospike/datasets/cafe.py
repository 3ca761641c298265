"""CaFE: twelve actors say six sentences in Canadian French in seven emotions (Gournay et al. 2018).

``Colère/Faible/01-C-1-1.wav``: actor (odd ones are men), emotion, intensity (1 mild, 2 strong; neutral has 1 only) and
sentence.
"""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, make_take, read_name

_EMOTIONS = {
    "c": "angry", "d": "disgust", "j": "happy", "n": "neutral", "p": "fearful", "s": "surprised", "t": "sad"
}  # fmt: skip
_AGES = ("46", "64", "18", "50", "22", "34", "15", "25", "42", "20", "35", "37")
_NAME = re.compile(
    r"(?P<speaker>0[1-9]|1[0-2])-(?P<emotion>[A-Z])-(?P<intensity>[12])-(?P<sentence>[1-6])", re.IGNORECASE
)


def parse(path: Path) -> Take | None:
    """Return what a name like ``01-C-1-1.wav`` says, or None if it is no such name.

    >>> take = parse(Path("Colère/Fort/02-C-2-1.wav"))
    >>> take.label, take.speaker, take.tags["gender"], take.tags["age"], take.tags["intensity"]
    ('angry', '02', 'female', '64', 'strong')
    """
    said = read_name(_NAME, path.stem, emotion=_EMOTIONS, intensity={"1": "mild", "2": "strong"})
    if said is None or (said["emotion"], said["intensity"]) == ("neutral", "strong"):
        return None
    number = int(said["speaker"])
    return make_take(path, said, gender="male" if number % 2 else "female", age=_AGES[number - 1])


SOURCE = make_source(
    "cafe",
    what="CaFE: 12 actors say 6 sentences in 7 emotions, mild and strong, 936 recordings",
    language="French (Canada)",
    licence="CC BY-NC-SA 4.0",
    citation="Gournay et al. 2018, ACM Multimedia Systems: 399, doi 10.1145/3204949.3208121",
    get="https://zenodo.org/records/1478765: CaFE_48k.zip; unzip and name the folder",
    parse=parse,
    expected="01-C-1-1.wav",
)
