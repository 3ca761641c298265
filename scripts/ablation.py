"""Measure what each part of eXCube2's default preset is worth, by leaving it out or putting it in, and draw it.

    python scripts/ablation.py DATA docs/results/ablation.json docs/assets/ablation.png

Each variant is evaluated on speaker folds, as recorded and after some degradations; DATA is RAVDESS, or any recordings
with arousal. What is there already in the JSON is not measured again. With `EMOSPIKE_CACHE` the folds of a variant
share their vectors.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from emospike.augmentation.channel import ChannelVariation
from emospike.augmentation.voice import VirtualSpeakers
from emospike.cli.terminal import progress_bar
from emospike.datasets import load
from emospike.evaluation import protocols
from emospike.evaluation.robustness import Robustness
from emospike.explain.style import save_figure
from emospike.files import write_atomically
from emospike.systems.excube2 import presets

DEGRADATIONS = ("telephone", "babble:10", "reverb:0.5", "gain:-40")


FEWER_CROWDS = (
    *(one for one in presets.CHANNELS if not one.startswith("babble")),
    "babble:5..25",
)
"""Channels of which one of eleven is a crowd, and a softer one."""

BEFORE: dict[str, Any] = {
    "augmentation": VirtualSpeakers(copies=2),
    "channel_variation": ChannelVariation(FEWER_CROWDS),
    "vectors": presets.default("audio")["vectors"][:-1],
    "classifier": replace(presets.default("audio")["classifier"], alpha=20.0),
}
"""What was `default` before virtual speakers gave way to other channels, by which its parts were measured."""


def leave_channels(*kinds: str) -> dict[str, Any]:
    """Return the settings of copies over all channels but those of some kinds."""
    kept = tuple(one for one in FEWER_CROWDS if not one.startswith(kinds))
    return BEFORE | {"channel_variation": ChannelVariation(kept)}


CROWDS = BEFORE | {"augmentation": None, "channel_variation": ChannelVariation(presets.CHANNELS, copies=3)}

VARIANTS: dict[str, dict[str, Any]] = {
    "all of it": BEFORE,
    "without other channels": BEFORE | {"channel_variation": None},
    "without virtual speakers": BEFORE | {"augmentation": None},
    "without one level": BEFORE | {"level": None},
    "without prosodic contexts": BEFORE | {"vectors": presets.default("audio")["vectors"][:1]},
    "without telephones and narrow bands": leave_channels("telephone", "8khz", "amr", "band"),
    "without noise": leave_channels("noise", "pink"),
    "without babble": leave_channels("babble"),
    "without rooms": leave_channels("reverb"),
    "without equalisers": leave_channels("tilt"),
    "other channels in place of virtual speakers": CROWDS
    | {"channel_variation": ChannelVariation(FEWER_CROWDS, copies=3)},
    "other channels in place of virtual speakers, more of them babble": CROWDS,
    "and how contours are distributed: `default`": {},
}
"""What each variant changes in the default preset: parts of what it was before, and the steps to what it is."""


def measure(data: Path, name: str) -> dict[str, Any]:
    """Return what a variant reaches on speakers that it has not heard."""
    presets.PRESETS["ablation"] = lambda modality: presets.default(modality) | VARIANTS[name]
    protocols.STUDIES["robustness"] = partial(Robustness, DEGRADATIONS)
    with progress_bar() as progress:
        found = protocols.evaluate(
            "excube2", load(data), "arousal", "ablation", protocol="robustness", progress=progress
        )
    kept = ("accuracy", "balanced_accuracy", "answered", "right_of_answered", "calibration_error", "largest_change")
    rows = {row["degradation"]: {key: row[key] for key in kept} for row in found["robustness"]}
    whole = {key: found[key] for key in ("accuracy", "ci95", "clips")}
    return {"variant": name, **whole, "rows": rows}


def draw(found: list[dict[str, Any]]) -> Figure:
    """Return accuracy by degradation, one group of bars a variant."""
    kinds = ("recorded", *DEGRADATIONS)
    figure = Figure(figsize=(8, 0.5 + 0.5 * len(found)), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(kinds)
    for number, kind in enumerate(kinds):
        at = np.arange(len(found)) + (number - (len(kinds) - 1) / 2) * height
        axes.barh(at, [one["rows"][kind]["accuracy"] for one in found], height, label=kind)
    axes.set_yticks(range(len(found)), [one["variant"] for one in found])
    axes.invert_yaxis()
    axes.set(xlim=(0.4, 0.92), xlabel="accuracy (arousal), speakers not heard in training")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=len(kinds), fontsize="small")
    return figure


if __name__ == "__main__":
    out = Path(sys.argv[2])
    rows = json.loads(out.read_text()) if out.exists() else []
    for variant in VARIANTS:
        if variant not in [row["variant"] for row in rows]:
            rows.append(measure(Path(sys.argv[1]), variant))
            write_atomically(out, json.dumps(rows, indent=1) + "\n")
    save_figure(draw(rows), Path(sys.argv[3]))
