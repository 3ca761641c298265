"""Measure how time and memory of training eXCube2's readout grow with the recordings, and draw it.

    python scripts/training_scale.py docs/results/training-scale.json docs/assets/training-scale.png DATA [DATA ...]

Each number of recordings is trained in a process of its own, by the default preset, on arousal; recordings repeat where
there are not enough. With `EMOSPIKE_CACHE=FOLDER` state vectors are kept, and what a second run times is reading and
fitting them; making them takes the same for every recording.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from emospike.cli.arguments import load_data
from emospike.datasets import Dataset, relabel
from emospike.explain.style import save_figure
from emospike.files import write_atomically
from emospike.systems.excube2.model import EXCube2

SIZES = (1_200, 3_000, 6_000, 12_000, 24_000)


def take(dataset: Dataset, clips: int) -> Dataset:
    """Return so many recordings, drawn at random; all of them first, where some must repeat."""
    rng, rows = np.random.default_rng(0), np.empty(0, int)
    while len(rows) < clips:
        rows = np.concatenate([rows, rng.permutation(len(dataset))])
    return replace(dataset.subset(rows[:clips]), balanced=False)


def train(folders: list[Path], size: str) -> dict[str, Any]:
    """Return what training on so many recordings took in this process, its imports included."""
    dataset = take(relabel(load_data(folders), "arousal"), int(size))
    system, start = EXCube2.preset("default"), time.perf_counter()
    system.fit(dataset.clips(), dataset.labels.tolist(), dataset.speakers.tolist())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"clips": len(dataset), "seconds": time.perf_counter() - start, "peak_bytes": peak}


def draw(found: list[dict[str, Any]]) -> Figure:
    """Return seconds and memory against recordings."""
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    clips = [row["clips"] for row in found]
    for axes, key, unit, label in zip(
        figure.subplots(1, 2), ("seconds", "peak_bytes"), (60, 2**30), ("minutes", "GiB at the peak"), strict=True
    ):
        axes.plot(clips, [row[key] / unit for row in found], "o-")
        axes.set(xlim=(0, None), ylim=(0, None), xlabel="recordings", ylabel=label)
        axes.grid(alpha=0.3)
    return figure


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        print(json.dumps(train([Path(one) for one in sys.argv[3:]], sys.argv[2])))
    else:
        rows = []
        for size in map(str, SIZES):
            command = [sys.executable, __file__, "--one", size, *sys.argv[3:]]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            print(size, row := json.loads(done.stdout.splitlines()[-1]), flush=True)
            rows.append(row)
            write_atomically(Path(sys.argv[1]), json.dumps(rows, indent=1) + "\n")
        save_figure(draw(rows), Path(sys.argv[2]))
