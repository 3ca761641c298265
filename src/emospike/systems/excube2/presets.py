"""The presets of eXCube2: `default` is tuned on training speakers, `published` stays close to the paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from emospike.augmentation.channel import ChannelVariation
from emospike.augmentation.voice import VirtualSpeakers
from emospike.brain.wiring import InputWiring, NearInputWiring, SmallWorld
from emospike.encoding.levels import Levels
from emospike.encoding.population import Population
from emospike.encoding.sigma_delta import SigmaDelta
from emospike.encoding.step_forward import StepForward
from emospike.features import Feature
from emospike.features.action_units import ActionUnits
from emospike.features.blendshapes import SHAPES, Blendshapes
from emospike.features.constant_q import ConstantQ
from emospike.features.mel import Mel
from emospike.features.openface import UNITS
from emospike.features.prosody import Prosody
from emospike.networks.reservoir import STDP, Reservoir
from emospike.readout.contexts import CONTEXTS
from emospike.readout.linear import LinearReadout
from emospike.readout.prototype import LearnedPrototype
from emospike.readout.scaling import SoftScaler
from emospike.readout.state_vectors import StateVector
from emospike.systems.perception import MODALITIES

CONTOUR_STEP = (2.0, 4.0, 3.0, 0.5, 0.5, 0.5, 2.0, 2.0, 1.0, 0.25)
"""A marked change of each contour of `Prosody`, in its unit."""

CONTOUR_RANGE = (
    (-16.0, 3.0, -15.0, 0.0, 5.0, 5.8, -6.5, -2.5, 1.0, 0.0),
    (-5.5, 33.0, 15.0, 1.0, 8.5, 8.6, 3.0, 10.0, 5.5, 0.9),
)
"""Where the contours of speech lie, in their units."""


LEVEL = -34.0
"""Active level of every sound, dBFS."""

CHANNELS = (
    *("telephone", "telephone", "8khz", "amr", "band:50:3400..7500", "tilt:-4..4"),
    *("noise:5..30", "pink:5..30", "reverb:0.2..0.8", "reverb:0.2..0.8"),
    *("babble:0..20", "babble:0..20", "babble:0..20", "babble:0..20"),
)
"""What training clips are sent over."""

VOICE = StateVector("level", "I fields", span="speech", share=0.2)
"""How pitch, loudness and timbre are distributed, by how far the sound lies below its peak: 480 numbers, which the
65,000 of the cube would drown."""

PENALTY = 12.0
"""Of the readout of sound."""

FACE = ActionUnits(smoothing=0.09)
"""What is seen, as lively in tables, which tremble from frame to frame, as in films."""

FACE_STEPS = (0.06, 0.125, 0.25, 0.5)
"""Changes of an action unit's intensity (0 to 5) that step-forward encoding follows."""

FACE_HIGH = 4.0
"""Intensity of an action unit from which it gives no more spikes."""

FACE_LEVEL = SigmaDelta(low=0.0, high=FACE_HIGH, max_rate=100.0)
"""How strongly an action unit is shown; changes alone lose a smile that stays."""

FACE_WIRING = InputWiring(fan_out=300, length=20.0, diffuse=0.1, scale=0.6)
"""A face has few channels: each reaches more neurons, so that the cube is as active as with sound."""


def default(modality: str) -> dict[str, Any]:
    """Return the settings that were best on speakers held out of the training folds F0 to F3 of RAVDESS."""
    contour_steps = [StepForward(tuple(part * step for step in CONTOUR_STEP)) for part in (0.15, 0.3, 0.6)]
    heard: dict[str, Any] = {
        "features": (Mel(bands=64), ConstantQ(), Prosody(), Prosody(bridge=False)),
        "encoders": (
            Levels.of(StepForward, (0.5, 1.0, 2.0)),
            Levels.of(StepForward, (0.4, 0.8, 1.6)),
            Levels(contour_steps),
            Population(*CONTOUR_RANGE),
        ),
        "input_wiring": InputWiring(fan_out=60, length=12.0, diffuse=0.1, scale=0.35),
        "wiring": SmallWorld.default(),
        "reservoir": Reservoir.default(),
        "vectors": (*(StateVector(kind, span="speech") for kind in ("bins", *CONTEXTS)), VOICE),
        "scaler": SoftScaler(),
        "classifier": LinearReadout(alpha=PENALTY, per_row=True, memory=16),
        "channel_variation": ChannelVariation(CHANNELS, copies=3),
        "level": LEVEL,
        "finer_labels": True,
    }
    if modality == "audio":
        return heard
    seen: dict[str, Any] = {
        "features": (FACE, FACE),
        "encoders": (Levels.of(StepForward, FACE_STEPS), FACE_LEVEL),
        "vectors": (StateVector("count"), StateVector("count", "I split")),
        "classifier": LinearReadout(alpha=1.0, relative=True),
        "augmentation": VirtualSpeakers(copies=8, faces=True),
        "face_wiring": FACE_WIRING,
    }
    if modality == "face":
        return heard | seen
    joined = {name: (*heard[name], *seen[name]) for name in ("features", "encoders")}
    of_face = {f"face_{name}": seen[name] for name in ("vectors", "classifier", "augmentation")}
    return heard | joined | of_face | {"face_wiring": FACE_WIRING, "fusion": "late"}


def early(modality: str) -> dict[str, Any]:
    """Return `default`, but sound and face are read together, from one state vector of counts (early fusion)."""
    if modality != "both":
        return default(modality)
    heard, seen = default("audio"), default("face")
    joined = {name: (*heard[name], *seen[name]) for name in ("features", "encoders")}
    return heard | seen | joined | {"augmentation": VirtualSpeakers(copies=4, faces=True)}


def published(modality: str) -> dict[str, Any]:
    """Return the paper's three models, with NeuCube-Py's defaults where the paper states none.

    40 mel bands into A1 and the face into STS of both hemispheres, step-forward spikes by the NeuCube rule, 3,108
    neurons, STDP, learned prototypes on the state vectors of the best rows of Table 5: sound, spike counts of inputs
    and reservoir (I + R, SC); face, the same with input spikes split by sign, and deSNN of the STS neurons; both, the
    split counts of the inputs alone (I split).
    """
    senses = MODALITIES[modality]
    vectors = {
        "audio": (StateVector("count", "I"), StateVector("count", "R")),
        "face": (StateVector("count", "I split"), StateVector("count", "R"), StateVector("desnn", "STS")),
        "both": (StateVector("count", "I split"),),
    }
    features: dict[str, Feature] = {"audio": Mel(bands=40), "face": ActionUnits()}
    return {
        "features": tuple(features[sense] for sense in senses),
        "encoders": (StepForward(),) * len(senses),
        "encoder_rule": 0.5,
        "input_wiring": NearInputWiring(),
        "face_wiring": NearInputWiring(),
        "wiring": SmallWorld.neucube_py(),
        "reservoir": Reservoir.neucube_py(),
        "vectors": vectors[modality],
        "scaler": SoftScaler(root=False, rare=0.0, soft=1e-3),
        "classifier": LearnedPrototype(),
    }


def plastic(modality: str) -> dict[str, Any]:
    """Return `default` with STDP, to show what learning in the cube adds."""
    return default(modality) | {"reservoir": Reservoir(stdp=STDP())}


def portable(modality: str) -> dict[str, Any]:
    """Return `default` with neurons that have neither a floor nor steps without firing: all of it is said in NIR."""
    return default(modality) | {"reservoir": Reservoir(floor=-np.inf, refractory=0)}


def tonotopic(modality: str) -> dict[str, Any]:
    """Return `default` with inputs to the auditory cortex and around it only, to show what the spread adds."""
    return default(modality) | {"input_wiring": InputWiring(fan_out=60, length=20.0, scale=0.35)}


def large(modality: str) -> dict[str, Any]:
    """Return `default` with 8,000 neurons: inputs reach the same share of the cube, the penalty grows with it."""
    share, base = 8000 / 3108, default(modality)
    penalty = (
        {} if modality != "audio" else {"classifier": LinearReadout(alpha=PENALTY * share, per_row=True, memory=16)}
    )
    ways = {
        name: replace(base[name], fan_out=round(base[name].fan_out * share))
        for name in ("input_wiring", "face_wiring")
        if name in base
    }
    return base | ways | penalty | {"neurons": 8000}


PRESETS: dict[str, Callable[[str], dict[str, Any]]] = {
    "default": default,
    "published": published,
    "plastic": plastic,
    "tonotopic": tonotopic,
    "portable": portable,
    "early": early,
    "large": large,
}


def see_blendshapes(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a preset that sees 52 blendshapes in the place of 17 action units (section 2.6).

    Scores reach 1 where intensities reach 5, so steps and levels are a fifth; of the more channels each enters fewer
    neurons, so that the cube is as active.
    """
    scale, share = SHAPES.most / UNITS.most, len(UNITS.channels) / len(SHAPES.channels)
    steps = tuple(scale * step for step in FACE_STEPS)
    ways = (
        (Levels.of(StepForward, FACE_STEPS), Levels.of(StepForward, steps)),
        (FACE_LEVEL, replace(FACE_LEVEL, high=scale * FACE_HIGH)),
    )
    pairs = zip(parameters["features"], parameters["encoders"], strict=True)
    seen = [
        (Blendshapes(smoothing=feature.smoothing), next((new for old, new in ways if old == encoder), encoder))
        if isinstance(feature, ActionUnits)
        else (feature, encoder)
        for feature, encoder in pairs
    ]
    features, encoders = zip(*seen, strict=True)
    changed = {**parameters, "features": features, "encoders": encoders}
    wiring = changed["face_wiring"]
    if isinstance(wiring, InputWiring):
        changed["face_wiring"] = replace(wiring, fan_out=round(share * wiring.fan_out))
    return changed


SIGHTS = {"action_units": dict, "blendshapes": see_blendshapes}
"""What the face can be seen by."""
