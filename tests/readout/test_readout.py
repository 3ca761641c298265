"""Readout: what is fitted on whom, and what adapting changes."""

import json
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import pytest

from emospike.readout.linear import LinearReadout
from emospike.readout.readout import ScoreReadout, VectorReadout, fit_holding_out
from emospike.readout.scaling import SoftScaler
from emospike.readout.speaker_mean import PRIOR_CLIPS
from emospike.validation import InputError

PLAIN = {"root": False, "rare": 0.0}


@dataclass
class NearestMean:
    """The smallest classifier there is; it notes what it was fitted to and asked about."""

    seen: list[tuple[str, int]] = field(default_factory=list)

    def fit(self, X, y, weights=None):
        self.seen.append(("fit", len(X)))
        self.classes_ = np.unique(y)
        self.means = np.stack([X[y == label].mean(axis=0) for label in self.classes_])
        return self

    def scores(self, X):
        return -np.square(X[:, None] - self.means).sum(axis=2)

    def state(self):
        return {"classes": self.classes_, "means": self.means}

    @classmethod
    def restore(cls, parameters, state):
        classifier = cls(**parameters)
        classifier.classes_, classifier.means = state["classes"], state["means"]
        return classifier


def speech(speakers=6, clips=20, *, spread=0.0, noise=0.5, seed=0):
    """Vectors whose first dimensions tell the class; each speaker has an offset of its own in all of them."""
    rng = np.random.default_rng(seed)
    classes = np.array(["high", "low"])
    y = np.tile(classes, speakers * clips // 2)
    who = np.repeat([f"s{i}" for i in range(speakers)], clips)
    X = rng.normal(0, noise, (len(y), 8))
    X[:, :2] += 2 * (y[:, None] == classes)
    X += spread * rng.normal(0, 1, (speakers, 8)).repeat(clips, axis=0)
    return X.astype(np.float32), y, who


def right(readout, X, y, who=None):
    return (np.array(readout.classes)[readout.probabilities(X, who).argmax(axis=1)] == y).mean()


@pytest.mark.parametrize("classifier", [LinearReadout(10.0), NearestMean()])
def test_fit_gives_calibrated_probabilities_and_a_threshold(classifier):
    X, y, who = speech(noise=1.5, clips=60)
    readout = VectorReadout(SoftScaler(**PLAIN), classifier, coverage=0.6).fit(X, y, who)
    other, labels, _ = speech(noise=1.5, clips=60, seed=1)
    p = readout.probabilities(other)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert readout.classes == ("high", "low")
    assert right(readout, other, labels) > 0.75
    assert p.max(axis=1).mean() == pytest.approx(right(readout, other, labels), abs=0.06)
    assert (p.max(axis=1) >= readout.threshold_).mean() == pytest.approx(0.6, abs=0.08)


class Gossip(NearestMean):
    """Knows the label of every speaker it has met, told by the first dimension, and nothing else."""

    def fit(self, X, y, weights=None):
        self.classes_ = np.unique(y)
        self.met = dict(zip(X[:, 0].round(3).tolist(), y, strict=True))
        return self

    def scores(self, X):
        return np.array([self.met.get(one, "") == self.classes_ for one in X[:, 0].round(3).tolist()], np.float32)


def test_speakers_are_held_out_for_calibration():
    who = np.repeat([f"s{i}" for i in range(10)], 12)
    X = np.repeat(np.arange(10, dtype=np.float32), 12)[:, None]
    y = np.where(X[:, 0] % 2, "high", "low")
    readout = VectorReadout(SoftScaler(**PLAIN), Gossip()).fit(X, y, who)
    assert right(readout, X, y) == 1
    assert readout.probabilities(X).max() < 0.8  # with clips of known speakers it would have learnt to be certain


def test_virtual_copies_train_but_never_test():
    X, y, who = speech(speakers=4, clips=10)
    X, y, who = (np.repeat(array, 3, axis=0) for array in (X, y, who))
    recorded = np.tile([True, False, False], 40)
    tested = []

    class Spy(NearestMean):
        def scores(self, X):
            tested.append(len(X))
            return super().scores(X)

    spy = Spy()
    VectorReadout(SoftScaler(**PLAIN), spy).fit(X, y, who, recorded)
    assert tested == [10, 10, 10, 10]
    assert spy.seen[-1] == ("fit", 120)


def test_speaker_means_help_where_speakers_differ():
    X, y, who = speech(spread=4.0)
    other, labels, speakers = speech(spread=4.0, seed=5)
    plain, normalised = (
        VectorReadout(SoftScaler(**PLAIN), LinearReadout(10.0), normalise=how).fit(X, y, who)
        for how in ("none", "speaker")
    )
    assert right(normalised, other, labels, speakers) > 0.95
    assert right(plain, other, labels, speakers) < 0.9


def test_adapting_without_labels_moves_towards_the_speakers_mean():
    X, y, who = speech(spread=4.0)
    readout = VectorReadout(SoftScaler(**PLAIN), LinearReadout(10.0), normalise="speaker").fit(X, y, who)
    new, labels, _ = speech(speakers=1, spread=4.0, seed=7)
    before, trust = readout.speaker_mean_.shift_, len(new) / (len(new) + PRIOR_CLIPS)
    unadapted = right(readout, new, labels)
    readout.adapt(new)
    np.testing.assert_allclose(readout.speaker_mean_.shift_, before + trust * (new.mean(axis=0) - before), atol=1e-5)
    assert right(readout, new, labels) > unadapted + 0.1


def test_few_clips_move_a_readout_less_than_many():
    X, y, who = speech(spread=4.0)
    readout = VectorReadout(SoftScaler(**PLAIN), LinearReadout(10.0)).fit(X, y, who)
    mean = X.mean(axis=0) + 1
    for clips, trust in ((2, 0.2), (8, 0.5), (72, 0.9)):
        readout.adapt(np.tile(mean, (clips, 1)))
        np.testing.assert_allclose(readout.speaker_mean_.shift_, np.full(8, trust), atol=1e-4)


def test_adapting_without_labels_moves_a_plain_readout_to_the_new_mean():
    X, y, who = speech()
    readout = VectorReadout(SoftScaler(**PLAIN), LinearReadout(10.0)).fit(X, y, who)
    new, labels, _ = speech(seed=2)
    shifted = new + 6 * np.eye(8, dtype=np.float32)[0]
    assert right(readout, shifted, labels) < 0.95
    readout.adapt(shifted)
    left = PRIOR_CLIPS / (len(shifted) + PRIOR_CLIPS) * (shifted.mean(axis=0) - X.mean(axis=0))
    np.testing.assert_allclose(readout.scale(shifted).mean(axis=0), left * readout.scaler.scale_, atol=1e-3)
    assert right(readout, shifted, labels) > 0.95


def test_adapting_with_labels_adds_a_class_and_keeps_the_others():
    X, y, who = speech()
    readout = VectorReadout(SoftScaler(**PLAIN), LinearReadout(10.0)).fit(X, y, who)
    fresh = np.random.default_rng(3).normal(0, 0.5, (30, 8)).astype(np.float32)
    fresh[:, 5] += 8
    readout.adapt(fresh, np.array(["angry"] * 30))
    assert readout.classes == ("angry", "high", "low")
    np.testing.assert_allclose(readout.probabilities(X).sum(axis=1), 1)
    assert right(readout, fresh, np.array(["angry"] * 30)) > 0.9
    assert right(readout, X, y) > 0.9


def test_a_classifier_that_cannot_go_on_learning_says_so():
    X, y, who = speech()
    readout = VectorReadout(SoftScaler(**PLAIN), NearestMean()).fit(X, y, who)
    with pytest.raises(InputError, match="NearestMean cannot learn more clips: train with linear"):
        readout.adapt(X, y)


def test_a_class_of_one_speaker_is_calibrated_too():
    X, y, who = speech(speakers=3, clips=20)
    y = y.astype("<U8")
    y[who == "s2"] = np.where(np.arange(20) % 2, "rare", "low")
    rows = np.arange(60)
    folds = [(rows[who != one], rows[who == one]) for one in ("s0", "s1", "s2")]
    scores = fit_holding_out(NearestMean(), X, y, folds)
    assert np.isfinite(scores).all()
    assert (scores[who == "s2"][:, 2] == scores[who == "s2"].min(axis=1)).all()
    p = VectorReadout(SoftScaler(**PLAIN), NearestMean()).fit(X, y, who).probabilities(X)
    assert p.shape == (60, 3)
    assert np.isfinite(p).all()


@pytest.mark.parametrize("normalise", ["none", "speaker"])
@pytest.mark.parametrize("classifier", [LinearReadout(10.0), NearestMean()])
def test_state_gives_the_same_probabilities(classifier, normalise):
    X, y, who = speech(spread=1.0)
    readout = VectorReadout(SoftScaler(), classifier, normalise).fit(X, y, who).adapt(X[:20])
    fresh = VectorReadout(SoftScaler(), deepcopy(classifier), normalise)
    again = fresh.restore(*readout.state())
    np.testing.assert_array_equal(again.probabilities(X), readout.probabilities(X))
    np.testing.assert_array_equal(again.probabilities(X, who), readout.probabilities(X, who))
    assert (again.threshold_, again.classes) == (readout.threshold_, readout.classes)


@pytest.mark.parametrize("wrong", [{"normalise": "speakers"}, {"coverage": 1.5}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(InputError):
        VectorReadout(SoftScaler(), LinearReadout(), **wrong)


def test_finer_labels_are_learnt_and_their_probabilities_summed():
    rng = np.random.default_rng(0)
    finer = rng.choice(["cry", "shout", "talk"], 240)  # talk lies between the other two: no line parts it from both
    X = np.zeros((240, 2), np.float32)
    X[:, 0] = np.select([finer == "cry", finer == "talk"], [-3, 0], 3) + rng.normal(0, 0.5, 240)
    X[:, 1] = np.abs(X[:, 0]) * 0 + rng.normal(0, 0.5, 240)
    X = np.concatenate([X, np.square(X)], axis=1).astype(np.float32)
    y, who = np.where(finer == "talk", "low", "high"), np.repeat([f"{i}" for i in range(12)], 20)
    readout = VectorReadout(SoftScaler(**PLAIN), LinearReadout(1.0)).fit(X, y, who, finer=finer)
    assert readout.classes == ("high", "low")
    p = readout.probabilities(X)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert (np.array(readout.classes)[p.argmax(axis=1)] == y).mean() > 0.95
    arrays, facts = readout.state()
    again = VectorReadout(SoftScaler(**PLAIN), LinearReadout(1.0)).restore(arrays, facts)
    np.testing.assert_array_equal(again.probabilities(X), p)
    readout.adapt(X[:20] + 9, np.array(["song"] * 20))
    assert readout.classes == ("high", "low", "song")


def test_a_finer_label_lies_within_one_label():
    X, y, who = speech()
    with pytest.raises(InputError, match="'same' lies in several"):
        VectorReadout(SoftScaler(**PLAIN), LinearReadout()).fit(X, y, who, finer=np.array(["same"] * len(y)))


def test_an_offset_of_a_label_is_not_learnt_where_labels_weigh_alike():
    X, y, who, finer = shades(noise=2.0)
    kept = ~((y == "low") & (np.arange(len(y)) % 3 > 0))  # high is three times as frequent as low
    X, y, who, finer = X[kept], y[kept], who[kept], finer[kept]
    alike = np.where(y == "low", 1.5, 0.5).astype(np.float32)
    plain = VectorReadout(SoftScaler(**PLAIN), LinearReadout(10.0)).fit(X, y, who, finer=finer)
    strange = VectorReadout(SoftScaler(**PLAIN), LinearReadout(10.0)).fit(X, y, who, finer=finer, weights=alike)
    assert np.abs(plain.calibration_.joint_[2:]).max() > 0.01
    assert strange.calibration_.joint_[[0, 2, 3]].tolist() == [0.0, 0.0, 0.0]
    assert strange.calibration_.joint_[1] > 0


# -- finer labels ----------------------------------------------------------------------------------------------


def shades(seed=0, clips=20, **settings):
    """Speech in which high is of two kinds that lie on either side of low."""
    X, y, who = speech(seed=seed, clips=clips, **settings)
    finer = np.where(y == "low", "calm", np.where(np.arange(len(y)) % 4 < 2, "angry", "happy"))
    X[:, 3] += np.select([finer == "angry", finer == "happy"], [4, -4], 0)
    return X, y, who, finer


def test_a_label_is_learnt_as_the_likeliest_of_its_finer_ones(monkeypatch):
    monkeypatch.setattr("emospike.readout.readout.choose_learner", lambda learners, *_: learners[0])
    X, y, who, finer = shades()
    readout = VectorReadout(SoftScaler(**PLAIN), LinearReadout(10.0)).fit(X, y, who, finer=finer)
    new, labels, _, kinds = shades(speakers=1, seed=5, spread=1.0)
    spied, learn = [], readout.classifier.partial_fit
    readout.classifier.partial_fit = lambda X, y: spied.append(y) or learn(X, y)
    readout.adapt(new, labels)
    assert readout.classes == ("high", "low")
    assert readout.classifier.classes_.tolist() == ["angry", "calm", "happy"]
    assert (spied[0] == kinds).mean() > 0.9
    assert ((spied[0] == "calm") == (labels == "low")).all()  # whatever is likelier
    readout.adapt(new[:6], kinds[:6])
    np.testing.assert_array_equal(spied[1], kinds[:6])


def test_a_new_label_beside_finer_ones_is_a_class_of_its_own():
    X, y, who, finer = shades()
    readout = VectorReadout(SoftScaler(**PLAIN), LinearReadout(10.0)).fit(X, y, who, finer=finer)
    readout.adapt(X[:4] + 9, np.array(["odd", "odd", "low", "odd"]))
    assert readout.classes == ("high", "low", "odd")
    assert readout.classifier.classes_.tolist() == ["angry", "calm", "happy", "odd"]


def test_labelled_clips_of_a_speaker_help_more_than_their_mean():
    X, y, who, finer = shades(speakers=12, noise=1.0, spread=1.0)
    readout = VectorReadout(SoftScaler(**PLAIN), LinearReadout(30.0)).fit(X, y, who, finer=finer)
    rights = []
    for seed in range(20, 32):
        new, labels, _, _ = shades(speakers=1, clips=200, noise=1.0, spread=1.0, seed=seed)
        mean, labelled = deepcopy(readout).adapt(new[:8]), deepcopy(readout).adapt(new[:8], labels[:8])
        rights.append([right(one, new[8:], labels[8:]) for one in (readout, mean, labelled)])
    before, mean, labelled = np.mean(rights, axis=0)
    assert labelled > mean > before


def test_what_was_held_out_is_kept_until_a_readout_is_stored():
    X, y, who = speech(noise=1.5, clips=20)
    X, y, who = (np.repeat(array, 2, axis=0) for array in (X, y, who))
    recorded = np.tile([True, False], 120)
    readout = VectorReadout(SoftScaler(**PLAIN), LinearReadout(10.0)).fit(X, y, who, recorded)
    assert readout.held_out_.shape == (120, 2)
    held_out = np.array(readout.classes)[readout.held_out_.argmax(axis=1)] == y[recorded]
    assert 0.6 < held_out.mean() < right(readout, X, y)
    assert "held_out" not in " ".join(readout.state()[0])


# -- scores of a network, without a classifier -----------------------------------------------------------------


@pytest.fixture
def held_out():
    """Scores of six speakers, each of whom leans to one class or the other."""
    rng = np.random.default_rng(0)
    y, who = np.tile(["high", "low"], 60), np.repeat([f"s{i}" for i in range(6)], 20)
    lean = np.repeat(rng.normal(0, 0.6, 6), 20)
    margin = np.where(y == "high", 0.2, -0.2) + lean + rng.normal(0, 0.2, 120)
    return np.stack([0.5 + margin / 2, 0.5 - margin / 2], axis=1).astype(np.float32), y, who


def test_scores_are_calibrated(held_out):
    scores, y, who = held_out
    readout = ScoreReadout(coverage=0.5).fit(scores, y, who)
    p = readout.probabilities(scores)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert p[:, 0].mean() == pytest.approx((y == "high").mean(), abs=0.02)
    assert (p.max(axis=1) >= readout.threshold_).mean() == pytest.approx(0.5, abs=0.02)


def test_removing_what_is_the_speakers_own_helps(held_out):
    scores, y, who = held_out
    plain, own = ScoreReadout().fit(scores, y, who), ScoreReadout("speaker").fit(scores, y, who)
    right = [
        np.mean((p[:, 0] > 0.5) == (y == "high"))
        for p in (plain.probabilities(scores, who), own.probabilities(scores, who))
    ]
    assert right[1] > right[0] + 0.1


def test_adapting_moves_a_speaker_to_the_middle(held_out):
    scores, y, who = held_out
    readout = ScoreReadout().fit(scores, y, who)
    leaning = scores + np.array([0.6, -0.6], np.float32)
    before = readout.probabilities(leaning)[:, 0].mean()
    assert 0.4 < readout.adapt(leaning).probabilities(leaning)[:, 0].mean() < before - 0.1


def test_log_odds_are_those_of_the_probabilities(held_out):
    readout = ScoreReadout().fit(*held_out)
    for scores in held_out[0][:5, None]:
        p = readout.probabilities(scores)[0, 0]
        assert readout.log_odds(scores, 0) == pytest.approx(np.log(p / (1 - p)))
    certain = [np.array([[margin, 0]], np.float32) for margin in (50, 100)]
    assert readout.probabilities(certain[0])[0, 0] == readout.probabilities(certain[1])[0, 0] == 1
    assert readout.log_odds(certain[1], 0) > readout.log_odds(certain[0], 0)


def test_scores_come_back_from_a_file(held_out):
    scores, y, who = held_out
    readout = ScoreReadout().fit(scores, y, who).adapt(scores[:5])
    arrays, facts = readout.state()
    again = ScoreReadout().restore(arrays, json.loads(json.dumps(facts)))
    np.testing.assert_array_equal(again.probabilities(scores), readout.probabilities(scores))


def test_a_later_class_has_room(held_out):
    readout = ScoreReadout().fit(*held_out)
    readout.extend(["high", "joy", "low"])
    assert readout.classes == ("high", "joy", "low")
    assert readout.probabilities(np.zeros((1, 3), np.float32)).shape == (1, 3)


def test_unknown_settings_are_refused():
    with pytest.raises(InputError, match="unknown normalise"):
        ScoreReadout("room")
    with pytest.raises(InputError, match="coverage must lie"):
        ScoreReadout(coverage=2)


# -- weights ---------------------------------------------------------------------------------------------------


def test_weights_reach_classifier_and_calibration():
    X, y, who = speech(noise=2.0)
    rare = (y == "high") & (np.arange(len(y)) % 8 != 0)
    X, y, who = X[~rare], y[~rare], who[~rare]
    weights = np.where(y == "high", (y == "low").sum() / (y == "high").sum(), 1).astype(np.float32)
    plain, balanced = (VectorReadout(SoftScaler(**PLAIN), LinearReadout(10.0)) for _ in range(2))
    plain.fit(X, y, who)
    balanced.fit(X, y, who, weights=weights)
    said = [(np.array(one.classes)[one.probabilities(X).argmax(axis=1)] == "high").mean() for one in (plain, balanced)]
    assert said[0] < 0.2
    assert said[1] > 0.3


def test_a_classifier_without_its_own_way_gets_the_weights_of_each_fold():
    X, y, _ = speech()
    told = []

    class Noting(NearestMean):
        def fit(self, X, y, weights=None):
            told.append(None if weights is None else weights.tolist())
            return super().fit(X, y)

    folds = [(np.arange(20, len(y)), np.arange(20))]
    weights = np.arange(1, len(y) + 1).astype(np.float32)
    fit_holding_out(Noting(), X, y, folds, weights)
    assert told == [weights[20:].tolist(), weights.tolist()]
    fit_holding_out(Noting(), X, y, folds)
    assert told[2:] == [None, None]
