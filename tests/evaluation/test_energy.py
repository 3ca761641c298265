"""Energy: the published counts, the mean over clips, and what 8 bits and twins cost."""

import made_up
import numpy as np
import pytest

from emospike import datasets, load
from emospike.clip import Clip
from emospike.datasets import Dataset, Recording
from emospike.energy.counting import sum_layers
from emospike.energy.estimate import StageCost, Variant, estimate_energy, estimate_published_energy, list_variants
from emospike.energy.operations import READOUT, LayerCost, Operations
from emospike.evaluation.compare import count_costs
from emospike.evaluation.energy import profile_energy, spread, train_on_fold
from emospike.evaluation.testing import average_cost
from emospike.features.linear_fft import LinearFFT
from emospike.features.spectrum import make_bands
from emospike.networks.plif_net import PlifNet
from emospike.series import Series
from emospike.systems.base import System
from emospike.systems.baseline.model import Baseline
from emospike.systems.perception import Perceived
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
        self.features = (LinearFFT(),)
        self.costs = [sum_layers(one, spikes=7 if one[0].accumulates else 0, spike_rate=0.04) for one in layers]

    abilities = frozenset()

    def perceive(self, clip, modality=None):
        return Perceived(clip, (Series(np.zeros((10, 40), np.float32), 100.0, make_bands("mel", np.arange(40.0))),), ())

    def _operations(self, seen):
        return self.costs.pop(0)


def clips(count):
    return [Clip.from_array(np.ones(100, np.float32), 16_000, f"{i}") for i in range(count)]


FEATURES = LinearFFT().count_operations(10)
ARITHMETIC, MOVEMENT = 4.6e-6 * FEATURES.macs, 2.5e-6 * 4 * FEATURES.words_moved  # they fit into 32 KB


def test_costs_are_means_over_clips():
    twin = {"twin_macs": 1000, "twin_bytes_moved": 4000, "bytes_held": 30_000}
    first = LayerCost("a", 0.1, macs=10, accumulates=100, bytes_moved=400, **twin)
    second = LayerCost("a", 0.3, macs=30, accumulates=300, bytes_moved=800, **twin)
    found = profile_energy(Fixed([first], [second]), clips(2))
    own, own8, twin, twin8 = found["variants"]
    moved = 4 * FEATURES.words_moved
    assert (own["macs"], own["accumulates"], own["bytes_moved"]) == (20 + FEATURES.macs, 200, 600 + moved)
    assert own["memory"] == {"features: LinearFFT": "32 KB", "network": "32 KB"}
    assert own["features_uj"] == pytest.approx(ARITHMETIC + MOVEMENT)
    assert own["arithmetic_uj"] == pytest.approx((4.6 * 20 + 0.9 * 200) * 1e-6 + ARITHMETIC)
    assert own["movement_uj"] == pytest.approx(600 * 2.5e-6 + MOVEMENT)
    assert own["dram_uj"] == pytest.approx((600 + moved) * 162.5e-6)
    assert own["total_uj"] == pytest.approx(own["arithmetic_uj"] + own["movement_uj"])
    # 7,500 bytes fit into 8 KB; the features stay as they are
    assert own8["memory"]["network"] == "8 KB"
    assert own8["total_uj"] == pytest.approx((0.3 * 20 + 0.1 * 200 + 150 * 1.25) * 1e-6 + own["features_uj"])
    assert twin["arithmetic_uj"] == pytest.approx(4600e-6 + ARITHMETIC)
    assert twin8["name"] == "twin without spikes, int8"
    features, layer = found["layers"]
    assert features["total_uj"] == features["twin_total_uj"] == pytest.approx(own["features_uj"])
    assert layer["spike_rate"] == pytest.approx(0.2)
    assert layer["memory"] == "32 KB"
    assert layer["total_uj"] == pytest.approx(own["total_uj"] - own["features_uj"])
    assert layer["twin_total_uj"] == pytest.approx(twin["total_uj"] - own["features_uj"])
    assert found["note"].startswith("mean spike rate 4.0 %, below the 6.4 %")


def test_layers_of_a_stage_share_a_memory_and_the_readout_has_its_own():
    """30,000 and 3,000 bytes need 1 MB together; a readout of 2 MB comes from DRAM."""
    counts = {"macs": 0, "accumulates": 8, "bytes_moved": 8, "twin_macs": 8, "twin_bytes_moved": 80}
    layers = [LayerCost(name, 0.1, **counts, bytes_held=held) for name, held in (("a", 30_000), ("b", 3_000))]
    readout = LayerCost("r", 1.0, 4, 0, 16, 4, 16, bytes_held=2_000_000, stage=READOUT)
    found = profile_energy(Fixed([*layers, readout]), clips(1))
    assert [row["memory"] for row in found["layers"][1:]] == ["1 MB", "1 MB", "DRAM"]
    own, own8, twin, _ = found["variants"]
    assert own["movement_uj"] == pytest.approx((16 * 12.5 + 16 * 162.5) * 1e-6 + MOVEMENT)
    assert own8["movement_uj"] == pytest.approx((4 * 2.5 + 4 * 12.5) * 1e-6 + MOVEMENT)
    assert twin["movement_uj"] == pytest.approx((160 * 12.5 + 16 * 162.5) * 1e-6 + MOVEMENT)
    assert [row["name"] for row in found["chip_layers"]] == ["a", "b"]
    assert found["chips"][0]["total_uj"] == pytest.approx(16 * 23.6e-6)


def test_what_does_not_tell_its_layers_comes_from_dram():
    variants = list_variants([Operations(3, 0.1, 20, 30, 8, 0.0, 60, 16, 0.0)])
    own, twin = variants[0].costs(), variants[2].costs()
    assert own["total_uj"] == pytest.approx((4.6 * 30 + 0.9 * 20 + 8 * 162.5) * 1e-6)
    assert twin["total_uj"] == pytest.approx((4.6 * 60 + 16 * 162.5) * 1e-6)


def test_without_spikes_there_is_no_twin():
    dense = LayerCost("a", 1.0, macs=10, accumulates=0, bytes_moved=40, twin_macs=10, twin_bytes_moved=40)
    found = profile_energy(Fixed([dense]), clips(1))
    assert [one["name"] for one in found["variants"]] == ["no spikes", "no spikes, int8"]
    assert "its own twin" in found["note"]
    assert found["chips"] == []
    with pytest.raises(InputError, match="at least 1 recording"):
        profile_energy(Fixed(), [])


def test_eight_bits_are_a_quarter_of_the_bytes():
    whole = Variant("a", {"network": StageCost(8.0, 4.0, 100.0, 1000.0)})
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
    assert [layer["name"] for layer in found["layers"]] == [
        "features: Mel", "features: ConstantQ", "features: Prosody", "inputs", "recurrent", "leak", "readout",
    ]  # fmt: skip
    own = found["layers"][3:]
    assert sum(layer["accumulates"] for layer in own) == cost.synaptic_operations
    assert sum(layer["twin_macs"] for layer in own) == cost.twin_macs
    inputs, recurrent = own[:2]
    # 61,200 and 37,296 synapses of a weight and an index, a number for each line and neuron, and three of a state
    assert sum(layer["bytes_held"] for layer in own[:3]) == 6 * 98_496 + 4 * (1020 + 3108) + 12 * 3108
    assert [layer["memory"] for layer in own[:3]] == ["1 MB"] * 3
    assert recurrent["spike_rate"] == pytest.approx(cost.spike_rate, rel=1e-3)
    assert 0 < inputs["spike_rate"] < 0.5
    data = Dataset("made up", (Recording(tmp_path / "a.wav", "high", "anna", "a"),))
    compared = count_costs(average_cost(system, data))
    own, _, twin, _ = found["variants"]
    assert compared["twin_total_uj"] == pytest.approx(twin["total_uj"])
    for name in ("macs", "accumulates", "bytes_moved", "total_uj", "features_uj"):
        assert compared[name] == pytest.approx(own[name])


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
