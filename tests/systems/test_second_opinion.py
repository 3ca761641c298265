"""A second opinion on filmed faces, and how it is told."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from emospike.cli import app
from emospike.clip import Clip
from emospike.datasets import find_scheme
from emospike.datasets.labels import Scheme
from emospike.decision import Decision, make_no_decision
from emospike.features.face_track import NoFaceError
from emospike.systems.second_opinion import SecondOpinion, ask, join_expressions
from emospike.validation import InputError

AROUSAL = find_scheme("arousal")


def decide(label, **alone):
    other = {"high": "low", "low": "high", "calm": "sad"}[label]
    return Decision(label, {label: 0.7, other: 0.3}, 0.7, True, "", alone=alone)


@pytest.fixture
def film(data_dir):
    return data_dir / "samples" / "video" / "01-01-02-01-01-02-01.mp4"


def test_it_is_compared_with_the_face():
    high = SecondOpinion({"happy": 0.9, "sad": 0.1}, {"high": 0.9, "low": 0.1}, 4)
    assert high.agrees(decide("high")) is True
    assert high.agrees(decide("high", face={"high": 0.2, "low": 0.8}, audio={"high": 0.9, "low": 0.1})) is False
    assert high.describe(decide("low")) == "second opinion, of a network without spikes: high 0.90, disagrees"
    still = SecondOpinion({"neutral": 1.0}, {"neutral": 1.0}, 4)
    assert still.agrees(decide("calm")) is True
    assert high.agrees(make_no_decision(("high", "low"), "no face in a.mp4", {})) is None
    other = SecondOpinion({"happy": 0.9, "sad": 0.1}, {}, 4)
    assert other.agrees(decide("high")) is None
    assert other.describe(decide("high")).endswith(": happy 0.90")


def test_expressions_become_labels():
    even = dict.fromkeys(("neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised"), 1 / 7)
    assert join_expressions(even, AROUSAL) == pytest.approx({"low": 2 / 7, "high": 5 / 7})
    assert join_expressions(even, find_scheme("big4")) == pytest.approx(
        dict.fromkeys(("angry", "happy", "neutral", "sad"), 0.25)
    )
    assert join_expressions(even, find_scheme("emotion")) == pytest.approx(even)
    assert join_expressions(even, Scheme("mine", {"bored": "dull"}, known=None)) == {}


@pytest.mark.usefixtures("landmarker")
def test_a_film(film):
    found = ask(Clip(film), AROUSAL)
    assert found.label == "low"
    assert found.probabilities["low"] > 0.7
    assert 8 < found.pictures < 20
    assert sum(found.expressions.values()) == pytest.approx(1)


@pytest.mark.usefixtures("landmarker")
def test_a_film_whose_clock_jumps(jumping_film):
    """Which pictures are there hangs on which are decoded: those that were looked at are asked about."""
    assert ask(Clip(jumping_film), AROUSAL).pictures > 8


def test_where_there_is_nothing_to_ask_about(filmed, tmp_path, write_film, landmarker):
    with pytest.raises(NoFaceError, match="is no film"):
        ask(filmed.clips()[0], AROUSAL)
    empty = write_film(tmp_path / "a.mkv", [np.full((120, 160, 3), 90, np.uint8)] * 10)
    with pytest.raises(InputError, match="shows no face that can be read"):
        ask(Clip(empty), AROUSAL)


@pytest.mark.usefixtures("landmarker")
def test_command(film, filmed):
    asked = ["recognise", str(film), str(filmed.paths[0]), "--model", "excube2-both", "--second-opinion"]
    told = CliRunner().invoke(app, [*asked, "--json"])
    assert told.exit_code == 0, told.output
    first, second = map(json.loads, told.stdout.splitlines())
    assert first["second_opinion"]["spiking"] is False
    assert first["second_opinion"]["agrees"] in (True, False)
    assert "; second opinion, of a network without spikes: low 0." in first["reason"]
    assert second["second_opinion"] is None
    assert "; no second opinion: " in second["reason"]
    plain = CliRunner().invoke(app, ["recognise", str(film), "--model", "excube2-both", "--json"])
    (row,) = map(json.loads, plain.stdout.splitlines())
    assert "second_opinion" not in row
    assert row["probabilities"] == first["probabilities"]
