"""The registries themselves, and that every line of every one of them leads somewhere."""

import importlib

import pytest

from emospike.encoding import ENCODERS
from emospike.features import FEATURES
from emospike.readout import CLASSIFIERS
from emospike.registry import Registry
from emospike.store import STEPS, gather_steps
from emospike.systems import SYSTEMS
from emospike.validation import InputError

STEPS_OF_SYSTEMS = [gather_steps(info) for info in SYSTEMS.values()]
EVERY = [
    (registry, name)
    for registry in (ENCODERS, FEATURES, CLASSIFIERS, STEPS, SYSTEMS, *STEPS_OF_SYSTEMS)
    for name in registry
    if registry not in STEPS_OF_SYSTEMS or name not in STEPS
]


@pytest.mark.parametrize(("registry", "name"), EVERY, ids=[name for _, name in EVERY])
def test_every_line_leads_to_a_class_that_knows_its_name(registry, name):
    assert registry.name_of(registry.load(name)) == name


def test_unknown_names_and_classes_are_refused():
    registry = Registry("colour", {"red": "fractions:Fraction"})
    with pytest.raises(InputError, match="unknown colour 'rod': did you mean 'red'"):
        registry.load("rod")
    with pytest.raises(InputError, match=r"decimal:Decimal is not a registered colour: add a line"):
        from decimal import Decimal

        registry.name_of(Decimal)


@pytest.mark.parametrize(
    ("room", "names"),
    [
        ("encoding", ["StepForward", "Population"]),
        ("features", ["Mel", "Prosody"]),
        ("networks", ["Reservoir", "CompetitiveLayer"]),
        ("augmentation", ["VirtualSpeakers"]),
        ("brain", ["SmallWorld", "Tonotopy"]),
        ("readout", ["LinearReadout", "StateVector"]),
    ],
)
def test_a_room_gives_what_it_has_registered(room, names):
    module = importlib.import_module(f"emospike.{room}")
    for name in names:
        assert getattr(module, name).__name__ == name
    with pytest.raises(AttributeError):
        module.Nothing  # noqa: B018
    assert not hasattr(module, "__wrapped__")
