"""What a system is: verbs that are the same for all, hooks that it fills in, and abilities that others ask for."""

from __future__ import annotations

import pytest

from emospike.systems import SYSTEMS
from emospike.systems.base import ABILITIES, System
from emospike.validation import InputError

FINAL = (
    "fit", "predict_proba", "predict", "predict_by_modality", "decide", "explain", "adapt", "operations",
)  # fmt: skip
"""The verbs that users call, and that no system makes its own."""

ABLE = {
    "excube2": {"learn"},
    "cross_modal": {"learn", "equivalent"},
    "synch_graph": {"equivalent", "transduce"},
    "eavs_tf": {"learn"},
    "spiking_emotions": {"learn", "equivalent"},
    "baseline": set(),
}
"""What the default preset of each system can do, besides deciding by one modality alone."""


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_verbs_are_the_same_for_all_systems(name):
    kind = SYSTEMS.load(name)
    for verb in FINAL:
        assert getattr(kind, verb) is getattr(System, verb), verb


@pytest.mark.parametrize("name", SYSTEMS)
def test_inheritance_is_shallow(name):
    ladder = [one for one in SYSTEMS.load(name).__mro__ if issubclass(one, System)]
    assert ladder[-1] is System
    assert len(ladder) - 1 <= 2, ladder


@pytest.mark.parametrize("name", ABLE)
def test_each_says_what_it_can_do(name):
    for modality in SYSTEMS[name].modalities:
        system = SYSTEMS[name].make(modality=modality)
        assert system.abilities == ABLE[name] | ({"one_modality"} if modality == "both" else set())
        assert system.abilities <= set(ABILITIES)


@pytest.mark.parametrize("name", ABLE)
def test_what_it_can_do_it_has_verbs_for(name):
    system = SYSTEMS[name].make()
    for verb in ("transduce", "equivalent"):
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
