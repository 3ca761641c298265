"""What all sound features share: the power spectrogram on the 10 ms grid, filter banks, log compression."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float32, Float64

from emospike.clip import SAMPLE_RATE
from emospike.series import Channel
from emospike.validation import within

RATE = 100.0
"""Steps per second of every series: sound and face share one 10 ms grid (eXCube2, section 2.7)."""

HOP = int(SAMPLE_RATE / RATE)
LOUDNESS = 400
"""Samples (25 ms) over which loudness is measured."""

LINEAR, CORNER, LOGARITHMIC = 200 / 3, 1000.0, float(np.log(6.4) / 27)
"""The mel scale: Hz a mel below the corner, Hz of the corner, and nats a mel above it."""

EDGES = (50, 200, 400, 650, 1000, 1500, 2500, 4000, 8000)
"""Borders of the bands that channels of sound are grouped in, Hz; the four lowest bands are those that eXCube2 names in
its section 3.3."""

BLOCK = 64
"""Steps that are transformed at once: what stays in the cache is several times faster."""


def compute_spectrogram(
    sound: Float32[np.ndarray, " samples"], window: int, n_fft: int
) -> Float32[np.ndarray, "steps bins"]:
    """Short-time power spectrum with a Hann window, centred on every 10 ms step.

    P[t, k] = |sum_n w[n] x[t * hop + n] exp(-2 pi i k n / n_fft)|^2 / sum_n w[n]^2, so that white noise of
    variance s^2 has P = s^2 in every bin, whatever the window.

    Parameters
    ----------
    sound : mono samples at 16 kHz, full scale 1
    window : window length in samples
    n_fft : transform length in samples, at least `window`
    """
    from scipy.fft import rfft

    w = np.hanning(window + 1)[:-1].astype(np.float32)
    w /= np.sqrt(np.square(w).sum())
    padded = np.pad(sound, (window // 2, window - window // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::HOP]
    power = np.empty((len(frames), n_fft // 2 + 1), np.float32)
    for at in range(0, len(frames), BLOCK):
        spectrum = rfft(frames[at : at + BLOCK] * w, n=n_fft, axis=1)
        power[at : at + BLOCK] = spectrum.real**2 + spectrum.imag**2
    return power


def find_loud_steps(sound: Float32[np.ndarray, " samples"], within_db: float) -> Bool[np.ndarray, " steps"]:
    """Return the steps whose mean power over 25 ms is at most `within_db` dB below that of the loudest one.

    >>> find_loud_steps(np.repeat(np.array([1.0, 0.01], np.float32), 800), within_db=30.0).tolist()
    [True, True, True, True, True, True, True, False, False, False, False]
    """
    energy = np.concatenate([[0.0], np.cumsum(np.square(np.pad(sound, LOUDNESS // 2), dtype=float))])
    power = (energy[LOUDNESS:] - energy[:-LOUDNESS])[::HOP]
    return np.asarray(power >= power.max() * 10 ** (-within_db / 10))


def check_bands(bands: int, fmin: float, fmax: float, window: float, n_fft: int) -> None:
    """Raise `InputError` unless there are bands, they lie within 0 to 8 kHz, and the window (s) fits the transform."""
    within("bands", bands, 1, 1000)
    within("fmin", fmin, 0, fmax)
    within("fmax", fmax, fmin, SAMPLE_RATE / 2)
    within("window", window, 0.001, n_fft / SAMPLE_RATE)


def bin_frequencies(n_fft: int) -> Float32[np.ndarray, " bins"]:
    """Frequency of every bin of the power spectrogram, Hz."""
    return np.fft.rfftfreq(n_fft, 1 / SAMPLE_RATE).astype(np.float32)


def make_triangles(
    edges: Float32[np.ndarray, " edges"], frequencies: Float32[np.ndarray, " bins"]
) -> Float32[np.ndarray, "bins bands"]:
    """Triangular bands that sum to 1 each; band b rises from edges[b], peaks at edges[b+1], ends at edges[b+2].

    A band narrower than the bin spacing takes the nearest bin, so that no band is ever empty.
    """
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    f = frequencies[:, None]
    bank = np.maximum(0, np.minimum((f - low) / (centre - low), (high - f) / (high - centre)))
    for band in np.flatnonzero(bank.sum(axis=0) == 0):
        bank[np.abs(frequencies - centre[band]).argmin(), band] = 1
    scaled: Float32[np.ndarray, "bins bands"] = (bank / bank.sum(axis=0)).astype(np.float32)
    return scaled


@lru_cache
def make_mel_bank(
    bands: int, fmin: float, fmax: float, n_fft: int
) -> tuple[Float32[np.ndarray, "bins bands"], Float32[np.ndarray, " bands"]]:
    """Mel filter bank with unit sum per band, and the bands' centres in Hz."""
    edges = mel_to_hz(np.linspace(hz_to_mel(fmin), hz_to_mel(fmax), bands + 2)).astype(np.float32)
    return make_triangles(edges, bin_frequencies(n_fft)), edges[1:-1]


def hz_to_mel(hz: float) -> float:
    """Return a frequency on Slaney's mel scale: 3 f / 200 below 1 kHz, 15 + 27 ln(f / 1000) / ln 6.4 above.

    Source: Slaney 1998 (Auditory Toolbox); written out, since librosa would be loaded for it alone.
    """
    return hz / LINEAR if hz < CORNER else CORNER / LINEAR + float(np.log(hz / CORNER) / LOGARITHMIC)


def mel_to_hz(mel: Float64[np.ndarray, " places"]) -> Float64[np.ndarray, " places"]:
    """Return the frequencies of places on the mel scale, Hz.

    >>> mel_to_hz(np.array([hz_to_mel(440.0), hz_to_mel(6400.0)])).round(9).tolist()
    [440.0, 6400.0]
    """
    above = CORNER * np.exp(LOGARITHMIC * (mel - CORNER / LINEAR))
    return np.where(mel < CORNER / LINEAR, LINEAR * mel, above)


def log_compress(power: Float32[np.ndarray, "steps bands"], floor: float) -> Float32[np.ndarray, "steps bands"]:
    """Natural logarithm of power, held at `floor` nats so that silence is flat and gives no spikes."""
    out: Float32[np.ndarray, "steps bands"] = np.log(np.maximum(power, np.float32(np.exp(floor))))
    return out


def measure_bands(
    sound: Float32[np.ndarray, " samples"], bank: Float32[np.ndarray, "bins bands"], window: float, floor: float
) -> Float32[np.ndarray, "steps bands"]:
    """Log power of a sound in the bands of a bank, nats, at 10 ms steps; `window` is in seconds, see `log_compress`.

    The product is one of sparse matrices, as banks are mostly zeros. BLAS is kept out of it: on a busy machine its
    threads wait for each other a hundred times longer than this takes.
    """
    from scipy.sparse import csr_array

    power = compute_spectrogram(sound, round(window * SAMPLE_RATE), 2 * (len(bank) - 1))
    return log_compress(np.ascontiguousarray((csr_array(bank.T) @ power.T).T), floor)


def make_bands(kind: str, frequencies: Float32[np.ndarray, " bands"]) -> tuple[Channel, ...]:
    """Return channels such as ``mel 440 Hz``; fine bands keep a decimal so that names stay unique."""
    digits = 0 if len({round(float(f)) for f in frequencies}) == len(frequencies) else 1
    return tuple(make_band(kind, f"{float(f):.{digits}f}") for f in frequencies)


@lru_cache(maxsize=1024)
def make_band(kind: str, hertz: str) -> Channel:
    """Return the channel of one band of sound, whose frequency is that of its name.

    >>> band = make_band("mel", "2150")
    >>> band.label, band.hz, band.group, band.short
    ('mel 2150 Hz', 2150.0, '1.5–2.5 kHz', '2.1 kHz')
    """
    hz = float(hertz)
    short = f"{hz:.0f} Hz" if hz < 1000 else f"{hz / 1000:.2g} kHz"
    return Channel(f"{kind} {hertz} Hz", "audio", name_band(hz), short, "nats", hz)


def name_band(hz: float) -> str:
    """Return the name of the band between `EDGES` that a frequency lies in."""
    above = bisect_right(EDGES, hz)
    if above == 0:
        return f"below {EDGES[0]} Hz"
    if above == len(EDGES):
        return f"from {EDGES[-1] / 1000:g} kHz"
    low, high = EDGES[above - 1], EDGES[above]
    if high < 1000:
        return f"{low}–{high} Hz"
    return f"{low} Hz–{high / 1000:g} kHz" if low < 1000 else f"{low / 1000:g}–{high / 1000:g} kHz"
