import pytest

from emospike.energy.estimate import StageCost
from emospike.energy.memory import MEMORIES, choose_memory


@pytest.mark.parametrize(
    ("held", "name", "picojoule"),
    [
        (0, "8 KB", 1.25),
        (8192, "8 KB", 1.25),
        (8193, "32 KB", 2.5),
        (32_768, "32 KB", 2.5),
        (32_769, "1 MB", 12.5),
        (1_048_576, "1 MB", 12.5),
        (1_048_577, "DRAM", 162.5),
        (None, "DRAM", 162.5),
    ],
)
def test_the_smallest_memory_that_holds_all_is_taken(held, name, picojoule):
    """Horowitz 2014: 64 bits cost 10, 20 and 100 pJ from caches of 8 KB, 32 KB and 1 MB, and 1.3 nJ from DRAM."""
    memory = choose_memory(held)
    assert (memory.name, memory.picojoule) == (name, picojoule)
    assert memory in MEMORIES


def test_eight_bits_can_come_to_a_smaller_memory():
    stage = StageCost(macs=10.0, accumulates=20.0, bytes_moved=4000.0, bytes_held=32_772.0)
    small = stage.quantise()
    assert (stage.memory.name, small.memory.name) == ("1 MB", "32 KB")
    assert stage.movement == pytest.approx(4000 * 12.5e-6)
    assert small.movement == pytest.approx(1000 * 2.5e-6)
    assert small.arithmetic == pytest.approx((0.3 * 10 + 0.1 * 20) * 1e-6)


def test_what_is_fixed_stays_in_floats():
    features = StageCost(10.0, 0.0, 4000.0, 8000.0, fixed=True)
    assert features.quantise() is features


def test_who_does_not_tell_what_is_held_pays_for_dram():
    stage = StageCost(0.0, 0.0, 8.0, None)
    assert stage.movement == pytest.approx(1300e-6)
    assert stage.quantise().memory.name == "DRAM"
