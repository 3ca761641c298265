"""Spiking Emotions: what its camera sees, how it votes, why, and at what cost. The contract is in test_conformance."""

from copy import deepcopy
from dataclasses import replace

import made_up
import numpy as np
import pytest

from emospike import datasets
from emospike.clip import Clip
from emospike.datasets import relabel
from emospike.systems.spiking_emotions.model import SpikingEmotions
from emospike.systems.spiking_emotions.panels import PARTS
from emospike.validation import InputError

pytest.importorskip("torch")


def small(preset="default", **parameters):
    made = SpikingEmotions.preset(preset)
    training = replace(SpikingEmotions.preset("default").training, epochs=24, batch=4, rate=0.01, average=0.9)
    return made.set_params(
        pictures=replace(made.pictures, size=24),
        camera=replace(made.camera, steps=12, sensitivity=0.05),
        network=replace(made.network, size=24, steps=12, filters=8, hidden=32, padding=1),
        **({"training": training, "members": 2, "parts": 2} | parameters),
    )


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Sixteen made-up faces of four people who smile and talk, or do not."""
    return datasets.load(made_up.write_faces(tmp_path_factory.mktemp("faces")), video=True)


@pytest.fixture(scope="module")
def trained(faces):
    return small().fit(faces.clips(), faces.labels.tolist(), faces.speakers.tolist())


def test_the_published_preset_has_the_papers_constants():
    made = SpikingEmotions.preset("published")
    assert (made.camera.sensitivity, made.camera.steps, made.camera.float_first) == (0.001, 68, True)
    assert (made.network.size, made.network.filters, made.network.hidden, made.network.voters) == (128, 32, 1024, 10)
    assert (made.network.threshold, made.network.pooling, made.network.padding) == (0.4, "average", 0)
    assert (made.training.rate, made.training.batch, made.momentum, made.members) == (0.01, 8, 0.0, 1)


def test_the_network_must_fit_the_pictures():
    made = SpikingEmotions.preset("default")
    with pytest.raises(InputError, match="pictures of 32 pixels at 16 steps expected by the network, got 24 and 16"):
        replace(made, pictures=replace(made.pictures, size=24))
    with pytest.raises(InputError, match="unknown modality of spiking_emotions 'audio'"):
        SpikingEmotions.preset("default", modality="audio")


def test_a_face_becomes_events_and_the_equivalent_sees_pictures(faces):
    clip = faces.clips()[0]
    made = [small(preset) for preset in ("default", "non_spiking")]
    events, pictures = (one.events(one.perceive(clip)) for one in made)
    assert events.shape == (12, 2, 24, 24)
    assert set(np.unique(events[1:])) == {0.0, 1.0}
    assert pictures.shape == (12, 1, 24, 24)
    np.testing.assert_array_equal(events[0, 0], pictures[0, 0])


def test_films_and_tables_look_alike(landmarker, data_dir):
    """The same actor's film, drawn from the points that MediaPipe finds, against another actor's table."""
    film = Clip(data_dir / "samples" / "video" / "01-01-02-01-01-02-01.mp4")
    table = Clip(min((data_dir / "ravdess" / "face" / "openface").glob("*.csv.gz")))
    made = SpikingEmotions.preset("default")
    filmed, drawn = (made.events(made.perceive(clip)) for clip in (film, table))
    assert filmed.shape == drawn.shape
    ink = [1 - events[0, 0] for events in (filmed, drawn)]
    assert 0.7 < ink[0].sum() / ink[1].sum() < 1.4
    assert np.corrcoef(ink[0].ravel(), ink[1].ravel())[0, 1] > 0.4


def test_a_clip_without_a_face_is_not_decided(trained, tmp_path):
    import soundfile

    soundfile.write(tmp_path / "a.wav", made_up.voice(1.0), made_up.RATE)
    decision = trained.decide(tmp_path / "a.wav")
    assert not decision.answered
    assert "a.wav shows no face" in decision.reason


def test_votes_decide(trained, faces):
    seen = trained.perceive(faces.clips()[1])
    votes = trained.votes(trained.events(seen)[None])
    assert votes.shape == (1, 12, 2)
    hidden = trained.represent(seen, ("face",))
    assert len(hidden) == 2
    np.testing.assert_allclose(trained.voters_.votes([hidden]), votes, rtol=1e-5)
    np.testing.assert_allclose(trained.voters_.scores([hidden]), votes.mean(axis=1), rtol=1e-5)


def test_an_early_decision_costs_less(trained, faces):
    clip = faces.clips()[0]
    early = deepcopy(trained).set_params(lead=0.3)
    early.voters_.lead = 0.3
    assert early.operations(clip).energy_uj < trained.operations(clip).energy_uj
    assert early.decide(clip).label == trained.decide(clip).label
    assert early.explain(clip).panel("vote").trace.until < 12


def test_parts_and_moments_are_left_out(trained, faces):
    told = trained.explain(faces.clips()[0])
    assert [part.name for part in told.attributions["face"]] == [f"face {name}" for name in PARTS]
    changes = {part.name: part.change for part in told.attributions["face"]}
    assert changes["face lower"] > abs(changes["face upper"])  # the mouth smiles and talks; nothing else moves
    assert len(told.attributions["moments"]) == 12
    trace = told.panel("vote").trace
    assert len(trace.pictures) == len(trace.times) == len(trace.votes) == trace.until == 12
    assert trace.classes[trace.votes.mean(axis=0).argmax()] == told.decision.label


def test_the_layers_add_up(trained, faces):
    cost = trained.operations(faces.clips()[0])
    assert sum(layer.macs for layer in cost.layers) == cost.macs
    assert sum(layer.accumulates for layer in cost.layers) == cost.synaptic_operations
    assert sum(layer.bytes_moved for layer in cost.layers) == cost.bytes_moved
    assert [layer.name for layer in cost.layers[:6]] == [
        "network 1, convolution 1", "network 1, convolution 2", "network 1, convolution 3", "network 1, hidden",
        "network 1, votes", "network 1, leak",
    ]  # fmt: skip
    first = trained.network.stages(2)[0]
    assert cost.layers[0].macs == first.macs
    assert cost.layers[0].twin_macs == 12 * first.macs
    assert trained.equivalent().macs == 2 * sum(one.macs for one in replace(trained.network, spiking=False).stages(2))


def test_a_single_network_is_enough(faces):
    made = small(members=1).fit(faces.clips(), faces.labels.tolist(), faces.speakers.tolist())
    assert len(made.voters_.networks) == 1
    assert np.mean(np.array(made.predict(faces.clips())) == faces.labels) > 0.8


@pytest.mark.long
def test_real_faces_are_learnt(ravdess):
    """Three speakers' happy and sad faces, a few passes: better than chance on what it saw."""
    data = relabel(datasets.load(ravdess, video=True).select_modality("face"), "arousal")
    some = data.subset(np.flatnonzero(np.isin(data.speakers, ["02", "03", "05"]))[::2])
    made = small(members=1).fit(some.clips(), some.labels.tolist(), some.speakers.tolist())
    assert np.mean(np.array(made.predict(some.clips())) == some.labels) > 0.65
