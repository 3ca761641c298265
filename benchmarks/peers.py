"""The reservoir against what one would pick instead, where it is installed: same synapses, same clip, one core."""

from __future__ import annotations

import importlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from benchmarks.measurement import Measurement, Seconds, compare, summarise, time_rounds, use_one_core
from benchmarks.reservoir import Recipe, learn_afresh
from emospike.activity import Activity
from emospike.exchange.brian2_files import describe_problem
from emospike.networks.reservoir import ReservoirNetwork
from emospike.spikes import Spikes
from emospike.validation import InputError

OURS, OURS_STDP = "emospike, forward", "emospike, with STDP"
SCIPY, RESERVOIRPY = "scipy CSR mat-vec, forward", "reservoirpy LIF, forward"

BRIAN2 = Path(__file__).with_name("brian2_reservoir.py")
BRIAN2_RUNS = 5


def measure(recipe: Recipe, runs: int, brian2: Path | None = None) -> list[Measurement]:
    """Return the time of a clip in each implementation, and how many times emospike's it is.

    `brian2` is the Python of an environment that has Brian 2; without it that row says how to get one.
    """
    network, spikes = recipe.network(), recipe.spikes
    plain = PlainReservoir.of(network)
    works: dict[str, Callable[[], object]] = {
        OURS: lambda: network.run(spikes),
        OURS_STDP: lambda: learn_afresh(network, spikes),
        SCIPY: lambda: plain.run(spikes),
    }
    notes = {SCIPY: describe_agreement(network.run(spikes), plain.run(spikes))}
    if find_spec("reservoirpy"):
        run, lines = build_reservoirpy(plain), spread_over_lines(network, spikes)
        works[RESERVOIRPY] = lambda: run(lines)
        notes[RESERVOIRPY] = f"neither refractory time nor floor: {run(lines).mean():.1%} of the neurons fire in a step"
    with use_one_core():
        taken = time_rounds(works, runs)
    rows = []
    for name, seconds in taken.items():
        rows.append(summarise(name, seconds, notes.get(name, "")))
        if name in notes:
            rows.append(compare(name, seconds, taken[OURS], f"the time of {OURS}"))
    if RESERVOIRPY not in taken:
        rows.append(Measurement(RESERVOIRPY, None, "ms", "not installed: pip install reservoirpy"))
    return [*rows, *measure_brian2(brian2, network, spikes, taken)]


def describe_agreement(ours: Activity, theirs: Activity) -> str:
    """Return in words how many of the spikes of either implementation are spikes of both."""
    one, other = (set(zip(x.step.tolist(), x.neuron.tolist(), strict=True)) for x in (ours, theirs))
    return (
        "the same spikes" if one == other else f"{len(one & other) / len(one | other):.2%} of the spikes are the same"
    )


def spread_over_lines(network: ReservoirNetwork, spikes: Spikes) -> Float32[np.ndarray, "steps lines"]:
    """Return what each input line carries at every step (see `Reservoir.polarity`)."""
    dense = spikes.dense().astype(np.float32)
    if network.reservoir.polarity == "signed":
        return dense
    positive, negative = dense.clip(0), (-dense).clip(0)
    if network.reservoir.polarity == "positive":
        return positive
    return np.stack([positive, negative], axis=2).reshape(len(dense), -1)


# -- scipy and numpy ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PlainReservoir:
    """The reservoir as one would first write it: a sparse matrix-vector product a step; without learning.

    Attributes
    ----------
    network : where constants and synapses come from
    weights : sparse matrix, shape (neurons, neurons + lines): a row holds the synapses onto a neuron, those of
        neurons before those of input lines, which is the order in which `ReservoirNetwork` adds them up
    """

    network: ReservoirNetwork
    weights: Any

    @classmethod
    def of(cls, network: ReservoirNetwork) -> PlainReservoir:
        """Take the constants and synapses of a network."""
        from scipy.sparse import csr_array, vstack

        parts = [
            csr_array((one.weights, one.targets, one.offsets), shape=(len(one.offsets) - 1, network.neurons))
            for one in (network.recurrent, network.inputs)
        ]
        return cls(network, vstack(parts).T.tocsr())

    def run(self, spikes: Spikes) -> Activity:
        """Return the activity from rest."""
        r, n = self.network.reservoir, self.network.neurons
        decay = np.exp(-1 / self.network.tau).astype(np.float32)
        inputs = spread_over_lines(self.network, spikes)
        v, last = np.zeros(n, np.float32), np.full(n, -(2**30))
        drive, fired_at = np.zeros(n + inputs.shape[1], np.float32), []
        for t, lines in enumerate(inputs):
            drive[n:] = lines
            v = np.maximum(v * decay + self.weights @ drive, np.float32(r.floor))
            v[t - last <= r.refractory] = r.reset
            fired = v >= r.threshold
            v[fired], last[fired] = r.reset, t
            drive[:n] = fired
            fired_at.append(np.flatnonzero(fired).astype(np.int32))
        step = np.repeat(np.arange(spikes.steps, dtype=np.int32), [len(one) for one in fired_at])
        return Activity(spikes, step, np.concatenate(fired_at), n)


# -- reservoirpy -------------------------------------------------------------------------------------------------


def build_reservoirpy(plain: PlainReservoir) -> Callable[[np.ndarray], np.ndarray]:
    """Return what runs reservoirpy's LIF node from rest, with the same synapses, leaks and threshold.

    Its equation differs: a neuron integrates after it fired, is never refractory, and has no floor.
    """
    nodes: Any = importlib.import_module("reservoirpy.nodes")
    n = plain.network.neurons
    node = nodes.LIF(
        units=n,
        W=plain.weights[:, :n],
        Win=plain.weights[:, n:],
        lr=1 - np.exp(-1 / plain.network.tau),
        threshold=plain.network.reservoir.threshold,
        dtype=np.float32,
    )

    def run(lines: np.ndarray) -> np.ndarray:
        if node.initialized:
            node.reset()
        return np.asarray(node.run(lines))

    return run


# -- Brian 2, in an interpreter of its own -----------------------------------------------------------------------


def measure_brian2(
    python: Path | None, network: ReservoirNetwork, spikes: Spikes, taken: dict[str, Seconds]
) -> Iterator[Measurement]:
    """Yield the times of Brian 2 with each of its code generators; it runs after the others, not in their rounds."""
    if python is None:
        todo = "not measured: pip install brian2 cython 'numpy<2.3' in an environment of its own, give --brian2 PYTHON"
        yield Measurement("Brian 2", None, "ms", todo)
        return
    for target in ("cython", "numpy"):
        try:
            answer, activity = run_brian2(python, network, spikes, BRIAN2_RUNS, target)
        except InputError as error:
            yield Measurement(f"Brian 2 {target}", None, "ms", str(error))
            continue
        agreed = describe_agreement(network.run(spikes), activity)
        for name, ours, note in (("forward", OURS, agreed), ("with STDP", OURS_STDP, "pairs spikes of one step too")):
            stepping, whole = (np.array(answer[name][part]) for part in ("stepping", "run"))
            left_out = f"its {1e3 * np.median(whole - stepping):.0f} ms of preparations a run left out"
            title = f"Brian 2 {target}, {name}"
            yield summarise(title, stepping, f"{note}; {left_out}")
            yield compare(title, stepping.min(), taken[ours].min(), f"the time of {ours}, fastest against fastest")


def run_brian2(
    python: Path, network: ReservoirNetwork, spikes: Spikes, runs: int, target: str
) -> tuple[dict[str, Any], Activity]:
    """Return what the script `brian2_reservoir` printed, and the spikes of its forward run.

    Raises
    ------
    InputError : the interpreter cannot be run, or has no Brian 2 that works
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "problem.npz"
        np.savez(file, **describe_problem(network, spikes))
        # isolated: the modules beside the script are not for it
        command = [str(python), "-I", str(BRIAN2), str(file), str(runs), target]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise InputError(f"cannot run {python}: {error.strerror}; give the Python of an environment") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise InputError(f"{python} cannot run Brian 2 ({reason}): pip install brian2 cython 'numpy<2.3' there")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    step, neuron = (np.array(answer["forward"][name], np.int32) for name in ("step", "neuron"))
    return answer, Activity(spikes, step, neuron, network.neurons)
