"""Series -> Spikes: the encoders by name, each imported when it is first asked for.

A new encoder is one new file and one line in `ENCODERS`; what it has to offer is written in
`emospike.encoding.contract`.
"""

from __future__ import annotations

from typing import Any

from emospike.registry import Registry

ENCODERS = Registry(
    "encoder",
    {
        "step_forward": "emospike.encoding.step_forward:StepForward",
        "threshold": "emospike.encoding.threshold:ThresholdBased",
        "moving_window": "emospike.encoding.moving_window:MovingWindow",
        "bsa": "emospike.encoding.bsa:BSA",
        "poisson": "emospike.encoding.poisson:PoissonRate",
        "sigma_delta": "emospike.encoding.sigma_delta:SigmaDelta",
        "population": "emospike.encoding.population:Population",
        "levels": "emospike.encoding.levels:Levels",
    },
    "emospike.encoders",
)

CAMERAS = Registry("event camera", {"frame_difference": "emospike.encoding.frame_difference:FrameDifference"})
"""Encoders of pictures."""


def __getattr__(name: str) -> Any:
    """Import what this room has registered when it is asked for: ``from emospike.encoding import ...``."""
    return ENCODERS.load_class(name)
