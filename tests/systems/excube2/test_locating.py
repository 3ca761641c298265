"""Where the neurons of the cube lie, and which of them fire."""

from emospike.systems.excube2.model import EXCube2


def test_spikes_are_located_in_the_brain(small, speech):
    system = small(EXCube2, "default").fit(*speech)
    found = system.locate(speech.clips[0])
    seen = system.perceive(speech.clips[0])
    assert found.positions.shape == (system.neurons, 3)
    assert found.counts.tolist() == system.activity(seen, ("audio",)).counts.tolist()
    assert found.counts.sum() > 0
    assert system.locate().counts.sum() == 0
