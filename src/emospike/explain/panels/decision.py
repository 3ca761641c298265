"""The decision: what is decided, the answer, its confidence beside the threshold, all probabilities, its time."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32

from emospike.decision import Decision, verdict
from emospike.explain import html
from emospike.explain.html import Page
from emospike.explain.panel import Panel
from emospike.explain.style import AGAINST, FAINT, FOR, INK, LARGE, MUTED, NORMAL, SMALL, new_figure, tidy
from emospike.explain.wording import WORDS, cut, milliseconds, percent, say_answer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

LONGEST = 30.0
"""Seconds of sound that a page holds itself."""


@dataclass(frozen=True, eq=False)
class DecisionPanel(Panel):
    """What was decided.

    Attributes
    ----------
    clip : its name
    decision, threshold : what was decided, and the confidence that an answer needs
    task : what is decided, such as ``"arousal"``; empty if unknown
    missing : why a modality that the system has is not there, in words
    sound : of the recording, 16 kHz, to be played; None where it has none
    """

    clip: str
    decision: Decision
    threshold: float
    task: str = ""
    missing: Mapping[str, str] = field(default_factory=dict)
    sound: Float32[np.ndarray, " samples"] | None = None

    name = "decision"
    title = ""
    caption = (
        "Probabilities are calibrated. The confidence is the largest of them; below the threshold the answer is “don't "
        "know”."
    )

    @property
    def headline(self) -> str:
        """What is decided, and the answer."""
        return say_answer(self.decision, self.task)

    @property
    def confidence(self) -> str:
        """The confidence beside what an answer needs."""
        what = "Confidence" if self.decision.answered else f"Leaning to {self.decision.label}, confidence"
        needs = percent(self.threshold) if self.threshold <= 1 else "more than any confidence"
        return f"{what} {percent(self.decision.confidence)}, an answer needs {needs}"

    @property
    def mark(self) -> float:
        """Where the threshold is drawn; at the end where none is high enough."""
        return min(self.threshold, 1.0)

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Labels and probabilities, the most probable first."""
        return sorted(self.decision.probabilities.items(), key=lambda item: -item[1])

    @property
    def lacks(self) -> list[str]:
        """What the decision had to do without, and why, a line for each modality."""
        there = " and ".join(WORDS[one] for one in self.decision.share)
        return [f"Decided without the {WORDS[one]}, on the {there} alone: {why}" for one, why in self.missing.items()]

    @property
    def remarks(self) -> str:
        """The reason of the decision, less what is told beside it."""
        reason, there = self.decision.reason, " and ".join(WORDS[one] for one in self.decision.share)
        for why in self.missing.values():
            reason = reason.replace(f"{there} alone: {why}", "")
        shares = ", ".join(f"{WORDS[one]} {part:.0%}" for one, part in self.decision.share.items())
        told = {"", shares, verdict(self.decision.confidence, self.threshold)[1]}
        rest = [part for part in reason.split("; ") if part not in told]
        text = "; ".join(rest).removeprefix("don't know: ")
        return text[:1].upper() + text[1:]

    @property
    def time(self) -> str:
        """How long each stage took, the longest first."""
        seconds = sorted(self.decision.seconds.items(), key=lambda item: -item[1])
        stages = ", ".join(f"{stage} {milliseconds(spent)}" for stage, spent in seconds)
        return f"Decided in {milliseconds(sum(self.decision.seconds.values()))}: {stages}." if seconds else ""

    @property
    def alt(self) -> str:
        """The decision in one sentence."""
        others = ", ".join(f"{label} {percent(p)}" for label, p in self.ranked)
        return f"Decision on {self.clip}: {self.headline}; {self.confidence}. Probabilities: {others}."

    # -- the page ----------------------------------------------------------------------------------------------

    def html(self, page: Page) -> str:
        """Return the clip, what was missing, the answer, a player, the gauge, and all probabilities."""
        played = self.sound is not None and len(self.sound) <= LONGEST * html.SAMPLES
        return "\n".join(
            [
                f'<p class="clip">{escape(self.clip)}</p>',
                *(f'<p class="missing">{escape(line)}</p>' for line in self.lacks),
                f"<h1>{escape(self.headline)}</h1>",
                html.play(self.sound) if played and self.sound is not None else "",
                self._gauge(),
                f"<p>{escape(self.remarks)}</p>" if self.remarks else "",
                html.tabulate_fractions("Probability of each class", self.ranked, self.decision.label),
                html.note(self.time) if self.time else "",
            ]
        )

    def _gauge(self) -> str:
        """Return the confidence as a bar, with a mark at the threshold."""
        return "\n".join(
            [
                f"<p>{escape(self.confidence)}.</p>",
                f'<div class="gauge{"" if self.decision.answered else " unanswered"}" role="img" '
                f'aria-label="{escape(self.alt)}">',
                f'<div class="fill" style="--value:{self.decision.confidence:.4f}"></div>',
                f'<div class="mark" style="--value:{self.mark:.4f}"></div>',
                f'<div class="name" style="--value:{self.mark:.4f}">threshold</div></div>',
                '<div class="scale" aria-hidden="true"><span>0</span><span>50 %</span><span>100 %</span></div>',
            ]
        )

    # -- the picture -------------------------------------------------------------------------------------------

    @property
    def height(self) -> float:
        """How tall the picture is, inches."""
        return 2.7 + 0.28 * len(self.decision.probabilities)

    def figure(self) -> Figure:
        """Return the headline and the gauge above bars of all probabilities."""
        figure = new_figure(8, self.height)
        self.draw(figure)
        return figure

    def draw(self, figure: Figure | SubFigure) -> None:
        """Draw the decision into a figure, or into a part of one."""
        rows = len(self.decision.probabilities)
        heights = [0.8, 0.6, 0.4 + 0.28 * rows]
        grid = figure.add_gridspec(3, 1, height_ratios=heights)
        head, gauge, bars = (figure.add_subplot(grid[i, 0]) for i in range(3))
        self._draw_head(head)
        self._draw_gauge(gauge)
        colours = [FOR if name == self.decision.label else MUTED for name, _ in self.ranked]
        drawn = bars.barh(range(rows), [p for _, p in self.ranked], color=colours, height=0.62)
        bars.bar_label(drawn, [percent(p) for _, p in self.ranked], padding=3, fontsize=SMALL, color=INK)
        bars.set_yticks(range(rows), [cut(name, 22) for name, _ in self.ranked])
        bars.set(xlim=(0, 1.1), xticks=[], ylim=(rows - 0.4, -0.6))
        tidy(bars, "Probability of each class", textwrap.fill(self.time, 115))
        bars.xaxis.label.set(ha="left", x=0.0)
        bars.spines["bottom"].set_visible(False)

    def _draw_head(self, axes: Axes) -> None:
        """Write the answer, the clip's name and what should be known."""
        axes.axis("off")
        said = textwrap.fill(cut("; ".join(filter(None, [*self.lacks, self.remarks])), 210), 110)
        texts = [
            axes.text(0, 1, cut(self.headline, 30), fontsize=LARGE, fontweight="bold", color=INK, va="top"),
            axes.text(1, 1, cut(self.clip, 60), fontsize=SMALL, color=MUTED, va="top", ha="right"),
            axes.text(0, 0.3, said, fontsize=NORMAL, color=MUTED, va="top"),
        ]
        for text in texts:  # beside or below the axes at worst, never the reason to shrink them
            text.set_in_layout(False)

    def _draw_gauge(self, axes: Axes) -> None:
        """Draw the confidence as a bar from 0 to 1, and the threshold as a mark across it."""
        axes.barh(0, 1, color=FAINT, height=0.5)
        axes.barh(0, self.decision.confidence, color=FOR if self.decision.answered else MUTED, height=0.5)
        axes.plot([self.mark] * 2, [-0.42, 0.42], color=AGAINST, linewidth=2.5, solid_capstyle="butt")
        axes.annotate("threshold", (self.mark, 0.42), (self.mark, 0.52), ha="center", fontsize=SMALL, color=AGAINST)
        axes.set(xlim=(-0.002, 1.002), ylim=(-0.45, 0.95), yticks=[])
        tidy(axes, self.confidence)
        axes.spines["left"].set_visible(False)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
