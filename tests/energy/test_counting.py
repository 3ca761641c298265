import numpy as np
import pytest

from emospike.energy.counting import count_dense, count_readout_weights
from emospike.readout.classifiers import SklearnClassifier
from emospike.readout.linear import LinearReadout


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
    cost = count_dense(macs=1000, words=10)
    assert (cost.macs, cost.bytes_moved, cost.energy_uj) == (1000, 40, 0.0046)
    assert (cost.twin_macs, cost.twin_bytes_moved, cost.twin_energy_uj) == (1000, 40, 0.0046)
    assert (cost.spikes, cost.spike_rate, cost.synaptic_operations) == (0, 0.0, 0)
