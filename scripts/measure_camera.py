"""Measure how many pictures a second the server of the live page looks at beside sound, and what memory that takes.

    python scripts/measure_camera.py FILM docs/results/camera.json [MINUTES]

Sound of a film and its pictures, 640 pixels wide, are sent to `emospike live` as a page sends them, at the pace at
which they were recorded, again and again with a pause: first ten pictures a second, as the page does; then, for half a
minute, each as soon as the last was looked at. `fill_docs.py` shows the file as the table ``camera``.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import made_up
import numpy as np
from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from emospike.clip import SAMPLE_RATE, Clip
from emospike.files import format_json, write_atomically
from emospike.server.live import PICTURE, SOUND, SUBPROTOCOL

MODEL, PIECE, PAUSE, HURRIED = "excube2-both", 0.02, 1.5, 30.0
"""Whose pictures are looked at, and the seconds of a piece of sound, between films, and of pictures without a pace."""


class Camera:
    """Sends sound and pictures as a page does, and notes what is told."""

    def __init__(self, socket: ClientConnection, film: Clip) -> None:
        self.sound = np.pad(film.sound, (0, round(PAUSE * SAMPLE_RATE))).astype("<f4")
        small = [Image.fromarray(one.image).resize((640, 360)) for one in film.frames(3)]
        self.pictures = [made_up.pack_picture(np.asarray(one)) for one in small]
        self.socket, self.told, self.took = socket, Counter[str](), list[float]()
        self.sent, self.shown, self.state = 0, 0.0, dict[str, Any]()
        self.looked = threading.Event()
        threading.Thread(target=self.listen, daemon=True).start()
        socket.send(json.dumps({"type": "hello", "rate": SAMPLE_RATE, "form": "float32"}))

    def listen(self) -> None:
        """Note what is told, until the server ends."""
        try:
            for message in self.socket:
                row = json.loads(message)
                self.told["final" if row.get("final") else row["type"]] += 1
                if row["type"] == "face":
                    self.took.append(time.perf_counter() - self.shown)
                    self.looked.set()
                elif row["type"] == "state":
                    self.state = row
        except ConnectionClosed:
            pass

    def play(self, seconds: float, every: float | None) -> float:
        """Send sound at its pace, and a picture so often or whenever one was looked at; return pictures a second."""
        before, begun, count = self.told["face"], time.perf_counter(), 0
        next_one, piece = 0.0, round(PIECE * SAMPLE_RATE)
        self.looked.set()
        while count * PIECE < seconds:
            at = (self.sent * piece) % len(self.sound)
            self.socket.send(bytes([SOUND]) + self.sound[at : at + piece].tobytes())
            self.sent, count = self.sent + 1, count + 1
            if self.looked.is_set() if every is None else count * PIECE >= next_one:
                self.looked.clear()
                next_one += every or 0.0
                self.shown = time.perf_counter()
                number = int(self.sent * PIECE * 10) % len(self.pictures)
                self.socket.send(bytes([PICTURE, 0, 0]) + self.pictures[number])
            time.sleep(max(begun + count * PIECE - time.perf_counter(), 0))
        return (self.told["face"] - before) / seconds


def read_memory(process: int) -> float:
    """Return the memory (resident set) of a process, MB."""
    found = re.search(r"VmRSS:\s*(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1]) * 1024 / 1e6


def main(film: Path, results: Path, minutes: int = 5) -> None:
    command = [sys.executable, "-c", "from emospike.cli import main; main()"]
    command += ["live", MODEL, "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            address = server.stdout.readline().split()[0]
            url = address.replace("http:", "ws:").replace("/?", "/v1/live?")
            origin = address.split("/?")[0]
            with connect(url, subprotocols=[SUBPROTOCOL], origin=origin, max_size=None) as socket:
                camera = Camera(socket, Clip(film))
                paced, memory = [], []
                for _ in range(minutes):
                    paced.append(camera.play(60.0, 0.1))
                    memory.append(read_memory(server.pid))
                took, lost = np.array(camera.took), camera.state["lost"]
                hurried = camera.play(HURRIED, None)
                time.sleep(2)  # until all is decided
        finally:
            server.send_signal(signal.SIGINT)
    told = {
        "model": MODEL,
        "minutes": minutes,
        "pictures_per_s": float(np.mean(paced)),
        "median_ms": float(1000 * np.median(took)),
        "p95_ms": float(1000 * np.quantile(took, 0.95)),
        "hurried_per_s": hurried,
        "lost_s": lost,
        "hurried_lost_s": camera.state["lost"] - lost,
        "final": camera.told["final"],
        "memory_mb": memory,
    }
    write_atomically(results, format_json(told, 1) + "\n")
    print(format_json(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
