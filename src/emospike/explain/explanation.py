"""Explanation: a decision with what each part of the recording did to it, and the pictures that tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emospike.decision import Decision
from emospike.explain.attribution import Attribution
from emospike.explain.panel import Panel
from emospike.validation import one_of


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a system decided as it did on one clip; computed once, by the system itself.

    Attributes
    ----------
    name : the clip's name
    decision, threshold : what was decided, and the confidence that an answer needs
    task : what is decided, as the model's card names its labels: ``"arousal"``, ``"emotion"``; empty if unknown
    target : the class whose log-odds the attributions are of
    attributions : by kind of part: ``"modalities"``, those of each modality (``"audio"``: bands and contours,
        ``"face"``: its parts, ``"eeg"``), ``"moments"``, ``"face moments"`` where a film is one of several senses,
        ``"regions"`` of the brain; a system has those that it can leave out
    panels : the pictures, in the order of the page
    """

    name: str
    decision: Decision
    threshold: float
    task: str
    target: str
    attributions: Mapping[str, Sequence[Attribution]] = field(default_factory=dict)
    panels: Sequence[Panel] = ()

    def panel(self, name: str) -> Panel:
        """Return the panel of this name; `InputError` names those that there are."""
        by_name = {panel.name: panel for panel in self.panels}
        return by_name[one_of("panel", name, by_name)]
