from __future__ import annotations

import numpy as np
import pytest

from emospike.explain.crossing import MOST_ARCS, MOST_NODES, crossing_of
from emospike.features.movements import PARTS


def test_only_a_network_of_both_has_crossings(explanation, seen):
    assert crossing_of(explanation) is None
    assert set(crossing_of(seen).senses) == {"audio", "face"}


def test_nodes_are_the_strongest_of_each_sense_and_both_hemispheres(seen):
    found = crossing_of(seen)
    for sense in ("audio", "face"):
        own = [name for name, one in zip(found.nodes, found.senses, strict=True) if one == sense]
        assert len(own) <= MOST_NODES
        assert all((name in PARTS) == (sense == "face") for name in own)
    a, b = found.nodes[0], found.nodes[-1]
    rows = [i for i, node in enumerate(seen.nodes) if node[:-2] == a]
    columns = [i for i, node in enumerate(seen.nodes) if node[:-2] == b]
    mean = seen.interactions[np.ix_(rows, columns)].mean()
    assert found.views[0].counts[0, -1] == pytest.approx(mean)


def test_the_last_view_is_the_difference_of_the_classes(seen):
    found = crossing_of(seen)
    best, other = sorted(seen.class_interactions, key=lambda label: -seen.decision.probabilities[label])
    assert [view.title for view in found.views] == [
        "This clip", f"Mean of “{best}” clips", f"Mean of “{other}” clips", f"“{best}” − “{other}”",
    ]  # fmt: skip
    _, first, second, apart = found.views
    np.testing.assert_allclose(apart.counts, first.counts - second.counts)
    assert apart.difference


def test_arcs_of_every_kind_are_drawn(seen):
    found = crossing_of(seen)
    kinds = [found.kind(a, b) for a, b, _ in found.arcs(found.views[1])]
    assert set(kinds) == {"audio", "face", "both"}
    assert max(kinds.count(kind) for kind in kinds) <= MOST_ARCS
    places = found.places
    sound = np.array(found.senses) == "audio"
    assert (places[sound, 0] < 0).all()
    assert (places[~sound, 0] > 0).all()
