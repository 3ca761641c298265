"""Recorded events and EEG from the command line, for models that read them; others say so in one line."""

from dataclasses import replace

import made_up
import numpy as np
import pytest
from scipy.io import savemat

from emospike import datasets, store
from emospike.clip import Clip
from emospike.clip.event_files import read_events
from emospike.systems.eavs_tf.model import EAVSTransformer
from emospike.systems.spiking_emotions.model import SpikingEmotions

pytest.importorskip("torch")

pytestmark = pytest.mark.long

RATE = 500


def write_events(path, events):
    """Write steps of events as a camera would have recorded them, 50 ms a step."""
    step, polarity, y, x = np.nonzero(events[1:])
    size = {"width": events.shape[3], "height": events.shape[2]}
    np.savez(path, x=x, y=y, t=50_000 * step + 1_000_000_000, p=1 - polarity, **size)
    return path


@pytest.fixture(scope="module")
def seeing(tmp_path_factory):
    """A model of recorded events, and a folder of those that trained it: faces that smile and talk, or do not."""
    folder = tmp_path_factory.mktemp("events")
    made = SpikingEmotions.preset("default")
    system = made.set_params(
        pictures=replace(made.pictures, size=24),
        camera=replace(made.camera, steps=16, sensitivity=0.05, float_first=False),
        network=replace(made.network, size=24, steps=16, filters=8, hidden=32, padding=1),
        training=replace(made.training, epochs=24, batch=4, rate=0.01, average=0.9),
        parts=2,
        members=1,
    )
    faces = datasets.load(made_up.write_faces(folder / "faces"), video=True)
    clips = [
        Clip(write_events(folder / f"{one.path.stem}.npz", system.look(clip)[1]))
        for one, clip in zip(faces.recordings, faces.clips(), strict=True)
    ]
    system.fit(clips, faces.labels.tolist(), faces.speakers.tolist())
    system.card = {"modality": "face", "labels": "emotion"}
    store.save(system, folder / "model.safetensors")
    return folder, dict(zip([clip.path.name for clip in clips], faces.labels.tolist(), strict=True))


def test_events_are_recognised(run, seeing):
    folder, labels = seeing
    outcome = run("recognise", "--json", "--model", folder / "model.safetensors", folder)
    rows = {row["file"].rsplit("/", 1)[1]: row for row in outcome.rows if row["file"].endswith(".npz")}
    assert rows.keys() == labels.keys()
    right = [rows[name]["label"] == label for name, label in labels.items()]
    assert np.mean(right) > 0.85
    system = store.load(folder / "model.safetensors")
    name = next(iter(labels))
    steps = system.camera.bin_events(read_events(folder / name), 24)
    np.testing.assert_array_equal(system.look(Clip(folder / name))[1], steps)
    voted = system.voters_.probabilities([[one.read_hidden(steps[None])[0] for one in system.voters_.networks]])[0]
    assert rows[name]["probabilities"] == pytest.approx(dict(zip(system.labels_, voted.tolist(), strict=True)))


def test_events_are_explained(run, seeing, tmp_path):
    folder, labels = seeing
    name = next(iter(labels))
    outcome = run("explain", folder / name, "--model", folder / "model.safetensors", "-o", tmp_path / "page")
    assert outcome.code == 0, outcome.err
    page = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert "EventRate" in page


def test_windows_without_events_are_no_face(run, seeing, tmp_path):
    folder, labels = seeing
    events = np.load(folder / next(iter(labels)))
    parts = [{name: events[name] for name in "xyp"} | {"t": events["t"] + late} for late in (0, 13_000_000)]
    whole = {name: np.concatenate([part[name] for part in parts]) for name in "xypt"}
    np.savez(tmp_path / "long.npz", **whole, width=24, height=24)
    (row,) = run("recognise", "--json", "--model", folder / "model.safetensors", tmp_path / "long.npz").rows
    assert not any(window["answered"] for window in row["windows"][1:3])
    assert row["label"] in ("happy", "sad")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (
            "a.npz",
            "a recording of an event camera and holds no sound: take a model of spiking_emotions that learnt from such "
            "files",
        ),
        ("a.mat", "an EEG recording and holds no sound: take a model of eavs_tf that learnt from EEG"),
    ],
)
def test_a_model_that_only_hears_says_so(run, model, wav, tmp_path, *, name, why):
    np.savez(tmp_path / "a.npz", x=[0, 1], y=[0, 0], t=[0, 1e6], p=[1, 0])
    savemat(tmp_path / "a.mat", {"seg": np.random.default_rng(0).normal(0, 1, (1000, 3, 1))})
    outcome = run("recognise", "--model", model, tmp_path / name, wav)
    assert outcome.code == 2
    assert why in outcome.out.splitlines()[0]
    assert "error" not in outcome.out.splitlines()[1]
    outcome = run("explain", "--model", model, tmp_path / name, "-o", tmp_path / "page")
    assert (outcome.code, outcome.err) == (2, f"error: {tmp_path / name} is {why}\n")
    with_folder = run("recognise", "--model", model, tmp_path, wav)
    assert len(with_folder.out.splitlines()) == 2  # passed over in a folder


def test_events_without_a_model_that_reads_them(run, tmp_path):
    np.savez(tmp_path / "a.npz", x=[0, 1], y=[0, 0], t=[0, 1e6], p=[1, 0])
    outcome = run("recognise", tmp_path / "a.npz")
    assert outcome.code == 2
    assert "take a model of spiking_emotions that learnt from such files" in outcome.out


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """A model of EEG, and a folder of what trained it: alpha waves, or gamma."""
    folder, clips, labels, speakers = tmp_path_factory.mktemp("eeg"), [], [], []
    for number, speaker in enumerate("abcd"):
        for take in range(4):
            rng, time = np.random.default_rng(10 * number + take), np.arange(3 * RATE) / RATE
            hertz = 10 if take % 2 else 37
            values = rng.normal(0, 1, (len(time), 3)) + 4 * np.sin(2 * np.pi * hertz * time)[:, None]
            path = folder / f"{speaker}{take}.mat"
            savemat(path, {"seg": values[:, :, None]})
            clips.append(Clip(path))
            labels.append("calm" if take % 2 else "alert")
            speakers.append(speaker)
    system = EAVSTransformer.preset("eeg", modality="eeg")
    system.set_params(training=replace(system.training, epochs=3), members=2)
    system.fit(clips, labels, speakers)
    system.card = {"modality": "eeg", "labels": "emotion"}
    store.save(system, folder / "model.safetensors")
    return folder, dict(zip([clip.path.name for clip in clips], labels, strict=True))


def test_eeg_is_recognised(run, reading, wav, tmp_path):
    folder, labels = reading
    outcome = run("recognise", "--json", "--model", folder / "model.safetensors", folder)
    rows = {row["file"].rsplit("/", 1)[1]: row for row in outcome.rows}
    assert outcome.code == 0
    assert {name: row["label"] for name, row in rows.items()} == labels
    (tmp_path / "a.mat").write_bytes((folder / "a0.mat").read_bytes())
    (tmp_path / "a.wav").write_bytes(wav.read_bytes())  # two of its three seconds
    (row,) = run("recognise", "--json", "--model", folder / "model.safetensors", tmp_path).rows
    assert (row["file"], row["label"]) == (str(tmp_path / "a.wav"), labels["a0.mat"])


def test_long_eeg_is_decided_in_windows(run, reading, tmp_path):
    folder, _ = reading
    time = np.arange(12 * RATE) / RATE
    values = np.random.default_rng(9).normal(0, 1, (len(time), 3)) + 4 * np.sin(2 * np.pi * 10 * time)[:, None]
    savemat(tmp_path / "long.mat", {"seg": values[:, :, None]})
    (row,) = run("recognise", "--json", "--model", folder / "model.safetensors", tmp_path / "long.mat").rows
    assert (row["label"], len(row["windows"])) == ("calm", 3)


def test_eeg_is_explained(run, reading, tmp_path):
    folder, labels = reading
    model = folder / "model.safetensors"
    outcome = run("explain", folder / "a0.mat", "--model", model, "--start", 0.5, "-o", tmp_path / "page")
    assert outcome.code == 0, outcome.err
    assert labels["a0.mat"] in outcome.out
