"""Explanation: everything that the figures of one decision draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from jaxtyping import Float, Float32, Int

from emospike.decision import Decision
from emospike.features.face_landmarks import Head
from emospike.networks.activity import Activity
from emospike.networks.synchrony_graph import SynchronyGraph
from emospike.readout.early import Ballot
from emospike.readout.traffic import Learning, Traffic
from emospike.series import Series
from emospike.spikes import Spikes


@dataclass(frozen=True)
class Effect:
    """What leaving one thing out does to a decision.

    Attributes
    ----------
    name : the band, region or moment that was left out
    change : log-odds of the decided class with it minus without it; positive speaks for the decision
    """

    name: str
    change: float


def no_spikes() -> Spikes:
    """Return the spikes of a system that has none."""
    return Spikes.from_dense(np.zeros((0, 0), np.int8), rate=100.0, channels=())


def no_activity() -> Activity:
    """Return the activity of a system that has no neurons."""
    return Activity(no_spikes(), np.empty(0, np.int32), np.empty(0, np.int32), neurons=0)


@dataclass(frozen=True)
class Explanation:
    """Everything that the figures of one decision draw; computed once, by the system itself.

    What a system does not have stays empty, as it is by default: no neurons without a network, no areas without a
    brain. Figures draw what is there.

    Attributes
    ----------
    name : the clip's name
    decision, threshold : what was decided, and the confidence that an answer needs
    series : the features, by name
    bands, moments, areas : effects of leaving out bands of sound and parts of the face, stretches of time, and brain
        regions
    senses : effects of leaving out the sound, and the face, by name of the sense
    target : the class whose log-odds the effects are of; empty for the decided one
    alone : the probabilities that each sense alone gives, where there are several
    missing : why a sense that the system has is not there, in words
    sound : mono sound at 16 kHz, full scale ±1
    head : the face as points
    decoded : each feature rebuilt from its spikes (where the encoder can be decoded), and its normalised error
    spikes : the input spikes of all features
    activity : the network's spikes
    positions : MNI coordinates of the neurons, mm
    region : index of each neuron's region in `regions`
    regions : region names
    sites : MNI coordinates of the input channels' sites, shape (channels, sites, 3), mm
    nodes : names of the interaction network's nodes (groups of channels, left and right)
    interactions : [from, to] how often a spike at one node is followed by one at the other a step later
    class_interactions : the same, averaged over the training clips of each class
    traffic : what passed between regions over the synapses
    learning : what learning changed between regions; None without learning
    synchrony : which neurons of the two senses fired together; None where that is not looked at
    ballot : what voting neurons saw, and how they voted; None where none vote
    """

    name: str
    decision: Decision
    threshold: float
    series: Mapping[str, Series]
    bands: Sequence[Effect]
    moments: Sequence[Effect]
    areas: Sequence[Effect] = ()
    senses: Sequence[Effect] = ()
    target: str = ""
    alone: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    sound: Float32[np.ndarray, " samples"] = field(default_factory=partial(np.zeros, 0, np.float32))
    head: Head | None = None
    decoded: Mapping[str, tuple[Series, float]] = field(default_factory=dict)
    spikes: Spikes = field(default_factory=no_spikes)
    activity: Activity = field(default_factory=no_activity)
    positions: Float32[np.ndarray, "neurons 3"] = field(default_factory=partial(np.zeros, (0, 3), np.float32))
    region: Int[np.ndarray, " neurons"] = field(default_factory=partial(np.zeros, 0, np.int32))
    regions: tuple[str, ...] = ()
    sites: Float32[np.ndarray, "channels sites 3"] = field(default_factory=partial(np.zeros, (0, 0, 3), np.float32))
    nodes: tuple[str, ...] = ()
    interactions: Float[np.ndarray, "nodes nodes"] = field(default_factory=partial(np.zeros, (0, 0)))
    class_interactions: Mapping[str, Float[np.ndarray, "nodes nodes"]] = field(default_factory=dict)
    traffic: Traffic | None = None
    learning: Learning | None = None
    synchrony: SynchronyGraph | None = None
    ballot: Ballot | None = None

    @property
    def about(self) -> str:
        """The class whose log-odds the effects are of."""
        return self.target or self.decision.label
