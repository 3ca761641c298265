"""Clip: one recording, read lazily; with its decoding, every check of a user's sound or film lives here.

Whatever the container, sound leaves this module as mono float32 at 16 kHz, and pictures as upright RGB with their
times on the clock of the sound. Windows of a long recording come from one sequential pass through a streaming
resampler, so a three-hour file takes no more memory than a short one, and windows join without seams.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from emospike.clip.decoding import SAMPLE_RATE, Sound, Track, has_sound, open_track
from emospike.clip.eeg_files import read_eeg
from emospike.clip.event_files import RecordedEvents, read_events
from emospike.clip.finding import SOUND_SUFFIXES, VIDEO_SUFFIXES, is_eeg, is_events
from emospike.clip.fingerprint import hash_parts
from emospike.clip.kinds import check_filmed, check_sounding, measure_seconds, name_silent, shows_face
from emospike.clip.lending import Lender, Lent, Tool
from emospike.clip.samples import Array, Recorded, check_speech, cut_spans, cut_windows, measure_clipping, scale_to_one
from emospike.clip.tables import is_table
from emospike.clip.tracks import read_numbers
from emospike.clip.video import Frame, note_film, read_frames, shows_film
from emospike.validation import InputError, as_path, positive, within

_LONGEST_DELAY = 60.0  # s
_PREROLL = 0.1  # s, decoded and dropped before a start, in which codecs (Opus 80 ms) and resampler settle
_LONGEST_PIECE = 7200  # s of sound held at once
_KEPT = 60  # s of sound that is kept where only its length was asked for


@dataclass(frozen=True, init=False)
class Clip:
    """One recording of speech, or the part of it from `start` to `stop`; it is decoded on first use.

    Attributes
    ----------
    path : the sound or video file; or what an event camera recorded, a face-tracking table or an EEG recording, alone
        (for an array, its name)
    start, stop : seconds from the beginning of the sound; `stop` None means to its end
    tracks : numbers of the tracks to use of a file that holds several sound tracks or films, counted from 0
    face_delay : seconds added to all times of the face, where it was measured to run ahead of the sound
    eeg : the EEG recording of the speaker (see `emospike.features.eeg`); by default `path`, if it is one
    eeg_start : where in it the file of this clip begins, in seconds

    Raises
    ------
    InputError : at once unless 0 <= start < stop; on first use for a file that is missing, empty, unreadable
        or without a sound track, and for sound that is silent, too short, damaged beyond use, or holds NaN

    Examples
    --------
    >>> clip = Clip.from_array(np.sin(np.arange(48_000) / 20), rate=48_000, name="tone")
    >>> clip.name, clip.seconds, clip.sound.shape
    ('tone', 1.0, (16000,))
    >>> [window.start for window in clip.windows(0.5)]
    [0.0, 0.5]
    """

    path: Path
    start: float
    stop: float | None
    tracks: tuple[int, ...]
    _face: Path | None
    face_delay: float
    eeg: Path | None
    eeg_start: float
    _array: Array | None
    _change: Callable[[Sound], Sound] | None

    def __init__(
        self,
        path: Path | str,
        start: float | int = 0.0,
        stop: float | int | None = None,
        *,
        face: Path | str | None = None,
        face_delay: float | int = 0.0,
        eeg: Path | str | None = None,
        eeg_start: float | int = 0.0,
        tracks: Collection[int] = (),
        _array: Array | None = None,
        _change: Callable[[Sound], Sound] | None = None,
    ) -> None:
        path = as_path("a recording", path)
        within(f"start of {path} in seconds", start, 0, sys.maxsize)
        last = np.inf if stop is None else stop
        within(f"stop of {path} in seconds", last, 0, np.inf)
        if not start < last:
            raise InputError(f"{path}: 0 <= start < stop expected in seconds, got start {start}, stop {stop}")
        within(f"face_delay of {path} in seconds", face_delay, -_LONGEST_DELAY, _LONGEST_DELAY)
        within(f"eeg_start of {path} in seconds", eeg_start, 0, np.inf)
        face = None if face is None else as_path("a face", face)
        if face == path and (is_table(path) or is_events(path) or path.suffix.lower() in VIDEO_SUFFIXES):
            face = None  # it is so anyway
        if eeg is None and _array is None and is_eeg(path):
            eeg = path
        # Frozen: fields are set past the guard, as functools.cached_property does.
        vars(self).update(path=path, start=float(start), stop=None if last == np.inf else float(last))
        vars(self).update(tracks=read_numbers(path, tracks), _face=face, face_delay=float(face_delay))
        vars(self).update(eeg=None if eeg is None else as_path("an EEG recording", eeg), eeg_start=float(eeg_start))
        vars(self).update(_array=_array, _change=_change)

    @classmethod
    def from_array(cls, sound: Shaped[np.ndarray, ...], rate: float | int, name: str = "array") -> Clip:
        """Make a clip from samples, shape (samples,) or (samples, channels), at `rate` Hz (8 to 192 kHz).

        Floats have full scale ±1; integers that of their type (8, 16 or 32 bit). Lists and tensors do as well.
        """
        within(f"sample rate of {name} in Hz", rate, 8_000, 192_000)
        return cls(name, _array=Array(scale_to_one(sound, name), float(rate)))

    def change(self, change: Callable[[Sound], Sound]) -> Clip:
        """Return the same clip, but for a sound that is changed, after decoding, as `change` does it.

        It gets mono sound at 16 kHz, and returns as many samples; what is there already is changed after what was
        before. A window of the clip has its part of the changed sound, until it is forgotten: then its part is changed.
        """
        before = self._change
        changed = self._copy(self.start, self.stop, change if before is None else lambda sound: change(before(sound)))
        if "_recorded" in vars(self):  # decoded once is enough
            vars(changed)["_before"] = self.sound, change
        return changed

    @property
    def name(self) -> str:
        """The name of the file, or of the array."""
        return self.path.name

    @cached_property
    def face(self) -> Path | None:
        """The film, recorded events or face-tracking table that show the speaker's face; by default `path`, if so."""
        if self._face is not None or self._array is not None:
            return self._face
        return self.path if shows_face(self.path) else None

    @cached_property
    def fingerprint(self) -> int:
        """A number of 64 bits that tells which recording, and which part of it, this is, whatever its files are called.

        It depends on the bytes of the files, or on the samples of an array, as they were recorded: what `change` does
        to them is not looked at.
        """
        parts = repr((self.start, self.stop, self.face_delay, self.eeg_start, *self.tracks)).encode()
        if self._array is None:
            return hash_parts(parts, self.path, self.face, self.eeg)
        return hash_parts(parts, repr(self._array.rate).encode(), self._array.samples.tobytes(), self.face, self.eeg)

    @property
    def is_changed(self) -> bool:
        """Whether its sound is another than was recorded (see `change`)."""
        return self._change is not None

    @cached_property
    def hears(self) -> bool:
        """Whether there is a sound track; tables, events and EEG have none, and some films."""
        if self._array is not None:
            return True
        named = self.path.suffix.lower() in SOUND_SUFFIXES and not shows_film(self.path)
        return named or (name_silent(self.path) is None and has_sound(self.path))

    @property
    def sees(self) -> bool:
        """Whether a face is there to look for: in a film, in recorded events or in a face-tracking table."""
        return self.face is not None

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What was derived from this clip and is kept while the clip is in use; `forget` empties it."""
        return {}

    @property
    def sound(self) -> Sound:
        """Mono sound at 16 kHz, full scale ±1; decoded once and kept."""
        return self._recorded.sound

    @property
    def clipped(self) -> float:
        """Fraction of the recorded samples at full scale in any channel, measured before resampling; 0 if none."""
        return self._recorded.clipped if self.hears else 0.0

    @cached_property
    def warning(self) -> str | None:
        """What is wrong with a recording that can still be used, or which of several tracks was heard.

        Known once `sound` was read or `windows` has run to its end; else this decodes the sound.
        """
        return self._recorded.warning if self.hears else None

    @property
    def seconds(self) -> float:
        """Duration in seconds: of the sound, as it is decoded and whatever a header says.

        Where nothing is heard, of the film, the events, the table or the EEG; where it cannot be decoded, as announced.
        """
        if "_recorded" in vars(self):
            return len(self.sound) / SAMPLE_RATE
        return self._length if self.hears else self._expect(self.face_until)

    @cached_property
    def _length(self) -> float:
        """Duration of the sound; a short one is kept, so that it is decoded once."""
        with self._open() as (track, skip):
            if track.certain and track.announced is not None:
                return self._expect(track.announced)
            try:
                kept, samples = [np.empty(0, np.float32)], 0
                for chunk in self._read(track, skip):
                    samples += len(chunk)
                    kept.append(chunk)
                    if samples > _KEPT * SAMPLE_RATE:
                        kept.clear()
                if kept and samples:
                    clipped = track.measure_clipping(skip, skip + samples)
                    vars(self)["_decoded"] = np.concatenate(kept), clipped, self._check_length(track, samples)
            except InputError:  # who asks for the sound is told; the face may still decide
                return self._expect(track.announced or 0.0)
        return samples / SAMPLE_RATE

    @cached_property
    def film_note(self) -> str | None:
        """Which of several films in one file shows the face."""
        return None if self.face is None or name_silent(self.face) else note_film(self.face, self._film_tracks)

    @property
    def _film_tracks(self) -> tuple[int, ...]:
        """The tracks asked for, if the film is in the same file."""
        return self.tracks if self.face == self.path else ()

    def frames(self, stride: int = 1, *, apart: float = 0.0) -> Iterator[Frame]:
        """Yield every `stride`-th picture of the face's film, upright, with its time in seconds from `start`.

        Pictures less than `apart` seconds after the last that counts do not count, and take less time. One sequential
        pass, one picture in memory at a time. Times are the film's own (its frame rate may vary) on the clock of the
        sound, `face_delay` added; pictures before `start` and from `stop` on are left out.

        Raises `InputError` for a clip without a face or with a table in place of a film, and for a film that is
        missing, unreadable, without a video track, or damaged beyond use.
        """
        positive("stride", stride)
        within("seconds apart", apart, 0, _LONGEST_PIECE)
        if self.face is None:
            raise InputError(f"{self.path} shows no face: give a film, or name the face's film beside the sound")
        check_filmed(self.face)
        return read_frames(self.face, *self._span_of_face, stride, self._film_tracks, apart=apart)

    def events(self) -> RecordedEvents:
        """Return what an event camera recorded from `start` to `stop`, with times from `start` on; there may be none.

        Its clock begins with its first event, `face_delay` added.

        Raises `InputError` for a clip whose face no event camera recorded, and as `read_events`.
        """
        if self.face is None or not is_events(self.face):
            raise InputError(
                f"{self.path} holds no recording of an event camera: give an .npz, .bin, .aedat or .aedat4 file"
            )
        return read_events(self.face).cut(*self._span_of_face)

    @property
    def _span_of_face(self) -> tuple[float, float]:
        """From where to where the face's own file is read, s."""
        return self.start - self.face_delay, (np.inf if self.stop is None else self.stop) - self.face_delay

    def forget(self) -> None:
        """Drop what was decoded and derived, so that thousands of clips fit in memory; the next use does it again."""
        for name in ("_recorded", "_decoded", "_before", "memo"):
            vars(self).pop(name, None)

    def windows(self, seconds: float | int, hop: float | int | None = None) -> Iterator[Clip]:
        """Yield successive windows of `seconds`, one every `hop` (default: end to end), their sound loaded.

        One sequential pass in constant memory. The last window may be shorter; below 0.5 s it is dropped,
        unless it is the only one. A window may be silent: ask `check_speech`. Windows of a clip that is only seen
        have no sound to load; the face of each is read from the film when it is asked for.
        """
        hop = seconds if hop is None else hop
        within("window in seconds", seconds, 1 / SAMPLE_RATE, _LONGEST_PIECE)
        within("hop in seconds", hop, 1 / SAMPLE_RATE, sys.maxsize)
        length, step = (round(time * SAMPLE_RATE) for time in (seconds, hop))
        if self.hears:
            return self._lend_to(self._cut_sound(length, step))
        return self._lend_to(self._take(*span) for span in cut_spans(round(self.seconds * SAMPLE_RATE), length, step))

    def pieces(self) -> Iterator[Sound]:
        """Yield the sound from beginning to end, in one pass in constant memory; it may be silent."""
        if self._change is not None:
            yield self.sound
            return
        with self._open() as (track, skip):
            yield from self._read(track, skip)

    def borrow(self, key: Hashable, open_tool: Callable[[], Lent[Tool]]) -> Lent[Tool]:
        """Return a context with a tool that is costly to open: one for all `windows` of a recording.

        It is closed after the last window, or when no more are asked for; that of any other clip with the context.
        """
        return vars(self)["_lender"].lend(key, open_tool) if "_lender" in vars(self) else open_tool()

    def _lend_to(self, windows: Iterator[Clip]) -> Iterator[Clip]:
        with Lender() as lender:
            for window in windows:
                vars(window)["_lender"] = lender
                yield window

    def _cut_sound(self, length: int, hop: int) -> Iterator[Clip]:
        if self._change is not None:
            for at, sound in cut_windows([self.sound], length, hop):
                yield self._take(at, at + len(sound), Recorded(sound, measure_clipping(sound)))
            return
        with self._open() as (track, skip):
            for at, sound in cut_windows(self._read(track, skip), length, hop):
                end = at + len(sound)
                yield self._take(at, end, Recorded(sound, track.measure_clipping(skip + at, skip + end)))
            vars(self)["warning"] = self._check_length(track, track.sounded - skip)

    def _take(self, begin: int, end: int, recorded: Recorded | None = None) -> Clip:
        """Return the part between two samples, with its sound, if that is there."""
        start, stop = (self.start + sample / SAMPLE_RATE for sample in (begin, end))
        part = self._copy(start, stop, self._change)
        vars(part).update({"hears": self.hears} | ({} if recorded is None else {"_recorded": recorded}))
        return part

    def _copy(self, start: float, stop: float | None, change: Callable[[Sound], Sound] | None) -> Clip:
        """Return a clip of the same recording and face."""
        same = {name: getattr(self, name) for name in ("face_delay", "eeg", "eeg_start", "tracks", "_array")}
        copy = Clip(self.path, start, stop, face=self._face, _change=change, **same)
        vars(copy).update({name: vars(self)[name] for name in ("face", "film_note", "_lender") if name in vars(self)})
        return copy

    @cached_property
    def face_until(self) -> float:
        """When the face ends, s from the beginning of the recording; of EEG alone, when that does."""
        if self.face is None and self.eeg is not None:
            return read_eeg(self.eeg).seconds - self.eeg_start
        return measure_seconds(self.face or self.path, self._film_tracks) + self.face_delay

    @cached_property
    def _recorded(self) -> Recorded:
        sound, change = vars(self).pop("_before", (None, self._change))
        warning, clipped = None, 0.0
        if sound is None:
            sound, clipped, warning = vars(self).pop("_decoded", None) or self._decode()
            check_speech(sound, str(self.path))
        if change is not None:
            sound = change(sound)
            clipped = measure_clipping(sound)
            check_speech(sound, str(self.path))
        vars(self)["hears"] = True
        return Recorded(sound, clipped, warning)

    def _decode(self) -> tuple[Sound, float, str | None]:
        """Return the sound, the share of it that is clipped, and what is wrong with it."""
        with self._open() as (track, skip):
            chunks, samples = [np.empty(0, np.float32)], 0
            for chunk in self._read(track, skip):
                chunks.append(chunk)
                samples += len(chunk)
                if samples > _LONGEST_PIECE * SAMPLE_RATE:
                    raise InputError(f"{self.path} lasts more than {_LONGEST_PIECE / 3600:g} h: take parts, or windows")
            clipped = track.measure_clipping(skip, skip + samples)
            return np.concatenate(chunks), clipped, self._check_length(track, samples)

    @contextmanager
    def _open(self) -> Iterator[tuple[Track, int]]:
        """Open the recording at a whole second before the start, where the grids of all sample rates meet.

        Gives the track and how many of its samples (at 16 kHz) come before the start.
        """
        check_sounding(self.path)
        first = max(0, int(self.start - _PREROLL))
        if self._array is not None:
            opened: AbstractContextManager[Track] = nullcontext(self._array.open_track(first, str(self.path)))
        else:
            opened = open_track(self.path, first, self.tracks)
        with opened as track:
            yield track, round((self.start - track.first) * SAMPLE_RATE)

    def _read(self, track: Track, skip: int) -> Iterator[Sound]:
        """Yield the sound from start to stop, without the first `skip` samples."""
        return track.cut(skip, sys.maxsize if self.stop is None else round((self.stop - self.start) * SAMPLE_RATE))

    def _expect(self, announced: float) -> float:
        """Return how long the clip should be, s, of a recording that lasts so long."""
        stop = announced if self.stop is None else min(self.stop, announced)
        return max(0.0, stop - self.start)

    def _check_length(self, track: Track, samples: int) -> str | None:
        """Raise if nothing was decoded; return the track's notes, and whether clearly less was than announced."""
        return track.check_length(samples, self.start, self._expect(track.announced or 0.0))
