"""What is at a path, and writing files so that an interrupted write leaves the old file whole."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from emospike.validation import InputError


def is_file(path: Path | str) -> bool:
    """Tell whether there is a file; False also where that cannot be told: in a closed folder, of too long a name."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises OSError there


def is_folder(path: Path | str) -> bool:
    """Tell whether there is a folder; False also where that cannot be told."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def is_pipe(path: Path | str) -> bool:
    """Tell whether there is a pipe, as the shell's ``<(...)`` makes one; False also where that cannot be told."""
    try:
        return stat.S_ISFIFO(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return False


def write_atomically(path: Path, data: bytes | str) -> Path:
    """Write `data` beside `path`, then rename it into place in one step; return the path.

    Raises
    ------
    InputError : the folder does not exist or cannot be written to
    """
    raw = data.encode() if isinstance(data, str) else data
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as err:
        raise InputError(f"cannot write {path}: {err.strerror}") from err
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        Path(temporary).chmod(0o666 & ~read_umask())
        Path(temporary).replace(path)
    except BaseException as err:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(err, OSError):
            raise InputError(f"cannot write {path}: {err.strerror}") from err
        raise
    return path


def read_umask() -> int:
    """Return the process's umask, which temporary files ignore."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
