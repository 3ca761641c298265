"""Make the pictures of the documentation, with the shipped model; after a change of model or figures.

    EMOSPIKE_DATA=FOLDER python scripts/make_pictures.py

Those in docs/assets show a recording of RAVDESS below that folder, of a speaker whom the model has not heard (without
the folder they stay as they are), those in docs/assets/both, vote and graph a film of it; those in docs/assets/clip the
made-up voice of the examples.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import demo
import made_up
from PIL import Image

import emospike
from emospike.explain import write_explanation
from emospike.systems.base import System

ASSETS = Path(__file__).parents[1] / "docs" / "assets"


def draw(model: System, recording: Path, to: Path, names: tuple[str, ...]) -> None:
    """Write some figures of a decision; "encoding" stands for that of the first feature."""
    to.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        _, *drawn = write_explanation(model.explain(recording), folder)
        for name in names:
            source = next(path for path in drawn if path.stem.startswith(name))
            # A palette of 256 colours is all that they use, and a third of the size.
            Image.open(source).convert("RGB").quantize(256).save(to / f"{name}.png", optimize=True)
            print(to / f"{name}.png", (to / f"{name}.png").stat().st_size)


def main() -> None:
    model = emospike.load("excube2-arousal")
    with TemporaryDirectory() as folder:
        clip = made_up.examples(Path(folder)) / "clip.wav"
        draw(model, clip, ASSETS / "clip", ("encoding", "cube", "decision"))
    data = Path(os.environ.get("EMOSPIKE_DATA", "nowhere"))
    found = demo.ravdess(model, data) if data.is_dir() else None
    if found:
        print(*found)
        draw(model, found[0], ASSETS, ("decision", "effects", "cube", "network"))
    film = data / "samples" / "video" / "01-01-04-01-02-01-01.mp4"
    if film.is_file():
        names = ("decision", "reel", "inputs", "crossing", "traffic")
        draw(emospike.load("excube2-both"), film, ASSETS / "both", names)
        draw(emospike.load("spiking_emotions-face"), film, ASSETS / "vote", ("ballot",))
        draw(emospike.load("synch_graph-both"), film, ASSETS / "graph", ("synchrony",))


if __name__ == "__main__":
    main()
