import numpy as np
import pytest
import soundfile

from emospike.features.openface import INTENSITIES


def test_explain_writes_a_page(run, model, wav, tmp_path):
    outcome = run("explain", wav, "--model", model, "-o", tmp_path / "why")
    assert outcome.code == 0, outcome.err
    assert outcome.out.splitlines()[-1] == str(tmp_path / "why" / "index.html")
    assert wav.name in outcome.out
    assert "<html" in (tmp_path / "why" / "index.html").read_text()
    assert list((tmp_path / "why").glob("*.png"))


def test_explain_a_long_recording_or_a_part_of_it(run, model, wav, tmp_path):
    speech, rate = soundfile.read(wav, dtype="float32")
    soundfile.write(tmp_path / "long.wav", np.tile(speech, 20), rate)
    assert run("explain", tmp_path / "long.wav", "--model", model, "-o", tmp_path / "all").code == 0
    assert (tmp_path / "all" / "timeline.png").is_file()
    part = ("--start", 10, "--stop", 13)
    assert run("explain", tmp_path / "long.wav", *part, "--model", model, "-o", tmp_path / "why").code == 0
    assert not (tmp_path / "why" / "timeline.png").exists()


@pytest.mark.parametrize("path", ["nowhere.wav", "."])
def test_explain_what_is_no_recording(run, model, tmp_path, path):
    outcome = run("explain", path, "--model", model, "-o", tmp_path / "why")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert not (tmp_path / "why").exists()


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """The function that writes a made-up face-tracking table beside a recording."""

    def write(path, happy, seconds=1.2):
        rng = np.random.default_rng(list(path.name.encode()))
        rows = [",".join(["timestamp", *INTENSITIES])]
        for step in range(int(30 * seconds)):
            values = (2.0 if happy else 0.5) * (1 + 0.5 * np.sin(step / 5)) + 0.3 * rng.normal(size=len(INTENSITIES))
            rows.append(",".join([f"{step / 30:.4f}", *(f"{max(value, 0):.2f}" for value in values)]))
        path.write_text("\n".join(rows))
        return path

    return write


@pytest.fixture(scope="module")
def seeing(run, data, faces, tiny_offered, tmp_path_factory):
    """A model that hears and sees."""
    folder = tmp_path_factory.mktemp("seeing")
    lines = ["path,label,speaker,face"]
    for row in (data / "manifest.csv").read_text().splitlines()[1:]:
        name, label, speaker = row.split(",")
        face = faces(folder / f"{name}.csv", label == "happy")
        lines.append(f"{data / name},{label},{speaker},{face.name}")
    (folder / "manifest.csv").write_text("\n".join(lines))
    model = folder / "both.safetensors"
    with tiny_offered():
        outcome = run("train", "excube2", "--data", folder, "--preset", "tiny", "--modality", "both", "-o", model)
    assert outcome.code == 0, outcome.err
    return model


def test_a_sound_with_its_face(run, seeing, wav, faces, tmp_path):
    face = faces(tmp_path / "face.csv", True, 2.0)
    outcome = run("explain", wav, "--face", face, "--model", seeing, "-o", tmp_path / "why")
    assert outcome.code == 0, outcome.err
    assert "sound" in outcome.out
    assert {"contributions.png", "cross-modal.png", "encoding-ActionUnits.png", "raster.png"} <= {
        path.name for path in (tmp_path / "why").iterdir()
    }
    page = (tmp_path / "why" / "index.html").read_text()
    assert 'class="missing"' not in page


def test_one_sense_is_chosen(run, seeing, wav, faces, tmp_path):
    face = faces(tmp_path / "face.csv", True, 2.0)
    for modality, features in (("audio", {"Mel", "Prosody", "ConstantQ"}), ("face", {"ActionUnits"})):
        folder = tmp_path / modality
        assert run("explain", wav, "--face", face, "--modality", modality, "--model", seeing, "-o", folder).code == 0
        assert {path.stem.removeprefix("encoding-") for path in folder.glob("encoding-*.png")} == features
        assert 'class="missing"' not in (folder / "index.html").read_text()


def test_a_table_alone(run, seeing, faces, tmp_path):
    outcome = run("explain", faces(tmp_path / "face.csv", True), "--model", seeing, "-o", tmp_path / "why")
    assert outcome.code == 0, outcome.err
    assert "Decided without the sound" in (tmp_path / "why" / "index.html").read_text()


def test_two_recordings_are_compared(run, model, data, tmp_path):
    paths = (data / "anna-0.wav", data / "anna-1.wav")
    outcome = run("explain", "--compare", *paths, "--model", model, "-o", tmp_path / "why")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert [path.name in line for path, line in zip(paths, lines, strict=False)] == [True, True]
    assert lines[-1] == str(tmp_path / "why" / "index.html")
    assert {path.name for path in (tmp_path / "why").iterdir()} == {
        "index.html", "decisions.png", "attributions.png", "interactions.png",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{wav}", "{wav}"], "one recording is explained, two with --compare, got 2"),
        (["{wav}", "--compare"], "two recordings are compared, got 1"),
        (["{wav}", "{wav}", "--compare", "--face", "a.csv"], "it does not go with --compare"),
        (["{wav}", "--modality", "smell"], "unknown modality 'smell'"),
        (["{wav}", "--modality", "face"], "this model perceives audio, not face"),
    ],
)
def test_what_does_not_go_together(run, wav, tmp_path, arguments, said):
    arguments = [one.format(wav=wav) for one in arguments]
    outcome = run("explain", *arguments, "--model", "excube2-arousal", "-o", tmp_path / "why")
    assert outcome.code == 2
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
    assert not (tmp_path / "why").exists()


def test_explain_says_why_a_film_is_left_to_its_sound(run, data_dir, shipped_open, monkeypatch, tmp_path):
    monkeypatch.setenv("EMOSPIKE_LICENCE", "commercial")
    outcome = run("explain", data_dir / "samples" / "video" / "01-01-08-01-01-02-01.mp4", "-o", tmp_path / "why")
    assert (outcome.code, outcome.err.count("\n")) == (0, 1)
    assert "01-01-08-01-01-02-01.mp4: its sound alone: " in outcome.err
