from itertools import pairwise

import numpy as np
import pytest

from emospike.evaluation import protocols
from emospike.evaluation.cascade import LIMITS, cascade, find_limit
from emospike.readout.fusion import entropy, log_linear
from emospike.validation import InputError


@pytest.fixture
def answers():
    rng = np.random.default_rng(0)
    return [np.c_[p, 1 - p] for p in rng.uniform(0.02, 0.98, (2, 40))]


def test_the_second_sense_is_asked_where_the_first_is_uncertain(answers):
    first, second = answers
    told, asked = cascade(first, second, 0.5)
    np.testing.assert_array_equal(asked, entropy(first) > 0.5)
    np.testing.assert_array_equal(told[~asked], first[~asked])
    np.testing.assert_array_equal(told[asked], log_linear([first, second])[asked])
    assert cascade(first, second, -1.0)[1].all()
    assert not cascade(first, second, np.log(2))[1].any()


def test_the_best_limit_asks_least_without_loss():
    first = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])  # wrong on the last two
    second = np.array([[0.99, 0.01], [0.99, 0.01], [0.01, 0.99], [0.01, 0.99]])
    truth, classes = np.array(["a", "a", "b", "b"]), ("a", "b")
    limits = [find_limit(first, second, truth, enough, classes) for enough in (2, 3, 4, 4 + 1)]
    assert limits == [entropy(first)[i] for i in (3, 2, 1, 1)]  # none to ask, one, two, and never as good as wished
    assert cascade(first, second, limits[1])[1].tolist() == [False, False, False, True]


@pytest.fixture(scope="module")
def speakers():
    return [f"s{i}" for i in range(8)]


def test_curves_by_both_orders(toy, takes_of, speakers):
    data = takes_of(speakers)
    result = protocols.evaluate("toy", data, "emotion", modality="both", protocol="cascade")
    rows = result["cascade"]
    assert [row["first"] for row in rows] == ["audio"] * LIMITS + ["face"] * LIMITS
    for first, alone in (("audio", 40), ("face", 30)):
        own = [row for row in rows if row["first"] == first]
        always, never = own[0], own[-1]
        assert (always["looked"], never["looked"]) == (1, 0)
        assert never["accuracy"] == pytest.approx(result["senses"][first]["accuracy"])
        assert always["accuracy"] == pytest.approx(result["cascade_both"]["fused"])
        assert never["operations_share"] == pytest.approx(alone / 60)
        assert always["operations_share"] == pytest.approx(70 / 60)
        assert never["seconds_share"] == pytest.approx({"audio": 1 / 4, "face": 3 / 4}[first])
        assert always["seconds_share"] == pytest.approx(1)
        for row in own:
            rest = 70 - alone
            assert row["operations_share"] == pytest.approx((alone + rest * row["looked"]) / 60)
            assert row["energy_share"] == pytest.approx(row["operations_share"])
        assert all(one["looked"] >= other["looked"] for one, other in pairwise(own))
    assert result["cascade_both"]["accuracy"] == pytest.approx(result["accuracy"])
    assert result["cascade_both"]["operations"] == {"audio": 40, "face": 30, "both": 60}
    assert result["cascade_both"]["seconds"] == {"audio": 1, "face": 3, "both": 4}


def test_limits_are_set_on_training_speakers(toy, takes_of, speakers):
    result = protocols.evaluate("toy", takes_of(speakers), "emotion", modality="both", protocol="cascade")
    chosen = result["cascade_chosen"]["audio"]
    assert len(chosen["limits"]) == len(result["folds"])
    assert len(set(chosen["limits"])) > 1  # each fold has other training speakers
    gained = chosen["accuracy"] - result["cascade_both"]["accuracy"]
    assert chosen["gain"]["points"] == pytest.approx(100 * gained)
    low, high = chosen["gain"]["ci95"]
    assert low < chosen["gain"]["points"] < high
    said = f"cascade, sound first, limits set on training speakers: {chosen['looked']:.0%} of the clips needed the face"
    assert said in result["note"]


def test_recordings_without_a_sense_are_no_part_of_it(toy, takes_of, speakers):
    blind = takes_of(speakers, ending=lambda take: "-blind" if take == 4 else "")
    result = protocols.evaluate("toy", blind, "emotion", modality="both", protocol="cascade")
    whole = protocols.evaluate("toy", blind.subset(np.arange(len(blind)) % 20 // 2 != 4), "emotion", modality="both")
    assert result["clips"] == whole["clips"] + 16
    assert result["cascade"][-1]["accuracy"] == pytest.approx(result["senses"]["face"]["accuracy"])


def test_a_cascade_needs_a_readout_for_each_sense(heard):
    with pytest.raises(InputError, match="use --modality both"):
        protocols.check_settings("stub", "emotion", protocol="cascade")


def test_a_cascade_needs_both_senses(toy, takes_of):
    with pytest.raises(InputError, match="protocol cascade needs sound and face: use --modality both"):
        protocols.check_settings("toy", "emotion", protocol="cascade", modality="face")
