"""EMOVO: six actors say 14 sentences in Italian in seven emotions (Costantini et al. 2014), ``f1/dis-f1-b1.wav``."""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, make_take, read_name

_EMOTIONS = {
    "dis": "disgust", "gio": "happy", "neu": "neutral", "pau": "fearful", "rab": "angry", "sor": "surprised",
    "tri": "sad",
}  # fmt: skip
_NAME = re.compile(
    r"(?P<emotion>[a-z]{3})-(?P<speaker>[fm][1-3])-(?P<sentence>b[1-3]|l[1-4]|n[1-5]|d[12])", re.IGNORECASE
)


def parse(path: Path) -> Take | None:
    """Return what a name like ``dis-f1-b1.wav`` says, or None if it is no such name.

    >>> take = parse(Path("gio-m2-n3.wav"))
    >>> take.label, take.speaker, take.tags["gender"]
    ('happy', 'm2', 'male')
    """
    said = read_name(_NAME, path.stem.lower(), emotion=_EMOTIONS)
    return make_take(path, said, gender="female" if said["speaker"].startswith("f") else "male") if said else None


SOURCE = make_source(
    "emovo",
    what="EMOVO: 6 actors say 14 sentences in 7 emotions, 588 recordings",
    language="Italian",
    licence="none stated; research",
    citation="Costantini et al. 2014, LREC: 3501",
    get="http://voice.fub.it/activities/corpora/emovo/index.html: emovo.zip; unzip and name the folder",
    parse=parse,
    expected="dis-f1-b1.wav",
)
