"""What figures and page say in words: the verdict, how each number was measured, names and labels."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from emospike.explain.geometry import View, own_ranges
from emospike.readout.traffic import Learning
from emospike.series import Channel
from emospike.systems.base import Decision, Effect, Explanation
from emospike.systems.perception import WORDS

MOST_EFFECTS = 12  # drawn of one kind
DECIDES = 0.75  # share from which one sense is said to have decided

SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*s?\s*(?:-|–|—|to)\s*(\d+(?:\.\d+)?)")


def verdict(decision: Decision) -> str:
    """Return the answer: the label, or that there is none."""
    return decision.label if decision.answered else "Don't know"


def confidence_line(decision: Decision, threshold: float) -> str:
    """Return the confidence beside what an answer needs."""
    what = "confidence" if decision.answered else f"leaning to {decision.label}, confidence"
    return f"{what} {percent(decision.confidence)}, an answer needs {percent(threshold)}"


def percent(value: float) -> str:
    """Return a probability in percent, never rounded up to certainty.

    >>> percent(0.5), percent(0.877), percent(0.99996)
    ('50 %', '87.7 %', '>99.9 %')
    """
    if 0.9995 <= value < 1:
        return ">99.9 %"
    if 0 < value < 0.0005:
        return "<0.1 %"
    return f"{100 * value:.1f}".removesuffix(".0") + " %"


def signed(change: float) -> str:
    """Return a change of log-odds with its sign and a true minus.

    >>> signed(0.5), signed(-1.234), signed(-0.001)
    ('+0.50', '−1.23', '0.00')
    """
    text = f"{change:+.2f}".replace("-", "−")
    return text[1:] if float(text[1:]) == 0 else text


def strongest(effects: Sequence[Effect], most: int = MOST_EFFECTS) -> list[Effect]:
    """Return the effects of largest size, `most` at most, from the strongest for to the strongest against.

    >>> [e.name for e in strongest([Effect("a", 0.1), Effect("b", -2.0), Effect("c", 1.0)], most=2)]
    ['c', 'b']
    """
    largest = sorted(effects, key=lambda effect: -abs(effect.change))[:most]
    return sorted(largest, key=lambda effect: -effect.change)


def milliseconds(seconds: float) -> str:
    """Return a time in milliseconds with three digits at least.

    >>> milliseconds(0.0123456), milliseconds(1.0234)
    ('12.3 ms', '1,023 ms')
    """
    value = 1000 * seconds
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.3g} ms"


def missing_lines(explanation: Explanation) -> list[str]:
    """Return what a decision had to do without, and why, a line for each sense."""
    there = " and ".join(WORDS[sense] for sense in explanation.decision.share)
    return [
        f"Decided without the {WORDS[sense]}, on the {there} alone: {why}" for sense, why in explanation.missing.items()
    ]


def own_reason(explanation: Explanation) -> str:
    """Return the reason of a decision without what `missing_lines` tells."""
    reason = explanation.decision.reason
    for why in explanation.missing.values():
        reason = re.sub(rf"; [^;]* alone: {re.escape(why)}", "", reason)
    return reason


def sense_title(decision: Decision) -> str:
    """Return which of several senses decided.

    >>> sense_title(Decision("low", {}, 1.0, True, "", {"audio": 0.1, "face": 0.9}))
    'The face decided: 90 %, the sound 10 %'
    >>> sense_title(Decision("low", {}, 1.0, True, "", {"audio": 0.6, "face": 0.4}))
    'Both senses decided: the sound 60 %, the face 40 %'
    """
    ordered = sorted(decision.share.items(), key=lambda item: -item[1])
    said = ", ".join(f"the {WORDS[sense]} {percent(round(share, 2))}" for sense, share in ordered)
    if ordered[0][1] < DECIDES:
        return f"Both senses decided: {said}"
    first = f"the {WORDS[ordered[0][0]]}"
    return f"{first.capitalize()} decided: {said.removeprefix(first + ' ')}"


def kinds(explanation: Explanation) -> list[tuple[str, list[Effect]]]:
    """Return the kinds of parts that were left out, each with its effects: bands, parts of the face, EEG, regions.

    What no channel belongs to is a part of a picture of the face.
    """
    of = {channel.group: channel for one in explanation.series.values() for channel in one.channels}
    by: dict[str, list[Effect]] = {"audio": [], "face": [], "eeg": []}
    for effect in explanation.bands:
        by.setdefault(of[effect.name].modality if effect.name in of else "face", []).append(effect)
    titles = {"face": "Parts of the face", "eeg": "EEG electrodes"}
    titles["audio"] = bands_title([of[effect.name] for effect in by["audio"]])
    named = [(titles.get(modality, modality), effects) for modality, effects in by.items()]
    return [(title, effects) for title, effects in (*named, ("Brain regions", list(explanation.areas))) if effects]


def counted(title: str, effects: Sequence[Effect]) -> str:
    """Return the title of some effects, with how many of them `strongest` keeps if it drops any.

    >>> counted("Brain regions", [Effect("A1 L", 0.1)]), counted("Brain regions", [Effect("A1 L", 0.1)] * 18)
    ('Brain regions', 'Brain regions (12 strongest of 18)')
    """
    return title if len(effects) <= MOST_EFFECTS else f"{title} ({MOST_EFFECTS} strongest of {len(effects)})"


def spans(moments: Sequence[Effect], seconds: float) -> list[tuple[float, float]]:
    """Return start and stop of each moment in seconds, read from its name (``"0.50–0.75 s"``).

    If a name holds no two times, all moments share the clip equally, in their order.

    >>> spans([Effect("0.5–1 s", 0.0), Effect("1–1.5 s", 0.0)], 2.0)
    [(0.5, 1.0), (1.0, 1.5)]
    >>> spans([Effect("begin", 0.0), Effect("end", 0.0)], 2.0)
    [(0.0, 1.0), (1.0, 2.0)]
    """
    found = [SPAN.search(moment.name) for moment in moments]
    if all(found):
        return [(float(match[1]), float(match[2])) for match in found if match]
    each = seconds / max(len(moments), 1)
    return [(i * each, (i + 1) * each) for i in range(len(moments))]


def cut(text: str, most: int) -> str:
    """Return text of `most` characters at most, its end replaced by an ellipsis if it is longer.

    >>> cut("03-01-05.opus", 8)
    '03-01-0…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def short_channel(channel: Channel) -> str:
    """Return a channel's short name, with the field but without the level.

    >>> short_channel(Channel("timbre flux", "audio", "timbre", "flux", field=2))
    'flux #2'
    """
    return channel.short if channel.field is None else f"{channel.short} #{channel.field}"


def value_label(channels: Sequence[Channel]) -> str:
    """Return what a colour of a feature means."""
    if own_ranges(channels):
        return "each channel: 0 lowest, 1 highest"
    known = {"intensity": "intensity, 5 the strongest", "score": "score, 0 to 1"}
    return known.get(channels[0].unit, "feature value")


def bands_title(channels: Sequence[Channel]) -> str:
    """Return what groups of these channels are: bands of frequency, contours (which have none), or both.

    >>> mel, flux = Channel("mel 90 Hz", "audio", hz=90.0), Channel("flux", "audio")
    >>> bands_title([mel]), bands_title([mel, flux])
    ('Frequency bands', 'Bands and contours')
    """
    hertz = {channel.hz is not None for channel in channels}
    return "Bands and contours" if len(hertz) == 2 else "Contours" if hertz == {False} else "Frequency bands"


def ranked(decision: Decision) -> list[tuple[str, float]]:
    """Return labels and probabilities, the most probable first."""
    return sorted(decision.probabilities.items(), key=lambda item: -item[1])


def scale_line(view: View) -> str:
    """Return what an arc of full width stands for."""
    line = f"full width: {view.scale:.2g} /s"
    return f"{line} more (blue) or less (orange)" if view.difference else line


def strongest_changes(learning: Learning, regions: Sequence[str]) -> list[tuple[str, float, float]]:
    """Return the name, the change and the change as a share of the weight before of the strongest pairs of regions.

    Pairs of a region with itself are left out.
    """
    size = np.abs(learning.change) * ~np.eye(len(regions), dtype=bool)
    order = np.argsort(-size, axis=None)[:MOST_EFFECTS]
    pairs = [(int(a), int(b)) for a, b in zip(*np.unravel_index(order, size.shape), strict=True) if size[a, b] > 0]
    change, before = learning.change, learning.before
    found = [
        (f"{regions[a]} → {regions[b]}", float(change[a, b]), float(change[a, b] / before[a, b])) for a, b in pairs
    ]
    return sorted(found, key=lambda pair: -pair[1])


def change_label(change: float, share: float) -> str:
    """Return a change of weights beside its share of the weights before.

    >>> change_label(1.25, 0.5)
    '+1.25 (+50 %)'
    """
    return f"{signed(change)} ({signed(100 * share).partition('.')[0]} %)"
