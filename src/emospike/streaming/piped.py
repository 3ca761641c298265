"""Sound that comes through a pipe, as it comes: with a header, or as samples alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from emospike.clip.containers import CONTAINERS, MOST_PIXELS, Block, decode_sound
from emospike.streaming.resampling import HIGHEST, LOWEST
from emospike.validation import InputError, within

if TYPE_CHECKING:
    from av import AudioStream
    from av.container import InputContainer

BUFFER = 2048
"""Bytes that are asked for at once: 64 ms of 16 bits at 16 kHz."""

PROBE = 4096
"""Bytes that are looked at to tell what comes."""

HINT = "pipe in wav, flac, ogg, mp3 or webm; or 16-bit samples of one channel, and give --rate"
"""What would do."""


class _AsItComes:
    """A pipe (a binary file), of which is read what there is: nothing waits for more.

    Ctrl-C ends it: who reads would pass over an interrupt in here, and wait on.
    """

    def __init__(self, pipe: Any) -> None:
        self._read = getattr(pipe, "read1", pipe.read)
        self.stopped = False

    def read(self, size: int) -> bytes:
        """Return what has come, or waits to come next; nothing at the end."""
        try:
            return b"" if self.stopped else self._read(size)
        except KeyboardInterrupt:
            self.stopped = True
            return b""


@dataclass(frozen=True)
class PipedSound:
    """Sound that comes through a pipe.

    Attributes
    ----------
    rate : Hz
    chunks : as they come
    """

    rate: float
    chunks: Iterator[Block]


@contextmanager
def open_pipe(pipe: Any, rate: int | None = None) -> Iterator[PipedSound]:
    """Give sound that comes through a pipe, a binary file.

    It is a recording with a header (wav, flac, ogg, mp3, webm), whose rate that tells; or, where a `rate` is given,
    samples of one channel alone, as signed whole numbers of 16 bits, the low byte first.

    Raises
    ------
    InputError : nothing comes, or what cannot be read as sound; or a rate that is not within 8 to 192 kHz
    """
    import av

    options = {"probesize": str(PROBE), "analyzeduration": "0", "max_pixels": str(MOST_PIXELS)}
    if rate is None:
        options |= {"format_whitelist": CONTAINERS}
    else:
        within("sample rate in Hz", rate, LOWEST, HIGHEST)
        options |= {"sample_rate": str(rate), "ch_layout": "mono"}
    form, source = None if rate is None else "s16le", _AsItComes(pipe)
    try:
        container: InputContainer = av.open(source, "r", form, options, metadata_errors="replace", buffer_size=BUFFER)
    except av.FFmpegError as error:
        if source.stopped:
            raise KeyboardInterrupt from None
        raise InputError(f"no sound comes through the pipe that can be read ({error.strerror}): {HINT}") from error
    with container:
        stream = next((one for one in container.streams.audio if one.codec_context is not None), None)
        if stream is None:
            raise InputError(f"what comes through the pipe has no sound that can be decoded: {HINT}")
        yield PipedSound(float(stream.rate), _decode(container, stream, source))


def _decode(container: InputContainer, stream: AudioStream, source: _AsItComes) -> Iterator[Block]:
    """Yield blocks as they come; raise `InputError` if none does, as of an mp4 that tells at its end what it holds."""
    blocks = decode_sound(container, stream, [])
    first = next(blocks, None)
    if first is None and not source.stopped:
        raise InputError(f"no sound comes through the pipe that can be decoded: {HINT}")
    for _, block in chain([first] if first else [], blocks):
        yield block
