"""Explanations of sound and face together, of either alone, and of neither."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.explain import write_explanation
from emospike.explain.crossing import crossing_of
from emospike.explain.figures.crossing import crossing_figure
from emospike.explain.figures.decision import decision_figure
from emospike.explain.figures.encoding import encoding_figure
from emospike.explain.figures.inputs import inputs_figure
from emospike.explain.figures.traffic import learning_figure, traffic_figure
from emospike.explain.plots.sound import encoding_plot
from emospike.features.openface import CHANNELS
from emospike.systems.baseline.model import Baseline


def test_page_and_pictures_of_both(seen, tmp_path):
    page, *pictures = write_explanation(seen, tmp_path)
    names = {path.stem for path in pictures}
    assert {"encoding-Mel", "encoding-ActionUnits", "reel", "inputs", "crossing", "traffic", "learning"} <= names
    html = page.read_text(encoding="utf-8")
    assert page.stat().st_size < 8_000_000
    assert 'class="missing"' not in html
    assert re.search(r"<h3>(Both senses decided|The (sound|face) decided): ", html)
    assert "the sound alone says" in html
    assert "Parts of the face</caption>" in html
    assert "What learning changed" in html
    assert "within the face" in html


def test_what_each_sense_says_and_takes_away(seen):
    assert list(seen.alone) == ["audio", "face"]
    assert all(sum(p.values()) == pytest.approx(1) for p in seen.alone.values())
    effects = {one.name: one.change for one in seen.senses}
    for_it = {sense: max(change, 0.0) for sense, change in effects.items()}
    total = sum(for_it.values())
    expected = {sense: one / total if total else 0.5 for sense, one in for_it.items()}
    assert seen.decision.share == pytest.approx(expected)


@pytest.mark.parametrize(("lacks", "there"), [("face", "sound"), ("sound", "face")])
def test_what_was_missing_is_said_first(both, tmp_path, lacks, there):
    clip = Clip(both.sound) if lacks == "face" else Clip(both.face)
    found = both.system.explain(clip)
    assert list(found.missing) == ["face" if lacks == "face" else "audio"]
    assert (found.head is None) == (lacks == "face")
    assert (found.sound.size == 0) == (lacks == "sound")
    names = {effect.name for effect in found.bands}
    assert ("brow" in names) == (lacks == "sound")
    assert ("200–400 Hz" in names) == (lacks == "face")
    html = write_explanation(found, tmp_path)[0].read_text(encoding="utf-8")
    said = f"Decided without the {lacks}, on the {there} alone: "
    assert html.index(said) < html.index("<h1>")
    why = next(iter(found.missing.values()))
    assert sum(why in text for text in re.findall(r"<p[^>]*>([^<]*)", html)) == 1
    assert 'class="shares"' not in html


@pytest.mark.parametrize(("modality", "sense"), [("audio", "audio"), ("face", "face")])
def test_one_sense_is_chosen(both, modality, sense):
    clip = Clip(both.sound, face=both.face)
    found = both.system.explain(clip, modality=modality)
    assert found.decision.share == {sense: 1.0}
    assert not found.missing
    assert not found.alone
    assert found.decision.probabilities == pytest.approx(both.system.explain(clip).alone[sense])


def test_the_evidence_of_another_class(both, seen):
    other = next(label for label in both.system.classes_ if label != seen.about)
    found = both.system.explain(Clip(both.sound, face=both.face), label=other)
    assert found.decision.label == seen.decision.label
    assert found.about == other
    for mine, theirs in zip(seen.bands, found.bands, strict=True):
        assert theirs.change == pytest.approx(-mine.change, abs=1e-6)  # of two classes


def test_neither_sense(tmp_path, both, write_face):
    nobody = write_face(tmp_path / "nobody.csv", lost=range(27))
    found = both.system.explain(Clip(nobody), modality="face")
    assert not found.decision.answered
    assert "no face" in found.decision.reason
    page, *pictures = write_explanation(found, tmp_path / "why")
    assert [path.stem for path in pictures] == ["decision"]
    assert "no face" in page.read_text(encoding="utf-8")


def test_a_system_without_spikes(both, tmp_path):
    folder = both.sound.parent
    clips = [Clip(folder / f"0-{i}.wav", face=folder / f"0-{i}.csv") for i in range(4)]
    system = Baseline.preset("ridge", 0, "both").fit(clips, ["high", "low"] * 2, list("abcd"))
    found = system.explain(clips[0])
    assert list(found.alone) == ["audio", "face"]
    assert "encoding-ActionUnits" in {path.stem for path in write_explanation(found, tmp_path)}


def test_every_action_unit_is_named_from_brow_to_jaw(seen):
    figure = encoding_figure(seen, "ActionUnits")
    figure.draw_without_rendering()
    feature = figure.axes[0]
    labels = feature.get_yticklabels()
    assert tuple(label.get_text() for label in labels) == tuple(one.name for one in CHANNELS)
    boxes = [label.get_window_extent() for label in labels]
    assert boxes[0].y0 > boxes[-1].y1
    assert not any(one.overlaps(other) for one, other in pairwise(boxes))
    assert "rate code" in [label.get_text() for label in figure.axes[1].get_yticklabels()]
    plot = encoding_plot(seen, "ActionUnits")
    assert plot["layout"]["yaxis1"]["autorange"] == "reversed"
    assert plot["layout"]["yaxis1"]["ticktext"] == [one.name for one in CHANNELS]
    assert plot["layout"]["coloraxis"]["cmin"] == 0


def figures(seen):
    yield decision_figure(seen)
    yield inputs_figure(seen)
    yield crossing_figure(crossing_of(seen))
    yield traffic_figure(seen.traffic, seen.regions)
    yield learning_figure(seen.learning, seen.regions)


@pytest.mark.parametrize("number", range(5))
def test_everything_lies_within_the_picture_and_names_do_not_touch(seen, number):
    figure = list(figures(seen))[number]
    figure.draw_without_rendering()
    room = figure.get_tightbbox()  # inches
    width, height = figure.get_size_inches()
    assert min(room.x0, room.y0) >= -0.02
    assert room.x1 <= width + 0.02
    assert room.y1 <= height + 0.02
    for axes in figure.axes:
        ticks = [label for label in axes.get_yticklabels() if label.get_text()]
        boxes = [text.get_window_extent() for text in (*ticks, *axes.texts) if text.get_text()]
        for i, box in enumerate(boxes):
            assert not any(box.shrunk(0.95, 0.9).overlaps(other.shrunk(0.95, 0.9)) for other in boxes[:i])


def test_a_share_that_speaks_against(seen):
    decision = replace(seen.decision, share={"audio": 0.0, "face": 1.0})
    figure = decision_figure(replace(seen, decision=decision))
    figure.draw_without_rendering()
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert "The face decided: 100 %, the sound 0 %" in titles


def test_real_recordings(ravdess, both, tmp_path):
    table = ravdess / "face" / "openface" / "01-01-03-01-02-02-12.csv.gz"
    found = both.system.explain(Clip(table))
    assert found.head is not None
    assert found.head.points.shape[1:] == (68, 2)
    assert np.ptp(found.head.points[found.head.found][..., 1]) * 10 > 1.0  # the face fills a tenth of the picture
    assert write_explanation(found, tmp_path)[0].stat().st_size < 8_000_000
