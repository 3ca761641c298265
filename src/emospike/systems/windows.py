"""Recordings of any length: the windows that they are decided in, and the decision that these amount to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from emospike.clip import Clip, check_speech, is_silent
from emospike.decision import STRANGE, Decision, describe_disagreement, verdict
from emospike.features.face_track import ALONE, Company, NoFaceError, find_company, join_companies
from emospike.progress import Stopwatch
from emospike.systems.evidence import Part
from emospike.systems.mismatch import describe_mismatch
from emospike.systems.perception import CLIPPING, explain_no_speech
from emospike.validation import InputError, within

WINDOW = 4.0
"""Seconds of a window: about as long as the clips that trained."""

LONGEST = 2 * WINDOW
"""Seconds up to which a recording is decided in one piece."""

Probabilities = Float[np.ndarray, "windows classes"]
Which = Bool[np.ndarray, " windows"]


@dataclass(frozen=True)
class WindowDecision:
    """What was decided on the part of a recording from `start` to `stop`.

    Attributes
    ----------
    start, stop : seconds from the beginning of the file
    decision : None where the part is silent
    clipped : share of its samples at full scale
    threshold : the confidence that an answer by what decided here needs
    company : who else may be seen than the face that was followed
    """

    start: float
    stop: float
    decision: Decision | None
    clipped: float = 0.0
    threshold: float = 0.0
    company: Company = ALONE


def is_long(clip: Clip, seconds: float = LONGEST) -> bool:
    """Tell whether a recording takes longer, by default than what is decided in one piece.

    What is wrong with one that cannot be read, whoever perceives it will tell.
    """
    try:
        return clip.seconds > seconds
    except InputError:
        return False


def check_window(seconds: float) -> None:
    """Raise `InputError` unless windows may be that long."""
    within("window in seconds", seconds, 0.5, 60)


def cut_windows(
    clip: Clip, seconds: float, *, sees: bool, watch: Stopwatch | None = None
) -> Iterator[tuple[Clip, bool]]:
    """Yield the windows of a recording, from beginning to end, and whether there is something to decide on in each.

    That is sound that is not silent or, where it `sees` more than sound, a face to look for, or EEG alone.
    """
    watch, parts = watch or Stopwatch(), clip.windows(seconds)
    while True:
        with watch("decode"):
            part = next(parts, None)
        if part is None:
            return
        audible = part.hears and not is_silent(part.sound)
        if audible:
            check_speech(part.sound, f"{part.path} from {part.start:g} s")
        yield part, audible or (sees and (part.sees or (part.eeg is not None and not part.hears)))


def decide_parts(
    clip: Clip, seconds: float, decide: Callable[[Clip], tuple[Decision, float]], *, sees: bool, watch: Stopwatch
) -> Iterator[WindowDecision]:
    """Yield what is decided on each window; `decide` gives a decision and the confidence that it needed."""
    for part, usable in cut_windows(clip, seconds, sees=sees, watch=watch):
        decision, threshold = decide(part) if usable else (None, 0.0)
        for stage, spent in decision.seconds.items() if decision else ():
            watch.seconds[stage] = watch.seconds.get(stage, 0.0) + spent
        company = find_company(part).shift(part.start)
        yield WindowDecision(part.start, part.start + part.seconds, decision, part.clipped, threshold, company)


def represent_windows(clip: Clip, represent: Callable[[Clip], Mapping[str, Any]], senses: Sequence[str]) -> list[Part]:
    """Return what readouts read of each window of a recording that has something to decide on.

    Raises
    ------
    InputError : there is none, or `represent` raises it for anything but a missing face
    """
    parts: list[Part] = []
    for window, usable in cut_windows(clip, WINDOW, sees={*senses} != {"audio"}):
        try:
            read = represent(window) if usable else {}
        except NoFaceError:
            continue
        if read:
            parts.append(Part(read, "audio" not in senses or explain_no_speech(window) is None))
    if not parts:
        raise InputError(f"{clip.path} has nothing to decide on in any of its windows")
    return parts


def join_answers(
    rows: Int[np.ndarray, " windows"], answers: Probabilities, spoken: Which, novelty: Float32[np.ndarray, " windows"]
) -> dict[int, tuple[Float[np.ndarray, " classes"], float]]:
    """Return the answer to each recording and its novelty, from those of its windows; `rows` tell whose each is."""
    said = {}
    for row in np.unique(rows):
        own = np.flatnonzero(rows == row)
        votes = own[choose_voters(spoken[own], novelty[own] <= 1)]
        whole = answers[own[0]] if len(own) == 1 else join_probabilities(answers[votes])
        said[int(row)] = whole, float(novelty[votes].min())
    return said


def choose_voters(spoken: Which, familiar: Which) -> Which:
    """Return which windows decide on the whole: those with speech that is not strange, or else with speech, or all.

    >>> choose_voters(np.array([True, True, False]), np.array([False, True, True])).tolist()
    [False, True, False]
    """
    both = spoken & familiar
    return both if both.any() else spoken if spoken.any() else np.ones(len(spoken), bool)


def join_probabilities(probabilities: Probabilities) -> Float[np.ndarray, " classes"]:
    """Return what windows amount to: p_k = softmax_k(mean_w ln p_wk)."""
    logs = np.log(np.maximum(probabilities, 1e-12)).mean(axis=0)
    odds = np.exp(logs - logs.max())
    joined: Float[np.ndarray, " classes"] = odds / odds.sum()
    return joined


def list_voters(windows: Sequence[WindowDecision]) -> list[tuple[WindowDecision, Decision]]:
    """Return the windows that decide on the whole (see `choose_voters`), with their decisions."""
    shown = [(one, one.decision) for one in windows if one.decision and one.decision.share]
    usable, familiar = (np.array([getattr(one, name) for _, one in shown], bool) for name in ("usable", "familiar"))
    return [shown[i] for i in np.flatnonzero(choose_voters(usable, familiar))]


def join_thresholds(windows: Sequence[WindowDecision]) -> float:
    """Return the confidence that the whole needs: that of its voters, on average, as modalities may differ."""
    voters = list_voters(windows)
    return float(np.mean([one.threshold for one, _ in voters])) if voters else 0.0


def join_windows(clip: Clip, windows: Sequence[WindowDecision], seconds: Mapping[str, float]) -> Decision:
    """Return the decision on a recording that those on its windows amount to.

    Raises
    ------
    InputError : it is silent throughout
    """
    heard = [(one, one.decision) for one in windows if one.decision]
    if not heard:
        raise InputError(f"{clip.path} is silent (peak below -80 dBFS): check the microphone or the track")
    votes = list_voters(windows)
    if not votes:
        return replace(heard[0][1], seconds=dict(seconds))
    usable, familiar = (np.array([getattr(one, name) for _, one in heard]) for name in ("usable", "familiar"))
    spoken = any(one.speech for _, one in heard)
    joined = join_probabilities(np.array([list(one.probabilities.values()) for _, one in votes]))
    probabilities = dict(zip(votes[0][1].probabilities, joined.tolist(), strict=True))
    label = max(probabilities, key=probabilities.__getitem__)
    answered, reason = verdict(probabilities[label], join_thresholds(windows))
    if not usable.any():
        answered, reason = False, f"don't know: {'the face cannot be read' if spoken else 'no speech was heard'}"
    elif not (usable & familiar).any():
        answered, reason = False, f"don't know: {STRANGE}"
    senses = dict.fromkeys(sense for _, one in votes for sense in one.share)
    share = {sense: float(np.mean([one.share.get(sense, 0.0) for _, one in votes])) for sense in senses}
    own = {sense: [one.alone[sense] for _, one in votes if sense in one.alone] for sense in senses}
    alone = {sense: _join_alone(answers) for sense, answers in own.items() if answers}
    said = "; ".join([reason, *describe_disagreement(alone), *_remark(clip, windows)])
    clear = any(one.clear for _, one in heard)
    known = {"speech": spoken, "clear": clear, "familiar": bool((usable & familiar).any() or not usable.any())}
    return Decision(
        label, probabilities, probabilities[label], answered, said, share, dict(seconds), **known, alone=alone
    )


def _join_alone(answers: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return what the answers of one modality to several windows amount to."""
    joined = join_probabilities(np.array([list(one.values()) for one in answers]))
    return dict(zip(answers[0], joined.tolist(), strict=True))


def _remark(clip: Clip, windows: Sequence[WindowDecision]) -> Iterator[str]:
    """Yield what should be known about the windows."""
    heard = [one.decision for one in windows if one.decision]
    counts = {
        "silent": len(windows) - len(heard),
        "without speech": sum(not one.speech for one in heard),
        "with a face that cannot be read": sum(not one.clear for one in heard),
        STRANGE: sum(one.usable and not one.familiar for one in heard),
    }
    yield ", ".join([f"over {len(windows)} windows", *(f"{count} {what}" for what, count in counts.items() if count)])
    clipped = np.average([one.clipped for one in windows], weights=[one.stop - one.start for one in windows])
    if clipped > CLIPPING:
        yield f"{clipped:.0%} of the samples are clipped"
    if clip.warning:
        yield clip.warning
    if any("face" in one.decision.share for one in windows if one.decision):
        yield from join_companies(one.company for one in windows).describe()
        yield from filter(None, (clip.film_note, describe_mismatch(clip)))
