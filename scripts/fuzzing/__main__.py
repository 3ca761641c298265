"""Mutate files that are right, and see that each is read or refused in one line.

Files are read in a process with limits of time and memory. What makes a traceback, a crash, a hang or takes too much
memory is made as small as it can be (fewest changes of the seed), kept, and printed at the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from tempfile import TemporaryDirectory
from typing import Annotated

import made_up
import typer

from fuzzing.mutations import MOST_CHANGES, mutate
from fuzzing.seeds import WRITERS, write_seeds

FINE = ("read", "refused")
SCRIPTS = Path(__file__).parents[1]
START = 300.0
"""Seconds that the first reading of a seed may take, with compilation and imports."""

Seeds = Mapping[str, list[Path]]


@dataclass(frozen=True)
class Trial:
    """One hostile file: a seed, what is done to it being drawn from a name."""

    kind: str
    seed: Path
    name: str

    def mutate(self, keep: list[int] | None = None) -> tuple[bytes, list[str]]:
        """Return its bytes, and what was done; of the changes, those that `keep` numbers."""
        return mutate(self.seed.read_bytes(), self.kind, self.seed.suffix, self.name, keep)


@dataclass
class Reader:
    """The process that reads; it is started again after each crash or hang, and when it took much memory."""

    folder: Path
    seeds: Seeds
    patience: float
    running: subprocess.Popen[str] | None = field(default=None, init=False)

    def read(self, trial: Trial, keep: list[int] | None = None) -> tuple[str, str]:
        """Return what came of a hostile file, and what was said."""
        # Beside its seed, where a manifest finds its recordings.
        path = trial.seed.with_name(f"mutated_raw{trial.seed.suffix}")
        path.write_bytes(trial.mutate(keep)[0])
        try:
            return self.ask(trial.kind, path)
        finally:
            path.unlink()

    def ask(self, kind: str, path: Path) -> tuple[str, str]:
        """Return what came of a file of a kind, and what was said."""
        process = self.running or self.start()
        assert process.stdin
        process.stdin.write(json.dumps([kind, str(path)]) + "\n")
        process.stdin.flush()
        found = self._hear(process, self.patience)
        if found[0] in ("crash", "hang", "memory"):
            self.stop()
        return found

    def start(self) -> subprocess.Popen[str]:
        """Start the process, and let it read all seeds, so that its memory is known."""
        seeds = json.dumps({kind: [str(path) for path in paths] for kind, paths in self.seeds.items()})
        command = [sys.executable, "-m", "fuzzing.worker", str(self.folder), seeds]
        found = os.pathsep.join(filter(None, [str(SCRIPTS), os.environ.get("PYTHONPATH")]))
        self.running = process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": found}
        )
        for path in (path for paths in self.seeds.values() for path in paths):
            outcome, said = self._hear(process, START)
            if outcome != "read":
                raise SystemExit(f"the seed {path} is not read: {outcome} {said}")
        return process

    def _hear(self, process: subprocess.Popen[str], patience: float) -> tuple[str, str]:
        if not select([process.stdout], [], [], patience)[0]:
            return "hang", f"more than {patience:.0f} s"
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            return "crash", f"ended with {process.wait()}"
        outcome, said = json.loads(line)
        return outcome, said

    def stop(self) -> None:
        """End the process."""
        if self.running:
            self.running.kill()
            self.running.wait()
            self.running = None


@dataclass
class Report:
    """How many files of each kind were read or refused, and where each finding, named once, is kept."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def print(self) -> None:
        """Print all."""
        for kind in dict.fromkeys(kind for kind, _ in self.counts):
            own = {outcome: count for (of, outcome), count in sorted(self.counts.items()) if of == kind}
            print(f"{kind:9}", ", ".join(f"{count:,} {outcome}" for outcome, count in own.items()))
        print(f"{sum(self.counts.values()):,} files in {self.seconds:.0f} s, {len(self.findings)} findings")
        for name, kept in self.findings.items():
            print(f"{name}: {kept}")


def run(reader: Reader, seconds: float, seed: int, most: int, keep: Path) -> Report:
    """Read hostile files for so long, or so many."""
    report, kinds = Report(), list(reader.seeds)
    begin = time.monotonic()
    for number in range(most):
        report.seconds = time.monotonic() - begin
        if report.seconds > seconds:
            break
        kind = kinds[number % len(kinds)]
        own = reader.seeds[kind]
        trial = Trial(kind, own[number // len(kinds) % len(own)], f"{seed}/{number}")
        outcome, said = reader.read(trial)
        report.counts[kind, outcome] += 1
        name = f"{outcome} {kind} {trial.seed.suffix} {said}"
        if outcome not in FINE and name not in report.findings:
            report.findings[name] = minimise(reader, trial, outcome, keep)
            print(f"{name}: {report.findings[name]}", file=sys.stderr, flush=True)
    return report


def minimise(reader: Reader, trial: Trial, outcome: str, keep: Path) -> str:
    """Drop changes while the same kind of finding stays; keep the file, and return its path and the changes."""
    left = list(range(MOST_CHANGES))
    for one in tuple(left):
        fewer = [other for other in left if other != one]
        if reader.read(trial, fewer)[0] == outcome:
            left = fewer
    data, done = trial.mutate(left)
    keep.mkdir(parents=True, exist_ok=True)
    path = keep / f"{trial.seed.stem}-{trial.name.replace('/', '-')}{trial.seed.suffix}"
    path.write_bytes(data)
    return f"{path} ({', '.join(done)})"


def main(
    *,
    seconds: Annotated[float, typer.Option(help="How long to go on.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Of all mutations.")] = 0,
    most: Annotated[int, typer.Option(help="At most so many files.")] = 10**9,
    kinds: Annotated[str, typer.Option(help=f"Some of {','.join(WRITERS)}.")] = ",".join(WRITERS),
    seeds: Annotated[Path | None, typer.Option(help="Keep the seeds here: training models takes a minute.")] = None,
    keep: Annotated[Path, typer.Option(help="Where to put what was found.")] = Path("build/fuzz"),
    patience: Annotated[float, typer.Option(help="Seconds that a file may take.")] = 30.0,
) -> None:
    """Read hostile files of each kind in turn; exit with 1 if any was neither read nor refused in one line."""
    with TemporaryDirectory() as temporary:
        folder = (seeds or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        made_up.write(folder / "clip.wav", made_up.voice(1.0, 190.0, 0.8))
        made_up.write_drawn_face(folder / "clip.csv", 1.0, 1, smile=1.0, talk=0.5)
        reader = Reader(folder, write_seeds(folder, kinds.split(",")), patience)
        try:
            reader.start()
            report = run(reader, seconds, seed, most, keep)
        finally:
            reader.stop()
    report.print()
    raise SystemExit(bool(report.findings))


if __name__ == "__main__":
    typer.run(main)
