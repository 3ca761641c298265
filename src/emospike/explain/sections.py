"""Sections of the page of one decision; each gives its HTML and puts its plots into `plots`, or is empty."""

from __future__ import annotations

from html import escape
from typing import Any

from emospike.decision import Decision
from emospike.explain import html
from emospike.explain.captions import (
    PROBABILITIES,
    alt_decision,
    alt_effects,
    ballot_caption,
    crossing_caption,
    cube_caption,
    effects_caption,
    encoding_caption,
    inputs_caption,
    learning_caption,
    network_caption,
    reel_caption,
    sense_line,
    synchrony_caption,
    traffic_caption,
)
from emospike.explain.crossing import crossing_of
from emospike.explain.explanation import Explanation
from emospike.explain.plots.crossing import crossing_plots
from emospike.explain.plots.cube import cube_plot
from emospike.explain.plots.network import network_plots
from emospike.explain.plots.reel import reel_plots
from emospike.explain.plots.sound import encoding_plot, moments_plot
from emospike.explain.plots.synchrony import synchrony_plots
from emospike.explain.plots.traffic import between_plots
from emospike.explain.reel import reel_of
from emospike.explain.synchrony import synchrony_of
from emospike.explain.wording import (
    confidence_line,
    kinds,
    missing_lines,
    own_reason,
    percent,
    ranked,
    sense_title,
    verdict,
)
from emospike.systems.perception import WORDS

Plots = dict[str, Any]

_KEY = (
    '<p class="key"><span class="audio">within sound</span> <span class="face">within the face</span> '
    '<span class="both">from one to the other</span></p>'
)


def decision(explanation: Explanation) -> str:
    """Return what was missing, the verdict, the gauge, the reason, which sense decided, probabilities and time."""
    decided = explanation.decision
    missing = [f'<p class="missing">{escape(line)}</p>' for line in missing_lines(explanation)]
    tables = [html.fractions("Probability of each class", ranked(decided), decided.label), html.times(decided.seconds)]
    return "\n".join(
        [
            f'<section><p class="clip">{escape(explanation.name)}</p>',
            *missing,
            f"<h1>{escape(verdict(decided))}</h1>",
            gauge(explanation),
            f"<p>{escape(own_reason(explanation))}</p>",
            *_senses(explanation),
            html.columns(*tables),
            html.note(PROBABILITIES),
            "</section>",
        ]
    )


def gauge(explanation: Explanation) -> str:
    """Return the confidence as a bar, with a mark at the threshold."""
    decided, threshold = explanation.decision, explanation.threshold
    line = confidence_line(decided, threshold)
    unanswered = "" if decided.answered else " unanswered"
    return "\n".join(
        [
            f"<p>{escape(line[0].upper() + line[1:])}.</p>",
            f'<div class="gauge{unanswered}" role="img" aria-label="{escape(alt_decision(explanation))}">',
            f'<div class="fill" style="--value:{decided.confidence:.4f}"></div>',
            f'<div class="mark" style="--value:{threshold:.4f}"></div>',
            f'<div class="name" style="--value:{threshold:.4f}">threshold</div></div>',
            '<div class="scale" aria-hidden="true"><span>0</span><span>50 %</span><span>100 %</span></div>',
        ]
    )


def share_bar(decided: Decision) -> str:
    """Return one bar whose parts are the shares of the senses."""
    parts = [
        f'<div class="{sense}" style="--value:{share:.4f}">{escape(f"{WORDS[sense]} {percent(round(share, 2))}")}</div>'
        for sense, share in decided.share.items()
        if share >= 0.005
    ]
    return f'<div class="shares" role="img" aria-label="{escape(sense_title(decided))}">{"".join(parts)}</div>'


def _senses(explanation: Explanation) -> list[str]:
    if len(explanation.decision.share) < 2:
        return []
    title = f"<h3>{escape(sense_title(explanation.decision))}</h3>"
    return [title, share_bar(explanation.decision), html.note(sense_line(explanation))]


def effects(explanation: Explanation, plots: Plots) -> str:
    """Return moments under the feature, and tables of bands, parts of the face and regions."""
    parts = []
    if explanation.moments and explanation.series:
        plots["moments"] = moments_plot(explanation)
        parts.append(html.plot("moments", alt_effects("Moments", explanation.moments)))
    tables = [html.changes(title, found) for title, found in kinds(explanation)]
    parts += [html.columns(*tables)] if tables else []
    if not parts:
        return ""
    return html.section("What carried the decision", html.figure(*parts, html.caption(effects_caption(explanation))))


def reel(explanation: Explanation, plots: Plots, still: bytes | None) -> str:
    """Return brain, face and sound in motion, and some moments as a picture."""
    found = reel_of(explanation)
    if found is None:
        return ""
    moving = reel_plots(explanation, found)
    plots |= moving
    alt = {
        "brain": "The neurons that fire in each frame, at their places in the brain.",
        "head": "The lines of the face in each frame.",
        "clock": "The sound and the firing of each part of the brain over time, with the place of the frame.",
    }
    stage = "".join(html.plot(name, alt[name]) for name in ("brain", "head") if name in moving)
    caption = reel_caption(found)
    kept = [html.picture(still, f"Some moments of the clip. {caption}")] if still else []
    return html.section(
        "The clip as the network lives it",
        '<div class="controls"><button id="play" type="button">Play</button>'
        f'<input id="moment" type="range" min="0" max="{len(found) - 1}" value="0" aria-label="Moment of the clip">'
        '<output id="time" for="moment"></output><label>Speed <select id="speed"><option value="1">1</option>'
        '<option value="0.5" selected>½</option><option value="0.25">¼</option></select></label></div>',
        html.figure(
            f'<div class="stage">{stage}</div>',
            html.plot("clock", alt["clock"]),
            html.caption(caption),
            "<details><summary>Some moments as a picture</summary>",
            *kept,
            "</details>",
        ),
    )


def encoding(explanation: Explanation, plots: Plots) -> str:
    """Return every feature with its spikes and reconstruction."""
    parts = []
    for number, name in enumerate(explanation.series):
        plots[f"encoding{number}"] = encoding_plot(explanation, name)
        alt = f"Feature {name} over time, the spikes that encode it, and the feature rebuilt from them."
        parts.append(html.plot(f"encoding{number}", alt))
    if not parts:
        return ""
    channels = explanation.spikes.channels
    said = [html.caption(encoding_caption(explanation.series.values(), channels))] if channels else []
    title = "From recording to spikes" if channels else "Features of the recording"
    return html.section(title, html.figure(*parts, *said))


def ballot(explanation: Explanation, still: bytes | None) -> str:
    """Return what voting neurons saw, and how they voted."""
    if still is None or explanation.ballot is None:
        return ""
    caption = ballot_caption(explanation.ballot)
    return html.section("What it saw, and the vote", html.figure(html.picture(still, caption), html.caption(caption)))


def inputs(explanation: Explanation, still: bytes | None) -> str:
    """Return where the channels enter the brain."""
    if still is None:
        return ""
    caption = inputs_caption(explanation)
    return html.section("Where sound and face enter", html.figure(html.picture(still, caption), html.caption(caption)))


def cube(explanation: Explanation, plots: Plots, still: bytes | None) -> str:
    """Return the turning brain and its still picture."""
    if still is None:
        return ""
    plots["cube"] = cube_plot(explanation)
    caption = cube_caption(explanation)
    use = "Drag to turn; tap a name to hide or show it, twice to see it alone."
    return html.section(
        "The network in the brain",
        '<button id="turn" type="button">Turn</button>',
        html.figure(
            html.plot("cube", caption),
            html.caption(f"{caption} {use}"),
            "<details open><summary>The same from three sides; the busiest neurons hide those behind them</summary>",
            html.picture(still, caption),
            "</details>",
        ),
    )


def crossing(explanation: Explanation, plots: Plots) -> str:
    """Return the interactions between the strongest nodes of sound and face."""
    found = crossing_of(explanation)
    if found is None:
        return ""
    plots["crossing"] = crossing_plots(found)
    alt = f"Interactions of {len(found.nodes)} nodes, sound on the left, the face on the right."
    shown = html.views("crossing", alt, plots["crossing"])
    return html.section("Sound and face", html.figure(shown, _KEY, html.caption(crossing_caption())))


def synchrony(explanation: Explanation, plots: Plots) -> str:
    """Return the graph of neurons that fire together, with a choice of views."""
    found = synchrony_of(explanation)
    if found is None:
        return ""
    plots["synchrony"] = synchrony_plots(found)
    alt = f"Graph of {len(found.nodes)} neurons that fire together, sound on the left, the face on the right."
    shown = html.views("synchrony", alt, plots["synchrony"])
    return html.section("Who fires with whom", html.figure(shown, _KEY, html.caption(synchrony_caption())))


def network(explanation: Explanation, plots: Plots) -> str:
    """Return the interaction network with a choice of views."""
    if not explanation.nodes:
        return ""
    plots["network"] = network_plots(explanation)
    alt = f"Interaction network of {len(explanation.nodes)} nodes, as arcs in a circle."
    shown = html.views("network", alt, plots["network"])
    return html.section(
        "Which features follow each other", html.figure(shown, html.caption(network_caption(explanation)))
    )


def between_regions(explanation: Explanation, plots: Plots) -> str:
    """Return what regions hand on to each other, and what learning changed between them."""
    if explanation.traffic is None:
        return ""
    plots["regions"] = between_plots(explanation.traffic, explanation.learning, explanation.regions)
    said = [traffic_caption(explanation.traffic)]
    said += [learning_caption(explanation.learning)] if explanation.learning else []
    shown = html.views("regions", "A matrix of brain regions, from rows to columns.", plots["regions"])
    return html.section("Between regions", html.figure(shown, *map(html.caption, said)))
