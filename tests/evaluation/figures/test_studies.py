from __future__ import annotations

import io
from itertools import pairwise

import pytest
from PIL import Image

from emospike.evaluation.figures.results import draw_evaluation
from emospike.evaluation.figures.studies import draw_cascade, draw_new_speakers, draw_robustness
from emospike.explain.style import png

COMMON = {
    "system": "excube2",
    "modality": "both",
    "labels": "arousal",
    "protocol": "cascade",
    "normalise": "none",
    "accuracy": 0.93,
    "balanced_accuracy": 0.93,
    "majority": 0.5,
    "ci95": [0.88, 0.98],
    "senses": {name: {"accuracy": accuracy} for name, accuracy in (("both", 0.93), ("audio", 0.8), ("face", 0.9))},
}


def adapting(modes=("labels", "mean", "both"), others=0.86):
    rows = [{"k": 0, "mode": "none", "accuracy": 0.85, "gain": 0.0, "gain_ci95": [0, 0]}]
    rows += [
        {"k": k, "mode": mode, "accuracy": 0.85 + 0.01 * k, "gain": 1.0 * k, "gain_ci95": [-1.0, 2.0 * k + 1]}
        for k in (1, 2, 4, 8)
        for mode in modes
    ]
    return COMMON | {
        "new_speaker": [row | {"old_speakers": 1 - 0.001 * row["k"], "other_speakers": others} for row in rows]
    }


def cascading():
    rows = [
        {
            "first": first,
            "limit": 0.03 * i,
            "looked": 1 - 0.05 * i,
            "accuracy": 0.95 - 0.01 * i,
            "operations_share": share,
        }
        for first in ("audio", "face")
        for i in range(21)
        for share in [1.3 - 0.03 * i]
    ]
    chosen = {first: rows[at] for first, at in (("audio", 5), ("face", 35))}
    return COMMON | {"cascade": rows, "cascade_chosen": chosen, "cascade_both": {"accuracy": 0.93}}


@pytest.mark.parametrize(
    "result", [adapting(), adapting(("mean",), None), cascading()], ids=["modes", "mean", "cascade"]
)
def test_studies_are_drawn(result, recwarn):
    figure = draw_evaluation(result)
    Image.open(io.BytesIO(png(figure))).load()
    assert "sound alone 80 %, face alone 90 %" in figure.get_suptitle()
    (legend,) = figure.legends
    texts = [text.get_window_extent() for text in legend.get_texts()]
    assert not any(one.overlaps(other) for one, other in pairwise(texts))
    box = legend.get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figure.bbox.x1
    for axes in figure.axes:
        assert not axes.get_tightbbox().overlaps(box)
    assert not list(recwarn)


def test_a_line_a_mode_and_the_unadapted_level():
    own, others = draw_new_speakers(adapting()).axes
    assert [container.lines[0].get_ydata().tolist() for container in own.containers] == [
        pytest.approx([0.86, 0.87, 0.89, 0.93])
    ] * 3
    assert own.get_ylim()[1] <= 1.01
    assert [label.get_text() for label in own.get_xticklabels()] == ["1", "2", "4", "8"]
    assert sum(line.get_linestyle() == ":" for line in others.lines) == 3
    assert not any(line.get_linestyle() == ":" for line in draw_new_speakers(adapting(others=None)).axes[1].lines)


def test_intervals_are_those_of_the_gain():
    own, _ = draw_new_speakers(adapting()).axes
    (bars,) = own.containers[0].lines[2]
    low, high = bars.get_segments()[2][:, 1]  # 4 clips: 0.89, a gain of 4 points, -1 to 9
    assert (low, high) == pytest.approx((0.84, 0.94))


def test_both_orders_and_the_chosen_limits():
    looked, computed = draw_cascade(cascading()).axes
    for axes in (looked, computed):
        assert axes.lines[0].get_ydata()[0] == 0.93  # both senses always
        assert [len(line.get_xdata()) for line in axes.lines[1:]] == [21, 21]
    assert looked.collections[0].get_offsets()[0].tolist() == pytest.approx([0.75, 0.90])
    assert computed.collections[1].get_offsets()[0].tolist() == pytest.approx([1.3 - 0.03 * 14, 0.81])


def degraded():
    measures = ("accuracy", "confidence", "right_of_answered", "answered")
    rows = [
        {"degradation": name, **dict(zip(measures, values, strict=True))}
        for name, values in {
            "recorded": (0.9, 0.88, 0.95, 0.8),
            "telephone": (0.4, 0.9, 0.35, 0.9),
            "gain:-100": (None, None, None, 0.0),
        }.items()
    ]
    return COMMON | {"protocol": "robustness", "robustness": rows}


def test_a_row_a_degradation():
    accuracy, answered = draw_robustness(degraded()).axes
    assert [label.get_text() for label in accuracy.get_yticklabels()] == ["recorded", "telephone", "gain:-100"]
    places = [one.get_offsets()[0].tolist() for one in accuracy.collections]
    assert places == [[0.9, 0], [0.88, 0], [0.4, 1], [0.9, 1]]
    assert [one.get_offsets()[0].tolist() for one in answered.collections][-1] == [0.0, 2]
    assert draw_evaluation(degraded()).get_suptitle().startswith("excube2, both, arousal")
