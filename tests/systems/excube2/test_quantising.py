"""A trained system in integers: what it decides, learns and refuses, and what a file may say of its weights."""

from copy import deepcopy

import numpy as np
import pytest

from emospike import store
from emospike.readout.linear import LinearReadout
from emospike.systems.excube2.model import EXCube2
from emospike.systems.quantising import quantise_parameters, set_bits
from emospike.validation import InputError


@pytest.fixture(scope="module")
def floats(small, speech):
    return small(EXCube2, "default").fit(*speech)


@pytest.mark.parametrize("bits", [8, 4])
def test_it_decides_nearly_alike_and_the_original_stays(floats, unheard, tmp_path, bits):
    before = floats.predict_proba(unheard.clips)
    whole = floats.quantise(bits)
    after = whole.predict_proba(unheard.clips)
    assert 0 < np.abs(after - before).max() < 0.2
    np.testing.assert_array_equal(floats.predict_proba(unheard.clips), before)
    assert floats.reservoir.bits is floats.classifier.bits is floats.network_.reservoir.bits is None
    loaded = store.load(store.save(whole, tmp_path / "m.safetensors"))
    np.testing.assert_array_equal(loaded.predict_proba(unheard.clips), after)
    told = loaded.explain(unheard.clips[0])
    assert told.decision.probabilities == loaded.decide(unheard.clips[0]).probabilities


def test_eight_bits_learn_on_and_four_refuse(floats, unheard):
    clips, labels, _ = unheard
    whole = floats.quantise(8)
    before = whole.predict_proba(clips)
    whole.adapt(clips, labels)
    assert not np.array_equal(whole.predict_proba(clips), before)
    classifier = whole.readout_.classifier
    quotients = classifier.weights_ / classifier.units_
    np.testing.assert_allclose(quotients, np.round(quotients), atol=1e-3)
    coarse = floats.quantise(4)
    assert "learn" not in coarse.abilities
    with pytest.raises(InputError, match="adapt the model in floats, and quantise it then"):
        coarse.adapt(clips, labels)
    with pytest.raises(InputError, match="adapt the model in floats, and quantise it then"):
        coarse.readout_.classifier.partial_fit(np.zeros((2, 3), np.float32), np.array(["high", "low"]))


def test_bits_are_given_once(floats, small):
    with pytest.raises(InputError, match="this model's weights are 4 bits already: give fewer bits"):
        floats.quantise(4).quantise(8)
    with pytest.raises(InputError, match="this model's weights are floats already: give fewer bits"):
        quantise_parameters(floats, None)
    with pytest.raises(InputError, match="an untrained system expected: quantise a trained one"):
        set_bits(floats, 8)
    assert set_bits(small(EXCube2, "default"), 4).reservoir.bits == 4


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("recurrent.weights", lambda one: one * 0 + 8, "recurrent.weights of 4 bits expected, -7 to 7"),
        ("units", lambda one: one * 0, "units from 1 on"),
        ("readout.audio.classifier.weights", lambda one: one * 0 - 8, "weights of 4 bits expected, -7 to 7"),
        ("readout.audio.classifier.weights", lambda one: one.astype(np.float16), "weights of 4 bits expected"),
        ("readout.audio.classifier.units", np.negative, "a unit above 0 for the weights of each class"),
        ("readout.audio.classifier.units", None, "a unit above 0 for the weights of each class"),
    ],
)
def test_what_contradicts_itself_is_refused(floats, name, change, said):
    whole = floats.quantise(4)
    arrays, facts = whole.state()
    before = arrays.pop(name)
    if change is not None:
        arrays[name] = change(before)
    with pytest.raises(InputError, match=said) as caught:
        deepcopy(whole).restore(arrays, facts)
    assert "\n" not in str(caught.value)


def test_integers_where_floats_are_expected():
    readout = LinearReadout(10.0).fit(np.eye(4, dtype=np.float32) - 0.25, np.array(["a", "b", "a", "b"]))
    state = readout.state() | {"weights": np.ones((4, 2), np.int8)}
    with pytest.raises(InputError, match="weights in floats expected"):
        LinearReadout.restore({"alpha": 10.0}, state)
