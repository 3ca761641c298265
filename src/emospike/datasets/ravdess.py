"""RAVDESS: 24 actors speak two sentences in eight emotions (Livingstone & Russo 2018).

Paper: doi 10.1371/journal.pone.0196391. Data: doi 10.5281/zenodo.1188976, licensed CC BY-NC-SA 4.0.
The speech part has 1,440 takes, 60 an actor. Two of them are the same recording byte for byte,
03-01-03-01-02-01-07 and 03-01-03-01-02-02-07; both are kept, as everybody keeps them: they are of one actor,
so they never straddle a speaker-disjoint split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from emospike.clip import VIDEO_SUFFIXES, find_recordings, is_table, walk
from emospike.datasets.labels import EMOTIONS
from emospike.datasets.table import Dataset, Recording, Source, Take
from emospike.datasets.takes import is_lossless, note_ignored
from emospike.files import is_file, is_folder
from emospike.validation import InputError, one_of

_CHANNELS = ("speech", "song")
_FIELDS: dict[str, tuple[str, ...]] = {
    "modality": ("audio-video", "video", "audio"),
    "channel": _CHANNELS,
    "emotion": EMOTIONS,
    "intensity": ("normal", "strong"),
    "statement": ("kids", "dogs"),
    "repetition": ("1", "2"),
    "actor": tuple(f"{actor:02d}" for actor in range(1, 25)),
}
_CODES = {field: {f"{i:02d}": word for i, word in enumerate(words, 1)} for field, words in _FIELDS.items()}


def parse(name: str) -> dict[str, str] | None:
    """Return what a file name says, or None if it is not the name of a RAVDESS recording.

    A name is seven two-digit fields, modality-channel-emotion-intensity-statement-repetition-actor, each
    within its range; neutral has no strong intensity. Odd actors are male, even ones female.

    >>> parse("03-01-06-01-02-01-12")["emotion"], parse("03-01-06-01-02-01-12")["gender"]
    ('fearful', 'female')
    >>> parse("03-01-09-01-02-01-12") is None
    True
    """
    codes = name.split("-")
    if len(codes) != len(_CODES):
        return None
    words = [known.get(code) for known, code in zip(_CODES.values(), codes, strict=True)]
    facts = {field: word for field, word in zip(_CODES, words, strict=True) if word}
    if len(facts) != len(_CODES) or (facts["emotion"], facts["intensity"]) == ("neutral", "strong"):
        return None
    return facts | {"gender": "male" if int(facts["actor"]) % 2 else "female"}


def read(path: Path) -> Take | None:
    """Return the take that a file is named by, or None; see `parse`."""
    name = strip_suffixes(path)
    facts = parse(name)
    return Take(facts["emotion"], facts["actor"], name[3:], facts) if facts else None


def load(folder: Path | str, video: bool = False, channel: str = "speech") -> Dataset:
    """Load the recordings that lie in a folder at any depth, each take once.

    Parameters
    ----------
    folder : where to look
    video : give each take its face where there is one, for systems that also see
    channel : ``"speech"``, ``"song"`` or ``"both"``

    A take may lie there in several files: an audio-video film (01-) and its sound (03-), several encodings,
    several copies. One of them is taken: sound before film, 03- before 01-, lossless before lossy. Files with other
    names are left out, and so are video-only films (02-), which have no sound. `Dataset.notes` says how many were.

    With `video`, the face of a take is its face-tracking table (.csv or .csv.gz named like the take, 01-, 02- or
    03-; of several the largest file), or else its film (01- before 02-): tables come first because they need no
    looking for the face. A take that has a face and no sound is kept, and is the film or table itself.

    Raises
    ------
    InputError : there is no such folder, or nothing in it that was asked for
    """
    folder = Path(folder)
    one_of("channel", channel, (*_CHANNELS, "both"))
    if not is_folder(folder):
        raise InputError(f"no folder {folder}: name the folder that holds the RAVDESS recordings")
    below = sorted(walk(folder)) if video else []
    tables = [path for path in below if is_table(path) and parse(strip_suffixes(path)) and is_file(path)]
    try:
        files = list(find_recordings([folder]))
    except InputError:
        if not tables:
            raise
        files = []
    facts = {path: parsed for path in (*files, *tables) if (parsed := parse(strip_suffixes(path)))}
    heard = [path for path in facts if not is_table(path) and facts[path]["modality"] != "video"]
    shown = [path for path in facts if video and (is_table(path) or _is_film(path))]
    usable = {*heard, *shown}
    wanted = {path for path in usable if channel in ("both", facts[path]["channel"])}
    notes = note_ignored(
        {
            "other names": sum(path not in facts for path in files),
            "no sound (02-)": len(facts) - len(usable),
            f"no {channel}": len(usable) - len(wanted),
        }
    )
    if not wanted:
        kind = "" if channel == "both" else f"{channel} "
        ignored = f" ({', '.join(notes)})" if notes else ""
        raise InputError(
            f"no RAVDESS {kind}recordings in {folder}{ignored}: expected names like 03-01-06-01-02-01-12.wav at "
            "any depth; for recordings of your own add a manifest.csv with the columns path,label,speaker"
        )
    sounds = _choose_files(wanted.intersection(heard), _rank_sound)
    faces = _choose_files(wanted.intersection(shown), _rank_face)
    chosen = sorted((faces | sounds).items(), key=lambda item: (facts[item[1]]["actor"], item[0]))
    rows = (
        Recording(path, facts[path]["emotion"], facts[path]["actor"], take, facts[path], faces.get(take))
        for take, path in chosen
    )
    return Dataset("ravdess", tuple(rows), notes)


def strip_suffixes(path: Path) -> str:
    """Return the name of a file without its suffix, that of what is compressed in a .gz included."""
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem


def _choose_files(paths: Iterable[Path], rank: Callable[[Path], tuple[int, ...]]) -> dict[str, Path]:
    """Return the file of the lowest rank for each take: its name less the modality."""
    best: dict[str, Path] = {}
    for path in sorted(paths, key=lambda path: (*rank(path), path)):
        best.setdefault(strip_suffixes(path)[3:], path)
    return best


def _rank_sound(path: Path) -> tuple[int, ...]:
    return _is_film(path), not path.stem.startswith("03"), not is_lossless(path)


def _rank_face(path: Path) -> tuple[int, ...]:
    return (0, -path.stat().st_size) if is_table(path) else (1, path.stem.startswith("02"))


def _is_film(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_SUFFIXES


SOURCE = Source(
    name="ravdess",
    what="RAVDESS: 24 actors, 1,440 spoken takes (and songs) in 8 emotions, as sound and film",
    licence="CC BY-NC-SA 4.0 (non-commercial)",
    get="emospike fetch ravdess-speech, or https://zenodo.org/records/1188976: Audio_Speech_Actors_01-24.zip (208 MB) "
    "for the sound, Video_Speech_Actor_NN.zip for the films; https://zenodo.org/records/3255102: "
    "FacialTracking_Actors_01-24.zip for the face-tracking tables; unzip into one folder and name it",
    load=load,
    language="English (US)",
    citation="Livingstone and Russo 2018, PLoS ONE 13(5): e0196391, doi 10.1371/journal.pone.0196391",
    parse=read,
    expected="03-01-06-01-02-01-12.wav",
)
