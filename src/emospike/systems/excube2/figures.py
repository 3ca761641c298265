"""Figures 5, 9, 12 and 13 of the eXCube2 paper: encoders, answering in part, and which features follow each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from jaxtyping import Bool

from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.datasets import Dataset
from emospike.datasets.table import Recording
from emospike.encoding import ENCODERS
from emospike.encoding.error import reconstruction_error
from emospike.features import Feature
from emospike.features.action_units import ActionUnits
from emospike.features.linear_fft import LinearFFT
from emospike.features.mel import Mel
from emospike.features.movements import PARTS as PARTS_OF_FACE
from emospike.progress import Progress
from emospike.readout.interactions import Members, neurons_near
from emospike.series import Series
from emospike.systems.excube2.model import EXCube2
from emospike.systems.excube2.paper import DEFAULT, FULL, NOTES, SELECTIVE, describe_table, make_selective_trial
from emospike.systems.excube2.trials import MODELS, NEEDS, CubeReader, Links, follow_spikes, make_system
from emospike.systems.paper import Claim, Found, Reproduction, Split, Trial

HONEST = ("speaker-folds",)

# -- Figure 5 --------------------------------------------------------------------------------------------------

FEATURES: Mapping[str, tuple[Feature, str]] = {
    "mel, 40 bands": (Mel(bands=40), "audio"),
    "linear FFT, 24 bands": (LinearFFT(bands=24), "audio"),
    "action units": (ActionUnits(), "both"),
}
"""The paper's features of sound, and ours of the face; and what a recording must have for them."""

DECODED = ("step_forward", "threshold", "moving_window", "bsa", "sigma_delta")
"""Encoders whose spikes can be turned back; the paper's is the first."""

ERROR, RATE = "error (NMSE)", "spikes a channel and second"


@dataclass
class SeriesCache:
    """The series of recordings, taken once."""

    feature: Feature
    kept: dict[Recording, Series] = field(default_factory=dict, repr=False)

    def of(self, part: Dataset, progress: Progress | None = None) -> list[Series]:
        """Return the series of each recording."""
        new = tuple(one for one in part.recordings if one not in self.kept)

        def extract(_: int, clip: Clip) -> Series:
            return self.feature.extract(clip)

        self.kept.update(zip(new, map_clips(extract, Dataset("", new).clips(), "features", progress), strict=True))
        return [self.kept[one] for one in part.recordings]


def figure5() -> Reproduction:
    """Figure 5: how much of a feature is lost in its spikes, encoder by encoder."""
    trials = []
    for what, (feature, needed) in FEATURES.items():
        claims = tuple(Claim(f"{what}: {name}") for name in DECODED)
        answer = partial(_rebuild, what, SeriesCache(feature))
        trials.append(Trial(claims, f"{feature} {DECODED}", answer, needed))
    return describe_table(
        "Encoders: what is left of a feature",
        "Figure 5",
        trials,
        (ERROR, RATE),
        protocols=HONEST,
        figure="numbers",
        notes=(
            "the paper draws one recording, whose error we could not read",
            "thresholds and ranges are fitted to training recordings (NeuCube's rule, a = 0.5), errors are those of "
            "test recordings; NMSE: 0 is perfect, 1 as bad as the mean of each channel",
        ),
    )


def _rebuild(what: str, cache: SeriesCache, split: Split) -> Found:
    trained, tested = (cache.of(part, split.progress) for part in (split.train, split.test))
    measured = {}
    for name in DECODED:
        encoder = ENCODERS.load(name).fit(trained)
        numbers = []
        for series in tested:
            spikes = encoder.encode(series)
            error = reconstruction_error(series, encoder.decode(spikes, series.values[0])).overall
            numbers.append((error, len(spikes) / len(series.channels) / series.seconds))
        errors, rates = np.array(numbers).T
        measured[f"{what}: {name}"] = {ERROR: errors, RATE: rates}
    return Found(measured=measured)


# -- Figure 9 --------------------------------------------------------------------------------------------------

COVERAGES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5)


def figure9() -> Reproduction:
    """Figures 9 to 11: accuracy against coverage, for each of the three models."""
    reader, columns = CubeReader(), ("softmax", "default")
    trials = []
    for model in MODELS:
        claims = []
        for coverage in sorted({*COVERAGES, SELECTIVE[model][0]}, reverse=True):
            told = {1.0: FULL[model], SELECTIVE[model][0]: SELECTIVE[model][1]}.get(coverage)
            paper = {} if told is None else {"softmax": told}
            at = {"model": model, "coverage": coverage}
            claims.append(Claim(f"{model}: the surest {100 * coverage:.4g} %", paper, at))
        trials.append(make_selective_trial(model, tuple(claims), columns, reader))
    notes = (*NOTES, "softmax: preset published, by the prototypes' softmax", DEFAULT)
    where = "Figures 9 to 11"
    return describe_table("Accuracy against coverage", where, trials, columns, figure="coverage", notes=notes)


# -- Figures 12 and 13 -----------------------------------------------------------------------------------------

ARISES = (
    "how often a spike at one node is followed by one at another 10 ms later, in test recordings: 1/s a pair of "
    "neurons",
    "a node is the neurons nearest to where the feature enters, in each hemisphere",
)


Nodes = Callable[[EXCube2], Members]
Linking = Callable[[Sequence[str]], Links]


def figure12() -> Reproduction:
    """Figure 12: which of 24 bands of sound follow each other."""
    system = replace(make_system("published", "sound"), features=(LinearFFT(bands=24),))
    trial = _make_trial(system, _find_bands, _pair_bands)
    return _describe("Bands of sound: what follows what", "Figure 12", "sound", trial)


def figure13() -> Reproduction:
    """Figure 13: which features of sound and face follow each other."""
    trial = _make_trial(make_system("published", "both"), _find_groups, _pair_modalities)
    return _describe("Sound and face: what follows what", "Figure 13", "both", trial)


def _make_trial(system: EXCube2, nodes: Nodes, links: Linking) -> Trial:
    claims = tuple(Claim(row) for row in links(("one L", "one R")))
    return Trial(claims, f"following {system}", partial(follow_spikes, system, nodes, links))


def _describe(title: str, where: str, model: str, trial: Trial) -> Reproduction:
    more = {"modality": NEEDS[model], "protocols": HONEST, "figure": "interactions", "notes": (*NOTES, *ARISES)}
    return describe_table(title, where, [trial], ("low", "high"), **more)


def _find_bands(system: EXCube2) -> Members:
    """Return the neurons nearest to each channel's sites."""
    groups = {channel.name: np.array([at]) for at, channel in enumerate(system.channels_)}
    return neurons_near(system.sites_, groups, system.template_.positions, count=3)


def _find_groups(system: EXCube2) -> Members:
    """Return the neurons nearest to the bands and the parts of the face that the paper names."""
    return system.nodes_


def _pair_bands(names: Sequence[str]) -> Links:
    """Return pairs of bands by how near they are, from low to high in each hemisphere."""
    side = np.array([name[-1] for name in names])
    rank = np.concatenate([np.arange(np.sum(side == one)) for one in dict.fromkeys(side)])
    apart, here = np.abs(rank[:, None] - rank), side[:, None] == side
    return {
        "neighbours, one hemisphere": here & (apart == 1),
        "two to six bands apart, one hemisphere": here & (apart > 1) & (apart <= 6),
        "further apart, one hemisphere": here & (apart > 6),
        "the same band, across hemispheres": ~here & (apart == 0),
        "other bands, across hemispheres": ~here & (apart > 0),
    }


def _pair_modalities(names: Sequence[str]) -> Links:
    """Return pairs of nodes by their senses, and those that the paper's text compares between the classes."""
    kind = np.array([name[:-2] for name in names])
    seen = np.isin(kind, list(PARTS_OF_FACE))
    other = kind[:, None] != kind

    def between(one: str, two: str) -> Bool[np.ndarray, "nodes nodes"]:
        first, second = kind == one, kind == two
        return np.asarray((first[:, None] & second) | (second[:, None] & first))

    return {
        "sound to sound": ~seen[:, None] & ~seen & other,
        "face to face": seen[:, None] & seen & other,
        "sound to face": ~seen[:, None] & seen,
        "face to sound": seen[:, None] & ~seen,
        "50–200 Hz and 200–400 Hz": between("50–200 Hz", "200–400 Hz"),
        "200–400 Hz and 650 Hz–1 kHz": between("200–400 Hz", "650 Hz–1 kHz"),
        "upper and lower mouth": between("upper mouth", "lower mouth"),
    }
