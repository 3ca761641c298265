"""Reproductions: rows are found once, compared in pairs, and gone on with; noise is as loud as it says."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from emospike.augmentation.noise import (
    add_gaussian_noise,
    add_salt_and_pepper,
    draw_babble,
    draw_white_noise,
    mix_noise,
)
from emospike.datasets import Dataset, Recording
from emospike.evaluation.report import describe_paired_gains, list_lines, tabulate_reproduction
from emospike.evaluation.reproduce import find_papers, find_reproduction, reproduce
from emospike.features.mel import Mel
from emospike.networks.competitive import CompetitiveLayer
from emospike.systems.cross_modal.noise_trials import compare_noise, worsen_clip
from emospike.systems.cross_modal.trials import Material, make_hearing_trial, make_system, pick_others
from emospike.systems.paper import UNANSWERED, Claim, Found, Reproduction, Trial
from emospike.systems.pathways import Pathway
from emospike.validation import InputError


class Toy:
    """A reproduction whose trials count how often they were asked."""

    def __init__(self, settings=("one", "two")):
        self.asked = 0
        knows = Trial((Claim("knows", {"vote": 0.9}, against=("guesses",)),), settings[0], self.knows)
        guesses = Trial((Claim("guesses"), Claim("errs")), settings[1], self.guesses)
        self.made = Reproduction("A toy", "Nobody, Table 1", (knows, guesses), ("vote", "linear"))

    def knows(self, split):
        self.asked += 1
        return Found({"knows": {"vote": split.test.labels, "linear": split.test.labels}})

    def guesses(self, split):
        self.asked += 1
        often = np.full(len(split.test), "happy")
        wrong = np.where(split.test.labels == "sad", "happy", "sad")
        curves = {"guesses": {"loss": [1.0, 0.5, 0.0]}}
        return Found({"guesses": {"vote": often}, "errs": {"linear": wrong}}, curves)


def test_rows_hold_the_papers_number_and_ours_on_both_splits(four_speakers):
    result = reproduce(Toy().made, four_speakers)
    assert result["complete"]
    assert [row["what"] for row in result["rows"]] == ["knows", "guesses", "errs"]
    knows, guesses, errs = result["rows"]
    assert knows["paper"] == {"vote": 0.9}
    assert {name: one["n"] for name, one in knows["found"]["vote"].items()} == {"random": 3, "speaker-folds": 12}
    assert guesses["found"]["vote"]["speaker-folds"]["accuracy"] == pytest.approx(8 / 12)
    assert guesses["found"]["vote"]["speaker-folds"]["balanced_accuracy"] == pytest.approx(0.5)
    assert guesses["found"]["vote"]["speaker-folds"]["majority"] == pytest.approx(8 / 12)
    assert errs["found"]["linear"]["speaker-folds"]["right"] == "0" * 12
    assert guesses["curves"]["speaker-folds"] == [{"loss": [1.0, 0.5, 0.0]}] * 4
    assert sum(guesses["tested"]["speaker-folds"]) == len(guesses["found"]["vote"]["speaker-folds"]["right"])
    assert "LEAKY" in result["note"]


def test_gains_are_paired_on_new_speakers(four_speakers):
    result = reproduce(Toy().made, four_speakers)
    gain = result["rows"][0]["gain"]
    assert set(gain["guesses"]) == {"vote"}  # the other decides in no other way
    assert gain["guesses"]["vote"]["points"] == pytest.approx(100 * 4 / 12)
    assert next(iter(describe_paired_gains(result))).startswith(
        "knows, over guesses, vote: +33.3 points (95 % interval"
    )


def test_an_interrupted_run_goes_on_where_it_was(four_speakers):
    kept = []
    toy = Toy()
    whole = reproduce(toy.made, four_speakers, save=kept.append)
    assert [one["complete"] for one in kept] == [False, True]
    assert toy.asked == 2 * (1 + 4)
    again = Toy()
    assert reproduce(again.made, four_speakers, before=whole) == whole
    assert again.asked == 0
    assert reproduce(again.made, four_speakers, before=kept[0])["rows"][1]["what"] == "guesses"
    assert again.asked == 1 + 4  # of the trial that was missing


@pytest.mark.parametrize("change", ["settings", "seed", "recordings"])
def test_rows_of_other_settings_are_found_afresh(four_speakers, change):
    before = reproduce(Toy().made, four_speakers)
    toy = Toy(("one", "other") if change == "settings" else ("one", "two"))
    rows = np.arange(len(four_speakers) - (change == "recordings"))
    reproduce(toy.made, four_speakers.subset(rows), before=before, seed=int(change == "seed"))
    assert toy.asked == (5 if change == "settings" else 10)


def test_test_recordings_can_be_thinned_out(four_speakers):
    result = reproduce(replace(Toy().made, every=3, protocols=("speaker-folds",)), four_speakers)
    assert result["rows"][0]["found"]["vote"]["speaker-folds"]["n"] == 4
    assert result["rows"][0]["gain"]["guesses"]["vote"]["points"] == 0


def test_the_table_names_each_row_once(four_speakers):
    result = reproduce(Toy().made, four_speakers)
    cells = list(list_lines(result))
    assert [(one[0], one[1], one[2]) for one in cells] == [
        ("knows", "vote", "0.900"),
        ("", "linear", ""),
        ("guesses", "vote", ""),
        ("errs", "linear", ""),
    ]
    assert [column.header for column in tabulate_reproduction(result).columns][3:5] == ["random, LEAKY", "new speakers"]


@pytest.mark.parametrize(
    ("paper", "what"), [(paper, what) for paper, info in find_papers().items() for what in info.reproductions]
)
def test_every_reproduction_has_rows_of_its_own(paper, what):
    made = find_reproduction(paper, what)
    claims = [claim for trial in made.trials for claim in trial.claims]
    names = [claim.what for claim in claims]
    assert len(set(names)) == len(names)
    assert {other for claim in claims for other in claim.against} <= set(names)
    assert {column for claim in claims for column in claim.paper} <= set(made.columns)
    assert all(number > 0 for claim in claims for number in claim.paper.values())
    assert made.protocols[-1] == "speaker-folds" or what == "table7" or made.protocols == ("random",)
    assert len({trial.settings for trial in made.trials}) == len(made.trials)


# -- more than accuracies -------------------------------------------------------------------------------------


def measure(split):
    """Answer those that are happy, and measure a number that half of the recordings have."""
    labels = split.test.labels
    numbers = np.where(np.arange(len(labels)) % 2, np.nan, np.arange(len(labels)))
    nothing = np.full(len(labels), UNANSWERED)
    decided = {"some": {"vote": np.where(labels == "happy", "happy", nothing)}, "none": {"vote": nothing}}
    return Found(decided, measured={"numbers": {"vote": numbers}})


def odd(*protocols, **more):
    trial = Trial((Claim("some"), Claim("none"), Claim("numbers", {"vote": 1234.0})), "odd", measure, **more)
    return Reproduction("Odd", "Nobody", (trial,), ("vote",), protocols=protocols, draws=2)


def test_only_what_is_answered_counts(four_speakers):
    some, none, _ = reproduce(odd("speaker-folds"), four_speakers)["rows"]
    found = some["found"]["vote"]["speaker-folds"]
    assert (found["accuracy"], found["coverage"], found["right"]) == (1.0, pytest.approx(2 / 3), "11-" * 4)
    assert none["found"]["vote"]["speaker-folds"]["coverage"] == 0
    assert none["found"]["vote"]["speaker-folds"]["accuracy"] is None


def test_numbers_are_averaged_over_speakers(four_speakers):
    result = reproduce(odd("speaker-folds"), four_speakers)
    found = result["rows"][2]["found"]["vote"]["speaker-folds"]
    assert found == {"value": 1.0, "ci95": [1.0, 1.0], "n": 8}  # 0 and 2 of each speaker
    shown = list(list_lines(result))
    assert shown[0][3:] == ["1.000 of 67 %", "0.441-1.000", "1.000", "0.667"]
    assert shown[1][3:] == ["none answered", "", "", "0.667"]
    assert shown[2][2:] == ["1,234", "1", "1-1", "", ""]
    assert reproduce(odd("speaker-folds"), four_speakers, before=result) == result


def test_the_papers_split_is_drawn_more_than_once(four_speakers):
    result = reproduce(odd("published", "speaker-folds"), four_speakers)
    assert result["rows"][0]["found"]["vote"]["published"]["n"] == 6  # twice one of four speakers
    assert "each draw holds out other speakers" in result["note"]


def test_recordings_without_a_face_are_passed_over(four_speakers):
    asked = odd("speaker-folds", modality="face")
    result = reproduce(asked, four_speakers)
    assert result["complete"]
    assert result["rows"] == []
    assert "rows that need a face are left out: none of 12 recordings has a face" in result["note"]


def test_what_cannot_be_reproduced():
    with pytest.raises(InputError, match="unknown paper 'cross'"):
        find_reproduction("cross", "table1")
    with pytest.raises(InputError, match="unknown reproduction of cross-modal 'table2'"):
        find_reproduction("cross-modal", "table2")


# -- cross-modal ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """Thirty-two takes of four speakers, some high and loud, some low and soft."""
    folder = tmp_path_factory.mktemp("spoken")
    recordings = []
    for speaker in range(4):
        for take in range(8):
            high, rng = take % 2 == 0, np.random.default_rng([speaker, take])
            time = np.arange(12_000) / 16_000
            pitch = (300 if high else 120) * (1 + 0.05 * speaker)
            sound = sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 8)) * np.abs(np.sin(8 * time))
            sound = (0.2 if high else 0.05) * sound + rng.normal(0, 1e-3, len(time))
            path = folder / f"{speaker}-{take}.wav"
            soundfile.write(path, sound, 16_000)
            recordings.append(Recording(path, "happy" if high else "sad", f"s{speaker}", path.stem))
    return Dataset("manifest", tuple(recordings))


def small_path() -> tuple[Pathway, ...]:
    return (Pathway(Mel(), CompetitiveLayer(6, duration=100.0), "on-off", steps=80),)


def test_layers_that_hear_are_read_by_vote_and_by_a_line(spoken):
    material = Material()
    trials = tuple(make_hearing_trial(Claim(f"{passes}"), small_path(), material, passes) for passes in (0, 1))
    made = Reproduction("Hearing", "here", trials, ("vote", "linear"), protocols=("speaker-folds",))
    first = reproduce(made, spoken)
    assert len(material.kept) == len(spoken)  # looked at once for all splits
    assert first["rows"][1]["found"]["linear"]["speaker-folds"]["accuracy"] > 0.85
    assert first["rows"][1]["found"]["vote"]["speaker-folds"]["accuracy"] > 0.6
    again = reproduce(made, spoken)
    drop = [[{k: v for k, v in row.items() if k != "seconds"} for row in one["rows"]] for one in (first, again)]
    assert drop[0] == drop[1]


def test_peers_see_what_the_layers_see(spoken):
    from emospike.systems.paper import Split

    split = Split(spoken.subset(spoken.speakers != "s3"), spoken.subset(spoken.speakers == "s3"))
    system, learnt, tested = Material().train(make_system(small_path(), "audio"), split)
    rng = np.random.default_rng(0)
    noise = [[rng.random(one[0].shape, dtype=np.float32)] for one in tested]
    found = compare_noise(system, learnt, {"clean": tested, "noise": noise}, split)
    for column, decided in found["clean"].items():
        assert (decided == split.test.labels).mean() > 0.8, column
    assert (found["noise"]["SVM"] == split.test.labels).mean() < 0.8


def test_another_recording_is_never_the_same():
    for count in (2, 3, 10):
        for seed in range(5):
            moved = pick_others(count, seed)
            assert sorted(moved) == list(range(count))
            assert all(one != at for at, one in enumerate(moved))


# -- noise ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("snr", [20, 0, -5])
def test_noise_is_as_loud_as_it_says(snr):
    rng = np.random.default_rng(0)
    sound = 0.01 * np.sin(np.arange(16_000) / 5).astype(np.float32)
    for noise in (
        draw_white_noise(16_000, rng),
        draw_babble(16_000, [draw_white_noise(3000, rng), draw_white_noise(40_000, rng)], rng),
    ):
        added = mix_noise(sound, noise, snr) - sound
        power = np.mean(sound.astype(float) ** 2) / np.mean(added.astype(float) ** 2)
        assert 10 * np.log10(power) == pytest.approx(snr, abs=0.01)


def test_loud_noise_does_not_clip():
    rng = np.random.default_rng(0)
    worse = mix_noise(np.full(1000, 0.9, np.float32), draw_white_noise(1000, rng), -5)
    assert np.abs(worse).max() <= 1


def test_a_noisy_recording_is_the_same_every_time_and_babble_comes_from_others(spoken):
    clip, talkers = spoken.clips()[0], spoken.subset(spoken.speakers != "s0")
    one, two = (worsen_clip(0, clip, "babble", 0.0, talkers).sound for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, worsen_clip(1, clip, "babble", 0.0, talkers).sound)
    assert worsen_clip(0, clip, "clean", 0.0, talkers) is clip


def test_pixels_change_as_much_as_it_says():
    picture, rng = np.full((100, 100), 0.5, np.float32), np.random.default_rng(0)
    changed = add_salt_and_pepper(picture, 0.3, rng)
    assert (changed != picture).mean() == pytest.approx(0.3, abs=0.02)
    assert set(np.unique(changed)) == {0.0, 0.5, 1.0}
    assert add_gaussian_noise(picture, 0.1, rng).std() == pytest.approx(0.1, abs=0.005)
    assert np.abs(add_gaussian_noise(picture, 2.0, rng) - 0.5).max() <= 0.5
