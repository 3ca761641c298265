"""Shipped models answer as they did when they were shipped: bit for bit, where sums are added up in the same order."""

import json
from pathlib import Path

import numpy as np
import pytest
from fingerprints import fixed_clips
from threadpoolctl import threadpool_info

from emospike import store

BEFORE = json.loads(Path(__file__).with_name("shipped_decisions.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Made-up voices, each with a face."""
    return fixed_clips(tmp_path_factory.mktemp("clips"))


def test_every_shipped_model_is_held():
    assert sorted(BEFORE["models"]) == store.list_shipped_models()


@pytest.mark.parametrize("name", list(BEFORE["models"]))
def test_it_answers_as_before(name, clips):
    model = store.load(name)
    found = [list(model.decide(clip).probabilities.values()) for clip in clips]
    if BEFORE["openblas"] in [[one.get("architecture"), one["num_threads"]] for one in threadpool_info()]:
        assert found == BEFORE["models"][name]
    else:
        np.testing.assert_allclose(found, BEFORE["models"][name], atol=1e-3)
