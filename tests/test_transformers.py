"""Features, encoders and reservoirs in scikit-learn's pipelines."""

import numpy as np
import pytest
from made_up_speech import Speech
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from emospike.brain.wiring import SmallWorld
from emospike.encoding.step_forward import StepForward
from emospike.features.mel import Mel
from emospike.networks.reservoir import STDP, Reservoir
from emospike.readout.state_vectors import StateVector
from emospike.transformers import FeatureExtractor, ReservoirTransformer, SpikeEncoder
from emospike.validation import InputError, NotTrainedError


def make_movements(samples=60, steps=128, channels=14):
    """Three classes of made-up signals in the shape of NeuCube-Py's wrist movements: which channels swing differs."""
    rng = np.random.default_rng(0)
    labels = np.arange(samples) % 3
    loud = np.where(np.arange(channels) % 3 == labels[:, None], 2.0, 1.0)
    phase = rng.uniform(0, 2 * np.pi, (samples, 1, channels))
    times = np.arange(steps)[:, None] / 128
    waves = loud[:, None] * np.sin(2 * np.pi * rng.uniform(6, 10, (samples, 1, 1)) * times + phase)
    return waves + rng.normal(0, 0.4, (samples, steps, channels)), labels


def make_line(**more):
    return make_pipeline(
        SpikeEncoder(StepForward(0.8), rate=128.0),
        ReservoirTransformer(neurons=500, **more),
        LogisticRegression(max_iter=2000),
    )


def test_a_reservoir_reads_any_signals():
    X, y = make_movements()
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    assert cross_val_score(make_line(), X, y, cv=folds).mean() > 0.6
    shuffled = np.random.default_rng(1).permutation(y)
    assert cross_val_score(make_line(), X, shuffled, cv=folds).mean() < 0.55


def test_parameters_of_every_step_can_be_searched():
    X, y = make_movements(samples=24)
    grid = {"spikeencoder__encoder__threshold": [0.5, 0.8], "reservoirtransformer__reservoir__refractory": [1]}
    search = GridSearchCV(make_line(), grid, cv=2).fit(X, y)
    assert search.best_params_["reservoirtransformer__reservoir__refractory"] == 1
    assert clone(search.best_estimator_).get_params()["spikeencoder__encoder__threshold"] in (0.5, 0.8)


def test_recordings_become_rows():
    speech = Speech(["high", "low"], [0, 1], takes=1)
    line = make_pipeline(FeatureExtractor(Mel()), SpikeEncoder(), ReservoirTransformer(neurons=500))
    rows = line.fit_transform(speech.clips[:4])
    assert rows.shape == (4, 500)
    assert rows.sum() > 0
    assert (line.transform(speech.clips[:4]) == rows).all()


def test_readings_are_joined_and_signals_may_differ_in_length():
    X, _ = make_movements(samples=4)
    spikes = SpikeEncoder(StepForward(0.8)).fit_transform([X[0], X[1][:50], X[2], X[3]])
    both = (StateVector("count"), StateVector("desnn", "I split"))
    assert ReservoirTransformer(neurons=500, vectors=both).fit_transform(spikes).shape == (4, 500 + 2 * 14)


def test_a_rule_learns_from_the_training_samples_alone():
    X, _ = make_movements(samples=6)
    spikes = SpikeEncoder(StepForward(0.8)).fit_transform(X)
    learnt = ReservoirTransformer(neurons=500, wiring=SmallWorld(), reservoir=Reservoir(stdp=STDP())).fit(spikes[:4])
    plain = ReservoirTransformer(neurons=500, wiring=SmallWorld()).fit(spikes[:4])
    assert not np.array_equal(learnt.network_.recurrent.weights, plain.network_.recurrent.weights)
    before = learnt.network_.recurrent.weights.copy()
    learnt.transform(spikes[4:])
    assert np.array_equal(learnt.network_.recurrent.weights, before)


def test_thresholds_come_from_training_signals():
    X, _ = make_movements(samples=4)
    encoder = SpikeEncoder(rule=0.5)
    with pytest.raises(NotTrainedError, match="fit it first"):
        encoder.transform(X)
    quiet, loud = (len(SpikeEncoder(rule=0.5).fit(scale * X).transform(X)[0]) for scale in (1, 10))
    assert quiet > loud


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (lambda: SpikeEncoder().transform(np.zeros((2, 3))), r"shape \(steps, channels\) expected"),
        (lambda: SpikeEncoder().transform([["a"]]), "arrays of numbers"),
        (lambda: SpikeEncoder().transform(3), "an array of shape"),
        (lambda: SpikeEncoder(rate=0), "rate must be above 0"),
        (lambda: ReservoirTransformer().fit(np.zeros((2, 3, 4))), "put a SpikeEncoder before"),
        (lambda: ReservoirTransformer().transform([]), "fit it first"),
        (lambda: ReservoirTransformer(vectors=()), "at least one state vector"),
        (lambda: ReservoirTransformer().set_params(neuron=3), "unknown parameter 'neuron': did you mean 'neurons'"),
    ],
)
def test_what_is_wrong_is_one_line(what, said):
    with pytest.raises(InputError, match=said):
        what()


def test_other_channels_than_it_was_fitted_to():
    X, _ = make_movements(samples=4)
    spikes, fewer = (SpikeEncoder(StepForward(0.8)).fit_transform(one) for one in (X, X[..., :5]))
    fitted = ReservoirTransformer(neurons=500).fit(spikes)
    with pytest.raises(InputError, match="spikes of 14 channels expected, got 5"):
        fitted.transform(fewer)
    with pytest.raises(InputError, match="as many channels expected, got 5 and 14"):
        fitted.transform([*spikes, *fewer])
