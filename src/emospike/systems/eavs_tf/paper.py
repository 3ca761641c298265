"""What EAVS-TF is measured against: one sense, late fusion of both, and the same transformer without spikes.

Its paper's numbers are not public, so that no row has one.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from emospike.systems.eavs_tf.model import EAVSTransformer
from emospike.systems.paper import Claim, Found, Labels, Reproduction, Split, Trial

COLUMN = "probability"
SPIKING, EQUIVALENT = "", ", without spikes"
"""Endings of the rows' names."""


def baselines() -> Reproduction:
    """Sound alone, face alone, late fusion and both, with spikes and without."""
    return Reproduction(
        "One sense, late fusion, both; with spikes and without",
        "EAVS-TF, of which only the title is public",
        (_make_trial("default", SPIKING), _make_trial("non_spiking", EQUIVALENT)),
        (COLUMN,),
        labels="arousal",
        modality="both",
        notes=(
            "late fusion: the product of the probabilities that sound and face give alone",
            "each sense has a head of its own in one trained transformer, by which it decides alone",
        ),
    )


def _make_trial(preset: str, ending: str) -> Trial:
    """Return the trial that trains one preset; both senses are compared with whatever could replace them."""
    system = EAVSTransformer.preset(preset, modality="both")
    names = {"audio": f"sound{ending}", "face": f"face{ending}", "late": f"late fusion{ending}"}
    rivals = (*names.values(), *(() if ending == SPIKING else (f"both{SPIKING}",)))
    claims = (*(Claim(name) for name in names.values()), Claim(f"both{ending}", against=rivals))
    return Trial(claims, f"{system}", partial(_decide, names | {"both": f"both{ending}"}, preset))


def _decide(names: dict[str, str], preset: str, split: Split) -> Found:
    """Train on the training part of a split, and decide by each sense, by their product, and by both at once."""
    system, train = EAVSTransformer.preset(preset, split.seed, modality="both"), split.train
    system.fit(train.clips(), train.labels.tolist(), train.known_speakers, split.progress)
    answers = system.predict_by_modality(split.test.clips()).probabilities
    answers["late"] = answers["audio"] * answers["face"]
    classes: Labels = np.array(system.labels_)
    return Found({name: {COLUMN: classes[answers[view].argmax(axis=1)]} for view, name in names.items()})
