"""Model files: safetensors with a JSON header; reading one never runs code.

The header names the system and its parameters; steps are named by their entry in a registry, so a file can only
ask for classes that emospike itself offers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emospike import __version__
from emospike.encoding import ENCODERS
from emospike.features import FEATURES
from emospike.files import write_atomically
from emospike.readout import CLASSIFIERS
from emospike.registry import Registry
from emospike.systems import SYSTEMS
from emospike.systems.base import System
from emospike.validation import InputError

FORMAT = 1
HEADER = "emospike"
"""Name of the one metadata entry that holds the header as JSON."""

SHIPPED = Path(__file__).with_name("models")
"""Folder of the models that come with the package."""

STEPS = Registry(
    "step",
    {f"feature/{name}": path for name, path in FEATURES.items()}
    | {f"encoder/{name}": path for name, path in ENCODERS.items()}
    | {f"classifier/{name}": path for name, path in CLASSIFIERS.items()}
    | {
        "feature/virtual_speakers": "emospike.augmentation.voice:VirtualSpeakers",
        "brain/tonotopy": "emospike.brain.tonotopy:Tonotopy",
        "brain/topography": "emospike.brain.topography:Topography",
        "brain/input_wiring": "emospike.brain.wiring:InputWiring",
        "brain/near_input_wiring": "emospike.brain.wiring:NearInputWiring",
        "brain/small_world": "emospike.brain.wiring:SmallWorld",
        "network/reservoir": "emospike.networks.reservoir:Reservoir",
        "network/stdp": "emospike.networks.reservoir:STDP",
        "network/competitive": "emospike.networks.competitive:CompetitiveLayer",
        "network/cell": "emospike.networks.competitive:Cell",
        "network/trace_stdp": "emospike.networks.plasticity:TraceSTDP",
        "system/pathway": "emospike.systems.pathways:Pathway",
        "feature/contours": "emospike.features.contours:Contours",
        "encoder/frame_difference": "emospike.encoding.frame_difference:FrameDifference",
        "network/training": "emospike.networks.training:Training",
        "network/plif_net": "emospike.networks.plif_net:PlifNet",
        "network/spiking_transformer": "emospike.networks.spiking_transformer:SpikingTransformer",
        "system/augmentation": "emospike.augmentation.masks:Augmentation",
        "feature/eeg": "emospike.features.eeg:EEG",
        "readout/state_vector": "emospike.readout.state_vectors:StateVector",
        "readout/scaler": "emospike.readout.scaling:SoftScaler",
    },
)


ALIASES = {
    "receptors": "random_features",
    "judged": "validate_every",
    "sense_dropout": "modality_dropout",
}
"""What steps, and parameters of steps and of systems, are called now, by the names that older files have for them.

A parameter is renamed where its class knows the old name no longer.
"""


def shipped_models() -> list[str]:
    """Names of the models that come with the package.

    >>> "excube2-arousal" in shipped_models()
    True
    """
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors"))


def save(system: System, path: Path | str) -> Path:
    """Write a trained system to `path`, atomically; return the path.

    Raises
    ------
    InputError : the system is not trained, holds a step that no registry knows, or the file cannot be written
    """
    from safetensors.numpy import save as serialise

    if not hasattr(system, "classes_"):
        raise InputError(f"a trained system expected, this {SYSTEMS.name_of(type(system))} is not: fit it first")
    arrays, facts = system.state()
    header = {
        "format": FORMAT,
        "emospike": __version__,
        "system": SYSTEMS.name_of(type(system)),
        "parameters": {name: to_plain(value) for name, value in system.get_params().items()},
        "facts": to_plain({"classes": system.classes_, "threshold": system.threshold_} | facts),
        "card": getattr(system, "card", {}),
    }
    ready = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    # One entry: safetensors writes several in an order that changes from run to run.
    return write_atomically(Path(path), serialise(ready, metadata={HEADER: json.dumps(header)}))


def load(model: Path | str) -> System:
    """Read a trained system from a file, or a shipped model by its name.

    Raises
    ------
    InputError : no such file or name, not a model of emospike, or a damaged one
    """
    path = locate(model)
    arrays, header = read(path)
    try:
        system_type = SYSTEMS.load(header["system"])
        parameters = {name: from_plain(value) for name, value in header["parameters"].items()}
        system: System = system_type(**parameters)
        facts = from_plain(header["facts"])
        system.classes_, system.threshold_ = tuple(facts["classes"]), float(facts["threshold"])
        system.card = dict(header["card"])
        return system.restore(arrays, facts)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as err:
        reason = str(err).splitlines()[0] if str(err) else type(err).__name__
        raise InputError(f"{path.name} is no usable emospike model: {reason}") from err


def locate(model: Path | str) -> Path:
    """Return the file of a model that is given by name or path."""
    path = Path(model)
    if path.is_file():
        return path
    shipped = SHIPPED / f"{model}.safetensors"
    if path.name == str(model) and shipped.is_file():
        return shipped
    raise InputError(f"no model {str(model)!r}: give a file, or one of {', '.join(shipped_models())}")


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return arrays and header of a model file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get(HEADER, "{}"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, json.JSONDecodeError) as err:
        raise InputError(f"{path.name} is not a model file of emospike, or it is damaged: train it again") from err
    known = header.get("format") if isinstance(header, dict) else None
    if known != FORMAT:
        raise InputError(f"{path.name} has model format {known}, this emospike reads format {FORMAT}")
    return arrays, header


def to_plain(value: Any) -> Any:
    """Return a parameter as JSON can hold it: a step becomes its registered name and its own parameters."""
    if is_dataclass(value):
        own = {f.name: to_plain(getattr(value, f.name)) for f in fields(value) if f.init}
        return {"step": STEPS.name_of(type(value)), "with": own}
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {"mapping": {str(key): to_plain(item) for key, item in value.items()}}
    return value.item() if isinstance(value, np.generic) else value


def from_plain(value: Any) -> Any:
    """Return what `to_plain` was given."""
    if isinstance(value, dict) and "step" in value:
        kind = STEPS.load(value["step"])
        known = {field.name for field in fields(kind)}
        named = {name if name in known else ALIASES.get(name, name): item for name, item in value["with"].items()}
        return kind(**{name: from_plain(item) for name, item in named.items()})
    if isinstance(value, dict):
        return {key: from_plain(item) for key, item in value["mapping"].items()}
    if isinstance(value, list):
        return tuple(from_plain(item) for item in value)
    return value
