from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from emospike.activity import Activity
from emospike.explain import write_explanation
from emospike.series import Series
from emospike.spikes import Spikes
from emospike.systems.base import Decision, Effect, Explanation
from emospike.validation import InputError


class Tags(HTMLParser):
    """All tags with their attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.raw: list[tuple[str, dict, str]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] in ("script", "style"):
            self.raw.append((*self.tags[-1], data))


@pytest.fixture(scope="module")
def written(explanation, tmp_path_factory):
    return write_explanation(explanation, tmp_path_factory.mktemp("explained") / "new" / "folder")


@pytest.fixture(scope="module")
def html(written):
    return written[0].read_text(encoding="utf-8")


def scripts(page: str) -> list[str]:
    """Every script that runs."""
    return re.findall(r"<script>(.*?)</script>", page, re.DOTALL)


def plots(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="plots">(.*?)</script>', page, re.DOTALL)

    def refuse(constant):
        raise ValueError(f"{constant} is no JSON")

    return json.loads(found[1], parse_constant=refuse)


def test_every_figure_is_a_described_png(written):
    names = ["decision", "effects", "encoding-Mel", "reel", "inputs", "cube", "network"]
    assert [path.name for path in written] == ["index.html", *(f"{name}.png" for name in names)]
    for path in written[1:]:
        image = Image.open(path)
        image.verify()
        assert image.format == "PNG"
        assert len(image.info["Description"]) > 20
        assert np.ptp(np.asarray(Image.open(path).convert("L"))) > 100  # something is drawn


def test_no_temporary_file_is_left(written):
    assert {path.name for path in written[0].parent.iterdir()} == {path.name for path in written}


def test_page_is_small_and_loads_nothing(written, html):
    assert written[0].stat().st_size < 8_000_000
    for tag, attrs in Tags(html).tags:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            assert attrs.get(name, "data:").startswith("data:"), (tag, attrs)
    style = "".join(text for tag, _, text in Tags(html).raw if tag == "style")
    assert "@import" not in style
    assert "url(" not in style


def test_policy_allows_exactly_the_scripts_of_the_page(html):
    policy = next(attrs["content"] for tag, attrs in Tags(html).tags if attrs.get("http-equiv"))
    assert policy.startswith("default-src 'none'; ")
    allowed = re.findall(r"'sha256-([^']+)'", policy)
    found = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts(html)]
    assert allowed == found
    assert len(found) == 2
    assert "unsafe-eval" not in policy
    assert "http" not in policy


def test_every_picture_has_words(html):
    described = [attrs for tag, attrs in Tags(html).tags if attrs.get("role") == "img"]
    assert len(described) == 7  # gauge, moments, brain, clock, encoding, cube, network
    assert all(len(attrs["aria-label"]) > 30 for attrs in described)
    assert all(attrs["alt"] for tag, attrs in Tags(html).tags if tag == "img")


def test_page_tells_the_decision_and_how_it_was_measured(html, explanation):
    for text in ("<h1>high</h1>", "90 %", "70 %", "reaches the threshold", "Leave-one-out", "10 ms", "reservoir"):
        assert text in html
    strongest = max(explanation.bands, key=lambda effect: effect.change).name
    assert html.index("Frequency bands</caption>") < html.index(f'<th scope="row">{strongest}')


def test_effects_are_sorted(html, explanation):
    table = html[html.index("Brain regions (12 strongest of 18)</caption>") :]
    values = re.findall(r'class="number">([^<]+)<', table[: table.index("</table>")])
    numbers = [float(value.replace("−", "-")) for value in values]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 12


def test_plots_are_complete(html, explanation):
    found = plots(html)
    assert set(found) == {"moments", "brain", "clock", "encoding0", "cube", "network"}
    assert found["network"][0]["name"] == "This clip"
    assert len(found["network"]) == 1 + 2 * 2
    raster = found["encoding0"]["data"][1]["z"]
    dense = np.frombuffer(base64.b64decode(raster["bdata"]), np.int8 if raster["dtype"] == "i1" else np.float32)
    assert np.abs(dense).sum() == len(explanation.spikes)
    names = [trace["name"] for trace in found["cube"]["data"] if "name" in trace]
    assert names[:4] == ["A1 L", "A1 R", "STS L", "STS R"]
    assert names[-1] == "sites of the sound"


def test_markup_in_names_is_shown_and_not_run(explanation, tmp_path):
    nasty = "<script>alert(1)</script> $x_$ &amp; " + "x" * 80
    decision = Decision(nasty, {nasty: 1.0}, 1.0, True, nasty, {}, {nasty: 1.0})
    odd = replace(explanation, name=nasty, decision=decision, class_interactions={nasty: explanation.interactions})
    page = write_explanation(odd, tmp_path)[0].read_text(encoding="utf-8")
    assert len(scripts(page)) == 2
    assert "<script>alert" not in page
    assert plots(page)["network"][1]["name"] == f"Mean of “{nasty}” clips"


def quiet(explanation: Explanation) -> Explanation:
    """Nothing fires, nothing changes."""
    dense = np.zeros((len(explanation.series["Mel"]), len(explanation.spikes.channels)), np.int8)
    spikes = Spikes.from_dense(dense, 100.0, explanation.spikes.channels)
    activity = Activity(spikes, np.empty(0, np.int32), np.empty(0, np.int32), explanation.activity.neurons)
    still = 0 * explanation.interactions
    effects = {
        kind: [Effect(e.name, 0.0) for e in getattr(explanation, kind)] for kind in ("bands", "moments", "areas")
    }
    return replace(
        explanation, spikes=spikes, activity=activity, interactions=still, class_interactions={"low": still}, **effects
    )


def one_class(explanation: Explanation) -> Explanation:
    decision = Decision("only", {"only": 1.0}, 1.0, True, "")
    return replace(explanation, decision=decision, threshold=0.0, class_interactions={"only": explanation.interactions})


def without_network(explanation: Explanation) -> Explanation:
    one = explanation
    return Explanation(one.name, replace(one.decision, answered=False), 0.95, one.series, one.bands, one.moments)


def without_effects(explanation: Explanation) -> Explanation:
    return replace(explanation, bands=[], moments=[], areas=[], class_interactions={}, decoded={})


def single_effects(explanation: Explanation) -> Explanation:
    one = [Effect("everything", -1.5)]
    return replace(explanation, bands=one, moments=one, areas=one)


def one_step(explanation: Explanation) -> Explanation:
    series = Series(np.zeros((1, 1), np.float32), 100.0, ("x",))
    spikes = Spikes.from_dense(np.ones((1, 1), np.int8), 100.0, ("x",))
    return replace(explanation, series={"a/b": series}, decoded={"a/b": (series, np.inf)}, spikes=spikes)


def two_features_of_one_long_clip(explanation: Explanation) -> Explanation:
    rng = np.random.default_rng(0)
    long = {
        name: Series(rng.normal(size=(20_000, 30)).astype(np.float32), 100.0, tuple(f"{name} {i}" for i in range(30)))
        for name in ("mfcc", "jaw")
    }
    channels = tuple(name for one in long.values() for name in one.channels)
    dense = rng.integers(-1, 2, (20_000, 60), np.int8)
    return replace(explanation, series=long, decoded={}, spikes=Spikes.from_dense(dense, 100.0, channels))


EDGES = [
    quiet,
    one_class,
    without_network,
    without_effects,
    single_effects,
    one_step,
    two_features_of_one_long_clip,
]


@pytest.mark.parametrize("edge", EDGES)
def test_odd_explanations_are_drawn(edge, explanation, tmp_path, recwarn):
    one = edge(explanation)
    written = write_explanation(one, tmp_path)
    for path in written[1:]:
        Image.open(io.BytesIO(path.read_bytes())).load()
    page = written[0].read_text(encoding="utf-8")
    drawn = {attrs["data-plot"] for _, attrs in Tags(page).tags if "data-plot" in attrs}
    assert drawn == set(plots(page))
    assert len(page) < 8_000_000
    assert not [str(warning.message) for warning in recwarn]


def test_what_is_absent_is_left_out(explanation, tmp_path):
    names = {path.stem for path in write_explanation(without_network(explanation), tmp_path)}
    assert names == {"index", "decision", "effects", "encoding-Mel"}
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Don't know" in page.replace("&#x27;", "'")
    assert "Leaning to high" in page


def test_a_second_explanation_replaces_the_first(explanation, tmp_path):
    write_explanation(explanation, tmp_path)
    write_explanation(replace(explanation, name="other.wav"), tmp_path)
    assert "other.wav" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_a_file_in_the_way_is_told(explanation, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputError, match="cannot make the folder"):
        write_explanation(explanation, tmp_path / "taken")


@pytest.mark.skipif(
    not (shutil.which("chromium") or os.environ.get("EMOSPIKE_CHROMIUM")), reason="no chromium on this machine"
)
def test_a_browser_draws_every_plot(written, tmp_path):
    browser = os.environ.get("EMOSPIKE_CHROMIUM") or shutil.which("chromium")
    flags = ["--headless", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    flags += [f"--user-data-dir={tmp_path}", "--virtual-time-budget=8000", "--dump-dom"]
    done = subprocess.run(
        [browser, *flags, written[0].as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    # Two layers a plot; the brain is a canvas, or hidden where there is no WebGL.
    assert done.stdout.count('class="main-svg"') >= 2 * 4
    assert re.search(r"<output[^>]*>0\.75–0\.80 s</output>", done.stdout)  # the frame in the middle
    assert re.search(r'<canvas|data-plot="cube"[^>]* hidden', done.stdout)
    broken = tmp_path / "broken.html"
    broken.write_text(written[0].read_text(encoding="utf-8").replace('"use strict"', "'use strict'"), encoding="utf-8")
    refused = subprocess.run(
        [browser, *flags, broken.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    assert 'class="main-svg"' not in refused.stdout  # the policy runs no script but the page's own
