"""What all sound features share: the power spectrogram on the 10 ms grid, filter banks, log compression."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float32

from emospike.clip import SAMPLE_RATE
from emospike.validation import positive, within

RATE = 100.0
"""Steps per second of every series: sound and face share one 10 ms grid (eXCube2, section 2.7)."""

HOP = int(SAMPLE_RATE / RATE)
LOUDNESS = 400
"""Samples (25 ms) over which loudness is measured."""

BLOCK = 64
"""Steps that are transformed at once: what stays in the cache is several times faster."""


def power_spectrogram(
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


def loud_steps(sound: Float32[np.ndarray, " samples"], within_db: float) -> Bool[np.ndarray, " steps"]:
    """Return the steps whose mean power over 25 ms is at most `within_db` dB below that of the loudest one.

    >>> loud_steps(np.repeat(np.array([1.0, 0.01], np.float32), 800), within_db=30.0).tolist()
    [True, True, True, True, True, True, True, False, False, False, False]
    """
    energy = np.concatenate([[0.0], np.cumsum(np.square(np.pad(sound, LOUDNESS // 2), dtype=float))])
    power = (energy[LOUDNESS:] - energy[:-LOUDNESS])[::HOP]
    return np.asarray(power >= power.max() * 10 ** (-within_db / 10))


def band_powers(
    power: Float32[np.ndarray, "steps bins"], bank: Float32[np.ndarray, "bins bands"]
) -> Float32[np.ndarray, "steps bands"]:
    """Power in each band: power @ bank, for banks that are mostly zeros.

    BLAS is kept out of it: on a busy machine its threads wait for each other a hundred times longer than this takes.
    """
    from scipy.sparse import csr_array

    return np.ascontiguousarray((csr_array(bank.T) @ power.T).T)


def check_bands(bands: int, fmin: float, fmax: float, window: float, n_fft: int) -> None:
    """Raise `InputError` unless there are bands, they lie within 0 to 8 kHz, and the window (s) fits the transform."""
    positive("bands", bands)
    within("fmin", fmin, 0, fmax)
    within("fmax", fmax, fmin, SAMPLE_RATE / 2)
    within("window", window, 0.001, n_fft / SAMPLE_RATE)


def bin_frequencies(n_fft: int) -> Float32[np.ndarray, " bins"]:
    """Frequency of every bin of the power spectrogram, Hz."""
    return np.fft.rfftfreq(n_fft, 1 / SAMPLE_RATE).astype(np.float32)


def triangles(
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
def mel_bank(
    bands: int, fmin: float, fmax: float, n_fft: int
) -> tuple[Float32[np.ndarray, "bins bands"], Float32[np.ndarray, " bands"]]:
    """Mel filter bank (librosa's, Slaney's scale) with unit sum per band, and the bands' centres in Hz."""
    import librosa

    edges = librosa.mel_frequencies(bands + 2, fmin=fmin, fmax=fmax).astype(np.float32)
    return triangles(edges, bin_frequencies(n_fft)), edges[1:-1]


def log_compress(power: Float32[np.ndarray, "steps bands"], floor: float) -> Float32[np.ndarray, "steps bands"]:
    """Natural logarithm of power, held at `floor` nats so that silence is flat and gives no spikes."""
    out: Float32[np.ndarray, "steps bands"] = np.log(np.maximum(power, np.float32(np.exp(floor))))
    return out


def channel_names(kind: str, frequencies: Float32[np.ndarray, " bands"]) -> tuple[str, ...]:
    """Channel names such as ``mel 440 Hz``; fine bands keep a decimal so that names stay unique."""
    digits = 0 if len({round(float(f)) for f in frequencies}) == len(frequencies) else 1
    return tuple(f"{kind} {float(f):.{digits}f} Hz" for f in frequencies)
