"""EEG: rhythms at the right electrode and time, from files of every format, and what is said of bad ones."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from emospike.clip import Clip, eeg_files
from emospike.clip.eeg_files import RawEEG, read_eeg
from emospike.features.eeg import EEG, RHYTHMS, collect_notes, crop, measure_rhythms
from emospike.validation import InputError

RATE = 500.0


def wave(seconds: float, hertz: float, electrodes: int = 3, seed: int = 0) -> np.ndarray:
    """Noise at all electrodes, and an oscillation at the second."""
    time = np.arange(round(seconds * RATE)) / RATE
    out = np.random.default_rng(seed).normal(0, 1, (len(time), electrodes)) * 1e-6
    out[:, 1] += 2e-5 * np.sin(2 * np.pi * hertz * time)
    return out


@pytest.fixture
def spoken() -> Clip:
    return Clip.from_array(np.random.default_rng(0).normal(0, 0.1, 32_000).astype(np.float32), 16_000, "a.wav")


def with_eeg(clip: Clip, path, start: float = 0.0) -> Clip:
    return Clip(clip.path, eeg=path, eeg_start=start, _array=clip._array)


@pytest.mark.parametrize(("rhythm", "hertz"), [("delta", 2), ("theta", 6), ("alpha", 10), ("beta", 20), ("gamma", 37)])
def test_a_rhythm_is_found_where_it_is(rhythm, hertz):
    series = measure_rhythms(RawEEG(wave(3.0, hertz).astype(np.float32), RATE, ("F3", "Cz", "O1")), window=0.5)
    assert series.rate == 100.0
    assert len(series) == 300
    assert [one.name for one in series.channels[:2]] == ["EEG F3 delta", "EEG F3 theta"]
    power = series.values[100:200].mean(axis=0).reshape(3, len(RHYTHMS))
    assert list(RHYTHMS)[power[1].argmax()] == rhythm
    assert power[1].max() > power[[0, 2]].max() + 2


def test_the_unit_does_not_matter():
    volts = wave(2.0, 10).astype(np.float32)
    one, other = (measure_rhythms(RawEEG(x, RATE, ("a", "b", "c")), 0.5).values for x in (volts, 1e6 * volts))
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_the_trials_of_eav_follow_each_other(tmp_path, spoken):
    trials = np.stack([wave(20.0, hertz, seed=hertz) for hertz in (2, 10, 37)], axis=2)
    savemat(tmp_path / "subject1_eeg.mat", {"seg": trials})
    recording = read_eeg(tmp_path / "subject1_eeg.mat")
    assert (recording.values.shape, recording.rate) == ((30_000, 3), RATE)
    np.testing.assert_allclose(recording.values[10_000:10_005], trials[:5, :, 1], rtol=1e-5)
    series = EEG().extract(with_eeg(spoken, tmp_path / "subject1_eeg.mat", start=20.0))
    assert len(series) == 200
    assert "alpha" in series.channels[series.values.mean(axis=0).argmax()].name


@pytest.mark.parametrize("suffix", [".fif", ".edf", ".bdf", ".set"])
def test_what_mne_writes_is_read(tmp_path, spoken, suffix):
    mne = pytest.importorskip("mne")
    path, values = tmp_path / f"rest_raw{suffix}", wave(4.0, 10)
    raw = mne.io.RawArray(values.T, mne.create_info(["F3", "Cz", "O1"], RATE, "eeg"), verbose="error")
    try:
        raw.save(path, verbose="error") if suffix == ".fif" else mne.export.export_raw(path, raw, verbose="error")
    except (ImportError, RuntimeError, ValueError) as error:
        pytest.skip(f"cannot be written here: {error}")
    recording = read_eeg(path)
    assert (recording.electrodes, recording.rate) == (("F3", "Cz", "O1"), RATE)
    np.testing.assert_allclose(recording.values, values[: len(recording.values)], atol=1e-6)
    series = EEG().extract(with_eeg(spoken, path, start=1.0))
    assert series.channels[series.values.mean(axis=0).argmax()].name == "EEG Cz alpha"


def test_a_part_must_be_there():
    recording = RawEEG(np.zeros((1000, 1), np.float32), RATE, ("Cz",))
    assert len(crop(recording, 0.5, 1.5).values) == 500
    with pytest.raises(InputError, match=r"EEG lasts 2\.00 s, the clip needs 1\.50 to 3\.50 s of it"):
        crop(recording, 1.5, 3.5)


def test_bad_files_are_named(tmp_path, spoken):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "b.mat").write_text("no matrix")
    savemat(tmp_path / "c.mat", {"other": np.zeros(3)})
    for path, message in (
        ("a.txt", "is no EEG recording"),
        ("none.edf", "no such file"),
        ("b.mat", "cannot be read as a .mat file"),
        ("c.mat", "an array 'seg' of samples, electrodes and trials expected"),
    ):
        with pytest.raises(InputError, match=message):
            read_eeg(tmp_path / path)
    with pytest.raises(InputError, match=r"a\.wav has no EEG"):
        EEG().extract(spoken)
    with pytest.raises(InputError, match="EEG at 90 Hz or more expected, got 64 Hz"):
        measure_rhythms(RawEEG(np.zeros((640, 1), np.float32), 64.0, ("Cz",)), 0.5)


def test_what_is_no_electrode_and_what_is_bad_is_left_out(tmp_path, spoken):
    mne = pytest.importorskip("mne")
    names = ["Fp1", "EOG left", "EEG C3-Ref", "ECG", "O1", "HEOG", "Status"]
    raw = mne.io.RawArray(wave(4.0, 10, len(names)).T, mne.create_info(names, RATE, "eeg"), verbose="error")
    raw.info["bads"] = ["O1"]
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    clip = with_eeg(spoken, tmp_path / "a_raw.fif")
    assert len(EEG().extract(clip).channels) == 2 * len(RHYTHMS)
    assert read_eeg(tmp_path / "a_raw.fif").electrodes == ("Fp1", "EEG C3-Ref")
    assert collect_notes(clip) == ("not electrodes, or marked as bad, and left out: EOG left, ECG, O1, HEOG, Status",)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.zeros((500, 3, 1)), "no electrode of .* ever changes"),
        (np.full((500, 3, 1), np.nan), "holds NaN or infinite values"),
        (np.zeros((0, 3, 1)), "holds no EEG|an array 'seg'"),
        (np.zeros((5, 3, 1), complex), "an array 'seg' of samples"),
        (np.full((5, 3, 1), "a", dtype=object), "an array 'seg' of samples"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path, values, why):
    savemat(tmp_path / "a.mat", {"seg": values})
    with pytest.raises(InputError, match=why):
        read_eeg(tmp_path / "a.mat")


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_mat_files_are_refused_before_a_library_follows_them(tmp_path, packed):
    path = tmp_path / "a.mat"
    savemat(path, {"seg": wave(0.2, 10)[:, :, None].astype(np.float32)}, do_compression=packed)
    whole = path.read_bytes()
    assert read_eeg(path).values.shape == (100, 3)
    if not packed:
        wrong = bytearray(whole)
        at = whole.index(b"seg")
        wrong[at + 4 : at + 6] = b"5}"  # the type of the numbers: scipy looks it up beside its table
        path.write_bytes(wrong)
        with pytest.raises(InputError, match="a part of type 32053"):
            read_eeg(path)
    for at in range(120, min(len(whole), 400)):
        for data in (whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]):
            path.write_bytes(data)
            with contextlib.suppress(InputError):
                read_eeg(path)


@pytest.mark.parametrize("suffix", [".edf", ".bdf", ".set"])
def test_damaged_files_of_other_formats_are_refused(tmp_path, suffix):
    mne = pytest.importorskip("mne")
    path = tmp_path / f"a{suffix}"
    raw = mne.io.RawArray(wave(1.0, 10).T, mne.create_info(["F3", "Cz", "O1"], RATE, "eeg"), verbose="error")
    mne.export.export_raw(path, raw, verbose="error")
    whole = path.read_bytes()
    assert read_eeg(path).values.shape == (RATE, 3)
    for data in (whole[:200], b"\xff" * 300 + whole[300:]):
        path.write_bytes(data)
        with pytest.raises(InputError, match=f"{path} "):
            read_eeg(path)
    for at in range(160, 400, 6):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with contextlib.suppress(InputError):
            read_eeg(path)


def test_tags_of_fif_files_that_point_back_or_beyond_are_refused(tmp_path):
    mne = pytest.importorskip("mne")
    path = tmp_path / "a_raw.fif"
    mne.io.RawArray(wave(0.2, 10).T, mne.create_info(3, RATE, "eeg"), verbose="error").save(path, verbose="error")
    whole = path.read_bytes()
    for at, number, why in ((12, 0, None), (12, 8, "a tag that points back"), (8, 10**9, "a tag of 1000000000 bytes")):
        path.write_bytes(whole[:at] + number.to_bytes(4, "big") + whole[at + 4 :])
        if why is None:
            assert read_eeg(path).values.shape == (100, 3)
            continue
        with pytest.raises(InputError, match=why):
            read_eeg(path)


def test_recordings_of_any_length_are_not_read(tmp_path, monkeypatch):
    mne = pytest.importorskip("mne")
    path = tmp_path / "a_raw.fif"
    mne.io.RawArray(wave(0.2, 10).T, mne.create_info(3, RATE, "eeg"), verbose="error").save(path, verbose="error")
    monkeypatch.setattr(eeg_files, "MOST_VALUES", 299)
    with pytest.raises(InputError, match="announces 300 values, at most 299 are read: cut it into parts"):
        read_eeg(path)


@pytest.mark.parametrize("rate", [float("nan"), 0.0, -1.0, float("inf")])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(InputError, match="tells a sampling rate of"):
        eeg_files.check_recording(Path("a.fif"), RawEEG(wave(0.2, 10), rate, ("a", "b", "c")))
