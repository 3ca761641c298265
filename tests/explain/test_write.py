"""The page and its pictures: whole, offline, and safe to open."""

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
from html import escape
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile
from PIL import Image

from emospike.decision import Decision
from emospike.explain import Attribution, Explanation, format_explanation, write_explanation
from emospike.explain.panels.decision import DecisionPanel
from emospike.explain.panels.encoding import EncodingPanel
from emospike.explain.panels.interactions import show_interactions
from emospike.explain.panels.occlusion import OcclusionPanel
from emospike.explain.panels.raster import Raster, RasterPanel
from emospike.series import Channel, Series
from emospike.spikes import Spikes
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


def unpack(array: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])


def test_every_panel_is_a_described_png(written, explanation):
    assert [path.name for path in written] == ["index.html", *(f"{panel.name}.png" for panel in explanation.panels)]
    for path in written[1:]:
        image = Image.open(path)
        image.verify()
        assert image.format == "PNG"
        assert len(image.info["Description"]) > 20
        assert np.ptp(np.asarray(Image.open(path).convert("L"))) > 100  # something is drawn


def test_the_page_is_had_without_files_too(explanation, html):
    assert format_explanation(explanation) == html


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
    assert "media-src data:;" in policy
    allowed = re.findall(r"'sha256-([^']+)'", policy)
    found = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts(html)]
    assert allowed == found
    assert len(found) == 2
    assert "unsafe-eval" not in policy
    assert "http" not in policy


def test_title_names_the_answer_and_the_file(html):
    assert "<title>Arousal: high · voice.wav</title>" in html


def test_the_recording_sounds_as_it_did(html, explanation):
    data = re.search(r'src="data:audio/flac;base64,([^"]+)"', html)[1]
    sound, rate = soundfile.read(io.BytesIO(base64.b64decode(data)), dtype="float32")
    assert rate == 16_000
    np.testing.assert_allclose(sound, explanation.panel("decision").sound, atol=1e-4)


def test_every_picture_has_words(html):
    described = [attrs for tag, attrs in Tags(html).tags if attrs.get("role") == "img"]
    assert len(described) == 8  # gauge, occlusion, brain, clock, encoding, raster, cube, interactions
    assert all(len(attrs["aria-label"]) > 30 for attrs in described)
    assert all(attrs["alt"] for tag, attrs in Tags(html).tags if tag == "img")


def test_each_thing_is_said_once(seen, tmp_path):
    page = write_explanation(seen, tmp_path)[0].read_text(encoding="utf-8")
    said = [line for text in re.findall(r"<figcaption[^>]*>([^<]*)", page) for line in re.split(r"(?<=\.) ", text)]
    assert len(said) == len(set(said)) > 20
    assert page.count("<h2>From recording to spikes</h2>") == 1


def test_plots_are_complete(html, explanation):
    found = plots(html)
    assert set(found) == {"occlusion", "brain", "clock", "encoding-Mel", "raster", "cube", "interactions"}
    assert [view["name"] for view in found["interactions"]][::5] == ["This clip", "“high” − “low”"]
    spikes = unpack(found["encoding-Mel"][0]["data"][1]["z"])
    assert np.abs(spikes).sum() == len(explanation.panel("encoding-Mel").spikes)
    names = [trace["name"] for trace in found["cube"][0]["data"] if "name" in trace]
    assert names[:4] == ["A1 L", "A1 R", "STS L", "STS R"]
    assert names[-1] == "sites of the sound"
    counts = unpack(found["brain"][0]["layout"]["meta"]["counts"])
    assert counts.sum() == explanation.panel("animation").counts.sum()


def test_markup_in_names_is_shown_and_not_run(explanation, tmp_path):
    nasty = "<script>alert(1)</script> $x_$ &amp; " + "x" * 80
    decision = Decision(nasty, {nasty: 1.0}, 1.0, True, nasty, {}, {nasty: 1.0})
    strength = np.ones((2, 2))
    panels = [
        DecisionPanel(nasty, decision, 0.5, nasty, {}),
        show_interactions((nasty, "b"), strength, {nasty: 0 * strength}, {}),
        EncodingPanel(nasty, Series(np.ones((9, 1), np.float32), 100.0, (Channel(nasty, "audio"),))),
    ]
    odd = Explanation(nasty, decision, 0.5, nasty, nasty, {}, panels)
    written = write_explanation(odd, tmp_path)
    page = written[0].read_text(encoding="utf-8")
    assert len(scripts(page)) == 2
    assert "<script>alert" not in page
    assert plots(page)["interactions"][1]["name"] == f"Mean of “{nasty}” clips"
    assert [path.parent for path in written] == [tmp_path] * 4


@pytest.mark.parametrize(
    "nasty", ["<b>bold</b>", '<a href="javascript:alert(1)">here</a>', "a<br>b", "<sup>2</sup> & <i>"]
)
def test_tags_that_plotly_knows_are_text_too(tmp_path, nasty):
    decision = Decision(nasty, {nasty: 1.0}, 1.0, True, nasty, {}, {nasty: 1.0})
    attributions = [Attribution(nasty, 1.0)]
    heard = Series(np.ones((9, 1), np.float32), 100.0, (Channel(nasty, "audio"),))
    panels = [
        DecisionPanel(nasty, decision, 0.5, nasty, {}),
        show_interactions((nasty, "b"), np.ones((2, 2)), {nasty: np.zeros((2, 2))}, {}),
        EncodingPanel(nasty, heard),
        OcclusionPanel(nasty, {"moments": attributions, "audio": attributions}, nasty, heard),
    ]
    page = write_explanation(Explanation(nasty, decision, 0.5, nasty, nasty, {}, panels), tmp_path)[0]
    text = page.read_text(encoding="utf-8")
    drawn = json.dumps([[view["data"], view["layout"]] for views in plots(text).values() for view in views])
    assert json.dumps(nasty)[1:-1] not in drawn
    assert json.dumps(escape(nasty, quote=False))[1:-1] in drawn


def quiet(explanation: Explanation) -> Explanation:
    """Nothing fires, nothing changes."""
    whole = explanation.panel("encoding-Mel")
    still = Spikes.from_dense(0 * whole.spikes.dense(), 100.0, whole.spikes.channels)
    cube, graph = explanation.panel("cube"), explanation.panel("interactions").graph
    panels = [
        replace(whole, spikes=still),
        RasterPanel([Raster("reservoir", "neurons", Spikes.silent(still.steps, 100.0, units=3108))]),
        replace(cube, counts=0 * cube.counts),
        show_interactions(graph.nodes, np.zeros((len(graph.nodes),) * 2), {}, {}),
    ]
    nothing = {kind: [Attribution(one.name, 0.0) for one in own] for kind, own in explanation.attributions.items()}
    return replace(explanation, panels=[replace(explanation.panel("occlusion"), attributions=nothing), *panels])


def single_parts(explanation: Explanation) -> Explanation:
    one = {kind: [Attribution("everything", -1.5)] for kind in ("audio", "moments", "regions")}
    return replace(explanation, panels=[replace(explanation.panel("occlusion"), attributions=one)])


def no_moments(explanation: Explanation) -> Explanation:
    bars = {"audio": explanation.attributions["audio"]}
    return replace(explanation, panels=[replace(explanation.panel("occlusion"), attributions=bars)])


def one_step(explanation: Explanation) -> Explanation:
    series = Series(np.zeros((1, 1), np.float32), 100.0, (Channel("x", "audio"),))
    spikes = Spikes.from_dense(np.ones((1, 1), np.int8), 100.0, series.channels)
    attributions = {"moments": [Attribution("everything", 1.0)]}
    panels = [EncodingPanel("a/b", series, spikes, series, np.inf), OcclusionPanel("high", attributions, "a", series)]
    return replace(explanation, panels=panels)


def a_long_clip(explanation: Explanation) -> Explanation:
    rng = np.random.default_rng(0)
    channels = tuple(Channel(f"mfcc {i}", "audio") for i in range(60))
    series = Series(rng.normal(size=(20_000, 60)).astype(np.float32), 100.0, channels)
    spikes = Spikes.from_dense(rng.integers(-1, 2, (20_000, 60), np.int8), 100.0, channels)
    return replace(explanation, panels=[EncodingPanel("MFCC", series, spikes, series, 0.1)])


def nothing(explanation: Explanation) -> Explanation:
    return replace(explanation, panels=[])


@pytest.mark.parametrize("edge", [quiet, single_parts, no_moments, one_step, a_long_clip, nothing])
def test_odd_explanations_are_drawn(edge, explanation, tmp_path, recwarn):
    written = write_explanation(edge(explanation), tmp_path)
    for path in written[1:]:
        Image.open(io.BytesIO(path.read_bytes())).load()
    page = written[0].read_text(encoding="utf-8")
    assert {attrs["data-plot"] for _, attrs in Tags(page).tags if "data-plot" in attrs} == set(plots(page))
    assert len(page) < 8_000_000
    assert not [str(warning.message) for warning in recwarn]


def test_a_second_explanation_replaces_the_first(explanation, tmp_path):
    write_explanation(nothing(explanation), tmp_path)
    write_explanation(replace(nothing(explanation), name="other.wav"), tmp_path)
    assert "other.wav" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_a_file_in_the_way_is_told(explanation, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputError, match="cannot make the folder"):
        write_explanation(explanation, tmp_path / "taken")


def test_a_panel_is_found_by_its_name(explanation):
    assert explanation.panel("cube").name == "cube"
    with pytest.raises(InputError, match="unknown panel 'cub': did you mean 'cube'"):
        explanation.panel("cub")


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
    assert done.stdout.count('class="main-svg"') >= 2 * 5
    assert re.search(r"<output[^>]*>0\.75–0\.80 s</output>", done.stdout)  # the frame in the middle
    assert re.search(r'<canvas|data-plot="cube"[^>]* hidden', done.stdout)
    broken = tmp_path / "broken.html"
    broken.write_text(written[0].read_text(encoding="utf-8").replace('"use strict"', "'use strict'"), encoding="utf-8")
    refused = subprocess.run(
        [browser, *flags, broken.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    assert 'class="main-svg"' not in refused.stdout  # the policy runs no script but the page's own
