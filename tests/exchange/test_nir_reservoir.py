"""A reservoir as a graph of NIR, and back."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("nir")

from made_up_speech import Speech, smallest

from emospike.exchange.nir_files import read_graph, write_graph
from emospike.exchange.nir_reservoir import compare_spikes, make_graph, read_network, run_plain
from emospike.systems.excube2.model import EXCube2
from emospike.validation import InputError


@pytest.fixture(scope="module")
def given():
    """A reservoir, and what it is given of a clip."""
    speech = Speech(["high", "low"], [0, 1], takes=1)
    network, spikes, facts = smallest(EXCube2, "default").learn_cube(speech.clips).export(speech.clips[0])
    return network, spikes, facts


def test_what_is_read_back_fires_alike(given, tmp_path):
    network, spikes, facts = given
    path = write_graph(tmp_path / "cube.nir", make_graph(network, 0.01, facts))
    again = read_network(read_graph(path))
    assert again.reservoir == replace(network.reservoir, stdp=None)
    np.testing.assert_allclose(again.tau, network.tau, rtol=1e-5)
    np.testing.assert_array_equal(again.recurrent.targets, network.recurrent.targets)
    np.testing.assert_allclose(again.recurrent.weights, network.recurrent.weights, rtol=1e-5)
    found = compare_spikes(network.run(spikes), again.run(spikes))
    assert found["here"] > 1000
    assert found["common"] > 0.99  # the last bit of a weight may move a spike, and that others


@pytest.fixture(scope="module")
def portable():
    """The reservoir of the preset that NIR tells all of, and what it is given of a clip."""
    speech = Speech(["high", "low"], [0], takes=1)
    network, spikes, _ = smallest(EXCube2, "portable").learn_cube(speech.clips).export(speech.clips[0])
    return network, spikes


def test_spikes_of_the_portable_preset_are_identical_in_a_plain_simulator(portable):
    network, spikes = portable
    ours = network.run(spikes)
    plain = run_plain(make_graph(network, 0.01), network, spikes)
    assert len(ours.step) > 1000
    assert compare_spikes(ours, plain)["common"] == 1.0


def test_spikes_of_the_portable_preset_are_identical_in_norse(portable):
    norse = pytest.importorskip("norse.torch")
    import torch

    network, spikes = portable
    module, state, fired = norse.from_nir(make_graph(network, 0.01), dt=0.01), None, []
    with torch.no_grad():
        for lines in network.drive(spikes):
            out, state = module(torch.from_numpy(lines), state)
            fired.append(out.numpy() > 0)
    step, neuron = np.nonzero(np.array(fired))
    ours = network.run(spikes)
    np.testing.assert_array_equal(step, ours.step)
    np.testing.assert_array_equal(neuron, ours.neuron)


def test_a_plain_simulator_fires_more_where_something_is_lost(given):
    network, spikes, _ = given
    lost = compare_spikes(network.run(spikes), run_plain(make_graph(network, 0.01), network, spikes))
    assert lost["plain"] > lost["here"]
    assert lost["common"] < 0.9


def test_graphs_of_others_are_refused(given, tmp_path):
    import nir

    network, _, _ = given
    stranger = make_graph(network, 0.01)
    stranger.metadata = {}
    with pytest.raises(InputError, match="no network that emospike exported"):
        read_network(stranger)
    part = make_graph(network, 0.01)
    del part.nodes["recurrent"]
    with pytest.raises(InputError, match="a part of it is missing"):
        read_network(part)
    slow = make_graph(network, 0.01)
    slow.nodes["neurons"].tau[0] = 0.001
    with pytest.raises(InputError, match="time constants longer than a step"):
        read_network(slow)
    (tmp_path / "no.nir").write_text("nothing")
    with pytest.raises(InputError, match=r"no\.nir cannot be read as NIR"):
        read_graph(tmp_path / "no.nir")
    assert isinstance(part, nir.NIRGraph)
