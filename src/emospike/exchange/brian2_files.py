"""A reservoir, and what it is given of a recording, as a script that Brian 2 runs, and the file that the script reads.

The script is `brian2_reservoir`, as it stands: it needs Brian 2 and nothing else, and knows the floor of potentials and
steps without firing, which NIR has no words for.

Source: Stimberg, Brette and Goodman 2019, Brian 2, an intuitive and efficient neural simulator, eLife 8, e47314.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from emospike.brain.synapses import Synapses
from emospike.files import is_file, write_atomically
from emospike.networks.reservoir import STDP, ReservoirNetwork
from emospike.spikes import Spikes
from emospike.validation import InputError

SCRIPT = Path(__file__).with_name("brian2_reservoir.py")

OWN = {"tau", "event_step", "event_line", "input_source", "recurrent_source"}
"""Arrays by which a file of synapses and spikes is told from other .npz files, such as events of a camera."""


def describe_problem(network: ReservoirNetwork, spikes: Spikes) -> dict[str, Any]:
    """Return synapses, constants and input spikes as arrays, which the script takes.

    Of a reservoir whose polarity is "signed", an input line has a twin for its negative spikes, with opposite weights.

    Raises
    ------
    InputError : several spikes of one line in a step
    """
    drive, reservoir = network.drive(spikes), network.reservoir
    if np.abs(drive).max(initial=0) > 1:
        raise InputError("one spike of an input line in a step expected: Brian 2 gives no more")
    lines = drive.shape[1]
    step, line = np.nonzero(drive)
    line = line + lines * (drive[step, line] < 0)
    signs = (1, -1) if reservoir.polarity == "signed" else (1,)
    arrays: dict[str, Any] = {"tau": network.tau, "event_step": step, "event_line": line}
    arrays |= {f"input_{name}": one for name, one in _describe_synapses(network.inputs, signs).items()}
    arrays |= {f"recurrent_{name}": one for name, one in _describe_synapses(network.recurrent).items()}
    facts = {name: getattr(reservoir, name) for name in ("threshold", "reset", "floor", "refractory")}
    facts |= asdict(reservoir.stdp or STDP())
    facts |= {"dt": 1 / spikes.rate, "steps": spikes.steps, "lines": lines * len(signs)}
    return arrays | {name: np.asarray(value) for name, value in facts.items()}


def _describe_synapses(synapses: Synapses, signs: tuple[int, ...] = (1,)) -> dict[str, Any]:
    """Return source, target and weight of every synapse, once for each sign of what comes in."""
    sources, each = len(synapses.offsets) - 1, range(len(signs))
    return {
        "source": np.concatenate([synapses.sources() + number * sources for number in each]),
        "target": np.tile(synapses.targets, len(signs)),
        "weight": np.concatenate([sign * synapses.weights for sign in signs]),
    }


def check_script(path: Path) -> None:
    """Check that a script can be written to a path, and what it reads beside it, and that nobody's own files are lost.

    Raises
    ------
    InputError : a path that does not end in .py, the name of a module that the script, or Python itself, would then
        import in place of the right one; a script or an .npz of that name that this program did not write
    """
    if path.suffix != ".py":
        raise InputError(f"a script NAME.py expected, got {path.name}")
    if path.stem in sys.stdlib_module_names or path.stem in _find_imports():
        raise InputError(f"{path.name} would be imported in place of the module {path.stem}: name another file")
    data = path.with_suffix(".npz")
    for file, is_own in ((path, _is_script), (data, _is_problem)):
        if is_file(file) and not is_own(file):
            raise InputError(f"cannot write {file}: it is there, and no export to Brian 2: name another file")


def _find_imports() -> Iterator[str]:
    """Yield the modules that the script imports, without what is inside of them."""
    for node in ast.walk(ast.parse(SCRIPT.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


def _is_script(path: Path) -> bool:
    """Tell by its first line whether a file is a script that was written here."""
    with SCRIPT.open("rb") as ours:
        first = ours.readline().rstrip()
    try:
        with path.open("rb") as theirs:
            return theirs.readline(len(first) + 2).rstrip() == first
    except OSError:
        return False


def _is_problem(path: Path) -> bool:
    """Tell by the names of its arrays whether a file is one that such a script reads."""
    try:
        with ZipFile(path) as archive:
            return {f"{name}.npy" for name in OWN} <= {*archive.namelist()}
    except (OSError, BadZipFile, ValueError, RuntimeError):
        return False


def write_script(path: Path, network: ReservoirNetwork, spikes: Spikes) -> tuple[Path, Path]:
    """Write the script, and beside it, under the same name with the suffix .npz, what it reads; return both paths.

    Raises
    ------
    InputError : a path as `check_script` has it, or spikes as `describe_problem` has it
    """
    check_script(path)
    data = BytesIO()
    np.savez(data, **describe_problem(network, spikes))
    script = write_atomically(path, SCRIPT.read_bytes())
    return script, write_atomically(path.with_suffix(".npz"), data.getvalue())
