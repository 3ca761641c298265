"""EEG that is named beside one recording: read by a model that reads EEG, refused by others."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile
from made_up_speech import Speech, smallest
from scipy.io import savemat

pytest.importorskip("torch")

from emospike import store
from emospike.clip import Clip
from emospike.systems.eavs_tf.model import EAVSTransformer


def write_eeg(path, high, seed, seconds=1.0):
    """Three electrodes in EAV's layout; of what is high, all have a strong alpha rhythm."""
    time = np.arange(round(500 * seconds)) / 500
    values = np.random.default_rng(seed).normal(0, 1, (len(time), 3))
    values += 4 * np.sin(2 * np.pi * (10 if high else 37) * time)[:, None]
    savemat(path, {"seg": values[:, :, None]})
    return path


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """A folder with a model of sound and EEG, and a recording whose EEG has no name in common with it."""
    folder, heard = tmp_path_factory.mktemp("eeg"), Speech(["high", "low"], [0, 1, 2], takes=1)
    clips = []
    for number, (clip, label) in enumerate(zip(heard.clips, heard.labels, strict=True)):
        soundfile.write(folder / clip.name, clip.sound, 16_000)
        brain = write_eeg(folder / f"train{number}.mat", label == "high", number)
        clips.append(Clip(folder / clip.name, eeg=brain))
    system = smallest(EAVSTransformer, "eeg", "audio")
    system.set_params(training=replace(system.training, epochs=3), copies=1).fit(clips, heard.labels, heard.speakers)
    system.card = {"modality": "audio", "labels": "arousal"}
    store.save(system, folder / "model.safetensors")
    sound = folder / heard.clips[0].name
    sound.rename(folder / "a.wav")
    return folder


@pytest.fixture
def files(reading):
    return ["--model", reading / "model.safetensors", reading / "a.wav"]


def test_it_is_read_beside_the_sound(run, reading, files, tmp_path, monkeypatch):
    brain = write_eeg(tmp_path / "b.mat", high=False, seed=99)
    (row,) = run("recognise", "--json", *files, "--eeg", brain).rows
    system = store.load(reading / "model.safetensors")
    decided = system.decide(Clip(reading / "a.wav", eeg=brain))
    assert row["probabilities"] == pytest.approx(decided.probabilities)
    assert "EEG" not in row["reason"]
    (deaf,) = run("recognise", "--json", *files).rows
    assert "sound alone: a.wav has no EEG" in deaf["reason"]
    assert deaf["probabilities"] != pytest.approx(row["probabilities"], abs=1e-4)
    shown = []
    monkeypatch.setattr("emospike.explain.write_explanation", lambda *told, faces: shown.append(*told[:1]) or ["page"])
    outcome = run("explain", *files, "--eeg", brain, "-o", tmp_path / "page")
    assert outcome.code == 0, outcome.err
    assert shown[0].decision.probabilities == pytest.approx(decided.probabilities)


def test_one_that_ends_too_soon_is_told(run, files, tmp_path):
    brain = write_eeg(tmp_path / "b.mat", high=True, seed=99, seconds=0.4)
    (row,) = run("recognise", "--json", *files, "--eeg", brain).rows
    assert "sound alone: " in row["reason"]
    assert "lasts 0.40 s, the clip needs 0.00 to 0.80 s of it" in row["reason"]


@pytest.mark.parametrize("command", ["recognise", "explain"])
def test_it_is_refused_where_it_would_not_be_read(run, model, files, wav, tmp_path, *, command):
    brain, more = write_eeg(tmp_path / "b.mat", high=True, seed=0), ["-o", tmp_path / "page.csv"]
    say = lambda *told: run(command, *told, *more).err  # noqa: E731
    needs = "error: --eeg is for a model that reads EEG: name one of eavs_tf that learnt from it with --model\n"
    assert say("--model", model, wav, "--eeg", brain) == needs
    assert say(wav, "--eeg", brain) == needs
    assert say(*files, "--eeg", brain, "--modality", "face") == (
        "error: EEG is read where audio decides: leave out --modality face, or --eeg\n"
    )
    assert "no such file" in say(*files, "--eeg", tmp_path / "none.edf")
    assert f"{wav} is no EEG recording" in say(*files, "--eeg", wav)
    (tmp_path / "text.mat").write_text("text")
    assert "cannot be read as a .mat file" in say(*files, "--eeg", tmp_path / "text.mat")
    assert not list(tmp_path.glob("page*"))


def test_it_is_of_one_recording(run, files, wav, tmp_path):
    brain = write_eeg(tmp_path / "b.mat", high=True, seed=0)
    outcome = run("recognise", *files, wav, "--eeg", brain)
    assert (outcome.code, outcome.err) == (2, "error: --eeg is of one recording, got 2: name one\n")
    outcome = run("explain", "--compare", *files, wav, "--eeg", brain, "-o", tmp_path / "page")
    assert (outcome.code, outcome.err) == (
        2,
        "error: --eeg is of one recording: it does not go with --compare, give films\n",
    )
