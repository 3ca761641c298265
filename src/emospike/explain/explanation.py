"""Explanation: a decision with what each part of the recording did to it, and the pictures that tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from emospike.decision import Decision
from emospike.explain.attribution import Attribution, select_strongest
from emospike.explain.html import Page
from emospike.explain.panel import Panel
from emospike.validation import one_of

SHOWN_IN_NOTEBOOKS = 3
"""Parts of each kind that a notebook shows."""


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

    def _repr_html_(self) -> str:
        """Show itself in a notebook: the decision, the parts that moved it most, and the first picture."""
        parts = [
            (one, kind) for kind, own in self.attributions.items() for one in select_strongest(own, SHOWN_IN_NOTEBOOKS)
        ]
        rows = "".join(
            f"<tr><td>{escape(one.name)}</td><td>{escape(kind)}</td><td>{one.change:+.2f}</td></tr>"
            for one, kind in sorted(parts, key=lambda pair: -abs(pair[0].change))
        )
        drawn = next(((panel, figure) for panel in self.panels if (figure := panel.figure()) is not None), None)
        return (
            f"{self.decision._repr_html_()}<table><tr><th>without</th><th></th>"
            f"<th>log-odds of {escape(self.target)} lost</th></tr>{rows}</table>"
            f"{Page().picture(drawn[1], drawn[0].alt) if drawn else ''}"
        )
