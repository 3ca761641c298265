"""The reproductions of Spiking Emotions, on made-up faces and with a tiny network."""

from dataclasses import replace

import made_up
import numpy as np
import pytest

from emospike import datasets
from emospike.evaluation.figures.reproduction import draw_reproduction
from emospike.evaluation.figures.voting import average_curve
from emospike.evaluation.reproduce import find_papers, find_reproduction, reproduce
from emospike.systems.spiking_emotions import presets as spiking_emotions_presets
from emospike.systems.spiking_emotions.paper import ROWS, make_untrained

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Every reproduction but the table, whose trials are like those of the figures."""
    data = datasets.load(made_up.write_faces(tmp_path_factory.mktemp("faces")), video=True)
    made = spiking_emotions_presets.default()
    tiny = made | {
        "pictures": replace(made["pictures"], size=24),
        "camera": replace(made["camera"], steps=8),
        "network": replace(made["network"], size=24, steps=8, filters=4, hidden=16),
        "training": replace(made["training"], epochs=2),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(spiking_emotions_presets.PRESETS, "default", lambda modality: tiny)
        return {what: reproduce(_honest(what), data) for what in ("figure2", "figure3", "latency")}


def _honest(what):
    """On one protocol, since both do the same."""
    return replace(find_reproduction("spiking-emotions", what), protocols=("random",))


def test_every_row_changes_one_thing():
    assert set(find_papers()["spiking-emotions"].reproductions) == {"table1", "figure2", "figure3", "latency"}
    table = find_reproduction("spiking-emotions", "table1")
    assert table.modality == "face"
    claims = [claim for trial in table.trials for claim in trial.claims]
    assert {claim.what: claim.paper["vote"] for claim in claims} == {what: paper for what, (paper, _) in ROWS.items()}
    correct = [round(402 * claim.paper["vote"]) for claim in claims]  # the paper's test set has 402 clips
    np.testing.assert_allclose(np.array(correct) / 402, [claim.paper["vote"] for claim in claims], atol=5e-5)
    assert len({trial.settings for trial in table.trials}) == len(table.trials)
    made = make_untrained(0, **ROWS["pureSNN (no first frame)"][1])
    assert (made.camera.float_first, made.network.threshold, made.network.learn_tau) == (False, 0.4, True)
    assert not make_untrained(0, **ROWS["baseline SNN (LIF)"][1]).network.learn_tau
    assert not make_untrained(0, **ROWS["ANN counterpart"][1]).network.spiking


def test_curves_go_step_by_step(found):
    for row in found["figure2"]["rows"]:
        for name in ("accuracy", "loss"):
            assert average_curve(row, "random", name).shape == (8,)
    before = found["figure2"]["rows"][0]
    assert before["what"].startswith("before training")
    assert average_curve(before, "random", "accuracy")[-1] == before["found"]["vote"]["random"]["accuracy"]


def test_voters_are_shown(found):
    shown = [row for row in found["figure3"]["rows"] if row.get("curves")]
    assert shown
    lines = shown[0]["curves"]["random"][0]
    assert len(lines) == 40
    assert set(lines["spikes 00"]) <= {0.0, 1.0}


def test_waiting_takes_steps(found):
    (row,) = found["latency"]["rows"]
    steps = average_curve(row, "random", "steps")
    assert steps[-1] == 8
    assert list(steps) == sorted(steps)
    assert set(row["found"]) == {"all steps", "lead 5", "lead 2", "lead 1", "lead 0.5"}


@pytest.mark.parametrize("what", ["figure2", "figure3", "latency"])
def test_each_is_drawn(found, what, tmp_path, recwarn):
    from emospike.explain.style import save_figure

    assert save_figure(draw_reproduction(found[what]), tmp_path / "a.png").stat().st_size > 5_000
    assert not [one for one in recwarn if "emospike" in str(one.filename)]


def test_curves_are_averaged_by_their_recordings():
    row = {"curves": {"random": [{"accuracy": [1.0]}, {"accuracy": [0.0]}]}, "tested": {"random": [3, 1]}}
    assert average_curve(row, "random", "accuracy").tolist() == [0.75]
