"""`make demo`: recognise a recording with the shipped model, explain the decision, and draw it into demo/.

    python scripts/demo.py [RECORDING]

Without a recording it takes one from RAVDESS below the folder in EMOSPIKE_DATA; else a sentence of the speech
synthesiser espeak-ng; else a made-up voice. It says which.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import made_up

import emospike
from emospike.clip import find_recordings
from emospike.datasets.ravdess import parse
from emospike.systems.base import System

FOLDER = Path("demo")
SENTENCE = "Kids are talking by the door"


def recording(model: System, given: list[str]) -> tuple[Path, str]:
    """Return a recording, and what it is."""
    if given:
        return Path(given[0]), "the recording that you named"
    data = Path(os.environ.get("EMOSPIKE_DATA", ""))
    if os.environ.get("EMOSPIKE_DATA") and data.is_dir() and (found := ravdess(model, data)):
        return found
    path = FOLDER / "recording.wav"
    if shutil.which("espeak-ng"):
        subprocess.run(["espeak-ng", "-w", path, SENTENCE], check=True)
        return path, "a machine's voice (espeak-ng): there is no emotion in it, and the decision says nothing"
    made_up.write(path, made_up.voice(2.5, liveliness=0.8))
    return path, "made-up sound with pitch and syllables, which nobody spoke: the decision says nothing"


def ravdess(model: System, data: Path) -> tuple[Path, str] | None:
    """Return a recording of RAVDESS and what it is; of a speaker whom the model has not heard if there is one."""
    heard = model.card["speakers"] if model.card["data"] == "ravdess" else []
    known = {path: facts for path in find_recordings([data]) if (facts := parse(path.stem))}
    audible = [path for path, facts in known.items() if facts["modality"] != "video" and facts["channel"] == "speech"]
    if not audible:
        return None
    path = min(audible, key=lambda path: (known[path]["actor"] in heard, path))
    facts = known[path]
    what = f"RAVDESS (CC BY-NC-SA 4.0): actor {facts['actor']} plays {facts['emotion']}"
    whether = "trained" if facts["actor"] in heard else "not trained"
    return path, f"{what}; the model was {whether} on this actor"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    path, what = recording(emospike.load("excube2-arousal"), sys.argv[1:])
    print(f"\nThe recording: {path}\n  {what}", flush=True)
    for command in (
        ["recognise", path],
        ["recognise", path, "--model", "excube2-emotion"],
        ["explain", path, "-o", FOLDER],
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
