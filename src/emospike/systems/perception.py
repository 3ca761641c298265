"""Perception: what a system perceives of a clip, what it lacks, and what should be known about both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from emospike.clip import Clip
from emospike.explain.wording import WORDS
from emospike.features import Feature, eeg
from emospike.features.face_track import NoFaceError, find_company
from emospike.features.level import bring_clip_to_level, describe_channel
from emospike.features.speech import SpeechCheck
from emospike.series import Series
from emospike.systems.mismatch import describe_mismatch
from emospike.validation import InputError

SHORTEST_SPEECH = 0.5
"""Seconds of sound, or of a face alone, below which no decision is given: a syllable or two say nothing reliable."""

CLIPPING = 0.01
"""Share of samples at full scale from which a decision says that the recording is clipped."""


class Modalities(dict[str, tuple[str, ...]]):
    """The modalities that a setting stands for; a name that is not listed is that of one which only some systems have.

    >>> MODALITIES["both"], MODALITIES["eeg"], "eeg" in MODALITIES
    (('audio', 'face'), ('eeg',), False)
    """

    def __missing__(self, modality: str) -> tuple[str, ...]:
        return (modality,)


MODALITIES = Modalities(audio=("audio",), face=("face",), both=("audio", "face"))
"""The settings that every system can have."""

BOTH = MODALITIES["both"]


def modality_of(modalities: Sequence[str]) -> str:
    """Return the setting that stands for exactly these modalities, in any order.

    >>> modality_of(["face", "audio"])
    'both'
    """
    known = (name for name, own in MODALITIES.items() if set(own) == set(modalities))
    return next(known, modalities[0])


@dataclass(frozen=True)
class Perceived:
    """What the features found in one clip.

    Attributes
    ----------
    clip : that clip
    series : one a feature, all on one grid of 10 ms; None where the feature's modality is missing
    modalities : those that are there, in the order of `MODALITIES`
    missing : why the others are not, in words
    damaged : those of the others that are there but cannot be read
    """

    clip: Clip
    series: tuple[Series | None, ...]
    modalities: tuple[str, ...]
    missing: Mapping[str, str] = field(default_factory=dict)
    damaged: tuple[str, ...] = ()

    def without(self, features: Sequence[Feature], modality: str, why: str) -> Perceived:
        """Return the same less one modality, which is then missing for this reason."""
        pairs = zip(features, self.series, strict=True)
        kept = tuple(one if feature.modality != modality else None for feature, one in pairs)
        rest = tuple(other for other in self.modalities if other != modality)
        return replace(self, series=kept, modalities=rest, missing={**self.missing, modality: why})

    @property
    def modality(self) -> str:
        """The setting that stands for what is there."""
        return modality_of(self.modalities)

    @property
    def present(self) -> list[Series]:
        """The series of the modalities that are there."""
        return [one for one in self.series if one is not None]


def perceive(features: Sequence[Feature], clip: Clip, modality: str = "both", level: float | None = None) -> Perceived:
    """Return the clip's features of a modality; one that is listed several times is extracted once.

    A modality that the clip lacks (no face, no sound track) is passed over as long as another is there. Sound is
    brought to an active `level` in dBFS before (see `emospike.features.level`), or taken as recorded.

    Raises
    ------
    InputError : what is wrong with the clip, if no modality is left
    """
    found: dict[Feature, Series] = {}
    missing: dict[str, InputError] = {}
    asked = [feature for feature in features if feature.modality in MODALITIES[modality]]
    for feature in dict.fromkeys(asked):
        if feature.modality not in missing:
            try:
                levelled = clip if level is None or feature.modality != "audio" else bring_clip_to_level(clip, level)
                found[feature] = feature.extract(levelled)
            except InputError as error:
                missing[feature.modality] = error
    there = {feature.modality for feature in asked} - set(missing)
    if not there:
        raise next(
            iter(missing.values()), InputError(f"{clip.name} is not perceived: there is no feature of {modality}")
        )
    return Perceived(
        clip,
        tuple(found.get(feature) if feature.modality in there else None for feature in features),
        tuple(one for one in MODALITIES[modality] if one in there),
        {name: str(why) for name, why in missing.items()},
        tuple(one for one, why in missing.items() if not isinstance(why, NoFaceError) and has(clip, one)),
    )


def has(clip: Clip, modality: str) -> bool:
    """Tell whether a clip claims to have a modality, whatever its features find in it."""
    return {"audio": clip.hears, "face": clip.sees}.get(modality, True)


def hear_again(features: Sequence[Feature], seen: Perceived, clip: Clip, level: float | None = None) -> Perceived:
    """Return what is perceived of a clip with the sound of another one (see `degrade`), all else as it was.

    Where nothing was heard, or the other has no sound that can be used, all stays.
    """
    if "audio" not in seen.modalities:
        return seen
    try:
        heard = perceive(features, clip, "audio", level)
    except InputError:
        return seen
    pairs = zip(heard.series, seen.series, strict=True)
    return replace(seen, clip=clip, series=tuple(before if new is None else new for new, before in pairs))


def explain_no_speech(clip: Clip) -> str | None:
    """Return why a sound cannot be decided on as speech, or None."""
    if clip.seconds < SHORTEST_SPEECH:
        return f"{clip.seconds:.2f} s of sound, {SHORTEST_SPEECH} s are needed"
    missing = SpeechCheck().missing(clip)
    return missing and f"no speech was heard: {missing}"


def check_long_enough(seen: Perceived) -> None:
    """Raise `NoFaceError` if a face that decides alone was seen for too short a time."""
    series = seen.present[0]
    seconds = (len(series) - 1) / series.rate
    if seen.modalities == ("face",) and seconds < SHORTEST_SPEECH:
        raise NoFaceError(f"{seconds:.2f} s of a face, {SHORTEST_SPEECH} s are needed")


def remark_on(
    clip: Clip, share: Mapping[str, float], missing: Mapping[str, str], *, heard: bool = True
) -> Iterator[str]:
    """Yield what should be known about a decision.

    `share` names the modalities that decided, `missing` says of each that is not there why, `heard` whether speech was.
    """
    if len(share) > 1:
        yield ", ".join(f"{WORDS[one]} {part:.0%}" for one, part in share.items())
    for why in missing.values():
        yield f"{' and '.join(WORDS[one] for one in share)} alone: {why}"
    if "audio" in share and clip.clipped > CLIPPING:
        yield f"{clip.clipped:.0%} of the samples are clipped"
    if "audio" in share and heard:
        yield from describe_channel(clip)
    if "audio" in share and clip.warning:
        yield clip.warning
    if "face" in share:
        yield from find_company(clip).describe()
        if clip.film_note:
            yield clip.film_note
        if mismatch := describe_mismatch(clip):
            yield mismatch
    if "eeg" in share:
        yield from eeg.collect_notes(clip)


def contributions(changes: Mapping[str, float]) -> dict[str, float]:
    """Return how much each modality contributed, from what leaving it out takes from the decision (log-odds).

    A modality that spoke against the decision, or did not matter, contributed nothing; if that goes for all, they
    contributed alike.

    >>> contributions({"audio": 3.0, "face": 1.0}), contributions({"audio": 2.0, "face": -1.0})
    ({'audio': 0.75, 'face': 0.25}, {'audio': 1.0, 'face': 0.0})
    """
    for_it = {one: max(change, 0.0) for one, change in changes.items()}
    total = sum(for_it.values())
    return {one: part / total if total else 1 / len(for_it) for one, part in for_it.items()}
