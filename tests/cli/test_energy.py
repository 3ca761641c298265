"""``emospike energy`` as a user meets it."""

import json

import made_up
import pytest


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return made_up.write_faces(tmp_path_factory.mktemp("faces"))


def test_a_model_is_counted_on_made_up_speech(run, tmp_path):
    result = run("energy", "excube2-arousal", "--json", tmp_path / "e.json")
    assert result.code == 0, result.err
    for words in ("twin without spikes, int8", "recurrent", "spikes an input and step", "e.json", "e.png"):
        assert words in result.out
    assert "features: ConstantQ  32 KB" in result.out
    assert "1 MB / DRAM" in result.out
    assert "of SpiNNaker 2 and Loihi 2 no energy of a spike could be found in print" in result.out
    found = json.loads((tmp_path / "e.json").read_text())
    assert found["variants"][0]["total_uj"] < found["variants"][2]["total_uj"]
    assert (tmp_path / "e.png").read_bytes()[:4] == b"\x89PNG"


def test_a_system_is_trained_first(run, manifest):
    result = run("energy", "baseline", "--data", manifest, "--modality", "face", "--clips", "2", "--labels", "emotion")
    assert result.code == 0, result.err
    assert "no spikes" in result.out
    assert "not counted, since their operations are not published: ActionUnits" in result.err
    assert "named chips" not in result.out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["baseline"], "baseline has to be trained before it can be counted: give --data, or name a model"),
        (["excube2-both"], "give --data with films or face-tracking tables, or --modality audio\n"),
        (["excube3"], "no model 'excube3'"),
        (["excube2-arousal", "--clips", "0"], "clips must be above 0"),
    ],
)
def test_what_cannot_be_counted_is_refused(run, arguments, why):
    result = run("energy", *arguments)
    assert result.code == 2
    assert why in result.err


def test_a_model_of_faces_alone_is_not_offered_sound(run):
    pytest.importorskip("torch")
    result = run("energy", "spiking_emotions-face")
    assert result.code == 2
    assert "spiking_emotions-face looks at faces: give --data with films or face-tracking tables\n" in result.err
