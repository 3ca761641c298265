"""Energy: the published counts, the mean over clips, and what 8 bits and twins cost."""

import made_up
import numpy as np
import pytest

from emospike import datasets, load
from emospike.clip import Clip
from emospike.energy.counting import sum_layers
from emospike.energy.estimate import Variant, estimate_energy, estimate_published_energy
from emospike.energy.operations import LayerCost
from emospike.evaluation.energy import profile_energy, spread, train_on_fold
from emospike.networks.plif_net import PlifNet
from emospike.systems.base import System
from emospike.systems.baseline.model import Baseline
from emospike.validation import InputError


def test_the_papers_energies_come_out():
    """Wang et al. 2022, Table II: 1.65 mJ without spikes, 1.57 mJ at 30 steps, 0.41 mJ at 68 with 10.79 % events."""
    first, *rest = (one.macs for one in PlifNet.published().stages(2))
    others = sum(rest)
    picture = PlifNet.published(spiking=False).stages(2)[0].macs
    assert estimate_energy(picture + others, 0) / 1000 == pytest.approx(1.65, abs=0.005)
    assert estimate_published_energy(first, others, steps=30) / 1000 == pytest.approx(1.57, abs=0.01)
    assert estimate_published_energy(first, others, steps=68, rate=0.1079) / 1000 == pytest.approx(0.41, abs=0.01)
    slope = estimate_published_energy(first, others, 31) - estimate_published_energy(first, others, 30)
    assert slope == pytest.approx(51.3, abs=0.2)


class Fixed(Baseline):
    """A system whose decisions cost what is said here."""

    def __init__(self, *layers):
        self.costs = [sum_layers(one, spikes=7 if one[0].accumulates else 0, spike_rate=0.04) for one in layers]

    abilities = frozenset()

    def perceive(self, clip, modality=None):
        return None

    def _operations(self, seen):
        return self.costs.pop(0)


def clips(count):
    return [Clip.from_array(np.ones(100, np.float32), 16_000, f"{i}") for i in range(count)]


def test_costs_are_means_over_clips():
    first = LayerCost("a", 0.1, macs=10, accumulates=100, bytes_moved=400, twin_macs=1000, twin_bytes_moved=4000)
    second = LayerCost("a", 0.3, macs=30, accumulates=300, bytes_moved=800, twin_macs=1000, twin_bytes_moved=4000)
    found = profile_energy(Fixed([first], [second]), clips(2))
    own, own8, twin, twin8 = found["variants"]
    assert (own["macs"], own["accumulates"], own["bytes_moved"]) == (20, 200, 600)
    assert own["arithmetic_uj"] == pytest.approx((4.6 * 20 + 0.9 * 200) * 1e-6)
    assert own["movement_uj"] == pytest.approx(600 * 2.5e-6)
    assert own["dram_uj"] == pytest.approx(600 * 162.5e-6)
    assert own["total_uj"] == pytest.approx(own["arithmetic_uj"] + own["movement_uj"])
    assert own8["total_uj"] == pytest.approx((0.3 * 20 + 0.1 * 200 + 150 * 2.5) * 1e-6)
    assert twin["arithmetic_uj"] == pytest.approx(4600e-6)
    assert twin8["name"] == "twin without spikes, int8"
    (layer,) = found["layers"]
    assert layer["spike_rate"] == pytest.approx(0.2)
    assert layer["total_uj"] == pytest.approx(own["total_uj"])
    assert layer["twin_total_uj"] == pytest.approx(twin["total_uj"])
    assert found["note"].startswith("mean spike rate 4.0 %, below the 6.4 %")


def test_without_spikes_there_is_no_twin():
    dense = LayerCost("a", 1.0, macs=10, accumulates=0, bytes_moved=40, twin_macs=10, twin_bytes_moved=40)
    found = profile_energy(Fixed([dense]), clips(1))
    assert [one["name"] for one in found["variants"]] == ["no spikes", "no spikes, int8"]
    assert "its own twin" in found["note"]
    with pytest.raises(InputError, match="at least 1 recording"):
        profile_energy(Fixed(), [])


def test_eight_bits_are_a_quarter_of_the_bytes():
    whole = Variant("a", 8.0, 4.0, 100.0)
    assert whole.quantise().costs()["bytes_moved"] == 25
    assert whole.quantise().costs()["total_uj"] < whole.costs()["total_uj"]


def test_clips_are_spread():
    nine = clips(9)
    assert [clip.name for clip in spread(nine, 3)] == ["0", "4", "8"]
    assert spread(nine[:2], 9) == nine[:2]


def test_a_shipped_model_tells_its_layers(tmp_path):
    made_up.write(tmp_path / "a.wav", made_up.voice(1.0))
    system, clip = load("excube2-arousal"), Clip(tmp_path / "a.wav")
    found = profile_energy(system, [clip])
    cost = system.operations(clip)
    assert [layer["name"] for layer in found["layers"]] == ["inputs", "recurrent", "leak", "readout"]
    assert sum(layer["accumulates"] for layer in found["layers"]) == cost.synaptic_operations
    assert sum(layer["twin_macs"] for layer in found["layers"]) == cost.twin_macs
    inputs, recurrent = found["layers"][:2]
    assert recurrent["spike_rate"] == pytest.approx(cost.spike_rate, rel=1e-3)
    assert 0 < inputs["spike_rate"] < 0.5


def test_a_system_is_trained_on_other_speakers_than_it_is_counted_on(tmp_path):
    dataset = datasets.load(made_up.write_faces(tmp_path / "faces"), video=True)
    told = []
    system, found = train_on_fold(
        "baseline", dataset, "emotion", modality="face", progress=lambda *one: told.append(one)
    )
    assert isinstance(system, System)
    assert told
    assert {clip.path.name.split("-")[0] for clip in found} < set(made_up.PITCHES)
    assert profile_energy(system, found)["variants"][0]["macs"] > 0
