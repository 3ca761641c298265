"""Early decisions: when a vote is settled, and what deciding then costs."""

import numpy as np
import pytest

from emospike.readout.early import accuracy_by_step, count_votes, latency_curve, stops


@pytest.fixture
def votes():
    rng = np.random.default_rng(0)
    target = np.arange(40) % 2
    chance = np.where(np.eye(2)[target][:, None] > 0, 0.6, 0.4)
    return (rng.binomial(10, np.broadcast_to(chance, (40, 20, 2))) / 10).astype(np.float32), target


def test_a_lead_that_cannot_be_caught_up_settles_it(votes):
    until = stops(votes[0], lead=1e9)
    total = votes[0].cumsum(axis=1)
    for clip, steps in enumerate(until):
        at = total[clip, steps - 1]
        assert abs(at[0] - at[1]) > 20 - steps or steps == 20
        np.testing.assert_array_equal(at.argmax(), total[clip, -1].argmax())


def test_a_smaller_lead_is_reached_sooner(votes):
    waits = [stops(votes[0], lead).mean() for lead in (0.1, 0.5, 1.0, 2.0, 5.0)]
    assert waits == sorted(waits)
    assert waits[0] < 3 < waits[-1]


def test_what_is_counted_ends_where_it_is_settled(votes):
    until = stops(votes[0], 1.0)
    expected = [clip[:steps].mean(axis=0) for clip, steps in zip(votes[0], until, strict=True)]
    np.testing.assert_allclose(count_votes(votes[0], 1.0), expected, rtol=1e-5)
    np.testing.assert_allclose(count_votes(votes[0], None), votes[0].mean(axis=1), rtol=1e-6)


def test_waiting_longer_is_more_accurate(votes):
    curve = latency_curve(*votes)
    assert curve[-1]["lead"] is None
    assert curve[-1]["share"] == 1
    assert curve[-1]["accuracy"] > curve[0]["accuracy"] > 0.5
    assert [row["steps"] for row in curve] == sorted(row["steps"] for row in curve)


def test_accuracy_step_by_step_ends_at_the_whole(votes):
    accuracy, loss = accuracy_by_step(*votes)
    assert accuracy[-1] == latency_curve(*votes)[-1]["accuracy"]
    hot = np.eye(2)[votes[1]]
    assert loss[-1] == pytest.approx(((votes[0].mean(axis=1) - hot) ** 2).mean(), rel=1e-5)
