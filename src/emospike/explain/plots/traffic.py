"""Between regions: matrices of the spikes that they hand on and of what learning changed, one plot for each view."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emospike.explain.plots.packed import Plot
from emospike.explain.wording import signed
from emospike.readout.traffic import Between, Learning, Traffic

ROUND = [digit * 10.0**power for power in range(-3, 6) for digit in (1, 2, 5)]
COUNTS = [[0, "--surface"], [0.35, "--low"], [0.7, "--middle"], [1, "--busy"]]
CHANGES = [[0, "--against"], [0.5, "--surface"], [1, "--for"]]


def between_plots(traffic: Traffic, learning: Learning | None, regions: Sequence[str]) -> list[Plot]:
    """Return a matrix of counts, one of their ratio to chance, and one of changes if there was learning."""
    rows = [("Spikes handed on", _counts(traffic, regions)), ("Against chance", _ratios(traffic, regions))]
    rows += [("What learning changed", _changes(learning, regions))] if learning else []
    return [{"name": name} | plot for name, plot in rows]


def _counts(traffic: Traffic, regions: Sequence[str]) -> Plot:
    text = [
        [f"{p:.1f} /s, {p / c:.1f} times chance, {n:.0f} synapses" if c else f"{n:.0f} synapses" for p, c, n in row]
        for row in _cells(traffic.passed, traffic.chance, traffic.synapses)
    ]
    shown = np.where(traffic.synapses > 0, traffic.passed, np.nan)
    return _matrix(_rooted(shown, COUNTS) | {"text": text}, regions, "spikes a second, from row to column")


def _ratios(traffic: Traffic, regions: Sequence[str]) -> Plot:
    known = traffic.chance > 0
    ratio = np.divide(traffic.passed, traffic.chance, out=np.full(known.shape, np.nan), where=known)
    text = [[f"{one:.2f} times chance ({p:.1f} /s)" for one, p in row] for row in _cells(ratio, traffic.passed)]
    return _matrix(_rooted(ratio, COUNTS) | {"text": text}, regions, "times what chance would give")


def _changes(learning: Learning, regions: Sequence[str]) -> Plot:
    text = [
        [f"{signed(c)} thresholds over {n:.0f} synapses, {signed(100 * c / b) if b else '0'} %" for c, b, n in row]
        for row in _cells(learning.change, learning.before, learning.synapses)
    ]
    shown = np.where(learning.synapses > 0, learning.change, np.nan)
    return _matrix(_rooted(shown, CHANGES) | {"text": text}, regions, "change of weight, in thresholds")


def _cells(*matrices: Between) -> list[list[tuple[float, ...]]]:
    """Return the cells of several matrices together, row by row."""
    rows = np.stack(matrices, axis=-1).tolist()
    return [[tuple(cell) for cell in row] for row in rows]


def _rooted(values: Between, colours: list[list[object]]) -> Plot:
    """Return values coloured by their square root (its sign kept), with ticks at round values; NaN is left empty."""
    root = np.sign(values) * np.sqrt(np.abs(values))
    most = float(np.abs(root[np.isfinite(root)]).max(initial=0.0)) or 1.0
    signs = (-1, 1) if colours is CHANGES else (1,)
    rounds = [0.0, *(tick for tick in ROUND if most / 5 <= np.sqrt(tick) <= most)]
    ticks = sorted({sign * tick + 0.0 for tick in rounds for sign in signs})
    return {
        "z": [[None if np.isnan(one) else round(one, 3) for one in row] for row in root.tolist()],
        "colorscale": colours,
        "zmin": -most if len(signs) > 1 else 0.0,
        "zmax": most,
        "colorbar": {
            "thickness": 10,
            "len": 0.6,
            "tickvals": [float(np.sign(tick) * np.sqrt(abs(tick))) for tick in ticks],
            "ticktext": [f"{tick:,g}".replace("-", "−") for tick in ticks],
        },
    }


def _matrix(how: Plot, regions: Sequence[str], scale: str) -> Plot:
    """Return a matrix with its rows from above."""
    trace = {
        "type": "heatmap",
        "x": list(regions),
        "y": list(regions),
        "hovertemplate": "%{y} → %{x}: %{text}<extra></extra>",
        "hoverongaps": False,
        "xgap": 1,
        "ygap": 1,
    }
    layout = {
        "xaxis": {"title": {"text": "to"}, "tickangle": -60, "automargin": True},
        "yaxis": {"title": {"text": "from", "standoff": 8}, "autorange": "reversed", "automargin": True},
        "plot_bgcolor": "--faint",
        "height": 620,
    }
    return {"scale": scale, "data": [trace | how], "layout": layout}
