"""The presets of eXCube2: `default` is tuned on training speakers, `published` stays close to the paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emospike.brain.wiring import InputWiring, NearInputWiring, SmallWorld
from emospike.encoding.levels import Levels
from emospike.encoding.population import Population
from emospike.encoding.step_forward import StepForward
from emospike.features.constant_q import ConstantQ
from emospike.features.mel import Mel
from emospike.features.prosody import Prosody
from emospike.features.virtual_speakers import VirtualSpeakers
from emospike.networks.reservoir import STDP, Reservoir
from emospike.readout.linear import LinearReadout
from emospike.readout.prototype import LearnedPrototype
from emospike.readout.scaling import SoftScaler
from emospike.readout.state_vectors import StateVector

CONTOUR_STEP = (2.0, 4.0, 3.0, 0.5, 0.5, 0.5, 2.0, 2.0, 1.0, 0.25)
"""A marked change of each contour of `Prosody`, in its unit."""

CONTOUR_RANGE = (
    (-16.0, 3.0, -15.0, 0.0, 5.0, 5.8, -6.5, -2.5, 1.0, 0.0),
    (-5.5, 33.0, 15.0, 1.0, 8.5, 8.6, 3.0, 10.0, 5.5, 0.9),
)
"""Where the contours of speech lie, in their units."""


def default() -> dict[str, Any]:
    """Return the settings that were best on speakers held out of the training folds F0 to F3 of RAVDESS."""
    contour_steps = [StepForward(tuple(part * step for step in CONTOUR_STEP)) for part in (0.15, 0.3, 0.6)]
    return {
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
        "vectors": (StateVector("bins", span="speech"),),
        "scaler": SoftScaler(),
        "classifier": LinearReadout(alpha=4000.0),
        "voices": VirtualSpeakers(copies=6),
        "finer_labels": True,
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


def plastic() -> dict[str, Any]:
    """Return `default` with STDP, to show what learning in the cube adds."""
    return default() | {"reservoir": Reservoir(stdp=STDP())}


def tonotopic() -> dict[str, Any]:
    """Return `default` with inputs to the auditory cortex and around it only, to show what the spread adds."""
    return default() | {"input_wiring": InputWiring(fan_out=60, length=20.0, scale=0.35)}


PRESETS: dict[str, Callable[[], dict[str, Any]]] = {
    "default": default,
    "published": published,
    "plastic": plastic,
    "tonotopic": tonotopic,
}
