"""Recordings that come through a pipe: they are read to the end first, as their beginning must be read twice."""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from emospike.validation import InputError

STDIN = Path("-")


@contextmanager
def spool_pipes(paths: Sequence[Path]) -> Iterator[tuple[list[Path], Mapping[Path, str]]]:
    """Give the paths with files in the place of ``-`` and of pipes, and what these files were called.

    Raises
    ------
    InputError : standard input is a terminal, or is named twice
    """
    if paths.count(STDIN) > 1:
        raise InputError("- is standard input, which can be read once: name it once")
    with TemporaryDirectory(prefix="emospike-") as folder:
        found: list[Path] = []
        names: dict[Path, str] = {}
        for number, path in enumerate(paths):
            if path == STDIN or is_pipe(path):
                spooled = Path(folder) / f"{number}-{'stdin' if path == STDIN else path.name}"
                _copy(path, spooled)
                names[spooled] = str(path)
            found.append(spooled if path == STDIN or is_pipe(path) else path)
        yield found, names


def is_pipe(path: Path) -> bool:
    """Tell whether a path is a pipe, as the shell's ``<(...)`` makes one."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False


def _copy(path: Path, spooled: Path) -> None:
    with spooled.open("wb") as file:
        if path != STDIN:
            with path.open("rb") as pipe:
                shutil.copyfileobj(pipe, file)
            return
        if sys.stdin is None or sys.stdin.isatty():
            raise InputError("- is standard input, which is a terminal here: pipe a recording into it")
        shutil.copyfileobj(sys.stdin.buffer, file)
