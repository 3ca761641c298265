"""Diagnostics of competitive layers: silence, run-away thresholds, and weights that do not differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emospike.activity import Activity
from emospike.networks.competitive import CompetitiveNetwork
from emospike.validation import InputError

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True)
class LayerDiagnostics:
    """What shows whether a competitive layer is well.

    Attributes
    ----------
    clips : number of clips presented
    silent_neurons : share of the neurons that never fired
    silent_clips : number of clips without a spike
    weak_clips : share of the clips with fewer spikes than the layer asks for, after all repeats
    repeated_clips : share of the clips that were presented more than once
    theta_mean, theta_max : rise of the thresholds, mV
    first, last : mean spikes a clip in the first and in the last 50 clips
    weights : quantiles 0, 5, 25, 50, 75, 95 and 100 % of the input weights
    """

    clips: int
    silent_neurons: float
    silent_clips: int
    weak_clips: float
    repeated_clips: float
    theta_mean: float
    theta_max: float
    first: float
    last: float
    weights: tuple[float, ...]

    @classmethod
    def examine(cls, network: CompetitiveNetwork, activities: Sequence[Activity]) -> LayerDiagnostics:
        """Return what these activities, in their order, and the network after them show."""
        if not activities:
            raise InputError("at least one activity expected, got none: learn or respond first")
        spikes = np.array([len(one) for one in activities])
        fired = sum((one.counts for one in activities), np.zeros((network.positions, network.layer.features)))
        return cls(
            clips=len(activities),
            silent_neurons=float((fired == 0).mean()),
            silent_clips=int((spikes == 0).sum()),
            weak_clips=float((spikes < network.layer.least_spikes).mean()),
            repeated_clips=float(np.mean([one.repeats > 0 for one in activities])),
            theta_mean=float(network.theta.mean()),
            theta_max=float(network.theta.max()),
            first=float(spikes[:50].mean()),
            last=float(spikes[-50:].mean()),
            weights=tuple(np.quantile(network.weights, QUANTILES).tolist()) if network.weights.size else (),
        )

    def warnings(self) -> list[str]:
        """Return one line for each thing that is not well."""
        checks = (
            (self.silent_clips > 0, f"{self.silent_clips} clips without a spike: check the input's scaling"),
            (self.weak_clips > 0.01, f"{self.weak_clips:.0%} of the clips have too few spikes: raise max_rate or norm"),
            (self.theta_mean > 20, f"thresholds have risen by {self.theta_mean:.0f} mV: lower theta_plus or passes"),
            (
                self.clips >= 100 and self.silent_neurons > 0.25,  # a few clips do not reach every neuron
                f"{self.silent_neurons:.0%} of the neurons never fired: lower inhibit or x_tar, or take fewer features",
            ),
        )
        return [line for wrong, line in checks if wrong]
