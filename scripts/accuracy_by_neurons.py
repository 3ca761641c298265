"""Measure the accuracy of eXCube2 against the size of its cube, and draw the curve.

    python scripts/accuracy_by_neurons.py DATA docs/results/neurons.json docs/assets/neurons.png

The default preset without virtual speakers, on speaker folds. Nothing before its readout is fitted to clips, so a few
clips are enough to build the cube, and the state vectors are computed once for all folds; scaling, readout and
calibration see training speakers only. A line reaches the same share of the cube at every size, and the penalty of the
readout grows with it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from emospike.datasets import load
from emospike.datasets.folds import speaker_folds
from emospike.datasets.labels import relabel
from emospike.evaluation.metrics import interval
from emospike.explain.style import save_figure
from emospike.files import write_atomically
from emospike.readout.readout import VectorReadout
from emospike.systems.excube2.model import EXCube2

SIZES = (1000, 2000, 3108, 8000, 16000, 30000)


def measured(data: Path, neurons: int) -> list[dict[str, object]]:
    """Return accuracies of one size, for both label schemes, without and with speaker means removed."""
    dataset, system = load(data), EXCube2.preset("default")
    wiring = system.input_wiring
    wiring = replace(wiring, fan_out=round(wiring.fan_out * neurons / system.neurons))
    penalty = system.classifier.alpha * neurons / system.neurons  # lengths of state vectors grow with the cube
    classifier = replace(system.classifier, alpha=penalty)
    system.set_params(neurons=neurons, input_wiring=wiring, classifier=classifier, augmentation=None)
    few = dataset.subset(np.isin(dataset.speakers, np.unique(dataset.speakers)[:2]))
    system.fit(few.clips(), few.labels.tolist(), few.speakers.tolist())
    vectors = np.stack([system.represent_clip(clip)["audio"] for clip in dataset.clips()])
    rows = []
    for labels in ("arousal", "emotion"):
        y, speakers = relabel(dataset, labels).labels, dataset.speakers
        for normalise in ("none", "speaker"):
            correct = np.zeros(len(y), bool)
            for fold in speaker_folds(relabel(dataset, labels)):
                readout = VectorReadout(system.scaler, system.classifier, normalise).fit(
                    vectors[fold.train], y[fold.train], speakers[fold.train]
                )
                p = readout.probabilities(vectors[fold.test], speakers[fold.test])
                correct[fold.test] = np.array(readout.classes)[p.argmax(axis=1)] == y[fold.test]
            low, high = interval(correct, speakers)
            rows.append(
                {
                    "neurons": neurons,
                    "labels": labels,
                    "normalise": normalise,
                    "accuracy": float(correct.mean()),
                    "ci95": [low, high],
                }
            )
    return rows


def drawn(rows: list[dict[str, object]]) -> Figure:
    """Return accuracy against neurons, one line a setting."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for labels in ("arousal", "emotion"):
        for normalise, style in (("none", "-"), ("speaker", "--")):
            own = [row for row in rows if (row["labels"], row["normalise"]) == (labels, normalise)]
            name = labels if normalise == "none" else f"{labels}, speaker means removed"
            size, accuracy = [row["neurons"] for row in own], np.array([row["accuracy"] for row in own])
            band = np.abs(np.array([row["ci95"] for row in own]) - accuracy[:, None]).T
            axes.errorbar(size, accuracy, band, fmt=f"o{style}", capsize=3, label=name)
    axes.set(xscale="log", xlabel="neurons", ylabel="accuracy, speakers not heard in training")
    axes.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    figure.legend(loc="outside upper center", ncols=2, fontsize="small")
    return figure


if __name__ == "__main__":
    found: list[dict[str, object]] = []
    for size in SIZES:
        found += measured(Path(sys.argv[1]), size)
        print(found[-4:], flush=True)
        write_atomically(Path(sys.argv[2]), json.dumps(found, indent=1))
    save_figure(drawn(found), Path(sys.argv[3]))
