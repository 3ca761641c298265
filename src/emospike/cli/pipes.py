"""Recordings that come through a pipe: they are read to the end first, as their beginning must be read twice."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from emospike.files import is_pipe
from emospike.validation import InputError

STDIN = Path("-")

_MOST = 2**32  # bytes from one pipe, 4 GiB
_PIECE = 2**20


class Spool:
    """Files in the place of ``-`` and of pipes, in folders; a pipe that is named twice is read once."""

    def __init__(self, make_folder: Callable[[], str]) -> None:
        self._make_folder = make_folder
        self._files: dict[Path, Path] = {}

    def locate(self, path: Path) -> Path:
        """Return the path or, for standard input and for a pipe, the file that holds what came through it.

        Raises
        ------
        InputError : standard input is a terminal or closed, or more than 4 GiB came
        """
        if path != STDIN and not is_pipe(path):
            return path
        if path not in self._files:
            place = Path(self._make_folder())
            self._files[path] = place / ("stdin" if path == STDIN else path.name)
            self._fill(self._files[path], path)
        return self._files[path]

    def holds(self, path: Path) -> bool:
        """Tell whether a file is one of these, which is gone in the end."""
        return path in self._files.values()

    def rename(self, text: str) -> str:
        """Return a text that names files as the user did."""
        for path, file in self._files.items():
            text = text.replace(str(file), str(path))
        return text

    def _fill(self, file: Path, path: Path) -> None:
        with _open(path) as pipe, file.open("wb") as copy:
            while piece := pipe.read(_PIECE):
                copy.write(piece)
                if copy.tell() > _MOST:
                    raise InputError(f"more than 4 GiB came through {path}: save the recording in a file")


@contextmanager
def spool_pipes() -> Iterator[Spool]:
    """Give what reads pipes; its files are there until the end. Errors name the pipes."""
    with ExitStack() as folders:  # none is made where nothing is piped: there may be no place for it
        spool = Spool(lambda: folders.enter_context(TemporaryDirectory(prefix="emospike-")))
        try:
            yield spool
        except InputError as error:
            raise InputError(spool.rename(str(error))) from error


def _open(path: Path) -> IO[bytes]:
    if path != STDIN:
        return path.open("rb")
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("- is standard input, and nothing is piped into it: emospike recognise - < recording.wav")
    return sys.stdin.buffer
