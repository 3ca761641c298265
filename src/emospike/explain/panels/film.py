"""What the camera saw: pictures of the face at the moments that speak most for a decision, or its lines alone."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float32, UInt8

from emospike.clip import Clip, Frame
from emospike.clip.kinds import name_silent
from emospike.clip.video import pick_frames
from emospike.explain.attribution import Attribution, cut_moments
from emospike.explain.face_lines import join_points
from emospike.explain.html import Page
from emospike.explain.panel import Panel
from emospike.explain.style import MUTED, SMALL, new_figure
from emospike.explain.wording import signed
from emospike.features.action_units import BRIDGES, bridge_units
from emospike.features.blendshapes import SHAPES, Blendshapes
from emospike.features.face_track import FaceTrack
from emospike.features.movements import UNIT_WORDS
from emospike.features.openface import UNITS
from emospike.features.spectrum import RATE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Image = UInt8[np.ndarray, "_ _ 3"]

SHOWN = 4
"""Pictures at most."""
HEIGHT = 200
"""Pixels of a picture on the page."""

_AROUND = 0.25  # of the face's box, to each side of it
_MARKED = 1.0  # intensity of an action unit, 0 to 5, from which it is told
_TOLD = 3  # action units at most
_QUALITY = 80  # of JPEG
_PAPER, _PEN = 255, (27, 31, 36)


@dataclass(frozen=True, eq=False)
class Glimpse:
    """The face at one moment.

    Attributes
    ----------
    time : of the picture, s on the clock of the recording
    change : log-odds of the class with the face of that moment minus without it
    seen : its strongest movements, in words
    picture, outline : the face as the camera saw it, and the lines of its landmarks alone
    """

    time: float
    change: float
    seen: str
    picture: Image
    outline: Image


@dataclass(frozen=True, eq=False)
class FilmPanel(Panel):
    """The face of a film at the moments that speak most for a class; `outlined` shows no picture of a person."""

    target: str
    glimpses: Sequence[Glimpse]
    outlined: bool = False

    name = "film"

    @property
    def title(self) -> str:
        """For what the face speaks."""
        return f"When the face spoke for “{self.target}”"

    @property
    def caption(self) -> str:
        """How the moments were found and are to be read."""
        shown = "Lines are the face's landmarks." if self.outlined else "Pictures are cut out of the film."
        return (
            f"The moments, each a twelfth of the time, in which the face speaks most for “{self.target}”: the number "
            f"is its log-odds minus those with the face of that moment left out. {shown} The words name the strongest "
            "movements, as action units estimated from the picture."
        )

    @property
    def alt(self) -> str:
        """What is seen when."""
        return "; ".join(f"at {one.time:.2f} s {one.seen}" for one in self.glimpses)

    def hide_faces(self) -> FilmPanel:
        """Return the lines of the face alone."""
        return replace(self, outlined=True)

    def figure(self) -> Figure:
        """Return the pictures side by side."""
        figure = new_figure(9, 2.8)
        for number, one in enumerate(self.glimpses, start=1):
            axes = figure.add_subplot(1, SHOWN, number)
            axes.imshow(self._choose(one))
            axes.set_title(f"{one.time:.2f} s   {signed(one.change)}", fontsize=SMALL, color=MUTED)
            axes.set_xlabel(one.seen.replace(", ", "\n"), fontsize=SMALL)
            axes.set(xticks=[], yticks=[])
        return figure

    def html(self, page: Page) -> str:
        """Return the pictures with what was seen below each."""
        return f'<div class="film">{"".join(map(self._show, self.glimpses))}</div>'

    def _show(self, one: Glimpse) -> str:
        told = f"{one.time:.2f} s, {signed(one.change)}"
        data = base64.b64encode(_encode(self._choose(one))).decode()
        alt = escape(f"The face at {one.time:.2f} s: {one.seen}")
        return f'<div><img src="data:image/jpeg;base64,{data}" alt="{alt}"><p>{told}<br>{escape(one.seen)}</p></div>'

    def _choose(self, one: Glimpse) -> Image:
        return one.outline if self.outlined else one.picture


def is_filmed(clip: Clip) -> bool:
    """Tell whether a clip has pictures of the face, rather than a table or events."""
    return clip.face is not None and name_silent(clip.face) is None


def show_film(clip: Clip, moments: Sequence[Attribution], target: str, steps: int) -> FilmPanel | None:
    """Return the face of a film at the moments that speak most for a class, in order of time.

    Parameters
    ----------
    clip : with the face's track kept, as decisions leave it; the film is read once more
    moments : what leaving the face out of each moment (see `cut_moments`) takes from the class
    steps : of 10 ms that these moments part

    Returns None where the face is not filmed, or speaks for the class in no moment.
    """
    seen = next((one for one in clip.memo if isinstance(one, Blendshapes)), None)
    if seen is None or not is_filmed(clip):
        return None
    track = seen.track(clip)
    rows = _choose_rows(track, moments, steps)
    frames = pick_frames(seen.frames(clip), track.time[list(rows)]) if rows else {}
    glimpses = [_look(clip.start, track, row, frames[track.time[row]], change) for row, change in rows.items()]
    return FilmPanel(target, glimpses) if glimpses else None


def _choose_rows(track: FaceTrack, moments: Sequence[Attribution], steps: int) -> dict[int, float]:
    """Return the row of the track in the middle of each moment that is shown, and the moment's change."""
    spans = [(part.start + part.stop) / 2 / RATE for _, part in cut_moments(steps, RATE)]
    found = np.flatnonzero(track.found)
    middles = sorted(zip(moments, spans, strict=True), key=lambda pair: -pair[0].change)[:SHOWN]
    rows = {int(found[np.abs(track.time[found] - at).argmin()]): one.change for one, at in middles if one.change > 0}
    return dict(sorted(rows.items()))


def _look(start: float, track: FaceTrack, row: int, frame: Frame, change: float) -> Glimpse:
    height, width, _ = frame.image.shape
    box = track.box[row] * np.array([width, height, width, height])
    x, y, right, bottom = _surround(box, width, height)
    scale = HEIGHT / (bottom - y)
    points = (track.landmarks[row] * np.array([width, height]) - [x, y]) * scale
    picture = _resize(frame.image[y:bottom, x:right], max(round((right - x) * scale), 1))
    outline = _draw(points.astype(np.float32), picture.shape[1])
    return Glimpse(start + frame.time, change, describe_face(track.values[row]), picture, outline)


def describe_face(blendshapes: Float32[np.ndarray, " shapes"]) -> str:
    """Return the strongest movements of a face in words; those for which another stands in are not told.

    >>> smile = np.array([0.8 if one.movement == "mouthSmile" else 0.0 for one in SHAPES.channels], np.float32)
    >>> describe_face(smile)
    'lip corners raised'
    """
    (units,) = bridge_units(blendshapes[None], SHAPES.channels)
    measured = zip(UNITS.channels, BRIDGES.values(), units, strict=True)
    own = {one.movement: unit for one, bridge, unit in measured if one.movement in bridge.blendshapes}
    strongest = sorted(own, key=lambda movement: -own[movement])[:_TOLD]
    return ", ".join(UNIT_WORDS[one] for one in strongest if own[one] >= _MARKED) or "nothing that is marked"


def _surround(box: Float[np.ndarray, " 4"], width: int, height: int) -> tuple[int, int, int, int]:
    """Return first and last x and y of a face with some of what is around it, pixels within the picture."""
    x, y, w, h = box.tolist()
    left, top = int(np.clip(x - _AROUND * w, 0, width - 2)), int(np.clip(y - _AROUND * h, 0, height - 2))
    right, bottom = int(x + (1 + _AROUND) * w) + 1, int(y + (1 + _AROUND) * h) + 1
    return left, top, int(np.clip(right, left + 1, width)), int(np.clip(bottom, top + 1, height))


def _resize(image: Image, width: int) -> Image:
    from PIL import Image as Pictures

    return np.asarray(Pictures.fromarray(image).resize((width, HEIGHT), Pictures.Resampling.LANCZOS))


def _draw(points: Float32[np.ndarray, "points 2"], width: int) -> Image:
    """Return the lines of a face on paper, points in pixels."""
    from PIL import Image as Pictures
    from PIL import ImageDraw

    paper = Pictures.new("RGB", (width, HEIGHT), (_PAPER, _PAPER, _PAPER))
    pen = ImageDraw.Draw(paper)
    for begin, end in pairwise(join_points(points)):
        if np.isfinite(begin).all() and np.isfinite(end).all():
            pen.line((*begin.tolist(), *end.tolist()), fill=_PEN, width=1)
    return np.asarray(paper)


def _encode(image: Image) -> bytes:
    from PIL import Image as Pictures

    file = io.BytesIO()
    Pictures.fromarray(image).save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()
