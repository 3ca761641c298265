"""What shipped models would cost as their papers' non-spiking networks, by all modalities and by each alone."""

import pytest

from emospike import store

EQUIVALENT = [name for name in store.list_shipped_models() if "equivalent" in store.load(name).abilities]


@pytest.mark.parametrize("name", EQUIVALENT)
def test_a_modality_alone_costs_less_than_all_together(name):
    model = store.load(name)
    whole = model.equivalent()
    assert whole.macs > 0 == whole.synaptic_operations
    if "one_modality" in model.abilities:
        alone = {modality: model.by(modality).equivalent().macs for modality in model.deciders}
        others = [macs for modality, macs in alone.items() if modality != model.modality]
        assert alone[model.modality] == whole.macs
        assert all(0 < macs < whole.macs for macs in others)
