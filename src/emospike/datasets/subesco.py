"""SUBESCO: twenty actors say ten sentences in Bangla in seven emotions, five times each (Sultana et al. 2021).

``F_01_OISHI_S_1_ANGRY_1.wav``: gender, number and name of the speaker, sentence, emotion and take.
"""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, make_take, read_name

_EMOTIONS = {
    "angry": "angry", "disgust": "disgust", "fear": "fearful", "happy": "happy", "neutral": "neutral", "sad": "sad",
    "surprise": "surprised",
}  # fmt: skip
_NAME = re.compile(
    r"(?P<speaker>(?P<gender>[FM])_(?:0[1-9]|10))_[A-Z]+_S_(?P<sentence>[1-9]|10)_(?P<emotion>[A-Z]+)_(?P<repetition>[1-5])",
    re.IGNORECASE,
)


def parse(path: Path) -> Take | None:
    """Return what a name like ``F_01_OISHI_S_1_ANGRY_1.wav`` says, or None if it is no such name.

    >>> take = parse(Path("F_01_OISHI_S_10_SURPRISE_5.wav"))
    >>> take.label, take.speaker, take.tags
    ('surprised', 'F_01', {'gender': 'female', 'sentence': '10', 'repetition': '5'})
    """
    said = read_name(_NAME, path.stem.upper(), emotion=_EMOTIONS, gender={"m": "male", "f": "female"})
    return make_take(path, said) if said else None


SOURCE = make_source(
    "subesco",
    what="SUBESCO: 20 actors say 10 sentences in 7 emotions, 7,000 recordings",
    language="Bangla",
    licence="CC BY 4.0",
    commercial=True,
    citation="Sultana et al. 2021, PLoS ONE 16(4): e0250173, doi 10.1371/journal.pone.0250173",
    get="emospike fetch subesco, or https://zenodo.org/records/4526477: SUBESCO.zip (1.7 GB); unzip and name it",
    parse=parse,
    expected="F_01_OISHI_S_1_ANGRY_1.wav",
)
