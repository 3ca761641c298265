"""Score centring, on made-up speakers whose scores are each moved by an amount of their own."""

import numpy as np
import pytest

from emospike.readout.calibration import Calibration
from emospike.readout.score_centring import ScoreCentring, centre_by_speaker
from emospike.validation import InputError

NAMES = np.array(["angry", "calm", "fearful", "happy", "neutral", "sad"])
SPEAKERS, TAKES = 40, 10


def speak(rng, shown=range(6), takes=TAKES, apart=0.5):
    """Return the scores of one speaker's clips, in random order, and their classes."""
    y = rng.permutation(np.repeat(list(shown), takes * 6 // len(list(shown))))
    scores = np.eye(6)[y] + rng.normal(0, 0.4, (len(y), 6)) + apart * rng.normal(0, 1, 6)
    return scores.astype(np.float32), y


@pytest.fixture(scope="module")
def calibration():
    rng = np.random.default_rng(0)
    scores, y = map(np.concatenate, zip(*(speak(rng) for _ in range(SPEAKERS)), strict=True))
    calibration = Calibration()
    calibration.fit(scores, NAMES[y], {str(name): str(name) for name in NAMES})
    return calibration


def accuracies(calibration, seed, **speaker):
    """Return the accuracy on many speakers, without and with centring."""
    rng, right = np.random.default_rng(seed), []
    for _ in range(SPEAKERS):
        scores, y = speak(rng, **speaker)
        centring = ScoreCentring(calibration)
        centred = np.stack([centring.update(row) for row in scores])
        right.append([(calibration.finer_probabilities(one).argmax(axis=1) == y).mean() for one in (scores, centred)])
    return np.mean(right, axis=0)


def test_it_helps_speakers_who_show_all(calibration):
    plain, centred = accuracies(calibration, 1)
    assert centred > plain + 0.03


@pytest.mark.parametrize("takes", [3, 10, 30])
@pytest.mark.parametrize("apart", [0.0, 0.5])
def test_a_speaker_who_shows_two_emotions_does_not_lose(calibration, takes, apart):
    for shown in ((0, 5), (1, 4), (2, 3)):
        plain, centred = accuracies(calibration, 2, shown=shown, takes=takes, apart=apart)
        assert centred >= plain - 0.01


def test_one_emotion_alone_keeps_the_gate_shut(calibration):
    centring, (scores, _) = ScoreCentring(calibration), speak(np.random.default_rng(0), shown=[3], apart=0.0)
    for row in scores:
        np.testing.assert_array_equal(centring.update(row), row)
    assert not centring.is_open


def test_the_first_recordings_are_decided_as_ever(calibration):
    scores, _ = speak(np.random.default_rng(3))
    centring = ScoreCentring(calibration)
    np.testing.assert_array_equal(centring.update(scores[0]), scores[0])
    assert centring.clips == 1


def test_centre_looks_without_learning_and_reset_forgets(calibration):
    scores, _ = speak(np.random.default_rng(3))
    centring = ScoreCentring(calibration)
    first = [centring.update(row) for row in scores]
    assert centring.is_open
    np.testing.assert_array_equal(centring.centre(scores[-1]), first[-1])
    np.testing.assert_array_equal(centring.centre(scores[-1]), first[-1])
    np.testing.assert_array_equal([centring.reset().update(scores[0])], first[:1])


def test_speakers_are_centred_apart_and_causally(calibration):
    rng = np.random.default_rng(4)
    scores = np.concatenate([speak(rng)[0], speak(rng)[0]])
    who = np.repeat(["anna", "ben"], len(scores) // 2)
    centring = ScoreCentring(calibration)
    together = centre_by_speaker(centring, scores, who, seed=0)
    assert centring.clips == 0
    np.testing.assert_array_equal(centre_by_speaker(centring, scores, who, seed=0), together)
    assert not np.array_equal(centre_by_speaker(centring, scores, who, seed=1), together)
    order = np.random.default_rng(0).permutation(len(scores))
    last = order[who[order] == "anna"][-1]
    changed = scores.copy()
    changed[last] += 5
    other = np.delete(np.arange(len(scores)), last)
    np.testing.assert_array_equal(centre_by_speaker(centring, changed, who, seed=0)[other], together[other])


def test_classes_that_came_later_change_nothing_before_they_are_heard(calibration):
    arrays, facts = calibration.state()
    wider = Calibration().restore(arrays, facts)
    wider.extend(np.array(sorted([*NAMES, "bored"])))
    scores, _ = speak(np.random.default_rng(5))
    place = [wider.learnt.index(name) for name in NAMES]
    wide = np.full((len(scores), 7), -9.0, np.float32)
    wide[:, place] = scores
    centring = ScoreCentring(wider)
    assert np.isfinite([centring.update(row) for row in wide]).all()


def test_an_older_model_says_what_it_lacks(calibration):
    arrays, facts = calibration.state()
    older = Calibration().restore({"bias": arrays["bias"]}, facts)
    with pytest.raises(InputError, match="this model was trained before models kept the mean scores of classes"):
        ScoreCentring(older)
