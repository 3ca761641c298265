"""The registry: names, errors, and an import that costs nothing."""

import subprocess
import sys

import pytest

from emospike.encoding import ENCODERS
from emospike.validation import InputError


@pytest.mark.parametrize("name", ENCODERS)
def test_every_name_finds_its_class_and_back(name):
    assert ENCODERS.name_of(ENCODERS.load(name)) == name


def test_an_unknown_name_is_an_error_that_names_the_nearest():
    with pytest.raises(InputError, match=r"unknown encoder 'step_foward': did you mean 'step_forward'\?"):
        ENCODERS.load("step_foward")


def test_an_unregistered_class_is_an_error():
    with pytest.raises(InputError, match="add a line to the registry of its room"):
        ENCODERS.name_of(dict)


def test_importing_the_registry_loads_nothing_heavy():
    code = "import sys, emospike.encoding; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "numba", "scipy"} & set(loaded.stdout.split())
