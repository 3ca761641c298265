"""Why EAVS-TF decided as it did, and what that cost: something is left out, and it decides again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emospike.clip import Clip
from emospike.networks.spiking_transformer import Batch, LayerCount
from emospike.systems.contract import Effect, Explanation, LayerCost, Operations
from emospike.systems.cost import WORD, dense_layer, summed
from emospike.systems.hiding import Hidden, bands_hidden, moments_hidden
from emospike.systems.outline import outline
from emospike.systems.senses import Perceived
from emospike.systems.sensing_system import log_odds

if TYPE_CHECKING:
    from emospike.systems.eavs_tf import EAVSTransformer


def explanation_of(
    system: EAVSTransformer, clip: Clip, threshold: float | None, modality: str | None = None, label: str | None = None
) -> Explanation:
    """Return what the figures of one decision draw; see `outline` for the senses and the label.

    The networks have no place in the brain, and their spikes a grid of their own: they are not told here.
    """
    shown, seen = outline(system, clip, threshold, modality, label)
    if seen is None:
        return shown
    target = system.classes_.index(shown.about)
    bands, moments = bands_hidden(seen.series), moments_hidden(seen.series)
    return replace(
        shown,
        bands=list(effects(system, seen, target, bands)),
        moments=list(effects(system, seen, target, moments)),
    )


def evidence(system: EAVSTransformer, seen: Perceived, target: int) -> float:
    """Return the log-odds of a class."""
    return log_odds(system.answer(seen, seen.senses), target)


def masked(system: EAVSTransformer, seen: Perceived, hidden: Hidden) -> Perceived:
    """Return the features with what is hidden at the speaker's mean, which tells the networks nothing."""
    means = [mean + shift for mean, shift in zip(system.scales_.means, system.shift_, strict=True)][: len(seen.series)]
    series = [
        one if one is None or mask is None else one.with_values(np.where(mask, mean, one.values).astype(np.float32))
        for one, mask, mean in zip(seen.series, hidden, means, strict=True)
    ]
    return replace(seen, series=tuple(series))


def effects(
    system: EAVSTransformer, seen: Perceived, target: int, parts: Iterable[tuple[str, Hidden]]
) -> Iterator[Effect]:
    """Yield what hiding each part changes."""
    whole = evidence(system, seen, target)
    for name, hidden in parts:
        yield Effect(name, whole - evidence(system, masked(system, seen, hidden), target))


def operations_of(system: EAVSTransformer, batch: Batch) -> Operations:
    """Return the cost of one pass of all networks, beside the same synapses without spikes.

    A spike costs one accumulate a synapse that it reaches, a key and a value that meet one in each branch of
    attention, and what attention adds to a potential one a number. The leak costs one multiply-accumulate a neuron
    and step, as do the synapses that see real numbers: the first of each stream, and the heads. Bytes are counted as
    in `reservoir_operations`: four words for each operation at a synapse, and for each neuron and step.
    """
    found = [network.counted(batch) for network in system.networks_]
    spikes, neurons = sum(one.spikes for one in found), sum(one.neurons for one in found)
    layers = [cost_of([one.layers[i] for one in found]) for i in range(len(found[0].layers))]
    if system.network.spiking:
        layers.append(dense_layer("leak", neurons, 4 * neurons))
    return summed(layers, spikes, spikes / neurons)


def cost_of(layers: Sequence[LayerCount]) -> LayerCost:
    """Return the cost of one layer of all networks together."""
    macs, accumulates, dense = (sum(getattr(one, name) for one in layers) for name in ("macs", "accumulates", "dense"))
    rate = float(np.mean([one.rate for one in layers]))
    moved = 4 * WORD * (macs + accumulates)
    return LayerCost(layers[0].name, rate, macs, accumulates, moved, dense, 4 * WORD * dense)
