"""Recordings of any length: one decision a window and one for the whole, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from emospike.clip import Clip, check_speech, is_silent
from emospike.decision import STRANGE, Decision, verdict
from emospike.progress import Stopwatch
from emospike.systems.base import System, as_clip
from emospike.systems.perception import CLIPPING
from emospike.validation import InputError, within

WINDOW = 4.0
"""Seconds of a window: about as long as the clips of RAVDESS."""


@dataclass(frozen=True)
class WindowDecision:
    """What was decided on the part of a recording from `start` to `stop`.

    Attributes
    ----------
    start, stop : seconds from the beginning of the file
    decision : None where the part is silent
    clipped : share of its samples at full scale
    """

    start: float
    stop: float
    decision: Decision | None
    clipped: float = 0.0


def decide_recording(
    system: System,
    recording: Clip | Path | str,
    threshold: float | None = None,
    window: float = WINDOW,
    modality: str | None = None,
) -> tuple[Decision, list[WindowDecision]]:
    """Return the decision on a whole recording, and on each of its windows if it is longer than two of them.

    Windows lie end to end and are read one at a time. The whole is decided by the mean log-probability over the
    windows in which speech is heard,

        p_k = softmax_k(mean_w ln p_wk),

    by which one confident window outweighs several undecided ones. Windows that are unlike all that was learnt from are
    passed over. If there is no other, or no speech at all, the whole is not answered.

    Raises
    ------
    InputError : as `Clip` does for a recording that cannot be used; it is silent throughout; or `window` is not
        within 0.5 to 60 s
    """
    check_window(window)
    clip = as_clip(recording)
    if clip.seconds <= 2 * window:
        return system.decide(clip, threshold, modality), []
    watch = Stopwatch()
    windows = list(_windows(system, clip.windows(window), threshold, modality, watch))
    limit = system.limit(modality or system.modality, threshold)
    return _whole(clip, windows, limit, watch.seconds), windows


def check_window(seconds: float) -> None:
    """Raise `InputError` unless windows may be that long."""
    within("window in seconds", seconds, 0.5, 60)


def _windows(
    system: System, parts: Iterator[Clip], threshold: float | None, modality: str | None, watch: Stopwatch
) -> Iterator[WindowDecision]:
    """Decide window by window, adding up the seconds of each stage."""
    sees = (modality or system.get_params().get("modality", "audio")) != "audio"
    while True:
        with watch("decode"):
            part = next(parts, None)
        if part is None:
            return
        decision, audible = None, part.hears and not is_silent(part.sound)
        if audible:
            check_speech(part.sound, f"{part.path} from {part.start:g} s")
        if audible or (sees and part.sees):
            decision = system.decide(part, threshold, modality)
            for stage, seconds in decision.seconds.items():
                watch.seconds[stage] = watch.seconds.get(stage, 0.0) + seconds
        yield WindowDecision(part.start, part.start + part.seconds, decision, part.clipped)


def _whole(clip: Clip, windows: Sequence[WindowDecision], threshold: float, seconds: Mapping[str, float]) -> Decision:
    """Return the decision that the windows amount to."""
    heard = [one.decision for one in windows if one.decision]
    if not heard:
        raise InputError(f"{clip.path} is silent (peak below -80 dBFS): check the microphone or the track")
    spoken = [one for one in heard if one.speech]
    familiar = [one for one in spoken if one.familiar]
    votes = [one for one in familiar or spoken or heard if one.share]
    if not votes:
        return replace(heard[0], seconds=dict(seconds))
    logs = np.log(np.maximum([list(one.probabilities.values()) for one in votes], 1e-12)).mean(axis=0)
    odds = np.exp(logs - logs.max())
    probabilities = dict(zip(votes[0].probabilities, (odds / odds.sum()).tolist(), strict=True))
    label = max(probabilities, key=probabilities.__getitem__)
    answered, reason = verdict(probabilities[label], threshold)
    if not spoken:
        answered, reason = False, "don't know: no speech was heard"
    elif not familiar:
        answered, reason = False, f"don't know: {STRANGE}"
    senses = dict.fromkeys(sense for one in votes for sense in one.share)
    share = {sense: sum(one.share.get(sense, 0.0) for one in votes) / len(votes) for sense in senses}
    strange = len(spoken) - len(familiar)
    reason = "; ".join([reason, *_notes(clip, windows, len(heard), len(spoken), strange)])
    return Decision(
        label, probabilities, probabilities[label], answered, reason, share, dict(seconds), bool(spoken), bool(familiar)
    )


def _notes(clip: Clip, windows: Sequence[WindowDecision], heard: int, spoken: int, strange: int) -> Iterator[str]:
    silent = f", {len(windows) - heard} silent" if heard < len(windows) else ""
    noise = f", {heard - spoken} without speech" if spoken < heard else ""
    unlike = f", {strange} {STRANGE}" if strange else ""
    yield f"over {len(windows)} windows{silent}{noise}{unlike}"
    clipped = np.average([one.clipped for one in windows], weights=[one.stop - one.start for one in windows])
    if clipped > CLIPPING:
        yield f"{clipped:.0%} of the samples are clipped"
    if clip.warning:
        yield clip.warning
