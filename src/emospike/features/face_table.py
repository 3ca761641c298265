"""Face tables: what was seen of a film's face, picture by picture, in OpenFace's columns and in further ones."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, Int, Shaped

from emospike.clip import Clip, Frame
from emospike.features.action_units import bridge_units
from emospike.features.blendshapes import SHAPES, Blendshapes, make_track, track_frames
from emospike.features.contours import MESH
from emospike.features.face_landmarker import DetectedFace
from emospike.features.face_track import ALONE, FaceTrack, NoFaceError
from emospike.features.live_face import Sight
from emospike.features.openface import INTENSITIES, POSE, QUALITY
from emospike.files import stage_file, write_atomically
from emospike.frames import import_parquet
from emospike.validation import InputError, one_of

GROUPS = ("pose", "box", "units", "blendshapes", "quality")
"""What a table may tell of the face, beside the time and whether it was found."""
POINTS = (0, 68, 478)
"""How many points it may tell: none, the 68 that OpenFace has, or all of MediaPipe's."""
SUFFIXES = (".csv", ".csv.gz", ".parquet")

Columns = dict[str, Shaped[np.ndarray, " pictures"]]

_DECIMALS = {"frame": 0, "face": 0, "success": 0, "box": 1, "x": 1, "y": 1, "mesh": 1}
_PATIENCE = 30.0  # s without a picture after which a row says that there is no face
_FURTHER = 6  # decimals of others: a spike may hang on the last


@dataclass(frozen=True, eq=False)
class FilmedFace:
    """The face of a film.

    Attributes
    ----------
    track : its blendshapes, and all else that was seen of it
    picture : which picture of the film each row is of, counted from 1
    width, height : of the pictures, pixels
    """

    track: FaceTrack
    picture: Int[np.ndarray, " pictures"]
    width: int
    height: int

    @property
    def rate(self) -> float:
        """Pictures of the film a second, on average; 25 where there is but one."""
        time, picture = self.track.time, self.picture
        return float((picture[-1] - picture[0]) / (time[-1] - time[0])) if len(time) > 1 else 25.0


def track_film(clip: Clip, stride: int | None = None, look: Callable[[Frame], object] | None = None) -> FilmedFace:
    """Follow the largest and steadiest face through a film; `look` is called with each picture that is looked at.

    `stride` is as in `Blendshapes`: None takes the pictures that decisions look at, and 1 all.

    Raises `NoFaceError` for a clip without a film, and `InputError` as `Blendshapes.track`.
    """
    feature = Blendshapes(stride)
    if clip.face is None:
        raise NoFaceError(f"{clip.path} shows no face: give a film")
    size, picture = [0, 0], list[int]()

    def see() -> Iterator[Frame]:
        for number, frame in feature.number_frames(clip):
            size[:] = frame.image.shape[1::-1]
            picture.append(number)
            if look:
                look(frame)
            yield frame

    track = track_frames(clip, see())
    return FilmedFace(track, np.array(picture, int), *size)


def make_columns(face: FilmedFace, groups: Sequence[str] = GROUPS, points: int = 0) -> Columns:
    """Return a table of a film's face: one row a picture that was looked at, under the names that OpenFace has.

    Always there are ``frame`` (pictures of the film are counted from 1), ``face_id`` (0), ``timestamp`` (s, on the
    clock of the sound), ``confidence`` and ``success``. The groups add:

    - ``pose``: ``pose_Rx``, ``pose_Ry``, ``pose_Rz`` (rad)
    - ``box``: ``box_x``, ``box_y``, ``box_width``, ``box_height`` (pixels)
    - ``units``: ``AU01_r`` ... ``AU45_r``, 0 to 5, estimated from blendshapes (see `ActionUnits`)
    - ``blendshapes``: ``blendshape_browDownLeft`` ..., 0 to 1
    - ``quality``: ``quality_size`` ... (see `face_quality.measure_quality`)

    68 points are ``x_0`` ... ``y_67``, those of MediaPipe's mesh nearest to OpenFace's (the jaw differs by as much as a
    sixth of the eyes' distance); 478 are ``mesh_x_0`` ... ``mesh_y_477`` (pixels, y down). Where no face was found, all
    are 0. With ``units``, what `openface.read_table` gives of such a table is what the film gives; with ``quality`` and
    ``pose``, faces that cannot be read are told from others too.

    Raises `InputError` for a group or a number of points that there is not.
    """
    check_choice(groups, points)
    track, size = face.track, np.array([face.width, face.height], np.float32)
    shown: dict[str, tuple[Sequence[str], Float[np.ndarray, "pictures columns"]]] = {
        "pose": (POSE, track.pose),
        "box": (("box_x", "box_y", "box_width", "box_height"), track.box * np.tile(size, 2)),
        "units": (INTENSITIES, bridge_units(track.values, track.channels)),
        "blendshapes": (SHAPES.columns, track.values),
    }
    if track.quality is not None:
        shown["quality"] = QUALITY, track.quality
    columns: Columns = {
        "frame": face.picture,
        "face_id": np.zeros(len(track), int),
        "timestamp": track.time,
        "confidence": track.confidence,
        "success": track.found.astype(int),
    }
    for group in (group for group in GROUPS if group in groups and group in shown):
        names, values = shown[group]
        columns |= dict(zip(names, np.where(track.found[:, None], values, 0).T, strict=True))
    return columns | (_name_points(track.landmarks * size, points) if points else {})


class FaceTableWriter:
    """Writes what a camera sees to a table, picture by picture, in the columns of `make_columns`, with 68 points.

    Where no picture comes for a while, rows say that no face was found, since tables leave out no minute.

    Parameters
    ----------
    file : that is open for text
    """

    def __init__(self, file: io.TextIOBase) -> None:
        self._file = file
        self._last, self._number = np.inf, 0

    def put(self, seen: Sight) -> None:
        """Write what is seen in the next picture; one that was taken no later than the last is passed over."""
        if self._number and seen.time <= self._last:
            return
        while seen.time - self._last > _PATIENCE:
            self._write(self._last + _PATIENCE, None, seen.size)
        self._write(seen.time, seen.face, seen.size)

    def _write(self, time: float, face: DetectedFace | None, size: tuple[int, int]) -> None:
        self._last, self._number = time, self._number + 1
        track = make_track([time], [face], ALONE)
        columns = make_columns(FilmedFace(track, np.array([self._number]), *size), points=len(MESH))
        self._file.write(_format_csv(columns, header=self._number == 1))


@contextmanager
def open_table(path: Path) -> Iterator[FaceTableWriter]:
    """Open a table, ``.csv.gz``, that gets its name when the block ends well."""
    with stage_file(path) as staged, gzip.open(staged, "wt", encoding="utf-8") as file:
        yield FaceTableWriter(file)


def check_choice(groups: Sequence[str], points: int) -> None:
    """Raise `InputError` unless there are such groups of columns, and so many points."""
    for group in groups:
        one_of("group of columns", group, GROUPS)
    if points not in POINTS:
        raise InputError(f"points must be {', '.join(map(str, POINTS[:-1]))} or {POINTS[-1]}, got {points}")


def _name_points(landmarks: Float32[np.ndarray, "pictures 478 2"], points: int) -> Columns:
    prefix, chosen = ("", landmarks[:, MESH]) if points == len(MESH) else ("mesh_", landmarks)
    places = [(axis, number) for axis in (0, 1) for number in range(points)]
    return {f"{prefix}{'xy'[axis]}_{number}": chosen[:, number, axis] for axis, number in places}


def write_table(path: Path, columns: Columns) -> Path:
    """Write a table in the form that its suffix names: one of `SUFFIXES`.

    Raises `InputError` for another suffix, for a file that cannot be written, and for Parquet without pyarrow.
    """
    suffix = find_suffix(path)
    if suffix == ".parquet":
        return write_atomically(path, _format_parquet(columns))
    text = _format_csv(columns)
    return write_atomically(path, gzip.compress(text.encode(), mtime=0) if suffix == ".csv.gz" else text)


def find_suffix(path: Path) -> str:
    """Return which of the `SUFFIXES` a table's name has; raise `InputError` if none.

    >>> find_suffix(Path("a.b.CSV.gz"))
    '.csv.gz'
    """
    suffix = next((one for one in SUFFIXES if path.name.lower().endswith(one)), None)
    if suffix is None:
        raise InputError(f"a table's name ends in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}, got {path.name}")
    return suffix


def _format_parquet(columns: Columns) -> bytes:
    pyarrow, file = import_parquet(), io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()


def _format_csv(columns: Columns, *, header: bool = True) -> str:
    file = io.StringIO()
    form = [f"%.{_count_decimals(name)}f" for name in columns]
    rows = np.stack([*columns.values()], axis=1).astype(float)
    np.savetxt(file, rows, form, delimiter=",", header=",".join(columns) if header else "", comments="")
    return file.getvalue()


def _count_decimals(column: str) -> int:
    """Return how many decimals a column is written with.

    >>> _count_decimals("AU12_r"), _count_decimals("mesh_x_7"), _count_decimals("face_id")
    (6, 1, 0)
    """
    return _DECIMALS.get(column.split("_", maxsplit=1)[0], _FURTHER)
