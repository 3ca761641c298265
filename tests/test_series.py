"""Channels: what they are stands in their fields."""

from dataclasses import replace

import pytest

from emospike.features import FEATURES
from emospike.features.spectrum import make_band
from emospike.series import Channel, from_table, tabulate

KNOWN = {"audio", "face", "eeg"}
MEL = make_band("mel", "440")


def test_labels_tell_levels_and_fields_and_sources_have_neither():
    marked = [
        replace(MEL, threshold=0.5),
        replace(MEL, encoder="sigma_delta"),
        replace(MEL, encoder="step_forward", threshold=0.25),
        replace(MEL, field=0),
    ]
    labels = ["mel 440 Hz @0.5", "mel 440 Hz @sigma_delta", "mel 440 Hz @step_forward 0.25", "mel 440 Hz #0"]
    assert [one.label for one in marked] == labels
    assert {one.source for one in marked} == {MEL}
    assert MEL.label == MEL.name


def test_group_and_short_name_are_the_name_where_none_is_given():
    plain = Channel("loudness", "audio")
    assert (plain.group, plain.short) == ("loudness", "loudness")


@pytest.mark.parametrize("channels", [(), (MEL,), (MEL, replace(MEL, field=0), Channel("jaw", "face", side="left"))])
def test_tables_give_back_the_channels(channels):
    assert from_table(tabulate(channels)) == channels


def test_tables_leave_out_fields_that_no_channel_has():
    assert set(tabulate([MEL])) == {"name", "modality", "group", "short", "unit", "hz"}


@pytest.mark.parametrize("name", FEATURES)
def test_features_take_in_one_modality(name):
    assert FEATURES.load(name).modality in KNOWN
