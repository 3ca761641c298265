"""Make the pictures of the documentation, with the shipped models; after a change of models or figures.

    EMOSPIKE_DATA=FOLDER python scripts/make_pictures.py

Those in docs/assets show a recording of RAVDESS below that folder, of a speaker whom the model has not heard (without
the folder they stay as they are), those in folders of docs/assets a film of it, and those in docs/assets/clip the
made-up voice of the examples. Those in docs/results stand beside the numbers that they are drawn from, and only what is
missing there is drawn: remove one to have it drawn afresh.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import demo
import fill_docs
import made_up
from PIL import Image

import emospike
from emospike.evaluation.figures.results import alt_text, draw_evaluation
from emospike.explain import write_explanation
from emospike.explain.style import save_figure
from emospike.systems.base import System

ASSETS = Path(__file__).parents[1] / "docs" / "assets"


def draw(model: System, recording: Path, to: Path, names: tuple[str, ...]) -> None:
    """Write some figures of a decision; "encoding" stands for that of the first feature."""
    to.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        _, *drawn = write_explanation(model.explain(recording), folder)
        for name in names:
            source = next(path for path in drawn if path.stem.startswith(name))
            keep(source, to / f"{name}.png")


def draw_results(results: Path = fill_docs.RESULTS) -> None:
    """Draw the evaluations that the table of figures shows (see `fill_docs`), where they have no picture."""
    for result in fill_docs.load_results(results):
        picture = results / f"{result['file']}.png"
        if result["folder"] == "." and not picture.exists():
            with TemporaryDirectory() as folder:
                keep(save_figure(draw_evaluation(result), Path(folder) / "figure.png", alt_text(result)), picture)


def keep(source: Path, to: Path) -> None:
    """Write a picture with a palette of 256 colours, which is all that figures use, and a third of the size."""
    Image.open(source).convert("RGB").quantize(256).save(to, optimize=True)
    print(to, to.stat().st_size)


def main() -> None:
    draw_results()
    model = emospike.load("excube2-arousal")
    with TemporaryDirectory() as folder:
        clip = made_up.examples(Path(folder)) / "clip.wav"
        draw(model, clip, ASSETS / "clip", ("encoding", "cube", "decision"))
    data = Path(os.environ.get("EMOSPIKE_DATA", "nowhere"))
    found = demo.ravdess(model, data) if data.is_dir() else None
    if found:
        print(*found)
        draw(model, found[0], ASSETS, ("decision", "occlusion", "cube", "interactions", "raster"))
    film = data / "samples" / "video" / "01-01-04-01-02-01-01.mp4"
    if film.is_file():
        names = ("contributions", "animation", "inputs", "cross-modal", "region-flow")
        draw(emospike.load("excube2-both"), film, ASSETS / "both", names)
        draw(emospike.load("spiking_emotions-face"), film, ASSETS / "vote", ("vote",))
        draw(emospike.load("synch_graph-both"), film, ASSETS / "graph", ("synchrony",))
        draw(emospike.load("cross_modal-emotion"), film, ASSETS / "layers", ("weights",))
        draw(emospike.load("eavs_tf-emotion"), film, ASSETS / "transformer", ("attention",))


if __name__ == "__main__":
    main()
