"""EEG: how strong each rhythm is at each electrode, from recordings in the usual formats."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float32

from emospike.augmentation.voice import Voice, stretch
from emospike.clip import Clip
from emospike.features.eeg_files import check_fif, check_mat
from emospike.features.spectrum import RATE
from emospike.files import is_file
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

OTHERS = re.compile(
    r"(?<![A-Za-z])([HV]?EOG[LRUD]?|ECG|EKG|EMG|GSR|EDA|RESP|STATUS|TRIG(GER)?|STI|MARKER|EVENTS?)(?![A-Za-z])",
    re.IGNORECASE,
)
"""Names of channels that are no electrodes of an EEG: an EDF file does not tell them apart."""

SUFFIXES = {".edf", ".bdf", ".fif", ".set", ".mat"}

MOST_VALUES = 2**26
"""Of a recording, which MNE holds in 8 bytes each: 64 electrodes at 256 Hz for more than an hour."""

EAV_RATE, EAV_KEYS = 500.0, ("seg1", "seg")
"""Sampling rate of the EAV data set, Hz, and the names that its trials have in a .mat file."""


class RawEEG(NamedTuple):
    """An EEG recording: values in the file's unit (volts as MNE reads them), samples by electrodes.

    Channels that its file marks as bad, or that measure eyes, heart, muscles or marks, are left out.
    """

    values: Float32[np.ndarray, "samples electrodes"]
    rate: float
    electrodes: tuple[str, ...]
    left_out: tuple[str, ...] = ()


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
            raise InputError(f"{clip.name} has no EEG: name its recording ({', '.join(sorted(SUFFIXES))})")
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


def read_eeg(path: Path) -> RawEEG:
    """Read an EDF, BDF, FIF or SET file through MNE, or a .mat file of the EAV layout.

    EAV holds an array `seg` (or `seg1`) of samples by electrodes by trials at 500 Hz, 20 s a trial; trials are put
    one after the other, so that trial i begins at 20 i seconds.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path} is no EEG recording: {', '.join(sorted(SUFFIXES))} can be read")
    if not is_file(path):
        raise InputError(f"no such file: {path}")
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)  # one file holds hours, of which each clip takes seconds
def _read(path: Path, _changed: int) -> RawEEG:
    return _read_eav(path) if path.suffix.lower() == ".mat" else _read_mne(path)


def _read_eav(path: Path) -> RawEEG:
    from scipy.io import loadmat

    try:
        check_mat(path.read_bytes())
        found: Mapping[str, Any] = loadmat(path, variable_names=EAV_KEYS)
        trials = next((one for key in EAV_KEYS if (one := np.asarray(found.get(key))).ndim == 3), None)
    except Exception as error:  # what is damaged may fail anywhere in it
        raise InputError(f"{path} cannot be read as a .mat file: {error or type(error).__name__}") from error
    if trials is None or trials.dtype.kind not in "iuf":
        raise InputError(f"{path}: an array 'seg' of samples, electrodes and trials expected, as in EAV")
    values = np.concatenate(list(np.moveaxis(trials, 2, 0)), axis=0).astype(np.float32)
    return check_recording(path, RawEEG(values, EAV_RATE, tuple(f"E{i + 1}" for i in range(values.shape[1]))))


def _read_mne(path: Path) -> RawEEG:
    if find_spec("mne") is None:
        raise InputError(f"{path.suffix} files need MNE: pip install 'emospike[eeg]'")
    import mne

    try:
        if path.suffix.lower() == ".set":
            check_mat(path.read_bytes())
        if path.suffix.lower() == ".fif":
            with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as whole:
                check_fif(whole)
        raw = mne.io.read_raw(path, verbose="error")
        names = [name for name in raw.copy().pick("eeg", exclude="bads").ch_names if not OTHERS.search(name)]
        announced = raw.n_times * len(raw.ch_names)
        values = raw.get_data(picks=names).T.astype(np.float32) if announced <= MOST_VALUES else None
    except Exception as error:  # MNE has many readers, each of which fails in its own ways
        raise InputError(f"{path} cannot be read as EEG: {error or type(error).__name__}") from error
    if values is None:
        raise InputError(f"{path} announces {announced:,} values, at most {MOST_VALUES:,} are read: cut it into parts")
    left_out = tuple(name for name in raw.ch_names if name not in names)
    return check_recording(path, RawEEG(values, float(raw.info["sfreq"]), tuple(names), left_out))


def check_recording(path: Path, recording: RawEEG) -> RawEEG:
    """Return a recording; raise `InputError` if it has no rate or no numbers, or if none of them ever changes."""
    values = recording.values
    if not 0 < recording.rate < np.inf:
        raise InputError(f"{path} tells a sampling rate of {recording.rate:g} Hz: export it again")
    if not values.size or not np.isfinite(values).all():
        raise InputError(f"{path} holds {'NaN or infinite values' if values.size else 'no EEG'}: export it again")
    if not np.ptp(values, axis=0).any():
        raise InputError(f"no electrode of {path} ever changes: check the amplifier, or how it was exported")
    return recording


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
