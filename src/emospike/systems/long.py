"""Recordings of any length: one decision a window and one for the whole, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emospike.clip import Clip, check_speech, is_silent
from emospike.systems.clips import Stopwatch
from emospike.systems.contract import CLIPPING, Decision, System, as_clip, verdict
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
    system: System, recording: Clip | Path | str, threshold: float | None = None, window: float = WINDOW
) -> tuple[Decision, list[WindowDecision]]:
    """Return the decision on a whole recording, and on each of its windows if it is longer than two of them.

    Windows lie end to end and are read one at a time. The whole is decided by the mean log-probability over the
    windows that are not silent,

        p_k = softmax_k(mean_w ln p_wk),

    by which one confident window outweighs several undecided ones.

    Raises
    ------
    InputError : as `Clip` does for a recording that cannot be used; it is silent throughout; or `window` is not
        within 0.5 to 60 s
    """
    check_window(window)
    clip = as_clip(recording)
    if clip.seconds <= 2 * window:
        return system.decide(clip, threshold), []
    watch = Stopwatch()
    windows = list(_windows(system, clip.windows(window), threshold, watch))
    limit = system.threshold_ if threshold is None else threshold
    return _whole(clip, windows, limit, watch.seconds), windows


def check_window(seconds: float) -> None:
    """Raise `InputError` unless windows may be that long."""
    within("window in seconds", seconds, 0.5, 60)


def _windows(
    system: System, parts: Iterator[Clip], threshold: float | None, watch: Stopwatch
) -> Iterator[WindowDecision]:
    """Decide window by window, adding up the seconds of each stage."""
    while True:
        with watch("decode"):
            part = next(parts, None)
        if part is None:
            return
        decision = None
        if not is_silent(part.sound):
            check_speech(part.sound, f"{part.path} from {part.start:g} s")
            decision = system.decide(part, threshold)
            for stage, seconds in decision.seconds.items():
                watch.seconds[stage] = watch.seconds.get(stage, 0.0) + seconds
        yield WindowDecision(part.start, part.start + part.seconds, decision, part.clipped)


def _whole(clip: Clip, windows: Sequence[WindowDecision], threshold: float, seconds: Mapping[str, float]) -> Decision:
    """Return the decision that the windows amount to."""
    heard = [one.decision for one in windows if one.decision]
    if not heard:
        raise InputError(f"{clip.path} is silent (peak below -80 dBFS): check the microphone or the track")
    logs = np.log(np.maximum([list(one.probabilities.values()) for one in heard], 1e-12)).mean(axis=0)
    odds = np.exp(logs - logs.max())
    probabilities = dict(zip(heard[0].probabilities, (odds / odds.sum()).tolist(), strict=True))
    label = max(probabilities, key=probabilities.__getitem__)
    answered, reason = verdict(probabilities[label], threshold)
    share = {sense: sum(one.share[sense] for one in heard) / len(heard) for sense in heard[0].share}
    reason = "; ".join([reason, *_notes(clip, windows, len(heard))])
    return Decision(label, probabilities, probabilities[label], answered, reason, share, dict(seconds))


def _notes(clip: Clip, windows: Sequence[WindowDecision], heard: int) -> Iterator[str]:
    silent = f", {len(windows) - heard} silent" if heard < len(windows) else ""
    yield f"over {len(windows)} windows{silent}"
    clipped = np.average([one.clipped for one in windows], weights=[one.stop - one.start for one in windows])
    if clipped > CLIPPING:
        yield f"{clipped:.0%} of the samples are clipped"
    if clip.warning:
        yield clip.warning
