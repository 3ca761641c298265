"""The competitive layer against hand-worked neurons, its rules against slow references, and real speech."""

from dataclasses import replace

import numpy as np
import pytest

from emospike.activity import Activity
from emospike.clip import Clip
from emospike.encoding.parameters import percentile_range
from emospike.encoding.poisson import draw_poisson
from emospike.features.mfcc import MFCC
from emospike.networks.cells import Cell, Link
from emospike.networks.competitive import CompetitiveLayer, CompetitiveNetwork, run_together
from emospike.networks.diagnostics import LayerDiagnostics
from emospike.networks.plasticity import TraceSTDP
from emospike.networks.windows import Windows
from emospike.spikes import Spikes
from emospike.validation import InputError

SMALL = CompetitiveLayer(features=5, norm=0.3)
WINDOWS = Windows.along_time(steps=12, channels=8, size=4, stride=4)


def values(seed=0, shape=(12, 8)):
    return np.random.default_rng(seed).random(shape)


def one(weight, layer=None, **constants):
    """A layer of one position, one input and one neuron."""
    layer = replace(layer or CompetitiveLayer(features=1), **constants)
    windows = Windows.along_time(1, 1, size=1, stride=1)
    return CompetitiveNetwork(layer, windows, [], np.full((1, 1, 1), weight), [], np.zeros(1))


def spikes(*steps, total=40):
    return train(steps, np.zeros(len(steps), np.int64), total)


def train(step, unit, steps, units=1):
    return Spikes.from_events(np.array(step, np.int64), np.asarray(unit), steps, rate=2000.0, units=units)


# -- neurons ---------------------------------------------------------------------------------------------------


def first_spike(weight, bar, total=60):
    """Step of the first spike after an input at step 0, by equations 1 and 2 written out."""
    v, g, a = -65.0, weight, 0.5 / 100
    for t in range(1, total):
        v = (v + a * -65) / (1 + a * (1 + g))
        g *= np.exp(-0.5)
        if v > bar:
            return [t]
    return []


@pytest.mark.parametrize(("weight", "theta"), [(10.0, 0.0), (20.0, 0.0), (40.0, 0.0), (40.0, 10.0), (40.0, 40.0)])
def test_a_spike_raises_the_potential_by_equations_1_and_2(weight, theta):
    net = one(weight, duration=30.0)
    net.theta[:] = theta
    assert net.run(spikes(0, total=60)).step.tolist()[:1] == first_spike(weight, -52 + theta)


def test_a_neuron_is_held_for_its_refractory_time():
    drive = spikes(*range(100), total=100)
    for refractory, apart in ((5.0, 10), (10.0, 20)):
        net = one(200.0, exc=Cell(refractory=refractory), duration=50.0)
        assert set(np.diff(net.run(drive).step)) == {apart}


@pytest.mark.parametrize(("scope", "silenced"), [("local", [1]), ("global", [1, 2, 3])])
def test_inhibition_reaches_all_others_of_its_scope_and_not_oneself(scope, silenced):
    """Neuron 0 fires before all others; who is inhibited by it fires less than without inhibition."""
    drive = np.arange(0, 600, 2)
    given = train(np.repeat(drive, 2), np.tile([0, 1], len(drive)), 700, units=2)
    weights = np.array([[[8.0, 1.0]], [[1.0, 1.0]]])
    fired = []
    for inhibit in (0.0, 17.0):
        layer = CompetitiveLayer(2, shared=False, inhibition=scope, inhibit=inhibit)
        net = CompetitiveNetwork(layer, Windows.along_time(2, 1, 1, 1), [], weights.copy(), [], np.zeros(4))
        fired.append(net.run(given).counts.ravel())
    free, inhibited = fired
    assert (free > 0).all()
    assert np.flatnonzero(inhibited < 0.5 * free).tolist() == silenced


def test_shared_weights_are_the_same_weights_at_every_position():
    own = replace(SMALL, shared=False).build(WINDOWS, seed=3)
    shared = SMALL.build(WINDOWS, seed=3)
    own.weights[:] = shared.weights
    np.testing.assert_array_equal(own.respond(values(), 5).counts, shared.respond(values(), 5).counts)
    assert len(shared.respond(values(), 5)) > 0


def test_implicit_and_explicit_steps_agree_where_steps_are_short():
    fine = replace(SMALL, dt=0.02, norm=0.6, most_repeats=0)
    counts = [replace(fine, euler=euler).build(WINDOWS).respond(values(), 1).counts for euler in (False, True)]
    assert counts[0].sum() > 20
    assert np.abs(counts[0] - counts[1]).sum() <= 0.1 * counts[0].sum()


# -- learning --------------------------------------------------------------------------------------------------


def reference(rule, weight, inputs, fired, dt=0.5):
    """The weight after these input and output steps, by the rule written out."""
    pre = post1 = post2 = 0.0
    for t in range(max(*inputs, *fired) + 1):
        pre, post1, post2 = (
            trace * np.exp(-dt / tau)
            for trace, tau in ((pre, rule.tau_pre), (post1, rule.tau_post1), (post2, rule.tau_post2))
        )
        if t in inputs:
            weight, pre = np.clip(weight - rule.eta_pre * post1, 0, rule.w_max), 1.0
        if t in fired:
            gate = post2 if np.isfinite(rule.tau_post2) else 1.0
            weight += rule.eta * gate * (pre - rule.x_tar) * (rule.w_max - weight) ** rule.mu
            weight, post1, post2 = np.clip(weight, 0, rule.w_max), 1.0, 1.0
    return weight


@pytest.mark.parametrize(
    "rule",
    [
        TraceSTDP.published(),
        TraceSTDP.diehl_cook(),
        TraceSTDP(eta=0.05, x_tar=0.9, mu=0.5),
        TraceSTDP(eta=0.2, eta_pre=0.02, x_tar=0.1, mu=1.0, tau_post2=30.0, w_max=40.0),
    ],
)
def test_learning_follows_the_rule(rule):
    inputs = [0, 1, 2, 3, 9, 25, 26, 27, 28, 29, 60, 61, 62, 63, 64, 65]
    net = one(30.0, stdp=replace(rule, w_max=40.0), theta_plus=0.3, duration=50.0)
    fired = net.run(spikes(*inputs, total=100), learning=True).step.tolist()
    assert len(fired) > 2
    assert net.weights[0, 0, 0] == pytest.approx(reference(net.layer.stdp, 30.0, inputs, fired), abs=1e-12)
    assert net.weights[0, 0, 0] != 30.0
    assert net.theta[0] == pytest.approx(0.3 * len(fired))


@pytest.mark.parametrize("exponent", [0.2, 0.5, 1.0])
def test_fast_powers_are_powers(exponent):
    from emospike.networks._power_kernel import powers

    x = np.concatenate([np.geomspace(1e-12, 4, 5001), np.linspace(1e-3, 1, 5001), [0.0]])
    for number, error in ((np.float32, 3e-6), (np.float64, 1e-15)):
        out = np.empty(len(x), number)
        powers(x.astype(number), number(exponent), out)
        np.testing.assert_allclose(out[:-1], x[:-1].astype(number).astype(float) ** exponent, rtol=error)
        assert 0 <= out[-1] < 1e-7


def test_learning_in_float32_is_that_in_float64():
    nets = [SMALL.build(WINDOWS, [Link(7, 5.0)], dtype=number) for number in (np.float32, np.float64)]
    fired = [net.learn(values(), 0, [turns(7)]) for net in nets]
    np.testing.assert_array_equal(fired[0].neuron, fired[1].neuron)
    assert len(fired[0]) > 10
    np.testing.assert_allclose(nets[0].weights, nets[1].weights, atol=1e-5)
    np.testing.assert_allclose(nets[0].heard_weights[0], nets[1].heard_weights[0], atol=1e-5)
    assert nets[0].weights.dtype == np.float32


def test_weights_stay_within_their_bounds():
    for rule in (TraceSTDP(eta=5.0), TraceSTDP(eta=-5.0), replace(TraceSTDP.diehl_cook(), eta_pre=5.0)):
        net = replace(SMALL, stdp=rule).build(WINDOWS)
        net.run(draw_poisson(values(), 200.0, 0.5, 700, 0), learning=True)
        assert 0 <= net.weights.min() <= net.weights.max() <= 1


def test_every_neuron_has_the_same_sum_of_weights_after_learning():
    net = SMALL.build(WINDOWS, [Link(7)])
    heard = turns(7)
    for seed in range(3):
        net.learn(values(seed), seed, [heard])
    np.testing.assert_allclose(net.weights.sum(axis=1), 0.3 * 32, rtol=1e-5)
    np.testing.assert_allclose(net.heard_weights[0].sum(axis=1), 0.3 * 7, rtol=1e-5)


def test_responding_changes_nothing_and_repeats_itself():
    net = SMALL.build(WINDOWS)
    net.learn(values(), 0)
    weights, theta = net.weights.copy(), net.theta.copy()
    first = net.respond(values(1), 1)
    net.respond(values(2), 2)
    np.testing.assert_array_equal(net.respond(values(1), 1).neuron, first.neuron)
    np.testing.assert_array_equal(net.weights, weights)
    np.testing.assert_array_equal(net.theta, theta)


def test_what_is_recorded_is_the_response_beside_its_input():
    net = replace(SMALL, max_rate=12.0).build(WINDOWS)
    told, silent, recorded = net.respond(values(), 0), net.silence(), net.record(values(), 0)
    np.testing.assert_array_equal(told.neuron, recorded.neuron)
    assert told.repeats == recorded.repeats > 0
    assert len(told.inputs) == len(silent) == 0
    again = net.draw(values(), 0, recorded.repeats)
    np.testing.assert_array_equal(again.channel, recorded.inputs.channel)
    for one in (told, silent, recorded):
        assert (one.steps, one.inputs.rate, one.inputs.units, one.counts.shape) == (700, 2000.0, 96, (3, 5))


def test_too_few_spikes_repeat_the_presentation_at_a_higher_rate():
    net = replace(SMALL, max_rate=12.0, theta_plus=0.0).build(WINDOWS)
    weak = replace(net.layer, most_repeats=0)
    few = CompetitiveNetwork(weak, WINDOWS, [], net.weights, [], net.theta).respond(values(), 0)
    enough = net.respond(values(), 0)
    assert len(few) < 5 <= len(enough)
    assert few.repeats == 0 < enough.repeats
    silent = net.respond(np.zeros((12, 8)), 0)
    assert len(silent) == silent.repeats == 0


# -- links between layers --------------------------------------------------------------------------------------


def turns(sources, steps=700, every=20):
    """The activity of another layer of `sources` neurons that fire in turn."""
    step = np.arange(0, steps, every)
    return heard_from(train(step, step // every % sources, steps, sources))


def heard_from(spikes):
    return Activity(Spikes.silent(spikes.steps, spikes.rate), spikes.step, spikes.channel, spikes.units)


def test_a_link_delivers_after_its_delay_with_its_gain():
    layer = CompetitiveLayer(features=1, duration=30.0, theta_plus=0.0)
    sent = heard_from(train([4], [1], 60, units=2))
    for gain, delay in ((1.0, 0.5), (0.5, 5.0)):
        net = CompetitiveNetwork(
            layer, Windows.none(), [Link(2, gain, delay)], np.empty((1, 0, 1)), [np.array([[0.0, 40.0]])], np.zeros(1)
        )
        arrival = 4 + round(delay / 0.5)
        expected = [arrival + t for t in first_spike(40.0 * gain, -52)]
        assert net.run(Spikes.silent(60, 2000.0), [sent]).step.tolist()[:1] == expected


def test_calibrated_link_gives_the_conductance_asked_for_and_more_spikes():
    net = SMALL.build(WINDOWS, [Link(7)])
    heard = turns(7)
    silent = heard_from(Spikes.silent(700, 2000.0, units=7))
    net.calibrate([heard], conductance=0.4)
    each = (net.heard_weights[0] @ heard.counts.ravel()).mean() * net.links[0].gain
    assert each * 1.0 / 350 == pytest.approx(0.4)
    assert len(net.respond(values(), 0, [heard])) > len(net.respond(values(), 0, [silent]))
    with pytest.raises(InputError, match="silent"):
        net.calibrate([silent], 0.4)


def test_hearing_nothing_is_being_alone():
    nets = [SMALL.build(WINDOWS, [Link(15, gain)], seed=4) for gain in (0.0, 3.0)]
    alone = SMALL.build(WINDOWS, seed=4)
    given = draw_poisson(values(), 63.75, 0.5, 700, 0)
    later = draw_poisson(values(1), 63.75, 0.5, 700, 1).delay(10)
    first, second = run_together((nets[0], nets[1]), (given, later))
    np.testing.assert_array_equal(first.neuron, alone.run(given.pad(710)).neuron)
    assert len(second) > len(alone.run(later))
    assert first.steps == first.inputs.steps == second.steps == 710


@pytest.mark.parametrize("whole", [Cell(threshold=-53), Cell(rest=-65, tau=100, reset=-65)])
def test_constants_may_be_whole_numbers_in_one_of_two_layers(whole):
    """The kernel takes two layers of one type."""
    given = draw_poisson(values(), 63.75, 0.5, 700, 0)
    exact = Cell(**{name: float(value) for name, value in vars(whole).items()})
    fired = []
    for cell, rise in ((whole, 1), (exact, 1.0)):
        other = replace(SMALL, exc=cell, theta_plus=rise).build(WINDOWS, [Link(15)], seed=4)
        fired.append(run_together((SMALL.build(WINDOWS, [Link(15)], seed=4), other), (given, given)))
    for one, other in zip(*fired, strict=True):
        np.testing.assert_array_equal(one.neuron, other.neuron)
    assert len(fired[0][1]) > 0


# -- windows -----------------------------------------------------------------------------------------


def test_every_window_sees_its_own_part_of_the_input():
    grid = np.arange(100 * 100).reshape(100, 100)
    windows = Windows.over_image(100, 100, size=40, stride=30)
    assert windows.lines.shape == (9, 1600)
    np.testing.assert_array_equal(windows.lines[5].reshape(40, 40), grid[30:70, 60:100])
    offsets, position, place = windows.places()
    for line in (0, 3535, 9999):
        seen = [(p, k) for p in range(9) for k in np.flatnonzero(windows.lines[p] == line)]
        assert list(zip(position, place, strict=True))[offsets[line] : offsets[line + 1]] == seen


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: Windows.along_time(5, 8, size=6), "window"),
        (lambda: Windows.over_image(5, 8, size=2, stride=0), "stride"),
        (lambda: SMALL.build(WINDOWS).respond(values(shape=(3, 8)), 0), "96 values"),
        (lambda: SMALL.build(WINDOWS).respond(np.full((12, 8), np.nan), 0), "NaN"),
        (lambda: SMALL.build(WINDOWS, [Link(3)]).respond(values(), 0), "1 other layers"),
        (lambda: SMALL.build(WINDOWS).run(train([0], [96], 1, units=97)), "spikes of 96 lines"),
        (lambda: SMALL.build(WINDOWS, [Link(3)]).run(train([0], [5], 1, units=96), [turns(4)]), "3 neurons"),
        (lambda: CompetitiveLayer(inhibition="lateral"), "inhibition"),
        (lambda: CompetitiveLayer(dt=0), "dt"),
        (lambda: TraceSTDP(tau_pre=-1), "tau_pre"),
        (lambda: run_together((SMALL.build(WINDOWS),) * 2, (spikes(), spikes())), "one link"),
        (lambda: LayerDiagnostics.examine(SMALL.build(WINDOWS), []), "activity"),
    ],
)
def test_wrong_input_is_refused(wrong, words):
    with pytest.raises(InputError, match=words):
        wrong()


# -- speech ----------------------------------------------------------------------------------------------------


def test_weights_become_selective_for_real_speech(ravdess):
    files = sorted(ravdess.glob("audio/Actor_*/*"))[::60][:20]
    series = [MFCC().extract(Clip(file)) for file in files]
    low, high = percentile_range(series)
    clips = np.zeros((len(files), 388, 40))
    for clip, one in zip(clips, series, strict=True):
        clip[: len(one)] = np.clip((one.values[:388] - low) / (np.array(high) - low), 0, 1)
    net = CompetitiveLayer.default().build(Windows.along_time(388, 40))
    before = LayerDiagnostics.examine(net, [net.respond(clips[0], 0)])
    learnt = [net.learn(clip, seed) for seed, clip in enumerate(clips)]
    after = LayerDiagnostics.examine(net, [net.respond(clip, seed) for seed, clip in enumerate(clips)])
    assert LayerDiagnostics.examine(net, learnt).silent_clips == after.silent_clips == 0
    assert before.weights[-1] < 0.3
    assert after.weights[-1] > 0.6
    assert after.weights[3] < before.weights[3]
    assert after.theta_mean < 2
    assert not after.warnings()


def test_diagnostics_name_what_is_wrong():
    net = replace(SMALL, most_repeats=0).build(WINDOWS)
    net.theta[:] = 50.0
    silent = net.respond(values(), 0)
    assert len(LayerDiagnostics.examine(net, [silent]).warnings()) == 3
    assert len(LayerDiagnostics.examine(net, [silent] * 100).warnings()) == 4
