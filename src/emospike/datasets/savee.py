"""SAVEE: four men say 120 sentences each in seven emotions (Jackson and Haq 2014), ``AudioData/DC/a01.wav``.

Copies of the data without folders have names like ``DC_a01.wav``.
"""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, read_name

_EMOTIONS = {
    "a": "angry", "d": "disgust", "f": "fearful", "h": "happy", "n": "neutral", "sa": "sad", "su": "surprised"
}  # fmt: skip
_NAME = re.compile(r"(?P<speaker>DC|JE|JK|KL)[_/](?P<emotion>[a-z]{1,2})(?P<sentence>\d\d)", re.IGNORECASE)


def parse(path: Path) -> Take | None:
    """Return what ``DC/a01.wav`` or ``DC_a01.wav`` says, or None if it is no such name; only neutral goes to 30.

    >>> [parse(Path(name)).label for name in ("AudioData/DC/sa01.wav", "JE_su15.wav")]
    ['sad', 'surprised']
    """
    stem = path.stem if "_" in path.stem else f"{path.parent.name}/{path.stem}"
    said = read_name(_NAME, stem, emotion=_EMOTIONS)
    if said is None or not 1 <= int(said["sentence"]) <= (30 if said["emotion"] == "neutral" else 15):
        return None
    take = f"{said['emotion']}-{said['sentence']}"  # both ways of naming a take are one
    return Take(said["emotion"], said["speaker"].upper(), take, {"sentence": take, "gender": "male"})


SOURCE = make_source(
    "savee",
    what="SAVEE: 4 men say 120 sentences each in 7 emotions, 480 recordings, as sound and film",
    language="English (UK)",
    licence="free for research, on registration",
    citation="Jackson and Haq 2014, Surrey Audio-Visual Expressed Emotion database, University of Surrey",
    get="http://kahlan.eps.surrey.ac.uk/savee/Download.html; unzip and name the folder AudioData",
    parse=parse,
    expected="DC/a01.wav",
)
