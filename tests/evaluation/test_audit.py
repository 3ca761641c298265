"""Systems that leak, each in one way, and what the audit says of them; it must not say it of one that does not."""

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
import soundfile

from emospike.datasets import Dataset, Fold, Recording
from emospike.datasets.labels import FINER
from emospike.evaluation import audit as audits
from emospike.evaluation.retraining import WatchedDataset, move_test_labels, shuffle_training_labels
from emospike.readout.readout import Readout
from emospike.systems import SYSTEMS
from emospike.systems.base import System
from emospike.systems.info import SystemInfo
from emospike.systems.perception import Perceived
from emospike.validation import InputError

SPEAKERS = "abcdef"
TAKES = 16


class NearestPitch(Readout):
    """Knows the mean pitch of each class; a class is as probable as its mean is near."""

    def __init__(self, system, classes, means):
        self.system, self.means = system, means
        self.calibration_ = SimpleNamespace(
            classes=classes, threshold_=0.0, risks_=None, probabilities=lambda scores: scores
        )

    def scores(self, X, speakers=None):
        x = np.array(X) - self.system.offset_
        if self.system.normalise == "speaker":
            x = x - np.array([x[np.array(speakers) == who].mean() for who in speakers])
        near = np.exp(-20 * np.abs(x[:, None] - self.means))
        return near / near.sum(axis=1, keepdims=True)

    adapt = state = restore = None


@dataclass
class Honest(System):
    """Measures the pitch of each recording (see `NearestPitch`)."""

    normalise: str = "none"
    seed: int = 0
    modality: str = "audio"
    features = ()
    coverage = 1.0

    def perceive(self, clip, modality=None):
        return Perceived(clip, (), ("audio",))

    def represent(self, seen, modalities, timer=None):
        return self.measure(seen.clip)

    def measure(self, clip):
        sound = clip.sound[:8000]
        return float(np.log(np.abs(np.fft.rfft(sound)).argmax() + 1))

    def _fit(self, training):
        if training.progress:
            training.progress("fitting", len(training.clips), len(training.clips))
        x, y = np.array([self.measure(clip) for clip in training.clips]), training.labels
        self.offset_, self.card = self.mean_of(x), {}
        classes = tuple(np.unique(y).tolist())
        means = np.array([(x - self.offset_)[y == label].mean() for label in classes])
        self.readouts_ = {"audio": self.new_readout(classes, means)}

    def new_readout(self, classes, means):
        return NearestPitch(self, classes, means)

    def mean_of(self, x):
        return x.mean()

    def state(self):
        return {"means": self.readout_.means, "offset": np.array(self.offset_)}, {"classes": self.labels_}

    _panels = _operations = restore = None


class NamesTold(NearestPitch):
    """Says what the names of files say."""

    def scores(self, X, speakers=None):
        return np.array([[0.9, 0.1] if one == 5.0 else [0.1, 0.9] for one in X])


class ReadsNames(Honest):
    """Looks the label up in the file's name."""

    def measure(self, clip):
        return 5.0 if "happy" in clip.name else 1.0

    def new_readout(self, classes, means):
        return NamesTold(self, classes, means)


class ReadsFolder(Honest):
    """Scales by all recordings that lie beside the first."""

    def _fit(self, training):
        self.beside = sorted(training.clips[0].path.parent.glob("*.wav"))
        super()._fit(training)

    def mean_of(self, x):
        return np.mean([np.abs(soundfile.read(path)[0]).mean() for path in self.beside])


class Remembers(Honest):
    """Scales by all that any system of its kind has measured, in training or not."""

    seen: ClassVar[list[float]] = []

    def measure(self, clip):
        self.seen.append(super().measure(clip))
        return self.seen[-1]

    def mean_of(self, x):
        return np.mean(self.seen)


class ScaledTogether(NearestPitch):
    """Scales recordings by their own mean."""

    def scores(self, X, speakers=None):
        self.system.offset_ = np.mean(X)
        return super().scores(X)


class NeedsCompany(Honest):
    """Scales test recordings by their own mean."""

    def new_readout(self, classes, means):
        return ScaledTogether(self, classes, means)


class Transductive(Honest):
    """Answers each recording by the mean of those that have the same label in one graph."""

    def transduce(self, clips, labels, train, validation, progress=None):
        x, y = np.array([self.measure(clip) for clip in clips]), np.array(labels)
        smooth = np.array([x[y == label].mean() for label in y]) + 0.1 * x
        classes = np.unique(y)
        means = np.array([smooth[train & (y == label)].mean() for label in classes])
        near = np.exp(-10 * np.abs(smooth[:, None] - means))
        return SimpleNamespace(probabilities=near / near.sum(axis=1, keepdims=True))


@pytest.fixture
def kinds(monkeypatch):
    """Register the systems by name."""
    known = {kind.__name__: kind for kind in (Honest, ReadsNames, ReadsFolder, Remembers, NeedsCompany, Transductive)}
    for name, kind in known.items():
        split = SYSTEMS["synch_graph"].split if kind is Transductive else None
        info = SystemInfo(name, kind, "A system that leaks", {"default": lambda modality: {}}, split=split)
        monkeypatch.setitem(SYSTEMS, name, info)
    Remembers.seen.clear()
    return known


def tone(happy: bool, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(16_000) / 16_000
    pitch = (400 if happy else 250) * np.exp(0.15 * rng.normal())
    beat = 0.5 + 0.5 * np.sin(2 * np.pi * (rng.uniform(1, 6) * t + rng.random()))
    phase = 2 * np.pi * pitch * t + 3 * np.sin(2 * np.pi * rng.uniform(2, 5) * t)
    return (0.3 * np.sin(phase) * beat + 0.1 * rng.normal(size=len(t))).astype(np.float32)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory) -> Dataset:
    """Six speakers, half of their tones high and happy, with noise that makes some of them hard."""
    folder = tmp_path_factory.mktemp("spoken")
    recordings = []
    for i, who in enumerate(SPEAKERS):
        for take in range(TAKES):
            label = "happy" if take % 2 else "sad"
            path = folder / f"{who}-{take}-{label}.wav"
            soundfile.write(path, tone(label == "happy", 100 * i + take), 16_000)
            recordings.append(Recording(path, label, who, path.stem))
    return Dataset("manifest", tuple(recordings))


def audited(name, dataset, **settings):
    result = audits.audit(name, dataset, "emotion", **settings)
    for check in result["checks"]:
        print(check["outcome"], check["name"], check["said"])
    return result, {check["name"]: check for check in result["checks"]}


def failed(checks):
    return {name for name, check in checks.items() if check["outcome"] == audits.FAIL}


def test_an_honest_system_is_clean(kinds, spoken):
    told = []
    result, checks = audited("Honest", spoken, progress=lambda *what: told.append(what))
    assert {check["outcome"] for check in checks.values()} == {audits.PASS}
    assert result["verdict"] == "CLEAN"
    assert list(checks) == [
        "speakers", "duplicates", "test recordings", "statistics", "alone", "test labels", "training labels",
    ]  # fmt: skip
    labels = checks["test labels"]["figures"]
    assert labels["accuracy"] > 0.8
    assert labels["kept"] == 0
    assert labels["moved"]["follows_moved"] == pytest.approx(1 - labels["moved"]["follows_true"])
    assert {stage.split(": ")[1] for stage, *_ in told} >= {"as it is", "test labels moved", "fingerprints"}
    assert result["folds"] == {"audited": 1, "all": 5}


@pytest.mark.parametrize(
    ("name", "fails"),
    [
        ("ReadsNames", {"training labels"}),
        ("ReadsFolder", {"statistics"}),
        ("Remembers", {"statistics"}),
        ("NeedsCompany", {"alone"}),
    ],
)
def test_each_leak_is_found_by_its_check(kinds, spoken, name, fails):
    result, checks = audited(name, spoken)
    assert failed(checks) == fails
    assert result["verdict"] == "LEAKY"


def test_test_speakers_that_train(kinds, spoken):
    _, checks = audited("Honest", spoken, protocol="random")
    assert failed(checks) == {"speakers"}
    assert set(checks["speakers"]["figures"]["shared"]) <= set(SPEAKERS)
    assert checks["speakers"]["said"].endswith("and 1 more")


def test_unknown_speakers_may_be_anybody(kinds, spoken):
    anonymous = replace(spoken, recordings=tuple(replace(one, speaker=None) for one in spoken.recordings))
    _, checks = audited("Honest", anonymous, protocol="random")
    assert checks["speakers"]["outcome"] == audits.FAIL


def test_copies_are_found_under_any_name_and_encoding(kinds, spoken, tmp_path):
    first, second, *_ = spoken.recordings
    copy, other = tmp_path / "copy.wav", tmp_path / "other.flac"
    copy.write_bytes(first.path.read_bytes())
    sound, _ = soundfile.read(second.path)
    soundfile.write(other, 0.3 * sound[1::2], 8_000)
    more = tuple(replace(one, path=path, speaker="z") for one, path in ((first, copy), (second, other)))
    _, checks = audited("Honest", replace(spoken, recordings=spoken.recordings + more), folds=1, protocol="published")
    everywhere = [audits.check_clips(replace(spoken, recordings=spoken.recordings + more), fold) for fold in (
        Fold(np.arange(len(spoken)), np.arange(len(spoken), len(spoken) + 2), ("z",)),
        Fold(np.arange(len(spoken), len(spoken) + 2), np.arange(len(spoken)), tuple(SPEAKERS)),
    )]  # fmt: skip
    for check, ways in zip(everywhere, (["same file", "same sound"], ["same file", "same sound"]), strict=True):
        assert check.outcome == audits.FAIL
        assert [one["how"] for one in check.figures["duplicates"]] == ways
    assert "copy.wav = a-0-sad.wav (same file)" in everywhere[0].said
    assert checks["duplicates"]["figures"]["test"] == TAKES


def test_a_graph_of_labels_is_leaky_in_every_way(kinds, spoken):
    result, checks = audited("Transductive", spoken, protocol="published")
    assert failed(checks) >= {"speakers", "test recordings", "statistics", "alone", "test labels"}
    assert result["verdict"] == "LEAKY"
    assert result["meaning"].startswith("LEAKY")
    assert checks["test labels"]["figures"]["moved"]["follows_moved"] > 0.9
    assert checks["test labels"]["figures"]["moved"]["follows_true"] < 0.1
    assert checks["test recordings"]["figures"]["looked_at"] == checks["test recordings"]["figures"]["test"]


def test_the_mean_of_test_speakers_is_named_as_an_exception(kinds, spoken):
    result, checks = audited("Honest", spoken, normalise="speaker")
    assert checks["alone"]["outcome"] == audits.EXCEPTION
    assert result["verdict"] == "CLEAN"


def test_several_folds(kinds, spoken):
    result = audits.audit("Honest", spoken, "emotion", folds=2)
    assert [check["fold"] for check in result["checks"]] == [1] * 7 + [2] * 7


@pytest.mark.parametrize(("settings", "said"), [({"protocol": "cascade"}, "audit that"), ({"folds": 0}, "folds must")])
def test_what_cannot_be_audited(spoken, settings, said):
    with pytest.raises(InputError, match=said):
        audits.audit("baseline", spoken, modality="both", **settings)


def test_training_labels_are_dealt_out_evenly():
    labels = np.array(["a"] * 60 + ["b"] * 30 + ["c"] * 10)
    rows = tuple(
        Recording(Path(f"{i}.wav"), "x" if label == "a" else "y", "s", "t", {FINER: str(label)})
        for i, label in enumerate(labels)
    )
    fold = Fold(np.arange(90), np.arange(90, 100), ())
    source = shuffle_training_labels(Dataset("m", rows), fold, seed=3)
    assert sorted(source[:90]) == list(range(90))
    assert source[90:].tolist() == list(range(90, 100))
    assert (labels[source[:60]] == "a").mean() == pytest.approx(2 / 3, abs=0.02)
    assert (labels[source[60:90]] == "a").mean() == pytest.approx(2 / 3, abs=0.04)
    assert not (source == shuffle_training_labels(Dataset("m", rows), fold, seed=4)).all()


def test_moved_labels_stay_within_the_test():
    labels = np.array(["a", "b", "b", "b", "a", "c"])
    fold = Fold(np.array([0, 5]), np.array([1, 2, 3, 4]), ())
    source = move_test_labels(labels, fold)
    assert source[[0, 5]].tolist() == [0, 5]
    assert sorted(labels[source]) == sorted(labels)
    assert (labels[source] == labels)[1:5].sum() == 2  # three of four are b: two keep theirs at least


def test_a_watched_clip_notes_that_it_was_looked_at(spoken):
    watched = WatchedDataset(**vars(spoken)).subset(np.arange(2))
    first, _second = watched.clips()
    assert not watched.log
    assert len(first.sound) == 16_000
    assert watched.log == {spoken.recordings[0].path}


@pytest.mark.long
def test_synch_graph_as_its_paper_has_it_is_leaky(spoken, monkeypatch):
    pytest.importorskip("torch")
    from emospike.systems.synch_graph import presets as synch_graph_presets

    def quick(modality):
        settings = synch_graph_presets.published(modality)
        graph = replace(settings["classifier"], nodes=("modality", "rate"), learning_rate=0.01, epochs=60)
        return settings | {"passes": 0, "classifier": graph}

    monkeypatch.setitem(synch_graph_presets.PRESETS, "quick", quick)
    result, checks = audited("synch_graph", spoken.subset(np.arange(64)), preset="quick", protocol="published")
    assert failed(checks) >= {"speakers", "test recordings", "statistics", "alone", "test labels"}
    assert checks["test labels"]["figures"]["moved"]["follows_moved"] > 0.9
    assert result["verdict"] == "LEAKY"
