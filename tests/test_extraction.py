"""Features, spikes and state vectors as tables of other tools."""

import numpy as np
import pandas as pd
import pytest
import soundfile

import emospike
from emospike.clip import Clip
from emospike.clip.synthetic import synthesise_speech
from emospike.extraction import extract
from emospike.features.mel import Mel
from emospike.frames import write_frame
from emospike.systems.baseline.model import Baseline
from emospike.systems.cross_modal.model import CrossModal
from emospike.validation import InputError


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two recordings of one and of two seconds."""
    folder = tmp_path_factory.mktemp("voices")
    for name, seconds in (("a.wav", 1.0), ("b.wav", 2.0)):
        soundfile.write(folder / name, synthesise_speech(seconds, seed=3), 16_000)
    return [folder / "a.wav", folder / "b.wav"]


def test_a_feature_has_a_row_a_step_and_says_of_which_recording(files):
    table = extract(files, "mel")
    assert table.index.names == ["file", "start", "end"]
    own = table.xs(str(files[1]), level="file")
    series = Mel().extract(Clip(files[1]))
    np.testing.assert_array_equal(own.to_numpy(), series.values)
    assert list(own.columns) == [channel.label for channel in series.channels]
    start, end = (own.index.get_level_values(name).total_seconds() for name in ("start", "end"))
    np.testing.assert_allclose(start[:3], [0, 0.01, 0.02])
    np.testing.assert_allclose(end - start, 1 / series.rate)


def test_functionals_are_those_of_each_channel(files):
    table = emospike.extract(files, "prosody", functionals=True)
    assert len(table) == 2
    steps = extract(files[:1], "prosody")
    found, channel = table.iloc[0], steps["loudness energy"].to_numpy()
    assert found["loudness energy mean"] == pytest.approx(channel.mean(), rel=1e-5)
    assert found["loudness energy std"] == pytest.approx(channel.std(), rel=1e-5)
    assert found["loudness energy p95"] == pytest.approx(np.percentile(channel, 95), rel=1e-5)
    assert found["loudness energy change"] == pytest.approx(np.abs(np.diff(channel)).mean(), rel=1e-5)
    assert found.name[2].total_seconds() == pytest.approx(len(steps) / 100)


def test_spikes_are_those_that_the_reservoir_is_given(files):
    model = emospike.load("excube2-arousal")
    _, spikes, _ = model.export(Clip(files[0]))
    table = extract(files[:1], "spikes", model)
    assert len(table) == len(spikes)
    assert table["sign"].tolist() == spikes.sign.tolist()
    assert table["channel"].iloc[0] == spikes.channels[spikes.channel[0]].label
    assert table.index[0][1].total_seconds() == pytest.approx(spikes.step[0] / spikes.rate)


def test_a_state_vector_is_what_the_readout_reads_with_a_name_for_each_number(files):
    model = emospike.load("excube2-arousal")
    table = extract(files[:1], "state", model)
    np.testing.assert_array_equal(table.to_numpy()[0], model.represent_clip(Clip(files[0]))["audio"])
    assert table.columns.is_unique
    _, spikes, _ = model.export(Clip(files[0]))
    activity = model.network_.run(spikes)
    loudest = table.filter(regex="^audio bins R [0-3] neuron 7$").to_numpy()
    assert table.shape[1] > 4 * model.neurons
    assert loudest.sum() <= (activity.neuron == 7).sum()
    fields = [channel.label for channel in spikes.channels if channel.field is not None]
    assert table.filter(regex="I fields").shape[1] % len(fields) == 0


@pytest.mark.parametrize("preset", ["ridge", "svm"])
def test_state_vectors_of_the_baseline_are_statistics_by_name(files, preset):
    clips = [(synthesise_speech(1.0, aroused=number % 2 == 0, seed=number), 16_000) for number in range(8)]
    model = Baseline.preset(preset).fit(clips, ["high", "low"] * 4)
    table = extract(files, "state", model)
    assert table.columns[0] == "audio mel 122 Hz mean" or table.columns[0].endswith(" mean")
    np.testing.assert_array_equal(table.to_numpy()[1], model.represent_clip(Clip(files[1]))["audio"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"what": "mell"}, "unknown feature 'mell': did you mean 'mel'"),
        ({"what": "state", "functionals": True}, "functionals describe a feature, state is none"),
        ({"what": "spikes", "model": "excube"}, "no model 'excube'"),
        ({"what": "spikes", "model": CrossModal.preset("default")}, "CrossModal is no reservoir"),
        ({"what": "spikes", "model": "spiking_emotions-face"}, "SpikingEmotions is no reservoir"),
        ({"what": "mel", "model": "excube2-arousal"}, "a model has spikes and state; mel is of the recording alone"),
        ({"what": "state", "model": "spiking_emotions-face"}, "reads no state vector"),
        ({"recordings": []}, "no recordings"),
        ({"recordings": ["/nowhere/a.wav"]}, "/nowhere/a.wav does not exist"),
    ],
)
def test_what_cannot_be_had_is_one_line(files, arguments, said):
    with pytest.raises(InputError, match=said):
        extract(**{"recordings": files[:1]} | arguments)


def test_tables_are_written_with_their_index(files, tmp_path):
    table = extract(files, "mfcc")
    read = pd.read_csv(write_frame(tmp_path / "x.csv", table))
    assert read["file"].unique().tolist() == [str(file) for file in files]
    assert read["end"].iloc[0] == pytest.approx(0.01)
    np.testing.assert_allclose(read[table.columns].to_numpy(), table.to_numpy(), rtol=1e-6)
    pytest.importorskip("pyarrow")
    pd.testing.assert_frame_equal(pd.read_parquet(write_frame(tmp_path / "x.parquet", table)), table)
