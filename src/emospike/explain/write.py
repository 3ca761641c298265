"""Writing an explanation: figures as PNG files, and the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from emospike.files import write_atomically
from emospike.systems.contract import Explanation
from emospike.validation import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_explanation(explanation: Explanation, folder: Path | str) -> list[Path]:
    """Write ``index.html`` and a PNG file for each figure into `folder`, and return their paths, the page first.

    The folder is made if it does not exist; files of an earlier explanation are replaced, each in one step. Figures
    of which the explanation holds nothing (no neurons, no effects) are left out.

    Raises
    ------
    InputError : the folder cannot be made or written to
    """
    from emospike.explain.page import page
    from emospike.explain.style import png

    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise InputError(f"cannot make the folder {folder}: {err.strerror}: name another one") from err
    images = {name: png(figure, alt) for name, figure, alt in _figures(explanation)}
    written = [write_atomically(folder / f"{name}.png", image) for name, image in images.items()]
    return [write_atomically(folder / "index.html", page(explanation, images.get("cube"))), *written]


def _figures(explanation: Explanation) -> Iterator[tuple[str, Figure, str]]:
    """Yield the name, the figure and the description of each picture."""
    from emospike.explain.figures.cube import cube_figure
    from emospike.explain.figures.decision import decision_figure
    from emospike.explain.figures.effects import effects_figure
    from emospike.explain.figures.encoding import encoding_figure
    from emospike.explain.figures.network import network_figure
    from emospike.explain.wording import NETWORK, alt_decision, alt_effects, alt_encoding, bands_title

    yield "decision", decision_figure(explanation), alt_decision(explanation)
    if explanation.series and (explanation.moments or explanation.bands or explanation.areas):
        named = {
            "Moments": explanation.moments,
            bands_title(explanation.bands): explanation.bands,
            "Regions": explanation.areas,
        }
        alt = " ".join(alt_effects(kind, effects) for kind, effects in named.items() if effects)
        yield "effects", effects_figure(explanation), alt
    for name in explanation.series:
        slug = re.sub(r"\W+", "-", name)
        yield f"encoding-{slug}", encoding_figure(explanation, name), alt_encoding(explanation, name)
    if len(explanation.positions):
        yield "cube", cube_figure(explanation), "Spikes of each neuron at its place in the brain, from three sides."
    if explanation.nodes:
        yield "network", network_figure(explanation), NETWORK
