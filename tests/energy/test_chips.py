import pytest

from emospike.energy.chips import CHIPS, describe_chips, price_layers


def row(name, stage="network", accumulates=0.0, updates=0.0, held=0):
    counts = {"accumulates": accumulates, "updates": updates, "bytes_held": held, "bytes_moved": 0.0}
    return {"name": name, "stage": stage} | counts


ROWS = [
    row("features: Mel", "features: Mel"),
    row("inputs", accumulates=2e6, held=1_048_576),
    row("first picture"),
    row("leak", updates=1e6, held=4),
    row("readout", "readout", held=4_000_000),
]


def test_spikes_and_neurons_are_priced_and_the_rest_is_left_to_a_processor():
    inputs, leak = price_layers(ROWS)
    assert (inputs["name"], inputs["events"], leak["name"], leak["updates"]) == ("inputs", 2e6, "leak", 1e6)
    assert inputs["uj"] == pytest.approx({"Loihi": 47.2, "TrueNorth": 52.0, "SpiNNaker 2, prototype": 900.0})
    assert leak["uj"] == pytest.approx({"Loihi": 81.0, "TrueNorth": 0.0, "SpiNNaker 2, prototype": 2190.0})


def test_layers_are_summed():
    whole = {one["name"]: one for one in describe_chips(price_layers(ROWS))}
    assert whole["Loihi"]["total_uj"] == pytest.approx(47.2 + 81.0)


def test_what_is_not_published_has_no_price():
    chips = {one["name"]: one for one in describe_chips(price_layers(ROWS))}
    assert set(chips) == {one.name for one in CHIPS}
    for name in ("Loihi 2", "SpiNNaker 2"):
        assert (chips[name]["synapse"], chips[name]["total_uj"]) == (None, None)
        assert chips[name]["basis"] == "not published"
