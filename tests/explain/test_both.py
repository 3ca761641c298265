"""Explanations of sound and face together, of either alone, and of neither."""

from __future__ import annotations

import re

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.explain import write_explanation
from emospike.systems.baseline.model import Baseline


def test_page_and_pictures_of_both(seen, tmp_path):
    page, *pictures = write_explanation(seen, tmp_path)
    names = {path.stem for path in pictures}
    assert {"contributions", "encoding-ActionUnits", "animation", "cross-modal", "region-flow", "learning"} <= names
    html = page.read_text(encoding="utf-8")
    assert page.stat().st_size < 8_000_000
    assert 'class="missing"' not in html
    assert re.search(r"<h2>(Both decided|The (sound|face) decided): ", html)
    assert "Parts of the face</caption>" in html
    assert "within the face" in html


def test_what_each_modality_says_and_takes_away(seen):
    panel = seen.panel("contributions")
    assert list(panel.alone) == ["audio", "face"]
    assert all(sum(p.values()) == pytest.approx(1) for p in panel.alone.values())
    for_it = {one.name: max(one.change, 0.0) for one in seen.attributions["modalities"]}
    total = sum(for_it.values())
    expected = {name: one / total if total else 0.5 for name, one in for_it.items()}
    assert seen.decision.share == panel.share == pytest.approx(expected)


@pytest.mark.parametrize(("lacks", "there"), [("face", "sound"), ("sound", "face")])
def test_what_was_missing_is_said_first(both, tmp_path, lacks, there):
    found = both.system.explain(Clip(both.sound) if lacks == "face" else Clip(both.face))
    missing = found.panel("decision").missing
    assert list(missing) == ["face" if lacks == "face" else "audio"]
    assert found.panel("animation").face.any() == (lacks == "sound")
    assert found.panel("animation").sound.any() == (lacks == "face")
    assert set(found.attributions) == {"audio" if lacks == "face" else "face", "moments", "regions"}
    html = write_explanation(found, tmp_path)[0].read_text(encoding="utf-8")
    said = f"Decided without the {lacks}, on the {there} alone: "
    assert html.index(said) < html.index("<h1>")
    why = next(iter(missing.values()))
    assert sum(why in text for text in re.findall(r"<p[^>]*>([^<]*)", html)) == 1
    assert 'class="shares"' not in html


@pytest.mark.parametrize("modality", ["audio", "face"])
def test_one_modality_is_chosen(both, seen, modality):
    found = both.system.explain(Clip(both.sound, face=both.face), modality=modality)
    assert found.decision.share == {modality: 1.0}
    assert not found.panel("decision").missing
    assert "modalities" not in found.attributions
    assert found.decision.probabilities == pytest.approx(seen.panel("contributions").alone[modality])


def test_the_evidence_of_another_class(both, seen):
    other = next(label for label in both.system.labels_ if label != seen.target)
    found = both.system.explain(Clip(both.sound, face=both.face), label=other)
    assert found.decision.label == seen.decision.label
    assert found.target == other
    for mine, theirs in zip(seen.attributions["audio"], found.attributions["audio"], strict=True):
        assert theirs.change == pytest.approx(-mine.change, abs=1e-6)  # of two classes


def test_neither_modality(tmp_path, both, write_face):
    nobody = write_face(tmp_path / "nobody.csv", lost=range(27))
    found = both.system.explain(Clip(nobody), modality="face")
    assert not found.decision.answered
    assert "no face" in found.decision.reason
    page, *pictures = write_explanation(found, tmp_path / "why")
    assert [path.stem for path in pictures] == ["decision"]
    assert "No face" in page.read_text(encoding="utf-8")


def test_a_system_without_spikes(both, tmp_path):
    folder = both.sound.parent
    clips = [Clip(folder / f"0-{i}.wav", face=folder / f"0-{i}.csv") for i in range(4)]
    system = Baseline.preset("ridge", 0, "both").fit(clips, ["high", "low"] * 2, list("abcd"))
    found = system.explain(clips[0])
    assert list(found.panel("contributions").alone) == ["audio", "face"]
    page, *pictures = write_explanation(found, tmp_path)
    assert "encoding-ActionUnits" in {path.stem for path in pictures}
    assert "Features of the recording" in page.read_text(encoding="utf-8")


def test_real_recordings(ravdess, both, tmp_path):
    table = ravdess / "face" / "openface" / "01-01-03-01-02-02-12.csv.gz"
    found = both.system.explain(Clip(table))
    panel = found.panel("animation")
    assert panel.face.shape[1:] == (68, 2)
    assert panel.seen.mean() > 0.9
    assert np.ptp(panel.face[panel.seen][..., 1]) > 500
    assert write_explanation(found, tmp_path)[0].stat().st_size < 8_000_000
