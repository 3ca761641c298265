"""An evaluation that was stopped goes on where it was, with the same numbers, and with nobody else's."""

import json
from dataclasses import fields

import numpy as np
import pytest

from emospike.evaluation.protocols import evaluate
from emospike.evaluation.results import Predictions
from emospike.evaluation.resuming import KeptFolds
from emospike.evaluation.splitting import PROTOCOLS
from emospike.evaluation.study import Study
from emospike.systems.base import System
from emospike.systems.checkpoints import open_checkpoint


class StopError(Exception):
    """In place of a kill: nothing is tidied up."""


def run(dataset, tmp_path, stop=None, said=None, **settings):
    """Evaluate a toy, stopped after some folds if asked; return the result and how many folds were made anew."""
    made = []

    def save(result):
        made.append(len(result["folds"]))
        if len(result["folds"]) == stop:
            raise StopError

    kept = KeptFolds.beside(tmp_path / "r.json", (said if said is not None else []).append)
    try:
        found = evaluate("toy", dataset, "emotion", save=save, kept=kept, **settings)
    except StopError:
        return None, made
    return {name: value for name, value in found.items() if name != "seconds"}, made


def plain(result):
    return json.dumps(result, sort_keys=True, default=str)


@pytest.mark.parametrize("protocol", ["speaker-folds", "new-speaker", "random", "cascade"])
def test_the_result_is_that_of_one_that_was_not_stopped(toy, takes_of, tmp_path, protocol):
    assert protocol in PROTOCOLS
    data, settings, said = takes_of("abcdef"), {"protocol": protocol, "modality": "both", "seeds": 2}, []
    (tmp_path / "whole").mkdir()
    whole, made = run(data, tmp_path / "whole", **settings)
    assert made == list(range(1, len(whole["folds"]) + 1))
    assert not list((tmp_path / "whole").iterdir())
    assert run(data, tmp_path, stop=3, **settings)[0] is None
    assert (tmp_path / "r.json.folds").is_file()
    again, made = run(data, tmp_path, said=said, **settings)
    assert made == list(range(3, len(whole["folds"]) + 1))  # the first tells of what was there
    assert said == [f"3 finished folds are kept in {tmp_path / 'r.json.folds'}"]
    assert drop_times(again) == drop_times(whole)
    assert not (tmp_path / "r.json.folds").exists()


def drop_times(result):
    """Return a result without how long anything took, of which some depends on the clock."""
    rest = json.loads(plain(result))
    for row in [rest, *rest.get("folds", ()), *rest.get("cascade", ()), *rest.get("cascade_chosen", {}).values()]:
        for name in [name for name in row if name.startswith("seconds")]:
            del row[name]
    return rest


def test_checkpoints_of_a_fold_are_there_until_it_is_finished(toy, takes_of, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    begun, said, fit = [], [], System.fit

    def train(self, *told, **more):
        checkpoint = open_checkpoint([], [])
        begun.append(checkpoint.read(lambda *found: found))
        checkpoint.write({}, {"fold": len(begun)})
        if len(begun) == 2:
            raise KeyboardInterrupt
        return fit(self, *told, **more)

    monkeypatch.setattr(System, "fit", train)
    with pytest.raises(KeyboardInterrupt):
        run(takes_of("abcd"), tmp_path, modality="both")
    assert len(list((tmp_path / "r.json.checkpoints").iterdir())) == 1
    _, made = run(takes_of("abcd"), tmp_path, said=said, modality="both")
    assert f"checkpoints of 1 networks are kept in {tmp_path / 'r.json.checkpoints'}" in said
    assert made == [1, 2, 3, 4]
    assert begun == [None, None, ({}, {"fold": 2}), None, None]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("change", ["seed", "label", "recording", "code", "preset", "damaged"])
def test_folds_of_another_evaluation_are_not_taken(toy, takes_of, tmp_path, monkeypatch, change):
    data, settings = takes_of("abcd"), {"modality": "both", "seeds": 1}
    run(data, tmp_path, stop=2, **settings)
    if change == "seed":
        settings["seeds"] = 2
    elif change == "label":
        data = takes_of("abce")
    elif change == "recording":
        monkeypatch.setattr("emospike.clip.Clip.fingerprint", 1)
    elif change == "code":
        monkeypatch.setattr("emospike.evaluation.resuming.hash_code", lambda sources: "another")
    elif change == "preset":
        settings["normalise"] = "speaker"
    else:
        file = tmp_path / "r.json.folds"
        file.write_text(file.read_text()[:-100])
    _, made = run(data, tmp_path, **settings)
    assert made[0] == 1


def test_what_is_kept_makes_no_class_of_other_rooms(toy, takes_of, tmp_path):
    data = takes_of("abcd")
    run(data, tmp_path, stop=1, modality="both")
    file = tmp_path / "r.json.folds"
    told = json.loads(file.read_text())
    told["study"] = {"object": {"path": "x"}, "module": "pathlib", "class": "Path"}
    file.write_text(json.dumps(told))
    assert run(data, tmp_path, modality="both")[1][0] == 1


def test_without_a_result_they_are_kept_in_the_cache(toy, takes_of, tmp_path, monkeypatch):
    monkeypatch.delenv("EMOSPIKE_CACHE", raising=False)
    assert KeptFolds.beside(None) is None
    monkeypatch.setenv("EMOSPIKE_CACHE", str(tmp_path / "cache"))
    kept = KeptFolds.beside(None, lambda line: None)
    evaluate("toy", takes_of("abcd"), "emotion", modality="both", kept=kept)
    assert (len(kept.key), list((tmp_path / "cache").iterdir())) == (16, [])


def test_numbers_come_back_bit_for_bit(takes_of, tmp_path):
    data, rng = takes_of("abcd"), np.random.default_rng(0)
    whole = Predictions(
        data.subset(np.array([3, 1, 7])),
        ("happy", "sad"),
        rng.random((3, 2)).astype(np.float32),
        float(rng.random()),
        risks={0.05: np.float64(rng.random())},
        strange=np.array([True, False, True]),
        alone={"audio": np.array([[np.nan, 0.1], [0.2, 0.3], [0.4, 0.5]])},
        left_out={"a.wav": "no face"},
        seconds={"fit": 1.5},
    )
    kept = KeptFolds(tmp_path / "a.folds", lambda line: None, "key")
    kept.write([whole], data, Study())
    (again,) = kept.read(kept.key, data, Study(), Predictions)
    for field in fields(Predictions):
        one, other = getattr(whole, field.name), getattr(again, field.name)
        if isinstance(one, np.ndarray):
            assert (one.dtype, one.tobytes()) == (other.dtype, other.tobytes())
        elif field.name != "alone":
            assert one == other
    np.testing.assert_array_equal(whole.alone["audio"], again.alone["audio"])
