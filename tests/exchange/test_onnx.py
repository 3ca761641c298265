"""Readouts as models of ONNX."""

import json

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx

from emospike import store
from emospike.exchange.onnx_readout import KEY, make_model, run_reference, write_model
from emospike.readout.graph import GraphConvolution
from emospike.readout.linear import LinearReadout
from emospike.readout.prototype import LearnedPrototype
from emospike.readout.readout import ScoreReadout, VectorReadout
from emospike.readout.scaling import SoftScaler
from emospike.validation import InputError

FINER = {"angry": "high", "happy": "high", "calm": "low", "sad": "low", "tired": "low"}


def states(clips: int, dims: int, seed: int = 0) -> np.ndarray:
    """Counts of spikes, of which every third neuron has few, and some negative numbers, as in deSNN's vectors."""
    rng = np.random.default_rng(seed)
    found = rng.poisson(np.where(np.arange(dims) % 3, 4.0, 0.005), (clips, dims)).astype(np.float32)
    found[:, 1] *= -0.5
    return found


def fitted(classifier, scaler, normalise: str, finer: bool) -> VectorReadout:
    """A readout that learnt 60 clips of 6 speakers, and then a speaker."""
    X, names = states(60, 40), np.array(sorted(FINER) * 12)
    X[np.arange(60), 4 + 3 * (np.arange(60) % 5)] += 6
    y, who = np.array([FINER[name] for name in names]), np.array([f"{i // 10}" for i in range(60)])
    readout = VectorReadout(scaler, classifier, normalise).fit(X, y if finer else names, who, None, names)
    return readout.adapt(X[:5] + 1)


def run(model, given) -> list[np.ndarray]:
    """What onnxruntime makes of state vectors: scores and probabilities."""
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["scores", "probabilities"], {"state": given})


@pytest.mark.parametrize(
    "classifier",
    [LinearReadout(1.0, relative=True), LinearReadout(1.0, relative=True, bits=8), LearnedPrototype(2, 8)],
    ids=["linear", "8 bits", "prototype"],
)
@pytest.mark.parametrize("scaler", [SoftScaler(), SoftScaler(root=False, rare=0.0, soft=1e-3)], ids=["soft", "plain"])
@pytest.mark.parametrize("normalise", ["none", "speaker"])
@pytest.mark.parametrize("finer", [True, False])
def test_probabilities_are_those_of_the_readout(classifier, scaler, normalise, finer):
    readout, given = fitted(classifier, scaler, normalise, finer), states(9, 40, seed=1)
    assert (readout.calibration_.joint_ is not None) == finer
    scores, probabilities = run(make_model(readout), given)
    ours = readout.probabilities(given)
    assert np.ptp(ours) > 0.3
    np.testing.assert_allclose(probabilities, ours, rtol=0, atol=1e-6)
    np.testing.assert_allclose(scores, readout.scores(given), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(run_reference(make_model(readout), given), ours, rtol=0, atol=1e-6)


def test_a_shipped_readout_keeps_its_probabilities_and_its_size(tmp_path):
    readout = store.load("excube2-emotion").readout_
    path = write_model(tmp_path / "emotion.onnx", make_model(readout, {"licence": "a licence"}))
    given = states(4, len(readout.scaler.kept_))
    _, probabilities = run(onnx.load(path), given)
    np.testing.assert_allclose(probabilities, readout.probabilities(given), rtol=0, atol=1e-6)
    assert path.stat().st_size < 40 * len(readout.scaler.kept_)
    told = json.loads({one.key: one.value for one in onnx.load(path).metadata_props}[KEY])
    assert told["classes"] == list(readout.classes)
    assert told["threshold"] == readout.threshold_
    assert told["licence"] == "a licence"


def test_other_readouts_are_refused():
    with pytest.raises(InputError, match=r"^GraphConvolution is not written as ONNX: LinearReadout and"):
        make_model(VectorReadout(SoftScaler(), GraphConvolution()))
    with pytest.raises(InputError, match=r"^ScoreReadout is not written as ONNX"):
        make_model(ScoreReadout())
