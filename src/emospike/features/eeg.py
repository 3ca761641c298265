"""EEG: how strong each rhythm is at each electrode, from recordings in the usual formats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emospike.augmentation.voice import Voice, stretch
from emospike.clip import EEG_SUFFIXES, Clip
from emospike.clip.eeg_files import RawEEG, read_eeg
from emospike.features.spectrum import RATE
from emospike.series import Channel, Series
from emospike.validation import InputError, within

RHYTHMS = {"delta": (1.0, 4.0), "theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0), "gamma": (30.0, 45.0)}
"""Lower and upper edge of each rhythm, Hz."""

REGIONS = {
    "FP": "frontal", "AF": "frontal", "F": "frontal", "FC": "central", "C": "central", "CP": "central",
    "FT": "temporal", "T": "temporal", "TP": "temporal", "P": "parietal", "PO": "occipital", "O": "occipital",
}  # fmt: skip
"""The region of the head that the letters of an electrode's name mean (10-10 system, Oostenveld and Praamstra 2001)."""

SITE = re.compile(rf"({'|'.join(REGIONS)})(?:z|\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class EEG:
    """Log power of each rhythm at each electrode, at 10 ms steps.

        p[t, e, b] = ln(mean over `window` seconds around t of (x_e filtered to rhythm b)^2 + floor of the electrode)

    with Butterworth filters of order 4, forwards and backwards. Values are relative to the median power of the
    electrode over all rhythms, so that the unit of the file does not matter.

    Attributes
    ----------
    window : seconds over which power is averaged

    Raises
    ------
    InputError : a clip without EEG, a file that cannot be read, or one that ends before the clip; without the extra
        `eeg` for all formats but .mat
    """

    window: float = 0.5

    modality: ClassVar[str] = "eeg"

    def __post_init__(self) -> None:
        within("window in seconds", self.window, 0.01, 60)

    def extract(self, clip: Clip) -> Series:
        """Return the powers during the clip, shape (steps, electrodes x rhythms)."""
        path = clip.eeg
        if path is None:
            raise InputError(f"{clip.name} has no EEG: name its recording ({', '.join(sorted(EEG_SUFFIXES))})")
        begin = clip.eeg_start + clip.start
        recording = crop(read_eeg(path), begin, begin + clip.seconds, str(path))
        if recording.left_out:
            clip.memo[self] = f"not electrodes, or marked as bad, and left out: {', '.join(recording.left_out)}"
        return measure_rhythms(recording, self.window)

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the EEG of one who speaks as slowly as that voice."""
        return stretch(voice, series)


def collect_notes(clip: Clip) -> tuple[str, ...]:
    """Return what was left out of a clip's EEG."""
    return tuple(str(note) for kind, note in clip.memo.items() if isinstance(kind, EEG))


def crop(recording: RawEEG, start: float, stop: float, name: str = "EEG") -> RawEEG:
    """Return the part between two times in seconds."""
    first, last = round(start * recording.rate), round(stop * recording.rate)
    if last > len(recording.values) + recording.rate * 0.1:
        seconds = len(recording.values) / recording.rate
        raise InputError(f"{name} lasts {seconds:.2f} s, the clip needs {start:.2f} to {stop:.2f} s of it")
    return recording._replace(values=recording.values[first:last])


def measure_rhythms(recording: RawEEG, window: float) -> Series:
    """Return the log power of each rhythm at each electrode (see `EEG`)."""
    from scipy.ndimage import uniform_filter1d
    from scipy.signal import butter, sosfiltfilt

    steps = max(round(len(recording.values) / recording.rate * RATE), 1)
    at = np.minimum((np.arange(steps) * recording.rate / RATE).astype(int), len(recording.values) - 1)
    powers = []
    for low, high in RHYTHMS.values():
        if high >= recording.rate / 2:
            raise InputError(f"EEG at {2 * RHYTHMS['gamma'][1]:.0f} Hz or more expected, got {recording.rate:g} Hz")
        filters = butter(4, (low, high), "bandpass", fs=recording.rate, output="sos")
        wave = sosfiltfilt(filters, recording.values, axis=0, padlen=min(3 * 9, len(recording.values) - 1))
        powers.append(uniform_filter1d(np.square(wave), max(round(window * recording.rate), 1), axis=0)[at])
    power = np.stack(powers, axis=2)
    middle = np.maximum(np.median(power, axis=(0, 2), keepdims=True), 1e-30)
    logs = np.log(power / middle + 1e-3).reshape(steps, -1).astype(np.float32)
    return Series(logs, RATE, make_electrodes(recording.electrodes))


def make_electrodes(electrodes: Sequence[str]) -> tuple[Channel, ...]:
    """Return the channels of each rhythm at each electrode, grouped by the region of the head that `REGIONS` names.

    An electrode whose name is none of the 10-10 system is a group of its own.

    >>> [(one.name, one.group) for one in make_electrodes(["Cz", "E7"])[2::5]]
    [('EEG Cz alpha', 'EEG central'), ('EEG E7 alpha', 'EEG E7')]
    """
    channels = []
    for electrode in electrodes:
        site = SITE.fullmatch(electrode)
        group = f"EEG {REGIONS[site[1].upper()] if site else electrode}"
        channels += [
            Channel(f"EEG {electrode} {rhythm}", "eeg", group, f"{electrode} {rhythm}", "nats") for rhythm in RHYTHMS
        ]
    return tuple(channels)
