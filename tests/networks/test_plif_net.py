"""The PLIF network: its size, its neurons, its votes, and that it learns."""

from dataclasses import replace

import numpy as np
import pytest

from emospike.networks.plif_net import PlifNet
from emospike.networks.training import Training
from emospike.validation import InputError

torch = pytest.importorskip("torch")

from emospike.networks.torch.neurons import PLIF  # noqa: E402
from emospike.networks.torch.plif import PlifNetwork, train, widen  # noqa: E402

SMALL = PlifNet(size=12, steps=6, filters=4, blocks=2, hidden=16)
QUICK = Training(epochs=12, batch=6, rate=0.01, decay=0.0, average=0.5, validate_every=1, patience=12)


@pytest.fixture(scope="module")
def clips():
    """Events that move to the right in one class and to the left in the other, in any row."""
    rng = np.random.default_rng(0)
    seen, target = np.zeros((48, 6, 2, 12, 12), np.float32), np.arange(48) % 2
    for clip, right in zip(seen, target, strict=True):
        row = rng.integers(2, 10)
        for t in range(6):
            clip[t, 0, row - 2 : row + 2, 3 + t] = right
            clip[t, 1, row - 2 : row + 2, 8 - t] = 1 - right
    return seen, target


# -- size ------------------------------------------------------------------------------------------------------


def test_the_papers_counts_come_out():
    """Table II: 310.9 M and 9.1 M in the first layer, 47.9 M in the others; exact to the digits of facts."""
    first, *others = PlifNet.published().stages(2)
    assert round(first.macs / 1e6, 3) == 9.145
    assert sum(one.macs for one in others) / 1e6 == pytest.approx(47.9, abs=0.1)
    assert round(PlifNet.published(spiking=False).stages(2)[0].macs / 1e6, 3) == 310.916
    assert PlifNet.published().sides == (63, 30, 14)
    assert [one.name for one in others] == ["convolution 2", "convolution 3", "hidden", "votes"]
    assert others[2].inputs == 6272


@pytest.mark.parametrize("what", [SMALL, replace(SMALL, padding=0, size=14), replace(SMALL, spiking=False)])
def test_stages_are_those_of_the_network(what):
    network = PlifNetwork.build(what, 3, seed=1)
    modules = [*network.convolutions, network.hidden, network.last]
    assert [one.weights for one in what.stages(3)] == [module.weight.numel() for module in modules]
    seen = np.zeros((1, what.steps, 2 if what.spiking else 1, what.size, what.size), np.float32)
    assert network.vote(seen).shape == (1, what.steps if what.spiking else 1, 3)


@pytest.mark.parametrize(
    ("bad", "why"),
    [({"size": 4, "blocks": 3}, "leave nothing of 4 pixels"), ({"pooling": "mean"}, "unknown pooling"),
     ({"tau": 1.0}, "tau must lie in"), ({"filters": 0}, "filters must be above 0")],
)  # fmt: skip
def test_what_cannot_be_built_is_refused(bad, why):
    with pytest.raises(InputError, match=why):
        replace(SMALL, **bad)


# -- neurons ---------------------------------------------------------------------------------------------------


def by_hand(x, tau, threshold):
    v, spikes, potentials = 0.0, [], []
    for one in x:
        u = v + (one - v) / tau
        potentials.append(u)
        spikes.append(float(u >= threshold))
        v = 0.0 if spikes[-1] else u
    return spikes, potentials


@pytest.mark.parametrize("tau", [1.5, 2.0, 4.0])
def test_neurons_follow_the_equations(tau):
    x = np.random.default_rng(1).normal(0.5, 1, 40).astype(np.float32)
    layer = PLIF(tau, 0.7, subtract=False)
    assert float(layer.tau) == pytest.approx(tau)
    spikes, potentials = (one.detach().numpy()[:, 0] for one in layer.fire(torch.from_numpy(x[:, None])))
    expected = by_hand(x, tau, 0.7)
    assert 3 < spikes.sum() < 37
    np.testing.assert_array_equal(spikes, expected[0])
    np.testing.assert_allclose(potentials, expected[1], atol=1e-5)


def test_the_gradient_is_that_of_the_steps_one_by_one():
    """Against autograd through the arctangent, the reset cut off."""
    x = torch.randn(9, 5, generator=torch.Generator().manual_seed(0)).add(0.5)
    weight = torch.randn(9, 5, generator=torch.Generator().manual_seed(1))
    layer, own = PLIF(threshold=0.4, subtract=False), x.clone().requires_grad_()
    (layer(own) * weight).sum().backward()
    leak, slow = layer.leak.detach().clone().requires_grad_(), x.clone().requires_grad_()
    v, total = torch.zeros(5), 0.0
    for t in range(9):
        u = v + (slow[t] - v) * torch.sigmoid(leak)
        soft = torch.atan(torch.pi * (u - 0.4)) / torch.pi
        s = (u >= 0.4).float() + soft - soft.detach()
        v = u * (1 - s.detach())
        total = total + (s * weight[t]).sum()
    total.backward()
    torch.testing.assert_close(own.grad, slow.grad)
    torch.testing.assert_close(layer.leak.grad, leak.grad)


def test_lif_keeps_its_membrane_constant():
    for learns in (True, False):
        network = PlifNetwork.build(replace(SMALL, learn_tau=learns), 2)
        assert {one.requires_grad for name, one in network.named_parameters() if "leak" in name} == {learns}


# -- voting and learning ---------------------------------------------------------------------------------------


def test_votes_are_shares_of_a_group(clips):
    network, (seen, _) = PlifNetwork.build(SMALL, 2, seed=3), clips
    votes = network.vote(seen[:3])
    assert set(np.unique((10 * votes).round(4))) <= set(np.arange(11.0))
    measured = network.measure(seen[0])
    assert measured.spikes.shape == measured.potentials.shape == (6, 20)
    np.testing.assert_allclose(measured.spikes.reshape(6, 2, 10).mean(axis=2), votes[0], atol=1e-6)
    np.testing.assert_array_equal(measured.spikes, measured.potentials >= SMALL.threshold)


def test_arriving_spikes_are_counted(clips):
    network, (seen, _) = PlifNetwork.build(SMALL, 2, seed=3), clips
    measured = network.measure(seen[0])
    assert measured.arriving[0] == pytest.approx(seen[0, 1:].mean())
    for place in (1, 2):  # each pooled input gets the spikes of four neurons
        assert measured.arriving[place] == pytest.approx(4 * measured.rates[place - 1], rel=1e-5)
    assert measured.arriving[3] == pytest.approx(measured.rates[2], rel=1e-5)
    assert all(0 <= some <= more + 1e-6 for some, more in zip(measured.awake, measured.arriving, strict=True))


def test_what_is_recorded_is_what_it_saw_and_fired(clips):
    network, (seen, _) = PlifNetwork.build(SMALL, 2, seed=3), clips
    seen = seen[0].copy()
    seen[0] = np.random.default_rng(0).random(seen[0].shape)  # a first picture, of real numbers
    recorded = network.record(seen, rate=4.0)
    assert list(recorded) == [stage.name for stage in SMALL.stages(2)]
    assert [one.shape for one in recorded.values()] == [(4, 12, 12), (4, 6, 6), (16,), (20,)]
    measured = network.measure(seen)
    for one, rate in zip(recorded.values(), measured.rates, strict=True):
        assert (one.steps, one.inputs.rate) == (6, 4.0)
        assert one.mean_rate == pytest.approx(rate, abs=1e-6)
    np.testing.assert_array_equal(recorded["votes"].spikes.dense(), measured.spikes)
    events = recorded["votes"].inputs.dense().reshape(seen.shape)
    assert not events[0].any()
    np.testing.assert_array_equal(events[1:], seen[1:] * np.array([1, -1])[:, None, None])
    assert PlifNetwork.build(replace(SMALL, spiking=False), 2).record(seen, rate=4.0) == {}


@pytest.mark.parametrize("spiking", [True, False])
def test_it_learns_which_way_things_move(clips, spiking):
    seen, target = clips
    given = seen if spiking else seen[:, :, :1] - seen[:, :, 1:]
    what, told = replace(SMALL, spiking=spiking), []
    network = train(
        what, given[:36], target[:36], 2, training=QUICK, seed=0,
        validate=lambda n: -float(_wrong(n, given[36:], target[36:])), progress=lambda *one: told.append(one),
    )  # fmt: skip
    assert told == [(i, 12) for i in range(1, 13)]
    assert _wrong(network, given[36:], target[36:]) <= 0.1
    again, first = (
        train(what, given[:36], target[:36], 2, training=QUICK, seed=0, validate=lambda n: 0.0) for _ in range(2)
    )
    np.testing.assert_array_equal(again.vote(given[:2]), first.vote(given[:2]))


def _wrong(network, seen, target):
    return np.mean(network.vote(seen).mean(axis=1).argmax(axis=1) != target)


def test_plain_gradients_as_in_the_paper(clips):
    seen, target = clips
    network = train(SMALL, seen, target, 2, training=replace(QUICK, rate=0.01, average=0.0, epochs=1), momentum=0.0)
    born = PlifNetwork.build(SMALL, 2)
    change = [float((a - b).detach().abs().max()) for a, b in zip(network.parameters(), born.parameters(), strict=True)]
    assert 0 < max(change) < 0.1


def test_new_classes_widen_the_vote(clips):
    network, (seen, _) = PlifNetwork.build(SMALL, 2, seed=3), clips
    before = network.vote(seen[:2])
    widen(network, 3, np.array([0, 2]))
    after = network.vote(seen[:2])
    assert after.shape == (2, 6, 3)
    np.testing.assert_array_equal(after[:, :, [0, 2]], before)
    kept = PlifNetwork.restore(SMALL, 3, {name: one.numpy() for name, one in network.state_dict().items()})
    np.testing.assert_array_equal(kept.vote(seen[:2]), after)


def test_weights_decide_between_clips_that_contradict_each_other(clips):
    seen, target = clips
    both, labels = np.concatenate([seen, seen]), np.concatenate([target, 1 - target])
    weights = np.repeat([1.95, 0.05], len(seen)).astype(np.float32)
    network = train(SMALL, both, labels, 2, training=QUICK, seed=0, weights=weights)
    assert _wrong(network, seen, target) <= 0.2
    network = train(SMALL, both, labels, 2, training=QUICK, seed=0, weights=weights[::-1].copy())
    assert _wrong(network, seen, target) >= 0.8
