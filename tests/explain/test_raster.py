from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from emospike.explain.captions import alt_encoding
from emospike.explain.figures.effects import effects_figure
from emospike.explain.figures.encoding import encoding_figure
from emospike.explain.plots.sound import encoding_plot
from emospike.explain.raster import raster_rows, rasters, stacks
from emospike.explain.write import write_explanation
from emospike.series import Channel
from emospike.spikes import Spikes
from emospike.systems.base import Effect

CONTOURS = [
    "energy", "pitch", "relative pitch", "strength", "centroid",
    "bandwidth", "alpha ratio", "Hammarberg index", "entropy", "flux",
]  # fmt: skip


MEL, PITCH = Channel("mel 1", "audio"), Channel("pitch 1", "audio")


def silent(*channels: Channel) -> Spikes:
    return Spikes.from_dense(np.zeros((1, len(channels)), np.int8), 100.0, channels)


def made(*thresholds: float | None, encoder: str = "") -> list[Channel]:
    """What an encoder makes of as many channels as there are thresholds."""
    named = (Channel(name, "audio") for name in "ab")
    return [replace(one, encoder=encoder, threshold=own) for one, own in zip(named, thresholds, strict=False)]


def test_rows_of_a_feature_are_its_channels_at_every_level_and_field():
    levels = [replace(one, threshold=threshold) for threshold in (0.5, 1.0) for one in (MEL, PITCH)]
    spikes = silent(*levels, replace(MEL, field=0), replace(MEL, field=1))
    assert raster_rows(spikes, [MEL]).tolist() == [0, 2, 4, 5]
    assert raster_rows(spikes, [Channel("unknown", "audio")]).tolist() == [0, 1, 2, 3, 4, 5]
    assert [raster.rows.tolist() for raster in rasters(spikes, [MEL])] == [[0, 2], [4, 5]]


def test_a_stack_is_what_one_encoder_made():
    assert stacks(made(None, None)) == [("level", 2)]
    assert stacks([*made(0.5), *made(1.0)]) == [("level 0.5", 1), ("level 1", 1)]
    assert stacks([*made(0.5, 0.25), *made(None, None, encoder="sigma_delta")]) == [
        ("level 0.25–0.5", 2),
        ("level sigma_delta", 2),
    ]
    assert stacks([*made(0.5, 10.0, encoder="step_forward"), *made(1.0, 1.0, encoder="threshold")]) == [
        ("level step_forward 0.5–10", 2),
        ("level threshold 1", 2),
    ]


def test_contours_have_a_panel_of_levels_and_one_of_fields(contours):
    levels, fields = rasters(contours.spikes, contours.series["Prosody"].channels)
    assert levels.names == ["level 0.0375–0.6", "level 0.075–1.2", "level 0.15–2.4"]
    assert levels.ticks.tolist() == [4.5, 14.5, 24.5]
    assert levels.borders.tolist() == [9.5, 19.5]
    assert fields.names == CONTOURS
    up, down = contours.spikes.counts()[:, levels.rows].sum(axis=1).astype(int)
    assert levels.title == f"Spikes: {up:,} up, {down:,} down"
    assert fields.title == f"Fields: {len(contours.spikes) - up - down:,} spikes"
    assert fields.ticks.tolist() == [5.5 + 12 * i for i in range(10)]
    assert sorted([*levels.rows, *fields.rows]) == list(range(150))


def boxes(axes):
    return [label.get_window_extent() for label in axes.get_yticklabels()]


def test_labels_of_contours_are_whole_and_do_not_overlap(contours):
    figure = encoding_figure(contours, "Prosody")
    figure.draw_without_rendering()
    feature, levels, fields, rebuilt = figure.axes[:4]
    for axes in (feature, fields, rebuilt):
        assert [label.get_text() for label in axes.get_yticklabels()] == CONTOURS
    for axes in (feature, levels, fields, rebuilt):
        found = boxes(axes)
        for i, one in enumerate(found):
            assert not any(one.overlaps(other) for other in found[:i])
            assert figure.bbox.x0 <= one.x0
    assert feature.images[0].get_clim() == rebuilt.images[0].get_clim() == (0, 1)
    assert "each channel" in figure.axes[4].get_ylabel()


def test_the_page_draws_the_same_panels(contours):
    plot = encoding_plot(contours, "Prosody")
    assert [trace["yaxis"] for trace in plot["data"]] == ["y1", "y2", "y3", "y4"]
    assert plot["layout"]["yaxis3"]["ticktext"] == CONTOURS
    assert plot["layout"]["yaxis3"]["tickvals"][0] == "loudness energy #5"
    assert [shape["yref"] for shape in plot["layout"]["shapes"]] == ["y2"] * 2 + ["y3"] * 9
    assert (plot["layout"]["coloraxis"]["cmin"], plot["layout"]["coloraxis"]["cmax"]) == (0, 1)
    json.dumps(plot)


def test_words_follow_what_is_there(contours, explanation, tmp_path):
    page = write_explanation(contours, tmp_path)[0].read_text(encoding="utf-8")
    assert "Bands and contours</caption>" in page
    assert "a field fires" in page
    assert "own lowest value" in page
    assert "own lowest value" not in alt_encoding(explanation, "Mel")
    assert "a field fires" not in alt_encoding(explanation, "Mel")
    assert "spikes" not in alt_encoding(replace(explanation, spikes=silent()), "Mel")


@pytest.mark.parametrize("changes", [(0.9, -0.02, -1.09), (-0.29, 1.7, 0.2), (-9.1, -12.34, -10.0), (4.3, 0.0, -0.001)])
def test_numbers_beside_bars_keep_clear_of_the_names(contours, changes):
    effects = [Effect(f"a name of a region {i} L", change) for i, change in enumerate(changes)]
    figure = effects_figure(replace(contours, bands=effects, areas=effects))
    figure.draw_without_rendering()
    for axes in figure.axes[2:]:
        for number in (text.get_window_extent() for text in axes.texts):
            assert not any(number.overlaps(name) for name in boxes(axes))
            assert axes.bbox.x0 <= number.x0 < number.x1 <= axes.bbox.x1
    assert [axes.get_title(loc="left") for axes in figure.axes[2:]] == ["Parts of the face", "Brain regions"]
