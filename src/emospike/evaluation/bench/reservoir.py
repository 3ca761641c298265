"""The reservoir: 3,108 neurons, one clip of 4 s, one core."""

from __future__ import annotations

from emospike.evaluation.bench.material import Recipe, learn_afresh
from emospike.evaluation.bench.measurement import Measurement, interleaved, milliseconds, one_core


def measure(recipe: Recipe, runs: int) -> list[Measurement]:
    """Return the time of a clip without and with STDP, and what the reservoir does meanwhile."""
    network, plastic = recipe.network(), recipe.network(stdp=True)
    with one_core():
        taken = interleaved(
            {
                "forward": lambda: network.run(recipe.spikes),
                "with STDP": lambda: learn_afresh(plastic, recipe.spikes),
            },
            runs,
        )
    activity = network.run(recipe.spikes)
    return [
        *(milliseconds(name, seconds) for name, seconds in taken.items()),
        Measurement("steps", activity.steps, "", "of 10 ms"),
        Measurement("neurons", network.neurons, ""),
        Measurement("synapses", len(network.recurrent), "", f"and {len(network.inputs):,} of input lines"),
        Measurement("input spikes", len(recipe.spikes), ""),
        Measurement("neurons that fire", 100 * activity.mean_rate, "%", "a step"),
    ]
