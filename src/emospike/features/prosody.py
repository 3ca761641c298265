"""Prosody: loudness, pitch, voicing and timbre as ten contours, what a listener hears in the tone of a voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float32

from emospike.augmentation.voice import Voice, stretch
from emospike.clip import SAMPLE_RATE, Clip
from emospike.features.counting import (
    ELEMENTARY,
    FeatureCount,
    StepCount,
    count_elements,
    count_spectrogram,
    count_transform,
)
from emospike.features.spectrum import RATE, bin_frequencies, compute_spectrogram
from emospike.series import Channel, Series
from emospike.validation import within

Contour = Float32[np.ndarray, " steps"]

LOWEST, HIGHEST = 70.0, 500.0
"""Range of pitch, Hz."""

SHORTEST, LONGEST = int(SAMPLE_RATE / HIGHEST), int(SAMPLE_RATE / LOWEST) + 1
"""Lags among which a period is looked for, samples."""

WINDOW = 512
"""Samples (64 ms at half the rate) whose autocorrelation is taken."""

_TIMBRE = (7 + 2 * ELEMENTARY, 27)
"""Multiply-accumulates and words of a bin: share, mean, square, two ratios, change, entropy; a root, a logarithm."""

_PEAK = 8
"""Multiply-accumulates of a lag: the parabola through it and its neighbours, and two comparisons."""

ABSENT = -1000.0
"""Value of a contour where there is none, outside every range."""

QUIET = 9.0
"""Nats below the loudest step from which a step counts as silence, as does all within 1 nat of `NOISE`."""

NOISE = 1e-7
"""Power added to every bin before ratios are taken, so that silence has none."""


@dataclass(frozen=True)
class Prosody:
    """Ten contours at 10 ms steps.

    With the power spectrogram P[t, k] at frequencies f_k and p = P / sum_k P:

    - energy: ln mean_k P, nats
    - pitch: 12 log2(f0 / 70 Hz), semitones; f0 from the highest peak of the normalised autocorrelation (`track_pitch`)
    - relative pitch: pitch minus the clip's median
    - voicing: height of that peak, 0 to 1
    - centroid, bandwidth: ln(50 Hz + the mean, or the root mean square, of f under p)
    - alpha ratio: ln of power in 1-5 kHz over power in 50-1000 Hz, nats
    - Hammarberg index: ln of the highest bin below 2 kHz over the highest in 2-5 kHz, nats
    - entropy: -sum_k p ln p, nats
    - flux: root sum of squares of the change of sqrt(p) since the last step

    NOISE is added to P for all but energy and pitch, and energy is at least ln NOISE. Unvoiced steps take their pitch
    from a straight line between their neighbours; a clip without any voiced step has a pitch of 0.

    Attributes
    ----------
    voiced : height of the autocorrelation peak from which a step counts as voiced
    bridge : silent steps take all contours but energy and voicing from a straight line too, which suits encoders of
        changes; else all contours are `ABSENT` there, which suits encoders of values

    Source
    ------
    Boersma 1993 (autocorrelation pitch); Eyben et al. 2016 (eGeMAPS: alpha ratio, Hammarberg index). Not in
    eXCube2's Table 1: added because it raises the accuracy of the tuned preset.
    """

    voiced: float = 0.5
    bridge: bool = True

    modality: ClassVar[str] = "audio"

    def __post_init__(self) -> None:
        within("voiced", self.voiced, 0, 1)

    def extract(self, clip: Clip) -> Series:
        """Return the contours, shape (steps, 10), in the units above."""
        values, heard = self._bridge(clip)
        if not self.bridge:
            values = np.where(heard[:, None], values, np.float32(ABSENT))
        return Series(values, RATE, CHANNELS)

    def _bridge(self, clip: Clip) -> tuple[Float32[np.ndarray, "steps 10"], Bool[np.ndarray, " steps"]]:
        """Return the bridged contours and the steps that are not silent; kept, since both kinds start from them."""
        key = (Prosody, self.voiced)
        if key not in clip.memo:
            clip.memo[key] = self._measure(clip)
        found: tuple[Float32[np.ndarray, "steps 10"], Bool[np.ndarray, " steps"]] = clip.memo[key]
        return found

    def _measure(self, clip: Clip) -> tuple[Float32[np.ndarray, "steps 10"], Bool[np.ndarray, " steps"]]:
        power = compute_spectrogram(clip.sound, 400, 512)
        energy = np.log(np.maximum(power.mean(axis=1), NOISE))
        heard = energy > max(energy.max() - QUIET, np.log(NOISE) + 1)
        pitch, voicing = track_pitch(clip.sound, len(power))
        voice = heard & (voicing > self.voiced)
        pitch = bridge_gaps(smooth(pitch, voice), voice)
        median = np.median(pitch[voice]) if voice.any() else 0
        timbre = [bridge_gaps(contour, heard) for contour in measure_timbre(power + np.float32(NOISE))]
        columns = [energy, pitch, pitch - median, np.where(heard, voicing, 0), *timbre]
        return np.stack(columns, axis=1).astype(np.float32), heard

    def count_operations(self, steps: int) -> FeatureCount:
        """Return what computing so many steps takes; both kinds start from the same contours.

        Resampling to half the rate, smoothing and bridging are not in it.
        """
        bins = len(bin_frequencies(512))
        energy, timbre = count_elements(bins), count_elements(bins, *_TIMBRE)
        contours = count_elements(len(CHANNELS), ELEMENTARY)
        found = count_spectrogram(400, 512) + count_pitch() + energy + timbre + contours
        return found.repeat(steps, (Prosody, self.voiced))

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the contours as another voice would have given them: slower and louder, the rest kept.

        Nothing lies between a value and none: steps that fall between the two are `ABSENT`.
        """
        values = stretch(voice, series).values.copy()
        values[:, 0] += np.float32(voice.level)
        none = series.with_values((series.values == ABSENT).astype(np.float32))
        values[stretch(voice, none).values > 0] = ABSENT
        return series.with_values(values)


CHANNELS = tuple(
    Channel(f"{group} {name}", "audio", group, name, unit)
    for group, name, unit in (
        ("loudness", "energy", "nats"),
        ("intonation", "pitch", "semitones"),
        ("intonation", "relative pitch", "semitones"),
        ("voicing", "strength", "share"),
        ("timbre", "centroid", "ln Hz"),
        ("timbre", "bandwidth", "ln Hz"),
        ("timbre", "alpha ratio", "nats"),
        ("timbre", "Hammarberg index", "nats"),
        ("timbre", "entropy", "nats"),
        ("timbre", "flux", "root of share"),
    )
)


def track_pitch(sound: Float32[np.ndarray, " samples"], steps: int) -> tuple[Contour, Contour]:
    """Return pitch in semitones above 70 Hz, and the height of the autocorrelation peak, of every step.

    Place and height of a peak are those of the parabola through three lags. Each octave costs 0.04 of height, since
    twice and three times the period are periods too. A step without a peak in range, such as a rumble, has height 0.
    """
    first, last = SHORTEST, LONGEST
    r = autocorrelate(sound, last)[:steps]
    left, middle, right = r[:, first - 1 : last - 1], r[:, first:last], r[:, first + 1 : last + 1]
    offset = np.clip(0.5 * (left - right) / np.minimum(left - 2 * middle + right, -1e-6), -0.5, 0.5)
    height = np.where((middle > left) & (middle >= right), middle - 0.25 * (left - right) * offset, 0)
    lags = np.arange(first, last, dtype=np.float32)
    best = (height - 0.04 * np.log2(lags)).argmax(axis=1)
    row = np.arange(len(r))
    semitones = 12 * np.log2(SAMPLE_RATE / (lags[best] + offset[row, best]) / LOWEST)
    return semitones, height[row, best].clip(0, 1)


def autocorrelate(sound: Float32[np.ndarray, " samples"], longest: int) -> Float32[np.ndarray, "steps lags"]:
    """Return the normalised autocorrelation of every step, at lags of 0 to `longest` samples.

    r(lag) = R(lag) / R(0) / (R_w(lag) / R_w(0)) in a Hann window of 64 ms with autocorrelation R_w. Only sound below
    4 kHz is used, and the lags between its samples come from the inverse transform, at twice the length.
    """
    import soxr
    from scipy.fft import irfft, rfft

    window, hop, size = WINDOW, int(SAMPLE_RATE / 2 / RATE), choose_transform(longest)
    half = np.pad(soxr.resample(sound, SAMPLE_RATE, SAMPLE_RATE / 2), window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(half, window)[::hop]
    taper = np.hanning(window + 1)[:-1].astype(np.float32)
    raw, own = (
        irfft(np.square(np.abs(rfft(x, size))), 2 * size, axis=-1)[..., : longest + 1] for x in (frames * taper, taper)
    )
    normal: Float32[np.ndarray, "steps lags"] = raw / np.maximum(raw[:, :1], 1e-9) / (own / own[0])
    return normal


def choose_transform(longest: int) -> int:
    """Return the length of the transform that tells autocorrelations up to so many samples."""
    from scipy.fft import next_fast_len

    return int(next_fast_len(WINDOW + longest // 2 + 1, real=True))


def count_pitch() -> StepCount:
    """Return the cost of a step of `track_pitch`: window, both transforms, the power between them, and the lags."""
    size = choose_transform(LONGEST)
    correlated = count_elements(WINDOW) + count_transform(size) + count_elements(size // 2 + 1, 2)
    lags = count_elements(LONGEST + 1, 2) + count_elements(LONGEST - SHORTEST, _PEAK)
    return correlated + count_transform(2 * size) + lags


def measure_timbre(power: Float32[np.ndarray, "steps bins"]) -> list[Contour]:
    """Return centroid, bandwidth, alpha ratio, Hammarberg index, entropy and flux (see `Prosody`)."""
    f = bin_frequencies(512)
    share = power / power.sum(axis=1, keepdims=True)
    low, high = (f > 50) & (f < 1000), (f >= 1000) & (f < 5000)
    below, above = f < 2000, (f >= 2000) & (f < 5000)
    change = np.diff(np.sqrt(share), axis=0, prepend=np.sqrt(share[:1]))
    return [
        np.log(share @ f + 50),
        np.log(np.sqrt(share @ f**2) + 50),
        np.log(power[:, high].sum(axis=1) / power[:, low].sum(axis=1)),
        np.log(power[:, below].max(axis=1) / power[:, above].max(axis=1)),
        -(share * np.log(share)).sum(axis=1),
        np.sqrt(np.square(change).sum(axis=1)),
    ]


def smooth(contour: Contour, valid: Bool[np.ndarray, " steps"]) -> Contour:
    """Return the contour with a median of five over its valid steps, against octave jumps."""
    from scipy.ndimage import median_filter

    out = contour.copy()
    if valid.any():
        out[valid] = median_filter(contour[valid], 5)
    return out


def bridge_gaps(contour: Contour, valid: Bool[np.ndarray, " steps"]) -> Contour:
    """Return the contour with straight lines where it is not valid; zeros if it nowhere is."""
    if not valid.any():
        return np.zeros_like(contour)
    steps = np.arange(len(contour))
    line: Contour = np.interp(steps, steps[valid], contour[valid]).astype(np.float32)
    return line
