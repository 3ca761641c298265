"""What systems can do, for those who ask: the verbs that they share are held in tests/test_house.py."""

from __future__ import annotations

import numpy as np
import pytest

from emospike.systems import SYSTEMS
from emospike.systems.base import ABILITIES
from emospike.systems.baseline.model import Baseline
from emospike.validation import InputError

ABLE = {
    "excube2": {"export", "locate", "learn", "quantise"},
    "cross_modal": {"learn", "equivalent"},
    "synch_graph": {"equivalent", "transduce"},
    "eavs_tf": {"learn"},
    "spiking_emotions": {"export", "learn", "equivalent", "events"},
    "baseline": set(),
}
"""What the default preset of each system can do, besides deciding by one modality alone, reading EEG, and deciding on
speech early.
"""

EARLY = {"excube2", "cross_modal", "synch_graph", "baseline"}
"""Those that learn to decide early, where they hear."""

NUMBERS = {"excube2": {"audio", "face"}, "baseline": {"audio", "face", "both"}}
"""Those whose vectors need no labels, by modality: excube2 joins answers where it hears and sees."""


@pytest.mark.parametrize("name", ABLE)
def test_each_says_what_it_can_do(name):
    for modality in SYSTEMS[name].modalities:
        system = SYSTEMS[name].make(modality=modality)
        able = ABLE[name] | {"both": {"one_modality"}, "eeg": {"eeg"}}.get(modality, set())
        able |= {"learn_vectors"} if modality in NUMBERS.get(name, ()) else set()
        assert system.abilities == able | ({"early"} if name in EARLY and modality in ("audio", "both") else set())
        assert system.abilities <= set(ABILITIES)


@pytest.mark.parametrize("name", ABLE)
def test_what_it_can_do_it_has_verbs_for(name):
    system = SYSTEMS[name].make()
    for verb in ("transduce", "equivalent", "locate", "export"):
        assert hasattr(system, verb) == (verb in system.abilities)


def test_one_that_cannot_learn_on_names_the_presets_that_can():
    baseline = SYSTEMS["baseline"]
    assert "learn" in baseline.make("ridge").abilities
    with pytest.raises(
        InputError, match="of this Baseline cannot learn more clips: train another model with preset ridge"
    ):
        baseline.make("svm").check_learns()
    with pytest.raises(InputError, match="with a classifier that can, or adapt without labels"):
        SYSTEMS["synch_graph"].make().check_learns()


def test_a_face_that_cannot_be_read_is_left_out_whoever_asks(speech, faced, monkeypatch):
    """One clip or many: the sound alone decides, and a face that cannot be read does not train beside it either."""
    seen = faced(speech)
    made = Baseline.preset("ridge", modality="both").fit(*seen)
    clips = seen.clips[:4]
    plain, alone = made.predict_proba(clips), made.by("audio").predict_proba(clips)
    assert (plain != alone).all()
    monkeypatch.setattr("emospike.systems.deciding.explain_no_speech", lambda _: None)  # the voices are made up
    for module in ("perceiving", "deciding"):
        monkeypatch.setattr(f"emospike.systems.{module}.describe_face_of", lambda _: "the face is dark")
    np.testing.assert_array_equal(made.predict_proba(clips), alone)
    decided = [list(made.decide(clip).probabilities.values()) for clip in clips]
    np.testing.assert_array_equal(decided, alone)
    seen_in_training = [made.perceive_training(i, clip).modality for i, clip in enumerate(clips)]
    assert seen_in_training == ["audio"] * len(clips)
