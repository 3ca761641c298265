"""Recorder: keeps what a page hears, where its people agreed to that, as recordings with their timelines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from emospike.features.face_table import FaceTableWriter, open_table
from emospike.features.live_face import Sight
from emospike.files import format_json, is_file, stage_file, write_atomically
from emospike.schema import is_of
from emospike.timelines import Segment, write_timeline
from emospike.validation import InputError

Chunk = Shaped[np.ndarray, " samples"]
Row = dict[str, Any]

KEPT = {"start": float, "stop": float, "label": str, "answered": bool, "confidence": float, "reason": str}
"""What a decision that is kept has at least."""

FACE = ".csv.gz"
"""Suffix of the table of a face."""


class Recorder:
    """Writes a FLAC file for each stretch of sound without a gap, and beside it what was decided.

    That is a timeline (``.csv``), and all that the page was told (``.json``, see `read_kept`), with what it is told
    `about` the model. Where a face was looked for, ``.csv.gz`` tells where its points were and how it moved, as
    `emospike track --points 68` does of a film.
    Each is named by the time at which it began, and is there when it is over.
    """

    def __init__(self, folder: Path, about: Row | None = None) -> None:
        self._folder, self._rate, self._about = folder, 0.0, about or {}
        self._staged = ExitStack()
        self._path = folder
        self._file: Any = None
        self._faces: FaceTableWriter | None = None
        self._segments: list[Segment] = []
        self._rows: list[Row] = []

    def begin(self, rate: float) -> None:
        """Begin a recording at a rate in Hz, which is rounded, with the next sample.

        Raises
        ------
        InputError : the one before cannot be written
        """
        self.end()
        self._rate = rate

    def put(self, samples: Chunk) -> None:
        """Write samples; raise `InputError` where that cannot be done."""
        if len(samples) == 0:
            return
        with self._say_why():
            if self._file is None:
                self._file = self._open()
            self._file.write(samples)

    def see(self, seen: Sight) -> None:
        """Write what is seen in a picture, at its second since the recording began; `InputError` as `put`."""
        if self._file is None:
            return
        with self._say_why():
            if self._faces is None:
                self._faces = self._staged.enter_context(open_table(self._path.with_suffix(FACE)))
            self._faces.put(seen)

    def tell(self, segment: Segment, row: Row) -> None:
        """Note what was decided, and what the page was told of it, in seconds since the recording began."""
        self._segments.append(segment)
        self._rows.append(row)

    def end(self) -> None:
        """End the recording, if there is one; raise `InputError` if it cannot be written."""
        file, self._file, self._faces = self._file, None, None
        segments, self._segments = self._segments, []
        rows, self._rows = self._rows, []
        if file is None:
            return
        with self._say_why():
            file.close()
            self._staged.close()
        write_timeline(self._path.with_suffix(".csv"), segments, self._path)
        write_atomically(self._path.with_suffix(".json"), format_json(self._about | {"decisions": rows}) + "\n")

    def _open(self) -> Any:
        """Return a file that gets its name when it is whole."""
        import soundfile

        self._path = self._choose_path()
        staged = self._staged.enter_context(stage_file(self._path))
        return soundfile.SoundFile(staged, "w", round(self._rate), 1, "PCM_16", format="FLAC")

    @contextmanager
    def _say_why(self) -> Iterator[None]:
        """Turn what goes wrong with a file into one line."""
        import soundfile

        try:
            yield
        except (OSError, soundfile.LibsndfileError) as error:
            raise InputError(f"{self._path} cannot be written, nothing more is recorded: {error}") from error

    def _choose_path(self) -> Path:
        """Return a name that no recording has, of another page that began at the same time, say."""
        name, number = datetime.now().strftime("%Y-%m-%dT%H-%M-%S"), 1
        path = self._folder / f"{name}.flac"
        while any(is_file(path.with_suffix(suffix)) for suffix in (".flac", ".csv", ".json", FACE)):
            number += 1
            path = self._folder / f"{name}-{number}.flac"
        return path


@dataclass(frozen=True)
class KeptRecording:
    """A recording that a page heard.

    Attributes
    ----------
    path : of the sound
    model : that decided
    decisions : what the page was told
    face : the table of the face that was seen meanwhile, if one was looked for
    """

    path: Path
    model: str
    decisions: tuple[Row, ...]
    face: Path | None = None


def read_kept(folder: Path) -> list[KeptRecording]:
    """Return what recorders wrote to a folder, in the order of their names, which is that of time.

    Raises
    ------
    InputError : there is nothing, or something else
    """
    files = sorted(path for path in folder.glob("*.json") if is_file(path.with_suffix(".flac")))
    if not files:
        raise InputError(f"{folder} holds nothing that emospike live --record kept")
    return [_read(path) for path in files]


def _read(path: Path) -> KeptRecording:
    """Return one recording; raise `InputError` for a file of another kind."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        rows = found["decisions"]
        good = is_of(found["model"], str) and isinstance(rows, list)
        good = good and all(is_of(row[name], kind) for row in rows for name, kind in KEPT.items())
        good = good and all(is_of(row["probabilities"], dict[str, float]) for row in rows)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        good = False
    if not good:
        raise InputError(f"{path} is not what emospike live --record writes")
    face = path.with_suffix(FACE)
    return KeptRecording(path.with_suffix(".flac"), found["model"], tuple(rows), face if is_file(face) else None)
