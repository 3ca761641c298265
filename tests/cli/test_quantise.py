"""``emospike quantise``, and ``--bits`` of train and evaluate."""

import json

import numpy as np
import pytest

from emospike import store


def test_a_model_is_trained_in_few_bits(run, data, model, wav, tmp_path):
    path = tmp_path / "few.safetensors"
    outcome = run("train", "excube2", "--data", data, "--preset", "tiny", "--bits", 4, "-o", path)
    assert outcome.code == 0, outcome.err
    arrays, header = store.read(path)
    assert header["card"]["bits"] == 4
    assert header["parameters"]["reservoir"]["with"]["bits"] == 4
    for name in ("inputs.weights", "recurrent.weights", "readout.audio.classifier.weights"):
        assert arrays[name].dtype == np.int8
        assert 6 <= np.abs(arrays[name]).max() <= 7
    assert path.stat().st_size < model.stat().st_size
    assert store.load(path).decide(str(wav)).label == store.load(model).decide(str(wav)).label


@pytest.mark.parametrize("bits", [8, 4])
def test_a_model_is_quantised_and_compared(run, data, model, wav, bits):
    path = model.with_name(f"{bits}.safetensors")
    outcome = run("quantise", model, "--bits", bits, "--data", data, "-o", path)
    assert outcome.code == 0, outcome.err
    card = json.loads(run("info", path, "--json").out)
    (found,) = card["quantised"]
    assert (card["bits"], found["clips"], found["speakers"]) == (bits, 32, 4)
    assert found["agreement"] > (0.96 if bits == 8 else 0.8)
    assert 0 < found["largest_change"] < (0.2 if bits == 8 else 0.9)
    assert found["note"].startswith("LEAKY: the model was trained on 32 of these 32 recordings")
    assert f"{bits} bits" in outcome.out
    assert found["after"]["total_uj"] < found["before"]["total_uj"]
    assert found["after"]["features_uj"] == found["before"]["features_uj"] > 0
    assert found["after"]["model_bytes"] < found["before"]["model_bytes"]
    assert f"{found['agreement']:.1%}" in outcome.out
    before, after = (store.load(one).decide(str(wav)) for one in (model, path))
    assert before.label == after.label
    assert before.probabilities != after.probabilities
    again = store.load(path)
    again.card = {}
    assert again.decide(str(wav)).probabilities == after.probabilities


def test_what_cannot_be_quantised(run, model, tmp_path):
    few = tmp_path / "few.safetensors"
    assert run("quantise", model, "-o", few).code == 0
    for arguments, said in (
        (("cross_modal-emotion",), "the weights of CrossModal cannot be integers: those of excube2 can"),
        ((few,), "this model's weights are 8 bits already: give fewer bits"),
        ((model, "--bits", 5), "bits of a weight: 8 or 4 expected, or None for floats, got 5"),
    ):
        outcome = run("quantise", *arguments, "-o", tmp_path / "other.safetensors")
        assert (outcome.code, outcome.err) == (2, f"error: {said}\n")
        assert not (tmp_path / "other.safetensors").exists()


def test_a_system_without_such_weights_is_not_trained_so(run, data, tmp_path):
    outcome = run("train", "baseline", "--data", data, "--bits", 8, "-o", tmp_path / "b.safetensors")
    assert outcome.err == "error: the weights of Baseline cannot be integers: those of excube2 can\n"


def test_an_evaluation_in_few_bits_goes_into_the_card_of_such_a_model_alone(run, data, tmp_path):
    rows = (data / "manifest.csv").read_text().splitlines()
    few = [f"{data}/{row}" for row in rows[1:] if "dan" not in row and row[row.index("-") + 1] in "0123"]
    (tmp_path / "few.csv").write_text("\n".join([rows[0], *few]))
    found, path = tmp_path / "found.json", tmp_path / "m.safetensors"
    settings = ("excube2", "--data", tmp_path / "few.csv", "--preset", "tiny")
    outcome = run("evaluate", *settings, "--bits", 8, "--json", found)
    assert outcome.code == 0, outcome.err
    assert json.loads(found.read_text())["bits"] == 8
    said = run("train", *settings, "--evaluate", found, "-o", path).err
    assert "the evaluation has bits 8, the model 'as in the preset': evaluate the same" in said
    assert run("train", *settings, "--bits", 8, "--evaluate", found, "-o", path).code == 0
    assert json.loads(run("info", path, "--json").out)["measured"]["clips"] == 12
