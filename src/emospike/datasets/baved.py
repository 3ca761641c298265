"""BAVED: 61 speakers say seven words in Arabic at three levels of emotion (Aouf 2019), ``0/3-m-21-0-1-105.wav``.

Speaker, gender, age, word, level and record; folders are words. A level is no emotion but how aroused one is: 0 low or
tired, 1 neutral, 2 high, whichever emotion. Some recordings occur under two speakers' numbers.
"""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.labels import LEVELS
from emospike.datasets.table import Take
from emospike.datasets.takes import make_source, make_take, read_name

_LEVELS = dict(zip("012", LEVELS, strict=True))
_WORDS = dict(zip("0123456", ("اعجبني", "لم يعجبني", "هذا", "الفيلم", "رائع", "مقول", "سيئ"), strict=True))
_NAME = re.compile(
    r"(?P<speaker>\d{1,3})-(?P<gender>[mf])-(?P<age>\d{1,2})-(?P<sentence>\d)-(?P<emotion>\d)-(?P<record>\d{1,4})",
    re.IGNORECASE,
)


def parse(path: Path) -> Take | None:
    """Return what a name like ``3-m-21-0-1-105.wav`` says, or None if it is no such name.

    >>> take = parse(Path("0/3-m-21-0-2-105.wav"))
    >>> take.label, take.speaker, take.tags["gender"], take.tags["age"]
    ('level 2', '3', 'male', '21')
    """
    genders = {"m": "male", "f": "female"}
    said = read_name(_NAME, path.stem, emotion=_LEVELS, gender=genders, sentence=_WORDS)
    return make_take(path, said) if said else None


SOURCE = make_source(
    "baved",
    what="BAVED: 61 speakers say 7 words at 3 levels of arousal (no emotions: --labels arousal), 1,935 recordings",
    language="Arabic",
    licence="none stated; research",
    citation="Aouf 2019, Basic Arabic Vocal Emotions Dataset",
    get="https://github.com/40uf411/Basic-Arabic-Vocal-Emotions-Dataset; name the folder that holds 0 to 6",
    parse=parse,
    expected="3-m-21-0-1-105.wav",
)
