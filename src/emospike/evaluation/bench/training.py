"""Training from files: its time, its peak memory, and the model that comes out; and what competitive layers take."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from emospike import datasets, store
from emospike.evaluation.bench.measurement import Measurement, alone
from emospike.evaluation.protocols import new_system
from emospike.evaluation.reading import readable


def measure(data: Path, labels: str = "arousal", system: str = "excube2") -> list[Measurement]:
    """Return what training the default preset costs, as `emospike train` does it, on all cores."""
    (seconds, megabytes, clips), peak = alone(train, data, labels, system)
    return [
        Measurement("training", seconds, "s", f"{system} on {clips:,} clips from files, {labels}, all cores"),
        Measurement("peak memory", peak, "MB", "of the whole process"),
        Measurement("model file", megabytes, "MB"),
    ]


def train(data: Path, labels: str, system: str) -> tuple[float, float, int]:
    """Return the seconds that training takes, the size of the model in MB, and the number of clips."""
    start = time.perf_counter()
    dataset = datasets.relabel(readable(datasets.load(data)), labels)
    model = new_system(system).fit(
        dataset.clips(), dataset.labels.tolist(), dataset.known_speakers(), finer=datasets.finer_labels(dataset)
    )
    with tempfile.TemporaryDirectory() as folder:
        file = store.save(model, Path(folder) / "model.safetensors")
        return time.perf_counter() - start, file.stat().st_size / 1e6, len(dataset)


def layers(data: Path) -> Measurement:
    """Return what it takes the layers of the system cross_modal to learn from all clips once, without the readout."""
    dataset = readable(datasets.load(data))
    system = new_system("cross_modal")
    start = time.perf_counter()
    system.prepare(dataset.clips())
    seconds = time.perf_counter() - start
    note = f"features and STDP of cross_modal on {len(dataset):,} clips from files, all cores"
    return Measurement("competitive layers: one training pass", seconds, "s", note)
