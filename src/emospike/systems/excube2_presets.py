"""The presets of eXCube2: `default` is tuned on training speakers, `published` stays close to the paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from emospike.brain.wiring import InputWiring, NearInputWiring, SmallWorld
from emospike.encoding.levels import Levels
from emospike.encoding.step_forward import StepForward
from emospike.features.constant_q import ConstantQ
from emospike.features.mel import Mel
from emospike.features.virtual_speakers import VirtualSpeakers
from emospike.networks.reservoir import Reservoir
from emospike.readout.linear import LinearReadout
from emospike.readout.prototype import LearnedPrototype
from emospike.readout.scaling import SoftScaler
from emospike.readout.state_vectors import StateVector


def default() -> dict[str, Any]:
    """Return the settings with the best accuracy on speakers held out of the training folds."""
    return {
        "features": (Mel(bands=64), ConstantQ()),
        "encoders": (Levels.of(StepForward, (0.5, 1.0, 2.0)), Levels.of(StepForward, (0.4, 0.8, 1.6))),
        "input_wiring": InputWiring(fan_out=60, length=np.inf, scale=0.35),
        "wiring": SmallWorld.default(),
        "reservoir": Reservoir.default(),
        "vectors": (StateVector("bins"),),
        "scaler": SoftScaler(),
        "classifier": LinearReadout(),
        "voices": VirtualSpeakers(),
    }


def published() -> dict[str, Any]:
    """Return the paper's audio model, with NeuCube-Py's defaults where the paper states none.

    40 mel bands into A1 of both hemispheres, step-forward spikes by the NeuCube rule, 3,108 neurons, STDP, spike
    counts of inputs and reservoir (I + R, SC), learned prototypes.
    """
    return {
        "features": (Mel(bands=40),),
        "encoders": (StepForward(),),
        "encoder_rule": 0.5,
        "input_wiring": NearInputWiring(),
        "wiring": SmallWorld.neucube_py(),
        "reservoir": Reservoir.neucube_py(),
        "vectors": (StateVector("count", "I"), StateVector("count", "R")),
        "scaler": SoftScaler(root=False, rare=0.0, soft=1e-3),
        "classifier": LearnedPrototype(),
    }


PRESETS: dict[str, Callable[[], dict[str, Any]]] = {"default": default, "published": published}
