from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from emospike.activity import Activity
from emospike.brain.synapses import Synapses
from emospike.energy.counting import (
    count_competitive_layer,
    count_features,
    count_membranes,
    count_readout,
    count_readout_layer,
    count_readout_weights,
    count_reservoir,
    count_statistics,
    join_operations,
)
from emospike.energy.estimate import list_variants
from emospike.features.mel import Mel
from emospike.features.prosody import Prosody
from emospike.networks.cells import Link
from emospike.networks.competitive import CompetitiveLayer
from emospike.networks.reservoir import Reservoir
from emospike.networks.windows import Windows
from emospike.readout.classifiers import SklearnClassifier
from emospike.readout.linear import LinearReadout
from emospike.readout.readout import VectorReadout
from emospike.readout.scaling import SoftScaler
from emospike.series import Channel, Series
from emospike.spikes import Spikes


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(0, 1, (30, 7)).astype(np.float32), np.repeat(["a", "b", "c"], 10)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_a_readout_goes_through_its_weights_once(data):
    assert count_readout_weights(LinearReadout().fit(*data)) == 7 * 3 + 3
    assert count_readout_weights(SklearnClassifier("logistic_regression").fit(*data)) == 7 * 3
    assert count_readout_weights(SklearnClassifier("linear_svm").fit(*data)) == 7 * 3
    assert count_readout_weights(SklearnClassifier("knn").fit(*data)) == 30 * 7
    assert count_readout_weights(SklearnClassifier("mlp", {"hidden_layer_sizes": [5]}).fit(*data)) == 7 * 5 + 5 * 3


def test_a_support_vector_machine_goes_through_its_support_vectors(data):
    classifier = SklearnClassifier("rbf_svm").fit(*data)
    vectors = classifier.pipeline_["model"].n_support_.sum()
    assert count_readout_weights(classifier) == vectors * 7 + vectors * 2  # and their weights, for each pair of classes


def test_a_forest_compares_down_to_its_leaves(data):
    classifier = SklearnClassifier("random_forest", {"n_estimators": 3, "max_depth": 2}).fit(*data)
    assert count_readout_weights(classifier) == 3 * 2


def test_without_spikes_it_is_its_own_twin():
    cost = count_statistics(values=200, channels=4, each=3, readout=count_readout_layer(400))
    assert (cost.macs, cost.bytes_moved, cost.energy_uj) == (1000, 4000, 0.0046)
    assert (cost.twin_macs, cost.twin_bytes_moved, cost.twin_energy_uj) == (1000, 4000, 0.0046)
    assert (cost.spikes, cost.spike_rate, cost.synaptic_operations) == (0, 0.0, 0)
    statistics, readout = cost.layers
    assert (statistics.bytes_held, statistics.stage) == (4 * 3 * 4, "network")
    assert (readout.bytes_held, readout.stage) == (4 * 400, "readout")


def make_run():
    """Two channels (four lines) onto three neurons: of its spikes two reach 1 and 2 of them; neuron 0 fires twice."""
    weights = np.ones(6, np.float32)
    inputs = Synapses.from_pairs(np.array([0, 0, 3]), np.array([0, 1, 2]), weights[:3], sources=4)
    recurrent = Synapses.from_pairs(np.array([0, 0, 1]), np.array([1, 2, 2]), weights[3:], sources=3)
    network = Reservoir().build(inputs, recurrent)
    dense = np.zeros((5, 2), np.int8)
    dense[0, 0], dense[2, 1] = 1, -1
    spikes = Spikes.from_dense(dense, 100.0)
    return network, Activity(spikes, np.array([1, 3], np.int32), np.array([0, 0], np.int32), 3)


def test_a_reservoir_is_counted_by_hand():
    cost = count_reservoir(*make_run(), count_readout_layer(7))
    inputs, recurrent, leak, readout = cost.layers
    assert (inputs.accumulates, recurrent.accumulates) == (2 + 1, 2 * 2)
    assert (inputs.bytes_moved, inputs.twin_macs) == (3 * 16, 3 * 5)
    assert (leak.macs, leak.updates, leak.bytes_moved) == (15, 15, 15 * 16)
    # a weight and an index of two bytes a synapse, and how many synapses each line and neuron has; three words a neuron
    assert (inputs.bytes_held, recurrent.bytes_held, leak.bytes_held) == (3 * 6 + 4 * 4, 3 * 6 + 3 * 4, 4 * 9)
    assert (readout.bytes_held, readout.stage, readout.updates) == (28, "readout", 0)
    assert {one.stage for one in cost.layers[:3]} == {"network"}


@pytest.mark.parametrize(("bits", "weight"), [(8, 1), (4, 0.5)])
def test_integers_move_and_hold_less(bits, weight):
    network, activity = make_run()
    cost = count_reservoir(network.quantise(bits), activity, count_readout_layer(7, words=2))
    inputs, _, leak, readout = cost.layers
    assert (inputs.accumulates, inputs.bytes_moved) == (3, round(3 * (12 + weight)))
    assert inputs.bytes_held == np.ceil(3 * (2 + weight)) + 4 * 4
    assert (leak.macs, leak.bytes_moved, readout.macs, readout.bytes_moved) == (15, 15 * 16, 7, 8)
    assert [one.integer for one in cost.layers] == [True, True, True, False]
    spiking, twin = list_variants([cost])  # no variant in 8 bits beside
    assert spiking.stages["network"].arithmetic == pytest.approx((0.1 * 7 + 3.2 * 15) * 1e-6)
    assert spiking.stages["readout"].arithmetic == pytest.approx(4.6 * 7e-6)
    assert twin.stages["network"].arithmetic == pytest.approx(3.2 * (15 + 15 + 15) * 1e-6)


def test_a_readout_in_few_bits_moves_less():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 40)).astype(np.float32), np.array(["a", "b", "c"] * 20)
    whole = VectorReadout(SoftScaler(), LinearReadout(10.0)).fit(X, y, np.array(["anna", "ben"] * 30))
    before = count_readout(whole)
    whole.quantise(8)
    after = count_readout(whole)
    assert after.macs == before.macs
    saved = before.bytes_moved - after.bytes_moved
    assert saved == 4 * (count_readout_weights(whole.classifier) - -(-count_readout_weights(whole.classifier) // 4))


def test_two_runs_of_one_network_hold_it_once():
    runs = {name: count_reservoir(*make_run(), count_readout_layer(n)) for name, n in (("audio", 7), ("face", 9))}
    both = join_operations(runs)
    assert [one.bytes_held for one in both.layers] == [34, 30, 36, 28, 0, 0, 0, 36]
    assert both.synaptic_operations == 14


def test_shared_weights_of_a_layer_are_held_once():
    """Three windows of 2 steps x 2 channels share the weights of five features; ten neurons are heard besides."""
    layer = CompetitiveLayer(features=5, shared=True)
    network = layer.build(Windows.along_time(6, 2, size=2, stride=2), [Link(10)], seed=0)
    lines = Spikes.from_events(np.array([0]), np.array([0]), steps=4, rate=2000.0, units=12)
    own = Activity(lines, np.zeros(0, np.int32), np.zeros(0, np.int32), 15)
    cost = count_competitive_layer("a", network, own, [])
    assert cost.accumulates == 5
    assert cost.bytes_held == 4 * (4 * 5 + 15 * 10)
    membranes = count_membranes("a", network, steps=8)
    assert (membranes.updates, membranes.macs) == (2 * 15 * 8, 6 * 15 * 8)
    assert (membranes.bytes_moved, membranes.bytes_held) == (4 * 12 * 15 * 8, 4 * 7 * 15)


@dataclass(frozen=True)
class Untold:
    """A feature of somebody else."""

    modality: ClassVar[str] = "face"

    def extract(self, clip):
        raise NotImplementedError

    respeak = extract


def test_features_are_stages_of_their_own_and_shared_work_counts_once():
    features = (Mel(), Prosody(bridge=True), Prosody(bridge=False), Mel(bands=20), Untold(), Untold(), Mel(bands=10))
    there = Series(np.zeros((50, 1), np.float32), 100.0, (Channel("a", "audio"),))
    series = [there] * 6 + [None]
    rows, uncounted = count_features(features, series)
    assert [one.name for one in rows] == ["features: Mel", "features: Prosody", "features: Mel 2"]
    assert [one.stage for one in rows] == [one.name for one in rows]
    told = Mel().count_operations(50)
    assert (rows[0].macs, rows[0].twin_macs, rows[0].accumulates) == (told.macs, told.macs, 0)
    assert (rows[0].bytes_moved, rows[0].bytes_held) == (4 * told.words_moved, 4 * told.words_held)
    assert uncounted == ("Untold",)
