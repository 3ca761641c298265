"""Two clips side by side."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.explain import Explanation, write_comparison
from emospike.explain.panels.comparison import FIRING, PairsPanel, compare, pair_attributions
from emospike.validation import InputError


@pytest.fixture(scope="module")
def heard(both, seen):
    """The same recording without its face, its evidence that of the same class."""
    return both.system.explain(Clip(both.sound), label=seen.target)


def test_two_clips_in_one_page(seen, heard, tmp_path):
    page, *pictures = write_comparison(seen, heard, tmp_path)
    assert [path.stem for path in pictures] == ["decisions", "attributions", "interactions"]
    html = page.read_text(encoding="utf-8")
    assert page.stat().st_size < 8_000_000
    assert html.count("<h1>") == html.count("<audio") == 2
    assert html.count('class="shares"') == 1
    assert "Decided without the face" in html
    assert f"What speaks for “{seen.target}”" in html
    assert "<title>new.wav and new.wav</title>" in html
    plots = json.loads(re.search(r'id="plots">(.*?)</script>', html, re.DOTALL)[1])
    assert [view["name"] for view in plots["interactions"]] == ["A − B", "A: new.wav", "B: new.wav"]


def test_parts_that_a_clip_lacks_are_left_open(seen, heard):
    pairs = pair_attributions(seen, heard)
    assert next(iter(pairs)) == "Modalities"
    assert list(pairs)[-1] == "Brain regions"
    assert all(np.isnan(other) for _, _, other in pairs["Parts of the face"])
    name, _, other = pairs["Bands and contours"][0]
    assert other == {one.name: one.change for one in heard.attributions["audio"]}[name]


def test_rates_are_spikes_a_second_and_neuron(both, seen, heard):
    panel = next(one for one in compare(seen, heard) if isinstance(one, PairsPanel))
    names = [both.system.template_.regions[i][:-2] for i in both.system.template_.region]
    raster = seen.panel("raster")
    spikes = sum(names.count(name) * rate for name, rate, _ in panel.kinds[FIRING]) * raster.seconds
    assert spikes == pytest.approx(len(raster.rasters[-1].spikes))
    assert FIRING in panel.alt


def test_differences(seen, heard):
    *_, panel = compare(seen, heard)
    apart, first, second = panel.views
    np.testing.assert_allclose(apart.strength, first.strength - second.strength)
    assert first.scale == second.scale
    assert apart.difference
    assert len(panel.figure().axes) == 3
    assert "compare the clips with each other" in panel.caption


def test_attributions_of_different_classes_are_refused(seen, tmp_path):
    with pytest.raises(InputError, match="attributions of one class"):
        write_comparison(seen, replace(seen, target="other"), tmp_path)


def test_a_system_without_a_network(explanation, tmp_path):
    one = explanation
    panels = [one.panel("decision"), one.panel("occlusion")]
    plain = Explanation(one.name, one.decision, 0.7, one.task, one.target, one.attributions, panels)
    _, *pictures = write_comparison(plain, plain, tmp_path)
    assert [path.stem for path in pictures] == ["decisions", "attributions"]
