"""What systems share whose competitive layers learn sound and faces by STDP: scaling, learning, storing."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from emospike.activity import Activity
from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.energy.counting import one_pass, summed
from emospike.energy.operations import LayerCost, Operations
from emospike.features import Feature
from emospike.networks.competitive import CompetitiveNetwork
from emospike.networks.diagnostics import LayerDiagnostics
from emospike.progress import Progress
from emospike.systems.pathways import Lines, Pathway, Range, Raw
from emospike.systems.perception import MODALITIES, SENSES, Perceived
from emospike.systems.vector_system import VectorSystem
from emospike.validation import InputError


class CompetitiveSystem(VectorSystem):
    """A system of competitive layers, each of which sees one feature through its pathway.

    Attributes
    ----------
    pathways : from a feature to its layer; first those of sound, then those of the face
    ranges_ : low and high of the channels of each pathway, from the training clips
    diagnostics_ : how the layers fared in training
    """

    pathways: tuple[Pathway, ...]
    ranges_: list[Range]
    diagnostics_: dict[str, LayerDiagnostics]

    @property
    def features(self) -> tuple[Feature, ...]:  # type: ignore[override]
        """What is taken from a clip, one a pathway."""
        return tuple(pathway.feature for pathway in self.pathways)

    # -- what it would cost without spikes ---------------------------------------------------------------------

    def counterpart(self) -> Operations:
        """Return what the same weights cost as a network without spikes, which looks at a clip once."""
        layers = [one_pass(name, network) for name, network in self._all_networks().items()]
        return summed([*layers, self.readout_cost(self.modality)], spikes=0, spike_rate=0.0)

    @abstractmethod
    def readout_cost(self, view: str) -> LayerCost:
        """Return what the readout of a modality costs, which reads real numbers."""

    # -- training: what needs no labels ------------------------------------------------------------------------

    def prepare(self, clips: Sequence[Clip], progress: Progress | None = None) -> CompetitiveSystem:
        """Scale the features and let the layers learn; then it gives vectors."""
        super().prepare(clips, progress)

        def looked_at(index: int, clip: Clip) -> list[Raw | None] | None:
            seen = self.trained_on(index, clip)
            return None if seen is None else self.raws(seen)

        found = map_clips(looked_at, clips, "features", progress)
        return self.learn_from([raws for raws in found if raws is not None], progress)

    def learn_from(self, seen: Sequence[Sequence[Raw | None]], progress: Progress | None = None) -> CompetitiveSystem:
        """Fit scales to what the layers are to see of the training clips (see `raws`), and let the layers learn."""
        self.diagnostics_ = {}
        self._fit_scales(seen)
        self._build()
        self._learn([self.scaled(raws) for raws in seen], progress)
        self._freeze()
        return self

    def _fit_scales(self, seen: Sequence[Sequence[Raw | None]]) -> None:
        """Take the range of every channel from the training clips."""
        self.ranges_ = []
        for i, pathway in enumerate(self.pathways):
            raws = [raw for raws in seen if (raw := raws[i]) is not None]
            if not raws:
                raise InputError(f"modality {self.modality} needs clips with {' and '.join(MODALITIES[self.modality])}")
            self.ranges_.append(pathway.fit(raws))

    @abstractmethod
    def _build(self) -> None:
        """Build the layers as they are born."""

    @abstractmethod
    def _learn(self, seen: Sequence[Sequence[Lines | None]], progress: Progress | None) -> None:
        """Let STDP change the weights, clip by clip."""

    def _watched(self, name: str, network: CompetitiveNetwork, responses: Sequence[Activity]) -> None:
        """Note how a layer fared, and warn of what is not well."""
        if responses:
            self.diagnostics_[name] = LayerDiagnostics.examine(network, responses)
            for line in self.diagnostics_[name].warnings():
                warnings.warn(f"layer {name}: {line}", stacklevel=2)

    def _freeze(self) -> None:
        """Round weights and thresholds to what is stored, so that a stored model decides as this one."""
        for network in self._all_networks().values():
            for weights in (network.weights, *network.heard_weights):
                weights[:] = weights.astype(np.float16)
            network.theta[:] = network.theta.astype(np.float32)

    # -- from a clip to its layers -----------------------------------------------------------------------------

    def raws(self, seen: Perceived, senses: Sequence[str] = SENSES) -> list[Raw | None]:
        """Return what each layer is to see, before scaling; None where its sense is missing or not asked for."""
        return [
            None if series is None or pathway.sense not in senses else pathway.look(seen.clip, series)
            for pathway, series in zip(self.pathways, seen.series, strict=True)
        ]

    def scaled(self, raws: Sequence[Raw | None]) -> list[Lines | None]:
        """Return the values of the input lines of every layer."""
        triples = zip(self.pathways, raws, self.ranges_, strict=True)
        return [None if raw is None else pathway.scaled(raw, span) for pathway, raw, span in triples]

    def lines(self, seen: Perceived, senses: Sequence[str] = SENSES) -> list[Lines | None]:
        """Return the values of the input lines of every layer, None where its sense is missing or not asked for."""
        return self.scaled(self.raws(seen, senses))

    # -- storing -----------------------------------------------------------------------------------------------

    @abstractmethod
    def _all_networks(self) -> dict[str, CompetitiveNetwork]:
        """Return the layers by the names that they are stored under."""

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the fitted facts that JSON can hold."""
        arrays, facts = super().state()
        arrays |= {f"range.{i}": span for i, span in enumerate(self.ranges_)}
        for name, network in self._all_networks().items():
            arrays[f"layer.{name}.weights"] = network.weights.astype(np.float16)
            arrays[f"layer.{name}.theta"] = network.theta.astype(np.float32)
            for k, weights in enumerate(network.heard_weights):
                arrays[f"layer.{name}.heard.{k}"] = weights.astype(np.float16)
            facts[f"layer.{name}.gains"] = [link.gain for link in network.links]
        return arrays, facts

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> CompetitiveSystem:
        """Take back what `state` returned."""
        self.ranges_ = [arrays[f"range.{i}"] for i in range(len(self.pathways))]
        self._build()
        for name, network in self._all_networks().items():
            network.weights[:] = arrays[f"layer.{name}.weights"]
            network.theta[:] = arrays[f"layer.{name}.theta"]
            for k, weights in enumerate(network.heard_weights):
                weights[:] = arrays[f"layer.{name}.heard.{k}"]
                network.links[k] = replace(network.links[k], gain=float(facts[f"layer.{name}.gains"][k]))
        super().restore(arrays, facts)
        return self
