import numpy as np
import pytest
import soundfile


def test_explain_writes_a_page(run, model, wav, tmp_path):
    outcome = run("explain", wav, "--model", model, "-o", tmp_path / "why")
    assert outcome.code == 0, outcome.err
    assert outcome.out.splitlines()[-1] == str(tmp_path / "why" / "index.html")
    assert wav.name in outcome.out
    assert "<html" in (tmp_path / "why" / "index.html").read_text()
    assert list((tmp_path / "why").glob("*.png"))


def test_explain_a_part_of_a_long_recording(run, model, wav, tmp_path):
    speech, rate = soundfile.read(wav, dtype="float32")
    soundfile.write(tmp_path / "long.wav", np.tile(speech, 20), rate)
    outcome = run("explain", tmp_path / "long.wav", "--model", model, "-o", tmp_path / "why")
    assert outcome.code == 2
    assert "choose a part with --start" in outcome.err
    part = ("--start", 10, "--stop", 13)
    assert run("explain", tmp_path / "long.wav", *part, "--model", model, "-o", tmp_path / "why").code == 0


@pytest.mark.parametrize("path", ["nowhere.wav", "."])
def test_explain_what_is_no_recording(run, model, tmp_path, path):
    outcome = run("explain", path, "--model", model, "-o", tmp_path / "why")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert not (tmp_path / "why").exists()
