import numpy as np
import pytest
from scipy.stats import t

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


def test_one_group_says_nothing():
    assert metrics.interval(np.array([True, False]), np.array(["a", "a"])) == (0.0, 1.0)
