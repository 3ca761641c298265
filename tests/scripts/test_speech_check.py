"""The measurement of the speech check."""

import sys

import speech_check


def test_it_counts_refusals(ravdess, monkeypatch, capsys):
    monkeypatch.setattr(speech_check, "SEEDS", 1)
    monkeypatch.setattr(speech_check, "find_recordings", lambda _: sorted((ravdess / "audio").glob("*/*.opus"))[:3])
    monkeypatch.setattr(sys, "argv", ["speech_check.py", "recordings"])
    speech_check.main()
    found = {line[:32].strip(): line[32:].split() for line in capsys.readouterr().out.splitlines()}
    assert found["speech, as it is"] == ["0", "of", "3", "refused"]
    assert found["noise, all"] == ["56", "of", "56", "refused"]
    assert found["music, drums"] == ["4", "of", "4", "refused"]
    assert int(found["music, all"][0]) < 24
