"""The spiking transformer: its neurons, missing modalities, counting, recording, learning, and without spikes."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")


from emospike.encoding.send_on_delta import send_on_delta  # noqa: E402
from emospike.networks import training as training_module  # noqa: E402
from emospike.networks.spiking_transformer import Batch, SpikingTransformer, Stream  # noqa: E402
from emospike.networks.torch.layers import RandomFeatures  # noqa: E402
from emospike.networks.torch.neurons import PLIF, step  # noqa: E402
from emospike.networks.torch.training import contrast_loss  # noqa: E402
from emospike.networks.torch.transformer import TransformerNetwork, count_delivered, loss_of, train  # noqa: E402
from emospike.networks.training import Training, require_torch  # noqa: E402
from emospike.validation import InputError  # noqa: E402

STREAMS = (Stream("audio", 16, "picture", 2), Stream("audio", 3), Stream("face", 5), Stream("eeg", 10))
WHAT = SpikingTransformer(dim=16, depth=1)


def batch(clips=6, streams=STREAMS, *, without=(), seed=0):
    """Clips whose class lifts the first channel of every stream in the second half."""
    rng = np.random.default_rng(seed)
    label, grid = np.arange(clips) % 2, 64
    arrays = []
    for stream in streams:
        array = rng.normal(0, 0.5, (clips, grid, stream.channels)).astype(np.float32)
        array[:, grid // 2 :, :3] += 2 * label[:, None, None] - 1
        arrays.append(None if stream.modality in without else array)
    target = np.eye(2, dtype=np.float32)[label]
    return Batch(tuple(arrays), np.ones((clips, grid), np.float32), {}, target)


def arctangent(x):
    """A spike where x is not below 0, with the gradient of an arctangent."""
    soft = torch.atan(torch.pi * x) / torch.pi
    return (x >= 0).to(x.dtype) + soft - soft.detach()


def unrolled(x, k):
    """Leaky neurons step by step, as PyTorch differentiates them; the reset is cut off."""
    v, spikes = torch.zeros_like(x[0]), []
    for current in x:
        u = v + k * (current - v)
        spikes.append(arctangent(u - 1))
        v = u - spikes[-1].detach()
    return torch.stack(spikes)


def test_neurons_spike_as_those_of_the_steps_one_by_one():
    x = 2 * torch.randn(40, 3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    layer = PLIF(tau=4.0).double()
    found = layer(x)
    assert found.sum() > 20
    torch.testing.assert_close(found, unrolled(x, 0.25))
    assert float(layer.rate.detach()) == pytest.approx(float(found.detach().mean()))


def test_gradients_are_those_of_the_unrolled_neuron():
    x = torch.randn(12, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64, requires_grad=True)
    layer = PLIF().double()
    weights = torch.arange(12.0, dtype=torch.float64)[:, None]
    (layer(x) * weights).sum().backward()
    own, leak = x.grad.clone(), layer.leak.grad.clone()
    x.grad = layer.leak.grad = None
    (unrolled(x, torch.sigmoid(layer.leak)) * weights).sum().backward()
    torch.testing.assert_close(own, x.grad)
    torch.testing.assert_close(leak, layer.leak.grad)


def test_a_step_has_the_gradient_of_an_arctangent():
    x = torch.randn(50, generator=torch.Generator().manual_seed(2), requires_grad=True)
    (own,) = torch.autograd.grad(step(x).sum(), x)
    (expected,) = torch.autograd.grad(arctangent(x).sum(), x)
    torch.testing.assert_close(own, expected)
    assert torch.equal(step(x), (x > 0).float())


def test_integers_in_training_are_so_many_spikes_at_inference():
    found = PLIF(levels=4)(3 * torch.rand(20, 50, generator=torch.Generator().manual_seed(0)))
    assert found.max() > 1
    assert torch.equal(found, found.round())
    assert 0 <= found.min() <= found.max() <= 4


@pytest.mark.parametrize("spiking", [True, False])
@pytest.mark.parametrize("without", [(), ("audio",), ("face", "eeg"), ("audio", "eeg")])
def test_any_modalities_will_do(spiking, without):
    network = TransformerNetwork.build(replace(WHAT, spiking=spiking), STREAMS, 3).eval()
    scores = network.scores(batch(without=without))
    assert scores.shape == (6, 3)
    assert np.isfinite(scores).all()


def test_a_modality_that_is_not_there_says_nothing():
    network = TransformerNetwork.build(WHAT, STREAMS, 2)
    network.train()
    for seed in range(20):  # so that batch norms know their inputs, and neurons spike
        network.answer(batch(seed=seed))
    whole, none = batch(), np.zeros(6, np.float32)
    masked = replace(whole, there={"face": none, "eeg": none})
    np.testing.assert_allclose(network.scores(masked), network.scores(batch(without=("face", "eeg"))), atol=1e-5)
    assert np.abs(network.scores(whole) - network.scores(masked)).max() > 1e-3


def test_the_same_seed_gives_the_same_network():
    one, two, other = (TransformerNetwork.build(WHAT, STREAMS, 2, seed).weights() for seed in (1, 1, 2))
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert not all(np.array_equal(one[name], other[name]) for name in one)
    assert np.array_equal(
        TransformerNetwork.restore(WHAT, STREAMS, 2, one).weights()["head.face.weight"],
        one["head.face.weight"],
    )


@pytest.mark.parametrize("spiking", [True, False])
def test_it_learns(spiking):
    streams = STREAMS[:3]
    plan = Training(epochs=12, batch=12, rate=0.01, average=0.8, modality_dropout=0.0, contrast=0.1)
    told = []
    network = train(
        replace(WHAT, spiking=spiking),
        streams,
        2,
        lambda epoch: [batch(12, streams=streams, seed=100 * epoch + i) for i in range(3)],
        [batch(8, streams=streams, seed=9999)],
        training=plan,
        steps=3,
        progress=lambda *what: told.append(what),
    )
    assert told[-1] == (12, 12)
    fresh = batch(20, streams=streams, seed=12345)
    assert np.mean(network.scores(fresh).argmax(1) == fresh.target.argmax(1)) > 0.9
    counted = network.count(fresh)
    assert (0 < counted.spikes < 0.3 * counted.neurons) if spiking else counted.spikes == 0
    assert all((one.macs == 0) != (one.accumulates == 0) or one.rate == 0 for one in counted.layers)
    real = [one.name for one in counted.layers if one.macs]
    if spiking:  # only the first synapses of each stream and the heads multiply
        assert real == ["patches.0.weights.0", "patches.1.weights.0", "patches.2.weights.0", "head.audio", "head.face"]
    assert sum(one.accumulates for one in counted.layers) < 0.5 * sum(one.dense for one in counted.layers)


def test_spikes_are_counted_where_they_arrive():
    spikes = torch.zeros(1, 2, 5, 5)
    spikes[0, 0, 0, 0] = spikes[0, 1, 2, 2] = 1
    conv = torch.nn.Conv2d(2, 7, 3, 1, 1, bias=False)
    assert float(count_delivered(conv, spikes)) == 7 * (4 + 9)  # at the corner four outputs see it
    assert float(count_delivered(torch.nn.Linear(5, 3), spikes)) == 6


def test_heads_can_be_replaced():
    network = TransformerNetwork.build(WHAT, STREAMS[2:3], 2)
    read = network.read(batch(streams=STREAMS[2:3]))["face"]
    weights, bias = np.ones((3, 32), np.float32), np.arange(3, dtype=np.float32)
    network.set_heads({"face": (weights, bias)})
    np.testing.assert_allclose(network.scores(batch(streams=STREAMS[2:3])), read @ weights.T + bias, rtol=1e-4)
    assert np.array_equal(network.heads()["face"][1], bias)


@pytest.mark.parametrize("spiking", [True, False])
def test_random_features_are_read_and_do_not_learn(spiking):
    what = replace(WHAT, random_features=40, spiking=spiking)
    network = TransformerNetwork.build(what, STREAMS, 2)
    fixed = ("random_features.face.channels", "random_features.face.weights", "random_features.face.gain")
    before = {name: network.weights()[name].copy() for name in fixed}
    weight = before["random_features.face.weights"]
    assert weight.shape == (40, 5, 8)
    assert np.abs(weight[1::2].sum(axis=2)).max() < 1e-5 < np.abs(weight[::2].sum(axis=2)).max()
    plan = Training(epochs=2, batch=12, rate=0.01)
    trained = train(what, STREAMS, 2, lambda epoch: [batch(12, seed=epoch)], [], training=plan, steps=1)
    assert all(np.array_equal(trained.weights()[name], one) for name, one in before.items())
    assert trained.read(batch())["face"].shape == (6, 2 * 16 + 40)
    heard = [one for one in trained.count(batch()).layers if one.name == "random_features.audio"]
    assert heard[0].dense == 6 * 32 * 40 * 8 * 8  # clips, steps, random features, channels, reach
    assert (heard[0].macs == 0) == spiking


def test_random_features_add_up_the_changes_of_their_channels():
    features = RandomFeatures(replace(WHAT, random_features=7), 12)
    x = torch.randn(1, 20, 12, generator=torch.Generator().manual_seed(3)).cumsum(1)
    levels = torch.from_numpy(send_on_delta(x.numpy(), 0.5))
    assert (levels - x).abs().max() < 0.5
    n = torch.nn.functional.pad(levels / 0.5, (0, 0, 4, 4))[0].round().int()
    arrived = 0
    for heard in features.channels:
        before = torch.zeros(8, 8, dtype=torch.int32)
        for t in range(10):
            now = n[2 * t : 2 * t + 8, heard]
            arrived += int((now - before).abs().sum())
            before = now
    assert int(features.delivered(x)) == arrived


def test_random_features_can_hear_real_numbers():
    network = TransformerNetwork.build(replace(WHAT, random_features=40, delta=0.0), STREAMS, 2)
    (heard,) = (one for one in network.count(batch()).layers if one.name == "random_features.audio")
    assert heard.macs == heard.dense > heard.accumulates == 0


def test_what_is_recorded_is_what_every_layer_fired():
    network = TransformerNetwork.build(replace(WHAT, random_features=40), STREAMS, 2)
    network.train()
    for seed in range(20):  # so that batch norms know their inputs, and neurons spike
        network.answer(batch(seed=seed))
    clip = batch(1)
    recorded, count = network.record(clip), network.count(clip)
    assert sum(len(one) for one in recorded.values()) == count.spikes > 0
    assert sum(one.neurons * one.steps for one in recorded.values()) == count.neurons
    layers = {name: recorded[name] for name in ("patches.0.neurons.0", "last.eeg", "crossings.0.ways.face<audio.q")}
    assert [(one.steps, one.inputs.rate) for one in layers.values()] == [(32, 50.0), (8, 12.5), (8, 12.5)]
    assert [one.inputs.units for one in layers.values()] == [19, 10, 5]
    assert layers["last.eeg"].shape == (2, 16)
    sent = send_on_delta(clip.arrays[3][0], 0.5)
    changes = np.abs(np.diff(sent, axis=0, prepend=0)) / 0.5
    assert len(layers["last.eeg"].inputs) == changes.sum()
    np.testing.assert_array_equal(layers["last.eeg"].inputs.counts().sum(axis=0), changes.sum(axis=0))


def test_what_is_recorded_ends_with_the_clip():
    network = TransformerNetwork.build(WHAT, STREAMS, 2)
    clip = batch(1, without=("face",))
    clip.valid[:, 40:] = 0
    recorded = network.record(clip)
    assert {one.steps for name, one in recorded.items() if not name.startswith("patches")} == {5}
    assert {one.steps for name, one in recorded.items() if name.startswith("patches")} == {10, 20}
    assert not any("face" in name for name in recorded)
    assert sum(len(one.inputs) for one in recorded.values()) == 0  # real numbers enter
    assert TransformerNetwork.build(replace(WHAT, spiking=False), STREAMS, 2).record(clip) == {}


def test_moments_part_a_clip():
    network = TransformerNetwork.build(replace(WHAT, moments=4), STREAMS[2:3], 2)
    assert network.read(batch(streams=STREAMS[2:3]))["face"].shape == (6, 4 * 2 * 16)


def test_contrast_falls_as_senses_of_a_class_agree():
    labels = torch.tensor([0, 0, 1, 1])
    apart = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    assert contrast_loss(apart, apart, labels) < contrast_loss(apart, apart.flip(0), labels)


def test_without_pytorch_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(training_module, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs torch: pip install 'emospike\[deep\]'"):
        require_torch()


@pytest.mark.parametrize("wanted", [True, False])
def test_training_is_deterministic_if_asked(wanted):
    seen = []

    def batches(epoch):
        seen.append(torch.are_deterministic_algorithms_enabled())
        return [batch()]

    train(WHAT, STREAMS, 2, batches, [], training=Training(epochs=1, batch=6, deterministic=wanted), steps=1)
    assert seen == [wanted]
    assert not torch.are_deterministic_algorithms_enabled()


def test_weights_count_clips_in_the_loss():
    network, plain = TransformerNetwork.build(WHAT, STREAMS, 2).eval(), batch()
    how = Training(spike_weight=0.0)
    weights = np.array([2, 0.5, 0.5, 1, 1, 1], np.float32)
    losses = [float(loss_of(network, one(plain, i), how).detach()) for i in range(6)]
    weighted = float(loss_of(network, replace(plain, weight=weights), how).detach())
    assert weighted == pytest.approx(np.mean(weights * losses), rel=1e-4)
    assert float(loss_of(network, replace(plain, weight=np.ones(6, np.float32)), how).detach()) == pytest.approx(
        float(loss_of(network, plain, how).detach())
    )


def one(whole, i):
    """Return one clip of a batch."""
    arrays = tuple(None if array is None else array[i : i + 1] for array in whole.arrays)
    return Batch(arrays, whole.valid[i : i + 1], {}, whole.target[i : i + 1])
