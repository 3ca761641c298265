"""``emospike export``."""

import pytest

pytest.importorskip("nir")

from emospike.exchange.nir_reservoir import read_graph, read_network


def test_a_shipped_reservoir_is_written(run, wav, tmp_path):
    found = run("export", "excube2-arousal", "-o", tmp_path / "cube.nir", "--on", wav)
    assert found.out == f"{tmp_path / 'cube.nir'}\n"
    assert "in a simulator of NIR alone" in found.err
    assert read_network(read_graph(tmp_path / "cube.nir")).neurons == 3108


def test_what_cannot_be_exported_is_one_line(run, tmp_path):
    err = run("export", "synch_graph-both", "-o", tmp_path / "a.nir").err
    assert err == "error: SynchGraph is no reservoir: NIR is written of excube2\n"
    assert "unknown form 'onnx'" in run("export", "excube2-arousal", "--to", "onnx", "-o", tmp_path / "a.onnx").err
