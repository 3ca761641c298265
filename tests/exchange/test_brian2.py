"""A reservoir as a script that Brian 2 runs."""

import os
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from emospike.activity import Activity
from emospike.brain.synapses import Synapses
from emospike.exchange.brian2_files import describe_problem, write_script
from emospike.networks.reservoir import Reservoir, ReservoirNetwork
from emospike.spikes import Spikes
from emospike.validation import InputError

NEURONS, CHANNELS, STEPS = 40, 6, 80


def make_network(polarity: str) -> ReservoirNetwork:
    """A busy reservoir with inhibition, whose floor and refractory time count."""
    rng = np.random.default_rng(4)
    reservoir = Reservoir(polarity=polarity, floor=-0.3, refractory=2)

    def draw(sources: int, count: int) -> Synapses:
        weights = rng.normal(0.2, 0.5, count).astype(np.float32)
        return Synapses.from_pairs(
            rng.integers(sources, size=count), rng.integers(NEURONS, size=count), weights, sources
        )

    return reservoir.build(draw(reservoir.lines(CHANNELS), 200), draw(NEURONS, 300), seed=1)


def make_spikes() -> Spikes:
    rng = np.random.default_rng(5)
    dense = rng.choice([-1, 0, 1], (STEPS, CHANNELS), p=[0.1, 0.75, 0.15]).astype(np.int8)
    return Spikes.from_counts(dense, 100.0)


def simulate(problem) -> Activity:
    """The reservoir's equation, written out for what the script is given."""
    v, held, fired, out = np.zeros(NEURONS), np.zeros(NEURONS, int), np.zeros(NEURONS, bool), []
    for t in range(int(problem["steps"])):
        came = np.isin(problem["input_source"], problem["event_line"][problem["event_step"] == t])
        current = np.bincount(problem["input_target"][came], problem["input_weight"][came], NEURONS)
        came = fired[problem["recurrent_source"]]
        current = current + np.bincount(problem["recurrent_target"][came], problem["recurrent_weight"][came], NEURONS)
        v = np.maximum(v * np.exp(-1 / problem["tau"]) + current, problem["floor"])
        v = np.where(held > 0, problem["reset"], v)
        held -= held > 0
        fired = v >= problem["threshold"]
        v, held = np.where(fired, problem["reset"], v), np.where(fired, problem["refractory"], held)
        out.append(fired)
    step, neuron = np.nonzero(np.array(out))
    return Activity(make_spikes(), step.astype(np.int32), neuron.astype(np.int32), NEURONS)


@pytest.mark.parametrize("polarity", ["split", "signed", "positive"])
def test_what_the_script_is_given_is_the_whole_reservoir(polarity):
    network, spikes = make_network(polarity), make_spikes()
    ours, theirs = network.run(spikes), simulate(describe_problem(network, spikes))
    assert len(ours.step) > 100
    np.testing.assert_array_equal(theirs.step, ours.step)
    np.testing.assert_array_equal(theirs.neuron, ours.neuron)
    tame = replace(network, reservoir=replace(network.reservoir, floor=-np.inf, refractory=0))
    assert len(tame.run(spikes).step) != len(ours.step)


@pytest.mark.parametrize("polarity", ["split", "signed"])
def test_brian2_fires_alike(polarity, tmp_path):
    python = os.environ.get("EMOSPIKE_BRIAN2")
    if not python:
        pytest.skip("set EMOSPIKE_BRIAN2 to the Python of an environment that has brian2")
    network, spikes = make_network(polarity), make_spikes()
    script, _ = write_script(tmp_path / "cube.py", network, spikes)
    done = subprocess.run([python, "-I", str(script)], capture_output=True, text=True, check=True)
    ours, theirs = network.run(spikes), np.load(tmp_path / "cube.spikes.npz")
    assert f"{len(ours.step)} spikes of {NEURONS} neurons in {STEPS} steps" in done.stdout
    np.testing.assert_array_equal(theirs["step"], ours.step)
    np.testing.assert_array_equal(
        np.sort(theirs["step"] * NEURONS + theirs["neuron"]), ours.step * NEURONS + ours.neuron
    )


def test_what_cannot_be_written_is_refused(tmp_path):
    network, spikes = make_network("positive"), make_spikes()
    with pytest.raises(InputError, match=r"a script NAME\.py expected, got cube\.nir"):
        write_script(tmp_path / "cube.nir", network, spikes)
    twice = Spikes.from_counts(np.full((3, CHANNELS), 2, np.int8), 100.0)
    with pytest.raises(InputError, match="one spike of an input line in a step"):
        write_script(tmp_path / "cube.py", network, twice)
    assert not list(tmp_path.iterdir())


def test_an_export_is_written_anew_and_files_of_ones_own_stay(tmp_path):
    network, spikes = make_network("positive"), make_spikes()
    script, data = tmp_path / "cube.py", tmp_path / "cube.npz"
    assert write_script(script, network, spikes) == (script, data)
    before = data.read_bytes()
    write_script(script, network, Spikes.from_dense(spikes.dense()[:-1], 100.0))
    assert data.read_bytes() != before

    def refuse(own, content):
        own.write_bytes(content)
        with pytest.raises(InputError, match=rf"cannot write .*{own.name}: it is there, and no export to Brian 2"):
            write_script(script, network, spikes)
        assert own.read_bytes() == content

    refuse(script, b'"""My work."""\n')
    script.unlink()
    events = tmp_path / "events.npz"
    np.savez(events, x=[1], y=[1], t=[1], p=[1])
    for content in (events.read_bytes(), b"no archive", b""):
        refuse(data, content)
    assert not script.exists()


@pytest.mark.parametrize("name", ["brian2", "numpy", "pathlib", "sys", "typing", "random"])
def test_a_script_does_not_hide_what_it_imports(name, tmp_path):
    with pytest.raises(InputError, match=rf"{name}\.py would be imported in place of the module {name}: name another"):
        write_script(tmp_path / f"{name}.py", make_network("positive"), make_spikes())
    assert not list(tmp_path.iterdir())
