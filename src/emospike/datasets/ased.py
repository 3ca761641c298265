"""ASED: 65 speakers say sentences in Amharic in five emotions (Retta et al. 2022), ``01Neutral/n1-01-01-01-05.wav``.

Emotion (a letter and its number), sentence, repetition, gender and speaker. Some names of the release tell another
gender than the rest of the same speaker: the tag is what the name says.
"""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, make_take, read_name

_EMOTIONS = {"n1": "neutral", "f2": "fearful", "h3": "happy", "s4": "sad", "a5": "angry"}
_NAME = re.compile(
    r"(?P<emotion>[a-z]\d)-(?P<sentence>0[1-7])-(?P<repetition>0[12])-(?P<gender>0[12])-(?P<speaker>\d\d)",
    re.IGNORECASE,
)


def parse(path: Path) -> Take | None:
    """Return what a name like ``n1-01-01-01-05.wav`` says, or None if it is no such name.

    >>> take = parse(Path("01Neutral/n1-01-02-01-05.wav"))
    >>> take.label, take.speaker, take.tags["gender"]
    ('neutral', '05', 'female')
    """
    said = read_name(_NAME, path.stem, emotion=_EMOTIONS, gender={"01": "female", "02": "male"})
    if said is None or not 1 <= int(said["speaker"]) <= 65:
        return None
    return make_take(path, said)


SOURCE = make_source(
    "ased",
    what="ASED v1: 65 speakers of 4 dialects say sentences in 5 emotions, 2,474 recordings",
    language="Amharic",
    licence="none stated; research",
    citation="Retta et al. 2022, IEEE Access 10, arXiv 2201.02710",
    get="https://github.com/Ethio2021/ASED_V1; name the folder that holds 01Neutral to 05Angry",
    parse=parse,
    expected="n1-01-01-01-05.wav",
)
