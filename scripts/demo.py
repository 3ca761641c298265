"""`make demo`: recognise a recording with the shipped model, explain the decision, and draw it into demo/.

    python scripts/demo.py [RECORDING]

Without a recording it takes the film that comes with emospike, of an actor who trained no shipped model, by its sound.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from emospike.samples import SAMPLES, copy_samples

FOLDER = Path("demo")


def choose_recording(given: list[str]) -> tuple[Path, str]:
    """Return a recording, and what it is."""
    if given:
        return Path(given[0]), "the recording that you named"
    path = copy_samples(FOLDER / "samples")[-1]
    what = f"actor 01 of RAVDESS (CC BY-NC-SA 4.0), {SAMPLES[path.name]}; no shipped model learnt from this actor"
    return path, what


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    path, what = choose_recording(sys.argv[1:])
    print(f"\nThe recording: {path}\n  {what}", flush=True)
    for command in (
        ["recognise", path, "--modality", "audio"],
        ["recognise", path, "--model", "excube2-emotion"],
        ["explain", path, "--model", "excube2-arousal", "-o", FOLDER],
    ):
        words = ["emospike", *map(str, command)]
        print(f"\n$ {' '.join(words)}", flush=True)
        done = subprocess.run([sys.executable, "-m", *words], check=False)
        if done.returncode:
            sys.exit(done.returncode)
    pictures = ", ".join(sorted(path.name for path in FOLDER.glob("*.png")))
    print(f"\nOpen {FOLDER.resolve() / 'index.html'}\nPictures beside it: {pictures}")


if __name__ == "__main__":
    main()
