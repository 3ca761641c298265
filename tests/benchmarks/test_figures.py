from __future__ import annotations

import io

import pytest
from PIL import Image

from benchmarks.figures import draw_figures, draw_growth, draw_peers
from emospike.explain.style import png


def row(name: str, value: float | None, unit: str = "ms", at: float | None = None) -> dict:
    return {"name": name, "value": value, "unit": unit, "note": "", "at": at}


def curve(at: tuple[float, ...]) -> list[dict]:
    times = [row(name, factor * x / 300, at=x) for name, factor in (("forward", 1), ("with STDP", 3)) for x in at]
    return times + [row("peak memory", 200 + x / 1000, "MB", at=x) for x in at]


@pytest.fixture
def groups() -> dict[str, list[dict]]:
    ours = [row("emospike, forward", 3.4), row("emospike, with STDP", 10.6)]
    return {
        "reservoir": [row("forward", 3.4), row("neurons", 3108, "")],
        "one decision": [row(name, 1.5) for name in ("decode", "features", "reservoir")]
        + [row("cold process", 1, "s")],
        "decision and peers": [row("emospike, x", 20.0), row("SVM", 12.0), row("SVM", 0.6, "times")],
        "reservoir and peers": [*ours, row("Brian 2", 157.0), row("Brian 2", 46.2, "times"), row("other", None)],
        "neurons": curve((1000, 3108, 1e4, 1e6)),
        "synapses a neuron": curve((6, 12, 24)),
        "seconds of sound": curve((4, 16)),
    }


def test_figures_are_drawn_with_what_they_say(groups, recwarn):
    figures = draw_figures(groups)
    assert set(figures) == {"scaling", "peers", "stages"}
    for figure, alt in figures.values():
        image = Image.open(io.BytesIO(png(figure, alt)))
        assert image.info["Description"] == alt
    assert not list(recwarn)
    assert figures["stages"][1] == "Milliseconds a clip of 4 s: decode 1.5, features 1.5, reservoir 1.5."
    assert "Brian 2 157" in figures["peers"][1]


def test_curves_are_named_and_ticks_are_numbers(groups):
    figure = draw_growth({name: groups[name] for name in ("neurons", "synapses a neuron")})
    figure.canvas.draw()
    time, _, memory, _ = figure.axes
    assert [line.get_label() for line in time.lines] == ["forward", "with STDP"]
    assert [text.get_text() for text in memory.get_xticklabels()] == ["1,000", "3,108", "10,000", "1,000,000"]
    assert {"1", "100"} <= {text.get_text() for text in time.get_yticklabels()}
    assert memory.get_xlabel() == "neurons"
    assert time.get_ylabel() == "ms a clip"
    assert memory.get_ylim() == (100, 10_000)


def test_one_size_is_a_curve_too():
    png(draw_growth({"neurons": curve((1000,))}))


def test_peers_stand_beside_ours_and_the_missing_are_left_out(groups):
    figure = draw_peers({name: groups[name] for name in ("decision and peers", "reservoir and peers")})
    _, below = figure.axes
    assert [text.get_text() for text in below.texts] == ["3.4", "10.6", "157  (46 ×)"]
    assert [text.get_text() for text in below.get_yticklabels()] == [
        "emospike, forward",
        "emospike, with STDP",
        "Brian 2",
    ]
    assert below.get_xlim() == (1, 1000)
