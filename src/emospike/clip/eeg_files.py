"""EEG recordings, as their files hold them; `emospike.features.eeg` reads what they tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32

from emospike.clip.eeg_checks import check_fif, check_mat
from emospike.clip.finding import EEG_SUFFIXES
from emospike.files import is_file
from emospike.validation import InputError

OTHERS = re.compile(
    r"(?<![A-Za-z])([HV]?EOG[LRUD]?|ECG|EKG|EMG|GSR|EDA|RESP|STATUS|TRIG(GER)?|STI|MARKER|EVENTS?)(?![A-Za-z])",
    re.IGNORECASE,
)
"""Names of channels that are no electrodes of an EEG: an EDF file does not tell them apart."""

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

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.values) / self.rate


def read_eeg(path: Path) -> RawEEG:
    """Read an EDF, BDF, FIF or SET file through MNE, or a .mat file of the EAV layout.

    EAV holds an array `seg` (or `seg1`) of samples by electrodes by trials at 500 Hz, 20 s a trial; trials are put
    one after the other, so that trial i begins at 20 i seconds.
    """
    if path.suffix.lower() not in EEG_SUFFIXES:
        raise InputError(f"{path} is no EEG recording: {', '.join(sorted(EEG_SUFFIXES))} can be read")
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
