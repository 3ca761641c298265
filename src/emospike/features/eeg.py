"""EEG: how strong each rhythm is at each electrode, from recordings in the usual formats."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float32

from emospike.augmentation.voice import Voice, stretch
from emospike.clip import Clip
from emospike.features.matlab import read_array
from emospike.features.spectrum import RATE
from emospike.files import is_file
from emospike.series import Channel, Series
from emospike.validation import InputError, positive

RHYTHMS = {"delta": (1.0, 4.0), "theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0), "gamma": (30.0, 45.0)}
"""Lower and upper edge of each rhythm, Hz."""

REGIONS = {
    "FP": "frontal", "AF": "frontal", "F": "frontal", "FC": "central", "C": "central", "CP": "central",
    "FT": "temporal", "T": "temporal", "TP": "temporal", "P": "parietal", "PO": "occipital", "O": "occipital",
}  # fmt: skip
"""The region of the head that the letters of an electrode's name mean (10-10 system, Oostenveld and Praamstra 2001)."""

SITE = re.compile(rf"({'|'.join(REGIONS)})(?:z|\d+)", re.IGNORECASE)

SUFFIXES = {".edf", ".bdf", ".fif", ".set", ".mat"}

OTHER = re.compile(r"EOG|ECG|EKG|EMG|RESP|GSR|EDA\b|PPG|STATUS|TRIG|\bSTI|ANNOTATION|PHOTIC|DC\d", re.IGNORECASE)
"""What the names of channels hold that are no electrodes on the head."""

EAV_RATE, EAV_KEYS = 500.0, ("seg1", "seg")
"""Sampling rate of the EAV data set, Hz, and the names that its trials have in a .mat file."""

_MOST = 2**27  # values: 32 electrodes at 500 Hz for more than two hours


class RawEEG(NamedTuple):
    """An EEG recording: values in the file's unit (volts as MNE reads them), samples by electrodes."""

    values: Float32[np.ndarray, "samples electrodes"]
    rate: float
    electrodes: tuple[str, ...]


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
        positive("window", self.window)

    def extract(self, clip: Clip) -> Series:
        """Return the powers during the clip, shape (steps, electrodes x rhythms)."""
        path = clip.eeg
        if path is None:
            raise InputError(f"{clip.name} has no EEG: name its recording ({', '.join(sorted(SUFFIXES))})")
        begin = clip.eeg_start + clip.start
        recording = crop(read_eeg(path), begin, begin + clip.seconds, str(path))
        return measure_rhythms(recording, self.window)

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the EEG of one who speaks as slowly as that voice."""
        return stretch(voice, series)


def read_eeg(path: Path) -> RawEEG:
    """Read an EDF, BDF, FIF or SET file through MNE, or a .mat file of the EAV layout.

    EAV holds an array `seg` (or `seg1`) of samples by electrodes by trials at 500 Hz, 20 s a trial; trials are put
    one after the other, so that trial i begins at 20 i seconds. Channels that are marked as bad, whose name is one of
    eyes, heart, muscles or triggers, or that never change are left out, and a warning tells which.

    Raises
    ------
    InputError : another kind of file, one that cannot be read, takes more than 2 GiB, holds NaN, or is left with no
        electrode
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path} is no EEG recording: {', '.join(sorted(SUFFIXES))} can be read")
    if not is_file(path):
        raise InputError(f"no such file: {path}")
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)  # one file holds hours, of which each clip takes seconds
def _read(path: Path, _changed: int) -> RawEEG:
    recording, bad = (_read_eav(path), ()) if path.suffix.lower() == ".mat" else _read_mne(path)
    values = recording.values
    if not np.isfinite(values).all():
        raise InputError(f"{path} holds NaN or infinite values: export it again")
    if not np.isfinite(recording.rate) or recording.rate <= 0:
        raise InputError(f"{path} tells a sampling rate of {recording.rate} Hz: export it again")
    flat = np.ptp(values, axis=0) == 0 if len(values) else np.ones(len(recording.electrodes), bool)
    why = {
        name: "marked as bad" if name in bad else "no electrode" if OTHER.search(name) else "flat" if still else ""
        for name, still in zip(recording.electrodes, flat, strict=True)
    }
    if all(why.values()):
        raise InputError(f"{path} has no electrode to use: {_list_reasons(why)}")
    if any(why.values()):
        warnings.warn(f"{path}: left out {_list_reasons(why)}", stacklevel=2)
    kept = [at for at, name in enumerate(recording.electrodes) if not why[name]]
    return RawEEG(values[:, kept], recording.rate, tuple(recording.electrodes[at] for at in kept))


def _list_reasons(why: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({reason})" for name, reason in why.items() if reason) or "it holds no channel"


def _read_eav(path: Path) -> RawEEG:
    try:
        trials = read_array(path, EAV_KEYS)
    except (ValueError, OSError) as error:
        raise InputError(f"{path} cannot be read as a .mat file: {error}") from error
    if trials is None or trials.ndim != 3:
        raise InputError(f"{path}: an array 'seg' of samples, electrodes and trials expected, as in EAV")
    values = np.concatenate([np.zeros((0, trials.shape[1])), *np.moveaxis(trials, 2, 0)], axis=0, dtype=np.float32)
    return RawEEG(values, EAV_RATE, tuple(f"E{i + 1}" for i in range(values.shape[1])))


def _read_mne(path: Path) -> tuple[RawEEG, Collection[str]]:
    """Return what MNE reads, and which channels are marked as bad."""
    if find_spec("mne") is None:
        raise InputError(f"{path.suffix} files need MNE: pip install 'emospike[eeg]'")
    import mne

    try:
        raw = mne.io.read_raw(path, preload=False, verbose="error").pick("eeg", exclude=())
        size = raw.n_times * len(raw.ch_names)
        values = raw.get_data().T.astype(np.float32) if size <= _MOST else None
    except Exception as error:  # damaged: its readers check little, and raise whatever Python does
        raise InputError(f"{path} cannot be read as EEG: {' '.join(str(error).split()) or type(error)}") from error
    if values is None:
        raise InputError(f"{path} announces {size} values, at most {_MOST} are read: cut it into parts")
    return RawEEG(values, float(raw.info["sfreq"]), tuple(raw.ch_names)), raw.info["bads"]


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
