"""A PLIF network as a graph of NIR, and back."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("nir")
pytest.importorskip("torch")

import torch

from emospike.exchange.nir_files import read_graph, write_graph
from emospike.exchange.nir_plif import STEP, compare_spikes, make_graph, read_network, run_plain
from emospike.networks.plif_net import PlifNet
from emospike.networks.torch.plif import PlifNetwork
from emospike.validation import InputError

WHAT = PlifNet(size=13, steps=12, filters=4, blocks=2, hidden=24, voters=3)


def make_network(what: PlifNet) -> PlifNetwork:
    """A network that nothing has taught, but with batch norms that do something and a time constant for each layer."""
    network = PlifNetwork.build(what, 3, seed=2)
    rng = np.random.default_rng(3)
    with torch.no_grad():
        for norm in network.norms:
            for values, low, high in (
                (norm.weight, 1.0, 2.0),
                (norm.bias, 0.0, 0.3),
                (norm.running_mean, -0.2, 0.2),
                (norm.running_var, 0.2, 0.9),
            ):
                values.copy_(torch.from_numpy(rng.uniform(low, high, len(values))))
        for number, layer in enumerate(network.neurons):
            layer.leak.fill_(0.3 - 0.2 * number)
        for layer in (network.convolutions[1], network.hidden, network.last):
            layer.weight.mul_(15)
    return network.eval()


@pytest.fixture(scope="module", params=[1, 0], ids=["padded", "unpadded"])
def network(request):
    return make_network(replace(WHAT, padding=request.param, size=13 + request.param))


@pytest.fixture(scope="module")
def seen(network):
    """Events at random, which wake every layer."""
    rng = np.random.default_rng(1)
    return (rng.random((WHAT.steps, 2, network.what.size, network.what.size)) < 0.2).astype(np.float32)


def fired(network, seen) -> dict[str, np.ndarray]:
    """The spikes of each layer, by step and neuron."""
    found = {}
    for name, run in network.record(seen, 100.0).items():
        found[name] = np.zeros((len(seen), run.neurons), bool)
        found[name][run.step, run.neuron] = True
    return found


def test_spikes_are_identical_in_a_plain_simulator(network, seen, tmp_path):
    graph = read_graph(write_graph(tmp_path / "plif.nir", make_graph(network, STEP)))
    ours, plain = fired(network, seen), run_plain(graph, seen)
    assert list(plain) == ["neurons_1", "neurons_2", "hidden_neurons", "voters"]
    for mine, theirs in zip(ours.values(), plain.values(), strict=True):
        assert 0.02 < mine.mean() < 0.98
        np.testing.assert_array_equal(theirs.reshape(len(seen), -1), mine)
    found = compare_spikes(network, graph, seen)
    assert found == {"here": sum(one.sum() for one in ours.values()), "plain": found["here"], "common": 1.0}


def test_spikes_are_identical_in_norse(network, seen):
    norse = pytest.importorskip("norse.torch")
    module, state, found = norse.from_nir(make_graph(network, STEP), dt=STEP), None, []
    with torch.no_grad():
        for x in seen:
            voters, state = module(torch.from_numpy(x), state)
            found.append(voters.numpy().ravel() > 0)
    np.testing.assert_array_equal(np.array(found), fired(network, seen)["votes"])


def test_what_is_read_back_fires_alike(network, seen, tmp_path):
    again = read_network(read_graph(write_graph(tmp_path / "plif.nir", make_graph(network, STEP, {"labels": ["a"]}))))
    assert again.what == network.what
    ours, theirs = fired(network, seen), fired(again, seen)
    for name in ours:
        np.testing.assert_array_equal(theirs[name], ours[name])


def test_what_nir_has_no_words_for_is_refused():
    for what in (replace(WHAT, pooling="max"), replace(WHAT, spiking=False)):
        with pytest.raises(InputError, match="NIR has no rectifiers and no maximum pooling"):
            make_graph(PlifNetwork.build(what, 2), STEP)


def test_graphs_of_others_are_refused():
    def changed(change) -> None:
        graph = make_graph(make_network(WHAT), STEP)
        change(graph)
        read_network(graph)

    with pytest.raises(InputError, match="no network that emospike exported"):
        changed(lambda graph: graph.metadata.clear())
    with pytest.raises(InputError, match="a part of it is missing"):
        changed(lambda graph: graph.nodes.pop("hidden"))
    with pytest.raises(InputError, match="one time constant for each layer"):
        changed(lambda graph: graph.nodes["voters"].tau.__setitem__(0, 1.0))
    with pytest.raises(InputError, match=r"hidden\.weight of the network has another type or shape"):
        changed(lambda graph: setattr(graph.nodes["hidden"], "weight", np.zeros((3, 3))))
    with pytest.raises(InputError, match="finite weights"):
        changed(lambda graph: graph.nodes["hidden"].weight.fill(np.nan))
