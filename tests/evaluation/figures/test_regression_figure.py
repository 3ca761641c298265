import numpy as np

from emospike.evaluation.figures.regression import describe_figure, draw_numbers


def test_every_recording_is_a_point_of_each_number():
    told = {"valence": [0.0, 0.5, 1.0], "arousal": [3.0, 1.0, 2.0]}
    predicted = {"valence": [0.1, 0.4, 0.7], "arousal": [2.0, 2.0, 2.0]}
    rows = [
        {kind: {name: one[name][i] for name in one} for kind, one in (("told", told), ("predicted", predicted))}
        for i in range(3)
    ]
    found = {"ccc": 0.87, "ci95": [0.5, 0.95], "told": {"mean": 0.5}}
    result = {"system": "a", "preset": "p", "protocol": "speaker-folds", "clips": 3, "predictions": rows}
    result |= {"targets": {"valence": found, "arousal": {"ccc": 0.0, "ci95": None, "told": {"mean": 2.0}}}}
    first, second = draw_numbers(result).axes
    np.testing.assert_array_equal(first.collections[0].get_offsets(), [[0, 0.1], [0.5, 0.4], [1, 0.7]])
    np.testing.assert_array_equal(second.collections[0].get_offsets(), [[3, 2], [1, 2], [2, 2]])
    assert first.get_title(loc="left") == "valence: CCC 0.87 (0.50 to 0.95)"
    assert second.get_title(loc="left") == "arousal: CCC 0.00"
    np.testing.assert_array_equal(first.lines[0].get_xydata(), [[0, 0], [1, 1]])  # where predictions are exact
    assert first.lines[1].get_ydata()[0] == 0.5
    assert "valence with a CCC of 0.87" in describe_figure(result)
