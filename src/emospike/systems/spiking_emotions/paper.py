"""Table I and Figures 2 and 3 of Spiking Emotions, and how early its votes are settled.

Wang et al. 2022, "Spiking Emotions: Dynamic Vision Emotion Recognition Using Spiking Neural Networks", CEUR-WS 3331.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Shaped

from emospike.clip.batch import map_clips
from emospike.datasets import Dataset
from emospike.networks.plif_net import Seen
from emospike.progress import tell_share
from emospike.readout.early import Votes, accuracy_by_step, count_votes, latency_curve
from emospike.readout.readout import ScoreReadout
from emospike.systems.paper import Answer, Claim, Found, Reproduction, Split, Trial
from emospike.systems.spiking_emotions.model import SpikingEmotions
from emospike.systems.spiking_emotions.voters import VoteReadout

SOURCE = "Wang et al. 2022 (CEUR-WS 3331)"

NOTES = (
    "the paper's 402 test clips of CMU-MOSI (positive or negative) are not at hand: these are happy or sad recordings, "
    "their faces drawn from tracked points; differences of a few points are noise in the paper and here",
    "the network is ours in size (32 x 32, 16 steps, 16 filters); each row changes what the paper's row changes",
)

ROWS: Mapping[str, tuple[float, dict[str, Any]]] = {
    "PLIF-Fang": (0.6169, {"pooling": "max", "threshold": 1.0}),
    "ANN counterpart": (0.6517, {"spiking": False}),
    "baseline SNN (LIF)": (0.6169, {"learn_tau": False, "threshold": 1.0}),
    "PLIF SNN": (0.6343, {"threshold": 1.0}),
    "0.8SNN": (0.6468, {"threshold": 0.8}),
    "0.4SNN": (0.6542, {"threshold": 0.4}),
    "mpSNN (max pooling)": (0.6343, {"threshold": 0.4, "pooling": "max"}),
    "pureSNN (no first frame)": (0.6517, {"threshold": 0.4, "float_first": False}),
}
"""The paper's accuracy, and what each row changes. Fang's network also has more blocks and dropout."""

AGAINST = {
    "0.4SNN": ("ANN counterpart", "PLIF SNN"),
    "PLIF SNN": ("baseline SNN (LIF)",),
    "mpSNN (max pooling)": ("0.4SNN",),
    "pureSNN (no first frame)": ("0.4SNN",),
}
"""What the paper compares each row with."""


def make_untrained(
    seed: int, epochs: int | None = None, *, float_first: bool = True, **network: Any
) -> SpikingEmotions:
    """Return a system in which some things are changed."""
    made = SpikingEmotions.preset("default", seed)
    training = made.training if epochs is None else replace(made.training, epochs=epochs)
    return made.set_params(
        camera=replace(made.camera, float_first=float_first),
        network=replace(made.network, **network),
        training=training,
    )


def train_network(split: Split, **changes: Any) -> SpikingEmotions:
    """Return that system with one network, trained on the training part of a split; its votes are not calibrated."""
    from emospike.networks.torch.plif import train as train_plif

    system, train = make_untrained(split.seed, **changes), split.train
    told = tell_share(split.progress, len(train))
    system.labels_ = train.classes
    network = train_plif(
        system.network,
        perceive_events(system, train),
        number_classes(system, train),
        len(system.labels_),
        training=system.training,
        seed=split.seed,
        progress=lambda epoch, epochs: told(epoch / epochs),
    )
    system.voters_ = VoteReadout(system.network, [network], system.lead, ScoreReadout())
    return system


def perceive_events(system: SpikingEmotions, dataset: Dataset) -> Seen:
    """Return what the network sees of each recording."""
    return np.stack(list(map_clips(lambda _, clip: system.events(system.perceive(clip)), dataset.clips(), "events")))


def name_classes(system: SpikingEmotions, votes: Votes, lead: float | None = None) -> Shaped[np.ndarray, " clips"]:
    """Return the class with most votes, as the paper decides: nothing is calibrated."""
    best = count_votes(votes, lead).argmax(axis=1)
    return np.array([system.labels_[i] for i in best])


def number_classes(system: SpikingEmotions, dataset: Dataset) -> Any:
    """Return the index of each recording's class."""
    return np.searchsorted(system.labels_, dataset.labels)


# -- Table I ---------------------------------------------------------------------------------------------------


def table1() -> Reproduction:
    """Table I: neurons, thresholds, pooling, the first frame, and the network without spikes."""
    trials = []
    for what, (paper, changes) in ROWS.items():
        claim = Claim(what, {"vote": paper}, against=AGAINST.get(what, ()))
        trials.append(Trial((claim,), _describe_settings(changes), _answer_by_vote(what, changes)))
    return _describe("Neurons, thresholds and pooling", "Table I", trials)


def _answer_by_vote(what: str, changes: Mapping[str, Any]) -> Answer:
    def answer(split: Split) -> Found:
        system = train_network(split, **changes)
        return Found({what: {"vote": name_classes(system, system.votes(perceive_events(system, split.test)))}})

    return answer


# -- Figure 2 --------------------------------------------------------------------------------------------------

PHASES: Mapping[str, dict[str, Any]] = {
    "before training, spikes alone": {"epochs": 0, "float_first": False},
    "during training, spikes alone": {"epochs": 8, "float_first": False},
    "after training, spikes alone": {"float_first": False},
    "after training, first frame as floats": {},
}


def figure2() -> Reproduction:
    """Figure 2: accuracy and loss on the test set, step by step, before, during and after training."""
    trials = [
        Trial((Claim(what),), _describe_settings(changes), _answer_by_step(what, changes))
        for what, changes in PHASES.items()
    ]
    return _describe("Accuracy and loss over the steps", "Figure 2", trials, figure="steps")


def _answer_by_step(what: str, changes: Mapping[str, Any]) -> Answer:
    def answer(split: Split) -> Found:
        system = make_newborn(split, **changes) if changes.get("epochs") == 0 else train_network(split, **changes)
        votes = system.votes(perceive_events(system, split.test))
        accuracy, loss = accuracy_by_step(votes, number_classes(system, split.test))
        curves = {what: {"accuracy": accuracy.tolist(), "loss": loss.tolist()}}
        return Found({what: {"vote": name_classes(system, votes)}}, curves)

    return answer


def make_newborn(split: Split, **changes: Any) -> SpikingEmotions:
    """Return a system whose network has learnt nothing."""
    system = make_untrained(split.seed, **(changes | {"epochs": None}))
    system.labels_ = split.train.classes
    from emospike.networks.torch.plif import PlifNetwork

    network = PlifNetwork.build(system.network, len(system.labels_), split.seed)
    system.voters_ = VoteReadout(system.network, [network], system.lead, ScoreReadout())
    return system


# -- Figure 3 --------------------------------------------------------------------------------------------------

SAMPLES = {"a clip decided rightly": True, "a clip decided wrongly": False}


def figure3() -> Reproduction:
    """Figure 3: potentials and spikes of the voting neurons, for a clip decided rightly and one decided wrongly."""
    claims = tuple(Claim(what) for what in SAMPLES)
    trial = Trial(claims, _describe_settings({}), _answer_by_voter)
    return _describe("What the voters do", "Figure 3", [trial], figure="voters", protocols=("random",))


def _answer_by_voter(split: Split) -> Found:
    system = train_network(split)
    looks = perceive_events(system, split.test)
    votes = system.votes(looks)
    decided = name_classes(system, votes)
    right = decided == split.test.labels
    curves = {}
    for what, wanted in SAMPLES.items():
        chosen = np.flatnonzero(right == wanted)
        if len(chosen):
            watched = system.voters_.networks[0].measure(looks[chosen[0]])
            curves[what] = {
                f"{kind} {voter:02d}": line.tolist()
                for kind, lines in (("potential", watched.potentials), ("spikes", watched.spikes))
                for voter, line in enumerate(lines.T)
            }
    return Found({what: {"vote": decided} for what in SAMPLES}, curves)


# -- how early -------------------------------------------------------------------------------------------------

LEADS = {"all steps": None, "lead 5": 5.0, "lead 2": 2.0, "lead 1": 1.0, "lead 0.5": 0.5}
"""Ways to decide: how far the first class must lead for counting to stop."""


def latency() -> Reproduction:
    """Return how accuracy grows with the steps that are waited for."""
    what = "one network"
    trial = Trial((Claim(what),), _describe_settings({}), _answer_early(what))
    made = _describe("Deciding as soon as the vote is settled", "early decision", [trial], figure="latency")
    return replace(made, columns=tuple(LEADS))


def _answer_early(what: str) -> Answer:
    def answer(split: Split) -> Found:
        system = train_network(split)
        votes = system.votes(perceive_events(system, split.test))
        rows = latency_curve(votes, number_classes(system, split.test))
        curves = {what: {name: [row[name] for row in rows] for name in ("steps", "accuracy")}}
        return Found({what: {name: name_classes(system, votes, lead) for name, lead in LEADS.items()}}, curves)

    return answer


def _describe_settings(changes: Mapping[str, Any]) -> str:
    """Return everything that decides the numbers, in text."""
    return repr(make_untrained(0)) + repr(sorted(changes.items()))


def _describe(title: str, where: str, trials: Sequence[Trial], **more: Any) -> Reproduction:
    return Reproduction(
        title,
        f"{SOURCE}, {where}",
        tuple(trials),
        ("vote",),
        labels="arousal",
        modality="face",
        notes=NOTES,
        **more,
    )
