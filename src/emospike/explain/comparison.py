"""Two clips side by side: decisions, what carried them, and how the interactions in the network differ."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from emospike.explain import html, sections
from emospike.explain.captions import COMPARED, EACH_OTHER, network_caption
from emospike.explain.explanation import Effect, Explanation
from emospike.explain.geometry import View, spike_counts, whole_region
from emospike.explain.wording import (
    MOST_EFFECTS,
    cut,
    kinds,
    missing_lines,
    own_reason,
    ranked,
    sense_title,
    signed,
    verdict,
)
from emospike.systems.perception import WORDS

LAST = "Brain regions"
Pair = tuple[str, float, float]
"""A name, and a number of the first and of the second clip; NaN where a clip has none."""


def titles(first: Explanation, second: Explanation) -> tuple[str, str]:
    """Return what the clips are called beside each other."""
    return f"A: {first.name}", f"B: {second.name}"


def effect_pairs(first: Explanation, second: Explanation) -> list[tuple[str, list[Pair]]]:
    """Return the effects of each kind of part in both clips, the largest first in the order of their mean."""
    kind_of = [dict(kinds(one)) for one in (first, second)]
    kind_of = [{"Senses": _named(one.senses)} | own for one, own in zip((first, second), kind_of, strict=True)]
    found = []
    for title in sorted(dict.fromkeys([*kind_of[0], *kind_of[1]]), key=LAST.__eq__):
        a, b = ({one.name: one.change for one in own.get(title, [])} for own in kind_of)
        pairs = [(name, a.get(name, np.nan), b.get(name, np.nan)) for name in dict.fromkeys([*a, *b])]
        largest = sorted(pairs, key=lambda pair: -np.nanmax(np.abs(pair[1:])))[:MOST_EFFECTS]
        found.append((title, sorted(largest, key=lambda pair: -np.nanmean(pair[1:]))))
    return [(title, pairs) for title, pairs in found if pairs]


def _named(senses: Sequence[Effect]) -> list[Effect]:
    return [Effect(f"the {WORDS[one.name]}", one.change) for one in senses]


def rate_pairs(first: Explanation, second: Explanation) -> list[Pair]:
    """Return how often a neuron of each region fires in both clips, spikes a second."""
    names = np.array([whole_region(name) for name in first.regions], object)
    own = names[first.region] if len(names) else names
    rates = [spike_counts(one) / max(one.activity.steps / one.activity.inputs.rate, 1e-9) for one in (first, second)]
    areas = [name for name in dict.fromkeys(names) if np.any(own == name)]
    return [(name, float(rates[0][own == name].mean()), float(rates[1][own == name].mean())) for name in areas]


def difference_views(first: Explanation, second: Explanation) -> list[View]:
    """Return the interactions in the first clip, in the second, and the difference."""
    a, b = first.interactions, second.interactions
    most = max(float(a.max(initial=0.0)), float(b.max(initial=0.0))) or 1.0
    apart = float(np.abs(a - b).max(initial=0.0)) or 1.0
    views = [View(title, counts, most, False) for title, counts in zip(titles(first, second), (a, b), strict=True)]
    return [*views, View("A − B", a - b, apart, True)]


def comparison_page(first: Explanation, second: Explanation) -> str:
    """Return the HTML of two clips side by side."""
    from emospike.explain.page import document
    from emospike.explain.plots.network import network_plot

    plots: dict[str, Any] = {}
    body = [_decisions(first, second), _effects(first, second)]
    if first.nodes and second.nodes:
        plots["network"] = [network_plot(first.nodes, view) for view in reversed(difference_views(first, second))]
        alt = f"Interactions of {len(first.nodes)} nodes in both clips, and the difference."
        shown = html.views("network", alt, plots["network"])
        caption = html.caption(network_caption(first, compare=EACH_OTHER))
        body.append(html.section("Which features follow each other", html.figure(shown, caption)))
    return document(f"{first.name} and {second.name}", body, plots)


def _decisions(first: Explanation, second: Explanation) -> str:
    sides = [_side(title, one) for title, one in zip(titles(first, second), (first, second), strict=True)]
    return f'<section><div class="pair">{"".join(sides)}</div></section>'


def _side(title: str, explanation: Explanation) -> str:
    decided = explanation.decision
    parts = [f'<p class="clip">{escape(title)}</p>', f"<h1>{escape(verdict(decided))}</h1>"]
    parts += [f'<p class="missing">{escape(line)}</p>' for line in missing_lines(explanation)]
    parts += [sections.gauge(explanation), f"<p>{escape(own_reason(explanation))}</p>"]
    if len(decided.share) > 1:
        parts += [f"<h3>{escape(sense_title(decided))}</h3>", sections.share_bar(decided)]
    parts.append(html.fractions("Probability of each class", ranked(decided), decided.label))
    return f"<div>{''.join(parts)}</div>"


def _effects(first: Explanation, second: Explanation) -> str:
    tables = [_table(title, pairs, signed) for title, pairs in effect_pairs(first, second)]
    if first.regions and second.regions:
        title = "Firing, spikes a second and neuron"
        tables.append(_table(title, rate_pairs(first, second), lambda value: f"{value:.1f}"))
    if not tables:
        return ""
    names = [escape(cut(title, 60)) for title in titles(first, second)]
    key = f'<p class="key"><span class="first">{names[0]}</span> <span class="second">{names[1]}</span></p>'
    return html.section(
        f"What speaks for “{first.about}”",
        html.figure(key, html.columns(*tables), html.caption(COMPARED.format(label=first.about))),
    )


def _table(title: str, pairs: Sequence[Pair], number: Any) -> str:
    """Return a table with a bar for each clip."""
    values = np.array([pair[1:] for pair in pairs], float)
    bars = html.zero_bars(np.nan_to_num(values).T.tolist(), ("first", "second"))
    said = ["<br>".join("–" if np.isnan(one) else number(one) for one in row) for row in values]
    return html.table(title, [(pair[0], drawn, text) for pair, drawn, text in zip(pairs, bars, said, strict=True)])
