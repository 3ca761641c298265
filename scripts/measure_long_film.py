"""Measure what it takes to decide on a long film by sound and face, and whether memory grows meanwhile.

    python scripts/measure_long_film.py FILM MINUTES docs/results/long-film.json

FILM is repeated, as it is encoded, until it lasts so long. Then `emospike recognise` decides on it in a process of its
own, whose memory is read every few seconds (on Linux). `fill_docs.py` shows the file as the table ``long_film``.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av

from emospike.files import format_json, write_atomically

MODEL = "excube2-both"
EVERY = 5.0  # s


def repeat(film: Path, path: Path, seconds: float) -> float:
    """Write a film's pictures and sound again and again into one file, until it lasts so long; return its seconds."""
    with av.open(str(film)) as source, av.open(str(path), "w") as target:
        own = (source.streams.video[0], source.streams.audio[0])
        packets = [packet for packet in source.demux(*own) if packet.dts is not None]
        length = max(measure_span([packet for packet in packets if packet.stream is stream]) for stream in own)
        streams = {stream.index: target.add_stream_from_template(stream) for stream in own}
        times = [(packet.stream.index, packet.time_base, packet.pts, packet.dts, bytes(packet)) for packet in packets]
        flags = [packet.is_keyframe for packet in packets]
        number = 0
        while number * length < seconds:
            for (index, base, pts, dts, data), key in zip(times, flags, strict=True):
                packet = av.Packet(data)
                packet.time_base, packet.stream, packet.is_keyframe = base, streams[index], key
                shift = round(number * length / base)
                packet.pts, packet.dts = pts + shift, dts + shift
                target.mux(packet)
            number += 1
    return number * length


def measure_span(packets: Sequence[av.Packet]) -> float:
    """Return how many seconds later a stream can begin anew: when it has been shown, and decoded."""
    shown = max(packet.pts + (packet.duration or 0) for packet in packets)
    decoded = max(packet.dts + (packet.duration or 0) for packet in packets) - min(packet.dts for packet in packets)
    return float(max(shown, decoded) * packets[0].time_base)


def watch(command: Sequence[str], every: float = EVERY) -> dict[str, Any]:
    """Run a command; return its seconds, those of processors, and its memory every few seconds, MB.

    Raises `subprocess.CalledProcessError` where it fails.
    """
    before, began, memory = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        time.sleep(every)
        memory += read_memory(process.pid)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": time.perf_counter() - began, "processor_s": used, "every": every, "memory_mb": memory}


def read_memory(process: int) -> list[float]:
    """Return the memory that a process has (resident set), MB; nothing where it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return [round(int(line.split()[1]) * 1024 / 1e6, 1) for line in lines if line.startswith("VmRSS:")]


def main(film: Path, minutes: float, output: Path) -> None:
    """Measure, and write what was found."""
    with TemporaryDirectory() as folder:
        long = Path(folder) / f"long{film.suffix}"
        seconds = repeat(film, long, 60 * minutes)
        command = [sys.executable, "-m", "emospike", "recognise", str(long), "--model", MODEL, "--json"]
        found = {"film": film.name, "film_s": seconds, "cores": os.cpu_count(), "load": os.getloadavg()[0]}
        found |= watch(command)
    write_atomically(output, format_json(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
