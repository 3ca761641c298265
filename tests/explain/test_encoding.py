"""A feature, its spikes and what they rebuild."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emospike.explain.panels.encoding import EncodingPanel, choose_rows, name_stacks, stack_spikes
from emospike.features.openface import CHANNELS
from emospike.series import Channel
from emospike.spikes import Spikes

CONTOURS = [
    "energy", "pitch", "relative pitch", "strength", "centroid",
    "bandwidth", "alpha ratio", "Hammarberg index", "entropy", "flux",
]  # fmt: skip


def made(names: str, encoder: str = "", threshold: float | None = None, field: int | None = None) -> list[Channel]:
    return [Channel(name, "audio", encoder=encoder, threshold=threshold, field=field) for name in names]


def test_rows_of_a_feature_are_its_channels_at_every_level_and_field():
    channels = (*made("ab", threshold=0.5), *made("ab", threshold=1.0), *made("a", field=0), *made("a", field=1))
    spikes = Spikes.from_dense(np.zeros((1, 6), np.int8), 100.0, channels)
    assert choose_rows(spikes, made("a")).tolist() == [0, 2, 4, 5]
    assert choose_rows(spikes, made("c")).tolist() == [0, 1, 2, 3, 4, 5]
    assert [stack.rows.tolist() for stack in stack_spikes(spikes, made("a"))] == [[0, 2], [4, 5]]


def test_a_stack_is_what_one_encoder_made():
    assert name_stacks(made("ab")) == [("level", 2)]
    mixed = [*made("a", threshold=0.5), *made("b", threshold=0.25), *made("ab", "sigma_delta")]
    assert name_stacks(mixed) == [("level 0.25–0.5", 2), ("level sigma_delta", 2)]


def test_contours_have_a_raster_of_levels_and_one_of_fields(contours):
    levels, fields = contours.stacks
    assert levels.names == ["level 0.0375–0.6", "level 0.075–1.2", "level 0.15–2.4"]
    assert levels.ticks.tolist() == [4.5, 14.5, 24.5]
    assert levels.borders.tolist() == [9.5, 19.5]
    assert fields.names == CONTOURS
    up, down = contours.spikes.counts()[:, levels.rows].sum(axis=1).astype(int)
    assert levels.title == f"Spikes: {up:,} up, {down:,} down"
    assert fields.title == f"Fields: {len(contours.spikes) - up - down:,} spikes"
    assert sorted([*levels.rows, *fields.rows]) == list(range(150))


def test_the_page_and_the_picture_draw_the_same(contours):
    plot, figure = contours.plot(), contours.figure()
    assert [trace["yaxis"] for trace in plot["data"]] == ["y1", "y2", "y3", "y4"]
    assert plot["layout"]["yaxis3"]["ticktext"] == CONTOURS
    assert [shape["yref"] for shape in plot["layout"]["shapes"]] == ["y2"] * 2 + ["y3"] * 9
    spikes = plot["data"][1]["z"]
    assert np.abs(spikes).sum() == np.abs(contours.spikes.dense()[:, contours.stacks[0].rows]).sum()
    feature, _, fields, rebuilt = figure.axes[:4]
    assert [label.get_text() for label in fields.get_yticklabels()] == CONTOURS
    assert feature.images[0].get_clim() == rebuilt.images[0].get_clim() == (0, 1)
    assert (plot["data"][0]["zmin"], plot["data"][0]["zmax"]) == (0, 1)


def test_words_follow_what_is_there(contours, explanation):
    mel = explanation.panel("encoding-Mel")
    assert "a field fires" in contours.caption
    assert "own lowest value" in contours.caption
    assert "a field fires" not in mel.caption
    assert "own lowest value" not in mel.caption
    alone = EncodingPanel("Mel", mel.series)
    assert "spikes" not in alone.alt + alone.caption + alone.title
    assert len(alone.figure().axes) == 2  # the feature and its colours
    assert replace(mel, feature="a/b").name == "encoding-a-b"


def test_every_action_unit_is_named_from_brow_to_jaw(seen):
    panel = seen.panel("encoding-ActionUnits")
    feature, spikes = panel.figure().axes[:2]
    assert [label.get_text() for label in feature.get_yticklabels()] == [channel.short for channel in CHANNELS]
    assert feature.yaxis_inverted()
    assert "rate code" in [label.get_text() for label in spikes.get_yticklabels()]
    assert "In a rate code" in panel.caption
    plot = panel.plot()
    assert plot["layout"]["yaxis1"]["autorange"] == "reversed"
    assert plot["data"][0]["zmin"] == 0
