"""Decisions and training are timed as users meet them; never how fast they are."""

import pytest

from benchmarks import decision
from emospike.validation import InputError


def test_stages_are_the_papers_and_add_up(model, wav, by_name):
    rows = decision.measure(str(model), wav, runs=1)
    times = by_name(rows)
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
        decision.time_command(str(model), tmp_path / "no-such.wav", 1)


def test_the_baseline_is_trained_on_data_with_the_models_labels(model, wav, data, by_name):
    rows = decision.measure_baseline(str(model), wav, 1, data)
    ours, theirs = by_name(rows).values()
    assert by_name(rows, "times") == {"functionals and SVM": pytest.approx(theirs / ours)}
    assert rows[1].note.endswith("trained on 16 clips")
    assert decision.train_baseline(data, "emotion")[0].labels_ == ("happy", "sad")
    assert decision.train_baseline(None, "arousal")[0].labels_ == ("high", "low")


def test_training(data):
    rows = decision.measure_training(data, system="baseline")
    assert [(row.name, row.unit) for row in rows] == [("training", "s"), ("peak memory", "MB"), ("model file", "MB")]
    assert "16 clips" in rows[0].note
    assert rows[0].value > 0
    assert rows[1].value > 50
    assert 0 < rows[2].value < 5


def test_what_competitive_layers_take(data):
    row = decision.measure_layers(data)
    assert (row.name, row.unit) == ("competitive layers: one training pass", "s")
    assert 0 < row.value < 60
    assert f"on {len(list(data.glob('*.wav')))} clips" in row.note


@pytest.mark.usefixtures("landmarker")
def test_a_film_is_timed_with_the_face_in_it(data_dir):
    film = data_dir / "samples" / "video" / "01-01-04-01-02-01-01.mp4"
    rows = {row.name: row for row in decision.measure_film(film, runs=1)}
    assert {"features", "reservoir", "shares", "all stages", "all stages, two cores"} <= rows.keys()
    if rows["all stages, two cores"].value is None:
        assert rows["all stages, two cores"].note == "1 cores are there, not 2"
    else:
        assert 0 < rows["processor time"].value < 3 * rows["all stages, two cores"].value
    assert rows["pictures"].value > 90
    with pytest.raises(InputError, match=r"decided without a face: .* sound alone"):
        decision.measure_film(next((data_dir / "samples" / "wav48k").glob("*.wav")), runs=1)
