"""ShEMO: 87 speakers of radio plays in Persian in six emotions (Mohamad Nezami et al. 2019), ``female/F01A02.wav``.

Gender and speaker, the emotion's letter (W is surprise, from its wonder), and a number.
"""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, make_take, read_name

_EMOTIONS = {"a": "angry", "f": "fearful", "h": "happy", "n": "neutral", "s": "sad", "w": "surprised"}
_LAST = {"F": 31, "M": 56}
_NAME = re.compile(r"(?P<speaker>[FM]\d\d)(?P<emotion>[A-Z])\d{2,3}", re.IGNORECASE)


def parse(path: Path) -> Take | None:
    """Return what a name like ``F01A02.wav`` says, or None if it is no such name.

    >>> take = parse(Path("female/F01A02.wav"))
    >>> take.label, take.speaker, take.tags
    ('angry', 'F01', {'gender': 'female'})
    """
    said = read_name(_NAME, path.stem.upper(), emotion=_EMOTIONS)
    if said is None or not 1 <= int(said["speaker"][1:]) <= _LAST[said["speaker"][0]]:
        return None
    return make_take(path, said, gender="female" if said["speaker"].startswith("F") else "male")


SOURCE = make_source(
    "shemo",
    what="ShEMO: 87 speakers of radio plays in 6 emotions, 3,000 recordings",
    language="Persian",
    licence="free for academic purposes",
    citation="Mohamad Nezami et al. 2019, Language Resources and Evaluation 53: 1, arXiv 1906.01155",
    get="https://github.com/mansourehk/ShEMO: female.zip and male.zip; unzip into one folder and name it",
    parse=parse,
    expected="F01A02.wav",
)
