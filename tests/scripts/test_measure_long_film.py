"""A film that is made long, and a process whose memory is read."""

import subprocess
import sys

import fill_docs
import measure_long_film as measuring
import numpy as np
import pytest

from emospike.clip import Clip


def test_a_film_is_repeated_without_a_gap(data_dir, tmp_path):
    film = data_dir / "samples" / "video" / "01-01-04-01-02-01-01.mp4"
    once, again = Clip(film), Clip(tmp_path / "long.mp4")
    seconds = measuring.repeat(film, tmp_path / "long.mp4", 1.5 * once.seconds)
    assert seconds == pytest.approx(2 * once.seconds, abs=0.1)
    assert again.seconds == pytest.approx(seconds, abs=0.1)
    shown = [frame.time for frame in again.frames()]
    assert len(shown) == 2 * sum(1 for _ in once.frames())
    assert max(np.diff(shown)) < 0.08


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_process_is_watched():
    code = "import time; held = bytearray(200_000_000); time.sleep(0.5)"
    found = measuring.watch([sys.executable, "-c", code], every=0.1)
    assert found["seconds"] > 0.5
    assert 0 < found["processor_s"] < 5
    assert 200 < max(found["memory_mb"]) < 400
    with pytest.raises(subprocess.CalledProcessError):
        measuring.watch([sys.executable, "-c", "raise SystemExit(2)"], every=0.1)


def test_what_is_shown():
    memory = [100.0, *np.linspace(300, 310, 99)]
    found = {"film": "a.mp4", "film_s": 1800.0, "cores": 2, "load": 4.0, "seconds": 600.0, "processor_s": 450.0}
    lines = fill_docs.long_film(found | {"every": 5.0, "memory_mb": memory}).splitlines()
    assert "| the film | 30.0 min |" in lines
    assert "| processors, all cores together | 450 s: 4.0 times faster than the film |" in lines
    assert "| from start to end, on 2 cores | not told, at a load of 4 before |" in lines
    assert "| memory in the first half of the time, at most | 305 MB |" in lines
    assert "| memory in the second half, at most | 310 MB |" in lines
    idle = fill_docs.long_film(found | {"load": 0.3, "every": 5.0, "memory_mb": memory})
    assert "| from start to end, on 2 cores | 600 s |" in idle.splitlines()
