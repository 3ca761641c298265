"""What is decided on recordings as a table, and how decisions and signals show themselves elsewhere."""

import json

import numpy as np
import pytest

import emospike
from emospike.clip import SAMPLE_RATE, Clip
from emospike.decision import Decision
from emospike.series import Channel, Series
from emospike.spikes import Spikes
from emospike.validation import InputError

pandas = pytest.importorskip("pandas")


def test_a_row_a_recording(wav, tmp_path):
    (tmp_path / "no.wav").write_text("no sound")
    table = emospike.recognise([wav, tmp_path / "no.wav"], "excube2-arousal")
    assert table.index.names == ["file", "start", "end"]
    good, bad = table.reset_index().to_dict("records")
    decision = emospike.load("excube2-arousal").decide(wav)
    assert (good["file"], good["label"], good["answered"]) == (str(wav), decision.label, decision.answered)
    assert good["probabilities_high"] == pytest.approx(decision.probabilities["high"])
    assert good["end"].total_seconds() == pytest.approx(Clip(wav).seconds)
    assert "cannot be read as sound" in bad["error"]
    assert pandas.isna(bad["label"])


def test_a_row_a_window(wav):
    sound = np.tile(Clip(wav).sound, 6)
    model = emospike.load("excube2-arousal")
    table = emospike.recognise([(sound, SAMPLE_RATE)], model, window=2.0)
    _, windows = model.decide_windows(Clip.from_array(sound, SAMPLE_RATE), window=2.0)
    assert len(table) == len(windows) > 2
    starts = table.index.get_level_values("start").total_seconds()
    assert table["label"].tolist() == [one.decision.label for one in windows]
    assert starts.tolist() == pytest.approx([one.start for one in windows])


def test_none_and_what_is_none(wav):
    assert len(emospike.recognise([])) == 0
    with pytest.raises(InputError, match="a list of clips or paths expected"):
        emospike.recognise("a.wav")
    for wrong, said in (
        ({"threshold": -1.0}, "threshold must lie"),
        ({"modality": "face"}, "perceives audio, not"),
    ):
        with pytest.raises(InputError, match=said):
            emospike.recognise([wav], "excube2-arousal", **wrong)
    with pytest.raises(InputError, match="no model"):
        emospike.recognise([], "excube9")


DECISION = Decision("high", {"high": 0.7, "low": 0.3}, 0.7, True, "confidence 0.70 reaches <0.6>", {"audio": 1.0})


def test_a_decision_as_json_and_in_a_notebook():
    told = DECISION.to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["probabilities"] == {"high": 0.7, "low": 0.3}
    shown = DECISION._repr_html_()
    assert "<strong>high</strong>" in shown
    assert "reaches &lt;0.6&gt;" in shown
    unknown = Decision("high", DECISION.probabilities, 0.7, False, "don't know: why")
    assert "<strong>don&#x27;t know</strong>" in unknown._repr_html_()


def test_signals_are_tables():
    channels = (Channel("a", "audio"), Channel("b", "audio"))
    table = Series(np.arange(6, dtype=np.float32).reshape(3, 2), 100.0, channels).to_frame()
    assert table.columns.tolist() == ["a", "b"]
    assert table.loc[0.01].tolist() == [2, 3]
    events = Spikes.from_dense(np.array([[1, 0], [0, -1]], np.int8), 100.0, channels).to_frame()
    assert events.to_dict("list") == {"time": [0.0, 0.01], "channel": ["a", "b"], "sign": [1, -1]}


def test_the_american_spelling_and_short_help(run, wav, model):
    assert run("recognize", wav, "--model", model, "--json").rows[0]["file"] == str(wav)
    assert "Recognise the emotion in recordings" in run("recognise", "-h").out
    assert "recognize" not in run("-h").out
