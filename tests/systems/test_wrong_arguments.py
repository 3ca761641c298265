"""The public interface given what no one should: one line that says what was expected, never an error of Python's."""

import jaxtyping
import numpy as np
import pytest

import emospike
from emospike import Clip, datasets, store
from emospike.clip import find_recordings
from emospike.evaluation.protocols import evaluate, make_system
from emospike.systems import SYSTEMS
from emospike.systems.baseline.model import Baseline
from emospike.systems.excube2.model import EXCube2
from emospike.validation import InputError

WRONG = {
    "none": None, "number": 3, "negative": -1, "truth": True, "nan": float("nan"), "infinite": float("inf"),
    "empty text": "", "null": "a\0b", "bytes": b"a.wav", "empty list": [], "list of none": [None], "mapping": {},
    "object": object(), "vector": np.zeros(3), "matrix": np.zeros((2, 2)), "scalar array": np.array(1.5),
}  # fmt: skip

FINE = {
    "Clip, start": {"number", "truth"}, "Clip, stop": {"none", "number", "truth", "infinite"},
    "Clip, face": {"none", "null"}, "Clip, tracks": {"empty list"},
    "Clip, delay": {"number", "negative", "truth"}, "windows": {"number", "truth"},
    "decide, threshold": {"none", "number", "truth", "infinite"}, "decide, modality": {"none"},
    "decide, window": {"number", "truth"}, "explain, label": {"none"}, "predict": {"empty list"},
    "predict, speakers": {"none"}, "predict_proba, modality": {"none"}, "predict_by_modality": {"empty list", "matrix"},
    "at_risk": {"truth"}, "fit, speakers": {"none"}, "fit, weights": {"none"}, "fit, finer": {"none"},
    "preset": {"none"}, "preset, seed": {"number", "truth"}, "preset, modality": {"none"},
    "set_params, features": {"empty list"}, "find_recordings": {"empty list"},
}  # fmt: skip
"""What is right after all, by call."""


@pytest.fixture(autouse=True)
def unchecked():
    """Turn the checks of types off that only tests have: they would say it first."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="module")
def calls(small, speech, tmp_path_factory):
    """Calls of the public interface, each with one argument that is given."""
    folder = tmp_path_factory.mktemp("model")
    system = small(EXCube2, "default").fit(*speech)
    clip, labels, who = speech.clips[0], ["a", "b", "a", "b"], ["x", "x", "y", "y"]

    def fit(labels=labels, speakers=who, **given):
        return Baseline.preset("ridge").fit([clip] * 4, labels, speakers, **given)

    return {
        "load": emospike.load,
        "read_card": store.read_card,
        "save, path": lambda x: store.save(system, x),
        "save, system": lambda x: store.save(x, folder / "a.safetensors"),
        "Clip": lambda x: Clip(x).seconds,
        "Clip, start": lambda x: Clip("a.wav", x),
        "Clip, stop": lambda x: Clip("a.wav", 0, x),
        "Clip, face": lambda x: Clip("a.wav", face=x),
        "Clip, tracks": lambda x: Clip("a.wav", tracks=x),
        "Clip, delay": lambda x: Clip("a.wav", face_delay=x),
        "from_array": lambda x: Clip.from_array(x, 16_000).sound,
        "from_array, rate": lambda x: Clip.from_array(np.zeros(16_000, np.float32), x),
        "windows": lambda x: list(clip.windows(x)),
        "decide": system.decide,
        "decide, threshold": lambda x: system.decide(clip, x),
        "decide, modality": lambda x: system.decide(clip, modality=x),
        "decide, window": lambda x: system.decide_windows(clip, window=x),
        "explain": system.explain,
        "explain, label": lambda x: system.explain(clip, label=x),
        "predict": system.predict,
        "predict, speakers": lambda x: system.predict([clip], x),
        "predict_proba, modality": lambda x: system.predict_proba([clip], modality=x),
        "predict_by_modality": system.predict_by_modality,
        "operations": system.operations,
        "at_risk": system.at_risk,
        "by": system.by,
        "adapt": system.adapt,
        "adapt, labels": lambda x: system.adapt([clip], [] if x is None else x),
        "fit": lambda x: Baseline.preset("ridge").fit(x, labels),
        "fit, labels": fit,
        "fit, speakers": lambda x: fit(speakers=x),
        "fit, weights": lambda x: fit(weights=x),
        "fit, finer": lambda x: EXCube2.preset().fit([clip] * 4, labels, who, finer=x),
        "preset": EXCube2.preset,
        "preset, seed": lambda x: EXCube2.preset(None, x if x is not None else "none"),
        "preset, modality": lambda x: EXCube2.preset(None, 0, x),
        "find a system": SYSTEMS.load,
        "make_system": make_system,
        "set_params": lambda x: EXCube2.preset().set_params(coverage=x),
        "set_params, features": lambda x: Baseline.preset("ridge").set_params(features=x),
        "datasets.load": datasets.load,
        "load_joined": datasets.load_joined,
        "relabel": lambda x: datasets.relabel(datasets.Dataset("mine", ()), x),
        "evaluate, data": lambda x: evaluate("baseline", x),
        "evaluate, system": lambda x: evaluate(x, datasets.Dataset("mine", ())),
        "find_recordings": lambda x: list(find_recordings(x)),
    }


NAMES = (
    "load", "read_card", "save, path", "save, system", "Clip", "Clip, start", "Clip, stop", "Clip, face",
    "Clip, tracks", "Clip, delay", "from_array", "from_array, rate", "windows", "decide", "decide, threshold",
    "decide, modality", "decide, window", "explain", "explain, label", "predict", "predict, speakers",
    "predict_proba, modality", "predict_by_modality", "operations", "at_risk", "by", "adapt", "adapt, labels", "fit",
    "fit, labels", "fit, speakers", "fit, weights", "fit, finer", "preset", "preset, seed", "preset, modality",
    "find a system", "make_system", "set_params", "set_params, features", "datasets.load", "load_joined", "relabel",
    "evaluate, data", "evaluate, system", "find_recordings",
)  # fmt: skip


def test_all_calls_are_tried(calls):
    assert tuple(calls) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wrong_is_one_line(calls, name):
    for what, value in WRONG.items():
        if what in FINE.get(name, ()):
            calls[name](value)
            continue
        with pytest.raises(InputError) as error:
            calls[name](value)
        assert "\n" not in str(error.value), what
        assert 10 < len(str(error.value)) < 500, what


def test_as_many_labels_and_speakers_as_clips(calls, speech):
    with pytest.raises(InputError, match="one speaker a clip expected, got 2 for 1 clips"):
        calls["predict, speakers"](["a", "b"])
    with pytest.raises(InputError, match="one label a clip expected, got 3 for 1 clips"):
        calls["adapt, labels"](["high", "low", "low"])
    with pytest.raises(InputError, match="one finer label a clip expected, got 1 for 4 clips"):
        EXCube2.preset().fit(speech.clips[:4], ["a", "b", "a", "b"], ["x", "x", "y", "y"], finer=["a"])
