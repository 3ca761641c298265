"""Older model files, which hold channels as labels."""

import made_up
import pytest

from emospike import store
from emospike.clip import Clip
from emospike.features.mfcc import MFCC
from emospike.legacy import modernise, read_channels
from emospike.series import Channel
from emospike.systems.excube2.presets import PRESETS

SHIPPED = [name for name in store.list_shipped_models() if name.startswith("excube2")]
FACTS = {name: store.read(store.locate(name))[1]["facts"]["mapping"] for name in SHIPPED}
LABELLED = [name for name, facts in FACTS.items() if "parts" in facts]


@pytest.fixture(scope="module")
def spoken_face(tmp_path_factory) -> Clip:
    """A made-up voice with its face."""
    folder = tmp_path_factory.mktemp("clip")
    made_up.write(folder / "a.wav", made_up.voice(1.0, 190.0, 0.8, 0))
    made_up.write_face(folder / "a.csv", 1.0, smile=0.5)
    return Clip(folder / "a.wav", face=folder / "a.csv")


@pytest.mark.parametrize("name", SHIPPED)
def test_labels_of_spikes_are_read_as_the_channels_of_the_features(name, spoken_face):
    model = store.load(name)
    labels = [[one.label for one in part] for part in model.parts_]
    assert modernise({"parts": labels}) == {"channels": model.state()[1]["channels"]}
    for own, series in zip(labels, model.perceive(spoken_face).series, strict=True):
        assert read_channels(own) == series.channels


@pytest.mark.parametrize("name", LABELLED)
def test_an_old_file_is_read_as_it_was_written(name):
    model = store.load(name)
    assert [[one.label for one in part] for part in model.parts_] == FACTS[name]["parts"]


def test_what_is_saved_again_is_as_it_was_read(tmp_path):
    model = store.load("excube2-both")
    again = store.load(store.save(model, tmp_path / "again.safetensors"))
    assert again.parts_ == model.parts_
    assert (again.sites_ == model.sites_).all()


def test_coefficients_are_grouped_by_how_many_there_are(spoken_face):
    series = MFCC(coefficients=20).extract(spoken_face)
    assert read_channels([f"{one.name} @{level}" for level in (0.5, 1) for one in series.channels]) == series.channels


def test_every_preset_has_channels_of_its_modalities(spoken_face):
    for make in PRESETS.values():
        for feature in make("both")["features"]:
            assert {one.modality for one in feature.extract(spoken_face).channels} == {feature.modality}


def test_unknown_labels_are_taken_for_sound():
    assert read_channels(["loudness @0.5"]) == (Channel("loudness", "audio"),)
