"""Writing an explanation, or two side by side: figures as PNG files, and the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from emospike.explain.explanation import Explanation
from emospike.files import write_atomically
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

    return write_all(folder, _figures(explanation), lambda images: page(explanation, images))


def write_comparison(first: Explanation, second: Explanation, folder: Path | str) -> list[Path]:
    """Write ``index.html`` and PNG files of two clips side by side into `folder`; return their paths, the page first.

    Both should tell the evidence of one class: explain the second clip with ``label=first.about``.

    Raises
    ------
    InputError : the folder cannot be made or written to, or the effects are of different classes
    """
    from emospike.explain.comparison import comparison_page

    if first.about != second.about and first.bands and second.bands:
        raise InputError(f"effects of one class expected, got {first.about!r} and {second.about!r}: name the label")
    return write_all(folder, _compared(first, second), lambda _: comparison_page(first, second))


def write_all(
    folder: Path | str, figures: Iterable[tuple[str, Figure, str]], page: Callable[[Mapping[str, bytes]], str]
) -> list[Path]:
    """Write each figure (its name, itself, its description) and the page made with the pictures, the page first."""
    from emospike.explain.style import png

    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise InputError(f"cannot make the folder {folder}: {err.strerror}: name another one") from err
    images = {name: png(figure, alt) for name, figure, alt in figures}
    written = [write_atomically(folder / f"{name}.png", image) for name, image in images.items()]
    return [write_atomically(folder / "index.html", page(images)), *written]


def _figures(explanation: Explanation) -> Iterator[tuple[str, Figure, str]]:
    """Yield the name, the figure and the description of each picture."""
    from emospike.explain.captions import alt_decision, alt_effects, alt_encoding, ballot_caption
    from emospike.explain.figures.ballot import ballot_figure
    from emospike.explain.figures.decision import decision_figure
    from emospike.explain.figures.effects import effects_figure
    from emospike.explain.figures.encoding import encoding_figure
    from emospike.explain.wording import kinds

    yield "decision", decision_figure(explanation), alt_decision(explanation)
    if explanation.series and (explanation.moments or kinds(explanation)):
        named = [("Moments", explanation.moments), *kinds(explanation)]
        alt = " ".join(alt_effects(kind, effects) for kind, effects in named if effects)
        yield "effects", effects_figure(explanation), alt
    for name in explanation.series:
        slug = re.sub(r"\W+", "-", name)
        yield f"encoding-{slug}", encoding_figure(explanation, name), alt_encoding(explanation, name)
    if ballot := explanation.ballot:
        yield "ballot", ballot_figure(ballot), ballot_caption(ballot)
    yield from _brain_figures(explanation)


def _brain_figures(explanation: Explanation) -> Iterator[tuple[str, Figure, str]]:
    """Yield the pictures of the network in the brain, those that there is something for."""
    from emospike.explain import captions
    from emospike.explain.crossing import crossing_of
    from emospike.explain.figures.crossing import crossing_figure
    from emospike.explain.figures.cube import cube_figure
    from emospike.explain.figures.inputs import inputs_figure
    from emospike.explain.figures.network import CLASSES, network_figure
    from emospike.explain.figures.reel import reel_figure
    from emospike.explain.figures.synchrony import synchrony_figure
    from emospike.explain.figures.traffic import learning_figure, traffic_figure
    from emospike.explain.reel import reel_of
    from emospike.explain.synchrony import synchrony_of

    if reel := reel_of(explanation):
        yield "reel", reel_figure(explanation, reel), captions.reel_caption(reel)
    if explanation.sites.size:
        yield "inputs", inputs_figure(explanation), captions.inputs_caption(explanation)
    if len(explanation.positions):
        yield "cube", cube_figure(explanation), "Spikes of each neuron at its place in the brain, from three sides."
    if crossing := crossing_of(explanation):
        yield "crossing", crossing_figure(crossing), captions.crossing_caption()
    if synchrony := synchrony_of(explanation):
        yield "synchrony", synchrony_figure(synchrony), captions.synchrony_caption()
    if explanation.nodes:
        yield "network", network_figure(explanation), captions.network_caption(explanation, CLASSES)
    regions = explanation.regions
    if traffic := explanation.traffic:
        yield "traffic", traffic_figure(traffic, regions), captions.traffic_caption(traffic)
    if learning := explanation.learning:
        yield "learning", learning_figure(learning, regions), captions.learning_caption(learning)


def _compared(first: Explanation, second: Explanation) -> Iterator[tuple[str, Figure, str]]:
    """Yield the name, the figure and the description of each picture."""
    from emospike.explain.captions import COMPARED, EACH_OTHER, alt_decision, network_caption
    from emospike.explain.comparison import difference_views, effect_pairs, titles
    from emospike.explain.figures.comparison import pairs_figure
    from emospike.explain.figures.decision import decisions_figure
    from emospike.explain.figures.network import networks_figure

    said = f"{alt_decision(first)} {alt_decision(second)}"
    yield "decisions", decisions_figure(first, second), said
    if pairs := effect_pairs(first, second):
        caption = COMPARED.format(label=first.about)
        yield "effects", pairs_figure(pairs, titles(first, second), caption), caption
    if first.nodes and second.nodes:
        caption = network_caption(first, compare=EACH_OTHER)
        yield "network", networks_figure(first.nodes, difference_views(first, second), caption), caption
