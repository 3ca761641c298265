"""EmoDB: ten actors say ten sentences in German in seven emotions (Burkhardt et al. 2005), ``wav/03a01Fa.wav``.

Speaker, sentence, the first letter of the emotion's German word, and a letter for the version.
"""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, make_take, read_name

_EMOTIONS = {
    "w": "angry", "l": "bored", "e": "disgust", "a": "fearful", "f": "happy", "t": "sad", "n": "neutral"
}  # fmt: skip
_WOMEN = {"08": "34", "09": "21", "13": "32", "14": "35", "16": "31"}
_MEN = {"03": "31", "10": "32", "11": "26", "12": "30", "15": "25"}
_AGES = _WOMEN | _MEN
_NAME = re.compile(
    r"(?P<speaker>\d\d)(?P<sentence>a0[12457]|b0[1239]|b10)(?P<emotion>[A-Z])(?P<version>[a-g])", re.IGNORECASE
)


def parse(path: Path) -> Take | None:
    """Return what a name like ``03a01Fa.wav`` says, or None if it is no such name.

    >>> take = parse(Path("wav/03a01Fa.wav"))
    >>> take.label, take.speaker, take.tags["gender"], take.tags["age"]
    ('happy', '03', 'male', '31')
    """
    said = read_name(_NAME, path.stem, emotion=_EMOTIONS)
    if said is None or said["speaker"] not in _AGES:
        return None
    gender = "female" if said["speaker"] in _WOMEN else "male"
    return make_take(path, said, gender=gender, age=_AGES[said["speaker"]])


SOURCE = make_source(
    "emodb",
    what="EmoDB: 10 actors say 10 sentences in 7 emotions (bored is one), 535 recordings",
    language="German",
    licence="CC0 1.0, as its authors released it in audb",
    commercial=True,
    citation="Burkhardt et al. 2005, Interspeech: 1517, doi 10.21437/Interspeech.2005-446",
    get="http://emodb.bilderbar.info/download/download.zip (40 MB); unzip and name the folder",
    parse=parse,
    expected="03a01Fa.wav",
)
