"""Graphs in a circle."""

from __future__ import annotations

import numpy as np
import pytest

from emospike.explain.graph import CircleGraph, View, bend_ribbon, place_on_circle, view_classes
from emospike.explain.panels.cross_modal import MOST_ARCS, MOST_NODES
from emospike.explain.panels.interactions import InteractionsPanel, circle_nodes


def test_strongest_arcs_leave_out_the_diagonal_and_zeros():
    strength = np.array([[9.0, 2.0, 0.0], [-3.0, 9.0, 1.0], [0.0, 0.0, 9.0]])
    graph = CircleGraph(("a", "b", "c"), place_on_circle(["", "", ""]))
    view = View("", strength, 9.0, difference=True)
    assert [(arc.source, arc.target, arc.value, arc.colour) for arc in graph.arcs(view)] == [
        (1, 2, 1.0, "for"), (0, 1, 2.0, "for"), (1, 0, -3.0, "against"),
    ]  # fmt: skip
    few = CircleGraph(graph.nodes, graph.places, most=1)
    assert [arc.value for arc in few.arcs(view)] == [-3.0]


def test_a_circle_mirrors_the_hemispheres_and_rises():
    places = place_on_circle(["L", "L", "R", "R"])
    np.testing.assert_allclose(places[:2] * (-1, 1), places[2:], atol=1e-12)
    assert (places[:2, 0] < 0).all()
    assert places[0, 1] < places[1, 1]
    np.testing.assert_allclose(np.hypot(*place_on_circle(["", "", ""]).T), 1)
    assert place_on_circle([]).shape == (0, 2)


def test_a_ribbon_runs_from_thick_to_thin():
    start, stop = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    outline = bend_ribbon(start, stop, 0.1)
    np.testing.assert_allclose((outline[0] + outline[-1]) / 2, start, atol=1e-12)
    np.testing.assert_allclose((outline[23] + outline[24]) / 2, stop, atol=1e-12)
    assert np.linalg.norm(outline[0] - outline[-1]) == pytest.approx(0.1)
    assert np.linalg.norm(outline[23] - outline[24]) == pytest.approx(0.02)


def test_arcs_back_and_forth_do_not_cover_each_other():
    a, b = np.array([-1.0, 0.0]), np.array([1.0, 0.0])
    assert bend_ribbon(a, b, 0.02)[:, 1].mean() < -0.05 < 0.05 < bend_ribbon(b, a, 0.02)[:, 1].mean()


def test_views_start_with_the_clip_and_the_most_probable_class():
    clip, low, high = (np.full((2, 2), value) for value in (1.0, 2.0, 4.0))
    views = view_classes(clip, {"high": high, "low": low}, {"low": 0.9, "high": 0.1})
    assert [view.title for view in views] == [
        "This clip", "Mean of “low” clips", "This clip − mean of “low”", "Mean of “high” clips",
        "This clip − mean of “high”", "“low” − “high”",
    ]  # fmt: skip
    np.testing.assert_allclose(views[2].strength, -1)
    np.testing.assert_allclose(views[-1].strength, -2)
    assert {view.scale for view in views if not view.difference} == {4.0}
    assert {view.scale for view in views if view.difference} == {3.0}
    assert [view.title for view in view_classes(clip, {}, {})] == ["This clip"]


def test_sound_and_face_are_told_apart(seen):
    panel, nodes = seen.panel("cross-modal"), seen.panel("interactions").graph.nodes
    graph = panel.graph
    for modality in ("audio", "face"):
        assert 0 < graph.modalities.count(modality) <= MOST_NODES
    kinds = [graph.kind(arc.source, arc.target) for arc in graph.arcs(panel.views[1])]
    assert set(kinds) == {"audio", "face", "both"}
    assert max(kinds.count(kind) for kind in kinds) <= MOST_ARCS
    left = np.array(graph.modalities) == "audio"
    assert (graph.places[left, 0] < 0).all()
    assert (graph.places[~left, 0] > 0).all()
    rows, columns = ([i for i, node in enumerate(nodes) if node[:-2] == graph.nodes[end]] for end in (0, -1))
    mean = seen.panel("interactions").views[0].strength[np.ix_(rows, columns)].mean()
    assert panel.views[0].strength[0, -1] == pytest.approx(mean)


def test_weak_arcs_are_said_to_be_left_out():
    still = [View("This clip", np.zeros((6, 6)), 1.0)]
    many = InteractionsPanel(circle_nodes(tuple("abcdef")), still)
    assert "Of each network's 30 arcs the 24 strongest are drawn" in many.caption
    few = InteractionsPanel(circle_nodes(tuple("abc")), [View("This clip", np.zeros((3, 3)), 1.0)])
    assert "strongest" not in few.caption
