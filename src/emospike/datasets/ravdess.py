"""RAVDESS: 24 actors speak two sentences in eight emotions (Livingstone & Russo 2018).

Paper: doi 10.1371/journal.pone.0196391. Data: doi 10.5281/zenodo.1188976, licensed CC BY-NC-SA 4.0.
The speech part has 1,440 takes, 60 an actor. Two of them are the same recording byte for byte,
03-01-03-01-02-01-07 and 03-01-03-01-02-02-07; both are kept, as everybody keeps them: they are of one actor,
so they never straddle a speaker-disjoint split.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from emospike.clip import VIDEO_SUFFIXES, find_recordings
from emospike.datasets.labels import EMOTIONS
from emospike.datasets.table import Dataset, Recording, Source
from emospike.validation import InputError, one_of

_LOSSLESS = {".wav", ".wave", ".flac", ".aif", ".aiff", ".au", ".caf", ".w64"}
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


def load(folder: Path | str, video: bool = False, channel: str = "speech") -> Dataset:
    """Load the recordings that lie in a folder at any depth, each take once.

    Parameters
    ----------
    folder : where to look
    video : prefer the film of a take where there is one, for systems that also see the face
    channel : ``"speech"``, ``"song"`` or ``"both"``

    A take may lie there in several files: an audio-video film (01-) and its sound (03-), several encodings,
    several copies. One of them is taken: sound before film (the other way round with `video`), 03- before
    01-, lossless before lossy. Video-only files (02-) have no sound and are left out. Files with other names
    are left out too. `Dataset.notes` says how many were.

    Raises
    ------
    InputError : there is no such folder, or nothing in it that was asked for
    """
    folder = Path(folder)
    one_of("channel", channel, (*_CHANNELS, "both"))
    if not folder.is_dir():
        raise InputError(f"no folder {folder}: name the folder that holds the RAVDESS recordings")
    files = list(find_recordings([folder]))
    facts = {path: parsed for path in files if (parsed := parse(path.stem))}
    heard = [path for path in facts if facts[path]["modality"] != "video"]
    wanted = [path for path in heard if channel in ("both", facts[path]["channel"])]
    notes = _notes(
        {
            "other names": len(files) - len(facts),
            "no sound (02-)": len(facts) - len(heard),
            f"no {channel}": len(heard) - len(wanted),
        }
    )
    if not wanted:
        raise InputError(_nothing(folder, channel, notes))
    chosen = sorted(_one_file_a_take(wanted, video).values(), key=lambda p: (facts[p]["actor"], _take(p)))
    return Dataset("ravdess", tuple(_recording(path, facts[path]) for path in chosen), notes)


def _one_file_a_take(paths: Iterable[Path], video: bool) -> dict[str, Path]:
    def preference(path: Path) -> tuple[bool, bool, bool]:
        suffix = path.suffix.lower()
        return (suffix in VIDEO_SUFFIXES) != video, not path.stem.startswith("03"), suffix not in _LOSSLESS

    best: dict[str, Path] = {}
    for path in sorted(paths, key=preference):
        best.setdefault(_take(path), path)
    return best


def _take(path: Path) -> str:
    return path.stem[3:]  # all but the modality


def _recording(path: Path, facts: dict[str, str]) -> Recording:
    return Recording(path, facts["emotion"], facts["actor"], _take(path), facts)


def _notes(left_out: dict[str, int]) -> tuple[str, ...]:
    return tuple(
        f"{count} file{'s' if count > 1 else ''} with {why} ignored" for why, count in left_out.items() if count
    )


def _nothing(folder: Path, channel: str, notes: tuple[str, ...]) -> str:
    kind = "" if channel == "both" else f"{channel} "
    ignored = f" ({', '.join(notes)})" if notes else ""
    return (
        f"no RAVDESS {kind}recordings in {folder}{ignored}: expected names like 03-01-06-01-02-01-12.wav at "
        "any depth; for recordings of your own add a manifest.csv with the columns path,label,speaker"
    )


SOURCE = Source(
    name="ravdess",
    what="24 actors, 1,440 spoken takes (and songs) in 8 emotions, as sound and film",
    licence="CC BY-NC-SA 4.0 (non-commercial)",
    get="https://zenodo.org/records/1188976: Audio_Speech_Actors_01-24.zip (208 MB) for the sound, "
    "Video_Speech_Actor_NN.zip for the films; unzip anywhere and name the folder",
    recognises=Path.is_dir,
    load=load,
)
