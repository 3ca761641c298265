"""The bench on tiny sizes: what it reports and whether that is true, never how fast anything is."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from emospike import store
from emospike.cli import app
from emospike.clip import Clip
from emospike.evaluation.bench import (
    brian,
    functionals,
    material,
    measurement,
    peers,
    plain,
    reservoir,
    scaling,
    stages,
    suite,
    tables,
    training,
)
from emospike.evaluation.bench.measurement import Measurement
from emospike.series import Channel
from emospike.spikes import Spikes
from emospike.systems.excube2.model import EXCube2
from emospike.validation import InputError

NEURONS = 500


@pytest.fixture(scope="module")
def wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return material.recording(None, tmp_path_factory.mktemp("wav"))


@pytest.fixture(scope="module")
def recipe(wav: Path) -> material.Recipe:
    return material.Recipe.of(Clip(wav, 0, 4.0))


@pytest.fixture(scope="module")
def voices() -> list[tuple[str, str, np.ndarray]]:
    """Four speakers, each calm and aroused twice: (speaker, label, sound)."""
    return [
        (speaker, "happy" if high else "sad", material.speech(2.0, pitch, high, seed))
        for speaker, pitch in functionals.PITCHES.items()
        for high in (False, True)
        for seed in (0, 1)
    ]


@pytest.fixture(scope="module")
def data(voices, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The voices as a data set, and a longer recording."""
    folder = tmp_path_factory.mktemp("data")
    lines = ["path,label,speaker"]
    for i, (speaker, label, sound) in enumerate(voices):
        soundfile.write(folder / f"{i}.wav", sound if i < 15 else np.tile(sound, 3), 16_000)
        lines.append(f"{i}.wav,{label},{speaker}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def model(voices, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 500 neurons."""
    small = EXCube2.preset("default")
    small = replace(small, neurons=NEURONS, voices=None, input_wiring=replace(small.input_wiring, fan_out=10))
    clips = [Clip.from_array(sound, 16_000, f"{i}") for i, (*_, sound) in enumerate(voices)]
    small.fit(clips, [label for _, label, _ in voices], [speaker for speaker, *_ in voices])
    small.card = {"labels": "emotion"}
    return store.save(small, tmp_path_factory.mktemp("model") / "tiny.safetensors")


def named(rows: list[Measurement], unit: str = "ms") -> dict[str, float | None]:
    """The rows of a unit by name; no name comes twice."""
    chosen = [row for row in rows if row.unit == unit]
    assert len({(row.name, row.at) for row in chosen}) == len(chosen)
    return {row.name: row.value for row in chosen}


# -- taking time and memory ------------------------------------------------------------------------------------


def test_rounds_run_every_work_once_after_a_warm_up():
    log: list[str] = []
    taken = measurement.interleaved({"a": lambda: log.append("a"), "b": lambda: log.append("b")}, runs=3)
    assert "".join(log) == "ab" * 4
    assert [len(seconds) for seconds in taken.values()] == [3, 3]
    assert all((seconds >= 0).all() for seconds in taken.values())


def test_no_round_is_begun_when_the_budget_is_spent():
    assert len(measurement.interleaved({"a": lambda: None}, runs=1000, budget=-1.0)["a"]) == 1


def test_medians_and_ratios():
    slow, fast = np.array([0.004, 0.006, 0.5]), np.array([0.002, 0.002, 0.1])
    row = measurement.milliseconds("slow", slow, "a note", at=7)
    assert row.value == pytest.approx(6.0)
    assert row == Measurement("slow", row.value, "ms", "fastest of 3: 4.00; a note", 7)
    assert measurement.ratio("slow", slow, fast, "").value == pytest.approx(3.0)


def test_peak_memory_is_that_of_the_fresh_process_alone():
    ballast = np.ones(60_000_000)  # 480 MB here, which a forked process would count as its own
    _, empty = measurement.alone(len, "")
    _, full = measurement.alone(np.ones, 40_000_000)
    assert empty < ballast.nbytes / 1e6 < measurement.peak_memory()
    assert full - empty > 300


# -- what is measured on ---------------------------------------------------------------------------------------


def test_clip_is_made_up_or_the_first_of_four_seconds(wav, data):
    assert Clip(wav).seconds == pytest.approx(4.0)
    assert material.recording(data, Path("nowhere")).name == "15.wav"


def test_data_without_a_long_recording_is_an_error(tmp_path):
    soundfile.write(tmp_path / "a.wav", material.speech(1.0), 16_000)
    (tmp_path / "manifest.csv").write_text("path,label,speaker\na.wav,sad,anna\n")
    with pytest.raises(InputError, match="no recording of at least 4 s"):
        material.recording(tmp_path, tmp_path)


@pytest.mark.parametrize("seed", [0, 1])
def test_aroused_voices_are_louder(seed):
    calm, aroused = (material.speech(2.0, 150.0, high, seed) for high in (False, True))
    assert np.std(aroused) > 2 * np.std(calm)
    assert np.abs(aroused).max() < 1


@pytest.mark.parametrize(("neurons", "fan_in"), [(NEURONS, 12), (3108, 6), (3108, 48), (8000, 12)])
def test_reservoirs_of_all_sizes_are_about_as_active(recipe, neurons, fan_in):
    usual = recipe.network().run(recipe.spikes).mean_rate
    network = recipe.network(neurons, fan_in)
    assert len(network.recurrent) == neurons * fan_in
    assert usual / 1.5 < network.run(recipe.spikes).mean_rate < usual * 1.5


def test_learning_afresh_leaves_no_trace(recipe):
    network = recipe.network(NEURONS, stdp=True)
    before = network.recurrent.weights.copy()
    material.learn_afresh(network, recipe.spikes)
    np.testing.assert_array_equal(network.recurrent.weights, before)
    network.learn(recipe.spikes)
    assert not np.array_equal(network.recurrent.weights, before)


def test_repeated_spikes_are_the_same_in_every_repetition(recipe):
    spikes = recipe.spikes
    dense = material.repeated(spikes, 3).dense()
    np.testing.assert_array_equal(dense, np.tile(spikes.dense(), (3, 1)))


# -- the plain reservoir ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("polarity", ["split", "signed", "positive"])
@pytest.mark.parametrize("refractory", [0, 1, 4])
def test_plain_reservoir_gives_the_same_spikes(recipe, polarity, refractory):
    settings = replace(recipe.system.reservoir, polarity=polarity, refractory=refractory)
    network = replace(recipe, system=replace(recipe.system, reservoir=settings)).network(NEURONS)
    ours, theirs = network.run(recipe.spikes), plain.PlainReservoir.of(network).run(recipe.spikes)
    assert len(ours) > 1000
    np.testing.assert_array_equal(ours.step, theirs.step)
    np.testing.assert_array_equal(ours.neuron, theirs.neuron)
    assert peers.same(ours, theirs) == "the same spikes"


def test_agreement_counts_common_spikes(recipe):
    activity = recipe.network(NEURONS).run(recipe.spikes)
    half = replace(activity, step=activity.step[::2], neuron=activity.neuron[::2])
    assert plain.agreement(activity, half) == pytest.approx(0.5, abs=0.001)
    assert peers.same(half, activity).startswith("50.")
    late = replace(activity, step=activity.step + np.int32(10_000))
    assert plain.agreement(activity, late) == 0


# -- groups ----------------------------------------------------------------------------------------------------


def test_reservoir_group(recipe):
    rows = reservoir.measure(recipe, runs=1)
    assert set(named(rows)) == {"forward", "with STDP"}
    facts = {row.name: row.value for row in rows}
    assert (facts["neurons"], facts["synapses"], facts["input spikes"]) == (3108, 12 * 3108, len(recipe.spikes))
    assert 0 < facts["neurons that fire"] < 20


def test_stages_are_the_papers_and_add_up(model, wav):
    rows = stages.measure(str(model), wav, runs=1)
    times = named(rows)
    assert list(times) == [
        "decode",
        "features",
        "speech check",
        "encoding",
        "reservoir",
        "state vector",
        "classifier",
        "all stages",
    ]
    assert times.pop("all stages") == pytest.approx(sum(times.values()))
    facts = {row.name: row for row in rows}
    assert facts["model file"].value == model.stat().st_size / 1e6
    assert 0.1 < facts["cold process"].value < 60


def test_a_command_that_fails_is_no_measurement(tmp_path, model):
    with pytest.raises(InputError, match=r"recognise failed: .*no-such"):
        stages.commands(str(model), tmp_path / "no-such.wav", 1)


def test_functionals_group_trains_on_data_with_the_models_labels(model, wav, data):
    rows = functionals.measure(str(model), wav, 1, data)
    ours, theirs = named(rows).values()
    assert named(rows, "times") == {"functionals and SVM": pytest.approx(theirs / ours)}
    assert rows[1].note.endswith("trained on 16 clips")
    assert functionals.trained_baseline(data, "emotion")[0].classes_ == ("happy", "sad")
    assert functionals.trained_baseline(None, "arousal")[0].classes_ == ("high", "low")


def test_training_group(data):
    rows = training.measure(data, system="baseline")
    assert [(row.name, row.unit) for row in rows] == [("training", "s"), ("peak memory", "MB"), ("model file", "MB")]
    assert "16 clips" in rows[0].note
    assert rows[0].value > 0
    assert rows[1].value > 50
    assert 0 < rows[2].value < 5


def test_what_competitive_layers_take(data):
    row = training.layers(data)
    assert (row.name, row.unit) == ("competitive layers: one training pass", "s")
    assert 0 < row.value < 60
    assert f"on {len(list(data.glob('*.wav')))} clips" in row.note


def test_curves_have_a_point_for_every_value(recipe):
    rows = scaling.against_neurons(recipe, (NEURONS, 1000), runs=1)
    assert [(row.name, row.at) for row in rows] == [
        (name, at) for name in ("forward", "with STDP", "peak memory") for at in (NEURONS, 1000)
    ]
    assert all(row.value > 0 for row in rows)


def test_length_is_told_in_seconds(recipe, monkeypatch):
    heard = []

    def point(one: material.Recipe, *_: int) -> scaling.Point:
        heard.append(one.spikes.steps)
        return {"forward": np.ones(1), "with STDP": np.ones(1)}, 0.1, None

    monkeypatch.setattr(scaling, "point", point)
    rows = scaling.against_length(recipe, (1, 3), 1)
    assert [row.at for row in rows if row.name == "forward"] == [4.0, 12.0]
    assert heard == [recipe.spikes.steps, 3 * recipe.spikes.steps]


# -- peers -----------------------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the reservoirs that are compared small."""
    network = material.Recipe.network
    monkeypatch.setattr(material.Recipe, "network", lambda self, stdp=False: network(self, NEURONS, stdp=stdp))


@pytest.mark.usefixtures("small")
def test_what_is_not_installed_is_listed_with_the_command(recipe, monkeypatch):
    monkeypatch.setattr(peers, "find_spec", lambda _: None)
    rows = peers.measure(recipe, runs=1)
    times = named(rows)
    assert times[peers.RESERVOIRPY] is None
    assert times["Brian 2"] is None
    assert [row.name for row in rows[2:4]] == [peers.SCIPY] * 2
    assert "the same spikes" in rows[2].note
    assert rows[3].note == "the time of emospike, forward"
    assert named(rows, "times") == {peers.SCIPY: pytest.approx(times[peers.SCIPY] / times[peers.OURS])}
    assert all("pip install" in row.note for row in rows if row.value is None)


@pytest.mark.usefixtures("small")
def test_reservoirpy_runs_the_same_synapses(recipe):
    pytest.importorskip("reservoirpy")
    rows = {(row.name, row.unit): row for row in peers.measure(recipe, runs=1)}
    assert rows[peers.RESERVOIRPY, "ms"].value > 0
    network = recipe.network()
    liquid = peers.reservoirpy_lif(plain.PlainReservoir.of(network))
    lines = plain.line_values(network, recipe.spikes)
    spikes = liquid(lines)
    np.testing.assert_array_equal(spikes, liquid(lines))  # from rest every time
    assert spikes.shape == (recipe.spikes.steps, NEURONS)
    assert spikes.mean() == pytest.approx(network.run(recipe.spikes).mean_rate, rel=0.3)


def interpreter(path: Path, *lines: str) -> Path:
    """A program that stands in for a Python."""
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return path


def test_the_answer_of_brian2_is_compared_with_ours(recipe, tmp_path):
    network, spikes = recipe.network(NEURONS, stdp=True), recipe.spikes
    activity = network.run(spikes)
    runs = {"stepping": [0.020, 0.030, 0.025], "run": [0.120, 0.130, 0.125]}
    fired = {"step": activity.step.tolist(), "neuron": activity.neuron.tolist()}
    (tmp_path / "answer").write_text("INFO hello\n" + json.dumps({"forward": runs | fired, "with STDP": runs}) + "\n")
    python = interpreter(tmp_path / "python", f"cat {tmp_path / 'answer'}")
    taken = {peers.OURS: np.array([0.01, 0.005]), peers.OURS_STDP: np.array([0.02])}
    rows = list(peers.brian2_rows(python, network, spikes, taken))
    assert named(rows)["Brian 2 cython, forward"] == pytest.approx(25.0)
    assert named(rows, "times")["Brian 2 cython, forward"] == pytest.approx(0.020 / 0.005)
    assert named(rows, "times")["Brian 2 numpy, with STDP"] == pytest.approx(0.020 / 0.02)
    assert "the same spikes; its 100 ms of preparations" in rows[0].note


def test_brian2_that_does_not_run_is_a_row_without_a_number(recipe, tmp_path):
    network = recipe.network(NEURONS)
    python = interpreter(tmp_path / "python", "echo 'ModuleNotFoundError: No module named brian2' >&2", "exit 1")
    rows = list(peers.brian2_rows(python, network, recipe.spikes, {}))
    assert [row.value for row in rows] == [None, None]
    assert all("No module named brian2" in row.note and "pip install brian2" in row.note for row in rows)
    with pytest.raises(InputError, match=r"cannot run .*nowhere"):
        brian.run(tmp_path / "nowhere", network, recipe.spikes, 1, "numpy")


def test_the_script_for_brian2_takes_nothing_from_its_folder(recipe, tmp_path):
    """This Python has no Brian 2; a module beside the script must not pass for it."""
    if os.environ.get("EMOSPIKE_BRIAN2"):
        pytest.skip("there is a Brian 2 to run")
    with pytest.raises(InputError, match="No module named 'brian2'"):
        brian.run(Path(sys.executable), recipe.network(NEURONS), recipe.spikes, 1, "numpy")


def test_brian2_gives_the_same_spikes(recipe):
    if "EMOSPIKE_BRIAN2" not in os.environ:
        pytest.skip("set EMOSPIKE_BRIAN2 to the Python of an environment that has brian2")
    network = recipe.network(NEURONS, stdp=True)
    answer = brian.run(Path(os.environ["EMOSPIKE_BRIAN2"]), network, recipe.spikes, 1, "numpy")
    theirs = brian.activity(answer, network, recipe.spikes)
    assert plain.agreement(network.run(recipe.spikes), theirs) > 0.99


def test_problem_holds_every_input_spike_and_synapse(recipe):
    network = recipe.network(NEURONS)
    problem = brian.problem(network, recipe.spikes)
    assert len(problem["event_step"]) == len(recipe.spikes)
    assert problem["lines"] == 2 * len(recipe.spikes.channels)
    line = Spikes.from_dense(np.array([[0, -1]], np.int8), 100.0, [Channel("a", "audio"), Channel("b", "audio")])
    assert plain.line_values(network, line).tolist() == [[0, 0, 0, 1]]
    sources = problem["recurrent_source"]
    assert len(sources) == len(problem["recurrent_target"]) == len(problem["recurrent_weight"]) == 12 * NEURONS


# -- the whole -------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMOSPIKE_DATA", raising=False)
    for name, values in {"NEURONS": (NEURONS,), "SYNAPSES": (6, 12), "LENGTHS": (1,)}.items():
        monkeypatch.setattr(scaling, name, values)


@pytest.mark.usefixtures("tiny")
def test_command_writes_numbers_and_figures(model, tmp_path):
    outputs = ["--json", str(tmp_path / "bench.json"), "--figures", str(tmp_path / "new" / "figures")]
    result = CliRunner().invoke(app, ["bench", "--quick", "--runs", "1", "--model", str(model), *outputs])
    assert result.exit_code == 0, result.stderr
    written = json.loads((tmp_path / "bench.json").read_text())
    assert list(written["groups"]) == [
        "reservoir",
        "one decision",
        "decision and peers",
        "reservoir and peers",
        "neurons",
        "synapses a neuron",
        "seconds of sound",
    ]
    keys = {"name", "value", "unit", "note", "at"}
    assert all(set(row) == keys for rows in written["groups"].values() for row in rows)
    assert written["machine"]["cores"] == os.cpu_count()
    assert written["settings"]["clip"] == "made up"
    assert written["settings"]["runs"] == 1
    assert sorted(file.name for file in (tmp_path / "new" / "figures").iterdir()) == [
        "peers.png",
        "scaling.png",
        "stages.png",
    ]
    assert all(group in result.stdout for group in written["groups"])
    assert "the same spikes" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "no-such-model"], "no model 'no-such-model'"),
        (["--runs", "0"], "runs must lie in 1 to"),
        (["--train"], "training needs recordings"),
        (["--brian2", "nowhere"], "no Python at nowhere"),
        (["--json", "nowhere/bench.json"], "there is no folder"),
        (["--figures", "/dev/null/figures"], "cannot make the folder"),
        (["--data", "nowhere"], "nothing at nowhere"),
    ],
)
def test_wrong_arguments_are_told_before_the_work(arguments, message, model, monkeypatch):
    monkeypatch.delenv("EMOSPIKE_DATA", raising=False)
    result = CliRunner().invoke(app, ["bench", "--model", str(model), *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.usefixtures("tiny")
def test_large_and_training_are_done_when_asked_for(model, data, recipe, monkeypatch):
    sizes: list[tuple[int, ...]] = []
    monkeypatch.setattr(scaling, "against_neurons", lambda _, neurons, __: sizes.append(neurons))
    asked = suite.Suite(str(model), data, runs=1, large=True, train=True)
    asked._curves(recipe)["neurons"]()
    assert sizes == [(NEURONS, 1_000_000)]
    assert "training" in asked._works(data / "15.wav")
    assert "training" not in replace(asked, train=False)._works(data / "15.wav")


@pytest.mark.usefixtures("landmarker")
def test_a_film_is_timed_with_the_face_in_it(data_dir, model, data):
    film = data_dir / "samples" / "video" / "01-01-04-01-02-01-01.mp4"
    assert "a film, sound and face" in suite.Suite(str(model), data, film=film)._works(data / "15.wav")
    rows = {row.name: row for row in stages.film(film, runs=1)}
    assert {"features", "reservoir", "shares", "all stages"} <= rows.keys()
    assert rows["pictures"].value > 90
    with pytest.raises(InputError, match=r"decided without a face: .* sound alone"):
        stages.film(next((data_dir / "samples" / "wav48k").glob("*.wav")), runs=1)


def test_a_report_names_files_and_no_folders(model, data):
    asked = suite.Suite(str(model), data / "deep", brian2=Path("/secret/python"))
    assert (
        suite.report(asked, {})["settings"] | {"brian2": "python", "data": "deep"}
        == suite.report(asked, {})["settings"]
    )


def test_tables_show_curves_by_value_and_missing_numbers_as_dashes():
    rows = [
        Measurement("forward", 1.234, "ms", at=1000),
        Measurement("forward", 12.34, "ms", at=10_000),
        Measurement("peak memory", None, "MB", at=1000),
    ]
    table, other = tables.tables({"neurons": rows, "peers": [Measurement("x", None, "ms", "not installed")]})
    assert [list(column.cells) for column in table.columns] == [["1,000", "10,000"], ["1.23", "12.3"], ["-", ""]]
    assert [list(column.cells) for column in other.columns] == [["x"], ["-"], ["ms"], ["not installed"]]


def test_processor_is_named_as_far_as_the_system_tells(tmp_path):
    (tmp_path / "cpuinfo").write_text("vendor\t: x\nmodel name\t: Fast CPU\nmodel name\t: Fast CPU\n")
    assert suite.processor(tmp_path / "cpuinfo") == "Fast CPU"
    assert suite.processor(tmp_path / "nothing")
