"""TurEV-DB: six speakers say single words in Turkish in four emotions (Canpolat et al. 2020).

``Sound Source/Angry/1157_kz_algi.wav``: speaker, emotion (kızgın, mutlu, sakin, hüzünlü) and word.
"""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, make_take, read_name

_EMOTIONS = {"kz": "angry", "mt": "happy", "sk": "calm", "hl": "sad"}
_NAME = re.compile(r"(?P<speaker>1157|1234|1358|1984|6783|7895)_(?P<emotion>[a-z]{2})_(?P<sentence>\w+)", re.IGNORECASE)


def parse(path: Path) -> Take | None:
    """Return what a name like ``1157_kz_algi.wav`` says, or None if it is no such name.

    >>> take = parse(Path("Sound Source/Angry/1157_kz_algi.wav"))
    >>> take.label, take.speaker, take.tags["sentence"]
    ('angry', '1157', 'algi')
    """
    said = read_name(_NAME, path.stem, emotion=_EMOTIONS)
    return make_take(path, said) if said else None


SOURCE = make_source(
    "turevdb",
    what="TurEV-DB: 6 speakers say single words in 4 emotions, 1,735 recordings",
    language="Turkish",
    licence="CC BY-NC-ND 4.0",
    citation="Canpolat et al. 2020, LREC SLTU-CCURL workshop: 368",
    get="https://github.com/Xeonen/TurEV-DB; name the folder Sound Source",
    parse=parse,
    expected="1157_kz_algi.wav",
)
