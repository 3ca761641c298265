"""One recording, one answer: however it is asked for, and however long it is."""

import made_up
import numpy as np
import pytest

from emospike import store
from emospike.clip import Clip
from emospike.decision import Decision
from emospike.explain import write_explanation
from emospike.features.face_track import ALONE, Company
from emospike.systems import windows
from emospike.systems.windows import WINDOW, WindowDecision, join_windows

RATE = 16_000


@pytest.fixture(scope="module")
def model():
    return store.load("excube2-arousal")


def speech(seconds, silent=()):
    """A recording of made-up speech, whose pauses, in seconds, are silent."""
    sound = np.concatenate([made_up.voice(1.0, 110.0 + 15 * (i % 7)) for i in range(int(np.ceil(seconds)))])
    sound = sound[: round(seconds * RATE)].astype(np.float32)
    for start, stop in silent:
        sound[start * RATE : stop * RATE] = 0
    return Clip.from_array(sound, RATE)


@pytest.mark.parametrize(("seconds", "silent", "rows"), [(3, (), 0), (7.5, (), 4), (8.5, (), 5), (19, ((4, 8),), 10)])
def test_decide_explain_predict_and_windows_agree(model, seconds, silent, rows):
    clip = speech(seconds, silent)
    decided = model.decide(clip)
    whole, parts = model.decide_windows(clip, window=2.0)
    assert whole.probabilities == decided.probabilities
    assert (whole.label, whole.answered) == (decided.label, decided.answered)
    assert len(parts) == rows
    explained = model.explain(clip).decision
    assert explained.probabilities == decided.probabilities
    predicted = dict(zip(model.labels_, model.predict_proba([clip])[0].tolist(), strict=True))
    assert predicted == pytest.approx(dict(decided.probabilities), abs=1e-12)
    together = model.predict_by_modality([clip]).probabilities["audio"][0]
    assert together == pytest.approx(list(predicted.values()), abs=1e-12)


def test_a_long_recording_is_explained_by_its_most_telling_window(model, tmp_path):
    found = model.explain(speech(19, ((4, 8),)))
    timeline = found.panel("timeline")
    assert [one.fate == "passed over" for one in timeline.moments][1]
    told = [one.probability for one in timeline.moments if one.fate != "passed over"]
    assert timeline.explained.probability == max(told)
    page, *pictures = write_explanation(found, tmp_path)
    assert "Over time" in page.read_text(encoding="utf-8")
    assert tmp_path / "timeline.png" in pictures


def test_silence_throughout_is_told(model):
    from emospike.validation import InputError

    with pytest.raises(InputError, match="silent"):
        model.decide(Clip.from_array(np.zeros(20 * RATE, np.float32), RATE))


def decision(high, **known):
    label = "high" if high > 0.5 else "low"
    share = known.pop("share", {"audio": 1.0})
    return Decision(label, {"high": high, "low": 1 - high}, max(high, 1 - high), True, "", share, {}, **known)


def joined(*made, thresholds=None):
    limits = thresholds or [0.6] * len(made)
    parts = [
        WindowDecision(i * WINDOW, (i + 1) * WINDOW, one, 0.0, limit)
        for i, (one, limit) in enumerate(zip(made, limits, strict=True))
    ]
    return join_windows(Clip.from_array(np.ones(RATE, np.float32), RATE), parts, {})


def test_windows_without_speech_and_strange_ones_do_not_vote():
    told = joined(decision(0.9), decision(0.1, speech=False), decision(0.1, familiar=False), None)
    assert told.probabilities["high"] == pytest.approx(0.9)
    assert "over 4 windows, 1 silent, 1 without speech, 1 unlike anything it learnt from" in told.reason
    assert told.answered
    strange = joined(decision(0.9, familiar=False), decision(0.8, familiar=False))
    assert not strange.answered
    assert not strange.familiar
    unheard = joined(decision(0.9, speech=False), decision(0.8, speech=False))
    assert (unheard.answered, unheard.speech) == (False, False)


def test_each_window_needs_what_its_own_modality_needs():
    both, face = decision(0.7, share={"audio": 0.5, "face": 0.5}), decision(0.7, share={"face": 1.0})
    assert not joined(both, face, thresholds=[0.6, 0.9]).answered
    assert joined(both, face, thresholds=[0.6, 0.7]).answered
    assert windows.join_thresholds([]) == 0


def test_the_whole_tells_once_of_others_and_of_cuts():
    seen = decision(0.9, share={"face": 1.0})
    companies = [Company(cuts=(3.0,)), Company(2), ALONE, Company(3, (1.0,)).shift(12.0)]
    parts = [WindowDecision(4.0 * i, 4.0 * (i + 1), seen, 0.0, 0.6, one) for i, one in enumerate(companies)]
    told = join_windows(Clip.from_array(np.ones(RATE, np.float32), RATE), parts, {}).reason
    assert told.count("3 faces: the largest and steadiest was followed") == 1
    assert told.count("2 cuts, the first at 3.0 s") == 1
    heard = [WindowDecision(0.0, 4.0, decision(0.9), 0.0, 0.6, Company(2))]
    assert "faces" not in join_windows(Clip.from_array(np.ones(RATE, np.float32), RATE), heard, {}).reason


def test_the_whole_tells_whether_the_senses_disagree():
    both = {"audio": 0.5, "face": 0.5}
    alone = [
        {"audio": {"high": p, "low": 1 - p}, "face": {"high": q, "low": 1 - q}} for p, q in ((0.2, 0.9), (0.1, 0.4))
    ]
    apart = joined(*(decision(0.7, share=both, alone=one) for one in alone))
    assert "the face says high, the voice low" in apart.reason
    assert apart.alone["audio"]["low"] == pytest.approx(0.857, abs=0.001)
    assert sum(apart.alone["face"].values()) == pytest.approx(1)
    assert "says" not in joined(decision(0.7, share=both, alone=alone[1])).reason
    assert joined(decision(0.7)).alone == {}


def test_paths_are_taken_where_clips_are(model, tmp_path):
    import soundfile

    from emospike.validation import InputError

    clip = speech(3)
    soundfile.write(tmp_path / "a.wav", clip.sound, RATE, subtype="FLOAT")
    assert model.predict([tmp_path / "a.wav", str(tmp_path / "a.wav")]).tolist() == [model.decide(clip).label] * 2
    with pytest.raises(InputError, match="does not exist"):
        model.predict(["none.wav"])
    with pytest.raises(InputError, match="threshold must lie in"):
        model.decide(clip, threshold=float("nan"))


def test_too_little_of_a_face_is_not_answered(tmp_path):
    seer = store.load("excube2-both")
    names = [
        "timestamp",
        *(f"AU{unit:02d}_r" for unit in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)),
    ]
    for rows in (1, 5):
        lines = [",".join([f"{at / 30:.3f}", *["1.5"] * 17]) for at in range(rows)]
        (tmp_path / "face.csv").write_text("\n".join([",".join(names), *lines]))
        found = seer.decide(tmp_path / "face.csv")
        assert not found.answered
        assert found.reason == f"don't know: {(rows - 1) / 30:.2f} s of a face, 0.5 s are needed"
