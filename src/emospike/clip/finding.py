"""Finding recordings in folders, by suffix or by the first bytes of a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from emospike.files import is_file, is_folder
from emospike.validation import InputError, as_list, as_path

SOUND_SUFFIXES = {".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a"} | {
    ".aac", ".aif", ".aiff", ".au", ".caf", ".w64", ".wma", ".amr",
    ".aifc", ".rf64", ".mka", ".weba", ".m4b", ".mp2", ".ac3", ".eac3",
}  # fmt: skip
VIDEO_SUFFIXES = {".mp4", ".m4v", ".mkv", ".webm", ".avi", ".mov", ".mpg", ".mpeg", ".3gp", ".flv", ".wmv"} | {
    ".mts", ".m2ts", ".ogv", ".vob", ".asf", ".3g2", ".f4v",
}  # fmt: skip

EVENT_SUFFIXES = {".npz", ".bin", ".aedat", ".aedat4"}
EEG_SUFFIXES = {".edf", ".bdf", ".fif", ".set", ".mat"}

_FILMS = (  # (at which byte, what): signatures of containers that may hold pictures
    *((4, name) for name in (b"ftyp", b"moov", b"mdat", b"wide")),
    (0, b"\x1aE\xdf\xa3"), (8, b"AVI "), (0, b"OggS"), (0, b"FLV\x01"), (0, b"\0\0\1\xba"),
    (0, b"0&\xb2u\x8ef\xcf\x11"),
)  # fmt: skip
_SOUNDS = (
    *((8, name) for name in (b"WAVE", b"AIFF", b"AIFC")),
    (0, b"fLaC"), (0, b"ID3"), (0, b".snd"), (0, b"caff"), (0, b"riff\x2e\x91\xcf\x11"), (0, b"#!AMR"),
)  # fmt: skip
_HEAD = 1024


def find_recordings(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the files among `paths` as they are, and in the place of a folder its recordings, sorted.

    Folders are searched to the bottom, linked ones too, for known suffixes, and for files of other suffixes that
    begin as sound or films do; hidden files (and macOS's "._" files) are passed over. A folder that may not be entered
    is yielded itself: who reads it is told.
    Raises `InputError` for a folder that holds no recording, if it is the only path; among others it is yielded.
    """
    for path in (as_path("a recording", one) for one in as_list("paths", paths)):
        if not is_folder(path):
            yield path
            continue
        files = (file for file in walk(path) if not is_hidden(file, path))
        found = sorted(file for file in files if is_folder(file) or (is_file(file) and _is_recording(file)))
        if not found and len(paths) == 1:
            raise InputError(f"{path} holds no recording: give a folder with wav, flac, opus, mp3 or mp4 files")
        yield from found or [path]  # an empty folder among others is an error of its own, when it is read


def walk(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder, each real folder once, however often links lead there.

    Folders that may not be entered are yielded at the end.
    """
    seen = set()
    closed: list[Path] = []
    below = os.walk(folder, followlinks=True, onerror=lambda error: closed.append(Path(error.filename)))
    for place, folders, names in below:
        facts = Path(place).stat()
        if (key := (facts.st_dev, facts.st_ino)) in seen:
            folders.clear()
            continue
        seen.add(key)
        folders.sort()
        yield from (Path(place, name) for name in names)
    yield from closed


def is_hidden(file: Path, folder: Path) -> bool:
    """Tell whether a file of a folder, or a folder on the way to it, has a name that begins with a dot."""
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _is_recording(file: Path) -> bool:
    return file.suffix.lower() in SOUND_SUFFIXES | VIDEO_SUFFIXES or _begins(file, (*_SOUNDS, *_FILMS))


def is_events(path: Path) -> bool:
    """Tell by its name whether a file was recorded by an event camera, unless it begins as sound or films do.

    >>> is_events(Path("gone/nmnist.bin")), is_events(Path("gone/film.mp4"))
    (True, False)
    """
    return path.suffix.lower() in EVENT_SUFFIXES and not _begins(path, (*_SOUNDS, *_FILMS))


def is_eeg(path: Path) -> bool:
    """Tell by its name whether a file is an EEG recording, unless it begins as sound or films do.

    >>> is_eeg(Path("anna.EDF"))
    True
    """
    return path.suffix.lower() in EEG_SUFFIXES and not _begins(path, (*_SOUNDS, *_FILMS))


def may_be_film(file: Path) -> bool:
    """Tell by the first bytes whether a file is a container that may hold pictures; False if it cannot be read."""
    return _begins(file, _FILMS)


def _begins(file: Path, signatures: Sequence[tuple[int, bytes]]) -> bool:
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD)
    except OSError:
        return False
    return any(head[at : at + len(what)] == what for at, what in signatures) or _is_transport_stream(head)


def _is_transport_stream(head: bytes) -> bool:
    """Tell whether packets of 188 bytes (192 with time stamps) begin with the byte 0x47, as in MPEG-TS."""
    return any(len(head) > at + 3 * step and set(head[at::step]) == {0x47} for at, step in ((0, 188), (4, 192)))
