"""Synch-Graph: two groups that hear each other, the graph of a clip, and the paper's graph of all clips."""

from copy import copy
from dataclasses import replace

import numpy as np
import pytest

from emospike import datasets
from emospike.networks.synchrony_graph import NODES, Graph
from emospike.systems.synch_graph.model import SynchGraph
from emospike.validation import InputError


def few(preset: str = "default", modality: str = "both", **parameters) -> SynchGraph:
    """A system of eight features a window, whose network is small."""
    made = SynchGraph.preset(preset, modality=modality)
    pathways = tuple(replace(path, layer=replace(path.layer, features=8)) for path in made.pathways)
    classifier = replace(made.classifier, hidden=16, batch=min(made.classifier.batch, 4))
    return made.set_params(**{"pathways": pathways, "classifier": classifier, "presentations": 1} | parameters)


@pytest.fixture(scope="module")
def takes(ravdess):
    """Real clips with sound and face: four of each of the nine actors, happy (high) and sad (low)."""
    pytest.importorskip("torch")
    whole = datasets.relabel(datasets.load(ravdess, video=True).select_modality("both"), "arousal")
    return whole.subset(np.arange(len(whole))[::4])


@pytest.fixture(scope="module")
def trained(takes):
    return few().fit(takes.clips(), takes.labels.tolist(), takes.speakers.tolist())


def test_wrong_settings_are_refused():
    made = SynchGraph.preset("default", modality="both")
    for wrong, message in (
        ({"edges": "all"}, "unknown edges"),
        ({"modality": "audio"}, "a pathway of audio expected"),
        ({"pathways": made.pathways[::-1]}, "a pathway of audio and one of face expected"),
    ):
        with pytest.raises(InputError, match=message):
            SynchGraph(**made.get_params(deep=False) | wrong)


@pytest.mark.parametrize("preset", ["default", "published"])
def test_there_are_160_neurons(preset, takes):
    made = SynchGraph.preset(preset, modality="both").set_params(passes=0, conductance=0.0)
    made.learn_groups(takes.clips()[:2])
    assert [group.neurons for group in made.groups_] == [80, 80]


def test_no_clip_is_without_a_node(trained, takes):
    for clip in takes.clips()[:12]:
        seen = trained.perceive(clip)
        for modalities in (("audio", "face"), ("audio",), ("face",)):
            assert trained.graph(seen, modalities).nodes.any()
    assert all(one.silent_clips == 0 for one in trained.diagnostics_.values())


def test_groups_learn_and_hear_each_other(trained, takes):
    born = few(passes=0).learn_groups(takes.clips())
    for before, after in zip(born.groups_, trained.groups_, strict=True):
        assert np.abs(after.weights - before.weights).mean() > 0.01
        assert np.abs(after.heard_weights[0] - before.heard_weights[0]).mean() > 0.01
        assert after.links[0].gain > 0
    lines = trained.inputs_.lines(trained.perceive(takes.clips()[0]))
    together, alone = trained.present(lines), trained.present([lines[0], None])
    assert alone[1] is None
    assert not np.array_equal(together[0].neuron, alone[0].neuron)


def test_sound_comes_later(trained, takes):
    lines = trained.inputs_.lines(trained.perceive(takes.clips()[0]))
    late = trained.draw(0, lines[0])
    soon = copy(trained).set_params(delay=0.0).draw(0, lines[0])
    np.testing.assert_array_equal(late.step, soon.step + 10)
    assert trained.draw(1, lines[1]).steps == soon.steps


def test_a_graph_of_one_modality_is_of_its_group(trained, takes):
    seen = trained.perceive(takes.clips()[1])
    both, face = trained.graph(seen, seen.modalities), trained.graph(seen, ("face",))
    assert len(both.counts) == 64
    assert len(face.counts) == 32
    np.testing.assert_array_equal(Graph.unflatten(trained.represent(seen, ("face",))).edges, face.edges)


def test_it_is_explained_by_who_fires_with_whom(trained, takes):
    clip = takes.clips()[0]
    panel = trained.explain(clip).panel("synchrony")
    assert panel.graph.modalities == ("audio",) * 10 + ("face",) * 10
    views = {view.title: view.strength for view in panel.views if not view.difference}
    assert next(iter(views)) == "This clip"
    assert set(views) == {"This clip", "Mean of “high” clips", "Mean of “low” clips"}
    assert np.triu(views["This clip"], 1).any()
    assert not np.array_equal(views["Mean of “high” clips"], views["Mean of “low” clips"])
    assert set(trained.explain(clip, modality="face").panel("synchrony").graph.modalities) == {"face"}


def test_the_published_graph_is_told_the_test_labels(takes):
    """What it says of test clips follows the labels that enter the graph, though these are none of theirs."""
    rng = np.random.default_rng(0)
    classifier = SynchGraph.preset("published").classifier
    system = few(edges="any", classifier=replace(classifier, hidden=32, epochs=100, learning_rate=1e-3, nodes=NODES))
    part = rng.permutation(len(takes))
    train, validation = (np.isin(np.arange(len(takes)), own) for own in (part[:20], part[20:28]))
    test = ~(train | validation)
    moved = takes.labels.copy()
    moved[test] = np.where(moved[test] == "high", "low", "high")
    for labels in (takes.labels, moved):
        run = system.transduce(takes.clips(), labels.tolist(), train, validation)
        said = np.array(run.classes)[run.probabilities.argmax(axis=1)]
        assert np.mean(said[test] == labels[test]) > 0.9
        assert run.train_curve.shape == run.validation_curve.shape == (100,)
        assert run.train_curve[-1] < run.train_curve[0]
        np.testing.assert_allclose(run.probabilities.sum(axis=1), 1, rtol=1e-4)
