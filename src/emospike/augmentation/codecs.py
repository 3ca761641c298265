"""Codecs: what is left of a sound that was compressed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np

from emospike.augmentation.filters import Samples, resample
from emospike.clip import Sound
from emospike.validation import InputError, within

LATEST = 0.25
"""Seconds by which a codec delays a sound at most."""


@dataclass(frozen=True)
class Codec:
    """Encodes and decodes in memory, through PyAV; the delay is measured once, and taken out.

    Attributes
    ----------
    encoder, decoder : their names in FFmpeg
    rate : of the sound that is encoded, Hz
    layout : format of its samples
    """

    encoder: str
    decoder: str
    rate: int
    layout: str

    def transmit(self, sound: Sound, rate: int, kbits: float) -> Sound:
        """Return a sound (at `rate` Hz) as it is after this codec at so many kbit/s; cut at full scale.

        Raises
        ------
        InputError : the installed PyAV lacks the codec, or it has no such bit rate
        """
        coded = self._code(resample(sound, rate, self.rate), kbits)
        delay = measure_delay(self, kbits)
        return resample(np.pad(coded, (0, max(-delay, 0)))[max(delay, 0) :], self.rate, rate, len(sound))

    def _code(self, sound: Samples, kbits: float) -> Samples:
        """Return the decoded sound, delay and all, at the rate of the codec."""
        import av

        try:
            encoder, decoder = av.CodecContext.create(self.encoder, "w"), av.CodecContext.create(self.decoder, "r")
        except (av.FFmpegError, ValueError) as error:
            raise InputError(
                f"the installed PyAV lacks the codec {self.encoder}: install its wheel from PyPI"
            ) from error
        encoder.sample_rate, encoder.layout, encoder.format = self.rate, "mono", self.layout  # type: ignore[attr-defined]
        encoder.bit_rate = round(1000 * kbits)
        decoder.sample_rate, decoder.layout = self.rate, "mono"  # type: ignore[attr-defined]
        try:
            packets = [*encoder.encode(self._frame(sound)), *encoder.encode(None)]  # type: ignore[attr-defined]
            decoder.extradata = encoder.extradata
            frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]  # type: ignore[attr-defined]
        except (av.FFmpegError, ValueError) as error:
            raise InputError(f"{self.encoder} cannot encode at {kbits:g} kbit/s: give another bit rate") from error
        parts = [frame.to_ndarray().ravel() for frame in frames]
        whole = np.concatenate([np.float32(one) / np.float32(2**15 if one.dtype == np.int16 else 1) for one in parts])
        return resample(whole, frames[0].sample_rate, self.rate)

    def _frame(self, sound: Samples):  # type: ignore[no-untyped-def]
        from av import AudioFrame

        samples = sound.clip(-1, 1)[None]
        if self.layout == "s16":
            samples = np.rint(samples * (2**15 - 1)).astype(np.int16)
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format=self.layout, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = self.rate, 0, Fraction(1, self.rate)
        return frame


@cache
def measure_delay(codec: Codec, kbits: float) -> int:
    """Return by how many of its samples a codec delays a sound: where its answer to a burst of noise fits best."""
    burst = np.zeros(codec.rate, np.float32)
    start, length = codec.rate // 4, codec.rate // 2
    burst[start : start + length] = 0.1 * np.random.default_rng(0).standard_normal(length)
    coded = codec._code(burst, kbits)
    size = 2 * max(len(burst), len(coded))
    agreement = np.fft.irfft(np.fft.rfft(coded, size) * np.conj(np.fft.rfft(burst, size)))
    most = round(LATEST * codec.rate)
    lags = np.arange(-most, most + 1)
    return int(lags[agreement[lags].argmax()])


MP3_CODEC = Codec("libmp3lame", "mp3float", 16_000, "fltp")
OPUS_CODEC = Codec("libopus", "libopus", 16_000, "flt")
AMR_CODEC = Codec("libopencore_amrnb", "libopencore_amrnb", 8_000, "s16")


@dataclass(frozen=True)
class MP3:
    """MPEG-1/2 layer III, as by LAME."""

    kbits: float = 32.0

    def __post_init__(self) -> None:
        within("bit rate of mp3 in kbit/s", self.kbits, 8, 160)

    def apply(self, sound: Sound, rate: int, rng: np.random.Generator) -> Sound:
        """Return the sound, encoded and decoded."""
        return MP3_CODEC.transmit(sound, rate, self.kbits)


@dataclass(frozen=True)
class Opus:
    """Opus (RFC 6716), as voice goes over the internet."""

    kbits: float = 16.0

    def __post_init__(self) -> None:
        within("bit rate of opus in kbit/s", self.kbits, 6, 128)

    def apply(self, sound: Sound, rate: int, rng: np.random.Generator) -> Sound:
        """Return the sound, encoded and decoded."""
        return OPUS_CODEC.transmit(sound, rate, self.kbits)


@dataclass(frozen=True)
class AMR:
    """Adaptive multi-rate, narrow band (3GPP TS 26.071), as mobile telephones have it: 8 kHz."""

    kbits: float = 12.2

    def __post_init__(self) -> None:
        within("bit rate of amr in kbit/s", self.kbits, 4.75, 12.2)

    def apply(self, sound: Sound, rate: int, rng: np.random.Generator) -> Sound:
        """Return the sound, encoded and decoded."""
        return AMR_CODEC.transmit(sound, rate, self.kbits)
