"""Small-world wiring of the brain and of input lines."""

import numpy as np
import pytest

from emospike.brain.template import BrainTemplate
from emospike.brain.tonotopy import Tonotopy
from emospike.brain.wiring import InputWiring, SmallWorld, Synapses
from emospike.validation import InputError

BRAIN = BrainTemplate.mni152()
WIRINGS = {"paper": SmallWorld(), "default": SmallWorld.default(), "neucube_py": SmallWorld.neucube_py()}


def distances(synapses: Synapses, brain: BrainTemplate) -> np.ndarray:
    return np.linalg.norm(brain.positions[synapses.sources()] - brain.positions[synapses.targets], axis=1)


def inhibitory(synapses: Synapses) -> np.ndarray:
    """Return which neurons have outgoing synapses that are all negative; mixed signs are an error."""
    source, negative = synapses.sources(), synapses.weights < 0
    count, below = np.bincount(source, minlength=3108), np.bincount(source, negative, minlength=3108)
    assert np.all((below == 0) | (below == count))
    return below > 0


@pytest.mark.parametrize("name", WIRINGS)
def test_wiring_is_deterministic_and_free_of_loops(name: str) -> None:
    once, again, other = (WIRINGS[name].connect(BRAIN, seed) for seed in (7, 7, 8))
    assert np.array_equal(once.targets, again.targets)
    assert np.array_equal(once.weights, again.weights)
    assert not np.array_equal(once.targets[:1000], other.targets[:1000])
    assert np.all(once.sources() != once.targets)
    keys = once.sources().astype(np.int64) * BRAIN.size + once.targets
    assert np.all(np.diff(keys) > 0)  # sorted, none twice


@pytest.mark.parametrize("density", [0.003, 0.005])
def test_density_is_met(density: float) -> None:
    synapses = SmallWorld(density=density).connect(BRAIN)
    assert len(synapses) / BRAIN.size**2 == pytest.approx(density, rel=0.03)


@pytest.mark.parametrize("neurons", [500, 8000])
def test_density_is_met_at_other_sizes(neurons: int) -> None:
    synapses = SmallWorld().connect(BrainTemplate.mni152(neurons))
    assert len(synapses) / neurons**2 == pytest.approx(0.004, rel=0.1)


def test_default_has_twelve_incoming_synapses() -> None:
    synapses = SmallWorld.default().connect(BRAIN)
    assert np.all(np.bincount(synapses.targets, minlength=BRAIN.size) == 12)
    excited = synapses.weights[synapses.weights > 0]
    assert 0 < excited.min() < excited.mean() < excited.max() < 0.05
    assert excited.mean() == pytest.approx(0.025, rel=0.05)
    assert -0.1 < synapses.weights.min() < -0.095


@pytest.mark.parametrize(("name", "share"), [("paper", 0.2), ("default", 0.3)])
def test_inhibitory_share_is_exact(name: str, share: float) -> None:
    synapses = WIRINGS[name].connect(BRAIN)
    silent = np.count_nonzero(np.diff(synapses.offsets) == 0)
    assert abs(inhibitory(synapses).sum() - share * BRAIN.size) <= silent + 1


def test_probability_falls_with_distance() -> None:
    synapses = SmallWorld.default().connect(BRAIN)
    every = np.linalg.norm(BRAIN.positions[:, None] - BRAIN.positions[None], axis=-1)
    edges = [1, 10, 20, 30, 40, 60]
    rate = np.histogram(distances(synapses, BRAIN), edges)[0] / np.histogram(every, edges)[0]
    assert np.all(np.diff(rate) < 0)
    assert rate[0] > 20 * rate[3]


def test_neucube_py_matches_its_formula() -> None:
    """p = 0.4 exp(-(d' / 0.169)^2), d' over the row's largest distance, and weights of p / 100."""
    synapses = SmallWorld.neucube_py().connect(BRAIN)
    every = np.linalg.norm(BRAIN.positions[:, None] - BRAIN.positions[None], axis=-1)
    p = 0.4 * np.exp(-((every / every.max(axis=1, keepdims=True) / 0.169) ** 2))
    np.testing.assert_allclose(np.abs(synapses.weights), p[synapses.targets, synapses.sources()] / 100, rtol=1e-3)
    np.fill_diagonal(p, 0)
    assert len(synapses) == pytest.approx(p.sum(), abs=4 * float(np.sqrt(p.sum())))
    drawn = 1 - (1 - 1 / BRAIN.size) ** (0.2 * BRAIN.size)  # 18.1 %: draws repeat
    assert inhibitory(synapses).mean() == pytest.approx(drawn, abs=0.015)


def test_a_hundred_thousand_neurons() -> None:
    brain = BrainTemplate.mni152(100_000)
    synapses = SmallWorld(density=None, fan_in=2).connect(brain)
    assert len(synapses) == 200_000
    assert np.median(distances(synapses, brain)) < 25


def test_input_lines_reach_neurons_near_any_of_their_sites() -> None:
    sites = Tonotopy().sites(np.geomspace(50, 8000, 40).astype(np.float32))
    synapses = InputWiring(fan_out=30, length=12).connect(sites, BRAIN, seed=1)
    assert np.all(np.diff(synapses.offsets) == 30)
    apart = np.linalg.norm(sites[synapses.sources()] - BRAIN.positions[synapses.targets][:, None], axis=-1)
    assert np.median(apart.min(axis=1)) < 15
    assert abs((BRAIN.positions[synapses.targets, 0] < 0).mean() - 0.5) < 0.05  # both hemispheres alike
    assert all(len(set(targets)) == 30 for targets in synapses.targets.reshape(40, 30))


def test_input_lines_with_infinite_length_reach_the_whole_brain() -> None:
    sites = np.full((50, 3), 60, np.float32)
    synapses = InputWiring(fan_out=100, length=np.inf).connect(sites, BRAIN)
    np.testing.assert_allclose(BRAIN.positions[synapses.targets].mean(axis=0), BRAIN.positions.mean(axis=0), atol=2)


def test_input_weights_are_gaussian() -> None:
    sites = np.zeros((50, 3), np.float32)
    signed = InputWiring(fan_out=200, scale=0.3).connect(sites, BRAIN, seed=1)
    assert signed.weights.std() == pytest.approx(0.3, rel=0.03)
    assert signed.weights.mean() == pytest.approx(0, abs=0.01)
    positive = InputWiring(fan_out=200, scale=0.3, signed=False).connect(sites, BRAIN, seed=1)
    np.testing.assert_array_equal(positive.weights, np.abs(signed.weights))
    np.testing.assert_array_equal(positive.targets, signed.targets)


def test_input_lines_index_all_neurons_when_transposed() -> None:
    synapses = InputWiring().connect(np.zeros((4, 3), np.float32), BRAIN)
    assert len(synapses.transpose(BRAIN.size).offsets) == BRAIN.size + 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"length": 0}, "length must be above 0"),
        ({"peak": 0.4}, r"got \['density', 'peak'\]: set the others to None"),
        ({"density": None}, "exactly one of"),
        ({"density": None, "peak": 1.0}, "peak must lie in"),
        ({"inhibitory_fraction": 1.2}, "inhibitory_fraction must lie in 0 to 1"),
    ],
)
def test_wrong_parameters_are_explained(wrong: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        SmallWorld(**wrong)


def test_impossible_wirings_are_explained() -> None:
    with pytest.raises(InputError, match="raise length or lower density"):
        SmallWorld(length=0.02).connect(BRAIN)
    with pytest.raises(InputError, match="fan_in must lie in 1 to 499"):
        SmallWorld(density=None, fan_in=500).connect(BrainTemplate.mni152(500))
    with pytest.raises(InputError, match="use a fan_in, or fewer neurons"):
        SmallWorld(density=0.1, length=1.0).connect(BrainTemplate.mni152(100_000))
    with pytest.raises(InputError, match="fan_out must lie in 1 to 500"):
        InputWiring(fan_out=501).connect(np.zeros((1, 3), np.float32), BrainTemplate.mni152(500))
