"""What holds for every classifier; and scikit-learn's, which are stored without pickle."""

import json
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load, save

from emospike.readout import CLASSIFIERS
from emospike.readout.classifiers import ESTIMATORS, SklearnClassifier
from emospike.readout.contract import Classifier, IncrementalClassifier, parameters
from emospike.readout.evolving import EvolvingDeSNN
from emospike.readout.linear import LinearReadout
from emospike.readout.prototype import LearnedPrototype
from emospike.readout.vote import Vote
from emospike.validation import InputError

SMALLER = {"random_forest": {"n_estimators": 20}}
OTHERS = {"sklearn", "graph_convolution"}  # one is many, added below; one reads graphs (tests/networks)
EVERY = {name: lambda name=name: CLASSIFIERS.load(name)() for name in CLASSIFIERS if name not in OTHERS}
EVERY |= {name: lambda name=name: SklearnClassifier(name, SMALLER.get(name, {})) for name in ESTIMATORS}
every_classifier = pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
every_estimator = pytest.mark.parametrize("name", ESTIMATORS)


def blobs(labels, clips=40, dims=30, seed=0, sample=0):
    """Clips around one random centre a label, and their labels; `sample` draws other clips around the same."""
    centres = np.random.default_rng(seed).normal(0, 1.2, (len(labels), dims))
    number = np.repeat(np.arange(len(labels)), clips)
    X = centres[number] + np.random.default_rng([seed, sample]).normal(0, 1, (len(number), dims))
    return X.astype(np.float32), np.array(labels)[number]


def accuracy(classifier, X, y):
    return (classifier.classes_[classifier.scores(X).argmax(axis=1)] == y).mean()


@every_classifier
@pytest.mark.parametrize("labels", [("high", "low"), ("10", "2", "calm", "glücklich")])
def test_blobs_are_told_apart(make, labels):
    classifier = make().fit(*blobs(labels))
    X, y = blobs(labels, sample=1)
    scores = classifier.scores(X)
    assert (scores.shape, scores.dtype) == ((len(X), len(labels)), np.float32)
    assert np.isfinite(scores).all()
    assert classifier.classes_.tolist() == sorted(labels)
    # A vote has one label a unit and no weights: the weakest of them, by its paper's design.
    assert accuracy(classifier, X, y) > (0.9 if isinstance(classifier, Vote) else 0.95)


@every_classifier
def test_stored_and_restored_scores_are_the_same_bits(make):
    X, y = blobs(["10", "2", "9"])
    classifier = make().fit(X, y)
    state = classifier.state()
    names = json.loads(json.dumps(state.pop("classes").tolist()))
    state = load(save({name: np.ascontiguousarray(array) for name, array in state.items()}))
    again = type(classifier).restore(
        json.loads(json.dumps(parameters(classifier), allow_nan=False)), state | {"classes": np.array(names)}
    )
    assert parameters(again) == parameters(classifier)
    assert again.classes_.tolist() == ["10", "2", "9"]
    np.testing.assert_array_equal(again.scores(X), classifier.scores(X))


@every_classifier
def test_fitting_twice_gives_the_same_scores(make):
    X, y = blobs(["a", "b", "c"])
    np.testing.assert_array_equal(make().fit(X, y).scores(X), make().fit(X, y).scores(X))


@every_classifier
def test_a_clip_scores_the_same_alone(make):
    X, y = blobs(["a", "b", "c"])
    classifier = make().fit(X, y)
    alone = np.concatenate([classifier.scores(X[i : i + 1]) for i in range(0, len(X), 7)])
    np.testing.assert_array_equal(alone, classifier.scores(X)[::7])


@every_classifier
def test_the_contract_is_kept(make):
    classifier = make()
    assert isinstance(classifier, Classifier)
    assert isinstance(classifier, IncrementalClassifier) == (not isinstance(classifier, SklearnClassifier))


@every_classifier
def test_one_class_is_refused_in_one_line(make):
    X, _ = blobs(["a"])
    with pytest.raises(InputError, match=r"^at least 2 classes are needed to train, got only \['a'\]$"):
        make().fit(X, np.array(["a"] * len(X)))


ours = pytest.mark.parametrize("make", [make for name, make in EVERY.items() if name != "linear"])


@ours
def test_vectors_of_another_length_or_not_finite_are_refused(make):
    X, y = blobs(["a", "b"])
    classifier = make().fit(X, y)
    with pytest.raises(InputError, match="length 30 expected, as in training, got 29"):
        classifier.scores(X[:, :29])
    with pytest.raises(InputError, match="NaN or infinite"):
        classifier.fit(np.where(X > 2, np.nan, X).astype(np.float32), y)
    with pytest.raises(InputError, match="got 0 labels for 0 clips"):
        classifier.fit(X[:0], y[:0])


@pytest.mark.parametrize("kind", [LearnedPrototype, EvolvingDeSNN])
def test_partial_fit_adds_a_class_and_keeps_the_old(kind):
    labels = ["b", "d", "a", "c"]
    X, y = blobs(labels)
    new = np.isin(y, ["a", "c"])
    classifier = kind().fit(X[~new], y[~new]).partial_fit(X[new], y[new])
    assert classifier.classes_.tolist() == ["a", "b", "c", "d"]
    X, y = blobs(labels, sample=1)
    for label in labels:
        assert accuracy(classifier, X[y == label], label) > 0.9, label


@pytest.mark.parametrize("kind", [LearnedPrototype, EvolvingDeSNN, LinearReadout])
def test_partial_fit_takes_one_clip_of_a_known_class(kind):
    X, y = blobs(["a", "b"])
    classifier = kind().fit(X, y)
    before = accuracy(classifier, X, y)
    assert accuracy(classifier.partial_fit(X[:1], y[:1]), X, y) >= before - 0.02


@every_estimator
def test_seed_reaches_the_estimator(name):
    known = SklearnClassifier(name, seed=7)._estimator().get_params()
    assert known.get("random_state", 7) == 7


def test_parameters_of_scikit_learn_can_be_set():
    X, y = blobs(["a", "b"])
    assert SklearnClassifier("rbf_svm", {"C": 0.5}).fit(X, y).pipeline_["model"].C == 0.5
    with pytest.raises(InputError, match="unknown parameter of rbf_svm 'gama': did you mean 'gamma'"):
        SklearnClassifier("rbf_svm", {"gama": 1}).fit(X, y)
    with pytest.raises(InputError, match="did you mean 'rbf_svm'"):
        SklearnClassifier("rbfsvm")


def test_two_class_scores_of_logistic_regression_are_its_probabilities():
    from scipy.special import softmax

    X, y = blobs(["a", "b"])
    classifier = SklearnClassifier("logistic_regression").fit(X, y)
    expected = classifier.pipeline_.predict_proba(X)
    np.testing.assert_allclose(softmax(classifier.scores(X), axis=1), expected, atol=1e-6)


@pytest.mark.parametrize("name", ["logistic_regression", "linear_svm", "rbf_svm", "random_forest"])
def test_rare_classes_weigh_as_much_as_common_ones(name):
    rng = np.random.default_rng(0)
    y = np.array(["common"] * 190 + ["rare"] * 10)
    X = (rng.normal(0, 1, (200, 3)) + 1.0 * (y == "rare")[:, None]).astype(np.float32)
    balanced = SklearnClassifier(name, {"max_depth": 2} if name == "random_forest" else {}).fit(X, y)
    rare = balanced.classes_[balanced.scores(X).argmax(axis=1)] == "rare"
    assert rare[y == "rare"].mean() > 0.6


@every_classifier
def test_clip_weights_outvote_more_clips(make):
    labels = ["a", "b"]
    (X, y), (others, swapped) = blobs(labels, clips=30), blobs(labels, clips=40, sample=1)
    swapped = np.where(swapped == "a", "b", "a")
    weights = np.repeat([1, 0.01], [len(X), len(others)]).astype(np.float32)
    data = np.concatenate([X, others]), np.concatenate([y, swapped])
    classifier = make()
    if isinstance(classifier, SklearnClassifier) and classifier.name == "knn":
        with pytest.raises(InputError, match="knn takes no clip weights"):
            classifier.fit(*data, weights)
    else:
        X, y = blobs(labels, sample=2)
        assert accuracy(classifier.fit(*data), X, y) < 0.5
        # Among 3 neighbours of which 4/7 are swapped, one in five clips (0.19) finds no other to follow.
        assert accuracy(classifier.fit(*data, weights), X, y) > 0.65


def test_importing_the_classifiers_loads_no_heavy_library():
    code = (
        "import sys, emospike.readout.classifiers, emospike.readout.prototype, emospike.readout.evolving;"
        "print([name for name in ('sklearn', 'skops', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
