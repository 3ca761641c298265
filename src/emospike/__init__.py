"""emospike: emotion from speech and faces with brain-inspired spiking neural networks.

import emospike

decision = emospike.load("excube2-arousal").decide("clip.wav")
decision.label, decision.confidence, decision.reason
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emospike.clip import Clip
    from emospike.store import load, save
    from emospike.validation import InputError

__version__ = "0.2.0"
__all__ = [
    "Clip",
    "InputError",
    "Regressor",
    "__version__",
    "extract",
    "load",
    "load_regressor",
    "recognise",
    "save",
]

_HOMES = {
    "Clip": "emospike.clip",
    "InputError": "emospike.validation",
    "Regressor": "emospike.regression",
    "extract": "emospike.extraction",
    "load": "emospike.store",
    "load_regressor": "emospike.regression",
    "recognise": "emospike.recognition",
    "save": "emospike.store",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only now: ``import emospike`` takes milliseconds, numba most of a second."""
    if name not in _HOMES:
        raise AttributeError(f"module 'emospike' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
