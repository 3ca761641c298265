"""Reproductions: the tables and figures of the papers, measured again, and beside them what holds on new speakers.

A reproduction is one function that returns a `Reproduction`, and one line in `REPRODUCTIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping

from emospike.registry import Registry
from emospike.systems.paper import Claim, Found, Reproduction, Split, Trial
from emospike.validation import one_of

__all__ = ["REPRODUCTIONS", "Claim", "Found", "Reproduction", "Split", "Trial", "reproduction"]

_HERE = "emospike.systems"

REPRODUCTIONS: Mapping[str, Registry] = {
    "cross-modal": Registry(
        "reproduction of cross-modal",
        {
            "table1": f"{_HERE}.cross_modal.paper:table1",
            "table3": f"{_HERE}.cross_modal.paper:table3",
            "table5": f"{_HERE}.cross_modal.paper:table5",
            "figure3": f"{_HERE}.cross_modal.paper:figure3",
            "noise": f"{_HERE}.cross_modal.noise_trials:noise",
            "image-noise": f"{_HERE}.cross_modal.noise_trials:image_noise",
        },
    ),
    "synch-graph": Registry(
        "reproduction of synch-graph",
        {name: f"{_HERE}.synch_graph.paper:{name}" for name in ("table1", "table3", "figure3", "figure4")},
    ),
    "eavs-tf": Registry("reproduction of eavs-tf", {"baselines": f"{_HERE}.eavs_tf.paper:baselines"}),
    "spiking-emotions": Registry(
        "reproduction of spiking-emotions",
        {name: f"{_HERE}.spiking_emotions.paper:{name}" for name in ("table1", "figure2", "figure3", "latency")},
    ),
}
"""What can be reproduced of each paper, and the function that says how; imported when it is asked for."""


def reproduction(paper: str, what: str) -> Reproduction:
    """Return how a table or figure of a paper is reproduced.

    Raises
    ------
    InputError : unknown paper, or table
    """
    made: Reproduction = REPRODUCTIONS[one_of("paper", paper, REPRODUCTIONS)].load(what)()
    return made
