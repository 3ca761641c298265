"""Overlays: a film with what was seen of its face drawn on it, for checking by eye."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8

from emospike.clip import SAMPLE_RATE, Clip, Sound
from emospike.features.action_units import bridge_units
from emospike.features.face_quality import PROBLEMS, find_problems
from emospike.features.face_table import FilmedFace
from emospike.features.face_track import FaceTrack
from emospike.features.openface import INTENSITIES
from emospike.files import stage_file
from emospike.validation import InputError

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

FORMATS = {".mp4": "mp4", ".mkv": "matroska"}
"""Suffixes that an overlay may have, and their containers."""

_CLOCK = Fraction(1, 90_000)  # s
_BLOCK = 1024  # samples
_GOOD, _BAD, _WORDS, _EDGE = "#30e060", "#ff5040", "#ffffff", "#000000"
_LINES = 30  # of text in a picture's height
_STRONGEST = 3  # action units that are told


def write_overlay(path: Path, clip: Clip, face: FilmedFace) -> Path:
    """Write a film again, with the face's box, points, pose, strongest action units and what is wrong with it.

    Every picture comes at its time, whichever were looked at; the sound is that which is decided on, at 16 kHz.

    Raises `InputError` for a name that does not end as `FORMATS`, and for a film that cannot be read or encoded.
    """
    import av

    if path.suffix.lower() not in FORMATS:
        raise InputError(f"the name of an overlay ends in {' or '.join(FORMATS)}, got {path.name}")
    try:
        with (
            stage_file(Path(os.path.realpath(path))) as staged,
            av.open(str(staged), "w", format=FORMATS[path.suffix.lower()]) as container,
        ):
            _encode(container, clip, face)
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, InputError | OSError):  # the film's, or the disk's
            raise
        raise InputError(
            f"{clip.path} has pictures of {face.width} x {face.height} that cannot be encoded ({error}): leave "
            f"the overlay out"
        ) from error
    return path


def _encode(container: Any, clip: Clip, face: FilmedFace) -> None:
    import av

    film, sound = _add_film(container, face), _read_sound(clip)
    track: Any = None if sound is None else container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
    heard = 0
    for time, image in draw_film(clip, face):
        picture = av.VideoFrame.from_ndarray(image, format="rgb24")
        picture.pts, picture.time_base = round(time / _CLOCK), _CLOCK
        container.mux(film.encode(picture))
        while sound is not None and heard < min(time * SAMPLE_RATE, len(sound)):
            container.mux(_encode_sound(track, sound, heard))
            heard += _BLOCK
    container.mux(film.encode(None))
    if track:
        container.mux(track.encode(None))


def draw_film(clip: Clip, face: FilmedFace) -> Iterator[tuple[float, UInt8[np.ndarray, "height width 3"]]]:
    """Yield the time of each picture, s, and the picture as it is drawn on, its sides even as codecs ask for."""
    from PIL import Image, ImageDraw, ImageFont

    track = face.track
    units = bridge_units(track.values, track.channels)
    problems = None if track.quality is None else find_problems(track.quality, track.pose)
    font = ImageFont.load_default(max(face.height / _LINES, 9))
    for frame in clip.frames():
        at = max(int(np.searchsorted(track.time, frame.time + 1e-6)) - 1, 0)
        wrong = [name for name, one in zip(PROBLEMS, problems[at], strict=True) if one] if problems is not None else []
        image = Image.fromarray(frame.image)
        draw = ImageDraw.Draw(image)
        lines = [f"{frame.time:.2f} s"]
        if track.found[at]:
            _draw_face(draw, face, at, _BAD if wrong else _GOOD)
            lines += [_tell_pose(track, at), _tell_units(units[at]), ", ".join(wrong)]
        else:
            lines.append("no face")
        text: dict[str, Any] = {"fill": _WORDS, "font": font, "stroke_width": 1, "stroke_fill": _EDGE}
        draw.multiline_text((8, 6), "\n".join(lines), **text)
        draw.multiline_text((8, face.height - 8), "\n".join(track.company.describe()), anchor="ld", **text)
        height, width, _ = frame.image.shape
        yield frame.time, np.pad(np.asarray(image), ((0, height % 2), (0, width % 2), (0, 0)), "edge")


def _draw_face(draw: ImageDraw, face: FilmedFace, at: int, colour: str) -> None:
    size = np.array([face.width, face.height])
    x, y, width, height = (face.track.box[at] * np.tile(size, 2)).tolist()
    line = max(face.height // 360, 1)
    draw.rectangle((x, y, x + width, y + height), outline=colour, width=line)
    radius = line / 2
    for x, y in (face.track.landmarks[at] * size).tolist():
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _tell_pose(track: FaceTrack, at: int) -> str:
    pitch, yaw, roll = np.degrees(track.pose[at]).round().astype(int)
    return f"pitch {pitch}, yaw {yaw}, roll {roll}"


def _tell_units(units: Any) -> str:
    strongest = np.argsort(-units, kind="stable")[:_STRONGEST]
    return ", ".join(f"{INTENSITIES[unit].removesuffix('_r')} {units[unit]:.1f}" for unit in strongest)


def _read_sound(clip: Clip) -> Sound | None:
    try:
        return clip.sound if clip.hears else None
    except InputError:  # silent, damaged, or too long to hold: it is the picture that is to be checked
        return None


def _add_film(container: Any, face: FilmedFace) -> Any:
    rate = Fraction(face.rate).limit_denominator(1001)
    film = container.add_stream("libx264", rate=rate, options={"crf": "20", "preset": "veryfast"})
    film.width, film.height = face.width + face.width % 2, face.height + face.height % 2
    film.pix_fmt = "yuv420p"
    film.codec_context.time_base = _CLOCK
    return film


def _encode_sound(track: Any, sound: Sound, at: int) -> Any:
    import av

    samples = np.ascontiguousarray(sound[None, at : at + _BLOCK])
    block = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
    block.sample_rate, block.pts, block.time_base = SAMPLE_RATE, at, Fraction(1, SAMPLE_RATE)
    return track.encode(block)
