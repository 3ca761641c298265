from __future__ import annotations

import io

import pytest
from PIL import Image

from emospike.evaluation.figures.results import alt_text, draw_coverage
from emospike.explain.style import png, save_figure


def result(labels: tuple[str, ...], folds: int) -> dict:
    cells = [[30 if row == column else 3 for column in range(len(labels))] for row in range(len(labels))]
    return {
        "system": "excube2",
        "modality": "audio",
        "labels": "arousal",
        "protocol": "leave speakers out",
        "normalise": "none",
        "accuracy": 0.83,
        "balanced_accuracy": 0.81,
        "majority": 0.61,
        "ci95": [0.8, 0.86],
        "folds": [
            {
                "speakers": [f"{i:02d}", f"{i + 1:02d}", "x"],
                "n": 60,
                "accuracy": 0.8 + 0.01 * (i % 7),
                "balanced_accuracy": 0.8,
            }
            for i in range(folds)
        ],
        "coverage": [
            {"threshold": 0.5 + 0.05 * i, "coverage": 1 - 0.1 * i, "accuracy": 0.83 + 0.015 * i} for i in range(10)
        ]
        + [{"threshold": 1.0, "coverage": 0.0, "accuracy": None}],
        "confusion": {"labels": list(labels), "matrix": cells},
    }


@pytest.mark.parametrize(
    ("labels", "folds"), [(("high", "low"), 5), (tuple("abcdefgh"), 24), (("only",), 1), (("a", "b"), 40)]
)
def test_evaluations_are_drawn(labels, folds, tmp_path, recwarn):
    figure = draw_coverage(result(labels, folds))
    path = save_figure(figure, tmp_path / "evaluation.png", alt_text(result(labels, folds)))
    image = Image.open(path)
    assert image.info["Description"].startswith("excube2 on arousal")
    assert not list(recwarn)


def test_curve_marks_thresholds_and_leaves_out_empty_answers():
    figure = draw_coverage(result(("high", "low"), 5))
    curve, confusion, folds = figure.axes
    assert max(curve.lines[0].get_xdata()) == 1.0
    assert min(curve.lines[0].get_xdata()) > 0
    assert {"0.50", "0.60", "majority class"} <= {text.get_text() for text in curve.texts}
    assert confusion.texts[0].get_text() == "30\n91 %"
    assert folds.get_yticklabels()[0].get_text() == "00, 01 +1 (60)"


def test_texts_stay_inside_and_apart():
    figure = draw_coverage(result(("high", "low"), 5))
    Image.open(io.BytesIO(png(figure))).load()
    labels = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()[0].isdigit()]
    assert len(labels) > 4
    for i, one in enumerate(labels):
        assert not any(one.overlaps(other) for other in labels[:i])
    for axes in figure.axes:
        box = axes.xaxis.label.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= figure.bbox.x1
