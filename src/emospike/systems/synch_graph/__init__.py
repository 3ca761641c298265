"""Synch-Graph: a graph of which neurons of two senses fire together is classified."""

from __future__ import annotations

from emospike.systems.info import PublishedSplit, SystemInfo

SYSTEM = SystemInfo(
    name="synch_graph",
    model=f"{__name__}.model:SynchGraph",
    what="Features -> Poisson spikes -> two groups that hear each other -> graph of synchrony -> graph convolution.",
    presets=f"{__name__}.presets:PRESETS",
    paper="Mansouri-Benssassi and Ye 2020, AAAI",
    claim="0.983 by both: emotions, RAVDESS, random split, test labels in the graph",
    split=PublishedSplit(
        "LEAKY, as in the Synch-Graph paper: 60 % train, 20 % validate and 20 % test, at random, in one graph whose "
        "edges join recordings of the same label; so test speakers also train, test recordings are there in training, "
        "and their labels are in the graph that decides on them",
        "emospike.datasets:random_split",
        {"validation": 0.2},
        transductive=True,
    ),
    reproductions={name: f"{__name__}.paper:{name}" for name in ("table1", "table3", "figure3", "figure4")},
    steps={"pathway": "emospike.systems.pathways:Pathway"},
    rank=2,
)
