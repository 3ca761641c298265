"""Measure how soon the live page shows a decision, and take its picture; both in headless Chromium.

    python scripts/measure_page.py docs/results/page.json docs/assets/live.png [SECONDS]

A microphone that plays made-up voices (see `made_up`) speaks to `emospike live`. Told is, for every decision, the time
from when the piece of 20 ms that completes it reached the page until the first picture of the browser that shows it.
`fill_docs.py` shows the file as the table ``page``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import made_up
import numpy as np
import soundfile
import soxr
from make_pictures import keep
from playwright.sync_api import Page, sync_playwright

from emospike.files import format_json, write_atomically

MODEL, RATE, PAUSE = "excube2-emotion", 48_000, 1.2
VOICES = ((1.4, 120.0, 0.2), (2.6, 200.0, 0.9), (1.1, 230.0, 0.5), (3.2, 110.0, 0.1), (1.8, 180.0, 0.7))
"""Seconds, pitch in Hz and liveliness of each utterance."""


def write_voices(path: Path) -> None:
    """Write what the microphone plays."""
    pause = np.zeros(round(PAUSE * made_up.RATE), np.float32)
    parts = [pause]
    for number, (seconds, pitch, liveliness) in enumerate(VOICES):
        parts += [made_up.voice(seconds, pitch, liveliness, seed=number), pause]
    soundfile.write(path, soxr.resample(np.concatenate(parts), made_up.RATE, RATE), RATE)


def listen(address: str, microphone: Path, seconds: float, picture: Path) -> list[dict[str, Any]]:
    """Return what the page measured while it listened for so long, and take its picture."""
    browser = os.environ.get("EMOSPIKE_CHROMIUM") or shutil.which("chromium")
    flags = ["--no-sandbox", "--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={microphone}"]
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser, args=flags)
        looks: dict[str, Any] = {"viewport": {"width": 900, "height": 1090}, "permissions": ["microphone"]}
        page: Page = chromium.new_context(**looks, device_scale_factor=1).new_page()
        page.goto(address)
        page.click("#start")
        page.wait_for_timeout(1000 * seconds)
        found: list[dict[str, Any]] = page.evaluate(
            "performance.getEntriesByName('sound to decision').map((one) => ({ms: one.duration, ...one.detail}))"
        )
        for _ in range(600):  # while somebody speaks, and a decision is shown
            if page.evaluate("document.getElementById('when').textContent.includes('so far')"):
                break
            page.wait_for_timeout(20)
        page.screenshot(path=picture)
        chromium.close()
    return found


def main(results: Path, picture: Path, seconds: float = 90.0) -> None:
    command = [sys.executable, "-c", "from emospike.cli import main; main()"]
    command += ["live", MODEL, "--no-browser", "--port", "0"]
    with TemporaryDirectory() as folder, subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        write_voices(Path(folder, "voices.wav"))
        assert server.stdout
        try:
            address = server.stdout.readline().split()[0]
            found = listen(address, Path(folder, "voices.wav"), seconds, Path(folder, "page.png"))
        finally:
            server.send_signal(signal.SIGINT)
        keep(Path(folder, "page.png"), picture)
    times = [one["ms"] for one in found]
    told = {
        "model": MODEL,
        "seconds": seconds,
        "decisions": len(times),
        "final": sum(one["final"] for one in found),
        "median_ms": float(np.median(times)),
        "p95_ms": float(np.quantile(times, 0.95)),
    }
    write_atomically(results, format_json(told, 1) + "\n")
    print(format_json(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(float, sys.argv[3:]))
