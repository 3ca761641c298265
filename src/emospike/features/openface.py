"""OpenFace tables: the CSV in which OpenFace 2, and the official RAVDESS face tracking, tell of every frame."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64

from emospike.clip import TABLE_HINT, Clip, check_times, read_rows
from emospike.features.face_quality import MEASURES
from emospike.features.face_track import Company, FaceTrack
from emospike.features.movements import PART_OF, UNIT_MOVEMENTS
from emospike.series import Channel
from emospike.validation import InputError

ACTION_UNITS = {
    1: "inner brow raiser", 2: "outer brow raiser", 4: "brow lowerer", 5: "upper lid raiser", 6: "cheek raiser",
    7: "lid tightener", 9: "nose wrinkler", 10: "upper lip raiser", 12: "lip corner puller", 14: "dimpler",
    15: "lip corner depressor", 17: "chin raiser", 20: "lip stretcher", 23: "lip tightener", 25: "lips part",
    26: "jaw drop", 45: "blink",
}  # fmt: skip
"""The action units (FACS) whose intensity OpenFace gives."""
CHANNELS = tuple(
    Channel(f"AU{unit:02d} {name}", "face", PART_OF[movement], unit="intensity", movement=movement)
    for unit, name in ACTION_UNITS.items()
    for movement in [UNIT_MOVEMENTS[unit]]
)
INTENSITIES = tuple(f"AU{unit:02d}_r" for unit in ACTION_UNITS)
"""OpenFace's columns of intensities, 0 to 5."""


class Scores(NamedTuple):
    """What is read of a face in each frame.

    Attributes
    ----------
    name : what they are called
    columns, channels : names in a table, and the channel of each
    most : the largest that one can be, from 0
    hint : what to give in the place of a table that lacks them
    """

    name: str
    columns: tuple[str, ...]
    channels: tuple[Channel, ...]
    most: float
    hint: str


UNITS = Scores("intensities", INTENSITIES, CHANNELS, 5.0, TABLE_HINT)
QUALITY = tuple(f"quality_{name.replace(' ', '_')}" for name in MEASURES)
"""Columns of `emospike track`, of which OpenFace has none: how well each picture shows the face."""
POSE = ("pose_Rx", "pose_Ry", "pose_Rz")
PICTURE = (1280, 720)
"""Width and height of RAVDESS's films, pixels."""

_LEAST_CONFIDENCE = 0.5  # below it OpenFace's numbers are guesses
_POINTS = tuple(f"{axis}_{point}" for axis in "xy" for point in range(68))
_KNOWN = {"timestamp", "face_id", "confidence", "success", *POSE, *_POINTS, *QUALITY}
_ROUNDED = 1.01  # times the largest score, which tables may exceed
_SOME = 25  # frames; in so many of a face that speaks, some intensity is above 1

Columns = dict[str, Float64[np.ndarray, " rows"]]


def read_track(clip: Clip, table: Path, scores: Scores = UNITS) -> FaceTrack:
    """Return the part of a face-tracking table that a clip is of, on the clip's clock."""
    whole = read_table(table, scores)
    if len(whole) == 1:
        return replace(whole, time=np.zeros(1))
    time = whole.time + clip.face_delay - clip.start
    inside = (time >= 0) & (time < (np.inf if clip.stop is None else clip.stop - clip.start))
    return whole.select(inside, time)


def read_table(path: Path, scores: Scores = UNITS) -> FaceTrack:
    """Read a face-tracking table, plain or compressed (.gz).

    Columns are found by name; blanks around names do not matter, nor do semicolons or tabs in the place of commas,
    decimal commas, or a byte-order mark. Needed are ``timestamp`` (s) and the columns of `scores`: the 17 intensities
    ``AU01_r`` ... ``AU45_r``, or others (see `emospike.features.blendshapes.SHAPES`); used where present ``confidence``
    and ``success``, ``face_id``, ``pose_Rx``, ``pose_Ry``, ``pose_Rz`` (rad) and the 68 landmarks ``x_0`` ... ``y_67``
    (pixels); and what ``emospike track`` writes of each picture's quality.

    In a frame without success, with a confidence below 0.5 or without a number for each score, no face was found; in
    none of a table whose scores are all zeros.
    Of several faces that are told apart by ``face_id`` the one in most frames is followed. The table does not tell
    the size of the picture: landmarks become shares of 1280 by 720 pixels, RAVDESS's films, or where points lie
    outside, of the smallest larger picture of that form; they are for drawing.

    Raises
    ------
    InputError : a file that cannot be read, lacks a column or has no rows; a row that is cut short; text where a
        number is expected; a row without time, or times that are not in seconds, leave out a minute, or repeat, as in
        two tables in one file; a column that comes twice; scores outside 0 to 5 (or `scores.most`), or intensities
        all below 1
    """
    try:
        stat = path.stat()
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path} ({error}): {TABLE_HINT}") from None
    return _read_track(path, scores, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=2)  # the windows of a long recording share one table
def _read_track(path: Path, scores: Scores, _changed: int, _size: int) -> FaceTrack:
    rows, company = _follow_face(path, _read_columns(path, scores))
    values = np.stack([rows[name] for name in scores.columns], axis=1)
    success = rows.get("success", np.ones(len(values)))
    confidence = rows.get("confidence", success)
    found = np.isfinite(values).all(axis=1) & (confidence >= _LEAST_CONFIDENCE) & (success > 0)
    found &= bool(values[found].any())  # a face that nothing moves in was not tracked
    quality = None
    if set(QUALITY) <= set(rows):
        quality = np.nan_to_num(np.stack([rows[name] for name in QUALITY], axis=1)).astype(np.float32)
    _check_scores(path, scores, values[found], scaled=quality is None and scores == UNITS)
    points = _read_landmarks(rows, found)
    box = np.zeros((len(points), 4), np.float32)
    if points.shape[1]:
        low, high = points.min(axis=1), points.max(axis=1)
        box = np.concatenate([low, high - low], axis=1)
    pose = np.stack([rows.get(name, np.zeros(len(values))) for name in POSE], axis=1)
    return FaceTrack(
        time=rows["timestamp"],
        values=values.astype(np.float32),
        channels=scores.channels,
        found=found,
        box=box,
        pose=np.nan_to_num(pose).astype(np.float32),
        landmarks=points,
        confidence=np.nan_to_num(confidence).astype(np.float32),
        company=company,
        quality=quality,
    )


def _check_scores(path: Path, scores: Scores, values: Float64[np.ndarray, "frames columns"], *, scaled: bool) -> None:
    """Raise `InputError` for scores that cannot be, or, if intensities may be `scaled`, that look like 0 to 1."""
    for name, column in zip(scores.columns, values.T, strict=True):
        odd = column[(column < 0) | (column > _ROUNDED * scores.most)]
        if len(odd):
            expected = f"{scores.name} of 0 to {scores.most:g} expected"
            raise InputError(f"{path} holds {odd[0]:g} in column {name}, {expected}: {scores.hint}")
    if scaled and len(values) >= _SOME and values.max() < 1:
        raise InputError(
            f"{path} holds no intensity above {values.max():g} in columns AU01_r ... AU45_r, 0 to 5 expected: multiply "
            f"them by 5 if they were scaled to 0 to 1"
        )


def _follow_face(path: Path, rows: Columns) -> tuple[Columns, Company]:
    """Return one row a frame in order of time: that of the face in most frames, NaN where it is not to be seen."""
    time = rows["timestamp"]
    check_times(path, time)
    faces, face, counts = np.unique(rows.get("face_id", 0 * time), return_inverse=True, return_counts=True)
    others = face != counts.argmax()
    if len(np.unique(time[~others])) < counts.max():
        raise InputError(f"{path} tells of one face twice at one time: give a table of its own for each recording")
    order = np.lexsort((others, time))
    frames = order[np.unique(time[order], return_index=True)[1]]  # where the face has no row, one of another face
    seen = {name: np.where(others[frames], np.nan, column[frames]) for name, column in rows.items()}
    return seen | {"timestamp": time[frames]}, Company(len(faces), rule="the one in most frames")


def _read_landmarks(rows: Columns, found: Bool[np.ndarray, " frames"]) -> Float32[np.ndarray, "frames points 2"]:
    """Return the landmarks as shares of the picture; no points where the table has none."""
    if not set(_POINTS) <= set(rows):
        return np.zeros((len(found), 0, 2), np.float32)
    pixels = np.stack([rows[name] for name in _POINTS], axis=1).reshape(-1, 2, 68).swapaxes(1, 2)
    shares = np.nan_to_num(pixels / PICTURE, posinf=0.0, neginf=0.0)
    return np.asarray(shares / max(1.0, shares[found].max(initial=0.0)), np.float32)


def _read_columns(path: Path, scores: Scores) -> Columns:
    """Return the known columns of a table as numbers; a blank field is NaN."""
    lines = read_rows(path)
    _, header = next(lines, (0, []))
    if missing := [name for name in ("timestamp", *scores.columns) if name not in header]:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise InputError(f"{path} lacks the column {', '.join(missing[:3])}{more}: {scores.hint}")
    known = {at: name for at, name in enumerate(header) if name in _KNOWN or name in scores.columns}
    if twice := [name for name in known.values() if header.count(name) > 1]:
        raise InputError(f"{path} has the column {twice[0]} twice: {TABLE_HINT}")
    rows = [_parse_row(f"row {number} of {path}", line, header, known) for number, line in lines]
    if not rows:
        raise InputError(f"{path} has a header and no rows: {TABLE_HINT}")
    return dict(zip(known.values(), np.array(rows).T, strict=True))


def _parse_row(row: str, line: list[str], header: list[str], known: dict[int, str]) -> Float64[np.ndarray, " columns"]:
    if len(line) != len(header):
        raise InputError(
            f"{row} has {len(line)} fields and the header {len(header)}: it was cut short or edited, "
            "export the table again"
        )
    numbers = []
    for at, name in known.items():
        try:
            numbers.append(float(line[at] or "nan"))
        except ValueError:
            raise InputError(f"{row} holds {line[at]!r} in column {name}, a number expected: {TABLE_HINT}") from None
    return np.array(numbers)
