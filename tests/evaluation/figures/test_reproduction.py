"""Figures of reproductions: what is told is drawn."""

import pytest

from emospike.evaluation.figures.reproduction import alt_text, draw_reproduction
from emospike.explain.style import png


def cell(accuracy: float) -> dict:
    return {"accuracy": accuracy, "balanced_accuracy": accuracy, "majority": 0.2, "ci95": [accuracy - 0.1, accuracy]}


def result(figure: str, ats: list[dict], protocols=("random", "speaker-folds")) -> dict:
    rows = [
        {
            "what": f"row {number}",
            "paper": {} if number else {"vote": 0.8},
            "at": at,
            "found": {name: {one: cell(0.5 + number / 100) for one in protocols} for name in ("vote", "linear")},
            "curves": {one: [{"train": [1.0, 0.5], "test": [1.1, 0.8]}] for one in protocols},
        }
        for number, at in enumerate(ats)
    ]
    return {
        "title": "A toy", "source": "Nobody", "figure": figure, "columns": ["vote", "linear"],
        "protocols": list(protocols), "rows": rows,
    }  # fmt: skip


GRID = [{"window": size, "features": count} for size in (10, 20) for count in (20, 60)]
NOISE = [{"noise": "clean", "level": 0.0}] + [
    {"noise": kind, "level": level} for kind in ("white", "babble") for level in (20.0, 0.0)
]


@pytest.mark.parametrize(
    ("shown", "panels"),
    [
        (result("rows", [{}, {}, {}]), 1),
        (result("grid", GRID), 2),
        (result("noise", NOISE, ("speaker-folds",)), 2),
        (result("learning", [{}, {}]), 2),
    ],
)
def test_every_kind_is_drawn(shown, panels):
    figure = draw_reproduction(shown)
    assert len(figure.axes) == panels
    assert len(png(figure)) > 10_000
    assert "row 0 vote 0.500" in alt_text(shown)


def test_rows_show_the_paper_and_both_splits():
    axes = draw_reproduction(result("rows", [{}, {}])).axes[0]
    places = [tuple(one.get_offsets()[0]) for one in axes.collections if hasattr(one, "get_offsets")]
    assert (0.8, -0.11) in [(round(float(x), 2), round(float(y), 2)) for x, y in places]  # of the paper
    assert [label.get_text() for label in axes.get_yticklabels()] == ["row 0", "row 1"]
