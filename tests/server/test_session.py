"""What is heard of one page: its decisions, its gaps, and what is bounded."""

import csv
from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import soxr

from emospike.clip import Clip
from emospike.datasets import pair_tables
from emospike.features.live_face import Sight
from emospike.features.openface import read_table
from emospike.server.live import Outbox
from emospike.server.recorder import Recorder, read_kept
from emospike.server.session import FORMS, LiveLimits, Session
from emospike.validation import InputError


class Watch:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self):
        return self.now


def hear(session, watch, sound, chunk=1600):
    """Send sound as it would come, and return what is told."""
    told = []
    for at in range(0, len(sound), chunk):
        watch.now += chunk / 16_000
        session.put(sound[at : at + chunk].astype("<f4").tobytes())
        told += session.decide(session.take())
    return told


def decisions(rows):
    return [row for row in rows if row["type"] == "decision"]


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def session(shown, watch):
    begun = Session(shown, LiveLimits(utterances=2), watch)
    begun.begin(16_000, "float32")
    return begun


def test_a_page_is_told_what_the_stream_decides(session, watch, system, talk):
    rows = hear(session, watch, talk)
    stream = system.stream()
    expected = [one for at in range(0, len(talk), 1600) for one in stream.feed(talk[at : at + 1600])]
    assert rows[0] == {"type": "begun", "at": 0.0, "missing": 0.0}
    assert [(row["start"], row["stop"], row["final"], row["probabilities"]) for row in decisions(rows)] == [
        (one.start, one.stop, one.final, one.decision.probabilities) for one in expected
    ]
    assert len(expected) == 4  # the second utterance is looked at twice before it is over
    assert [row["speaking"] for row in rows if row["type"] == "state"][20:22] == [True, True]
    assert session.take() is None


@pytest.mark.parametrize(
    ("rate", "form"), [(8_000, "float32"), (44_100, "int16"), (48_000, "int16"), (96_000, "float32")]
)
def test_sound_at_any_rate(shown, watch, talk, rate, form):
    session = Session(shown, LiveLimits(held=30.0), watch)
    session.begin(rate, form)
    sound = soxr.resample(talk, 16_000, rate)
    whole = np.round(32767 * sound.clip(-1, 1)) if form == "int16" else sound
    session.put(whole.astype(FORMS[form]).tobytes())
    final = [row for row in decisions(session.decide(session.take())) if row["final"]]
    assert [row["start"] for row in final] == pytest.approx([0.4, 2.8], abs=0.1)
    assert [row["stop"] for row in final] == pytest.approx([2.8, 6.6], abs=0.1)


def test_an_utterance_is_explained_by_its_own_sound(session, watch, system, talk):
    final = [row for row in decisions(hear(session, watch, talk)) if row["final"]]
    assert list(session.clips) == [row["id"] for row in final]
    for row in final:
        again = system.decide(session.clips[row["id"]])
        assert again.probabilities == row["probabilities"]


def test_the_oldest_utterance_is_forgotten(session, watch, talk):
    final = [row for row in decisions(hear(session, watch, np.tile(talk, 2))) if row["final"]]
    assert len(final) == 4
    assert list(session.clips) == [row["id"] for row in final[-2:]]


def test_a_laptop_that_slept_begins_anew(session, watch, talk):
    half = 16_000 + 12_000  # in the first utterance
    first = hear(session, watch, talk[:half])
    session.lose(63.0)
    then = hear(session, watch, talk)
    begun = next(row for row in then if row["type"] == "begun")
    assert begun["missing"] == 63.0
    assert begun["at"] == pytest.approx(half / 16_000 + 63.0)
    cut = decisions(then)[0]  # what was heard of the utterance that was cut off
    assert cut["final"]
    assert cut["stop"] == pytest.approx(half / 16_000, abs=0.1)
    assert decisions(first) == []
    assert decisions(then)[1]["start"] == pytest.approx(begun["at"] + 0.4, abs=0.1)


def test_sound_that_comes_late_is_not_missing(session, watch, talk):
    rows = hear(session, watch, talk[:28_000])
    watch.now += 60.0  # the server stood still, not the page
    rows += hear(session, watch, talk[28_000:])
    assert [row["type"] for row in rows].count("begun") == 1
    assert rows[-1]["heard"] == pytest.approx(len(talk) / 16_000)
    assert sum(row["final"] for row in decisions(rows)) == 2


def test_a_gap_is_as_long_as_it_is_at_other_rates(shown, watch):
    session = Session(shown, LiveLimits(held=30.0), watch)
    session.begin(44_100)
    for _ in range(3):
        session.put(bytes(2 * 30_000))
        session.decide(session.take())
        session.lose(2.0)
    session.put(bytes(2 * 30_000))
    begun, state = session.decide(session.take())
    assert begun["at"] == pytest.approx(3 * (30_000 / 44_100 + 2.0))
    assert state["heard"] == pytest.approx(begun["at"] + 30_000 / 44_100)


def test_a_voice_is_known_until_it_comes_at_another_rate(shown, watch, talk):
    opened = []
    model = replace(shown, stream=lambda *how: opened.append(how) or shown.stream(*how))
    session = Session(model, None, watch)
    session.begin(16_000, "float32")
    hear(session, watch, talk[:48_000])
    session.lose(5.0)
    hear(session, watch, talk[48_000:])
    session.pause()
    session.decide(session.take())
    session.begin(16_000, "float32")
    hear(session, watch, talk)
    assert opened == [(16_000, True)]
    session.begin(48_000)
    session.put(bytes(960))
    session.decide(session.take())
    assert opened == [(16_000, True), (48_000, True)]


def test_two_pauses_are_one(session, watch, talk):
    hear(session, watch, talk[:28_000])
    session.pause()
    session.pause()
    assert [row["final"] for row in decisions(session.decide(session.take()))] == [True]


def test_a_clock_that_is_set_back_moves_nothing_back(session, watch, talk):
    heard = hear(session, watch, talk)[-1]["heard"]
    session.pause()
    session.decide(session.take())
    watch.now -= 3600.0
    session.begin(16_000, "float32")
    assert hear(session, watch, talk[:1600])[0]["at"] == pytest.approx(heard)


def test_a_pause_ends_an_utterance_and_the_next_begins_at_another_rate(session, watch, talk):
    hear(session, watch, talk[:28_000])
    session.pause()
    assert [row["final"] for row in decisions(session.decide(session.take()))] == [True]
    assert session.take() is None
    with pytest.raises(InputError, match="before the page said hello"):
        session.put(bytes(4))
    watch.now += 10.0
    session.begin(48_000)
    session.put(bytes(9600))
    begun, state = session.decide(session.take())
    assert begun["at"] == pytest.approx(28_800 / 16_000 + 10.0, abs=0.2)
    assert state["heard"] > begun["at"]


def test_a_flood_is_bounded_and_told(session, watch):
    for _ in range(600):
        session.put(np.zeros(1600, "<f4").tobytes())
    assert session.lost == pytest.approx(58.0)
    work = session.take()
    assert len(work.samples) == 32_000
    assert session.decide(work)[0]["missing"] == pytest.approx(58.0)


def test_empty_messages_are_nothing(session, watch):
    session.put(b"")
    assert session.take() is None


def test_sound_that_a_page_could_not_send_is_missing(session, watch):
    hear(session, watch, np.zeros(3200, np.float32))
    session.lose(1.5)
    begun = hear(session, watch, np.zeros(1600, np.float32))[0]
    assert (begun["type"], begun["missing"], begun["at"]) == ("begun", 1.5, pytest.approx(1.7))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (lambda one: one.put(b"abc"), "whole samples of 4 bytes expected, got 3 bytes"),
        (lambda one: one.begin(3), "sample rate in Hz must lie in 8000 to 192000"),
        (lambda one: one.begin(16_000, "int8"), "unknown form of samples 'int8'"),
        (lambda one: [one.put(np.full(9, np.nan, "<f4").tobytes()), one.decide(one.take())], "NaN"),
    ],
)
def test_what_is_no_sound_is_one_line(session, said, why):
    with pytest.raises(InputError, match=why):
        said(session)


def test_messages_for_a_slow_page_are_bounded():
    outbox = Outbox(3)
    for number in range(10):
        outbox.put({"type": "decision", "number": number})
        outbox.put({"type": "state", "heard": number})
    popped = list(iter(outbox.pop, None))
    assert [row.get("number", row.get("heard")) for row in popped] == [7, 8, 9, 9]


def test_what_is_recorded_is_what_was_heard(shown, watch, system, talk, tmp_path):
    session = Session(shown, None, watch, Recorder(tmp_path, shown.describe()))
    session.begin(16_000, "float32")
    rows = hear(session, watch, talk)
    session.lose(30.0)
    rows += hear(session, watch, talk[:30_000])
    session.put(talk[30_000:40_000].astype("<f4").tobytes())  # and the page leaves
    session.close()
    first, second = sorted(tmp_path.glob("*.flac"), key=lambda path: -path.stat().st_size)
    sound, rate = soundfile.read(first)
    np.testing.assert_allclose(sound, talk, atol=2**-15)
    assert (len(soundfile.read(second)[0]), rate) == (40_000, 16_000)
    told = list(csv.DictReader(first.with_suffix(".csv").open()))
    final = [row for row in decisions(rows) if row["final"]]
    assert [float(row["start"]) for row in told] == pytest.approx([row["start"] for row in final[:2]], abs=1e-3)
    assert [row["label"] for row in told] == [row["label"] if row["answered"] else "don't know" for row in final[:2]]
    cut = list(csv.DictReader(second.with_suffix(".csv").open()))
    assert [float(row["stop"]) for row in cut] == [pytest.approx(2.5, abs=0.1)]
    assert len(list(tmp_path.iterdir())) == 6
    kept = {one.path: one for one in read_kept(tmp_path)}
    assert kept[first].model == shown.name
    assert [row["probabilities"] for row in kept[first].decisions] == [row["probabilities"] for row in final[:2]]
    assert [row["start"] for row in kept[second].decisions] == [float(row["start"]) for row in cut]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"model": 3, "decisions": []}', '{"model": "m", "decisions": [{}]}', "[" * 9999]
)
def test_what_no_recorder_wrote_is_one_line(tmp_path, text):
    with pytest.raises(InputError, match="holds nothing that emospike live --record kept"):
        read_kept(tmp_path)
    (tmp_path / "a.flac").touch()
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=r"a\.json is not what emospike live --record writes"):
        read_kept(tmp_path)


def test_a_page_that_says_nothing_leaves_no_file(shown, watch, tmp_path):
    session = Session(shown, None, watch, Recorder(tmp_path))
    session.begin(16_000)
    session.pause()
    session.decide(session.take())
    session.close()
    assert list(tmp_path.iterdir()) == []


def test_listening_goes_on_where_nothing_can_be_recorded(shown, watch, talk, tmp_path):
    session = Session(shown, None, watch, Recorder(tmp_path / "gone"))
    session.begin(16_000, "float32")
    rows = hear(session, watch, talk)
    (note,) = [row for row in rows if row["type"] == "note"]
    assert "cannot be written, nothing more is recorded" in note["text"]
    assert len(decisions(rows)) == 4


def test_what_is_seen_is_recorded_beside_what_is_heard(seeing, watch, talk, tmp_path):
    """A table in which there is no face, since the pictures show none; it belongs to the sound by its name."""
    session = Session(seeing, None, watch, Recorder(tmp_path, seeing.describe()))
    session.begin(16_000, "float32")
    session.see(Sight(-0.1, []))  # before there was sound
    for second in range(4):
        for tenth in range(10):
            session.see(Sight(second + tenth / 10, []))
        hear(session, watch, talk[16_000 * second : 16_000 * (second + 1)])
    session.close()
    (clip,) = [Clip(sound, face=table) for sound, table in pair_tables([tmp_path])]
    assert (clip.path.suffix, clip.face.name) == (".flac", f"{clip.path.stem}.csv.gz")
    track = read_table(clip.face)
    assert track.time.tolist() == pytest.approx(np.arange(40) / 10)
    assert not track.found.any()
    assert [one.face for one in read_kept(tmp_path)] == [clip.face]
    assert {path.suffix for path in tmp_path.iterdir()} == {".flac", ".csv", ".json", ".gz"}


def test_neurons_are_shown_where_they_fire(shown, system, watch, talk):
    neurons = np.frombuffer(b64decode(shown.show_neurons()["neurons"]), np.int8).reshape(-1, 3)
    np.testing.assert_allclose(neurons, system.locate().positions, atol=0.51)
    session = Session(shown, None, watch)
    session.begin(16_000, "float32")
    assert session.show_spikes() is None
    hear(session, watch, talk)
    fired = np.frombuffer(b64decode(session.show_spikes()["counts"]), np.uint8)
    assert len(fired) == len(neurons)
    assert fired.any()
    assert session.show_spikes() is None
