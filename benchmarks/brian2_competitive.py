"""Run small competitive networks in Brian 2 and keep their spikes: the reference that the tests hold ours against.

Run it in an environment with brian2 2.9 and numpy 2.2, and give the file to write:

    python benchmarks/brian2_competitive.py tests/networks/competitive_brian2.npz

Each case runs from the same input spikes and weights, in the arithmetic of Brian 2 (float64), with plain Euler or,
where the name says so, with the implicit step that we use by default. `time FILE` instead prints the time of one run
of the network in FILE.
"""

# ruff: noqa: PLR0917 - as many arguments as the model has constants
import sys
import time

import brian2 as b
import numpy as np

POSITIONS, INPUTS, FEATURES, STEPS = 3, 64, 6, 700
CASES = {
    "local": {},
    "global": {"inhibition": "global"},
    "implicit": {"implicit": True},
    "theta": {"theta_plus": 0.5, "tau_theta": 50.0, "rule": "frozen"},
    "equation 3": {"rule": "equation 3", "theta_plus": 0.05},
    "equation 3, global": {"rule": "equation 3", "theta_plus": 0.05, "inhibition": "global"},
    "diehl cook": {"rule": "diehl cook", "theta_plus": 0.05},
}
RULES = {
    None: ("", "", ""),
    "frozen": ("", "", ""),
    "equation 3": (
        "dx/dt = -x / (20*ms) : 1 (event-driven)",
        "x = 1",
        "w = clip(w + 0.01 * (x - 0.4) * (1 - w)**0.2, 0, 1)",
    ),
    "diehl cook": (
        """dx/dt = -x / (20*ms) : 1 (event-driven)
        dpost1/dt = -post1 / (20*ms) : 1 (event-driven)
        dpost2/dt = -post2 / (40*ms) : 1 (event-driven)""",
        "w = clip(w - 1e-4 * post1, 0, 1); x = 1",
        "w = clip(w + 0.01 * x * post2, 0, 1); post1 = 1; post2 = 1",
    ),
}
CELLS = {  # tau, rest, reset, threshold, refractory, inhibitory reversal potential
    "exc": (100, -65, -65, -52, 5, -100),
    "inh": (10, -60, -45, -40, 2, -85),
}


def cells(count, kind, theta_plus=0.0, tau_theta=None, implicit=False):
    """A population; its conductances are `exc` and `inh`."""
    tau, rest, reset, threshold, refractory, e_inh = CELLS[kind]
    names = {"tau": tau * b.ms, "rest": rest, "e_inh": e_inh, "plus": theta_plus, "reset": reset, "bar": threshold}
    names |= {"exp_exc": np.exp(-0.5 / 1), "exp_inh": np.exp(-0.5 / 2)}  # conductances of 1 and 2 ms in steps of 0.5
    decay = f"dtheta/dt = -theta / ({tau_theta}*ms) : 1" if tau_theta else "theta : 1"
    if implicit:
        equations = "v : 1\nexc : 1\ninh : 1\ntheta : 1"
    else:
        equations = f"""dv/dt = ((rest - v) + (exc * (0 - v) + inh * (e_inh - v))) / tau : 1 (unless refractory)
        dexc/dt = -exc / (1*ms) : 1
        dinh/dt = -inh / (2*ms) : 1
        {decay}"""
    group = b.NeuronGroup(
        count, equations, threshold="v > bar + theta", reset="v = reset; theta += plus", refractory=refractory * b.ms,
        method="euler", namespace=names,
    )  # fmt: skip
    if implicit:
        group.run_regularly(
            """free = int(not_refractory)
            moved = (v + dt / tau * (rest + inh * e_inh)) / (1 + dt / tau * (1 + exc + inh))
            v = free * moved + (1 - free) * v
            exc = exc * exp_exc
            inh = inh * exp_inh""",
            dt=b.defaultclock.dt,
            when="groups",
            order=1,
        )
    group.v = rest
    return group


def plastic(source, target, pre, post, weights, rule, delay=0.0, gain=1.0):
    """Excitatory synapses with a learning rule."""
    traces, on_pre, on_post = RULES[rule]
    made = b.Synapses(
        source, target, f"w : 1\n{traces}", on_pre=f"exc_post += {gain} * w\n{on_pre}", on_post=on_post or None,
        delay={"pre": delay * b.ms},
    )  # fmt: skip
    made.connect(i=pre, j=post)
    made.w = weights
    return made


def layer(positions, features, implicit=False, inhibition="local", theta_plus=0.0, tau_theta=None):
    """Both populations with their synapses."""
    neurons = positions * features
    exc = cells(neurons, "exc", theta_plus, tau_theta, implicit)
    inh = cells(neurons, "inh", implicit=implicit)
    excite, inhibit = b.Synapses(exc, inh, on_pre="exc_post += 10.4"), b.Synapses(inh, exc, on_pre="inh_post += 17")
    excite.connect(j="i")
    near = f"and i // {features} == j // {features}" if inhibition == "local" else ""
    inhibit.connect(condition=f"i != j {near}")
    return exc, (exc, inh, excite, inhibit)


def windowed(exc, step, line, weights, rule):
    """Input spikes, and their synapses onto windows side by side; weights[position, input, feature]."""
    positions, inputs, features = weights.shape
    source = b.SpikeGeneratorGroup(positions * inputs, line, step * b.defaultclock.dt)
    p, k, f = np.indices(weights.shape).reshape(3, -1)
    return source, plastic(source, exc, p * inputs + k, p * features + f, weights.ravel(), rule)


def spikes_of(monitor):
    """Step and neuron of every spike."""
    step = np.round(monitor.t / b.defaultclock.dt).astype(np.int16)
    return np.stack([step, np.array(monitor.i, np.int16)])


def alone(step, line, weights, rule=None, **constants):
    """Spikes and weights of one layer."""
    exc, objects = layer(*weights.shape[::2], **constants)
    source, synapses = windowed(exc, step, line, weights, rule)
    monitor = b.SpikeMonitor(exc)
    b.Network(*objects, source, synapses, monitor).run(STEPS * b.defaultclock.dt)
    return spikes_of(monitor), np.array(synapses.w).reshape(weights.shape)


def together(first, second, links, rule):
    """Spikes and link weights of two layers that hear each other, with delays of 0.5 and 5 ms."""
    objects, excs, monitors = [], [], []
    for step, line, weights in (first, second):
        exc, parts = layer(*weights.shape[::2], theta_plus=0.05)
        excs.append(exc)
        monitors.append(b.SpikeMonitor(exc))
        objects += [*parts, *windowed(exc, step, line, weights, rule), monitors[-1]]
    pre, post = np.indices(links.shape[1:]).reshape(2, -1)
    crossing = [
        plastic(excs[1 - one], excs[one], post, pre, links[one].ravel(), rule, (0.5, 5.0)[one], gain=4.0)
        for one in (0, 1)
    ]
    b.Network(*objects, *crossing).run(STEPS * b.defaultclock.dt)
    return [spikes_of(one) for one in monitors], np.stack([np.array(c.w).reshape(links.shape[1:]) for c in crossing])


def drawn(rng):
    """Input spikes and weights of a layer."""
    rate = 127.0 * rng.random(POSITIONS * INPUTS)
    fired = rng.random((STEPS, POSITIONS * INPUTS)) < rate * 0.0005
    step, line = (one.astype(np.int16) for one in np.nonzero(fired))
    weights = (rng.random((POSITIONS, INPUTS, FEATURES)) * 0.8).astype(np.float32)
    return step, line, weights


def fixture(path):
    """Run every case and write its spikes."""
    b.prefs.codegen.target = "numpy"
    rng = np.random.default_rng(7)
    first, second = drawn(rng), drawn(rng)
    links = (rng.random((2, POSITIONS * FEATURES, POSITIONS * FEATURES)) * 0.3).astype(np.float32)
    kept = {"links": links}
    for name, one in (("first", first), ("second", second)):
        kept |= {f"{name} step": one[0], f"{name} line": one[1], f"{name} weights": one[2]}
    for name, constants in CASES.items():
        kept[f"{name}: spikes"], weights = alone(*first, **constants)
        if constants.get("rule") not in {None, "frozen"}:
            kept[f"{name}: weights"] = weights
        print(f"{name}: {kept[f'{name}: spikes'].shape[1]} spikes")
    (kept["together: first"], kept["together: second"]), kept["together: links"] = together(
        first, second, links, "equation 3"
    )
    print(f"together: {kept['together: first'].shape[1]} and {kept['together: second'].shape[1]} spikes")
    np.savez_compressed(path, **kept)


def timed(path):
    """Print milliseconds of one run with local inhibition and equation 3, building and compilation left out."""
    problem = np.load(path)
    weights = problem["weights"]
    exc, objects = layer(*weights.shape[::2], theta_plus=0.01)
    source, synapses = windowed(exc, problem["step"], problem["line"], weights, "equation 3")
    network = b.Network(*objects, source, synapses)
    network.store()
    best = np.inf
    for _ in range(int(problem["runs"]) + 1):  # the first one compiles
        network.restore()
        network.run(0 * b.ms)
        begun = time.perf_counter()
        network.run(int(problem["steps"]) * b.defaultclock.dt)
        best = min(best, time.perf_counter() - begun)
    print(1000 * best)


if __name__ == "__main__":
    b.defaultclock.dt = 0.5 * b.ms
    timed(sys.argv[2]) if sys.argv[1] == "time" else fixture(sys.argv[1])
