"""Training by gradients: what a run is like, for every network that PyTorch trains."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from emospike.validation import InputError, positive, within


@dataclass(frozen=True)
class Training:
    """How a network is trained: AdamW, one cycle of the learning rate, and an average of the weights that is kept.

    Attributes
    ----------
    epochs : passes over the training clips, at most
    batch : clips a step
    rate : highest learning rate; it rises over the first fifth of the steps and falls to nothing
    decay : weight decay
    smoothing : share of the target that is spread over all classes
    average : share of the averaged weights that stays at each step; what is kept is the average
    spike_rate, spike_weight : mean rate of the spikes above which the loss rises, and how fast
    contrast : weight of the contrast between the modalities of clips of one class (see `contrast_loss`)
    modality_dropout : chance that a clip of several modalities loses one for a step, so that none silences the others
    validate_every : epochs between validations on held-out clips; the weights that did best are kept
    patience : validations without a gain after which training ends
    bf16 : on a GPU, compute in bfloat16
    deterministic : use algorithms that give the same weights every time, where there is a choice (on a GPU: slower)
    """

    epochs: int = 40
    batch: int = 64
    rate: float = 3e-3
    decay: float = 0.02
    smoothing: float = 0.1
    average: float = 0.99
    spike_rate: float = 0.05
    spike_weight: float = 2.0
    contrast: float = 0.0
    modality_dropout: float = 0.3
    validate_every: int = 2
    patience: int = 6
    bf16: bool = False
    deterministic: bool = True

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "rate", "validate_every", "patience"):
            positive(name, getattr(self, name))
        within("modality_dropout", self.modality_dropout, 0, 1)


def require_torch() -> None:
    """Raise `InputError` unless PyTorch is installed."""
    if find_spec("torch") is None:
        raise InputError("this network needs torch: pip install 'emospike[deep]'")
