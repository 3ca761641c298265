"""The tables and figures of eXCube2, on made-up voices and faces and with small cubes."""

from dataclasses import replace

import made_up
import numpy as np
import pytest
import soundfile
from made_up_speech import LOOKS, RATE, utterance

from emospike.brain.wiring import InputWiring
from emospike.datasets import Dataset, Recording
from emospike.evaluation.figures.reproduction import alt_text, draw_reproduction
from emospike.evaluation.report import list_lines
from emospike.evaluation.reproduce import find_papers, find_reproduction, reproduce
from emospike.explain.style import png
from emospike.readout.evolving import EvolvingDeSNN
from emospike.readout.prototype import LearnedPrototype
from emospike.systems.excube2 import paper, presets
from emospike.systems.excube2.figures import COVERAGES, DECODED
from emospike.systems.excube2.trials import Decided
from emospike.systems.paper import UNANSWERED

LABELS = {"high": "happy", "low": "sad"}
SMALL = {
    "neurons": 500,
    "input_wiring": InputWiring(fan_out=10),
    "face_wiring": InputWiring(fan_out=10),
    "augmentation": None,
    "classifier": LearnedPrototype(components=10, iterations=10),
}
SPEAKERS, FACES = 3, 3
"""Speakers, and those of whom faces are known."""


@pytest.fixture(scope="module")
def takes(tmp_path_factory):
    """Three speakers, six takes of each, loud and high or soft and low."""
    folder, rows = tmp_path_factory.mktemp("takes"), []
    for speaker in range(SPEAKERS):
        for label, emotion in LABELS.items():
            for take in range(3):
                clip = utterance(label, speaker, take)
                path = folder / clip.name
                soundfile.write(path, clip.sound, RATE)
                face = None
                if speaker < FACES:
                    face = path.with_suffix(".csv")
                    made_up.write_drawn_face(face, clip.seconds, 10 * speaker + take, **LOOKS[label])
                rows.append(Recording(path, emotion, f"s{speaker}", path.stem, face=face))
    return Dataset("manifest", tuple(rows))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Cubes of 500 neurons, and two classifiers."""
    for name in ("published", "default"):
        made = presets.PRESETS[name]
        monkeypatch.setitem(presets.PRESETS, name, lambda modality, made=made: made(modality) | SMALL)
    few = {"learned prototype": SMALL["classifier"], "evolving deSNN": EvolvingDeSNN()}
    monkeypatch.setattr(paper, "CLASSIFIERS", few)


def run(what, takes, model=None, protocols=("speaker-folds",)):
    """The rows of a table by name, of one model or of all, and the whole result."""
    made = find_reproduction("excube2", what)
    trials = tuple(one for one in made.trials if model is None or one.claims[0].what.startswith(model))
    result = reproduce(replace(made, draws=1, protocols=protocols, trials=trials), takes)
    assert result["complete"]
    assert len(png(draw_reproduction(result))) > 10_000
    assert "nan" not in " ".join(cell for line in list_lines(result) for cell in line)
    return {row["what"]: row for row in result["rows"]}, result


def accuracy(row, column, protocol="speaker-folds"):
    return row["found"][column][protocol]["accuracy"]


def test_everything_that_the_issue_names_is_there():
    known = ["table4", "table5", "table6", "table7", "a1", "figure5", "figure9", "figure12", "figure13"]
    assert list(find_papers()["excube2"].reproductions) == known


@pytest.mark.long
def test_classifiers_decide_on_the_same_vectors(takes):
    rows, result = run("table4", takes)
    assert list(rows) == [f"{model}: {name}" for model in ("sound", "face", "both") for name in paper.CLASSIFIERS]
    assert rows["face: learned prototype"]["paper"] == {"published": 0.773}
    assert [set(rows[f"sound: {name}"]["found"]) for name in paper.CLASSIFIERS] == [
        {"published", "default"}, {"published"},
    ]  # fmt: skip
    assert accuracy(rows["sound: learned prototype"], "default") > 0.8
    assert accuracy(rows["both: learned prototype"], "published") > 0.7
    sound, both = (rows[f"{model}: learned prototype"]["found"]["published"] for model in ("sound", "both"))
    assert [one["speaker-folds"]["n"] for one in (sound, both)] == [18, 18]
    assert "18 recordings of 3 speakers with sound and a face, where rows need that" in result["note"]


def test_rows_that_need_a_face_are_left_out_where_there_is_none(takes):
    heard = replace(takes, recordings=tuple(replace(one, face=None) for one in takes.recordings))
    rows, result = run("figure5", heard)
    assert {name.partition(":")[0] for name in rows} == {"mel, 40 bands", "linear FFT, 24 bands"}
    assert "rows that need sound and a face are left out: none of 18 recordings has a face" in result["note"]


def test_state_vectors_are_read_from_one_activity(takes):
    rows, _ = run("table5", takes, "face")
    assert set(rows["face: STS"]["found"]) == {"SC", "deSNN_py", "deSNN, ranks"}
    assert set(rows["face: I split + R, and STS by deSNN_py"]["found"]) == {"SC"}
    assert accuracy(rows["face: I split"], "SC") > 0.8
    claims = [claim for trial in find_reproduction("excube2", "table5").trials for claim in trial.claims]
    assert [claim.what for claim in claims if claim.what.startswith("sound")] == [
        f"sound: {source}" for source in ("I", "I split", "R", "I + R", "I split + R", "A1")
    ]
    assert {claim.what: claim.paper["SC"] for claim in claims if claim.paper} == {
        "sound: I + R": 0.803, "face: I split + R, and STS by deSNN_py": 0.773, "both: I split": 0.81,
    }  # fmt: skip


def test_less_is_answered_where_more_is_asked_for(takes):
    rows, _ = run("table6", takes, "face", paper.PROTOCOLS)
    for column in paper.SURE:
        every, sure = (
            rows[f"face: {name}"]["found"][column]["speaker-folds"] for name in ("all answered", "confidence of 0.65")
        )
        assert every["coverage"] == 1 >= sure["coverage"]
        assert sure["right"].count("-") == round(18 * (1 - sure["coverage"]))
    assert rows["face: all answered"]["found"]["default"]["published"]["n"] == 6  # one speaker
    surest = rows["face: the surest 67.3 %"]["found"]["softmax"]["speaker-folds"]
    assert surest["coverage"] > 0.6  # or more, where many are as sure
    assert rows["face: the surest 67.3 %"]["paper"] == {"softmax": 0.881}


def test_stages_are_timed(takes):
    rows, _ = run("table7", takes, "both", ("published",))
    found = {name: row["found"]["published"]["published"] for name, row in rows.items()}
    assert all(one["value"] > 0 and one["ci95"] is None for one in found.values())
    assert found["both: end to end, s"]["value"] > found["both: reservoir, s"]["value"]
    assert rows["both: end to end, s"]["paper"] == {"published": 2.1}
    assert 0 < found["both: model, MB"]["value"] < 40


def test_what_is_plain_stands_beside_the_cube(takes):
    rows, _ = run("a1", takes, "sound")
    assert set(rows["sound: learned prototype"]["found"]) == set(paper.PLAIN)
    assert accuracy(rows["sound: learned prototype"], "statistics") > 0.8
    assert accuracy(rows["sound: learned prototype"], "means") > 0.8


def test_step_forward_keeps_more_than_changes_alone(takes):
    rows, _ = run("figure5", takes)
    assert list(rows)[: len(DECODED)] == [f"mel, 40 bands: {name}" for name in DECODED]
    error = {name: row["found"]["error (NMSE)"]["speaker-folds"]["value"] for name, row in rows.items()}
    for what in ("mel, 40 bands", "action units"):
        assert 0 < error[f"{what}: step_forward"] < error[f"{what}: threshold"]


def test_accuracy_is_drawn_against_coverage(takes):
    rows, result = run("figure9", takes, "both")
    assert rows["both: the surest 100 %"]["paper"] == {"softmax": 0.81}
    assert rows["both: the surest 78 %"]["paper"] == {"softmax": 0.889}
    shares = [row["found"]["softmax"]["speaker-folds"]["coverage"] for row in rows.values()]
    assert shares == sorted(shares, reverse=True)
    assert len(shares) == len(COVERAGES) + 1
    assert "Accuracy against coverage, new speakers: both: the surest 100 % softmax" in alt_text(result)


@pytest.mark.parametrize(("what", "nodes"), [("figure12", 48), ("figure13", 28)])
def test_what_follows_what(takes, what, nodes):
    rows, result = run(what, takes)
    assert all({*row["found"]} == {"low", "high"} for row in rows.values())
    assert all(cell["n"] > 0 for row in rows.values() for column in row["found"].values() for cell in column.values())
    lines = result["rows"][0]["curves"]["speaker-folds"][0]
    assert len(lines) == 2 * nodes
    matrix = np.array([line for name, line in lines.items() if name.startswith("high")])
    assert matrix.shape == (nodes, nodes)
    assert matrix.max() > 0


def test_the_surest_are_found_by_their_confidence():
    decided = Decided(np.array(["a", "b", "a", "b"]), np.array([0.9, 0.6, 0.7, 0.8]))
    assert decided.surest(0.5).tolist() == ["a", UNANSWERED, UNANSWERED, "b"]
    assert decided.above(0.65).tolist() == ["a", UNANSWERED, "a", "b"]
    assert decided.surest(1.0).tolist() == ["a", "b", "a", "b"]
