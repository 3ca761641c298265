"""TESS: two women say "say the word ..." in seven emotions (Dupuis and Pichora-Fuller 2010).

``OAF_angry/OAF_back_angry.wav``: OAF is 64 years old, YAF is 26; ``ps`` is pleasant surprise. One name of the release
begins with OA instead.
"""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, make_take, read_name

_EMOTIONS = {
    "angry": "angry", "disgust": "disgust", "fear": "fearful", "happy": "happy", "neutral": "neutral", "sad": "sad",
    **dict.fromkeys(("ps", "pleasant_surprise", "pleasant_surprised", "surprise", "surprised"), "surprised"),
}  # fmt: skip
_SPEAKERS = {"oaf": "OAF", "oa": "OAF", "yaf": "YAF"}
_AGES = {"OAF": "64", "YAF": "26"}
_NAME = re.compile(r"(?P<speaker>OAF?|YAF)_(?P<sentence>[a-z]+)_(?P<emotion>[a-z_]+)", re.IGNORECASE)


def parse(path: Path) -> Take | None:
    """Return what a name like ``OAF_back_angry.wav`` says, or None if it is no such name.

    >>> take = parse(Path("YAF_gaze_ps.wav"))
    >>> take.label, take.speaker, take.tags["age"], take.tags["sentence"]
    ('surprised', 'YAF', '26', 'say the word gaze')
    """
    said = read_name(_NAME, path.stem, emotion=_EMOTIONS, speaker=_SPEAKERS)
    if said is None:
        return None
    sentence = f"say the word {said['sentence'].lower()}"
    return make_take(path, said | {"sentence": sentence}, gender="female", age=_AGES[said["speaker"]])


SOURCE = make_source(
    "tess",
    what="TESS: 2 women say 200 words in 7 emotions, 2,800 recordings",
    language="English (Canada)",
    licence="CC BY-NC-ND 4.0",
    citation="Dupuis and Pichora-Fuller 2010, Toronto emotional speech set, doi 10.5683/SP2/E8H2MF",
    get="https://doi.org/10.5683/SP2/E8H2MF; unzip and name the folder",
    parse=parse,
    expected="OAF_back_angry.wav",
)
