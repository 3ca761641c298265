"""Carry out the steps of the Dockerfile where no Docker is, and ask what it serves for a decision.

    python scripts/try_dockerfile.py

All stages share one temporary folder, which stands for the file system of the image: whatever lies below `ROOTED` is
moved into it. The Python that runs this is the base image's. Before the server starts, all but /tmp is made read only,
and the user changed, where this runs as root and others may run its Python. In the end it is looked at whether anything
was written elsewhere. It needs dockerfile-parse (BSD), and a free port 8765.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import Request, urlopen

import soundfile
from dockerfile_parse import DockerfileParser

from emospike.clip.synthetic import synthesise_speech

CONTEXT = Path(__file__).parent.parent
ROOTED = re.compile(r"(?<![\w/.])/(build|opt|tmp)\b")
TOKEN, ADDRESS, PATIENCE = "a token for the trial", "http://127.0.0.1:8765", 120.0


@dataclass
class Image:
    """What the steps of a Dockerfile have made so far.

    Attributes
    ----------
    root : folder that stands for its file system
    environment : variables
    folder : where the next step works
    user : whose the server is, or None
    entry, arguments : the command that is run
    """

    root: Path
    environment: dict[str, str]
    folder: Path
    user: int | None = None
    entry: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def carry_out(self, instruction: str, value: str) -> None:
        """Carry out one step; those that only tell something to Docker do nothing."""
        moved = ROOTED.sub(lambda found: f"{self.root}{found[0]}", value)
        if instruction == "WORKDIR":
            self.folder = Path(moved)
            self.folder.mkdir(parents=True, exist_ok=True)
        elif instruction == "COPY":
            self._copy(shlex.split(moved))
        elif instruction == "RUN":
            subprocess.run(["sh", "-c", moved], cwd=self.folder, env=self.environment, check=True)
        elif instruction == "ENV":
            for pair in shlex.split(moved):
                name, text = pair.split("=", 1)
                self.environment[name] = text.replace("$PATH", self.environment["PATH"])
        elif instruction == "USER":
            self.user = int(value.partition(":")[0])
        elif instruction == "ENTRYPOINT":
            self.entry = json.loads(value)
        elif instruction == "CMD":
            self.arguments = json.loads(value)
        elif instruction == "HEALTHCHECK":
            self.health = json.loads(value.split(" CMD ", 1)[1])
        elif instruction not in ("FROM", "EXPOSE", "COMMENT"):
            raise SystemExit(f"no way is known to carry out {instruction} {value}")

    def _copy(self, words: list[str]) -> None:
        """Copy from the context; what comes from a stage before lies there already."""
        *sources, target = words
        if sources[0].startswith("--from="):
            if not Path(target).is_dir():
                raise SystemExit(f"{target} was not made by the stage before")
            return
        for source in sources:
            to = self.folder / target
            if (CONTEXT / source).is_dir():
                shutil.copytree(CONTEXT / source, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(CONTEXT / source, to)

    def start(self) -> subprocess.Popen[bytes]:
        """Return the running server, which may write below /tmp alone."""
        user = self.user if os.geteuid() == 0 and may_be_run(Path(sys.executable).resolve()) else None
        print(f"the server is user {os.geteuid() if user is None else user}")
        subprocess.run(["chmod", "-R", "a-w,a+rX", str(self.root)], check=True)
        (self.root / "tmp").chmod(0o777)
        environment = self.environment | {"EMOSPIKE_TOKEN": TOKEN, "TMPDIR": f"{self.root}/tmp"}
        command = [*self.entry, *self.arguments]
        return subprocess.Popen(command, cwd=self.folder, env=environment, user=user)

    def list_files(self) -> dict[Path, float]:
        """Return when each file outside /tmp was changed."""
        files = (path for path in self.root.rglob("*") if path.is_file() and self.root / "tmp" not in path.parents)
        return {path: path.stat().st_mtime for path in files}

    def check_health(self) -> None:
        """Ask as Docker would whether the server is well."""
        subprocess.run(self.health, env=self.environment, check=True)


def may_be_run(program: Path) -> bool:
    """Return whether users other than its owner may run a program where it lies."""
    return all(path.stat().st_mode & 0o001 for path in (program, *program.parents))


def send_speech() -> dict[str, object]:
    """Return the decision on a made-up voice that is sent to the server."""
    sound = BytesIO()
    soundfile.write(sound, synthesise_speech(2.0), 16_000, format="WAV")
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="speech.wav"\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Authorization": f"Bearer {TOKEN}"}
    request = Request(f"{ADDRESS}/v1/recognise", head + sound.getvalue() + b"\r\n--x--\r\n", headers)
    with urlopen(request, timeout=PATIENCE) as answer:
        return dict(json.loads(answer.read()))


def wait_for(server: subprocess.Popen[bytes]) -> float:
    """Return after how many seconds a server answers."""
    begun = time.monotonic()
    while server.poll() is None and time.monotonic() - begun < PATIENCE:
        try:
            urlopen(f"{ADDRESS}/healthz", timeout=5).close()
        except (URLError, OSError):
            time.sleep(0.5)
        else:
            return time.monotonic() - begun
    raise SystemExit("the server did not answer")


def main() -> None:
    """Carry out all steps, and print what the server answers."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "tmp").mkdir()
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        kept = {name: text for name, text in os.environ.items() if name.startswith("PIP_") or name == "HOME"}
        image = Image(root, kept | {"PATH": path}, root)
        for step in DockerfileParser(str(CONTEXT / "Dockerfile")).structure:
            print(f"{step['instruction']} {step['value']}", flush=True)
            image.carry_out(step["instruction"], step["value"])
        before, server = image.list_files(), image.start()
        try:
            print(f"answers after {wait_for(server):.1f} s")
            image.check_health()
            print(json.dumps(send_speech()))
        finally:
            server.terminate()
            server.wait()
        if written := image.list_files().items() ^ before.items():
            raise SystemExit(f"files outside /tmp were written: {sorted(written)[:3]}")


if __name__ == "__main__":
    main()
