"""Senses: what a system perceives of a clip, and what it lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emospike.clip import Clip
from emospike.features import Feature
from emospike.series import Series
from emospike.validation import InputError


class Modalities(dict[str, tuple[str, ...]]):
    """The senses of each modality; a name that is not listed is that of a sense which only some systems have.

    >>> MODALITIES["both"], MODALITIES["eeg"], "eeg" in MODALITIES
    (('audio', 'face'), ('eeg',), False)
    """

    def __missing__(self, sense: str) -> tuple[str, ...]:
        return (sense,)


MODALITIES = Modalities(audio=("audio",), face=("face",), both=("audio", "face"))
"""The modalities that every system can have."""

SENSES = MODALITIES["both"]


def modality_of(senses: Sequence[str]) -> str:
    """Return the modality that has exactly these senses, in any order.

    >>> modality_of(["face", "audio"])
    'both'
    """
    known = (name for name, own in MODALITIES.items() if set(own) == set(senses))
    return next(known, senses[0])


@dataclass(frozen=True)
class Perceived:
    """What the features found in one clip.

    Attributes
    ----------
    clip : that clip
    series : one a feature, all on one grid of 10 ms; None where the feature's modality is missing
    senses : those that are there, in the order of `MODALITIES`
    missing : why the others are not, in words
    """

    clip: Clip
    series: tuple[Series | None, ...]
    senses: tuple[str, ...]
    missing: Mapping[str, str] = field(default_factory=dict)

    def without(self, features: Sequence[Feature], sense: str, why: str) -> Perceived:
        """Return the same less one sense, which is then missing for this reason."""
        kept = (one if feature.modality != sense else None for feature, one in zip(features, self.series, strict=True))
        senses = tuple(other for other in self.senses if other != sense)
        return Perceived(self.clip, tuple(kept), senses, {**self.missing, sense: why})

    @property
    def there(self) -> list[Series]:
        """The series of the senses that are there."""
        return [one for one in self.series if one is not None]


def perceive(features: Sequence[Feature], clip: Clip, modality: str = "both") -> Perceived:
    """Return the clip's features of a modality; one that is listed several times is extracted once.

    A sense that the clip lacks (no face, no sound track) is passed over as long as another is there.

    Raises
    ------
    InputError : what is wrong with the clip, if no sense is left
    """
    found: dict[Feature, Series] = {}
    missing: dict[str, InputError] = {}
    asked = [feature for feature in features if feature.modality in MODALITIES[modality]]
    for feature in dict.fromkeys(asked):
        if feature.modality not in missing:
            try:
                found[feature] = feature.extract(clip)
            except InputError as error:
                missing[feature.modality] = error
    there = {feature.modality for feature in asked} - set(missing)
    if not there:
        raise next(iter(missing.values()))
    series = tuple(found.get(feature) if feature.modality in there else None for feature in features)
    return Perceived(
        clip,
        series,
        tuple(sense for sense in MODALITIES[modality] if sense in there),
        {name: str(why) for name, why in missing.items()},
    )


def shares(effects: Mapping[str, float]) -> dict[str, float]:
    """Return how much each sense contributed, from what leaving it out takes from the decision (log-odds).

    A sense that spoke against the decision, or did not matter, has no share; if that goes for all, they share alike.

    >>> shares({"audio": 3.0, "face": 1.0}), shares({"audio": 2.0, "face": -1.0})
    ({'audio': 0.75, 'face': 0.25}, {'audio': 1.0, 'face': 0.0})
    """
    for_it = {sense: max(effect, 0.0) for sense, effect in effects.items()}
    total = sum(for_it.values())
    return {sense: one / total if total else 1 / len(for_it) for sense, one in for_it.items()}
