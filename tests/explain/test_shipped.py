"""The shipped models: every spiking system shows the spikes that it got and fired."""

from __future__ import annotations

import functools

import made_up
import numpy as np
import pytest

from emospike import store
from emospike.clip import Clip
from emospike.explain import write_explanation
from emospike.systems import SYSTEMS
from emospike.systems.eavs_tf.streams import batch_of

OWN = {
    "excube2-arousal": {"animation", "cube", "inputs", "interactions", "region-flow"},
    "excube2-emotion": {"animation", "cube", "inputs", "interactions", "region-flow"},
    "excube2-face-emotion": {"animation", "cube", "inputs", "interactions", "region-flow"},
    "excube2-open": {"animation", "cube", "inputs", "interactions", "region-flow"},
    "excube2-valence": {"animation", "cube", "inputs", "interactions", "region-flow"},
    "excube2-both": {"contributions", "cross-modal"},
    "cross_modal-emotion": {"weights"},
    "synch_graph-both": {"contributions", "weights", "synchrony"},
    "eavs_tf-emotion": {"attention"},
    "spiking_emotions-face": {"vote"},
}

ALIKE = ("excube2-emotion", "excube2-open", "excube2-valence")  # are explained as excube2-arousal is


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Clip:
    folder = tmp_path_factory.mktemp("made-up")
    made_up.write(folder / "voice.wav", made_up.voice(2.0, 190.0, 0.8, 0))
    made_up.write_drawn_face(folder / "face.csv", 2.0, 0, smile=0.6, talk=0.8)
    return Clip(folder / "voice.wav", face=folder / "face.csv")


@pytest.fixture(scope="module")
def explain(clip):
    """The function that returns a shipped model by its name, and its explanation, made once."""

    @functools.cache
    def explained(name):
        if name.startswith(("eavs_tf", "spiking_emotions")):
            pytest.importorskip("torch")
        model = store.load(name)
        return model, model.explain(clip)

    return explained


def test_all_are_here():
    assert sorted(OWN) == store.list_shipped_models()
    assert {name.partition("-")[0] for name in OWN} == set(SYSTEMS) - {"baseline"}


@pytest.mark.parametrize("name", [pytest.param(one, marks=[pytest.mark.long] * (one in ALIKE)) for one in OWN])
def test_a_shipped_model_shows_its_spikes(name, explain, tmp_path):
    model, told = explain(name)
    panels = {panel.name: panel for panel in told.panels}
    assert OWN[name] <= set(panels)
    rasters = {(one.title, one.rows): one for one in panels["raster"].rasters}
    assert all(len(one.spikes) for one in rasters.values())
    assert {"neurons"} <= {rows for _, rows in rasters}
    got_in_the_raster = {rows for _, rows in rasters} - {"neurons"}
    drawn = ("ActionUnits",) if model.modality == "face" else ("Mel", "ConstantQ", "Prosody")
    assert got_in_the_raster or all(panels[f"encoding-{one}"].spikes for one in drawn)
    assert told.task in ("arousal", "emotion", "valence")
    changes = [one.change for own in told.attributions.values() for one in own]
    assert np.isfinite(changes).all()
    assert any(changes)
    page, *pictures = write_explanation(told, tmp_path)
    assert [path.stem for path in pictures] == list(panels)
    assert page.stat().st_size < 8_000_000


def test_spikes_of_a_presentation_are_those_that_are_read(explain, clip):
    model, told = explain("cross_modal-emotion")
    seen, panel = model.perceive(clip), told.panel("raster")
    assert panel.presented
    assert panel.seconds == pytest.approx(0.35)
    neurons = [one.spikes for one in panel.rasters if one.rows == "neurons"]
    for shown, response in zip(neurons, model.respond(model.inputs_.lines(seen)), strict=True):
        np.testing.assert_array_equal(np.bincount(shown.channel, minlength=shown.units), response.counts.ravel())
    assert sum(len(one.spikes) for one in panel.rasters) == model.operations(clip).spikes


def test_attention_is_where_keys_and_values_fire_together(explain, clip):
    model, told = explain("eavs_tf-emotion")
    (shown,) = told.panel("attention").maps
    assert shown.tokens == ("Mel 1", "Mel 2", "Mel 3", "Mel 4", "Prosody 1", "Prosody 2", "ConstantQ 1", "ConstantQ 2")
    spoken, ensemble = model.represent(model.perceive(clip), ("audio",)), model.ensemble_
    network = ensemble.networks[0]
    network.scores(batch_of([ensemble.scales.arrays(spoken.series, ensemble.shift)], ensemble.streams, ensemble.length))
    met = network.blocks["audio"][0].attention.met[:, 0].mean(2).numpy()  # of this pass
    np.testing.assert_allclose(shown.met, met[: len(shown.met)], atol=1e-6)
    assert 0 < shown.met.max() <= 1
    assert 0 < shown.gate.max() <= 1
