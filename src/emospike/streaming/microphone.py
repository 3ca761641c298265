"""The microphone: sound as it is recorded, through sounddevice and PortAudio."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from jaxtyping import Float32
from numpy import ndarray

from emospike.optional import import_optional
from emospike.validation import InputError

Chunk = Float32[ndarray, "frames 1"]

CHUNK = 0.02
"""Seconds of a chunk."""

MOST_HELD = 2.0
"""Seconds of sound that wait at most; what is older is lost."""

SILENT_FOR = 2.0
"""Seconds without a chunk after which a microphone is taken to be gone."""


class Microphone:
    """A microphone that is open: chunks as they come.

    Attributes
    ----------
    rate : Hz
    chunks : as they come
    lost : seconds of sound that were lost, because they were not fetched in time
    """

    def __init__(self, rate: float) -> None:
        self.rate, self.lost = rate, 0.0
        self._chunks: queue.Queue[Chunk] = queue.Queue(round(MOST_HELD / CHUNK))

    def put(self, chunk: Chunk) -> None:
        """Take in a chunk, in the place of the oldest if too many wait."""
        if self._chunks.full():
            with suppress(queue.Empty):  # fetched in between
                self.lost += len(self._chunks.get_nowait()) / self.rate
        self._chunks.put_nowait(chunk.copy())

    @property
    def chunks(self) -> Iterator[Chunk]:
        """Yield chunks for as long as they come.

        Raises
        ------
        InputError : none came for `SILENT_FOR` seconds
        """
        while True:
            try:
                yield self._chunks.get(timeout=SILENT_FOR)
            except queue.Empty:
                raise InputError("no sound comes from the microphone any more: is it still plugged in?") from None


def import_sounddevice() -> Any:
    """Return sounddevice; raise `InputError` where it, or the PortAudio that it needs, is not installed."""
    try:
        return import_optional("sounddevice", "the microphone needs sounddevice", "live")
    except OSError as error:
        raise InputError(
            f"the microphone needs PortAudio ({error}): install it (Debian: apt install libportaudio2), or use --stdin"
        ) from None


@contextmanager
def open_microphone(device: str | None = None) -> Iterator[Microphone]:
    """Open a microphone by its name, a part of it, or its number; by default the system's own.

    Raises
    ------
    InputError : no such microphone, or none at all; one that cannot be opened; or sounddevice is missing
    """
    sounddevice = import_sounddevice()
    wanted: int | str | None = int(device) if device is not None and device.isdecimal() else device
    try:
        found = sounddevice.query_devices(wanted, "input")
        microphone = Microphone(float(found["default_samplerate"]))
        opened = sounddevice.InputStream(
            microphone.rate,
            round(CHUNK * microphone.rate),
            wanted,
            channels=1,
            dtype="float32",
            callback=lambda chunk, *_: microphone.put(chunk),
        )
        opened.start()
    except (sounddevice.PortAudioError, ValueError) as error:
        raise InputError(f"no microphone can be opened ({error}): plug one in, or name another by --device") from None
    try:
        yield microphone
    finally:
        opened.abort()
        opened.close()
