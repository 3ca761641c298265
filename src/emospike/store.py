"""Model files: safetensors with a JSON header; reading one never runs code.

The header names the system and its parameters; steps are named by their entry in a registry of their room, or of that
system, so a file can only ask for classes that are offered there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import Field, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emospike import __version__
from emospike.augmentation import AUGMENTATIONS
from emospike.brain import BRAIN
from emospike.encoding import CAMERAS, ENCODERS
from emospike.features import FEATURES, PICTURES
from emospike.files import drop_not_finite, is_file, write_atomically
from emospike.legacy import modernise
from emospike.licences import asks_for_commercial_use, check_commercial_use
from emospike.networks import NETWORKS
from emospike.readout import CLASSIFIERS, READOUTS
from emospike.registry import Registry
from emospike.schema import check_parameters, is_of
from emospike.systems import SYSTEMS
from emospike.systems.base import System
from emospike.systems.estimator import is_whole
from emospike.systems.info import SystemInfo
from emospike.validation import InputError, as_path, show

FORMAT = 1
HEADER = "emospike"
"""Name of the one metadata entry that holds the header as JSON."""

TARGETS = "targets"
"""What a header has only of a model that predicts numbers (see `emospike.regression`): their names."""

MOST_BYTES = 1 << 24
"""Of the header: over a million recordings that a model may have learnt from."""

MAY_LACK = "classifier.expected"
"""The end of the name of the one array that may hold NaN: mean scores of classes that had no clip."""

DEEPEST = 100
"""Levels of the header, one within another."""

CARD = {
    "system": str,
    "preset": str | None,
    "modality": str,
    "labels": str,
    "label_map": Mapping[str, str],
    "normalise": str,
    "classes": Sequence[str],
    "data": str,
    "licence": str,
    "clips": int,
    "speakers": Sequence[str],
    "clip_hashes": str,
    "labelled": bool,
    "measured": Mapping[str, Any] | None,
    "adapted": Sequence[Mapping[str, Any]],
    "bits": int | None,
    "quantised": Sequence[Mapping[str, Any]],
    "targets": Sequence[str],
    "errors": Mapping[str, float],
    "penalties": Mapping[str, Sequence[float]],
}
"""Of what kinds the fields of a card, and of its steps of learning, are; all may be missing, and others be there."""

SHIPPED = Path(__file__).with_name("models")
"""Folder of the models that come with the package."""

ROOMS = (
    ("feature", FEATURES),
    ("feature", PICTURES),
    ("augmentation", AUGMENTATIONS),
    ("encoder", ENCODERS),
    ("encoder", CAMERAS),
    ("brain", BRAIN),
    ("network", NETWORKS),
    ("readout", READOUTS),
    ("classifier", CLASSIFIERS),
)
STEPS = Registry("step", {f"{room}/{name}": path for room, offers in ROOMS for name, path in offers.items()})
"""The steps that every model file may name."""

ALIASES = {
    "feature/virtual_speakers": "augmentation/virtual_speakers",
    "system/augmentation": "augmentation/masks",
    "voices": "augmentation",
    "looks": "presentations",
    "companion": "auxiliary",
    "meeting": "multisensory",
    "receptors": "random_features",
    "judged": "validate_every",
    "sense_dropout": "modality_dropout",
}
"""What steps, and parameters of steps and of systems, are called now, by the names that older files have for them.

A parameter is renamed where its class knows the old name no longer.
"""


class NotAModelError(InputError):
    """A file that is no model file of this emospike."""


def gather_steps(info: SystemInfo) -> Registry:
    """Return the steps that a model file of a system may name: those of all rooms, and the system's own."""
    return Registry("step", STEPS | {f"system/{name}": path for name, path in info.steps.items()})


def list_shipped_models() -> list[str]:
    """Return the names of the models that come with the package.

    >>> "excube2-arousal" in list_shipped_models()
    True
    """
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors"))


def save(system: System, path: Path | str) -> Path:
    """Write a trained system to `path`, atomically; return the path (a `Regressor` has a `save` of its own).

    Raises
    ------
    InputError : the system is not trained, holds a step that no registry knows, or the file cannot be written
    """
    if not isinstance(system, System):
        raise InputError(f"a trained system expected, got {show(system)}: fit one first")
    info = SYSTEMS.info_of(type(system))
    if not hasattr(system, "labels_"):
        raise InputError(f"a trained system expected, this {info.name} is not: fit it first")
    told: dict[str, Any] = {"classes": system.labels_, "threshold": system.threshold_}
    told |= {"whole_numbers": True} if system.whole_numbers_ else {}
    return write(path, system, told, {}, {"card": getattr(system, "card", {})})


def write(
    path: Path | str,
    system: System,
    told: Mapping[str, Any],
    more: Mapping[str, np.ndarray],
    header: Mapping[str, Any],
) -> Path:
    """Write a model file of a system, atomically: its state, and `more` arrays; return the path.

    `told` are facts beside its own, `header` is what else the header holds: the ``card``, at least.
    """
    from safetensors.numpy import save as serialise

    path, (arrays, facts) = as_path("a model", path), system.state()
    written = {
        "format": FORMAT,
        "emospike": __version__,
        **describe_parameters(system),
        "facts": to_plain({**told, **facts}, gather_steps(SYSTEMS.info_of(type(system)))),
        **drop_not_finite(header),
    }
    ready = {name: np.asarray(array, order="C") for name, array in {**arrays, **more}.items()}
    # One entry: safetensors writes several in an order that changes from run to run.
    return write_atomically(path, serialise(ready, metadata={HEADER: json.dumps(written)}))


def describe_parameters(system: System) -> dict[str, Any]:
    """Return a system's registered name and its parameters, as JSON can hold them."""
    info = SYSTEMS.info_of(type(system))
    steps = gather_steps(info)
    parameters = {name: to_plain(value, steps) for name, value in system.get_params(deep=False).items()}
    return {"system": info.name, "parameters": parameters}


def load(model: Path | str) -> System:
    """Read a trained system from a file, or a shipped model by its name.

    Raises
    ------
    InputError : no such file or name, not a model of emospike, or a damaged one; or one that may not be used as the
        environment asks (see `emospike.licences`)
    """
    path = locate_allowed(model)
    with refusing(path):
        arrays, header = read(path)
        if TARGETS in header:
            raise NotAModelError(f"{path.name} predicts numbers: use emospike recognise, or emospike.load_regressor")
        system: System
        system, facts = build_system(header)
        system.labels_, system.threshold_ = tuple(facts["classes"]), float(facts["threshold"])
        system.whole_numbers_ = facts.get("whole_numbers", False) is True and all(map(is_whole, system.labels_))
        system.card = check_card(header["card"])
        with np.errstate(all="ignore"):  # what a hostile file makes of numbers is checked, not warned of
            system = system.restore(arrays, facts)
        check_answers(system)
        return system


def locate_allowed(model: Path | str) -> Path:
    """Return the file of a model that may be used as the environment asks; errors as `load`."""
    path = locate(model)
    if asks_for_commercial_use():
        check_commercial_use(path.stem, read_card(path))
    return path


def build_system(header: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the system that a header names, of its parameters, and the facts to restore it by."""
    info = SYSTEMS.find(header["system"])
    steps = gather_steps(info)
    return build(info.load(), header["parameters"], steps), modernise(from_plain(header["facts"], steps))


def read_card(model: Path | str) -> dict[str, Any]:
    """Return the card of a model without loading it, whatever it may be used for; errors as `load`."""
    path = locate(model)
    with refusing(path):
        return check_card(read_header(path)["card"])


def check_card(card: Any) -> dict[str, Any]:
    """Return a card; raise `InputError` if its fields are of other kinds than they are read as."""
    if not isinstance(card, dict):
        raise InputError("a card expected, got none")
    for step in (card, *card.get("adapted", ())):
        for name, value in step.items():
            if name in CARD and not is_of(value, CARD[name]):
                raise InputError(f"{name} of the card has a value of another kind than expected")
    return card


def check_answers(system: System) -> None:
    """Raise `InputError` unless a system and its readouts answer with the same classes, at finite thresholds."""
    classes = system.labels_
    if not (classes and is_of(classes, tuple[str, ...]) and math.isfinite(system.threshold_)):
        raise InputError("names of classes and a finite threshold expected")
    early = {f"the first {look:g} s": readout for look, readout in system.early_.items()}
    for read, readout in {**vars(system).get("readouts_", {}), **early}.items():
        if readout.classes != classes or not math.isfinite(readout.threshold_):
            raise InputError(f"the readout of {read} has other classes than the model, or no finite threshold")


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Raise `InputError` in place of whatever goes wrong: a crafted file may make any part of the loading fail."""
    try:
        yield
    except NotAModelError:
        raise
    except Exception as err:
        raise _refuse(path, err) from err


def _refuse(path: Path, err: Exception) -> InputError:
    reason = next(iter(str(err).splitlines()), "")[:300] or type(err).__name__
    return InputError(f"{path.name} is no usable emospike model: {reason}")


def locate(model: Path | str) -> Path:
    """Return the file of a model that is given by name or path."""
    path = as_path("a model", model)
    if is_file(path):
        return path
    shipped = SHIPPED / f"{model}.safetensors"
    if path.name == str(model) and is_file(shipped):
        return shipped
    raise InputError(f"no model {str(model)!r}: give a file, or one of {', '.join(list_shipped_models())}")


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return arrays and header of a model file; raise `InputError` if an array holds NaN or infinite values."""
    header = read_header(path)
    with _open(path) as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not (name.endswith(MAY_LACK) or np.isfinite(array).all()):
            raise InputError(f"{name} holds NaN or infinite values")
    return arrays, header


def read_header(path: Path) -> dict[str, Any]:
    """Return the header of a model file."""
    with _open(path) as file:
        stored = (file.metadata() or {}).get(HEADER, "{}")
        try:
            header = json.loads(stored, parse_constant=read_constant)
            if is_deeper(header, DEEPEST):
                raise _damaged(path)
        except (ValueError, RecursionError) as err:
            raise _damaged(path) from err
    known = header.get("format") if isinstance(header, dict) else None
    if known != FORMAT:
        raise NotAModelError(f"{path.name} has model format {str(known)[:20]}, this emospike reads format {FORMAT}")
    return dict(header)


def is_deeper(value: Any, levels: int) -> bool:
    """Tell whether lists and mappings lie in more levels than so many."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(is_deeper(one, levels - 1) for one in inner)


def read_constant(name: str) -> float | None:
    """Return what JSON's extensions stand for: infinite parameters are told so, a NaN is no number."""
    return None if name == "NaN" else float(name)


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with path.open("rb") as raw:
            size = int.from_bytes(raw.read(8), "little")
        if size > MOST_BYTES:
            raise _damaged(path)
        with safe_open(path, framework="numpy") as file:
            yield file
    except (SafetensorError, OSError) as err:
        raise _damaged(path) from err


def _damaged(path: Path) -> InputError:
    return NotAModelError(f"{path.name} is not a model file of emospike, or it is damaged: train it again")


# -- parameters as JSON, and back ----------------------------------------------------------------------------------


def to_plain(value: Any, steps: Registry) -> Any:
    """Return a parameter as JSON can hold it.

    A step becomes its registered name and its own parameters, as ``{"step": "feature/mel", "with": {...}}``; a mapping
    says that it is one, and a tuple becomes a list. What names a file of this machine stays here.
    """
    if is_dataclass(value):
        own = {f.name: to_plain(getattr(value, f.name), steps) for f in _stored_fields(value)}
        return {"step": steps.name_of(type(value)), "with": own}
    if isinstance(value, (tuple, list)):
        return [to_plain(item, steps) for item in value]
    if isinstance(value, Mapping):
        return {"mapping": {str(key): to_plain(item, steps) for key, item in value.items()}}
    return value.item() if isinstance(value, np.generic) else value


def from_plain(value: Any, steps: Registry) -> Any:
    """Return what `to_plain` was given."""
    if isinstance(value, dict) and "step" in value:
        name: str = value["step"]
        return build(steps.load(ALIASES.get(name, name)), value["with"], steps)
    if isinstance(value, dict):
        return {key: from_plain(item, steps) for key, item in value["mapping"].items()}
    if isinstance(value, list):
        return tuple(from_plain(item, steps) for item in value)
    return value


def build(kind: type[Any], stored: Mapping[str, Any], steps: Registry) -> Any:
    """Return a step or a system of stored parameters, which may have the names of an older emospike.

    Where a file of this machine would be named, nothing that is stored is read.
    """
    known = {part.name for part in fields(kind)}
    local = known - {part.name for part in _stored_fields(kind)}
    named = {name if name in known else ALIASES.get(name, name): value for name, value in stored.items()}
    given = {name: from_plain(value, steps) for name, value in named.items() if name not in local}
    check_parameters(kind, given)
    return kind(**given)


def _stored_fields(step: Any) -> list[Field[Any]]:
    return [part for part in fields(step) if part.init and not part.metadata.get("local")]
