"""What figures and page say in words: the verdict, how each number was measured, names and labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from emospike.explain.geometry import View, own_ranges
from emospike.series import Series
from emospike.systems.contract import Decision, Effect, Explanation

SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*s?\s*(?:-|–|—|to)\s*(\d+(?:\.\d+)?)")

PROBABILITIES = (
    "Calibrated probabilities. The confidence is the largest of them; below the threshold the answer is “don't know”."
)
EFFECTS = (
    "Leave-one-out: a bar is the log-odds of “{label}” on the whole clip, minus its log-odds when this one part alone "
    "is left out (channels and moments from the input, brain regions from the readout) and the model decides again. "
    "Blue speaks for the decision, orange against it; ±0.69 doubles or halves the odds. Bars do not add up: parts that "
    "say the same stand in for each other. They describe this model, and do not say why a person sounds this way."
)
ENCODING = (
    "Each spike marks a change of one channel by one threshold, up (blue) or down (orange).{fields} The network reads "
    "nothing else. The reconstruction is rebuilt from the spikes alone, of several levels from those of the best one. "
    "Its normalised error (NMSE) is the mean squared difference to the feature over the feature's variance in this "
    "clip: 0 is perfect, 1 is as bad as each channel's mean."
)
FIELDS = (
    " Those of a field mark no change: a field fires while the value of its channel is near the field's own place in "
    "the channel's range, low ones below high ones, so that which field fires tells the value."
)
OWN_RANGES = " Channels of different units are each coloured from their own lowest value in this clip to their highest."
CUBE = (
    "Every dot is a model neuron at its place in the MNI152 brain, coloured by the spikes that it fired in this clip "
    "({spikes:,} in all, {active:,} of {neurons:,} neurons fired). Regions follow coordinate rules, good to about "
    "10 mm. Crosses are the tonotopic sites of the input channels; channels without a frequency are spread along them "
    "in their order. A neuron near a site is the likeliest to hear its channel; yet where the input wiring is diffuse, "
    "as in the default preset, most synapses of a channel end elsewhere, all over the brain. This is activity of the "
    "model, not of anyone's brain."
)
NETWORK = (
    "An arc says how often a spike at one node is followed by a spike at the other in the next step, per second of "
    "clip and pair of members; it runs from its thick to its thin end, and the strongest are drawn. A disc's area says "
    "the same of a node and itself. Counts include coincidences: busy nodes follow each other often, so compare the "
    "clip with the class means. A node in the brain is a few neurons near its channels' sites; they hear other "
    "channels too, and its channels reach other neurons too."
)


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


def strongest(effects: Sequence[Effect], most: int = 12) -> list[Effect]:
    """Return the effects of largest size, `most` at most, from the strongest for to the strongest against.

    >>> [e.name for e in strongest([Effect("a", 0.1), Effect("b", -2.0), Effect("c", 1.0)], most=2)]
    ['c', 'b']
    """
    largest = sorted(effects, key=lambda effect: -abs(effect.change))[:most]
    return sorted(largest, key=lambda effect: -effect.change)


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


def short_channel(name: str) -> str:
    """Return a channel's name without its group and level.

    >>> [short_channel(name) for name in ("mel 440 Hz @0.5", "mel 2150 Hz", "mfcc 3", "jawOpen")]
    ['440 Hz', '2.1 kHz', '3', 'jawOpen']
    >>> [short_channel(name) for name in ("timbre alpha ratio", "timbre flux #2")]
    ['alpha ratio', 'flux #2']
    """
    base = name.partition(" @")[0]
    hertz = re.search(r"(\d+(?:\.\d+)?) Hz", base)
    if hertz is None:
        _, _, rest = base.partition(" ")
        return base if rest.startswith("#") else rest or base
    value, field = float(hertz[1]), base[hertz.end() :]
    return (f"{value:.0f} Hz" if value < 1000 else f"{value / 1000:.2g} kHz") + field


def value_label(channels: tuple[str, ...]) -> str:
    """Return what a colour of a feature means."""
    return "each channel: 0 lowest, 1 highest" if own_ranges(channels) else "feature value"


def bands_title(bands: Sequence[Effect]) -> str:
    """Return what groups of channels are: bands of frequency, contours (which have none), or both.

    >>> bands_title([Effect("50–200 Hz", 0.1)]), bands_title([Effect("50–200 Hz", 0.1), Effect("timbre", 0.2)])
    ('Frequency bands', 'Bands and contours')
    """
    hertz = {band.name.endswith("Hz") for band in bands}
    return "Bands and contours" if len(hertz) == 2 else "Contours" if hertz == {False} else "Frequency bands"


def encoding_caption(series: Iterable[Series], spikes: Sequence[str]) -> str:
    """Return how to read these features and the spikes of these channels."""
    fields = any(" #" in name for name in spikes)
    ranges = any(own_ranges(one.channels) for one in series)
    return ENCODING.format(fields=FIELDS if fields else "") + (OWN_RANGES if ranges else "")


def effects_caption(explanation: Explanation) -> str:
    """Return how the leave-one-out bars were measured."""
    return EFFECTS.format(label=explanation.decision.label)


def alt_decision(explanation: Explanation) -> str:
    """Return the decision in one sentence."""
    decision = explanation.decision
    line = confidence_line(decision, explanation.threshold)
    others = ", ".join(f"{label} {percent(p)}" for label, p in ranked(decision))
    return f"Decision on {explanation.name}: {verdict(decision)}; {line}. Probabilities: {others}. {decision.reason}"


def ranked(decision: Decision) -> list[tuple[str, float]]:
    """Return labels and probabilities, the most probable first."""
    return sorted(decision.probabilities.items(), key=lambda item: -item[1])


def alt_effects(kind: str, effects: Sequence[Effect]) -> str:
    """Return the strongest effects of one kind in a sentence.

    >>> alt_effects("Moments", [Effect("0–1 s", 0.5), Effect("1–2 s", -0.1)])
    'Moments that carried the decision, change of log-odds: 0–1 s +0.50; 1–2 s −0.10.'
    """
    listed = "; ".join(f"{effect.name} {signed(effect.change)}" for effect in strongest(effects))
    return f"{kind} that carried the decision, change of log-odds: {listed}."


def alt_encoding(explanation: Explanation, name: str) -> str:
    """Return what the picture of one feature shows."""
    series, spikes = explanation.series[name], explanation.spikes.channels
    if not spikes:
        return f"The feature {name} over time, one row a channel."
    own = [channel for channel in spikes if channel.partition(" #")[0] in series.channels]
    return f"The feature {name} and its spikes. {encoding_caption([series], own)}"


def scale_line(view: View) -> str:
    """Return what an arc of full width stands for."""
    line = f"full width: {view.scale:.2g} /s"
    return f"{line} more (blue) or less (orange)" if view.difference else line
