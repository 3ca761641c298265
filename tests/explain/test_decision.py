"""What is said of a decision: once each, and never more than is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emospike.decision import Decision
from emospike.explain.attribution import Attribution
from emospike.explain.html import Page
from emospike.explain.panels.contributions import ContributionsPanel
from emospike.explain.panels.decision import LONGEST, DecisionPanel
from emospike.explain.wording import percent, signed


@pytest.fixture
def panel(explanation) -> DecisionPanel:
    return explanation.panel("decision")


def test_it_says_what_is_decided_and_for_whom(panel):
    page = panel.html(Page())
    assert "<h1>Arousal: high</h1>" in page
    assert page.index("voice.wav") < page.index("<h1>")
    assert "Confidence 90 %, an answer needs 70 %" in page
    assert "Decided in 12 ms: features 10 ms, reservoir 2 ms." in page


def test_the_reason_is_told_less_what_stands_beside_it(panel):
    assert panel.remarks == "2% of the samples are clipped"
    missing = {"face": "no face in a.mp4; lost"}
    reason = f"confidence 0.90 reaches the threshold 0.70; sound alone: {missing['face']}"
    alone = replace(panel, decision=replace(panel.decision, reason=reason), missing=missing)
    assert alone.remarks == ""
    assert alone.lacks == ["Decided without the face, on the sound alone: no face in a.mp4; lost"]
    deaf = replace(panel.decision, answered=False, reason="don't know: no speech was heard: 3 dB")
    assert replace(panel, decision=deaf).remarks == "No speech was heard: 3 dB"


def test_an_unanswered_decision_says_so(panel):
    unsure = replace(panel, decision=replace(panel.decision, answered=False), threshold=0.95)
    assert unsure.headline == "Arousal: don't know"
    assert unsure.confidence == "Leaning to high, confidence 90 %, an answer needs 95 %"
    assert replace(unsure, task="").headline == "don't know"


def test_a_risk_that_no_threshold_keeps_is_drawn(panel):
    never = replace(panel, decision=replace(panel.decision, answered=False), threshold=float("inf"))
    assert never.confidence == "Leaning to high, confidence 90 %, an answer needs more than any confidence"
    assert "--value:1.0000" in never.html(Page())
    assert never.figure().axes


def test_the_recording_is_played_where_it_is_short(panel):
    assert 'src="data:audio/flac;base64,ZkxhQ' in panel.html(Page())  # fLaC
    long = panel.sound.repeat(1 + int(LONGEST * 16_000 / len(panel.sound)))
    assert "<audio" not in replace(panel, sound=long).html(Page())
    assert "<audio" not in replace(panel, sound=None).html(Page())


def test_which_modality_decided():
    alone = {"audio": {"low": 0.3, "high": 0.7}, "face": {"low": 0.9, "high": 0.1}}
    panel = ContributionsPanel({"audio": 0.1, "face": 0.9}, [], alone, "low")
    assert panel.title == "The face decided: 90 %, the sound 10 %"
    assert replace(panel, share={"audio": 0.6, "face": 0.4}).title == "Both decided: the sound 60 %, the face 40 %"
    assert "the sound alone says high (70 %), the face alone says low (90 %)" in panel.alt


def test_numbers_do_not_claim_certainty():
    assert percent(1.0) == "100 %"
    assert percent(0.9999) == ">99.9 %"
    assert percent(0.0001) == "<0.1 %"
    assert signed(-1e-9) == "0.00"


def test_nothing_to_decide_on_is_still_drawn():
    nobody = Decision("high", {"high": 0.5, "low": 0.5}, 0.5, False, "don't know: no face in a.mp4", {}, {})
    panel = DecisionPanel("a.mp4", nobody, 0.7)
    assert panel.remarks == "No face in a.mp4"
    assert panel.figure().axes


def test_a_notebook_shows_what_moved_it_most_and_no_markup_of_names(explanation):
    odd = [Attribution("<b>0-50 Hz</b>", -9.0), Attribution("a whisper", 0.001)]
    many = [Attribution(f"band {number}", 1.0) for number in range(3)]
    shown = replace(explanation, attributions={"audio": [*odd, *many]})._repr_html_()
    assert shown.startswith(explanation.decision._repr_html_())
    assert "<td>&lt;b&gt;0-50 Hz&lt;/b&gt;</td><td>audio</td><td>-9.00</td>" in shown
    assert "<b>" not in shown
    assert "a whisper" not in shown
    assert 'src="data:image/png;base64,' in shown
    assert "<img" not in replace(explanation, panels=())._repr_html_()
