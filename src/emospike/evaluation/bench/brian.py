"""Brian 2 in an interpreter of its own: the problem as a file, the script `brian2_peer`, its answer."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from emospike.activity import Activity
from emospike.evaluation.bench.plain import line_values
from emospike.networks.reservoir import STDP, ReservoirNetwork
from emospike.spikes import Spikes
from emospike.validation import InputError

SCRIPT = Path(__file__).with_name("brian2_peer.py")


def run(python: Path, network: ReservoirNetwork, spikes: Spikes, runs: int, target: str) -> dict[str, Any]:
    """Return what the script printed.

    Raises
    ------
    InputError : the interpreter cannot be run, or has no Brian 2 that works
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "problem.npz"
        np.savez(file, **problem(network, spikes))
        # isolated: the modules beside the script are not for it
        command = [str(python), "-I", str(SCRIPT), str(file), str(runs), target]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise InputError(f"cannot run {python}: {error.strerror}; give the Python of an environment") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise InputError(f"{python} cannot run Brian 2 ({reason}): pip install brian2 cython 'numpy<2.3' there")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def problem(network: ReservoirNetwork, spikes: Spikes) -> dict[str, Any]:
    """Return synapses, constants and input spikes as arrays."""
    step, line = np.nonzero(line_values(network, spikes))
    reservoir, rule = network.reservoir, network.reservoir.stdp or STDP()
    constants = {name: getattr(reservoir, name) for name in ("threshold", "reset", "floor", "refractory")}
    arrays = {
        f"{kind}_{name}": array
        for kind, synapses in (("input", network.inputs), ("recurrent", network.recurrent))
        for name, array in (
            ("source", synapses.sources()),
            ("target", synapses.targets),
            ("weight", synapses.weights),
        )
    }
    facts = constants | asdict(rule) | {"steps": spikes.steps, "lines": len(network.inputs.offsets) - 1}
    arrays |= {"tau": network.tau, "event_step": step, "event_line": line}
    return arrays | {name: np.asarray(value) for name, value in facts.items()}


def activity(answer: dict[str, Any], network: ReservoirNetwork, spikes: Spikes) -> Activity:
    """Return the spikes of the forward run."""
    step, neuron = (np.array(answer["forward"][name], np.int32) for name in ("step", "neuron"))
    return Activity(spikes, step, neuron, network.neurons)
