"""Reproductions of Synch-Graph: who is told the labels, and what is left without them; on made-up clips."""

from dataclasses import replace

import numpy as np
import pytest

from emospike.evaluation.reproduce import find_reproduction
from emospike.systems.paper import Claim, Split
from emospike.systems.synch_graph.model import SynchGraph
from emospike.systems.synch_graph.paper import BLIND, TOLD, make_plain_blind_trial, make_telling_trial

pytest.importorskip("torch")


@pytest.fixture
def system():
    """A network that is trained in seconds, of groups that do not learn."""
    made = SynchGraph.preset("default", modality="both")
    return replace(made, passes=0, presentations=1, classifier=replace(made.classifier, epochs=30))


@pytest.fixture
def split(filmed):
    tested = filmed.speakers == "d"
    return Split(filmed.subset(np.flatnonzero(~tested)), filmed.subset(np.flatnonzero(tested)))


def test_rows_of_the_table():
    table = find_reproduction("synch-graph", "table1")
    claims = [claim for trial in table.trials for claim in trial.claims]
    assert {claim.what: claim.paper for claim in claims if claim.paper} == {"as the paper": {TOLD: 0.983}}
    assert len({trial.settings for trial in table.trials}) == len(table.trials)


def test_permuted_labels_are_followed(system, split):
    claims = {"permuted": Claim("true ones"), "follows": Claim("permuted ones")}
    answer = make_telling_trial(claims, system).answer(split)
    right = {what: (one[TOLD] == split.test.labels).mean() for what, one in answer.decided.items()}
    assert right["permuted ones"] > 0.9


def test_a_single_network_decides_without_any_label(system, split):
    (decided,) = make_plain_blind_trial(Claim("once"), system).answer(split).decided.values()
    assert (decided[BLIND] == split.test.labels).mean() > 0.7
