"""MESD: women, men and children say single words in Mexican Spanish in six emotions (Duville et al. 2021).

``Anger_F_A_abajo.wav``: emotion, voice (F three women, M two men, C six children), list of words and word. Which of
them speaks is not told, so the kind of voice stands for the speaker: splits between kinds share nobody.
"""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, make_take, read_name

_EMOTIONS = {
    "anger": "angry", "disgust": "disgust", "fear": "fearful", "happiness": "happy", "neutral": "neutral",
    "sadness": "sad",
}  # fmt: skip
_FACTS = {"F": {"gender": "female", "age": "adult"}, "M": {"gender": "male", "age": "adult"}, "C": {"age": "child"}}
_NAME = re.compile(r"(?P<emotion>[a-z]+)_(?P<speaker>[FMC])_(?P<list>[AB])_(?P<sentence>\w+)", re.IGNORECASE)


def parse(path: Path) -> Take | None:
    """Return what a name like ``Anger_F_A_abajo.wav`` says, or None if it is no such name.

    >>> take = parse(Path("Fear_C_A_basta_ya.wav"))
    >>> take.label, take.speaker, take.tags["sentence"], take.tags["age"]
    ('fearful', 'C', 'basta_ya', 'child')
    """
    said = read_name(_NAME, path.stem, emotion=_EMOTIONS)
    if said is None:
        return None
    speaker = said["speaker"].upper()
    return make_take(path, said | {"speaker": speaker}, **_FACTS[speaker])


SOURCE = make_source(
    "mesd",
    what="MESD: 11 women, men and children say single words in 6 emotions, 864 recordings",
    language="Spanish (Mexico)",
    licence="CC BY 4.0",
    commercial=True,
    citation="Duville et al. 2021, Data 6(12): 130, doi 10.3390/data6120130",
    get="https://data.mendeley.com/datasets/cy34mh68j9; unzip and name the folder",
    parse=parse,
    expected="Anger_F_A_abajo.wav",
    note="MESD does not name its 11 speakers: voices of women, men and children stand for three speakers",
)
