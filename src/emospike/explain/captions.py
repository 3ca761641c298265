"""Captions: how each figure was made and is to be read, and what it shows for those who cannot see it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from emospike.brain.topography import part_of
from emospike.explain.crossing import MOST_ARCS as MOST_CROSSING
from emospike.explain.explanation import Effect, Explanation
from emospike.explain.geometry import MOST_ARCS, own_ranges, spike_counts
from emospike.explain.reel import Reel
from emospike.explain.synchrony import MOST_NEURONS as MOST_SYNCHRONOUS
from emospike.explain.wording import confidence_line, counted, percent, ranked, signed, strongest, verdict
from emospike.readout.early import Ballot
from emospike.readout.traffic import Learning, Traffic
from emospike.series import Series
from emospike.systems.perception import WORDS

PROBABILITIES = (
    "Calibrated probabilities. The confidence is the largest of them; below the threshold the answer is “don't know”."
)
EVENTS = (
    "What the event camera saw at some of the steps: blue where a pixel grew brighter since the step before, orange "
    "where it grew darker; a step in grey is the picture itself."
)
GREYS = "What the network saw at some of the steps; all steps enter it at once."
VOTES = (
    " Below, the share of each class's neurons that fired, averaged over the steps so far: the class that ends highest "
    "wins, once its lead is calibrated."
)
SETTLED = " The vote was settled after {until} of {steps} steps, and nothing was counted after that."
SHARES = "A share is what leaving the sense out takes from the log-odds; a sense that speaks against has none."
EFFECTS = (
    "Leave-one-out: a bar is the log-odds of “{label}” on the whole clip, minus its log-odds when this one part alone "
    "is left out (channels and moments from the input, brain regions from the readout) and the model decides again. "
    "Blue speaks for the decision, orange against it; ±0.69 doubles or halves the odds. Bars do not add up: parts that "
    "say the same stand in for each other. They describe this model, and do not say why a person sounds or looks this "
    "way."
)
COMPARED = (
    "Leave-one-out in each clip: a bar is the log-odds of “{label}” on the whole clip, minus its log-odds when this "
    "one part alone is left out and the model decides again. To the right a part speaks for “{label}”, to the left "
    "against it; ±0.69 doubles or halves the odds."
)
ENCODING = (
    "Each spike marks a change of one channel by one threshold, up (blue) or down (orange).{others} The network reads "
    "nothing else. The reconstruction is rebuilt from the spikes alone, of several levels from those of the best one. "
    "Its normalised error (NMSE) is the mean squared difference to the feature over the feature's variance in this "
    "clip: 0 is perfect, 1 is as bad as each channel's mean."
)
FIELDS = (
    " Those of a field mark no change: a field fires while the value of its channel is near the field's own place in "
    "the channel's range, low ones below high ones, so that which field fires tells the value."
)
RATES = " In a rate code no spike marks a change: the stronger the channel, the more often it fires."
OWN_RANGES = " Channels of different units are each coloured from their own lowest value in this clip to their highest."
CUBE = (
    "Every dot is a model neuron at its place in the MNI152 brain, coloured by the spikes that it fired in this clip "
    "({spikes:,} in all, {active:,} of {neurons:,} neurons fired). Regions follow coordinate rules, good to about "
    "10 mm. Crosses are the sites of the input channels{where}. A neuron near a site is the likeliest to be reached by "
    "its channel; yet where the input wiring is diffuse, as in the default preset, most synapses of a channel end "
    "elsewhere, all over the brain. This is activity of the model, not of anyone's brain."
)
MEANS, EACH_OTHER = "compare the clip with the class means", "compare the clips with each other"
ENTERS = {
    "audio": "sound enters along Heschl's gyrus by frequency, channels without one spread along it in their order",
    "face": "the face enters in the superior temporal sulcus, the brow above, the jaw below",
}
NETWORK = (
    "An arc says how often a spike at one node is followed by a spike at the other in the next step, per second of "
    "clip and pair of members; it runs from its thick to its thin end{strongest}. A disc's area says "
    "the same of a node and itself. Counts include coincidences: busy nodes follow each other often, so {compare}. A "
    "node in the brain is a few neurons near its channels' sites; they hear other "
    "channels too, and its channels reach other neurons too."
)
SYNCHRONY = (
    "Neurons of the competitive groups, sound on the left and face on the right: the {neurons} of each sense that fire "
    "most, named by the window of the input that they see. A disc's area is a neuron's spikes in a presentation. A "
    "line joins two that fire together, as wide as the weight of the edge times the geometric mean of their spikes; of "
    "each kind the {most} strongest are shown. A presentation shows the whole clip at once: its time is not the clip's."
)
CROSSING = (
    "The strongest nodes of sound (left) and of the face (right), both hemispheres together. An arc says how often a "
    "spike at one node is followed by a spike at the other in the next step, per second of clip and pair of neurons; "
    "it runs from its thick to its thin end. Drawn are the {most} strongest arcs within sound, the {most} strongest "
    "within the face, and the {most} strongest that cross. A disc's area says the same of a node and itself. Nodes are "
    "the neurons near the sites of their channels; busy nodes follow each other often, so compare the panels."
)
TRAFFIC = (
    "How many spikes a second cross an excitatory synapse from one region (row) to another (column) and arrive, one "
    "step (10 ms) later, as their target fires. All in all {passed:,.0f} a second, {ratio:.1f} times what neurons that "
    "fire as often at random moments would give. Large regions hold more synapses, and a target may have fired for its "
    "other inputs. Grey: no synapse."
)
LEARNT = (
    "What spike-timing-dependent plasticity changed while the model was trained: the sum of the changes of weight from "
    "region (row) to region (column), in units of the neurons' threshold, over synapses that excite; others do not "
    "learn (grey: none). {stronger:,} of {synapses:,} became stronger, {weaker:,} weaker; all together changed by "
    "{change:+.0f} %."
)
INPUTS = (
    "Where the channels enter the brain: {where}. A coloured dot is a site, a grey one a neuron; neurons around a site "
    "are the likeliest to be reached from there. Both hemispheres have the same map."
)
REEL = (
    "The same clip, {seconds:.0f} ms a frame. The neurons that fire in a frame light up; below, how often a neuron of "
    "each part of the brain fires on average (Hz)."
)
HEAD = " The face is drawn from the points that were found on it; no picture of a person is in this page."


def sense_line(explanation: Explanation) -> str:
    """Return what leaving each sense out changes, and what each says alone."""
    changes = [f"leaving out the {WORDS[one.name]} changes them by {signed(-one.change)}" for one in explanation.senses]
    best = {sense: max(p.items(), key=lambda item: item[1]) for sense, p in explanation.alone.items()}
    alone = [f"the {WORDS[sense]} alone says {label} ({percent(p)})" for sense, (label, p) in best.items()]
    line = f"Log-odds of “{explanation.about}”: {', '.join(changes)}; {', '.join(alone)}."
    return f"{line} {SHARES}"


def encoding_caption(series: Iterable[Series], spikes: Sequence[str]) -> str:
    """Return how to read these features and the spikes of these channels."""
    marked = {name for name in spikes if " @" in name}
    bare = any(re.search(r" #\d", name) is None and name not in marked for name in spikes)
    others = FIELDS if any(" #" in name for name in spikes) else ""
    others += RATES if bare and marked else ""
    ranges = any(own_ranges(one.channels) for one in series)
    return ENCODING.format(others=others) + (OWN_RANGES if ranges else "")


def network_caption(explanation: Explanation, classes: int | None = None, compare: str = MEANS) -> str:
    """Return how to read the network and what is left out: weak arcs, and classes where only `classes` are drawn."""
    arcs, known = len(explanation.nodes) * (len(explanation.nodes) - 1), len(explanation.class_interactions)
    strongest = f"; of each network's {arcs:,} arcs the {MOST_ARCS} strongest are drawn" if arcs > MOST_ARCS else ""
    caption = NETWORK.format(strongest=strongest, compare=compare)
    if classes is None or known <= classes:
        return caption
    return f"Of {known} classes the {classes} most probable are drawn. {caption}"


def effects_caption(explanation: Explanation) -> str:
    """Return how the leave-one-out bars were measured."""
    return EFFECTS.format(label=explanation.about)


def entering(explanation: Explanation) -> str:
    """Return where the senses of the model enter the brain."""
    there = dict.fromkeys("face" if part_of(name) else "audio" for name in explanation.spikes.channels)
    return "; ".join(ENTERS[sense] for sense in there)


def cube_caption(explanation: Explanation) -> str:
    """Return how to read the picture of the network in the brain."""
    counts = spike_counts(explanation)
    where = f": {entering(explanation)}" if explanation.spikes.channels else ""
    return CUBE.format(spikes=int(counts.sum()), active=int((counts > 0).sum()), neurons=len(counts), where=where)


def inputs_caption(explanation: Explanation) -> str:
    """Return how to read where the channels enter the brain."""
    return INPUTS.format(where=entering(explanation))


def reel_caption(reel: Reel) -> str:
    """Return how to read the pictures that move."""
    return REEL.format(seconds=1000 * reel.seconds) + (HEAD if reel.face.size else "")


def traffic_caption(traffic: Traffic) -> str:
    """Return how to read the traffic between regions."""
    passed, chance = traffic.passed.sum(), traffic.chance.sum()
    return TRAFFIC.format(passed=passed, ratio=passed / chance if chance else 1.0)


def learning_caption(learning: Learning) -> str:
    """Return how to read what learning changed."""
    totals = {name: int(getattr(learning, name).sum()) for name in ("stronger", "weaker", "synapses")}
    return LEARNT.format(change=100 * learning.change.sum() / (learning.before.sum() or 1.0), **totals)


def alt_decision(explanation: Explanation) -> str:
    """Return the decision in one sentence."""
    decision = explanation.decision
    line = confidence_line(decision, explanation.threshold)
    others = ", ".join(f"{label} {percent(p)}" for label, p in ranked(decision))
    return f"Decision on {explanation.name}: {verdict(decision)}; {line}. Probabilities: {others}. {decision.reason}"


def alt_effects(kind: str, effects: Sequence[Effect]) -> str:
    """Return the strongest effects of one kind in a sentence.

    >>> alt_effects("Moments", [Effect("0–1 s", 0.5), Effect("1–2 s", -0.1)])
    'Moments that carried the decision, change of log-odds: 0–1 s +0.50; 1–2 s −0.10.'
    """
    listed = "; ".join(f"{effect.name} {signed(effect.change)}" for effect in strongest(effects))
    return f"{counted(kind, effects)} that carried the decision, change of log-odds: {listed}."


def alt_encoding(explanation: Explanation, name: str) -> str:
    """Return what the picture of one feature shows."""
    series, spikes = explanation.series[name], explanation.spikes.channels
    if not spikes:
        return f"The feature {name} over time, one row a channel."
    own = [channel for channel in spikes if re.split(" [@#]", channel)[0] in series.channels]
    return f"The feature {name} and its spikes. {encoding_caption([series], own)}"


def crossing_caption() -> str:
    """Return how to read the interactions between sound and face."""
    return CROSSING.format(most=MOST_CROSSING)


def ballot_caption(ballot: Ballot) -> str:
    """Return how to read what voting neurons saw, and how they voted."""
    spikes = EVENTS if ballot.pictures.shape[1] > 1 else GREYS
    settled = SETTLED.format(until=ballot.until, steps=len(ballot.votes)) if ballot.until < len(ballot.votes) else ""
    return spikes + (VOTES + settled if len(ballot.votes) > 1 else "")


def synchrony_caption() -> str:
    """Return how to read the graph of neurons that fire together."""
    return SYNCHRONY.format(neurons=MOST_SYNCHRONOUS, most=MOST_CROSSING)
