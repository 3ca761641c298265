"""JL-Corpus: two women and two men of New Zealand in five primary emotions (James et al. 2018).

``JL(wav+txt)/female1_angry_10a_1.wav``: speaker, emotion, sentence and session. The five secondary emotions of the
release (anxious, apologetic, assertive, concerned, encouraging) are left out, and a note counts them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, make_take, read_name

_PRIMARY = ("angry", "sad", "neutral", "happy", "excited")
_SECONDARY = ("anxious", "apologetic", "assertive", "concerned", "encouraging")
_EMOTIONS = {name: name for name in (*_PRIMARY, *_SECONDARY)}
_NAME = re.compile(
    r"(?P<speaker>(?:fe)?male[12])_(?P<emotion>[a-z]+)_(?P<sentence>(?:[1-9]|1[0-5])[ab])_(?P<repetition>[12])",
    re.IGNORECASE,
)


def parse(path: Path) -> Take | None:
    """Return what a name like ``female1_angry_10a_1.wav`` says, or None if it is no such name.

    >>> take = parse(Path("female1_excited_10a_1.wav"))
    >>> take.label, take.speaker, take.tags["gender"], parse(Path("male2_anxious_1b_2.wav")).unused
    ('excited', 'female1', 'female', 'secondary emotions')
    """
    said = read_name(_NAME, path.stem.lower(), emotion=_EMOTIONS)
    if said is None:
        return None
    take = make_take(path, said, gender="female" if said["speaker"].startswith("female") else "male")
    return take if take.label in _PRIMARY else replace(take, unused="secondary emotions")


SOURCE = make_source(
    "jl_corpus",
    what="JL-Corpus: 4 speakers say 30 sentences twice in 5 primary emotions (excited is one), 1,200 recordings",
    language="English (New Zealand)",
    licence="CC0 1.0",
    commercial=True,
    citation="James et al. 2018, Interspeech: 2768, doi 10.21437/Interspeech.2018-1349",
    get="https://github.com/tli725/JL-Corpus, or https://www.kaggle.com/datasets/tli725/jl-corpus; name the folder",
    parse=parse,
    expected="female1_angry_10a_1.wav",
)
