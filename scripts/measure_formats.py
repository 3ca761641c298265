"""Measure what the format of a recording does to a decision, and write a table of it.

    python scripts/measure_formats.py FOLDER docs/results/formats.json

Every WAV file in FOLDER (48 kHz is best) is written in each format and decided on by `excube2-arousal`; told is how far
the probability of its label moves from that of the file itself.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soundfile
import soxr

import emospike
from emospike.files import write_atomically
from emospike.systems.base import System


@dataclass(frozen=True)
class Format:
    """A file format: its suffix, its codec, and the sampling rate, Hz, that sound is brought to.

    Attributes
    ----------
    lossless : whether samples survive it, once they are at that rate
    layout : mono or stereo
    bit_rate : bits a second, where the codec is told
    """

    suffix: str
    codec: str
    rate: int = 48_000
    lossless: bool = False
    layout: str = "mono"
    bit_rate: int | None = None


FORMATS = (
    *(
        Format(".wav", codec, lossless=True)
        for codec in ("pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le")
    ),
    *(
        Format(".wav", codec, rate, lossless=True)
        for codec in ("pcm_f32le", "pcm_s16le")
        for rate in (16_000, 22_050, 44_100, 96_000, 192_000)
    ),
    Format(".wav", "pcm_s16le", layout="stereo", lossless=True),
    Format(".flac", "flac", lossless=True),
    Format(".m4a", "alac", lossless=True),
    Format(".wv", "wavpack", lossless=True),
    Format(".tta", "tta", lossless=True),
    Format(".aiff", "pcm_s16be", lossless=True),
    Format(".au", "pcm_s16be", lossless=True),
    Format(".caf", "pcm_s16le", lossless=True),
    Format(".mka", "pcm_s16le", lossless=True),
    Format(".w64", "pcm_s16le", lossless=True),
    Format(".wav", "pcm_s16le", 8_000),
    Format(".wav", "pcm_u8"),
    Format(".wav", "pcm_mulaw", 8_000),
    Format(".wav", "pcm_alaw", 8_000),
    Format(".wav", "adpcm_ima_wav"),
    Format(".wav", "adpcm_ms"),
    *(Format(".mp3", "libmp3lame", bit_rate=1000 * rate) for rate in (32, 64, 128, 320)),
    *(Format(".opus", "libopus", bit_rate=1000 * rate) for rate in (16, 64)),
    Format(".ogg", "vorbis", layout="stereo"),
    *(Format(".m4a", "aac", bit_rate=1000 * rate) for rate in (64, 128)),
    Format(".aac", "aac", bit_rate=96_000),
    Format(".ac3", "ac3", bit_rate=192_000),
    Format(".mp2", "mp2", bit_rate=192_000),
    Format(".wma", "wmav2", 44_100, bit_rate=128_000),
    Format(".webm", "libopus", bit_rate=32_000),
    Format(".mkv", "libmp3lame", bit_rate=128_000),
    Format(".amr", "libopencore_amrnb", 8_000, bit_rate=12_200),
    Format(".mov", "pcm_s16le", lossless=True),
    Format(".avi", "libmp3lame", bit_rate=128_000),
)


PRECISE = ("s16", "s16p", "s32", "s32p", "fltp", "flt")
"""Formats of samples that hold 16 bits, the first that a codec knows."""


def convert(source: Path, target: Path, kind: Format) -> None:
    """Write a recording in a format, resampled as emospike does it."""
    channels, rate = soundfile.read(source, dtype="float32", always_2d=True)
    sound = channels.mean(axis=1)
    if rate != kind.rate:
        sound = soxr.resample(sound, rate, kind.rate)
    with av.open(str(target), "w") as write:
        track = write.add_stream(kind.codec, rate=kind.rate, layout=kind.layout, options={"strict": "-2"})
        known = [one.name for one in track.codec_context.codec.audio_formats or ()]
        track.format = next((name for name in PRECISE if name in known), known[0])
        if kind.bit_rate:
            track.bit_rate = kind.bit_rate
        track.open()
        alike = np.tile(sound, (track.codec_context.channels, 1))  # a resampler would make both channels 3 dB quieter
        whole = av.AudioFrame.from_ndarray(alike, "fltp", kind.layout)
        whole.sample_rate = kind.rate
        resampler = av.AudioResampler(track.format.name, kind.layout, kind.rate, track.codec_context.frame_size or 1024)
        for frame in (whole, None):
            for part in resampler.resample(frame):
                write.mux(track.encode(part))
        write.mux(track.encode())


def measure(model: System, sources: list[Path], kind: Format, folder: Path) -> dict[str, object]:
    """Return how far a format moves the probability that each recording's label has."""
    moved = []
    for source in sources:
        target = folder / f"{source.stem}{kind.suffix}"
        convert(source, target, kind)
        before, after = model.decide(emospike.Clip(source)), model.decide(emospike.Clip(target))
        moved.append(abs(after.probabilities[before.label] - before.probabilities[before.label]))
        target.unlink()
    row = {"format": kind.suffix, "codec": kind.codec, "rate": kind.rate, "layout": kind.layout}
    row |= {"bit_rate": kind.bit_rate, "lossless": kind.lossless, "recordings": len(moved)}
    return row | {"largest_change": float(np.max(moved)), "mean_change": float(np.mean(moved))}


def list_sources(folder: Path) -> Iterator[Path]:
    """Yield the WAV files of a folder that are long enough to decide on."""
    for path in sorted(folder.rglob("*.wav")):
        if soundfile.info(path).duration >= 1:
            yield path


if __name__ == "__main__":
    model, sources, rows = emospike.load("excube2-arousal"), list(list_sources(Path(sys.argv[1]))), []
    with tempfile.TemporaryDirectory() as folder:
        for kind in FORMATS:
            rows.append(measure(model, sources, kind, Path(folder)))
            print(" ".join(str(value) for value in rows[-1].values()))
    write_atomically(Path(sys.argv[2]), json.dumps(rows, indent=1) + "\n")
