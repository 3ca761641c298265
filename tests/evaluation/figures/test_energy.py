"""The figure of energies."""

import pytest

from emospike.energy.estimate import StageCost, Variant
from emospike.evaluation.figures.energy import alt_text, draw_energy
from emospike.explain.style import save_figure


def result(layers):
    own = Variant("spiking", {"network": StageCost(1e6, 5e6, 1e8, 30_000)})
    twin = Variant("twin without spikes", {"network": StageCost(4e7, 0, 6e8, 30_000)})
    rows = [one.costs() for one in (own, own.quantise(), twin)]
    return {"variants": rows, "layers": layers, "break_even": 0.064, "note": "a note"}


LAYERS = [
    {"name": "inputs", "accumulates": 9, "spike_rate": 0.1},
    {"name": "leak", "accumulates": 0, "spike_rate": 1.0},
]


@pytest.mark.parametrize(
    ("layers", "title"),
    [(LAYERS, "Spikes that arrive"), (LAYERS[1:], "No layer is driven by spikes"), ([], "Its layers are not told")],
)
def test_variants_and_layers_are_drawn(layers, title, tmp_path, recwarn):
    figure = draw_energy(result(layers))
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["spiking", "spiking, int8", "twin without spikes"]
    assert right.get_title(loc="left").startswith(title)
    assert "inputs" in [label.get_text() for label in right.get_yticklabels()] or layers is not LAYERS
    assert save_figure(figure, tmp_path / "a.png").stat().st_size > 5_000
    assert not [one for one in recwarn if "emospike" in str(one.filename)]
    assert "spiking 259" in alt_text(result(layers))
