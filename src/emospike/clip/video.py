"""Films: the pictures that show a face, upright, each with its time on the clock of the sound.

Pictures come from one sequential pass through PyAV, one in memory at a time.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import chain, count, islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64, UInt8

from emospike.clip.containers import MOST_PIXELS, find_beginning, is_clocked, open_av, read_announced, read_packets
from emospike.clip.decoding import check_file
from emospike.clip.finding import VIDEO_SUFFIXES, may_be_film
from emospike.clip.tables import is_table, read_last_time
from emospike.clip.tracks import choose_film, choose_sound, list_films
from emospike.validation import InputError

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer
    from av.video.reformatter import VideoReformatter

Image = UInt8[np.ndarray, "height width 3"]

MOST_UNLIKE = 16
"""How many times longer one side of a pixel, or of a picture, may be than the other."""
_LARGE = 4096 * 2304  # pixels
_SWEEP = 8  # films that are closed, windows of a long one each
_closed = count(1)
_REORDERED = 17  # packets; by so many, and no more, a picture may come before one that is shown earlier
_LATE = {"avi"}  # containers without times of showing: they tell those of decoding, late by a few pictures


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a film.

    Attributes
    ----------
    time : when it was taken, s
    image : red, green and blue of each pixel, upright as the film is to be shown
    """

    time: float
    image: Image


def pick_frames(frames: Iterable[Frame], times: Float64[np.ndarray, " pictures"]) -> dict[float, Frame]:
    """Return the pictures of these times; of a film whose clock jumps they come in the same pass alone."""
    wanted, found = {*times.tolist()}, dict[float, Frame]()
    for frame in frames:
        if frame.time in wanted:
            found[frame.time] = frame
        if len(found) == len(wanted):
            break
    return found


def read_frames(
    path: Path, start: float, stop: float, stride: int = 1, tracks: Collection[int] = (), *, apart: float = 0.0
) -> Iterator[Frame]:
    """Yield every `stride`-th picture of a film from second `start` until before `stop`, in order of time.

    Of pictures less than `apart` seconds after the last only that is counted; such a picture is not even decoded, where
    no other needs it.

    The seconds count from where `open_track` begins the film's sound; `Frame.time` counts from `start`. Pictures that
    are damaged, or that the clock puts before the one shown last, are passed over. `tracks` are numbers of the tracks
    asked for (see `emospike.clip.tracks`).

    Raises `InputError` for a file that cannot be opened, has no video track, or holds no picture to decode, and for
    pictures above `MOST_PIXELS`, stored or shown, or whose pixels or sides are more unlike than `MOST_UNLIKE`.
    """
    from av.video.reformatter import VideoReformatter

    with _open_film(path, tracks) as (container, stream):
        span, shown = _Span(start, stop, apart), _Span(start, stop, apart)
        pictures = _seek(span, container, stream, _find_zero(container, stream, path, tracks))
        first = next(pictures, None)
        if first is None and start <= 0:
            raise InputError(f"{path} holds no picture that can be decoded: it is empty or damaged")
        until = takewhile(lambda one: one[0] < stop, chain([first] if first else [], pictures))
        wanted = (one for one in until if shown.take(one[0]))
        reformatter, matrix = VideoReformatter(), None if first is None else _read_matrix(first[1])
        for time, picture in islice(wanted, 0, None, stride):
            yield Frame(time - start, _turn_upright(_convert(picture, reformatter, stream, path), matrix))


def read_seconds(path: Path, tracks: Collection[int] = ()) -> float:
    """Return the duration of a film, or the last time that a face-tracking table tells, s.

    Of a film it is what the header tells, or else the time of the last picture.
    """
    if is_table(path):
        return read_last_time(path)
    with _open_film(path, tracks) as (container, stream):
        announced = read_announced(container, stream)
        if announced is not None:
            return announced
        times = (packet.pts * packet.time_base for packet in read_packets(container, stream) if packet.pts is not None)
        return float(max(times, default=0.0)) - _find_zero(container, stream, path, tracks)


def shows_film(path: Path) -> bool:
    """Tell whether a file holds a film: by its suffix, or for any other by its content."""
    if path.suffix.lower() in VIDEO_SUFFIXES or not may_be_film(path):
        return path.suffix.lower() in VIDEO_SUFFIXES
    try:
        with open_av(path) as container:
            return bool(list_films(container))
    except InputError:
        return False


def note_film(path: Path, tracks: Collection[int]) -> str | None:
    """Return what the user should know where a file holds several films."""
    check_file(path)
    with open_av(path) as container:
        return choose_film(container, path, tracks)[1]


@contextmanager
def _open_film(path: Path, tracks: Collection[int]) -> Iterator[tuple[InputContainer, VideoStream]]:
    check_file(path)
    with open_av(path) as container:
        stream, _ = choose_film(container, path, tracks)
        codec = stream.codec_context
        _check_size(path, codec.width, codec.height, stream)
        codec.options = {"max_pixels": str(MOST_PIXELS)}  # a picture may be larger than what was announced
        # Threads decode a picture each: of large ones they would take GiB.
        codec.thread_type, codec.thread_count = ("SLICE", 1) if codec.width * codec.height > _LARGE else ("AUTO", 0)
        try:
            yield container, stream
        finally:
            # The picture that was asked for its matrix, and all of its decoder's, live until garbage is collected.
            if next(_closed) % _SWEEP == 0:
                gc.collect()


def _check_size(path: Path, width: int, height: int, stream: VideoStream) -> None:
    """Raise `InputError` for pictures that would take too much memory, or that no face can be found in."""
    pixel = stream.sample_aspect_ratio or 1
    if not 1 / MOST_UNLIKE <= pixel <= MOST_UNLIKE:
        raise InputError(f"{path} has pixels of {pixel}:1, at most {MOST_UNLIKE}:1 can be shown: convert it to mp4")
    shown = float(width * pixel)
    if height * max(width, shown) > MOST_PIXELS:
        raise InputError(
            f"{path} has pictures of {shown:.0f} x {height}, at most {MOST_PIXELS} pixels: make it smaller"
        )
    if shown > MOST_UNLIKE * height or height > MOST_UNLIKE * shown:
        raise InputError(
            f"{path} has pictures of {shown:.0f} x {height}, sides at most {MOST_UNLIKE}:1: cut it to the face"
        )


@dataclass
class _Span:
    """From when until when pictures are wanted, how far apart, and when the last was taken, s."""

    start: float
    stop: float
    apart: float
    last: float = -np.inf

    def take(self, time: float) -> bool:
        """Tell whether a picture is wanted, asked in order of time; then it is the last that was taken."""
        wanted = self.start <= time < self.stop and time - self.last >= self.apart
        if wanted:
            self.last = time
        return wanted


def _seek(
    span: _Span, container: InputContainer, stream: VideoStream, zero: float
) -> Iterator[tuple[float, VideoFrame]]:
    """Yield the pictures from some time before a span on; from the beginning if jumping there fails."""
    import av

    start = span.start
    if start > 0 and container.format.name not in _LATE and stream.time_base:
        with suppress(av.FFmpegError):
            container.seek(int((zero + start) / stream.time_base), stream=stream)
            pictures = _decode(container, stream, zero, span)
            first = next(pictures, None)
            if first and first[0] <= start:
                return chain([first], pictures)
        container.seek(0)
    return _decode(container, stream, zero, span)


def _find_zero(container: InputContainer, stream: VideoStream, path: Path, tracks: Collection[int]) -> float:
    """Return the second of the container's clock that is second 0 of its sound as `open_track` reads it."""
    if is_clocked(container) or not any(one.codec_context for one in container.streams.audio):
        return find_beginning(container)
    sound, _ = choose_sound(container, path, tracks)
    if sound.start_time is None or sound.time_base is None:
        return find_beginning(container)
    return float(sound.start_time * sound.time_base)


def _decode(
    container: InputContainer, stream: VideoStream, zero: float, span: _Span
) -> Iterator[tuple[float, VideoFrame]]:
    """Yield pictures in order of time, and their seconds since `zero`: all that a span asks for, and some others."""
    tick, apart = float(stream.time_base or 0), 1 / float(stream.average_rate or 25)
    decoding, last = container.format.name in _LATE, -apart
    packets = read_packets(container, stream)
    if span.apart > 0 and not decoding:
        packets = _skip_unwanted(packets, stream, zero, replace(span))
    for number, picture in enumerate(_decode_packets(packets)):
        stamp = picture.dts if decoding else picture.pts
        if decoding and number == 0:
            zero = (stamp or 0) * tick
        time = last + apart if stamp is None else stamp * tick - zero
        if time > last and not picture.is_corrupt:
            yield time, picture
            last = time


def _skip_unwanted(packets: Iterator[Any], stream: VideoStream, zero: float, span: _Span) -> Iterator[Any]:
    """Yield the same packets, and before each tell the decoder to pass over what neither span nor film needs."""
    tick, stamps, wanted = float(stream.time_base or 0), list[int](), set[int]()
    for packet in _note_stamps(packets, stamps):
        while packet.pts is not None and stamps and stamps[0] <= packet.pts:
            stamp = heappop(stamps)
            if span.take(stamp * tick - zero):
                wanted.add(stamp)
        needed = packet.pts is None or packet.pts in wanted
        wanted.discard(packet.pts)
        stream.codec_context.skip_frame = "DEFAULT" if needed else "NONREF"
        yield packet


def _note_stamps(packets: Iterator[Any], stamps: list[int]) -> Iterator[Any]:
    """Yield the same packets, which come in the order of decoding, after those of all that are shown earlier.

    `stamps` is a heap that gets the times of the packets read so far: of some further ones too.
    """
    ahead = deque[Any]()
    for packet in packets:
        ahead.append(packet)
        if packet.pts is not None:
            heappush(stamps, packet.pts)
        if len(ahead) > _REORDERED:
            yield ahead.popleft()
    yield from ahead


def _decode_packets(packets: Iterable[Any]) -> Iterator[VideoFrame]:
    import av

    for packet in packets:
        with suppress(av.FFmpegError, ValueError):  # one damaged packet
            yield from packet.decode()


def _convert(picture: VideoFrame, reformatter: VideoReformatter, stream: VideoStream, path: Path) -> Image:
    """Return a picture as it is stored, but with square pixels; one of its own `reformatter` each has threads."""
    import av

    _check_size(path, picture.width, picture.height, stream)
    width = max(round(picture.width * (stream.sample_aspect_ratio or 1)), 1)
    try:
        image: Image = reformatter.reformat(picture, width, picture.height, "rgb24").to_ndarray()
    except (av.FFmpegError, ValueError) as error:
        raise InputError(
            f"{path} has pictures of {picture.width} x {picture.height} in {picture.format.name} that cannot be "
            f"converted: convert it to mp4"
        ) from error
    return image


def _read_matrix(picture: VideoFrame) -> tuple[int, int, int, int] | None:
    """Return a, b, c and d of the display matrix, if there is one.

    It is the same for all pictures of a film; one that was asked for it lives until garbage is collected (`_SWEEP`).
    """
    beside: Any = picture.side_data  # wrongly typed by the library
    matrix = [data for data in beside if data.type.name == "DISPLAYMATRIX"]
    if not matrix:
        return None
    a, b, _, c, d = np.frombuffer(matrix[0], np.int32)[:5].tolist()
    return a, b, c, d


def _turn_upright(image: Image, matrix: tuple[int, int, int, int] | None) -> Image:
    """Return a picture turned and mirrored as a display matrix says.

    The matrix (ISO/IEC 14496-12, section 6.2.2) takes the stored point (p, q) to the shown point
    (a p + c q, b p + d q), here in quarter turns.
    """
    if matrix is None:
        return np.ascontiguousarray(image)
    a, b, c, d = matrix
    if abs(b) > abs(a):
        image, a, d = image.swapaxes(0, 1), c, b
    return np.ascontiguousarray(image[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])
