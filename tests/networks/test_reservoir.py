"""The reservoir against hand-worked neurons, and STDP against a slow reference written here."""

import numpy as np
import pytest

from emospike.brain.synapses import Synapses
from emospike.networks.reservoir import STDP, Reservoir, ReservoirNetwork
from emospike.series import Channel
from emospike.spikes import Spikes
from emospike.validation import InputError

DECAY = float(np.exp(-0.5))  # of a step at tau = 2 steps


def synapses(triples, sources):
    """Synapses from (source, target, weight)."""
    source, target, weight = zip(*triples, strict=True) if triples else ((), (), ())
    return Synapses.from_pairs(
        np.array(source, np.int64), np.array(target, np.int64), np.array(weight, np.float32), sources
    )


def network(inputs, recurrent=(), neurons=1, lines=1, stdp=None, **constants):
    """A network of neurons with tau = 2 steps whose lines are the channels unless `polarity` says otherwise."""
    constants = {"tau": (2.0, 2.0), "polarity": "positive"} | constants
    reservoir = Reservoir(stdp=stdp, **constants)
    return reservoir.build(synapses(inputs, lines), synapses(recurrent, neurons))


def events(*triples, steps, channels=1):
    """Spikes from (step, channel, sign)."""
    dense = np.zeros((steps, channels), np.int8)
    for step, channel, sign in triples:
        dense[step, channel] = sign
    return Spikes.from_dense(dense, 100.0, [Channel(f"c{i}", "audio") for i in range(channels)])


def fired(activity):
    return list(zip(activity.step.tolist(), activity.neuron.tolist(), strict=True))


def noise(rng, steps, channels, share=0.2):
    drawn = rng.choice(np.array([-1, 1], np.int8), (steps, channels), p=[0.2, 0.8])
    return Spikes.from_dense(
        np.where(rng.random((steps, channels)) < share, drawn, np.int8(0)),
        100.0,
        [Channel(f"c{i}", "audio") for i in range(channels)],
    )


def random_synapses(rng, sources, neurons, share, between):
    pairs = np.argwhere(rng.random((sources, neurons)) < share)
    weights = rng.uniform(*between, len(pairs)).astype(np.float32)
    return Synapses.from_pairs(pairs[:, 0], pairs[:, 1], weights, sources)


# -- leak, threshold, reset ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gap", "threshold", "fires"), [(1, 0.80, True), (1, 0.81, False), (2, 0.80, False)])
def test_potential_leaks_by_exp_minus_1_over_tau(gap, threshold, fires):
    """Two inputs of 0.5: one step apart they reach 0.5 · 0.607 + 0.5 = 0.803, two steps apart 0.684."""
    activity = network([(0, 0, 0.5)], threshold=threshold).run(events((0, 0, 1), (gap, 0, 1), steps=4))
    assert fired(activity) == ([(gap, 0)] if fires else [])


def test_reaching_the_threshold_fires_and_resets():
    net = network([(0, 0, 1.0)], refractory=0)
    assert fired(net.run(events((0, 0, 1), (1, 0, 1), steps=3))) == [(0, 0), (1, 0)]
    weak = network([(0, 0, 0.9)], refractory=0, threshold=1.0)
    # 0.9, then 0.9 · 0.607 + 0.9 = 1.45 fires; from rest again 0.9, then it fires once more.
    assert fired(weak.run(events(*((t, 0, 1) for t in range(4)), steps=4))) == [(1, 0), (3, 0)]


def test_reset_is_where_the_potential_goes_on_from():
    drive = events((0, 0, 1), (1, 0, 1), steps=2)
    low = network([(0, 0, 1.0)], refractory=0, reset=-0.5)
    high = network([(0, 0, 1.0)], refractory=0, reset=0.5)
    assert fired(low.run(drive)) == [(0, 0)]  # -0.5 · 0.607 + 1 = 0.70
    assert fired(high.run(drive)) == [(0, 0), (1, 0)]


@pytest.mark.parametrize("refractory", [0, 1, 2, 5])
def test_refractory_neuron_is_held_and_forgets_its_input(refractory):
    activity = network([(0, 0, 1.0)], refractory=refractory).run(events(*((t, 0, 1) for t in range(20)), steps=20))
    assert activity.step.tolist() == list(range(0, 20, refractory + 1))
    # 0.6 arrives while it is held, so the 0.6 after it finds a potential at rest.
    held = network([(0, 0, 1.0), (1, 0, 0.6)], lines=2, refractory=1)
    drive = events((0, 0, 1), (1, 1, 1), (2, 1, 1), steps=4, channels=2)
    assert fired(held.run(drive)) == [(0, 0)]


def test_floor_holds_the_potential_up():
    drive = events((0, 0, 1), (1, 1, 1), steps=2, channels=2)
    lines = [(0, 0, -5.0), (1, 0, 1.7)]
    assert fired(network(lines, lines=2, floor=-1.0).run(drive)) == [(1, 0)]  # -0.607 + 1.7 = 1.09
    assert fired(network(lines, lines=2, floor=-np.inf).run(drive)) == []  # -3.03 + 1.7


def test_time_constants_are_drawn_log_uniformly_with_the_seed():
    reservoir = Reservoir(tau=(2.0, 40.0))
    nothing = synapses([], 2000)
    tau = reservoir.build(synapses([], 2), nothing, seed=3).tau
    np.testing.assert_array_equal(tau, reservoir.build(synapses([], 2), nothing, seed=3).tau)
    assert not np.array_equal(tau, reservoir.build(synapses([], 2), nothing, seed=4).tau)
    assert tau.min() >= 2
    assert tau.max() <= 40
    assert np.median(tau) == pytest.approx(np.sqrt(2 * 40), rel=0.1)


# -- delivery and polarity -------------------------------------------------------------------------------------


def test_spikes_reach_their_targets_one_step_later():
    net = network([(0, 0, 1.0)], recurrent=[(0, 1, 1.0), (1, 2, 1.0)], neurons=3)
    assert fired(net.run(events((2, 0, 1), steps=6))) == [(2, 0), (3, 1), (4, 2)]


def test_recurrent_weights_add_up_and_inhibit():
    both = [(0, 0, 1.0), (0, 1, 1.0)]
    drive = events((0, 0, 1), steps=3)
    assert fired(network(both, [(0, 2, 0.5), (1, 2, 0.5)], neurons=3).run(drive))[-1] == (1, 2)
    assert fired(network(both, [(0, 2, 1.5), (1, 2, -0.6)], neurons=3).run(drive)) == [(0, 0), (0, 1)]


@pytest.mark.parametrize(
    ("polarity", "lines", "expected"),
    [
        ("split", [(0, 0, 1.0), (1, 1, 1.0)], [(0, 0), (4, 1)]),  # the negative spike has a line of its own
        ("signed", [(0, 0, 1.0), (0, 1, -1.5)], [(0, 0), (4, 1)]),  # it pushes the other way
        ("positive", [(0, 0, 1.0), (0, 1, -1.5)], [(0, 0)]),  # it is dropped
    ],
)
def test_polarity_says_what_a_negative_spike_does(polarity, lines, expected):
    net = network(lines, neurons=2, lines=2 if polarity == "split" else 1, polarity=polarity)
    assert fired(net.run(events((0, 0, 1), (4, 0, -1), steps=6))) == expected


def test_spikes_that_need_another_number_of_lines_are_refused():
    net = network([(0, 0, 1.0)], polarity="split", lines=2)
    with pytest.raises(InputError, match="has 2 input lines, these spikes need 6"):
        net.run(events((0, 0, 1), steps=2, channels=3))


def test_synapses_that_do_not_fit_are_refused():
    """The kernel writes where synapses point, so a damaged file must not get that far."""
    tau = np.full(2, 2.0, np.float32)
    good = synapses([(0, 1, 1.0)], 2)
    for inputs, recurrent in ((synapses([(0, 2, 1.0)], 1), good), (good, synapses([(0, 9, 1.0)], 2))):
        with pytest.raises(InputError, match="onto neurons 0 to 1"):
            ReservoirNetwork(Reservoir(), inputs, recurrent, tau)
    with pytest.raises(InputError, match="of 2 neurons expected, got 3"):
        ReservoirNetwork(Reservoir(), good, synapses([(0, 1, 1.0)], 3), tau)


def test_no_steps_and_no_spikes_give_no_activity():
    net = network([(0, 0, 1.0)])
    assert len(net.run(events(steps=0))) == 0
    silent = net.run(events(steps=7))
    assert (len(silent), silent.steps, silent.mean_rate) == (0, 7, 0.0)


# -- long input ------------------------------------------------------------------------------------------------


def test_many_spikes_come_out_as_from_one_buffer():
    """40 copies of a network overflow the buffer several times; each must do what the single one does."""
    rng, copies, neurons, channels = np.random.default_rng(1), 40, 12, 5
    drive = noise(rng, 1500, channels, share=0.4)
    inputs = random_synapses(rng, channels, neurons, 0.8, (0.1, 0.9))
    recurrent = random_synapses(rng, neurons, neurons, 0.2, (-0.2, 0.3))
    reservoir = Reservoir(tau=(5.0, 5.0), polarity="signed", refractory=0)
    one = reservoir.build(inputs, recurrent).run(drive)

    def copied(own, sources):
        shift = np.arange(copies)[:, None] * neurons
        source = own.sources() + (shift if sources == neurons else 0 * shift)
        weights = np.tile(own.weights, copies)
        total = sources * (copies if sources == neurons else 1)
        return Synapses.from_pairs(source.ravel(), (own.targets + shift).ravel(), weights, total)

    many = reservoir.build(copied(inputs, channels), copied(recurrent, neurons)).run(drive)
    assert len(many) == copies * len(one) > 2**17
    expected = np.zeros((1500, neurons), bool)
    expected[one.step, one.neuron] = True
    got = np.zeros((1500, copies, neurons), bool)
    got[many.step, many.neuron // neurons, many.neuron % neurons] = True
    assert (got == expected[:, None]).all()
    assert (np.diff(many.step) >= 0).all()


def test_runs_start_from_rest_and_repeat():
    rng = np.random.default_rng(2)
    net = Reservoir(tau=(2.0, 40.0), polarity="signed").build(
        random_synapses(rng, 4, 30, 0.5, (-0.5, 0.9)), random_synapses(rng, 30, 30, 0.2, (-0.2, 0.2)), seed=5
    )
    drive = noise(rng, 200, 4)
    first = fired(net.run(drive))
    net.run(noise(rng, 50, 4))
    assert len(first) > 100
    assert fired(net.run(drive)) == first


# -- learning --------------------------------------------------------------------------------------------------


def slow(net, plastic, spikes):
    """Run and learn one sample in the plainest way: return spikes and the changed weights, by (pre, post)."""
    r, rule, n = net.reservoir, net.reservoir.stdp, net.neurons
    weight = {
        (i, int(net.recurrent.targets[s])): np.float32(net.recurrent.weights[s])
        for i in range(n)
        for s in range(net.recurrent.offsets[i], net.recurrent.offsets[i + 1])
    }
    lines = [
        (net.inputs.targets[a:b], net.inputs.weights[a:b])
        for a, b in zip(net.inputs.offsets[:-1], net.inputs.offsets[1:], strict=True)
    ]
    dense = spikes.dense()
    v, current, held = np.zeros(n, np.float32), np.zeros(n, np.float32), np.zeros(n, int)
    last = dict.fromkeys(range(n), 0) if rule.silent_counts_as_spike else {}
    decay, out = np.exp(-1 / net.tau).astype(np.float32), []

    def bounded(w):
        return min(max(w, np.float32(rule.w_min)), np.float32(rule.w_max))

    def paired(t, earlier, tau):
        return 0.0 if earlier is None else np.exp(-(t - earlier) / tau)

    for t, row in enumerate(dense):
        for channel in np.flatnonzero(row):
            targets, weights = lines[channel]
            current[targets] += row[channel] * weights
        v = np.maximum(v * decay + current, np.float32(r.floor))
        current[:] = 0
        v[held > 0] = r.reset
        held = np.maximum(held - 1, 0)
        now = np.flatnonzero(v >= r.threshold)
        for i in now if t > 0 else ():  # nothing comes before step 0
            for pre, post in sorted(plastic):
                if pre == i:
                    change = paired(t, last.get(pre if rule.own_depression else post), rule.tau_minus)
                    weight[pre, post] = bounded(weight[pre, post] - np.float32(rule.a_minus * change))
            for pre, post in sorted(plastic):
                if post == i:
                    change = paired(t, last.get(pre), rule.tau_plus)
                    weight[pre, post] = bounded(weight[pre, post] + np.float32(rule.a_plus * change))
        for i in now:
            v[i], last[i], held[i] = r.reset, t, r.refractory
            out.append((t, int(i)))
            for (pre, post), w in weight.items():
                if pre == i:
                    current[post] += w
    return out, weight


def weights_of(net):
    return dict(
        zip(
            zip(net.recurrent.sources().tolist(), net.recurrent.targets.tolist(), strict=True),
            net.recurrent.weights,
            strict=True,
        )
    )


def pair(first, then, stdp, weight=0.1):
    """The weight 0 -> 1 after neuron 0 fired in the steps `first` and neuron 1 in the steps `then`."""
    net = network([(0, 0, 2.0), (1, 1, 2.0)], [(0, 1, weight)], neurons=2, lines=2, stdp=stdp, refractory=0)
    spikes = events(*((t, 0, 1) for t in first), *((t, 1, 1) for t in then), steps=60, channels=2)
    activity = net.learn(spikes)
    assert fired(activity) == sorted([(t, 0) for t in first] + [(t, 1) for t in then])
    return float(net.recurrent.weights[0]) - float(np.float32(weight))


PLAIN = STDP(a_plus=0.01, a_minus=0.02, tau_plus=3.0, tau_minus=5.0, w_max=1.0)


def test_pre_before_post_strengthens_and_post_before_pre_weakens():
    assert pair([1], [4], PLAIN) == pytest.approx(0.01 * np.exp(-3 / 3), rel=1e-4)
    assert pair([6], [2], PLAIN) == pytest.approx(-0.02 * np.exp(-4 / 5), rel=1e-4)
    assert pair([5], [5], PLAIN) == 0
    assert pair([5], [], PLAIN) == 0


def test_each_spike_pairs_with_the_nearest_earlier_one():
    expected = 0.01 * np.exp(-2 / 3) - 0.02 * np.exp(-1 / 5) + 0.01 * np.exp(-3 / 3)
    assert pair([0, 3, 6], [5, 9], PLAIN) == pytest.approx(expected, rel=1e-4)


def test_weights_stay_within_their_bounds():
    bound = STDP(a_plus=0.5, a_minus=0.5, w_min=0.02, w_max=0.2)
    assert pair([1], [2], bound) == pytest.approx(0.1, rel=1e-5)
    assert pair([2], [1], bound) == pytest.approx(-0.08, rel=1e-5)


@pytest.mark.parametrize(("weight", "brought"), [(0.5, 0.2), (0.01, 0.02)])
def test_a_weight_that_begins_outside_the_bounds_is_brought_within(weight, brought):
    bound = STDP(w_min=0.02, w_max=0.2)
    assert weight + pair([3], [], bound, weight) == pytest.approx(brought)
    assert weight + pair([], [3], bound, weight) == pytest.approx(brought)
    assert pair([], [], bound, weight) == 0


def test_inhibitory_synapses_do_not_learn():
    assert pair([1], [4], PLAIN, weight=-0.1) == 0


def test_quirk_own_depression_looks_at_the_pre_neurons_own_spike():
    quirky = STDP(a_plus=0.0, a_minus=0.02, tau_minus=5.0, w_min=-1.0, own_depression=True)
    assert pair([1, 4], [], quirky) == pytest.approx(-0.02 * np.exp(-3 / 5), rel=1e-4)
    assert pair([4], [2], quirky) == 0


def test_quirk_silent_counts_as_spike_at_step_0():
    quirky = STDP(a_plus=0.01, a_minus=0.02, tau_plus=3.0, tau_minus=5.0, w_max=1.0, silent_counts_as_spike=True)
    assert pair([4], [], quirky) == pytest.approx(-0.02 * np.exp(-4 / 5), rel=1e-4)
    assert pair([], [4], quirky) == pytest.approx(0.01 * np.exp(-4 / 3), rel=1e-4)
    assert pair([0], [], quirky) == pair([], [0], quirky) == 0


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("bounds", [(-100.0, 100.0), (0.05, 0.12)])
def test_learning_agrees_with_the_slow_reference(own, silent, bounds):
    rng = np.random.default_rng(7)
    low, high = bounds
    rule = STDP(0.02, 0.03, 4.0, 2.5, low, high, own_depression=own, silent_counts_as_spike=silent)
    reservoir = Reservoir(tau=(2.0, 20.0), threshold=0.6, polarity="signed", refractory=2, stdp=rule)
    inputs = random_synapses(rng, 4, 10, 0.6, (-0.3, 0.7))
    recurrent = random_synapses(rng, 10, 10, 0.4, (-0.1, 0.2))
    net = reservoir.build(inputs, recurrent, seed=1)
    start = weights_of(net)
    plastic = {pair for pair, weight in start.items() if weight > 0}
    for _ in range(2):  # the second sample goes on from the weights of the first
        drive = noise(rng, 150, 4, share=0.3)
        expected, weight = slow(net, plastic, drive)
        assert fired(net.learn(drive)) == expected
        assert len(expected) > 50
        got = weights_of(net)
        assert got == pytest.approx(weight, rel=1e-4, abs=1e-6)
    assert np.mean([got[pair] != start[pair] for pair in start]) > 0.3
    assert all(got[pair] == start[pair] for pair in start.keys() - plastic)
    if high == 0.12:
        assert {np.float32(low), np.float32(high)} <= set(got.values())


def test_running_does_not_learn_and_learning_needs_a_rule():
    net = network([(0, 0, 1.0)], [(0, 1, 0.5)], neurons=2, stdp=PLAIN)
    before = net.recurrent.weights.copy()
    net.run(events((0, 0, 1), (3, 0, 1), steps=9))
    np.testing.assert_array_equal(net.recurrent.weights, before)
    with pytest.raises(InputError, match="no learning rule"):
        network([(0, 0, 1.0)]).learn(events(steps=2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: STDP(tau_plus=0.0), "tau_plus must be above 0"),
        (lambda: STDP(w_min=1.0, w_max=0.0), "w_min must not exceed w_max"),
        (lambda: Reservoir(tau=(0.0, 1.0)), "tau must be above 0"),
        (lambda: Reservoir(tau=(3.0, 2.0)), "longest tau must lie in 3.0"),
        (lambda: Reservoir(refractory=-1), "refractory must lie in 0"),
        (lambda: Reservoir(polarity="splat"), "did you mean 'split'"),
    ],
)
def test_impossible_constants_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_published_constants():
    reservoir = Reservoir.neucube_py()
    assert (reservoir.threshold, reservoir.refractory, reservoir.tau) == (0.1, 5, (40.0, 40.0))
    assert reservoir.stdp is not None
    assert reservoir.stdp.own_depression
    assert reservoir.stdp.silent_counts_as_spike
    assert Reservoir.default().stdp is None
