"""The reservoir against what one would pick instead, where it is installed: same synapses, same clip, one core."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from emospike.activity import Activity
from emospike.evaluation.bench import brian
from emospike.evaluation.bench.material import Recipe, learn_afresh
from emospike.evaluation.bench.measurement import (
    Measurement,
    Seconds,
    interleaved,
    milliseconds,
    one_core,
    ratio,
)
from emospike.evaluation.bench.plain import PlainReservoir, agreement, line_values
from emospike.networks.reservoir import ReservoirNetwork
from emospike.spikes import Spikes
from emospike.validation import InputError

OURS, OURS_STDP = "emospike, forward", "emospike, with STDP"
SCIPY, RESERVOIRPY = "scipy CSR mat-vec, forward", "reservoirpy LIF, forward"

BRIAN_RUNS = 5


def measure(recipe: Recipe, runs: int, brian2: Path | None = None) -> list[Measurement]:
    """Return the time of a clip in each implementation, and how many times emospike's it is.

    `brian2` is the Python of an environment that has Brian 2; without it that row says how to get one.
    """
    network, spikes = recipe.network(stdp=True), recipe.spikes
    plain = PlainReservoir.of(network)
    works: dict[str, Callable[[], object]] = {
        OURS: lambda: network.run(spikes),
        OURS_STDP: lambda: learn_afresh(network, spikes),
        SCIPY: lambda: plain.run(spikes),
    }
    notes = {SCIPY: same(network.run(spikes), plain.run(spikes))}
    if find_spec("reservoirpy"):
        liquid, lines = reservoirpy_lif(plain), line_values(network, spikes)
        works[RESERVOIRPY] = lambda: liquid(lines)
        rate = liquid(lines).mean()
        notes[RESERVOIRPY] = f"neither refractory time nor floor: {rate:.1%} of the neurons fire in a step"
    with one_core():
        taken = interleaved(works, runs)
    rows = []
    for name, seconds in taken.items():
        rows.append(milliseconds(name, seconds, notes.get(name, "")))
        if name in notes:
            rows.append(ratio(name, seconds, taken[OURS], f"the time of {OURS}"))
    if not find_spec("reservoirpy"):
        rows.append(Measurement(RESERVOIRPY, None, "ms", "not installed: pip install reservoirpy"))
    rows.extend(brian2_rows(brian2, network, spikes, taken))
    return rows


def same(ours: Activity, theirs: Activity) -> str:
    """Return how far two implementations agree, in words."""
    share = agreement(ours, theirs)
    return "the same spikes" if share == 1 else f"{share:.2%} of the spikes are the same"


def reservoirpy_lif(plain: PlainReservoir) -> Callable[[np.ndarray], np.ndarray]:
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


def brian2_rows(
    python: Path | None, network: ReservoirNetwork, spikes: Spikes, taken: dict[str, Seconds]
) -> Iterator[Measurement]:
    """Yield the times of Brian 2 with each of its code generators; it runs after the others, not in their rounds."""
    if python is None:
        todo = "not measured: pip install brian2 cython 'numpy<2.3' in an environment of its own, give --brian2 PYTHON"
        yield Measurement("Brian 2", None, "ms", todo)
        return
    for target in ("cython", "numpy"):
        try:
            answer = brian.run(python, network, spikes, BRIAN_RUNS, target)
        except InputError as error:
            yield Measurement(f"Brian 2 {target}", None, "ms", str(error))
            continue
        agreed = same(network.run(spikes), brian.activity(answer, network, spikes))
        for name, ours, note in (("forward", OURS, agreed), ("with STDP", OURS_STDP, "pairs spikes of one step too")):
            stepping, whole = (np.array(answer[name][part]) for part in ("stepping", "run"))
            left_out = f"its {1e3 * np.median(whole - stepping):.0f} ms of preparations a run left out"
            title = f"Brian 2 {target}, {name}"
            yield milliseconds(title, stepping, f"{note}; {left_out}")
            yield ratio(title, stepping.min(), taken[ours].min(), f"the time of {ours}, fastest against fastest")
