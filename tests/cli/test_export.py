"""``emospike export``."""

import json

import numpy as np
import pytest
from made_up_speech import utterance, with_face


def test_a_shipped_reservoir_is_written(run, wav, tmp_path):
    pytest.importorskip("nir")
    from emospike.exchange.nir_files import read_graph
    from emospike.exchange.nir_reservoir import read_network

    found = run("export", "excube2-arousal", "-o", tmp_path / "cube.nir", "--on", wav)
    assert found.out == f"{tmp_path / 'cube.nir'}\n"
    assert "in a simulator of NIR alone" in found.err
    assert read_network(read_graph(tmp_path / "cube.nir")).neurons == 3108


def test_a_shipped_network_that_sees_is_written(run, tmp_path):
    pytest.importorskip("nir")
    pytest.importorskip("torch")
    from emospike.exchange.nir_files import read_graph
    from emospike.exchange.nir_plif import read_network

    face = with_face(utterance("high", 0, 0), tmp_path).face
    found = run("export", "spiking_emotions-face", "-o", tmp_path / "face.nir", "--on", face)
    assert found.out == f"{tmp_path / 'face.nir'}\n"
    assert "100% of all in common" in found.err
    assert read_network(read_graph(tmp_path / "face.nir")).classes == 2


def test_several_networks_are_checked_before_one_is_written(run, tmp_path, monkeypatch):
    pytest.importorskip("nir")
    pytest.importorskip("torch")
    from emospike.systems.spiking_emotions.model import SpikingEmotions

    def export_twice(system, clip, export=SpikingEmotions.export):
        networks, events, facts = export(system, clip)
        return [*networks, *networks], events, facts

    monkeypatch.setattr(SpikingEmotions, "export", export_twice)
    face = with_face(utterance("high", 0, 0), tmp_path).face
    command = ("export", "spiking_emotions-face", "-o", tmp_path / "face.nir", "--on", face)
    (tmp_path / "face-2.nir").mkdir()
    assert run(*command).err == f"error: cannot write {tmp_path / 'face-2.nir'}: it is a folder, name a file in it\n"
    assert not (tmp_path / "face-1.nir").exists()
    (tmp_path / "face-2.nir").rmdir()
    assert run(*command).out == f"{tmp_path / 'face-1.nir'}\n{tmp_path / 'face-2.nir'}\n"


def test_a_shipped_reservoir_is_a_script_for_brian2(run, wav, tmp_path):
    found = run("export", "excube2-arousal", "--to", "brian2", "-o", tmp_path / "cube.py", "--on", wav)
    assert found.out == f"{tmp_path / 'cube.py'}\n{tmp_path / 'cube.npz'}\n"
    assert "python cube.py runs it on speech.wav" in found.err
    with np.load(tmp_path / "cube.npz") as problem:
        assert len(problem["tau"]) == 3108
    compile((tmp_path / "cube.py").read_text(encoding="utf-8"), "cube.py", "exec")
    (tmp_path / "cube.py").write_text("mine = 1\n", encoding="utf-8")
    err = run("export", "excube2-arousal", "--to", "brian2", "-o", tmp_path / "cube.py", "--on", wav).err
    assert (
        err == f"error: cannot write {tmp_path / 'cube.py'}: it is there, and no export to Brian 2: name another file\n"
    )
    assert (tmp_path / "cube.py").read_text(encoding="utf-8") == "mine = 1\n"
    err = run("export", "cross_modal-emotion", "--to", "brian2", "-o", tmp_path / "a.py").err
    assert err == "error: CrossModal is no reservoir: scripts for Brian 2 are written of excube2\n"


def test_a_shipped_readout_is_written(run, wav, tmp_path):
    onnx = pytest.importorskip("onnx")
    found = run("export", "excube2-arousal", "--to", "onnx", "-o", tmp_path / "readout.onnx", "--on", wav)
    assert found.out == f"{tmp_path / 'readout.onnx'}\n"
    assert "state vectors of 62,640 numbers give probabilities of high, low" in found.err
    (told,) = onnx.load(tmp_path / "readout.onnx").metadata_props
    facts = json.loads(told.value)
    assert facts["system"] == "excube2"
    assert "ravdess: CC BY-NC-SA 4.0" in facts["licence"]
    assert facts["parameters"]["neurons"] == 3108


def test_what_cannot_be_exported_is_one_line(run, wav, tmp_path):
    pytest.importorskip("nir")
    pytest.importorskip("onnx")
    err = run("export", "synch_graph-both", "-o", tmp_path / "a.nir").err
    assert err == "error: SynchGraph has no network that NIR is written of: excube2, spiking_emotions do\n"
    assert "unknown form 'lava'" in run("export", "excube2-arousal", "--to", "lava", "-o", tmp_path / "a").err
    err = run("export", "synch_graph-both", "--to", "onnx", "-o", tmp_path / "a.onnx").err
    assert err.startswith("error: GraphConvolution is not written as ONNX")
    err = run("export", "excube2-both", "--to", "onnx", "-o", tmp_path / "a.onnx").err
    assert err.startswith("error: the answers of audio and face are joined outside of a readout: export one")
    err = run("export", "excube2-both", "--to", "onnx", "--modality", "face", "-o", tmp_path / "a.onnx").err
    assert "shows no face" in err
    assert not list(tmp_path.glob("a*"))
