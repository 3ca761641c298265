"""Tracks: which of several sound tracks and films of one file are used.

A file may hold languages, a microphone each, screen and camera, cover art. The default track is taken, unless it is
silent, or a single picture beside a film that moves: then the first that is not. Where there was a choice, a note
says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import lru_cache
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from emospike.clip.containers import Unpacker, open_av, read_packets
from emospike.validation import InputError, as_list, show

if TYPE_CHECKING:
    from av import AudioStream, VideoStream
    from av.container import InputContainer

Stream = TypeVar("Stream", "AudioStream", "VideoStream")

_HEARD = 1e-4  # peak of a track with content, -80 dBFS


def read_numbers(path: Path, tracks: Collection[int]) -> tuple[int, ...]:
    """Return the numbers of tracks that a user asks for; raise `InputError` unless they count from 0."""
    for track in as_list("numbers of tracks", tracks):
        if not isinstance(track, Integral) or track < 0:
            raise InputError(f"{path}: tracks are numbered from 0, got {show(track)}")
    return tuple(map(int, tracks))


def choose_sound(container: InputContainer, path: Path, tracks: Collection[int]) -> tuple[AudioStream, str | None]:
    """Return the sound track to hear, and a note where there was a choice.

    `tracks` are the numbers of tracks that the user asked for, sound or film, counted from 0 as ffprobe does. Raises
    `InputError` if one is not there, for a file without a sound track, and for a codec without a decoder.
    """
    check_tracks(container, path, tracks)
    if not container.streams.audio:
        raise InputError(f"{path} has no sound track: give a recording with speech")
    streams = [stream for stream in container.streams.audio if stream.codec_context is not None]
    if not streams:
        raise InputError(f"{path} has sound in a format that no decoder is known for: convert it to wav")
    return _choose(streams, path, tracks, _find_audible, "sound tracks")


def choose_film(container: InputContainer, path: Path, tracks: Collection[int]) -> tuple[VideoStream, str | None]:
    """Return the film to watch, and a note where there was a choice; cover art is none.

    Raises `InputError` as `choose_sound`.
    """
    check_tracks(container, path, tracks)
    films = list_films(container)
    if not films:
        art = " but cover art" if container.streams.video else ""
        raise InputError(f"{path} has no video track{art}: give a film that shows the face")
    streams = [stream for stream in films if stream.codec_context is not None]
    if not streams:
        raise InputError(f"{path} has pictures in a format that no decoder is known for: convert it to mp4")
    return _choose(streams, path, tracks, _find_moving, "films")


def list_films(container: InputContainer) -> list[VideoStream]:
    """Return the video tracks that are not marked as cover art."""
    return [stream for stream in container.streams.video if "attached_pic" not in _list_flags(stream)]


def check_tracks(container: InputContainer, path: Path, tracks: Collection[int]) -> None:
    """Raise `InputError` unless the file has all these tracks."""
    there = {stream.index: stream.type for stream in container.streams}
    if missing := sorted(set(tracks) - set(there)):
        listed = ", ".join(f"{index} ({kind})" for index, kind in there.items())
        raise InputError(f"{path} has no track {missing[0]}: choose among {listed}")


def _choose(
    streams: Sequence[Stream],
    path: Path,
    tracks: Collection[int],
    find_full: Callable[[Path, int, int, tuple[int, ...]], frozenset[int]],
    kind: str,
) -> tuple[Stream, str | None]:
    """Return the stream asked for, else the first with content, default ones before others."""
    asked = [stream for stream in streams if stream.index in tracks]
    if asked or len(streams) == 1:
        return (asked or streams)[0], None
    facts = path.stat()
    full = find_full(path, facts.st_size, facts.st_mtime_ns, tuple(stream.index for stream in streams))
    chosen, *rest = sorted(streams, key=lambda one: (one.index not in full, "default" not in _list_flags(one)))
    if kind == "films" and full == {chosen.index}:  # cover art
        return chosen, None
    others = ", ".join(f"{one.index}" if one.index in full else f"{one.index} (empty)" for one in rest)
    done = "seen" if kind == "films" else "heard"
    return chosen, f"{len(streams)} {kind}: track {chosen.index} was {done}, --track takes another: {others}"


def _list_flags(stream: AudioStream | VideoStream) -> set[str | None]:
    """Return the names of a stream's dispositions, such as default and attached_pic."""
    flags: Any = getattr(stream, "disposition", None)  # PyAV 12 has none
    return {flag.name for flag in type(flags) if flag in flags} if flags else set()


@lru_cache(maxsize=64)
def _find_audible(path: Path, size: int, changed: int, tracks: tuple[int, ...]) -> frozenset[int]:
    """Return which sound tracks are not silent throughout; size and time tell versions of the file apart."""
    del size, changed
    unpackers: dict[int, Unpacker] = {}

    def is_heard(packet: Any) -> bool:
        own = unpackers.setdefault(packet.stream.index, Unpacker(packet.stream))
        blocks = (block for frame in packet.decode() for _, block in own.unpack(frame))
        return any(np.abs(block).max(initial=0) >= _HEARD for block in blocks)

    return _find_content(path, tracks, is_heard)


@lru_cache(maxsize=64)
def _find_moving(path: Path, size: int, changed: int, tracks: tuple[int, ...]) -> frozenset[int]:
    """Return which video tracks hold more than one picture."""
    del size, changed
    begun: set[int] = set()

    def is_second(packet: Any) -> bool:
        number = packet.stream.index
        second = number in begun and packet.size > 0
        begun.add(number)
        return second

    return _find_content(path, tracks, is_second)


def _find_content(path: Path, tracks: tuple[int, ...], has_content: Callable[[Any], bool]) -> frozenset[int]:
    """Return the tracks with content; read until all have shown some, or to the end."""
    import av

    full: set[int] = set()
    with open_av(path) as container:
        streams: list[Any] = [container.streams[track] for track in tracks]
        for packet in read_packets(container, *streams):
            with suppress(av.FFmpegError, ValueError):
                if packet.stream.index not in full and has_content(packet):
                    full.add(packet.stream.index)
            if len(full) == len(tracks):
                break
    return frozenset(full)
