"""What carried the decision."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from emospike.explain import Attribution
from emospike.explain.html import Page


def test_parts_are_sorted_and_those_not_shown_are_counted(explanation):
    panel = explanation.panel("occlusion")
    page = panel.html(Page())
    table = page[page.index("Brain regions (12 strongest of 18)</caption>") :]
    shown = re.findall(r'class="number">([^<]+)<', table[: table.index("</table>")])
    numbers = [float(value.replace("−", "-")) for value in shown]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 12
    strongest = max(explanation.attributions["audio"], key=lambda one: one.change).name
    assert page.index("Frequency bands</caption>") < page.index(f'<th scope="row">{strongest}')


def test_a_moment_is_as_wide_as_it_lasts(explanation):
    panel = explanation.panel("occlusion")
    feature, bars = panel.plot()["data"]
    assert sum(bars["width"]) == pytest.approx(panel.series.seconds)
    np.testing.assert_allclose(bars["x"][1:] - bars["x"][:-1], panel.series.seconds / 12)
    assert bars["y"] == [one.change for one in explanation.attributions["moments"]]
    assert len(feature["z"]) == len(panel.series.channels)


@pytest.mark.parametrize("changes", [(0.9, -0.02, -1.09), (-0.29, 1.7, 0.2), (-9.1, -12.34, -10.0), (4.3, 0.0, -0.001)])
def test_numbers_beside_bars_keep_clear_of_the_names(explanation, changes):
    found = [Attribution(f"a name of a region {i} L", change) for i, change in enumerate(changes)]
    kinds = {**explanation.attributions, "audio": found, "regions": found}
    figure = replace(explanation.panel("occlusion"), attributions=kinds).figure()
    figure.draw_without_rendering()
    for axes in figure.axes[2:]:
        names = [label.get_window_extent() for label in axes.get_yticklabels()]
        for number in (text.get_window_extent() for text in axes.texts):
            assert not any(number.overlaps(name) for name in names)
            assert axes.bbox.x0 <= number.x0 < number.x1 <= axes.bbox.x1
    assert [axes.get_title(loc="left") for axes in figure.axes[2:]] == ["Contours", "Brain regions"]
