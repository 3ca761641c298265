"""Measure how far what should not matter moves a face's probability, and whether faces that cannot be read are known.

    python scripts/measure_face_stability.py [--model NAME] FILM... docs/results/face-stability.json

A shipped model (by default `excube2-both`) decides by the face alone on the first 8 s of each FILM: as it looks at
films, at every picture to every fourth, and on its pictures mirrored and half as large, which should not matter; then
on pictures that are made dark, blurred, covered and turned, on which it should say that it does not know. The pictures
are changed once decoded, so that no codec has a part in it. `fill_docs.py` shows the file as the tables ``stability``
and ``unreadable``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

import emospike
from emospike.clip import Clip, Frame
from emospike.features.blendshapes import Blendshapes, track_frames
from emospike.features.face_track import FaceTrack
from emospike.files import format_json, write_atomically

MODEL = "excube2-both"
LONGEST = 8.0  # s, decided in one piece
STRIDES = (1, 2, 3, 4)
CHEEK, BRIDGE, LIP = 50, 168, 2  # of MediaPipe's points: a cheek, between the eyes, above the upper lip

Picture = np.ndarray
Change = Callable[[Picture, np.ndarray], Picture]  # of a picture and the points of its face, pixels


def halve(image: Picture, _: np.ndarray) -> Picture:
    height, width, _ = image.shape
    blocks = image[: height // 2 * 2, : width // 2 * 2].reshape(height // 2, 2, width // 2, 2, 3)
    return blocks.mean(axis=(1, 3))


def blur(share: float, image: Picture, points: np.ndarray) -> Picture:
    """Blur by a Gaussian of that share of the face's width."""
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(share * float(np.ptp(points[:, 0])))))


def cover(part: str, colour: int | None, image: Picture, points: np.ndarray) -> Picture:
    """Lay a patch over the mouth, or over the half of the face at the picture's left; by default one of its skin."""
    (x, y), (right, bottom) = points.min(axis=0), points.max(axis=0)
    if part == "half":
        right = points[BRIDGE, 0]
    else:
        inset, y = 0.12 * (right - x), points[LIP, 1]
        x, right = x + inset, right - inset
    out, (cheek_x, cheek_y) = image.copy(), points[CHEEK].astype(int)
    skin = np.median(image[cheek_y - 3 : cheek_y + 4, cheek_x - 3 : cheek_x + 4].reshape(-1, 3), axis=0)
    out[max(int(y), 0) : int(bottom) + 1, max(int(x), 0) : int(right) + 1] = skin if colour is None else colour
    return out


def roll(degrees: float, image: Picture, _: np.ndarray) -> Picture:
    return np.asarray(Image.fromarray(image).rotate(degrees, Image.Resampling.BILINEAR, expand=True))


def slim(share: float, image: Picture, _: np.ndarray) -> Picture:
    """Make it slim, as a head turned aside is."""
    return np.asarray(Image.fromarray(image).resize((int(image.shape[1] * share), image.shape[0])))


HARMLESS: dict[str, Change] = {"mirrored": lambda image, _: image[:, ::-1], "half size": halve}
DEGRADATIONS: dict[str, Change] = {
    "dark: a quarter of the light": lambda image, _: image * 0.25,
    "dark: a seventh": lambda image, _: image * 0.15,
    "blurred: Gaussian of 3.5 % of the face's width": partial(blur, 0.035),
    "blurred: of 8 %": partial(blur, 0.08),
    "covered: the mouth, black": partial(cover, "mouth", 0),
    "covered: the mouth, grey": partial(cover, "mouth", 128),
    "covered: the mouth, skin": partial(cover, "mouth", None),
    "covered: half, black": partial(cover, "half", 0),
    "covered: half, grey": partial(cover, "half", 128),
    "turned: 50° in the plane": partial(roll, 50.0),
    "turned: 90° in the plane": partial(roll, 90.0),
    "turned: aside, 0.6 as wide": partial(slim, 0.6),
}


def degrade(frames: Iterable[Frame], track: FaceTrack, change: Change) -> Iterator[Frame]:
    """Yield pictures as they are after a change; those in which no face was found stay."""
    for frame, points, found in zip(frames, track.landmarks, track.found, strict=True):
        pixels = points * frame.image.shape[1::-1]
        image = change(frame.image, pixels) if found else frame.image
        yield Frame(frame.time, np.ascontiguousarray(image).clip(0, 255).astype(np.uint8))


def decide(system: Any, film: Path, frames: Iterable[Frame]) -> tuple[dict[str, Any], FaceTrack]:
    """Return what a model says of a film with these pictures, and the track of the face in them."""
    clip = Clip(film, 0.0, LONGEST)
    track = track_frames(clip, frames)
    clip.memo[Blendshapes()] = track
    found = system.decide(clip)
    names = ("label", "answered", "clear", "reason", "probabilities")
    return {name: getattr(found, name) for name in names}, track


def measure(system: Any, film: Path) -> dict[str, Any]:
    """Return the decisions on one film, by what was done to it."""
    clip = Clip(film, 0.0, LONGEST)
    frames = list(Blendshapes().frames(clip))
    plain, track = decide(system, film, frames)
    harmless = {f"stride {stride}": decide(system, film, clip.frames(stride))[0] for stride in STRIDES}
    harmless |= {name: decide(system, film, degrade(frames, track, one))[0] for name, one in HARMLESS.items()}
    degraded = {name: decide(system, film, degrade(frames, track, one))[0] for name, one in DEGRADATIONS.items()}
    return {"film": film.stem, "plain": plain, "harmless": harmless, "degraded": degraded}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("output", type=Path)
    asked = parser.parse_args()
    system, rows = emospike.load(asked.model).by("face"), []
    for film in asked.films:
        rows.append(measure(system, film))
        print(film.name, {name: one["probabilities"] for name, one in rows[-1]["harmless"].items()}, flush=True)
    write_atomically(asked.output, format_json({"model": asked.model, "films": rows}, 1) + "\n")


if __name__ == "__main__":
    main()
