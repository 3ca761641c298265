"""Features: from a clip to time series.

Each is one file: a frozen dataclass with the verb ``extract(clip) -> Series`` and the modality that it takes in. To
add one, write that file and its line in `FEATURES`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, runtime_checkable

from emospike.augmentation.voice import Voice
from emospike.clip import Clip
from emospike.registry import Registry
from emospike.series import Series

FEATURES = Registry(
    "feature",
    {
        "mel": "emospike.features.mel:Mel",
        "mfcc": "emospike.features.mfcc:MFCC",
        "linear_fft": "emospike.features.linear_fft:LinearFFT",
        "gammatone": "emospike.features.gammatone:Gammatone",
        "prosody": "emospike.features.prosody:Prosody",
        "constant_q": "emospike.features.constant_q:ConstantQ",
        "blendshapes": "emospike.features.blendshapes:Blendshapes",
        "action_units": "emospike.features.action_units:ActionUnits",
        "event_rate": "emospike.features.event_rate:EventRate",
        "eeg": "emospike.features.eeg:EEG",
    },
    "emospike.features",
)

PICTURES = Registry("pictures", {"contours": "emospike.features.contours:Contours"})
"""What becomes pictures in place of a `Series`."""


@runtime_checkable
class Feature(Protocol):
    """What every feature can do."""

    modality: ClassVar[str]
    """What it takes in: ``"audio"``, ``"face"`` or ``"eeg"``."""

    def extract(self, clip: Clip) -> Series:
        """Return the clip's time series."""
        ...

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the series as another voice would have given it (see `VirtualSpeakers`)."""
        ...


def __getattr__(name: str) -> Any:
    """Import what this room has registered when it is asked for: ``from emospike.features import ...``."""
    return FEATURES.load_class(name)
