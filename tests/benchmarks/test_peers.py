"""Peers run the same synapses, and are told as what they are where they are not installed."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.reservoir import Recipe
from emospike.spikes import Spikes
from emospike.validation import InputError

NEURONS = 500


@pytest.mark.parametrize("polarity", ["split", "signed", "positive"])
@pytest.mark.parametrize("refractory", [0, 1, 4])
def test_plain_reservoir_gives_the_same_spikes(recipe, polarity, refractory):
    settings = replace(recipe.system.reservoir, polarity=polarity, refractory=refractory)
    network = replace(recipe, system=replace(recipe.system, reservoir=settings)).network(NEURONS)
    ours, theirs = network.run(recipe.spikes), peers.PlainReservoir.of(network).run(recipe.spikes)
    assert len(ours) > 1000
    np.testing.assert_array_equal(ours.step, theirs.step)
    np.testing.assert_array_equal(ours.neuron, theirs.neuron)
    assert peers.describe_agreement(ours, theirs) == "the same spikes"


def test_agreement_counts_common_spikes(recipe):
    activity = recipe.network(NEURONS).run(recipe.spikes)
    half = replace(activity, step=activity.step[::2], neuron=activity.neuron[::2])
    assert peers.describe_agreement(half, activity).startswith("50.0")
    late = replace(activity, step=activity.step + np.int32(10_000))
    assert peers.describe_agreement(activity, late).startswith("0.00%")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the reservoirs that are compared small."""
    network = Recipe.network
    monkeypatch.setattr(Recipe, "network", lambda self: network(self, NEURONS))


@pytest.mark.usefixtures("small")
def test_what_is_not_installed_is_listed_with_the_command(recipe, monkeypatch, by_name):
    monkeypatch.setattr(peers, "find_spec", lambda _: None)
    rows = peers.measure(recipe, runs=1)
    times = by_name(rows)
    assert times[peers.RESERVOIRPY] is None
    assert times["Brian 2"] is None
    assert [row.name for row in rows[2:4]] == [peers.SCIPY] * 2
    assert "the same spikes" in rows[2].note
    assert rows[3].note == "the time of emospike, forward"
    assert by_name(rows, "times") == {peers.SCIPY: pytest.approx(times[peers.SCIPY] / times[peers.OURS])}
    assert all("pip install" in row.note for row in rows if row.value is None)


@pytest.mark.usefixtures("small")
def test_reservoirpy_runs_the_same_synapses(recipe):
    pytest.importorskip("reservoirpy")
    rows = {(row.name, row.unit): row for row in peers.measure(recipe, runs=1)}
    assert rows[peers.RESERVOIRPY, "ms"].value > 0
    network = recipe.network()
    run, lines = (
        peers.build_reservoirpy(peers.PlainReservoir.of(network)),
        peers.spread_over_lines(network, recipe.spikes),
    )
    spikes = run(lines)
    np.testing.assert_array_equal(spikes, run(lines))  # from rest every time
    assert spikes.shape == (recipe.spikes.steps, NEURONS)
    assert spikes.mean() == pytest.approx(network.run(recipe.spikes).mean_rate, rel=0.3)


def interpreter(path: Path, *lines: str) -> Path:
    """A program that stands in for a Python."""
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return path


def test_the_answer_of_brian2_is_compared_with_ours(recipe, tmp_path, by_name):
    network, spikes = recipe.network(NEURONS), recipe.spikes
    activity = network.run(spikes)
    runs = {"stepping": [0.020, 0.030, 0.025], "run": [0.120, 0.130, 0.125]}
    fired = {"step": activity.step.tolist(), "neuron": activity.neuron.tolist()}
    (tmp_path / "answer").write_text("INFO hello\n" + json.dumps({"forward": runs | fired, "with STDP": runs}) + "\n")
    python = interpreter(tmp_path / "python", f"cat {tmp_path / 'answer'}")
    taken = {peers.OURS: np.array([0.01, 0.005]), peers.OURS_STDP: np.array([0.02])}
    rows = list(peers.measure_brian2(python, network, spikes, taken))
    assert by_name(rows)["Brian 2 cython, forward"] == pytest.approx(25.0)
    assert by_name(rows, "times")["Brian 2 cython, forward"] == pytest.approx(0.020 / 0.005)
    assert by_name(rows, "times")["Brian 2 numpy, with STDP"] == pytest.approx(0.020 / 0.02)
    assert "the same spikes; its 100 ms of preparations" in rows[0].note


def test_brian2_that_does_not_run_is_a_row_without_a_number(recipe, tmp_path):
    network = recipe.network(NEURONS)
    python = interpreter(tmp_path / "python", "echo 'ModuleNotFoundError: No module named brian2' >&2", "exit 1")
    rows = list(peers.measure_brian2(python, network, recipe.spikes, {}))
    assert [row.value for row in rows] == [None, None]
    assert all("No module named brian2" in row.note and "pip install brian2" in row.note for row in rows)
    with pytest.raises(InputError, match=r"cannot run .*nowhere"):
        peers.run_brian2(tmp_path / "nowhere", network, recipe.spikes, 1, "numpy")


def test_the_script_for_brian2_takes_nothing_from_its_folder(recipe):
    """This Python has no Brian 2; a module beside the script must not pass for it."""
    if os.environ.get("EMOSPIKE_BRIAN2"):
        pytest.skip("there is a Brian 2 to run")
    with pytest.raises(InputError, match="No module named 'brian2'"):
        peers.run_brian2(Path(sys.executable), recipe.network(NEURONS), recipe.spikes, 1, "numpy")


def test_brian2_gives_the_same_spikes(recipe):
    if "EMOSPIKE_BRIAN2" not in os.environ:
        pytest.skip("set EMOSPIKE_BRIAN2 to the Python of an environment that has brian2")
    network = recipe.network(NEURONS)
    python = Path(os.environ["EMOSPIKE_BRIAN2"])
    _, theirs = peers.run_brian2(python, network, recipe.spikes, 1, "numpy")
    agreed = peers.describe_agreement(network.run(recipe.spikes), theirs)
    assert agreed == "the same spikes" or agreed.startswith("99.")


def test_problem_holds_every_input_spike_and_synapse(recipe):
    network = recipe.network(NEURONS)
    problem = peers.describe_problem(network, recipe.spikes)
    assert len(problem["event_step"]) == len(recipe.spikes)
    assert problem["lines"] == 2 * len(recipe.spikes.channels)
    line = Spikes.from_dense(np.array([[0, -1]], np.int8), 100.0)
    assert peers.spread_over_lines(network, line).tolist() == [[0, 0, 0, 1]]
    sources = problem["recurrent_source"]
    assert len(sources) == len(problem["recurrent_target"]) == len(problem["recurrent_weight"]) == 12 * NEURONS
