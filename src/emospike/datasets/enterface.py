"""eNTERFACE'05: 42 speakers act six emotions in five English sentences each (Martin et al. 2006).

Paper: doi 10.1109/ICDEW.2006.145. The archive has ``subject 1/anger/sentence 1/s1_an_1.avi``. It is not all alike:
subject 6 has no folders of sentences, and some names of subject 11 are those of another subject. Folders are therefore
believed before names; copies of the data that lost their folders are read by their names.
"""

from __future__ import annotations

import re
from pathlib import Path

from emospike.datasets.table import Dataset, Source, Take
from emospike.datasets.takes import load_takes

EMOTIONS = {
    "anger": "angry", "disgust": "disgust", "fear": "fearful", "happiness": "happy", "sadness": "sad",
    "surprise": "surprised",
}  # fmt: skip
"""The words of its folders, and ours."""

_CODES = {"an": "angry", "di": "disgust", "fe": "fearful", "ha": "happy", "sa": "sad", "su": "surprised"}
_WORDS = EMOTIONS | {label: label for label in EMOTIONS.values()}
_NAME = re.compile(r"s_?(?P<speaker>\d+)_(?P<emotion>an|di|fe|ha|sa|su)_?(?P<sentence>\d)", re.IGNORECASE)
_SUBJECT = re.compile(r"subject[ _-]?(\d+)", re.IGNORECASE)
_SENTENCE = re.compile(r"sentence[ _-]?(\d+)", re.IGNORECASE)
_EXPECTED = "subject 1/anger/sentence 1/s1_an_1.avi, or files named like s1_an_1.avi"


def parse(path: Path) -> Take | None:
    """Return who says what in a file, or None if neither its folders nor its name tell.

    >>> parse(Path("subject 11/fear/sentence 2/s12_fe_2.avi")).speaker
    '11'
    >>> parse(Path("anywhere/s3_ha_5.avi")).label
    'happy'
    """
    named = _NAME.fullmatch(path.stem)
    folders = path.parts[-4:-1]
    speaker = _match_last(_SUBJECT, folders) or (named and named["speaker"])
    emotion = next((_WORDS[part.lower()] for part in reversed(folders) if part.lower() in _WORDS), None)
    emotion = emotion or (_CODES[named["emotion"].lower()] if named else None)
    sentence = _match_last(_SENTENCE, folders) or (named and named["sentence"])
    if not (speaker and emotion and sentence):
        return None
    speaker = f"{int(speaker):02d}"
    return Take(emotion, speaker, f"{emotion}-{int(sentence)}", {"sentence": str(int(sentence))})


def _match_last(pattern: re.Pattern[str], folders: tuple[str, ...]) -> str | None:
    found = (pattern.fullmatch(part) for part in reversed(folders))
    return next((match[1] for match in found if match), None)


def load(folder: Path | str, video: bool = False) -> Dataset:
    """Load the recordings that lie in a folder at any depth; with `video`, each film is also the face.

    Raises
    ------
    InputError : no such folder, or nothing in it that is eNTERFACE's
    """
    return load_takes("enterface", folder, video, reads=parse, expected=_EXPECTED)


SOURCE = Source(
    name="enterface",
    what="eNTERFACE'05: 42 speakers of English act six emotions in five sentences each, 1,166 films",
    licence="free for research, see its page",
    get="http://www.enterface.net/enterface05/main.php?frame=emotion: enterface_database.zip; unzip and name the "
    "folder that holds 'subject 1' to 'subject 44'",
    load=load,
    language="English",
    citation="Martin et al. 2006, ICDE Workshops, doi 10.1109/ICDEW.2006.145",
    parse=parse,
    expected="s1_an_1.avi",
)
