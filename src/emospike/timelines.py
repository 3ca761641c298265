"""Timelines: what was decided from when to when, in files that annotation tools and video players open."""

from __future__ import annotations

import csv
import io
import mimetypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from emospike.files import write_atomically
from emospike.optional import import_optional
from emospike.validation import InputError

TIER = "emotion"
"""The name of the tier."""


@dataclass(frozen=True)
class Segment:
    """What was decided on a part of a recording.

    Attributes
    ----------
    start, stop : seconds from its beginning
    label : a class, or that it is not known, silent, or no speech
    confidence : 0 to 1, or None where nothing was decided
    """

    start: float
    stop: float
    label: str
    confidence: float | None = None

    @property
    def text(self) -> str:
        """The label in one line, with its confidence.

        >>> Segment(0, 4, "happy", 0.9).text, Segment(4, 8, "silent").text
        ('happy 0.90', 'silent')
        """
        return self.name if self.confidence is None else f"{self.name} {self.confidence:.2f}"

    @property
    def name(self) -> str:
        """The label, without what would break a line or a file: labels come from strangers."""
        return " ".join("".join(one if one.isprintable() else " " for one in self.label).split())


def write_timeline(path: Path, segments: Sequence[Segment], recording: Path | None = None) -> Path:
    """Write segments in the form that the suffix of `path` names; return the path.

    ``.csv`` (start, stop, label, confidence), ``.eaf`` (ELAN), ``.TextGrid`` (Praat), ``.srt`` (subtitles). In the
    second and third, labels and confidences are two tiers. ELAN is told which `recording` they belong to.

    Raises
    ------
    InputError : another suffix, a file that cannot be written, or a library that is missing
    """
    return write_atomically(path, check_timeline(path)(segments, recording))


def check_timeline(path: Path) -> Callable[[Sequence[Segment], Path | None], bytes]:
    """Return what makes the bytes of a timeline; raise `InputError` for a suffix or a library that is missing."""
    form = path.suffix.lower()
    if form not in FORMS:
        raise InputError(f"a timeline ends in .csv, .eaf, .TextGrid or .srt, got {path.name}")
    if form in LIBRARIES:
        import_writer(form)
    return FORMS[form]


def import_writer(form: str) -> Any:
    """Return the library that writes a form; raise `InputError` where it is not installed."""
    return import_optional(LIBRARIES[form], f"{form} needs a library", "timelines", ", or write .csv")


def format_csv(segments: Sequence[Segment], recording: Path | None = None) -> bytes:
    """Return a table, a segment a row; times have milliseconds.

    >>> print(format_csv([Segment(0, 1.5, "high", 0.75)]).decode())
    start,stop,label,confidence
    0.000,1.500,high,0.7500
    """
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("start", "stop", "label", "confidence"))
    for one in segments:
        confidence = "" if one.confidence is None else f"{one.confidence:.4f}"
        table.writerow((f"{one.start:.3f}", f"{one.stop:.3f}", one.name, confidence))
    return out.getvalue().encode()


def format_srt(segments: Sequence[Segment], recording: Path | None = None) -> bytes:
    """Return subtitles.

    >>> print(format_srt([Segment(3599.5, 3601, "high", 0.75)]).decode())
    1
    00:59:59,500 --> 01:00:01,000
    high 0.75
    """
    blocks = (
        f"{number}\n{_clock(one.start)} --> {_clock(one.stop)}\n{one.text}\n"
        for number, one in enumerate(segments, start=1)
    )
    return "\n".join(blocks).encode()


def _clock(seconds: float) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d},{milliseconds:03d}"


def format_eaf(segments: Sequence[Segment], recording: Path | None = None) -> bytes:
    """Return a file of ELAN, with a tier of labels and one of confidences."""
    elan = import_writer(".eaf").Eaf(author="emospike")
    elan.remove_tier("default")
    for tier in (TIER, f"{TIER} confidence"):
        elan.add_tier(tier)
    if recording is not None:
        kind = mimetypes.guess_type(recording.name)[0] or "unknown"
        elan.add_linked_file(recording.absolute().as_uri(), relpath=f"./{recording.name}", mimetype=kind)
    for one in segments:
        span = round(one.start * 1000), round(one.stop * 1000)
        elan.add_annotation(TIER, *span, one.name)
        if one.confidence is not None:
            elan.add_annotation(f"{TIER} confidence", *span, f"{one.confidence:.4f}")
    return _save(elan.to_file)


def format_textgrid(segments: Sequence[Segment], recording: Path | None = None) -> bytes:
    """Return a file of Praat, with a tier of labels and one of confidences."""
    praat = import_writer(".textgrid")
    end = max((one.stop for one in segments), default=0.001)
    grid = praat.Textgrid(0, end)
    told = {
        TIER: [(one.start, one.stop, one.name) for one in segments],
        f"{TIER} confidence": [
            (one.start, one.stop, f"{one.confidence:.4f}") for one in segments if one.confidence is not None
        ],
    }
    for tier, intervals in told.items():
        grid.addTier(praat.IntervalTier(tier, intervals, 0, end))
    return _save(lambda file: grid.save(file, format="long_textgrid", includeBlankSpaces=True))


def _save(save: Callable[[str], object]) -> bytes:
    """Return the bytes of what a library writes to a file."""
    with TemporaryDirectory(prefix="emospike-") as folder:
        file = Path(folder, "timeline")
        save(str(file))
        return file.read_bytes()


FORMS = {".csv": format_csv, ".eaf": format_eaf, ".textgrid": format_textgrid, ".srt": format_srt}
"""What makes a timeline, by suffix."""

LIBRARIES = {".eaf": "pympi.Elan", ".textgrid": "praatio.textgrid"}
"""What those forms need that we do not write ourselves."""
