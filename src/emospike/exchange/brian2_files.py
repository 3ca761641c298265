"""A reservoir, and what it is given of a recording, as a script that Brian 2 runs, and the file that the script reads.

The script is `brian2_reservoir`, as it stands: it needs Brian 2 and nothing else, and knows the floor of potentials and
steps without firing, which NIR has no words for.

Source: Stimberg, Brette and Goodman 2019, Brian 2, an intuitive and efficient neural simulator, eLife 8, e47314.
"""

from __future__ import annotations

from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from emospike.brain.synapses import Synapses
from emospike.files import write_atomically
from emospike.networks.reservoir import STDP, ReservoirNetwork
from emospike.spikes import Spikes
from emospike.validation import InputError

SCRIPT = Path(__file__).with_name("brian2_reservoir.py")


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


def write_script(path: Path, network: ReservoirNetwork, spikes: Spikes) -> tuple[Path, Path]:
    """Write the script, and beside it, under the same name with the suffix .npz, what it reads; return both paths.

    Raises
    ------
    InputError : a path that does not end in .py, or spikes as `describe_problem` has it
    """
    if path.suffix != ".py":
        raise InputError(f"a script NAME.py expected, got {path.name}")
    data = BytesIO()
    np.savez(data, **describe_problem(network, spikes))
    script = write_atomically(path, SCRIPT.read_bytes())
    return script, write_atomically(path.with_suffix(".npz"), data.getvalue())
