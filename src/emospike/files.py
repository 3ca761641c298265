"""What is at a path, writing files so that an interrupted write leaves the old file whole, and values as JSON."""

from __future__ import annotations

import contextlib
import json
import math
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

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


def make_folder(folder: Path) -> Path:
    """Make a folder, and those that it is to be in, unless it is there; return it.

    Raises
    ------
    InputError : it cannot be made
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise InputError(f"cannot make the folder {folder}: {err.strerror}: name another one") from err
    return folder


def drop_files(folder: Path, pattern: str) -> None:
    """Drop the files in a folder whose names match, what interrupted writes left of them, and the folder if empty."""
    for file in (*folder.glob(pattern), *folder.glob(f".{pattern}.*")):
        with contextlib.suppress(OSError):
            file.unlink()
    drop_empty(folder)


def drop_empty(folder: Path) -> None:
    """Drop a folder in which nothing is; another stays."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def write_atomically(path: Path, data: bytes | str) -> Path:
    """Write `data` beside `path`, then rename it into place in one step; return the path.

    It is on the disk before it has its name. A link is followed, and the file that was there passes its rights on. What
    is no file, such as a pipe or ``/dev/stdout``, is written to as it is.

    Raises
    ------
    InputError : the folder does not exist or cannot be written to
    """
    raw = data.encode() if isinstance(data, str) else data
    try:
        target = Path(os.path.realpath(path))
        if target.is_symlink():
            raise InputError(f"cannot write {path}: its links lead in circles")
        if target.exists() and not target.is_file():
            target.write_bytes(raw)
        else:
            _replace(target, raw)
    except OSError as err:
        raise InputError(f"cannot write {path}: {err.strerror}") from err
    except ValueError as err:  # a name that no file can have
        raise InputError(f"cannot write {path}: {err}") from err
    return path


def _replace(path: Path, raw: bytes) -> None:
    """Put a file of these bytes in the place of another, or of none."""
    with stage_file(path) as temporary:
        temporary.write_bytes(raw)


@contextlib.contextmanager
def stage_file(path: Path) -> Iterator[Path]:
    """Give the path of an empty file beside `path`; when the block ends well, it takes the place of `path` in one step.

    >>> with tempfile.TemporaryDirectory() as folder, stage_file(Path(folder, "a.txt")) as staged:
    ...     _ = staged.write_text("whole or not at all")
    """
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~read_umask()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    temporary = Path(name)
    try:
        os.close(handle)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # some systems and network drives know no such thing
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_umask() -> int:
    """Return the process's umask, which temporary files ignore."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def format_json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON, which knows no NaN and no infinite numbers: these become null.

    >>> format_json({"a": float("nan"), "b": [1.5, float("inf")]})
    '{"a": null, "b": [1.5, null]}'
    """
    return json.dumps(drop_not_finite(value), indent=indent, allow_nan=False)


def drop_not_finite(value: Any) -> Any:
    """Return a value of JSON with None in place of NaN and infinite numbers."""
    if isinstance(value, Mapping):
        return {name: drop_not_finite(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [drop_not_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
