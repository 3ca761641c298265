"""nEMO: nine actors say 90 sentences in Polish in six emotions (Christop 2024), ``samples/SM0_anger_77.wav``.

Paper: arXiv 2404.06292. Names tell all that ``data.tsv`` does but the text; gender and age are those of its rows (whose
names of speakers begin with blanks).
"""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, make_take, read_name

_EMOTIONS = {
    "anger": "angry", "fear": "fearful", "happiness": "happy", "neutral": "neutral", "sadness": "sad",
    "surprised": "surprised",
}  # fmt: skip
_WOMEN = {"EB0": "27", "IC0": "28", "KD0": "28", "MK0": "23"}
_MEN = {"KS0": "23", "MP0": "24", "SM0": "24", "TP0": "26", "WR0": "23"}
_AGES = _WOMEN | _MEN
_NAME = re.compile(r"(?P<speaker>[A-Z]{2}0)_(?P<emotion>[a-z]+)_(?P<sentence>[1-9]\d?)", re.IGNORECASE)


def parse(path: Path) -> Take | None:
    """Return what a name like ``SM0_anger_77.wav`` says, or None if it is no such name.

    >>> take = parse(Path("samples/SM0_anger_77.wav"))
    >>> take.label, take.speaker, take.tags
    ('angry', 'SM0', {'sentence': '77', 'gender': 'male', 'age': '24'})
    """
    said = read_name(_NAME, path.stem, emotion=_EMOTIONS)
    speaker = said["speaker"].upper() if said else ""
    if said is None or speaker not in _AGES or int(said["sentence"]) > 90:
        return None
    gender = "female" if speaker in _WOMEN else "male"
    return make_take(path, said | {"speaker": speaker}, gender=gender, age=_AGES[speaker])


SOURCE = make_source(
    "nemo",
    what="nEMO: 9 actors say 90 sentences in 6 emotions, 4,481 recordings",
    language="Polish",
    licence="CC BY-NC-SA 4.0",
    citation="Christop 2024, LREC-COLING: 12111, arXiv 2404.06292",
    get="https://github.com/amu-cai/nEMO, or https://huggingface.co/datasets/amu-cai/nEMO; name the folder samples",
    parse=parse,
    expected="SM0_anger_77.wav",
)
