"""Several encoders at once."""

import numpy as np
import pytest

from emospike.encoding.levels import Levels
from emospike.encoding.poisson import PoissonRate
from emospike.encoding.population import Population
from emospike.encoding.sigma_delta import SigmaDelta
from emospike.encoding.step_forward import StepForward
from emospike.encoding.threshold import ThresholdBased
from emospike.validation import InputError


def labels(spikes):
    return [channel.label for channel in spikes.channels]


def test_channels_of_each_level_follow_those_of_the_one_before(wave):
    levels = Levels.of(StepForward, (0.1, 0.5, 1.0))
    expected = np.hstack([StepForward(threshold).encode(wave).dense() for threshold in (0.1, 0.5, 1.0)])
    np.testing.assert_array_equal(levels.encode(wave).dense(), expected)
    assert labels(levels.encode(wave))[:4] == ["c0 @0.1", "c1 @0.1", "c2 @0.1", "c0 @0.5"]
    assert [one.threshold for one in levels.encode(wave).channels[:4]] == [0.1, 0.1, 0.1, 0.5]


def test_names_tell_each_channels_own_threshold_and_the_kind_where_kinds_are_mixed(make):
    series = make([[0, 0], [1, 1]])
    mixed = Levels((StepForward((0.5, 0.25)), ThresholdBased(0.5), SigmaDelta()))
    assert labels(mixed.encode(series)) == [
        "c0 @step_forward 0.5",
        "c1 @step_forward 0.25",
        "c0 @threshold 0.5",
        "c1 @threshold 0.5",
        "c0 @sigma_delta",
        "c1 @sigma_delta",
    ]
    assert labels(Levels((StepForward((0.5, 0.25)),)).encode(series)) == ["c0 @0.5", "c1 @0.25"]
    assert labels(Levels((PoissonRate(),)).encode(series)) == ["c0 @poisson", "c1 @poisson"]


def test_split_gives_back_what_each_encoder_made(wave):
    levels = Levels((StepForward(0.1), SigmaDelta(-2.0, 2.0)))
    for part, one in zip(levels.split(levels.encode(wave)), levels.encoders, strict=True):
        alone = one.encode(wave)
        np.testing.assert_array_equal(part.dense(), alone.dense())
        assert part.channels == wave.channels
        np.testing.assert_array_equal(one.decode(part).values, one.decode(alone).values)


def test_fit_makes_one_level_for_each_a(wave):
    levels = Levels.fit((clip for clip in [wave]), kind="threshold", a=(0.0, 1.0))
    assert levels.encoders == (ThresholdBased.fit([wave], a=0.0), ThresholdBased.fit([wave], a=1.0))


def test_bare_parameters_need_their_names():
    parameters = ({"threshold": 0.5}, {"threshold": 1.0})
    assert Levels(parameters, ("step_forward", "threshold")) == Levels((StepForward(0.5), ThresholdBased(1.0)))
    with pytest.raises(InputError, match="unknown encoder ''"):
        Levels(parameters)
    with pytest.raises(InputError, match="got 2 with 1 names"):
        Levels(parameters, ("step_forward",))
    with pytest.raises(InputError, match="one or more encoders expected"):
        Levels(())


def test_default_levels_of_speech_grow_apart(speech):
    levels = Levels.fit(speech)
    counts = [len(part) for part in levels.split(levels.encode(speech[0]))]
    assert counts[0] > 1.5 * counts[1] > 3 * counts[2] > 0


def test_an_encoder_that_makes_several_channels_of_one_is_no_level(wave):
    with pytest.raises(InputError, match="keep the 3 channels expected, got 36 from population: list the feature"):
        Levels((StepForward(0.5), Population(-2.0, 2.0))).encode(wave)
