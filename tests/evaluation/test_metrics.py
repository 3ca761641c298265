import numpy as np
import pytest
from scipy.stats import binom, t

from emospike.evaluation import metrics

TRUTH = np.array(["low"] * 2 + ["high"] * 4)
DECIDED = np.array(["low", "high", "high", "high", "high", "low"])


def test_accuracies():
    assert metrics.accuracy(TRUTH, DECIDED) == pytest.approx(4 / 6)
    assert metrics.recalls(TRUTH, DECIDED) == {"high": 0.75, "low": 0.5}
    assert metrics.balanced_accuracy(TRUTH, DECIDED) == pytest.approx(0.625)
    assert metrics.majority(TRUTH) == pytest.approx(4 / 6)


def test_balanced_accuracy_ignores_classes_that_do_not_occur():
    truth, decided = np.array(["low", "low"]), np.array(["low", "high"])
    assert metrics.balanced_accuracy(truth, decided) == 0.5


def test_confusion_has_true_classes_in_rows():
    assert metrics.confusion(TRUTH, DECIDED, ["high", "low", "none"]) == [[3, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_interval_of_equal_groups_is_that_of_their_mean():
    accuracies = np.array([0.5, 0.75, 1.0, 0.75])
    correct = np.concatenate([np.arange(4) < 4 * accuracy for accuracy in accuracies])
    reach = t.ppf(0.975, 3) * accuracies.std(ddof=1) / 2
    low, high = metrics.interval(correct, np.repeat(list("abcd"), 4))
    assert (low, high) == pytest.approx((0.75 - reach, min(1.0, 0.75 + reach)))


def test_interval_of_alike_clips_is_wider():
    correct = np.repeat([True, False] * 10, 10)
    by_speaker = metrics.interval(correct, np.repeat(np.arange(20), 10).astype(str))
    by_clip = metrics.interval(correct, np.arange(200).astype(str))
    assert by_speaker[1] - by_speaker[0] > 2.5 * (by_clip[1] - by_clip[0])


def test_interval_covers_the_truth_in_95_of_100_studies():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        skill = rng.beta(16, 4, size=20)  # mean 0.8, speakers differ
        correct = rng.random((20, 60)) < skill[:, None]
        low, high = metrics.interval(correct.ravel(), np.repeat(np.arange(20), 60).astype(str))
        covered += low <= 0.8 <= high
    assert 0.92 <= covered / 400 <= 0.98


def wilson(right, N, quantile):
    """Return the interval as the roots of (A - p)² = t² p (1 - p) / N, which is how Wilson defined it."""
    A, share = right / N, quantile**2 / N
    return sorted(np.roots([1 + share, -(2 * A + share), A**2]).real)


@pytest.mark.parametrize("right", [0, 6, 8])
def test_groups_that_do_not_differ_are_not_certain(right):
    correct = np.tile(np.arange(8) < right, 3)
    speakers = np.repeat(list("abc"), 8)
    assert metrics.interval_method(correct, speakers) == "Wilson"
    low, high = metrics.interval(correct, speakers)
    assert [low, high] == pytest.approx(wilson(3 * right, 24, t.ppf(0.975, 2)), abs=1e-9)
    assert 0 <= low < high <= 1
    longer = metrics.interval(correct, speakers, recordings=12)
    assert longer[1] - longer[0] > high - low


def test_more_speakers_all_right_say_more():
    lows = [metrics.interval(np.full(120, True), np.arange(120) % count)[0] for count in (2, 4, 24)]
    assert lows == sorted(lows)
    assert lows[0] < 0.5
    assert 0.95 < lows[2] < 1


def test_single_clips_are_a_plain_share():
    correct = np.arange(20) < 17
    assert metrics.interval_method(correct, np.arange(20).astype(str)) == "Wilson"
    assert metrics.interval(correct, np.arange(20).astype(str)) == pytest.approx(wilson(17, 20, t.ppf(0.975, 19)))


def test_interval_over_single_clips_covers_the_truth():
    """The coverage over all outcomes of 20 clips, by the binomial distribution; Student's would be 0.88 here."""
    bounds = [metrics.interval(np.arange(20) < right, np.arange(20).astype(str)) for right in range(21)]
    inside = np.array([low <= 0.9 <= high for low, high in bounds])
    assert 0.93 < binom.pmf(np.arange(21), 20, 0.9)[inside].sum() < 0.99


def test_one_group_says_nothing():
    assert metrics.interval(np.array([True, False]), np.array(["a", "a"])) == (0.0, 1.0)
    assert metrics.interval_method(np.array([True, False]), np.array(["a", "a"])) == "none"


def test_gain_is_the_paired_difference_over_speakers():
    before = np.array([1, 1, 0, 0, 1, 0, 1, 0], bool)
    after = np.array([1, 0, 1, 1, 1, 1, 1, 0], bool)
    found = metrics.gain(before, after, np.repeat(list("abcd"), 2))
    means = np.array([-0.5, 1, 0.5, 0])  # of equal groups: Student's interval of the mean over speakers
    reach = t.ppf(0.975, 3) * means.std(ddof=1) / 2
    assert found["points"] == pytest.approx(25)
    assert found["ci95"] == pytest.approx([100 * max(0.25 - reach, -1), 100 * min(0.25 + reach, 1)])
    assert found["ci95_method"] == "Student"


def test_gain_without_differences_between_groups():
    same, groups = np.full(20, True), np.repeat(list("abcd"), 5)
    found = metrics.gain(same, same, groups)
    assert (found["points"], found["ci95_method"]) == (0, "Agresti-Min")
    assert found["ci95"] == pytest.approx([-100 * t.ppf(0.975, 3) / 22, 100 * t.ppf(0.975, 3) / 22])
    twice = metrics.gain(np.tile(same, 2), np.tile(same, 2), np.tile(groups, 2), recordings=20)
    assert twice["ci95"] == pytest.approx(found["ci95"])  # repeating is no new recording
    alone = metrics.gain(same, np.arange(20) > 4, np.arange(20))
    assert alone["points"] == pytest.approx(-25)
    error = np.sqrt(5 + 1 - 25 / 22) / 22
    expected = [-5 / 22 - t.ppf(0.975, 19) * error, -5 / 22 + t.ppf(0.975, 19) * error]
    assert alone["ci95"] == pytest.approx([100 * end for end in expected])


def test_gain_of_one_speaker_says_nothing_of_others():
    found = metrics.gain(np.full(5, False), np.full(5, True), np.full(5, "a"))
    assert found == {"points": 100, "ci95": [-100, 100], "ci95_method": "none"}


def test_gain_intervals_hold_the_truth_as_often_as_they_say():
    rng, held = np.random.default_rng(0), []
    for _ in range(300):
        better = rng.normal(0.1, 0.1, 12)  # what each of twelve speakers gains
        groups = np.repeat(np.arange(12), 20)
        p = rng.random(240)
        before = p < 0.6
        after = p < 0.6 + better[groups]
        low, high = metrics.gain(before, after, groups)["ci95"]
        held.append(low <= 10 <= high)
    assert 0.9 < np.mean(held) < 0.985


def test_calibration_error_by_hand():
    confidence = np.array([0.95, 0.95, 0.65, 0.65, 1.0])
    correct = np.array([True, False, True, False, True])
    assert metrics.calibration_error(confidence, correct) == pytest.approx((abs(2.9 - 2) + abs(1.3 - 1)) / 5)
    assert metrics.calibration_error(np.full(4, 0.75), np.array([True, True, True, False])) == 0
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1, 20_000)
    assert metrics.calibration_error(sure, rng.random(20_000) < sure) < 0.02
