"""Pieces of HTML that the page is made of, and the page itself: one file that holds all it shows and asks for nothing.

Colours are names of CSS variables (``var(--for)``), in plots too, so that everything follows the reader's theme.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32

from emospike.explain.style import png
from emospike.explain.wording import cut, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Plot = dict[str, Any]
"""``"data"`` and ``"layout"`` of a plot by plotly, which packs arrays itself; a view of several also has a ``"name"``
and a ``"note"``. What moves is in the layout's ``"meta"``."""

Row = tuple[str, str, str]
"""A name, a bar and a number, the bar in HTML."""

SAMPLES = 16_000
"""Of sound, a second."""

_OWN_TAG = re.compile(r"&lt;(br|/?extra)&gt;")

LONG = 260
"""Characters from which a caption is set in two columns."""


def as_text(value: Any, *, template: bool = False) -> Any:
    """Return what plotly is to draw, in which names are text: it takes tags in them (bold, links) for its own.

    Templates of what is shown where one points may break lines.

    >>> as_text({"text": ["<b>a</b>"], "hovertemplate": "<i>%{x}<br>"})
    {'text': ['&lt;b&gt;a&lt;/b&gt;'], 'hovertemplate': '&lt;i&gt;%{x}<br>'}
    """
    if isinstance(value, Mapping):
        return {name: as_text(inner, template=name == "hovertemplate") for name, inner in value.items()}
    if isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.dtype.kind in "UO"):
        return [as_text(inner, template=template) for inner in value]
    if not isinstance(value, str):
        return value
    plain = escape(value, quote=False)
    return _OWN_TAG.sub(r"<\1>", plain) if template else plain


class Page:
    """What a page has shown and said so far."""

    def __init__(self) -> None:
        self._plots: list[str] = []
        self._said: set[str] = set()

    def plot(self, name: str, alt: str, *views: Plot) -> str:
        """Return the place of a plot, of its first view if there are several."""
        from plotly.graph_objects import Figure

        drawn = []
        for view in views:
            data, layout = as_text(view["data"]), {"template": "none"} | as_text(view["layout"])
            about = json.dumps({"name": view.get("name", ""), "note": view.get("note", "")}).replace("<", "\\u003c")
            figure = Figure(data, layout).to_json().replace("\\u002f", "/")  # of which packed arrays hold many
            drawn.append(f"{about[:-1]},{figure[1:]}")
        self._plots.append(f"{json.dumps(name)}:[{','.join(drawn)}]")
        return f'<div class="plot" data-plot="{escape(name)}" role="img" aria-label="{escape(alt)}"></div>'

    def views(self, name: str, alt: str, views: Sequence[Plot]) -> str:
        """Return the place of a plot that has several views, the choice between them above it."""
        options = "".join(f'<option value="{i}">{escape(view["name"])}</option>' for i, view in enumerate(views))
        return (
            f'<label>Show <select data-view="{escape(name)}">{options}</select></label>\n'
            f'{self.plot(name, alt, *views)}\n<p class="note" data-note="{escape(name)}">{escape(views[0]["note"])}</p>'
        )

    def picture(self, figure: Figure, alt: str) -> str:
        """Return a picture that the page holds itself."""
        data = base64.b64encode(png(figure)).decode()
        return f'<div class="wide"><img src="data:image/png;base64,{data}" alt="{escape(alt)}"></div>'

    def say(self, caption: str) -> str:
        """Return the lines of a caption that were not said before."""
        lines = [line for line in dict.fromkeys(caption.splitlines()) if line not in self._said]
        self._said.update(lines)
        text = " ".join(lines)
        return f'<figcaption class="{"long" if len(text) > LONG else ""}">{escape(text)}</figcaption>' if lines else ""

    def document(self, title: str, body: Iterable[str]) -> str:
        """Return the whole page, with its scripts and the data of its plots."""
        from plotly.offline import get_plotlyjs

        scripts = {"plotly": get_plotlyjs(), "script": read_asset("page.js") + read_asset("animation.js")}
        return Template(read_asset("page.html")).substitute(
            scripts,
            scripts=" ".join(map(name_source, scripts.values())),
            title=escape(title),
            style=read_asset("page.css"),
            body="\n".join(body),
            plots=f"{{{','.join(self._plots)}}}",
        )


def name_source(text: str) -> str:
    """Return what a content security policy calls a script or style of this text.

    >>> name_source("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def read_asset(name: str) -> str:
    """Return a part of the page, by its file's name."""
    return (files("emospike.explain") / "assets" / name).read_text(encoding="utf-8")


def play(sound: Float32[np.ndarray, " samples"]) -> str:
    """Return a player of a sound of 16 kHz, full scale ±1, which the page holds itself, without loss (FLAC)."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(sound, -1, 1), SAMPLES, format="FLAC", subtype="PCM_16")
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<audio controls src="data:audio/flac;base64,{data}"></audio>'


def note(text: str) -> str:
    """Return a quiet paragraph."""
    return f'<p class="note">{escape(text)}</p>'


def columns(*parts: str) -> str:
    """Return parts side by side where there is room, three at most."""
    return f'<div class="columns" style="--count:{min(len(parts), 3)}">{"".join(parts)}</div>'


def key(**meanings: str) -> str:
    """Return what colours mean, by the names of their CSS variables."""
    spans = (f'<span class="{name}">{escape(text)}</span>' for name, text in meanings.items())
    return f'<p class="key">{" ".join(spans)}</p>'


def table(title: str, rows: Sequence[Row]) -> str:
    """Return a table of a name, a bar and a number a row."""
    lines = [
        f'<tr><th scope="row">{escape(cut(name, 32))}</th><td>{drawn}</td><td class="number">{number}</td></tr>'
        for name, drawn, number in rows
    ]
    return f"<div><table><caption>{escape(title)}</caption>{''.join(lines)}</table></div>"


def tabulate_fractions(title: str, rows: Sequence[tuple[str, float]], label: str) -> str:
    """Return a table of fractions of 1 with bars, that of the label highlighted."""
    return table(title, [(name, bar(p, "for" if name == label else ""), escape(percent(p))) for name, p in rows])


def bar(value: float, kind: str = "", start: float = 0.0) -> str:
    """Return a bar; `value` and `start` are shares of the room that it has."""
    return f'<span class="bar {kind}" style="--value:{value:.4f};--start:{start:.4f}"></span>'


def bar_from_zero(series: Sequence[Sequence[float]], kinds: Sequence[str]) -> list[str]:
    """Return for each row the bars of all series below each other, to both sides of one zero.

    `kinds` name the class of each row if there is one series, and else that of each series.
    """
    every = [0.0, *(value for one in series for value in one)]
    low, span = min(every), max(every) - min(every) or 1.0
    out = []
    for i, row in enumerate(zip(*series, strict=True)):
        own = [kinds[i]] if len(series) == 1 else kinds
        drawn = [bar(abs(v) / span, kind, (min(v, 0.0) - low) / span) for v, kind in zip(row, own, strict=True)]
        out.append("".join(f'<div class="zero" style="--zero:{-low / span:.4f}">{one}</div>' for one in drawn))
    return out
