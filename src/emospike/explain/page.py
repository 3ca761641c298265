"""The page: one HTML file that holds everything it shows, opens offline and asks for nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from emospike.explain.geometry import spike_counts
from emospike.explain.plots.cube import cube_plot
from emospike.explain.plots.network import network_plots
from emospike.explain.plots.sound import encoding_plot, moments_plot
from emospike.explain.wording import (
    CUBE,
    NETWORK,
    PROBABILITIES,
    alt_decision,
    alt_effects,
    bands_title,
    confidence_line,
    cut,
    effects_caption,
    encoding_caption,
    percent,
    ranked,
    signed,
    strongest,
    verdict,
)
from emospike.systems.contract import Effect, Explanation


def page(explanation: Explanation, cube_png: bytes | None) -> str:
    """Return the HTML of one decision; `cube_png` is the still picture of the network in the brain."""
    from plotly.offline import get_plotlyjs

    plots: dict[str, Any] = {}
    body = [_decision(explanation), _effects(explanation, plots), _encoding(explanation, plots)]
    body += [_cube(explanation, plots, cube_png), _network(explanation, plots)]
    scripts = {"plotly": get_plotlyjs(), "script": _asset("page.js")}
    return Template(_asset("page.html")).substitute(
        scripts,
        policy=_policy(scripts.values()),
        title=escape(f"{verdict(explanation.decision)}: {explanation.name}"),
        style=_asset("page.css"),
        body="\n".join(body),
        plots=json.dumps(plots, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
    )


def _asset(name: str) -> str:
    return (files("emospike.explain") / "assets" / name).read_text(encoding="utf-8")


def _policy(scripts: Any) -> str:
    """Return a content security policy: these scripts and no other, inline styles, inline images, no requests."""
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _section(title: str, *parts: str) -> str:
    return "\n".join([f"<section><h2>{escape(title)}</h2>", *parts, "</section>"])


def _plot(name: str, alt: str) -> str:
    return f'<div class="plot" data-plot="{escape(name)}" role="img" aria-label="{escape(alt)}"></div>'


def _caption(text: str) -> str:
    return f"<figcaption>{escape(text)}</figcaption>"


def _decision(explanation: Explanation) -> str:
    """Return the verdict, the gauge, the reason, and tables of probabilities, shares and time."""
    decision, threshold = explanation.decision, explanation.threshold
    line = confidence_line(decision, threshold)
    tables = [_fractions("Probability of each class", ranked(decision), decision.label)]
    if len(decision.share) > 1:
        tables.append(_fractions("Share of each sense", list(decision.share.items())))
    tables.append(_times(decision.seconds))
    unanswered = "" if decision.answered else " unanswered"
    return "\n".join(
        [
            f'<section><p class="clip">{escape(explanation.name)}</p>',
            f"<h1>{escape(verdict(decision))}</h1><p>{escape(line[0].upper() + line[1:])}.</p>",
            f'<div class="gauge{unanswered}" role="img" aria-label="{escape(alt_decision(explanation))}">',
            f'<div class="fill" style="--value:{decision.confidence:.4f}"></div>',
            f'<div class="mark" style="--value:{threshold:.4f}"></div>',
            f'<div class="name" style="--value:{threshold:.4f}">threshold</div></div>',
            '<div class="scale" aria-hidden="true"><span>0</span><span>50 %</span><span>100 %</span></div>',
            f'<p>{escape(decision.reason)}</p><div class="columns">{"".join(tables)}</div>',
            f'<p class="note">{escape(PROBABILITIES)}</p></section>',
        ]
    )


def _fractions(title: str, rows: Sequence[tuple[str, float]], label: str = "") -> str:
    """Return a table of fractions of 1 with bars."""
    return _table(title, [(name, _bar(p, "for" if name == label else ""), percent(p)) for name, p in rows])


def _times(seconds: Mapping[str, float]) -> str:
    """Return a table of milliseconds with bars."""
    longest = max(seconds.values(), default=0.0) or 1.0
    rows = [(name, _bar(value / longest), f"{1000 * value:.3g} ms") for name, value in seconds.items()]
    return _table(f"Time: {1000 * sum(seconds.values()):.3g} ms", rows) if rows else ""


def _changes(title: str, effects: Sequence[Effect]) -> str:
    """Return a table of effects with bars to both sides of zero, the strongest for the decision first."""
    shown = strongest(effects)
    low, high = min(0.0, *(e.change for e in shown)), max(0.0, *(e.change for e in shown))
    span = high - low or 1.0
    rows = []
    for effect in shown:
        start, size = (min(effect.change, 0) - low) / span, abs(effect.change) / span
        bar = _bar(size, "for" if effect.change >= 0 else "against", start)
        rows.append(
            (effect.name, f'<div class="zero" style="--zero:{-low / span:.4f}">{bar}</div>', signed(effect.change))
        )
    return _table(title, rows)


def _bar(value: float, kind: str = "", start: float = 0.0) -> str:
    return f'<span class="bar {kind}" style="--value:{value:.4f};--start:{start:.4f}"></span>'


def _table(title: str, rows: Sequence[tuple[str, str, str]]) -> str:
    """Return a table of a name, a bar and a number a row."""
    lines = [
        f'<tr><th scope="row">{escape(cut(name, 32))}</th><td>{bar}</td><td class="number">{escape(number)}</td></tr>'
        for name, bar, number in rows
    ]
    return f"<div><table><caption>{escape(title)}</caption>{''.join(lines)}</table></div>"


def _effects(explanation: Explanation, plots: dict[str, Any]) -> str:
    """Return moments under the feature, and tables of bands and regions."""
    parts = []
    if explanation.moments and explanation.series:
        plots["moments"] = moments_plot(explanation)
        parts.append(_plot("moments", alt_effects("Moments", explanation.moments)))
    named = ((bands_title(explanation.bands), explanation.bands), ("Brain regions", explanation.areas))
    tables = [_changes(title, effects) for title, effects in named if effects]
    parts += [f'<div class="columns">{"".join(tables)}</div>'] if tables else []
    if not parts:
        return ""
    parts.append(_caption(effects_caption(explanation)))
    return _section("What carried the decision", "<figure>", *parts, "</figure>")


def _encoding(explanation: Explanation, plots: dict[str, Any]) -> str:
    """Return every feature with its spikes and reconstruction."""
    parts = []
    for number, name in enumerate(explanation.series):
        plots[f"encoding{number}"] = encoding_plot(explanation, name)
        alt = f"Feature {name} over time, the spikes that encode it, and the feature rebuilt from them."
        parts.append(_plot(f"encoding{number}", alt))
    if not parts:
        return ""
    spiking = len(explanation.spikes.channels) > 0
    title = "From recording to spikes" if spiking else "Features of the recording"
    return _section(
        title,
        "<figure>",
        *parts,
        _caption(encoding_caption(explanation.series.values(), explanation.spikes.channels)) if spiking else "",
        "</figure>",
    )


def _cube(explanation: Explanation, plots: dict[str, Any], still: bytes | None) -> str:
    """Return the turning brain and its still picture."""
    if still is None:
        return ""
    counts = spike_counts(explanation)
    plots["cube"] = cube_plot(explanation)
    caption = CUBE.format(spikes=int(counts.sum()), active=int((counts > 0).sum()), neurons=len(counts))
    use = "Drag to turn; tap a name to hide or show it, twice to see it alone."
    image = f'<img src="data:image/png;base64,{base64.b64encode(still).decode()}" alt="{escape(caption)}">'
    return _section(
        "The network in the brain",
        '<button id="turn" type="button">Turn</button>',
        "<figure>",
        _plot("cube", caption),
        _caption(f"{caption} {use}"),
        "<details open><summary>The same from three sides; the busiest neurons hide those behind them</summary>",
        f'<div class="wide">{image}</div></details>',
        "</figure>",
    )


def _network(explanation: Explanation, plots: dict[str, Any]) -> str:
    """Return the interaction network with a choice of views."""
    if not explanation.nodes:
        return ""
    views = plots["network"] = network_plots(explanation)
    options = "".join(f'<option value="{i}">{escape(view["name"])}</option>' for i, view in enumerate(views))
    return _section(
        "Which features follow each other",
        f'<label>Show <select id="view">{options}</select></label>',
        "<figure>",
        _plot("network", f"Interaction network of {len(explanation.nodes)} nodes, as arcs in a circle."),
        f'<p class="note" id="scale">{escape(views[0]["scale"])}</p>',
        _caption(NETWORK),
        "</figure>",
    )
