"""Weights of clips reach what learns labels, in every kind of system: the heavier of two labels is believed."""

import numpy as np
import pytest

from emospike.systems import SYSTEMS
from emospike.validation import InputError

LEARNERS = [("excube2", "default"), ("baseline", "svm"), ("eavs_tf", "default"), ("spiking_emotions", "default")]


@pytest.fixture(scope="module")
def both_ways(speech, faced):
    """Each clip twice, under its own label and under the other one."""
    clips, labels, speakers = faced(speech)
    turned = [{"high": "low", "low": "high"}[label] for label in labels]
    return [*clips, *clips], [*labels, *turned], [*speakers, *speakers]


@pytest.mark.long
@pytest.mark.parametrize(("name", "preset"), LEARNERS)
def test_the_heavier_label_is_believed(name, preset, both_ways, small):
    clips, labels, speakers = both_ways
    half = len(clips) // 2
    agreed = []
    for light in (0.05, 1.95):
        weights = np.repeat(np.float32([2 - light, light]), half)
        system = small(SYSTEMS.load(name), preset).fit(clips, labels, speakers, weights=weights)
        agreed.append(np.mean(np.array(system.predict(clips[:half])) == labels[:half]))
    assert agreed[0] > 0.7
    assert agreed[1] < 0.3


@pytest.mark.parametrize("weights", [[1.0], [0.0] * 48, [np.nan] * 48])
def test_a_weight_above_0_a_clip(both_ways, small, weights):
    with pytest.raises(InputError, match="one weight above 0 a clip expected"):
        small(SYSTEMS.load("baseline"), "svm").fit(*both_ways, weights=weights)
