"""`make wheel`: build the wheel twice, byte for byte the same, and try it in empty environments, not in the checkout.

    python scripts/try_wheel.py [PYTHON ...]

Each environment gets the wheel and what it needs, at the newest releases, and runs the README's first examples on a
made-up voice. Without a PYTHON these are the interpreters 3.10 to 3.13 that are found; others are named as missing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import made_up

VERSIONS = ("3.10", "3.11", "3.12", "3.13")
ROOT = Path(__file__).resolve().parents[1]
DECIDE = """
import emospike
assert "site-packages" in emospike.__file__, emospike.__file__
decision = emospike.load("excube2-arousal").decide("clip.wav")
print(decision.label, round(decision.confidence, 3))
"""


def find_python(version: str) -> str | None:
    """Return the interpreter of that version: on the path, or of pyenv; None if there is none."""
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return shutil.which(f"python{version}") or (str(installed[-1]) if installed else None)


def build_wheel(folder: Path) -> Path:
    """Build the wheel into a folder; return its path."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def try_wheel(wheel: Path, python: str, folder: Path) -> str:
    """Install the wheel into an empty environment, use it, and return what it said."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    binaries = folder / ("Scripts" if sys.platform == "win32" else "bin")
    run = [binaries / "python", "-I"]
    subprocess.run([*run, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", wheel], check=True)
    made_up.write(folder / "clip.wav", made_up.voice(2.5, liveliness=0.8))

    def ask(*command: Path | str) -> str:
        return subprocess.run(command, cwd=folder, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()

    row = json.loads(ask(binaries / "emospike", "recognise", "clip.wav", "--json"))
    decided = ask(*run, "-c", DECIDE)
    if decided != f"{row['label']} {round(row['confidence'], 3)}":
        raise SystemExit(f"the command said {row['label']} {row['confidence']}, Python {decided}")
    ask(binaries / "emospike", "explain", "clip.wav", "-o", "why")
    if not (folder / "why" / "index.html").is_file():
        raise SystemExit("explain wrote no page")
    return decided


def main() -> None:
    given = dict.fromkeys(sys.argv[1:]) or {version: find_python(version) for version in VERSIONS}
    with TemporaryDirectory() as name:
        folder = Path(name)
        wheel, again = build_wheel(folder / "one"), build_wheel(folder / "two")
        if wheel.read_bytes() != again.read_bytes():
            raise SystemExit("two builds of the wheel differ")
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, the same bytes twice", flush=True)
        for number, (version, found) in enumerate(given.items()):
            python = version if sys.argv[1:] else found
            said = try_wheel(wheel, python, folder / f"env{number}") if python else "skipped, no such Python here"
            print(f"Python {version}: {said}", flush=True)


if __name__ == "__main__":
    main()
