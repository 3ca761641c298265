"""Cross-modal enhancement: what the layers see, what they learn, and how sound and face meet."""

from collections.abc import Sequence

import numpy as np
import pytest

from emospike import datasets, store
from emospike.augmentation.voice import VirtualSpeakers
from emospike.clip import Clip
from emospike.features.action_units import ActionUnits
from emospike.features.contours import Contours
from emospike.features.mel import Mel
from emospike.features.mfcc import MFCC, make_coefficients
from emospike.networks.competitive import CompetitiveLayer
from emospike.readout.readout import VectorReadout
from emospike.readout.spike_counts import read
from emospike.series import Series
from emospike.systems.competitive import LayerInputs
from emospike.systems.cross_modal.model import FUSIONS, CrossModal
from emospike.systems.pathways import Pathway, find_speech
from emospike.validation import InputError


def ramp(steps: int, channels: int) -> Series:
    values = np.linspace(0, 1, steps * channels, dtype=np.float32).reshape(steps, channels)
    return Series(values, 100.0, make_coefficients(channels))


# -- pathways --------------------------------------------------------------------------------------------------


def test_levels_go_from_the_first_to_the_last_percentile_of_training():
    path = Pathway(MFCC(), CompetitiveLayer(2))
    raw = np.random.default_rng(0).normal(3, 2, (4000, 3)).astype(np.float32)
    span = path.fit([raw[:1000], raw[1000:]])
    np.testing.assert_allclose(span, np.quantile(raw, [0.01, 0.99], axis=0), rtol=1e-5)
    lines = path.scale(raw[:300], span)
    assert lines.shape == (388, 3)
    assert (lines[300:] == 0).all()
    middle = (span[0] + span[1]) / 2
    np.testing.assert_allclose(path.scale(middle[None], span)[0], 0.5, atol=1e-6)
    assert (lines.min(), lines.max()) == (0, 1)


def test_on_off_lines_part_what_is_above_the_mean_from_what_is_below():
    path = Pathway(Mel(), CompetitiveLayer(2), "on-off")
    raw = np.random.default_rng(0).normal(-8, 2, (4000, 3)).astype(np.float32)
    span = path.fit([raw])
    above, below = np.split(path.scale(np.array([[-8 + 2, -8 - 4, -8]], np.float32), span)[0], 2)
    np.testing.assert_allclose(above, [1 / 3, 0, 0], atol=0.02)
    np.testing.assert_allclose(below, [0, 2 / 3, 0], atol=0.02)


def test_padding_and_trimming_keep_what_is_spoken():
    sound = np.concatenate([np.full(16_000, 1e-4), np.sin(np.arange(16_000) / 5), np.full(32_000, 1e-4)])
    clip = Clip.from_array(sound.astype(np.float32), 16_000)
    begin, end = find_speech(clip)
    assert begin == pytest.approx(0.25, abs=0.02)
    assert end == pytest.approx(0.5, abs=0.02)
    raw = Pathway(Mel(), CompetitiveLayer(2)).look(clip, Mel().extract(clip))
    assert len(raw) == pytest.approx(100 + 2 * 5, abs=4)  # with a margin on either side
    loud = raw.max(axis=1)
    assert (loud > loud.max() - 5).mean() > 0.85
    assert len(Pathway(Mel(), CompetitiveLayer(2), fill="stretch", steps=50).look(clip, ramp(400, 4))) == 50


@pytest.mark.parametrize(("wrong", "message"), [({"code": "onoff"}, "unknown code"), ({"fill": "cut"}, "unknown fill")])
def test_what_a_pathway_cannot_be(wrong, message):
    with pytest.raises(InputError, match=message):
        Pathway(MFCC(), CompetitiveLayer(2), **wrong)


# -- the system ------------------------------------------------------------------------------------------------


def test_wrong_settings_are_refused():
    path = Pathway(MFCC(), CompetitiveLayer(2))
    for wrong, message in (
        ({"fusion": "addition"}, "unknown fusion"),
        ({"reads": ("neuron",)}, "unknown read"),
        ({"modality": "both"}, "pathways of audio then face expected"),
    ):
        with pytest.raises(InputError, match=message):
            CrossModal((path,), CrossModal.preset("default").classifier, **wrong)


def test_quick_speech_and_slow_speech_have_the_same_sums():
    quick = np.zeros((38, 3), np.int64)
    quick[:8] = np.arange(24).reshape(8, 3)
    slow = np.repeat(quick, 2, axis=0)[:38]
    short, long = (read([one], ["stretches", "moments"]) for one in (quick, slow))
    np.testing.assert_allclose(long[: 5 * 3], 2 * short[: 5 * 3])
    np.testing.assert_allclose(long[5 * 3 :], short[5 * 3 :])


@pytest.mark.long
def test_learning_changes_the_weights_and_nothing_else_does(speech):
    system = CrossModal.preset("default").set_params(pathways=(Pathway(MFCC(), CompetitiveLayer(10)),))
    born = system.pathways[0].layer.build(system.pathways[0].windows(40), seed=0)
    system.fit(*speech)
    learnt, theta = system.networks_[0].weights.copy(), system.networks_[0].theta.copy()
    assert np.abs(learnt - born.weights).mean() > 0.01
    assert theta.max() > 0
    system.predict_proba(speech.clips[:4])
    system.adapt(speech.clips[:4])
    np.testing.assert_array_equal(system.networks_[0].weights, learnt)
    np.testing.assert_array_equal(system.networks_[0].theta, theta)
    assert system.diagnostics_["audio 0"].silent_clips == 0


def test_the_copies_of_a_clip_train_and_do_not_test(speech, monkeypatch):
    given, fit = [], VectorReadout.fit
    monkeypatch.setattr(VectorReadout, "fit", lambda *what, **more: given.append(what) or fit(*what, **more))
    system = CrossModal.preset("untrained").set_params(
        pathways=(Pathway(Mel(), CompetitiveLayer(10), "on-off"),), augmentation=VirtualSpeakers(copies=2)
    )
    system.fit(*speech)
    ((_, vectors, _, _, recorded, _),) = given
    assert len(vectors) == 3 * len(speech.clips)
    np.testing.assert_array_equal(vectors[recorded], [system.represent_clip(clip)["audio"] for clip in speech.clips])
    assert not np.array_equal(vectors[0], vectors[1])
    assert system.held_out_["audio"].shape == (len(speech.clips), 2)


# -- sound and face --------------------------------------------------------------------------------------------


def small(fusion: str, **more) -> CrossModal:
    made = CrossModal.preset("default", modality="both")
    face = Pathway(ActionUnits(), CompetitiveLayer(6), steps=100, fill="stretch")
    return made.set_params(
        pathways=(Pathway(MFCC(), CompetitiveLayer(6)), face), multisensory=CompetitiveLayer(5), fusion=fusion, **more
    )


def learn(system: CrossModal, clips: Sequence[Clip]) -> CrossModal:
    """Let the layers learn, for which no labels are needed."""
    inputs = LayerInputs(system.pathways)
    return system.learn_layers([inputs.look(system.perceive(clip)) for clip in clips])


@pytest.fixture(scope="module")
def takes(ravdess):
    """Happy and sad takes of three actors, heard and seen."""
    whole = datasets.load(ravdess, video=True).select_modality("both")
    some = whole.subset(np.isin(whole.speakers, ["02", "03", "05"]))
    return some.clips(), some.labels.tolist(), some.speakers.tolist()


@pytest.mark.parametrize(
    "fusion", [one if one == "enhancement" else pytest.param(one, marks=pytest.mark.long) for one in FUSIONS]
)
def test_every_fusion_decides_with_and_without_the_face(takes, fusion, tmp_path):
    clips, labels, speakers = takes
    system = small(fusion).fit(clips, labels, speakers)
    seen = system.perceive(clips[0])
    audio, face, both = (len(system.represent(seen, own)) for own in (("audio",), ("face",), ("audio", "face")))
    sizes = {"enhancement": audio, "joint": 5, "convergence": audio + face + 5, "concatenation": audio + face}
    assert both == sizes[fusion]
    decision = system.decide(clips[0])
    assert set(decision.share) == {"audio", "face"}
    heard = Clip(clips[0].path)
    assert system.decide(heard).share == {"audio": 1.0}
    loaded = store.load(store.save(system, tmp_path / "m.safetensors"))
    for modality in ("both", "audio", "face"):
        np.testing.assert_array_equal(
            loaded.predict_proba(clips[:6], modality=modality), system.predict_proba(clips[:6], modality=modality)
        )


def test_what_is_seen_changes_what_is_heard_as_much_as_it_is_let(takes):
    clips, _, _ = takes
    changes = []
    for conductance in (0.01, 0.4, 1.5):
        system = learn(small("enhancement", conductance=conductance), clips[:16])
        seen = system.perceive(clips[0])
        (alone,), (enhanced,) = (
            system.count(system.respond(system.inputs_.lines(seen, own)), own)
            for own in (("audio",), ("audio", "face"))
        )
        changes.append(enhanced.sum() / alone.sum())
    assert changes[0] == pytest.approx(1, abs=0.15)
    assert changes[0] < changes[1] < changes[2]


def test_the_face_can_be_pictures(takes):
    clips, _, _ = takes
    layer = CompetitiveLayer(6, norm=0.2)
    path = Pathway(ActionUnits(), layer, pictures=Contours(size=50, most=2))
    system = learn(CrossModal((path,), CrossModal.preset("default").classifier, "face"), clips[:6])
    assert system.networks_[0].positions == 25
    seen = system.perceive(clips[0])
    vector = system.represent(seen, ("face",))
    assert vector.sum() > 0
    np.testing.assert_array_equal(vector, system.represent(seen, ("face",)))


@pytest.mark.long
def test_real_speech_of_other_actors(ravdess):
    """Arousal of three actors after training on five: above the majority of two thirds."""
    whole = datasets.load(ravdess)
    arousal = datasets.relabel(whole, "arousal")
    rows = np.flatnonzero(np.isin(whole.speakers, ["02", "03", "05", "06", "07", "08", "10", "11"]))[::3]
    clips = [whole.clips()[i] for i in rows]
    test = np.isin(whole.speakers[rows], ["08", "10", "11"])
    labels, emotions = arousal.labels[rows], whole.labels[rows]
    train = np.flatnonzero(~test)
    system = CrossModal.preset("default").fit(
        [clips[i] for i in train],
        labels[train].tolist(),
        whole.speakers[rows][train].tolist(),
        finer=emotions[train].tolist(),
    )
    right = np.array(system.predict([clips[i] for i in np.flatnonzero(test)])) == labels[test]
    assert right.mean() > 0.7
