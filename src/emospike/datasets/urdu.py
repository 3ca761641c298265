"""URDU: 38 guests and hosts of talk shows in four emotions, not acted (Latif et al. 2018), ``Angry/SM1_F1_A01.wav``.

Speaker (M or F and a number), file, and the emotion's letter with a number.
"""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, make_take, read_name

_EMOTIONS = {"a": "angry", "h": "happy", "n": "neutral", "s": "sad"}
_NAME = re.compile(
    r"(?P<speaker>S(?P<gender>[MF])(?:[1-9]|[12]\d|3[0-8]))_F\d{1,3}_(?P<emotion>[A-Z])\d{1,4}", re.IGNORECASE
)


def parse(path: Path) -> Take | None:
    """Return what a name like ``SM1_F1_A01.wav`` says, or None if it is no such name.

    >>> take = parse(Path("Angry/SM1_F1_A01.wav"))
    >>> take.label, take.speaker, take.tags
    ('angry', 'SM1', {'gender': 'male'})
    """
    said = read_name(_NAME, path.stem, emotion=_EMOTIONS, gender={"m": "male", "f": "female"})
    return make_take(path, said | {"speaker": said["speaker"].upper()}) if said else None


SOURCE = make_source(
    "urdu",
    what="URDU: 38 speakers of talk shows in 4 emotions, not acted, 400 recordings",
    language="Urdu",
    licence="none stated; research",
    citation="Latif et al. 2018, Frontiers of Information Technology: 88, arXiv 1812.10411",
    get="https://github.com/siddiquelatif/URDU-Dataset; name the folder that holds Angry, Happy, Neutral and Sad",
    parse=parse,
    expected="SM1_F1_A01.wav",
)
