"""EEG: rhythms at the right electrode and time, from files of every format, and what is said of bad ones."""

import numpy as np
import pytest
from scipy.io import savemat

from emospike.clip import Clip
from emospike.features.eeg import EEG, RHYTHMS, RawEEG, crop, measure_rhythms, read_eeg
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


def write_mat(path, **changes):
    """Write EAV's layout, one trial of 4 s, and change its bytes."""
    savemat(path, {"seg": wave(4.0, 10)[:, :, None].astype(np.float32)})
    data = path.read_bytes()
    for at, new in changes.get("bytes", {}).items():
        data = data[:at] + new + data[at + len(new) :]
    path.write_bytes(data[: changes.get("size", len(data))])
    return path


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"size": 5000}, "it is cut short or damaged"),
        ({"bytes": {184: b"\x7c\x35\x7d\x00"}}, "it is (cut short or )?damaged"),  # the type of the numbers
        ({"bytes": {160: b"\xff\xff\xff\x7f"}}, "it is damaged"),  # the shape
        ({"bytes": {128: b"\x63"}}, "something else than arrays"),
        ({"bytes": {126: b"XX"}}, "version 5 expected: save it with -v7"),
        ({"bytes": {0: b"MATLAB 7.3"}}, "version 5 expected: save it with -v7"),
        ({"bytes": {196: b"\x00\x00\xc0\x7f"}}, "holds NaN or infinite values"),
    ],
)
def test_damaged_matlab_files(tmp_path, changes, why):
    with pytest.raises(InputError, match=why) as error:
        read_eeg(write_mat(tmp_path / "a.mat", **changes))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int16, np.uint8])
def test_matlab_arrays_of_any_type(tmp_path, packed, kind):
    trials = np.random.default_rng(0).integers(0, 99, (50, 3, 2)).astype(kind)
    savemat(tmp_path / "a.mat", {"other": "text", "seg": trials}, do_compression=packed)
    values = read_eeg(tmp_path / "a.mat").values
    np.testing.assert_array_equal(values, np.concatenate([trials[:, :, 0], trials[:, :, 1]]))


def save_fif(path, values, names, bads=()):
    mne = pytest.importorskip("mne")
    info = mne.create_info(list(names), RATE, "eeg")
    info["bads"] = list(bads)
    mne.io.RawArray(values.T, info, verbose="error").save(path, verbose="error")
    return path


def test_what_is_no_electrode_is_left_out_and_said(tmp_path):
    values = wave(4.0, 10, electrodes=6)
    values[:, 5] = 0
    names = ("Fp1", "Cz", "EOG left", "ECG", "C3", "C4")
    with pytest.warns(UserWarning, match=r"EOG left \(no electrode\), ECG \(no electrode\), C3 \(marked as bad\), C4"):
        recording = read_eeg(save_fif(tmp_path / "a_raw.fif", values, names, ["C3"]))
    assert recording.electrodes == ("Fp1", "Cz")
    assert recording.values.shape == (2000, 2)


def test_nothing_but_zeros_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no electrode to use: F3 \(flat\), Cz \(flat\)"):
        read_eeg(save_fif(tmp_path / "a_raw.fif", np.zeros((1000, 2)), ("F3", "Cz")))


def test_damaged_recordings_are_one_line(tmp_path):
    data = save_fif(tmp_path / "a_raw.fif", wave(1.0, 10), ("F3", "Cz", "O1")).read_bytes()
    rng, refused = np.random.default_rng(0), 0
    for _ in range(60):
        broken = bytearray(data[: rng.integers(len(data))] if rng.random() < 0.3 else data)
        for at in rng.integers(len(broken), size=20):
            broken[at] = rng.integers(256)
        (tmp_path / "b_raw.fif").write_bytes(broken)
        try:
            read_eeg(tmp_path / "b_raw.fif")
        except InputError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 20


def test_more_than_memory_should_hold_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("emospike.features.eeg._MOST", 1000)
    with pytest.raises(InputError, match="announces 6000 values, at most 1000"):
        read_eeg(save_fif(tmp_path / "a_raw.fif", wave(4.0, 10), ("F3", "Cz", "O1")))
