"""Protocols that ask for an ability, on systems of deep networks, which have no vector and no classifier."""

from dataclasses import replace

import made_up
import pytest
from made_up_speech import smallest

from emospike import datasets
from emospike.evaluation import new_speaker
from emospike.evaluation.cascade import LIMITS
from emospike.evaluation.protocols import evaluate
from emospike.systems import SYSTEMS

pytest.importorskip("torch")


@pytest.fixture
def tiny(monkeypatch):
    """Make a system learn made-up clips in seconds, and new speakers give theirs once."""
    monkeypatch.setattr(new_speaker, "DRAWS", 1)

    def shrink(name, modality):
        info = SYSTEMS[name]
        parameters = smallest(info.load(), "default", modality).get_params(deep=False)
        monkeypatch.setitem(SYSTEMS, name, replace(info, presets={"default": lambda _: parameters}))

    return shrink


@pytest.fixture
def heard(filmed):
    """Three speakers who are heard and seen, happy three times and sad three times."""
    return filmed.subset(filmed.speakers != "d")


@pytest.fixture
def seen(tmp_path):
    """Three speakers who smile and talk, or do not, three times each."""
    faces = datasets.load(made_up.write_faces(tmp_path / "faces", clips=6), video=True)
    return faces.subset(faces.speakers != "dan")


def check_new_speakers(result):
    """Every number of clips and every mode has its row; who adapts forgets little of what is so plain."""
    rows = {(row["k"], row["mode"]): row for row in result["new_speaker"]}
    modes = ("labels", "mean", "both")
    assert list(rows) == [(0, "none"), *((k, mode) for k in (1, 2) for mode in modes)]
    assert rows[0, "none"]["gain"] == 0
    assert all(row["accuracy"] > 0.6 < row["old_speakers"] for row in rows.values())


@pytest.mark.long
def test_new_speakers_of_voice_and_face(tiny, heard):
    tiny("eavs_tf", "both")
    check_new_speakers(evaluate("eavs_tf", heard, "emotion", protocol="new-speaker", modality="both"))


@pytest.mark.long
def test_new_speakers_who_are_only_seen(tiny, seen):
    tiny("spiking_emotions", "face")
    check_new_speakers(evaluate("spiking_emotions", seen, "emotion", protocol="new-speaker", modality="face"))


@pytest.mark.long
def test_a_cascade_of_voice_and_face(tiny, heard):
    tiny("eavs_tf", "both")
    result = evaluate("eavs_tf", heard, "emotion", protocol="cascade", modality="both")
    for first, own in (("audio", result["cascade"][:LIMITS]), ("face", result["cascade"][LIMITS:])):
        assert {row["first"] for row in own} == {first}
        assert (own[0]["looked"], own[-1]["looked"]) == (1, 0)
        assert own[-1]["accuracy"] == pytest.approx(result["senses"][first]["accuracy"])
        assert 0 < own[-1]["operations_share"] < own[0]["operations_share"]
    assert result["cascade_both"]["accuracy"] == pytest.approx(result["accuracy"])
    assert len(result["cascade_chosen"]["audio"]["limits"]) == len(result["folds"])
