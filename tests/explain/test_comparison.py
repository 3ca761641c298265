from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from emospike.explain.comparison import difference_views, effect_pairs, rate_pairs

from emospike.clip import Clip
from emospike.explain import write_comparison
from emospike.systems.base import Explanation
from emospike.validation import InputError


@pytest.fixture(scope="module")
def heard(both, seen):
    """The same recording without its face, its evidence that of the same class."""
    return both.system.explain(Clip(both.sound), label=seen.about)


def test_two_clips_in_one_page(seen, heard, tmp_path):
    page, *pictures = write_comparison(seen, heard, tmp_path)
    assert [path.stem for path in pictures] == ["decisions", "effects", "network"]
    html = page.read_text(encoding="utf-8")
    assert page.stat().st_size < 8_000_000
    assert html.count("<h1>") == 2
    assert html.count('class="shares"') == 1
    assert "Decided without the face" in html
    assert f"What speaks for “{seen.about}”" in html
    plots = json.loads(re.search(r'id="plots">(.*?)</script>', html, re.DOTALL)[1])
    assert [view["name"] for view in plots["network"]] == ["A − B", "B: new.wav", "A: new.wav"]


def test_parts_that_a_clip_lacks_are_left_open(seen, heard):
    pairs = dict(effect_pairs(seen, heard))
    assert next(iter(pairs)) == "Senses"
    assert list(pairs)[-1] == "Brain regions"
    assert all(np.isnan(other) for _, _, other in pairs["Parts of the face"])
    band = pairs["Bands and contours"][0][0]
    found = {one.name: one.change for one in heard.bands}
    assert next(other for name, _, other in pairs["Bands and contours"] if name == band) == found[band]


def test_rates_are_spikes_a_second_and_neuron(seen, heard):
    pairs = rate_pairs(seen, heard)
    neurons = [sum(seen.regions[i][:-2] == name for i in seen.region) for name, *_ in pairs]
    seconds = seen.activity.steps / 100
    assert sum(n * rate for n, (_, rate, _) in zip(neurons, pairs, strict=True)) * seconds == pytest.approx(
        len(seen.activity)
    )


def test_differences(seen, heard):
    first, second, apart = difference_views(seen, heard)
    np.testing.assert_allclose(apart.counts, first.counts - second.counts)
    assert first.scale == second.scale
    assert apart.difference


def test_effects_of_different_classes_are_refused(seen, tmp_path):
    with pytest.raises(InputError, match="effects of one class"):
        write_comparison(seen, replace(seen, target="other"), tmp_path)


def test_a_system_without_a_network(explanation, tmp_path):
    one = explanation
    plain = Explanation(one.name, one.decision, 0.7, one.series, one.bands, one.moments)
    _, *pictures = write_comparison(plain, plain, tmp_path)
    assert [path.stem for path in pictures] == ["decisions", "effects"]
