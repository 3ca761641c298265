"""Containers: what PyAV reads, with bounds for all that a file may ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32

from emospike.validation import InputError

if TYPE_CHECKING:
    from av import AudioStream, VideoStream
    from av.container import InputContainer

Block = Float32[np.ndarray, "frames channels"]

MOST_PIXELS = 8192 * 4320
"""Of one picture, 8K; a picture takes some 20 bytes a pixel while it is decoded."""

_PAUSE = 0.05  # s; shorter jumps of a container's clock are rounding ...
_BROKEN_CLOCK = 60.0  # s; ... and longer ones are faults; those between are silence that was not stored:
_MOST_SILENCE = 600.0  # s of it in all, and
_SILENCE_TO_SOUND = 20.0  # s more for each second of sound
_PIECE = 16_384  # frames of silence in one block
_LOUDEST_CODED = 8.0  # peak; above, what a lossy codec decodes is damage

CONTAINERS = "mov,matroska,avi,asf,flv,mpeg,mpegts,mp3,wav,aiff,aac,ac3,eac3,flac,ogg,caf,w64,au,amr,ape,wv,tta"
"""What is opened; playlists and concat scripts are left out: they make ffmpeg open other files."""


def open_av(path: Path, *, to_the_end: bool = False) -> InputContainer:
    """Open a sound or video container; raise `InputError` for what is none.

    A wav is read `to_the_end` of the file, whatever its header says.
    """
    import av

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file", "ignore_length": str(int(to_the_end))}
    options["max_pixels"] = str(MOST_PIXELS)  # or else looking at the beginning decodes pictures of any size
    try:
        return av.open(f"file:{path}", options=options)  # "file:", because a name may hold a colon
    except (av.FFmpegError, UnicodeError) as error:
        raise InputError(
            f"{path} cannot be read as sound or video: give wav, flac, ogg, opus, mp3, m4a, mp4, mkv or webm"
        ) from error


def is_clocked(container: InputContainer) -> bool:
    """Tell whether sound has time stamps to go by; those of other containers are estimates, or absent."""
    return not {"mov", "matroska"}.isdisjoint(container.format.name.split(","))


def find_beginning(container: InputContainer) -> float:
    """Return the second of a container's clock at which its recording begins."""
    return max(0, container.start_time or 0) / 1e6


def read_announced(container: InputContainer, stream: AudioStream | VideoStream) -> float | None:
    """Return the duration that a container tells, s, of the stream or else of the whole.

    That of Matroska is, as most write it, the end on a clock that need not begin at 0.
    """
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is None:
        return None
    end, begin = container.duration / 1e6, find_beginning(container)
    return end - begin if "matroska" in container.format.name and end > begin else end


def read_packets(container: InputContainer, *streams: AudioStream | VideoStream) -> Iterator[Any]:
    """Yield the packets (av.Packet) of some streams, as far as the file can be read."""
    import av

    demuxed = container.demux(*streams)
    while True:
        try:
            packet = next(demuxed, None)
        except av.FFmpegError:  # cut short here
            return
        except IndexError:  # a packet of a stream that the header did not announce: pass over it
            demuxed = container.demux(*streams)
            continue
        if packet is None:
            return
        yield packet


class Unpacker:
    """What turns decoded frames of a sound track, whose form may change within it, into samples with full scale 1.

    It asks for all channels in one plane: where each has its own, PyAV looks for those of 8 channels and more beyond
    the end of their list, and the process dies.
    """

    def __init__(self, stream: AudioStream) -> None:
        self._stream = stream
        self._setup: tuple[str, str, int] | None = None
        self._resampler: Any = None

    def unpack(self, frame: Any) -> list[tuple[float | None, Block]]:
        """Return the samples of a frame (av.AudioFrame), and the second at which each block begins."""
        import av

        setup = (frame.format.name, frame.layout.name, frame.sample_rate)
        if setup != self._setup:
            self._setup = setup
            self._resampler = av.AudioResampler(format="flt", layout=self._stream.layout, rate=self._stream.rate)
        packed = self._resampler.resample(frame)
        return [(one.time, one.to_ndarray().reshape(-1, one.layout.nb_channels)) for one in packed]


def decode_sound(
    container: InputContainer, stream: AudioStream, notes: list[str]
) -> Iterator[tuple[float | None, Block]]:
    """Yield blocks, and the second at which the container says that each begins.

    Damaged packets are passed over; at the end a note says how many. What is cut off at the end does not count, nor
    what a decoder cannot begin with.
    """
    import av

    codec = stream.codec_context
    if codec.name == "flac":
        codec.options = {"err_detect": "crccheck+explode"}  # else damage is decoded as noise
    unpacker, begun, broken, lost = Unpacker(stream), False, 0, 0
    for packet in read_packets(container, stream):
        try:
            blocks = [one for frame in packet.decode() for one in unpacker.unpack(frame)]
        except (av.FFmpegError, ValueError):
            broken += begun and packet.size > 0
            continue
        for time, block in blocks:
            if not codec.name.startswith("pcm") and not np.abs(block).max(initial=0) <= _LOUDEST_CODED:
                broken += begun
                continue
            begun, broken, lost = True, 0, lost + broken
            yield time, block
    if lost:
        notes.append(f"damaged: {lost} {'part was' if lost == 1 else 'parts were'} passed over")


def align(blocks: Iterable[tuple[float | None, Block]], rate: int, begin: float, label: str) -> Iterator[Block]:
    """Keep sound beside the picture: drop what is before second `begin`, fill the pauses of the clock.

    Raises `InputError` where the clock asks for far more silence than there is sound.
    """
    at: int | None = None  # frames since `begin`
    filled = sounded = 0
    for time, block in blocks:
        due = (at or 0) if time is None else round((time - begin) * rate)
        shortest = 0.0 if at is None else _PAUSE
        at = min(due, 0) if at is None else at
        if shortest < (due - at) / rate < _BROKEN_CLOCK:
            pause = max(due, 0) - max(at, 0)
            filled += pause
            if filled > _MOST_SILENCE * rate + _SILENCE_TO_SOUND * sounded:
                raise InputError(
                    f"{label} has a clock that jumps: {filled / rate:.0f} s of pauses beside {sounded / rate:.1f} s of "
                    f"sound, filled are {_MOST_SILENCE:.0f} s and {_SILENCE_TO_SOUND:.0f} times the sound: convert it "
                    f"to wav"
                )
            silence = np.zeros((min(pause, _PIECE), block.shape[1]), np.float32)
            yield from (silence[: pause - done] for done in range(0, pause, _PIECE))
            at = due
        sounded += len(block)
        at += len(block)
        if at > 0:
            yield block[-at:]
