"""Mutate files that are right, and see that each is read or refused in one line.

A file is read in a process of its own kind, with limits of time and memory. What makes a traceback, a crash, a hang or
too much memory is made as small as it can be (fewest changes of the seed), kept, and printed at the end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from tempfile import TemporaryDirectory
from typing import Annotated

import made_up
import typer

from fuzzing.mutations import mutate
from fuzzing.seeds import WRITERS, write_seeds

FINE = ("read", "refused")
START = 300.0
"""Seconds that the first reading of all seeds may take, compilation and imports with it."""


@dataclass
class Child:
    """The process that reads; it is started again after each crash or hang, and when it took much memory."""

    folder: Path
    seeds: dict[str, list[Path]]
    patience: float
    running: subprocess.Popen[str] | None = field(default=None, init=False)

    def ask(self, kind: str, path: Path) -> tuple[str, str]:
        """Return what came of a file."""
        child = self.running or self._start()
        assert child.stdin
        child.stdin.write(json.dumps([kind, str(path)]) + "\n")
        child.stdin.flush()
        found = self._hear(child, self.patience)
        if found[0] in ("crash", "hang", "memory"):
            self.stop()
        return found

    def _start(self) -> subprocess.Popen[str]:
        seeds = json.dumps({kind: [str(path) for path in paths] for kind, paths in self.seeds.items()})
        command = [sys.executable, "-m", "fuzzing.worker", str(self.folder), seeds]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.running = child
        for path in (path for paths in self.seeds.values() for path in paths):
            outcome, what = self._hear(child, START)
            if outcome != "read":
                raise SystemExit(f"the seed {path} is {outcome}: {what}")
        return child

    def _hear(self, child: subprocess.Popen[str], patience: float) -> tuple[str, str]:
        if not select([child.stdout], [], [], patience)[0]:
            return "hang", f"more than {patience:.0f} s"
        line = child.stdout.readline() if child.stdout else ""
        if not line:
            return "crash", f"ended with {child.wait()}"
        outcome, what = json.loads(line)
        return outcome, what

    def stop(self) -> None:
        if self.running:
            self.running.kill()
            self.running.wait()
            self.running = None


def main(
    seconds: Annotated[float, typer.Option(help="How long to go on.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Of all mutations.")] = 0,
    most: Annotated[int, typer.Option(help="At most so many files.")] = 10**9,
    kinds: Annotated[str, typer.Option(help=f"Some of {','.join(WRITERS)}.")] = ",".join(WRITERS),
    seeds: Annotated[Path | None, typer.Option(help="Keep the seeds here for the next run.")] = None,
    keep: Annotated[Path, typer.Option(help="Where to put what was found.")] = Path("build/fuzz"),
    patience: Annotated[float, typer.Option(help="Seconds that a file may take.")] = 30.0,
    verbose: Annotated[bool, typer.Option(help="Print each finding as it comes.")] = False,
) -> None:
    """Read mutated files of each kind in turn; exit with 1 if anything but a refusal in one line came of one."""
    with TemporaryDirectory() as temporary:
        folder = (seeds or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        made_up.write(folder / "clip.wav", made_up.voice(1.0, 190.0, 0.8))
        made_up.write_drawn_face(folder / "clip.csv", 1.0, 1, smile=1.0, talk=0.5)
        found = write_seeds(folder, kinds.split(","))
        child = Child(folder, found, patience)
        try:
            findings = run(
                child, found, Path(temporary), seconds=seconds, seed=seed, most=most, verbose=verbose, keep=keep
            )
        finally:
            child.stop()
    raise SystemExit(bool(findings))


def run(
    child: Child,
    seeds: dict[str, list[Path]],
    folder: Path,
    *,
    seconds: float,
    seed: int,
    most: int,
    verbose: bool,
    keep: Path,
) -> dict[tuple[str, str], str]:
    """Go on for so long; return what was found, once for each place, and print it."""
    child.ask(next(iter(seeds)), next(iter(seeds.values()))[0])  # starts it
    begin, counts, findings = time.monotonic(), Counter(), dict[tuple[str, str], str]()
    number = 0
    while time.monotonic() - begin < seconds and number < most:
        kind = list(seeds)[number % len(seeds)]
        path = seeds[kind][number // len(seeds) % len(seeds[kind])]
        outcome, what, _ = read_mutated(child, kind, path, folder, f"{seed}/{number}")
        counts[kind, outcome] += 1
        place = (outcome, f"{kind} {path.suffix} {what.partition(': ')[0]}")
        if outcome not in FINE and place not in findings:
            findings[place] = minimise(child, kind, path, folder, f"{seed}/{number}", outcome, keep)
            if verbose:
                print(*place, what, findings[place], sep="  ", flush=True)
        number += 1
    report(counts, findings, time.monotonic() - begin)
    return findings


def read_mutated(
    child: Child, kind: str, seed: Path, folder: Path, number: str, keep: list[int] | None = None
) -> tuple[str, str, bytes]:
    """Return what came of one mutated file, and its bytes."""
    data, _ = mutate(seed.read_bytes(), kind, seed.suffix, number, keep)
    # Beside its seed, where a manifest finds its recordings.
    path = seed.with_name(f"mutated_raw{seed.suffix}") if kind == "manifest" else folder / f"mutated_raw{seed.suffix}"
    path.write_bytes(data)
    try:
        return (*child.ask(kind, path), data)
    finally:
        path.unlink()


def minimise(child: Child, kind: str, seed: Path, folder: Path, number: str, outcome: str, keep: Path) -> str:
    """Drop changes while the same kind of finding stays; keep the file, and return its path and the changes."""
    left = list(range(4))
    for one in list(left):
        fewer = [other for other in left if other != one]
        if read_mutated(child, kind, seed, folder, number, fewer)[0] == outcome:
            left = fewer
    data, done = mutate(seed.read_bytes(), kind, seed.suffix, number, left)
    keep.mkdir(parents=True, exist_ok=True)
    path = keep / f"{seed.stem}-{number.replace('/', '-')}{seed.suffix}"
    path.write_bytes(data)
    return f"{path} ({', '.join(done)})"


def report(counts: Counter[tuple[str, str]], findings: dict[tuple[str, str], str], seconds: float) -> None:
    """Print how many files of each kind were read or refused, and what was found."""
    for kind in dict.fromkeys(kind for kind, _ in counts):
        told = ", ".join(f"{count:,} {outcome}" for (own, outcome), count in sorted(counts.items()) if own == kind)
        print(f"{kind:9} {told}")
    print(f"{sum(counts.values()):,} files in {seconds:.0f} s, {len(findings)} findings")
    for (outcome, place), path in findings.items():
        print(f"{outcome}: {place}: {path}")


if __name__ == "__main__":
    typer.run(main)
