"""Transformers: features, encoders and reservoirs as steps of scikit-learn's pipelines, on recordings or on any arrays.

recordings -> FeatureExtractor -> SpikeEncoder -> ReservoirTransformer -> a classifier of rows
array (samples, steps, channels) ->  SpikeEncoder ...
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from jaxtyping import Float32

from emospike.brain.template import LARGEST, SMALLEST, BrainTemplate
from emospike.brain.wiring import InputWiring, SmallWorld
from emospike.clip.batch import Recordings, as_clips, map_clips
from emospike.encoding.contract import Encoder
from emospike.encoding.step_forward import StepForward
from emospike.features import Feature
from emospike.features.mel import Mel
from emospike.networks.reservoir import Reservoir, ReservoirNetwork
from emospike.parameters import Parameters
from emospike.readout.state_vectors import StateVector
from emospike.series import Channel, Series
from emospike.spikes import Spikes
from emospike.validation import InputError, NotTrainedError, positive, within

if TYPE_CHECKING:
    from sklearn.utils import Tags

Signals = Any
"""Several signals: an array of shape (samples, steps, channels), or a list of arrays (steps, channels) or `Series`."""

SpikeTrains = Any
"""The `Spikes` of several signals, in a list."""

Step = TypeVar("Step", bound="PipelineStep")


class PipelineStep(Parameters, ABC):
    """A step of a pipeline, of which nothing is learnt unless it says so."""

    def fit(self: Step, X: Any, y: Any = None) -> Step:
        """Learn what there is to learn from training samples alone; return itself."""
        return self

    @abstractmethod
    def transform(self, X: Any) -> Any:
        """Return what the next step reads."""

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Return what the next step reads of the samples that it was fitted to."""
        return self.fit(X, y).transform(X)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether `transform` can be called."""
        return True

    def __sklearn_tags__(self) -> Tags:
        """Return what scikit-learn's tools need to know of it."""
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="transformer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(),
            input_tags=InputTags(two_d_array=False, three_d_array=True),
            no_validation=True,
            requires_fit=False,
        )


@dataclass
class FeatureExtractor(PipelineStep):
    """From recordings (see `as_clips`) to a `Series` each.

    Attributes
    ----------
    feature : what is heard or seen
    """

    feature: Feature = field(default_factory=Mel)

    def transform(self, X: Recordings) -> list[Series]:
        """Return the series of each recording; raise `InputError` for one that cannot be used."""
        return list(map_clips(lambda _, clip: self.feature.extract(clip), as_clips(X), "features"))


@dataclass
class SpikeEncoder(PipelineStep):
    """From signals to `Spikes` each.

    Attributes
    ----------
    encoder : what makes spikes of values
    rule : a of the encoder's own rule, by which thresholds are taken from the training signals; None for those it has
    rate : steps per second of arrays, Hz; `Series` know theirs

    >>> waves = np.sin(np.arange(600).reshape(2, 100, 3) / 20)
    >>> spikes = SpikeEncoder(StepForward(0.2)).fit_transform(waves)
    >>> len(spikes), spikes[0].steps, spikes[0].units
    (2, 100, 3)
    """

    encoder: Encoder = field(default_factory=StepForward)  # type: ignore[assignment]  # its rule has its own names
    rule: float | None = None
    rate: float = 100.0

    def __post_init__(self) -> None:
        positive("rate", self.rate)

    def fit(self, X: Signals, y: Any = None) -> SpikeEncoder:
        """Take thresholds from training signals, if a rule is given."""
        series = as_series(X, self.rate)
        self.encoder_ = self.encoder if self.rule is None else type(self.encoder).fit(series, a=self.rule)
        return self

    def transform(self, X: Signals) -> list[Spikes]:
        """Return the spikes of each signal."""
        encoder = self.encoder if self.rule is None else vars(self).get("encoder_")
        if encoder is None:
            raise NotTrainedError("this SpikeEncoder takes its thresholds from training signals: fit it first")
        return [encoder.encode(one) for one in as_series(X, self.rate)]

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether its thresholds are known."""
        return self.rule is None or "encoder_" in vars(self)


@dataclass
class ReservoirTransformer(PipelineStep):
    """From spikes to the state vector of a reservoir each: an array of shape (samples, dims).

    Its neurons lie in the shape of a brain, which gives them distances; channels enter anywhere in it, unless `inputs`
    has another length. The network is built for as many channels as it is fitted to; a learning rule learns then,
    sample by sample and without labels.

    Attributes
    ----------
    neurons, wiring, inputs, reservoir : the network: its size, synapses between neurons and from channels, constants
    vectors : what is read of its activity, joined
    passes : of the learning rule over the training samples
    seed : of every random draw
    """

    neurons: int = 1000
    wiring: SmallWorld = field(default_factory=SmallWorld.default)
    inputs: InputWiring = field(default_factory=lambda: InputWiring(length=np.inf))
    reservoir: Reservoir = field(default_factory=Reservoir)
    vectors: tuple[StateVector, ...] = (StateVector(),)
    passes: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        within("neurons", self.neurons, SMALLEST, LARGEST)
        within("passes", self.passes, 1, 1000)
        if not self.vectors:
            raise InputError("at least one state vector expected, got none")

    def fit(self, X: SpikeTrains, y: Any = None) -> ReservoirTransformer:
        """Build the network for the channels of these spikes, and let it learn if it has a rule."""
        self.network_ = self._build(find_units(X))
        if self.reservoir.stdp is not None:
            for _ in range(self.passes):
                for one in X:
                    self.network_.learn(one)
        return self

    def transform(self, X: SpikeTrains) -> Float32[np.ndarray, "samples dims"]:
        """Return the state vectors; raise `InputError` for spikes of another number of channels."""
        if not self.__sklearn_is_fitted__():
            raise NotTrainedError("this reservoir has no network yet: fit it first")
        units = find_units(X)
        if units != self.units_:
            raise InputError(f"spikes of {self.units_} channels expected, got {units}")
        rows = [self.network_.run(one) for one in X]
        return np.stack([np.concatenate([vector.read(one) for vector in self.vectors]) for one in rows])

    def _build(self, units: int) -> ReservoirNetwork:
        """Return the network."""
        self.units_ = units
        template = BrainTemplate.mni152(self.neurons, self.seed)
        sites = np.zeros((self.reservoir.lines(units), 3), np.float32)
        inputs, recurrent = self.inputs.connect(sites, template, self.seed), self.wiring.connect(template, self.seed)
        return self.reservoir.build(inputs, recurrent, self.seed)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the network is built."""
        return "network_" in vars(self)


def as_series(signals: Signals, rate: float) -> list[Series]:
    """Return signals as series; channels of arrays have numbers for names.

    >>> [len(one) for one in as_series([np.zeros((4, 2)), np.zeros((7, 2))], 100.0)]
    [4, 7]

    Raises
    ------
    InputError : none, or not of shape (steps, channels) each
    """
    if not isinstance(signals, Iterable) or isinstance(signals, str | bytes):
        raise InputError("an array of shape (samples, steps, channels), or a list of signals, expected")
    return [one if isinstance(one, Series) else _name_channels(one, rate) for one in signals]


def _name_channels(signal: Any, rate: float) -> Series:
    """Return one signal as a series."""
    try:
        values = np.asarray(signal, np.float32)
    except (TypeError, ValueError):
        raise InputError("signals are arrays of numbers, of shape (steps, channels)") from None
    if values.ndim != 2 or 0 in values.shape:
        raise InputError(f"signals of shape (steps, channels) expected, got shape {values.shape}")
    return Series(values, rate, tuple(Channel(f"channel {i}", "eeg") for i in range(values.shape[1])))


def find_units(spikes: SpikeTrains) -> int:
    """Return how many channels spikes have; raise `InputError` if that differs, or there are none."""
    if not isinstance(spikes, list) or not spikes or not all(isinstance(one, Spikes) for one in spikes):
        raise InputError("a list of Spikes expected: put a SpikeEncoder before the reservoir")
    units = {one.units for one in spikes}
    if len(units) > 1:
        raise InputError(f"spikes of as many channels expected, got {' and '.join(map(str, sorted(units)))}")
    return int(units.pop())
