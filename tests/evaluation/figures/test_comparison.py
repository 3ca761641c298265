from emospike.evaluation.figures.comparison import alt_text, draw_systems

ROW = {
    "system": "a", "preset": "default", "modality": "both", "protocol": "speaker-folds", "leaky": False,
    "accuracy": 0.9, "ci95": [0.8, 1.0], "majority": 0.5, "total_uj": 8.0, "twin_total_uj": 4000.0,
}  # fmt: skip


def test_every_row_is_drawn():
    rows = [ROW, ROW | {"system": "b", "protocol": "published", "leaky": True, "ci95": None, "total_uj": None}]
    figure = draw_systems(rows)
    right, energy = figure.axes
    assert [label.get_text() for label in right.get_yticklabels()] == ["a, default", "b, default"]
    assert [text.get_text() for text in right.texts] == ["0.900", "0.900 leaky"]
    assert [text.get_text() for text in energy.texts] == ["not known"]
    assert [label.get_text() for label in energy.get_xticklabels()] == ["10", "100", "1,000"]
    assert "b default (published) 0.900" in alt_text(rows)
