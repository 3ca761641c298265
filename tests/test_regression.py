"""Numbers instead of classes, on made-up voices: how lively they are (high, fast, bright and loud) is the number."""

from copy import deepcopy

import made_up
import numpy as np
import pytest
from made_up_speech import smallest
from sklearn.base import clone, is_regressor
from sklearn.model_selection import GroupKFold, cross_val_score

import emospike
from emospike import Regressor, store
from emospike.augmentation.channel import ChannelVariation, degrade
from emospike.clip import Clip
from emospike.datasets import from_frame
from emospike.evaluation.metrics import concordance
from emospike.regression import load_regressor, predicts_numbers
from emospike.systems import SYSTEMS
from emospike.systems.baseline.model import Baseline
from emospike.systems.cross_modal.model import CrossModal
from emospike.systems.excube2.model import EXCube2
from emospike.validation import InputError, NotTrainedError

pandas = pytest.importorskip("pandas")


class Voices:
    """Clips of some speakers, of six degrees of liveliness each."""

    def __init__(self, *pitches):
        rng = np.random.default_rng(len(pitches))
        self.degrees = rng.uniform(-1, 1, 6 * len(pitches))
        self.speakers = [f"s{pitch}" for pitch in pitches for _ in range(6)]
        self.clips = [
            Clip.from_array(made_up.voice(0.8, pitch, (1 + degree) / 2, seed=i), made_up.RATE, f"{pitch}-{i}.wav")
            for i, (pitch, degree) in enumerate(zip(np.repeat(pitches, 6), self.degrees, strict=True))
        ]

    def __iter__(self):
        return iter((self.clips, self.degrees, self.speakers))


@pytest.fixture(scope="module")
def heard():
    return Voices(110, 140, 170, 200)


@pytest.fixture(scope="module")
def strangers():
    return Voices(125, 185)


@pytest.fixture(scope="module")
def model(heard):
    return Regressor("baseline").fit(*heard)


@pytest.fixture(scope="module")
def cube(heard):
    return Regressor(smallest(EXCube2, "default", channel_variation=None)).fit(*heard)


@pytest.fixture(scope="module")
def copied(heard):
    """A model that also learnt from copies of the clips, over the telephone."""
    over = ChannelVariation(("telephone",), copies=1)
    return Regressor(Baseline.preset("ridge").set_params(channel_variation=over)).fit(*heard)


@pytest.mark.parametrize("kind", ["model", "cube", "copied"])
def test_strangers_are_predicted(request, kind, strangers):
    model = request.getfixturevalue(kind)
    found = model.predict(strangers.clips)
    assert found.shape == (12,)
    assert concordance(strangers.degrees, found) > 0.5
    assert model.score(strangers.clips, strangers.degrees) > 0.3
    assert 0 < model.errors_["target"] < np.std(strangers.degrees)


def test_copies_of_a_clip_train_with_its_number(model, copied, strangers):
    """Who learnt from the telephone too hears over it what is heard without it."""
    muffled = [degrade(clip, "telephone") for clip in strangers.clips]
    moved = [np.abs(one.predict(muffled) - one.predict(strangers.clips)).mean() for one in (model, copied)]
    assert moved[1] < 0.5 * moved[0]


def test_where_nothing_is_known_the_mean_is_predicted(model, heard):
    assert model.means_["target"] == pytest.approx(heard.degrees.mean())


@pytest.mark.parametrize("kind", ["model", "cube"])
def test_a_stored_model_predicts_bit_for_bit(request, kind, strangers, tmp_path):
    model = request.getfixturevalue(kind)
    model.card = {"targets": ["target"], "clips": 24}
    path = model.save(tmp_path / "m.safetensors")
    again = emospike.load_regressor(path)
    np.testing.assert_array_equal(again.predict(strangers.clips), model.predict(strangers.clips))
    np.testing.assert_array_equal(again.predict(strangers.clips[:1]), model.predict(strangers.clips)[:1])
    assert (again.targets_, again.errors_, again.card) == (model.targets_, model.errors_, model.card)
    assert predicts_numbers(path)
    assert path.read_bytes() == again.save(tmp_path / "again.safetensors").read_bytes()
    with pytest.raises(InputError, match=r"m\.safetensors predicts numbers: use emospike recognise, or"):
        store.load(path)


def test_several_numbers_have_names(heard, strangers, tmp_path):
    table = pandas.DataFrame({"liveliness": heard.degrees, "calm": -2 * heard.degrees})
    model = Regressor("baseline").fit(heard.clips, table, heard.speakers)
    assert model.targets_ == ("liveliness", "calm")
    found = load_regressor(model.save(tmp_path / "two.safetensors")).predict(strangers.clips)
    assert found.shape == (12, 2)
    np.testing.assert_allclose(found[:, 1], -2 * found[:, 0], atol=1e-4)


def test_speakers_are_held_out_to_choose_the_penalty(heard):
    """Who speaks tells nothing of other speakers: what they are told as in any order is not learnt, but by heart."""
    clips, _, speakers = heard
    own = np.repeat([2.0, 0.0, 3.0, 1.0], 6)
    apart = Regressor("baseline").fit(clips, own, speakers).errors_["target"]
    together = Regressor("baseline").fit(clips, own).errors_["target"]
    assert together < own.std() < apart


def test_corpora_on_scales_of_their_own_test_each_other(heard):
    """Whoever is left out tests, though all that they are told lies beyond what the others are."""
    clips, degrees, speakers = heard
    corpora = np.repeat(["a", "b"], 12)
    far = degrees + 10 * (corpora == "b")
    model = Regressor("baseline").fit(clips, far, [f"{c}:{s}" for c, s in zip(corpora, speakers, strict=True)])
    assert model.errors_["target"] > 5


def test_numbers_may_come_one_by_one(heard, strangers):
    clips, degrees, speakers = heard
    assert Regressor("baseline").fit(clips, iter(degrees), speakers).predict(strangers.clips[:2]).shape == (2,)


def test_one_recording_can_be_scored(model, strangers):
    assert np.isnan(model.score(strangers.clips[:1], strangers.degrees[:1]))  # as scikit-learn says of one


@pytest.mark.parametrize("names", [["a", "a"], ["a", " "], ["a"]])
def test_each_number_has_a_name_of_its_own(heard, names):
    table = np.stack([heard.degrees, -heard.degrees], axis=1)
    with pytest.raises(InputError, match="a name of its own for each of 2 targets expected, got a"):
        Regressor("baseline").fit(heard.clips, table, heard.speakers, targets=names)


def test_a_model_that_finds_no_number_says_so(model, strangers):
    broken = deepcopy(model)
    broken.readouts_["audio"].scaler.scale_ = np.full_like(model.readouts_["audio"].scaler.scale_, np.inf)
    with np.errstate(all="ignore"), pytest.raises(InputError, match="finds no finite number"):
        broken.predict(strangers.clips[:1])


def test_a_long_recording_is_read_by_its_windows(model):
    parts = [made_up.voice(4.0, 150, degree, seed=3) for degree in (0.1, 0.5, 0.9)]
    whole, *windows = model.predict([Clip.from_array(one, made_up.RATE) for one in (np.concatenate(parts), *parts)])
    assert whole == pytest.approx(np.mean(windows), abs=0.02)


def test_bad_recordings_stop_it_or_are_left_out(heard, tmp_path):
    (tmp_path / "empty.wav").touch()
    clips, degrees, speakers = [*heard.clips, tmp_path / "empty.wav"], [*heard.degrees, 0.0], [*heard.speakers, "s1"]
    with pytest.raises(InputError, match=r"empty\.wav"):
        Regressor("baseline").fit(clips, degrees, speakers)
    model = Regressor("baseline").fit(clips, degrees, speakers, strict=False)
    assert list(model.system_.left_out_) == [24]
    with pytest.raises(InputError, match=r"empty\.wav"):
        model.predict(clips[-2:])
    found, wrong = model.try_predict(clips[-2:])
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()
    assert list(wrong) == [1]


def test_scikit_learn_takes_it_for_a_regressor(heard, model):
    fresh = clone(model)
    assert is_regressor(fresh)
    assert not fresh.__sklearn_is_fitted__()
    assert model.__sklearn_is_fitted__()
    with pytest.raises(NotTrainedError, match="this Regressor is not trained"):
        fresh.predict(heard.clips)
    folds = {"groups": heard.speakers, "cv": GroupKFold(2)}
    scores = cross_val_score(Regressor(Baseline.preset("ridge")), heard.clips, heard.degrees, **folds)
    assert scores.mean() > 0.3
    named = Regressor(Baseline.preset("ridge")).set_params(system__features__0__bands=32)
    assert named.system.features[0].bands == 32


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: Regressor(SYSTEMS.find("excube2").make(modality="both")), "joins the answers .* take preset early"),
        (lambda: Regressor(CrossModal.preset()), "this CrossModal has none: take excube2 or baseline"),
        (lambda: Regressor("excube3"), "unknown system 'excube3'"),
        (lambda: Regressor(3), "a system or its name expected, got int"),
        (lambda: Regressor(Baseline.preset().set_params(normalise="speaker")), "without normalising speakers"),
    ],
)
def test_systems_that_cannot(heard, made, said):
    with pytest.raises(InputError, match=said):
        made().fit(*heard)


def test_wrong_arguments(heard):
    clips, degrees, speakers = heard
    with pytest.raises(InputError, match="numbers for each clip expected, got those of 3 for 24 clips"):
        Regressor("baseline").fit(clips, degrees[:3], speakers)
    with pytest.raises(InputError, match="a name of its own for each of 1 targets expected, got a, b"):
        Regressor("baseline").fit(clips, degrees, speakers, targets=["a", "b"])
    with pytest.raises(InputError, match="at least 2 speakers expected"):
        Regressor("baseline").fit(clips, degrees, ["s"] * 24)


@pytest.mark.parametrize("kind", [str, float])
def test_systems_of_classes_learn_no_numbers(heard, tmp_path, kind):
    clips, degrees, speakers = heard
    system = Baseline.preset("ridge")
    with pytest.raises(InputError, match=r"to train on numbers, name their column with --target, or use emospike\.Reg"):
        system.fit(clips, [kind(one) for one in degrees], speakers)
    learnt = Baseline.preset("ridge").fit(clips, ["high" if one > 0 else "low" for one in degrees], speakers)
    with pytest.raises(InputError, match="to train on numbers"):
        learnt.adapt(clips[:2], [kind(one) for one in degrees[:2]])
    made_up.write(tmp_path / "a.wav", made_up.voice(0.8))
    with pytest.raises(InputError, match=r"the labels of table are numbers on a scale \(0\.31 \.\.\.\)"):
        from_frame(pandas.DataFrame({"path": [str(tmp_path / "a.wav")], "label": [kind(0.31)]}))


def test_models_of_classes_and_hostile_files(model, tmp_path):
    with pytest.raises(InputError, match=r"excube2-arousal\.safetensors decides between classes"):
        load_regressor("excube2-arousal")
    assert not predicts_numbers("excube2-arousal")
    arrays, _ = store.read(model.save(tmp_path / "m.safetensors"))
    told = {"targets": ["a"], "single": True, "penalties": [1.0], "card": {}}
    for change, less in (({"targets": []}, None), ({"targets": [1]}, None), ({"penalties": "x"}, None),
                         ({"single": 3}, None), ({"targets": ["a", "b"]}, None), ({}, "numbers.audio.weights"),
                         ({"card": [1]}, None)):  # fmt: skip
        kept = {name: one for name, one in arrays.items() if name != less}
        path = store.write(tmp_path / "hostile.safetensors", model.system_, {}, kept, told | change)
        with pytest.raises(InputError, match=r"hostile\.safetensors"):
            load_regressor(path)
    assert load_regressor(store.write(path, model.system_, {}, arrays, told)).targets_ == ("a",)


def test_a_recording_without_a_face_is_read_by_its_sound(filmed, tmp_path):
    smiles = np.where(filmed.labels == "happy", 2.0, -1.0)
    model = Regressor(Baseline.preset("ridge", modality="both")).fit(filmed.clips(), smiles, filmed.speakers.tolist())
    assert list(model.readouts_) == ["both", "audio", "face"]
    heard = [Clip(clip.path) for clip in filmed.clips()[:4]]
    for clips in (filmed.clips()[:4], heard):
        np.testing.assert_allclose(model.predict(clips), smiles[:4], atol=0.8)
    assert not np.array_equal(model.predict(heard), model.predict(filmed.clips()[:4]))
    again = load_regressor(model.save(tmp_path / "both.safetensors"))
    np.testing.assert_array_equal(again.predict(heard), model.predict(heard))
