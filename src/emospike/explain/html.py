"""Pieces of HTML that pages are made of: sections, tables with bars, plots, pictures, choices."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from emospike.explain.explanation import Effect
from emospike.explain.wording import counted, cut, milliseconds, percent, signed, strongest

Row = tuple[str, str, str]
"""A name, a bar and a number, the bar in HTML."""


def section(title: str, *parts: str) -> str:
    """Return a section under its heading."""
    return "\n".join([f"<section><h2>{escape(title)}</h2>", *parts, "</section>"])


def figure(*parts: str) -> str:
    """Return plots and pictures with what is said below them."""
    return "\n".join(["<figure>", *parts, "</figure>"])


def plot(name: str, alt: str) -> str:
    """Return the place of a plot."""
    return f'<div class="plot" data-plot="{escape(name)}" role="img" aria-label="{escape(alt)}"></div>'


def views(name: str, alt: str, found: Sequence[Mapping[str, Any]], label: str = "Show") -> str:
    """Return the place of a plot that has several views, and the choice between them above it."""
    options = "".join(f'<option value="{i}">{escape(view["name"])}</option>' for i, view in enumerate(found))
    chosen = f'<label>{escape(label)} <select data-view="{escape(name)}">{options}</select></label>'
    scale = f'<p class="note" data-scale="{escape(name)}">{escape(found[0]["scale"])}</p>'
    return f"{chosen}\n{plot(name, alt)}\n{scale}"


def caption(text: str) -> str:
    """Return what is said below a figure."""
    return f"<figcaption>{escape(text)}</figcaption>"


def note(text: str) -> str:
    """Return a quiet paragraph."""
    return f'<p class="note">{escape(text)}</p>'


def picture(image: bytes, alt: str) -> str:
    """Return a PNG picture that the page holds itself."""
    data = base64.b64encode(image).decode()
    return f'<div class="wide"><img src="data:image/png;base64,{data}" alt="{escape(alt)}"></div>'


def columns(*parts: str) -> str:
    """Return parts side by side where there is room."""
    return f'<div class="columns">{"".join(parts)}</div>'


def bar(value: float, kind: str = "", start: float = 0.0) -> str:
    """Return a bar; `value` and `start` are shares of the room that it has."""
    return f'<span class="bar {kind}" style="--value:{value:.4f};--start:{start:.4f}"></span>'


def table(title: str, rows: Sequence[Row]) -> str:
    """Return a table of a name, a bar and a number a row."""
    lines = [
        f'<tr><th scope="row">{escape(cut(name, 32))}</th><td>{drawn}</td><td class="number">{number}</td></tr>'
        for name, drawn, number in rows
    ]
    return f"<div><table><caption>{escape(title)}</caption>{''.join(lines)}</table></div>"


def fractions(title: str, rows: Sequence[tuple[str, float]], label: str = "") -> str:
    """Return a table of fractions of 1 with bars."""
    return table(title, [(name, bar(p, "for" if name == label else ""), escape(percent(p))) for name, p in rows])


def times(seconds: Mapping[str, float]) -> str:
    """Return a table of milliseconds with bars."""
    longest = max(seconds.values(), default=0.0) or 1.0
    rows = [(name, bar(value / longest), milliseconds(value)) for name, value in seconds.items()]
    return table(f"Time: {milliseconds(sum(seconds.values()))}", rows) if rows else ""


def changes(title: str, effects: Sequence[Effect]) -> str:
    """Return a table of effects with bars to both sides of zero, the strongest for the decision first."""
    shown = strongest(effects)
    values = [effect.change for effect in shown]
    bars = zero_bars([values], ["for" if value >= 0 else "against" for value in values])
    rows = [(one.name, drawn, signed(one.change)) for one, drawn in zip(shown, bars, strict=True)]
    return table(counted(title, effects), rows)


def zero_bars(series: Sequence[Sequence[float]], colours: Sequence[str]) -> list[str]:
    """Return for each row the bars of all series below each other, to both sides of one zero.

    `colours` name the class of each row if there is one series, and else that of each series.
    """
    every = [0.0, *(value for one in series for value in one)]
    low, span = min(every), max(every) - min(every) or 1.0
    out = []
    for i, row in enumerate(zip(*series, strict=True)):
        kinds = [colours[i]] if len(series) == 1 else colours
        starts = [(min(value, 0.0) - low) / span for value in row]
        drawn = [bar(abs(v) / span, kind, start) for v, kind, start in zip(row, kinds, starts, strict=True)]
        out.append("".join(f'<div class="zero" style="--zero:{-low / span:.4f}">{one}</div>' for one in drawn))
    return out
