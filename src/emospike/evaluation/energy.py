"""Energy: what a decision of a trained system costs on real clips, beside its non-spiking equivalent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from emospike import __version__
from emospike.clip import Clip
from emospike.datasets import Dataset, relabel, speaker_folds
from emospike.energy.chips import describe_chips, price_layers
from emospike.energy.estimate import BREAK_EVEN, PICOJOULE, average_layers, describe_rate, list_variants
from emospike.energy.operations import Operations
from emospike.evaluation.protocols import make_system
from emospike.evaluation.testing import fit_system
from emospike.progress import Progress
from emospike.systems.base import System
from emospike.validation import InputError

Row = TypeVar("Row")


def profile_energy(system: System, clips: Sequence[Clip], progress: Progress | None = None) -> dict[str, Any]:
    """Return what one decision costs on average over clips, ready for JSON.

    ``variants`` has the system, its non-spiking equivalent ("twin": the same synapses, driven by real numbers at every
    step), one of another shape where the system tells one ("counterpart": its paper's, say), and each of these in 8-bit
    integers; all of them with the features. ``layers`` has the system's own counts, features first; ``chip_layers`` and
    ``chips`` what its spikes would cost on named chips.

    Raises
    ------
    InputError : no clip, or one that the system cannot decide on
    """
    if not clips:
        raise InputError("at least 1 recording is needed to count operations on")
    counted = list[Operations]()
    for done, clip in enumerate(clips, start=1):
        counted.append(system.operations(clip))
        clip.forget()
        if progress:
            progress("counting", done, len(clips))
    spiking = any(one.spikes for one in counted)
    other = system.equivalent() if spiking and "equivalent" in system.abilities else None
    rate = float(np.mean([one.spike_rate for one in counted]))
    uncounted = sorted({name for one in counted for name in one.uncounted})
    layers = average_layers(counted)
    chip_layers = price_layers(layers)
    return {
        "clips": len(clips),
        "spikes": float(np.mean([one.spikes for one in counted])),
        "spike_rate": rate,
        "layers": layers,
        "variants": [one.costs() for one in list_variants(counted, other)],
        "picojoule": PICOJOULE,
        "uncounted": uncounted,
        "chip_layers": chip_layers,
        "chips": describe_chips(chip_layers) if spiking else [],
        "break_even": BREAK_EVEN,
        "note": describe_rate(rate, spiking=spiking, uncounted=uncounted),
        "emospike": __version__,
    }


def train_on_fold(
    name: str,
    dataset: Dataset,
    labels: str = "arousal",
    preset: str | None = None,
    *,
    modality: str = "audio",
    progress: Progress | None = None,
) -> tuple[System, list[Clip]]:
    """Return a system trained on the training part of the first fold of speakers, and the clips of its test part."""
    dataset = relabel(dataset, labels)
    fold = speaker_folds(dataset)[0]
    system = make_system(name, preset, 0, modality=modality)
    fit_system(system, dataset.subset(fold.train), progress)
    return system, dataset.subset(fold.test).clips()


def spread(rows: Sequence[Row], count: int) -> list[Row]:
    """Return so many rows at most, evenly spaced among them.

    >>> spread("abcdefghi", 3)
    ['a', 'e', 'i']
    """
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int))
    return [rows[i] for i in chosen]
