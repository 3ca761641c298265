"""The process that reads hostile files, and tells of each what came of it; what may go wrong goes wrong here."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from emospike.clip import Clip
from emospike.validation import InputError

LIMIT = 1 << 30
"""Bytes above those of a process that has read all seeds."""

GUARD = 3 << 30
"""Bytes of address space above its own that the process may ask for: beyond, it gets a MemoryError."""


def read_sound(path: Path, _: Path) -> None:
    clip = Clip(path)
    clip.sound  # noqa: B018 - a property that reads


def read_film(path: Path, folder: Path) -> None:
    with contextlib.suppress(InputError):
        read_sound(path, folder)
    for number, _ in enumerate(Clip(path, face=path).frames()):
        if number > 100:
            break


def read_table(path: Path, folder: Path) -> None:
    from emospike.features.action_units import ActionUnits

    ActionUnits().extract(Clip(folder / "clip.wav", face=path))


def read_manifest(path: Path, _: Path) -> None:
    from emospike.datasets import load

    dataset = load(path)
    for clip in dataset.clips():
        clip.sound  # noqa: B018 - a property that reads


def read_events(path: Path, _: Path) -> None:
    from emospike.clip.event_files import read_events

    read_events(path)


def read_eeg(path: Path, folder: Path) -> None:
    from emospike.features.eeg import EEG

    EEG().extract(Clip(folder / "clip.wav", eeg=path))


def read_model(path: Path, folder: Path) -> None:
    """Show a model's card, load it, and let it decide once."""
    from emospike import store
    from emospike.cli.about import info
    from emospike.files import format_json

    with contextlib.suppress(InputError), contextlib.redirect_stdout(io.StringIO()) as said:
        info(str(path), as_json=False)
        if "\x1b" in said.getvalue():
            raise AssertionError("an escape character reaches the terminal")
        info(str(path), as_json=True)
    system = store.load(path)
    decision = system.decide(Clip(folder / "clip.wav", face=folder / "clip.csv"))
    format_json(decision.to_dict())


READERS: dict[str, Callable[[Path, Path], None]] = {
    "sound": read_sound,
    "film": read_film,
    "table": read_table,
    "manifest": read_manifest,
    "events": read_events,
    "eeg": read_eeg,
    "model": read_model,
}


def try_one(kind: str, path: Path, folder: Path) -> tuple[str, str]:
    """Return ``"read"``, ``"refused"`` or what kind of finding it is, and what was said."""
    try:
        READERS[kind](path, folder)
    except InputError as error:
        return ("lines", str(error)[:80]) if "\n" in str(error) else ("refused", "")
    except Exception as error:
        frames = [one for one in traceback.extract_tb(error.__traceback__) if "emospike" in one.filename]
        where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
        return "traceback", f"{type(error).__name__} at {where}"
    return "read", ""


def read_peak() -> int:
    """Return the most memory that was held since `reset_peak`, bytes."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    return 1024 * int(found[1]) if found else 0


def reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def main() -> None:
    """Read seeds once, then one path a line; answer each with a line of JSON."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    folder, seeds = Path(sys.argv[1]), json.loads(sys.argv[2])
    for kind, paths in seeds.items():
        for path in paths:
            outcome, what = try_one(kind, Path(path), folder)
            if outcome not in ("read", "refused"):
                what = f"seed {path}: {what}"
            print(json.dumps([outcome, what]), file=answers, flush=True)
    status = Path("/proc/self/statm").read_text(encoding="ascii")
    size = int(status.split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + GUARD, size + GUARD))
    reset_peak()
    base = read_peak()
    for line in sys.stdin:
        kind, path = json.loads(line)
        reset_peak()
        outcome, what = try_one(kind, Path(path), folder)
        above = read_peak() - base
        if outcome in ("read", "refused") and above > LIMIT:
            outcome, what = "memory", f"above {LIMIT >> 30} GiB"
        print(json.dumps([outcome, what]), file=answers, flush=True)


if __name__ == "__main__":
    main()
