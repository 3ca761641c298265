"""One suite over every registered system and preset: what the contract promises."""

import json
from copy import deepcopy
from dataclasses import fields, replace

import numpy as np
import pytest
import soundfile
from made_up_speech import speaking

from emospike import store
from emospike.clip import Clip
from emospike.energy.operations import Operations
from emospike.explain.explanation import Explanation
from emospike.explain.panels.encoding import EncodingPanel
from emospike.explain.write import write_explanation
from emospike.features.speech import SpeechCheck
from emospike.systems import SYSTEMS
from emospike.systems.base import System
from emospike.systems.perception import MODALITIES
from emospike.validation import InputError

NEEDS_EEG = [("eavs_tf", "eeg")]
"""Presets that cannot be trained on what these clips have; they are tested with their system."""

EVERY = [
    (name, preset) for name in SYSTEMS for preset in SYSTEMS.load(name).presets() if (name, preset) not in NEEDS_EEG
]
FIRST = [(name, SYSTEMS.load(name).presets()[0]) for name in SYSTEMS]


EVERY_SPIKE = ("excube2", "cross_modal", "synch_graph")
"""Systems of one network, or of one presentation that is shown: their panels have every spike that is counted."""

BY_HEART = [("cross_modal", "published"), ("synch_graph", "published")]
"""Presets whose readout, that of their paper, does not carry over to other speakers: they must know their own."""


@pytest.fixture(scope="module")
def speech(speech, faced):
    return faced(speech)


@pytest.fixture(scope="module")
def unheard(unheard, faced):
    return faced(unheard)


@pytest.fixture(scope="module")
def shrill(shrill, faced):
    return faced(shrill)


@pytest.fixture(scope="module")
def short(short, faced):
    return faced(short)


def named(pairs):
    return {"params": pairs, "ids": ["-".join(pair) for pair in pairs]}


@pytest.fixture(scope="module", **named(EVERY))
def trained(request, speech, small):
    """A trained system; a test that changes it takes a copy."""
    name, preset = request.param
    return small(SYSTEMS.load(name), preset).fit(*speech)


@pytest.fixture(**named(FIRST))
def untrained(request, small):
    name, preset = request.param
    return small(SYSTEMS.load(name), preset)


def fresh(system: System) -> System:
    """The same parameters, not fitted."""
    made = type(system)(**deepcopy(system.get_params(deep=False)))
    made.card = dict(system.card)
    return made


def name_of(system: System) -> str:
    return SYSTEMS.name_of(type(system))


def by_heart(system: System) -> bool:
    return (name_of(system), system.card["preset"]) in BY_HEART


def hears(system: System) -> bool:
    return "audio" in MODALITIES[system.modality]


# -- parameters ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SYSTEMS)
def test_presets_and_parameters(name):
    system = SYSTEMS.load(name)
    with pytest.raises(InputError, match=f"unknown preset .* known are .*{system.presets()[-1]}"):
        system.preset("defualt")
    made = system.preset(system.presets()[0], seed=3)
    assert set(made.get_params(deep=False)) == {field.name for field in fields(made) if field.init}
    assert made.set_params(coverage=0.5) is made
    assert made.get_params(deep=False)["coverage"] == 0.5
    with pytest.raises(InputError, match="unknown parameter 'coverag': did you mean 'coverage'"):
        made.set_params(coverag=0.5)
    for impossible in ({"coverage": float("nan")}, {"coverage": 2.0}, {"modality": "face", "coverage": "much"}):
        with pytest.raises(InputError, match="coverage must"):
            made.set_params(**impossible)
    assert made.get_params(deep=False)["coverage"] == 0.5
    assert made.modality == system.preset(system.presets()[0]).modality


def test_fitting_leaves_the_parameters_alone(trained):
    assert not hasattr(trained.get_params(deep=False).get("classifier"), "classes_")
    assert not hasattr(trained.get_params(deep=False).get("scaler"), "mean_")


# -- deciding --------------------------------------------------------------------------------------------------


def test_it_learns_what_is_there_to_learn(trained, speech, unheard):
    clips, labels, _ = unheard
    assert trained.labels_ == ("high", "low")
    assert 0 < trained.threshold_ <= 1
    probabilities = trained.predict_proba(clips)
    assert probabilities.shape == (len(clips), 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    predicted = trained.predict(clips)
    assert predicted.tolist() == trained.classes_[probabilities.argmax(axis=1)].tolist()
    if by_heart(trained):
        clips, labels, _ = speech
        predicted = trained.predict(clips)
    assert np.mean(np.array(predicted) == labels) > 0.8


def test_the_same_seed_gives_the_same_result(trained, speech, unheard):
    again = fresh(trained).fit(*speech)
    np.testing.assert_array_equal(again.predict_proba(unheard.clips), trained.predict_proba(unheard.clips))
    assert again.threshold_ == trained.threshold_


def test_a_clip_alone_decides_as_in_a_batch(trained, unheard):
    batch = trained.predict_proba(unheard.clips)
    for clip, row in zip(unheard.clips, batch, strict=True):
        np.testing.assert_array_equal(trained.predict_proba([clip])[0], row)
        assert list(trained.decide(clip).probabilities.values()) == row.tolist()
    np.testing.assert_array_equal(trained.predict_proba(unheard.clips[::-1])[::-1], batch)


def test_a_decision_is_complete(trained, unheard):
    clip = speaking(unheard.clips[0])
    decision = trained.decide(clip)
    assert tuple(decision.probabilities) == trained.labels_
    assert sum(decision.probabilities.values()) == pytest.approx(1)
    assert decision.probabilities[decision.label] == max(decision.probabilities.values()) == decision.confidence
    assert decision.answered == (decision.confidence >= trained.threshold_)
    assert decision.speech
    assert sum(decision.share.values()) == pytest.approx(1)
    assert {"decode", "features", "classifier"} <= set(decision.seconds)
    assert min(decision.seconds.values()) >= 0
    assert sum(decision.seconds.values()) < 60


def test_the_threshold_is_chosen_at_decision_time(trained, unheard):
    clip = speaking(unheard.clips[0])
    sure, unsure = trained.decide(clip, threshold=0.0), trained.decide(clip, threshold=1.1)
    assert sure.answered
    assert "reaches the threshold 0.00" in sure.reason
    assert not unsure.answered
    assert unsure.reason.startswith("don't know: confidence")
    assert (unsure.label, unsure.probabilities) == (sure.label, sure.probabilities)


def test_a_syllable_is_not_answered(trained, short):
    if not hears(trained):
        pytest.skip("it does not hear")
    decision = trained.decide(short, threshold=0.0)
    assert not decision.answered
    assert decision.reason.startswith("don't know: 0.30 s of sound")


@pytest.mark.parametrize("kind", ["noise", "tone"])
def test_what_is_no_speech_is_not_answered(trained, kind):
    if not hears(trained):
        pytest.skip("it does not hear")
    sound = np.random.default_rng(0).normal(0, 0.1, 16_000) if kind == "noise" else 0.5 * np.sin(np.arange(16_000) / 9)
    clip = Clip.from_array(sound, 16_000, f"{kind}.wav")
    decision = trained.decide(clip, threshold=0.0)
    assert (decision.answered, decision.speech) == (False, False)
    assert decision.seconds["speech check"] > 0
    assert decision.reason.startswith("don't know: no speech was heard: " + SpeechCheck().missing(clip))
    assert list(decision.probabilities.values()) == trained.predict_proba([clip])[0].tolist()
    assert trained.explain(clip, threshold=0.0).decision.reason == decision.reason


def test_a_file_decides_as_its_sound(trained, unheard, tmp_path):
    clip = unheard.clips[1]
    soundfile.write(tmp_path / "a.wav", clip.sound, 16_000, subtype="FLOAT")
    expected = trained.decide(clip).probabilities
    path = tmp_path / "a.wav" if hears(trained) else clip.face
    assert trained.decide(path).probabilities == expected
    assert trained.decide(str(path)).probabilities == expected


def test_progress_is_told(untrained, speech):
    told = []
    untrained.fit(*speech, progress=lambda *what: told.append(what))
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages
    for stage in stages:
        counts = [(done, total) for name, done, total in told if name == stage]
        assert counts[-len(speech.clips) :] == [(i + 1, len(speech.clips)) for i in range(len(speech.clips))]


# -- storing ---------------------------------------------------------------------------------------------------


def test_save_and_load_give_the_same_probabilities(trained, unheard, tmp_path):
    path = store.save(trained, tmp_path / "model.safetensors")
    loaded = store.load(path)
    assert type(loaded) is type(trained)
    assert (loaded.labels_, loaded.threshold_, loaded.card) == (trained.labels_, trained.threshold_, trained.card)
    np.testing.assert_array_equal(loaded.predict_proba(unheard.clips), trained.predict_proba(unheard.clips))
    mine, theirs = (system.explain(unheard.clips[0]) for system in (trained, loaded))
    assert mine.attributions == theirs.attributions
    assert [panel.name for panel in mine.panels] == [panel.name for panel in theirs.panels]
    again = store.load(store.save(loaded, tmp_path / "again.safetensors"))
    np.testing.assert_array_equal(again.predict_proba(unheard.clips), trained.predict_proba(unheard.clips))


def test_a_damaged_model_is_refused(trained, tmp_path):
    path = store.save(trained, tmp_path / "model.safetensors")
    for size in (0, 5, 200, path.stat().st_size // 2, path.stat().st_size - 1):
        cut = tmp_path / "cut.safetensors"
        cut.write_bytes(path.read_bytes()[:size])
        with pytest.raises(InputError, match=r"cut\.safetensors is not a model file of emospike, or it is damaged"):
            store.load(cut)


# -- adapting --------------------------------------------------------------------------------------------------


def test_adapting_without_labels_keeps_the_classes(trained, unheard, tmp_path):
    system = deepcopy(trained)
    before = system.predict_proba(unheard.clips)
    assert system.adapt(unheard.clips) is system
    assert system.labels_ == trained.labels_
    after = system.predict_proba(unheard.clips)
    assert not np.array_equal(after, before)
    loaded = store.load(store.save(system, tmp_path / "adapted.safetensors"))
    np.testing.assert_array_equal(loaded.predict_proba(unheard.clips), after)


def test_adapting_with_labels_adds_a_class_and_keeps_the_old(trained, speech, shrill, tmp_path):
    if "learn" not in trained.abilities:
        pytest.skip("its classifier learns once only")
    system = deepcopy(trained)
    system.adapt(shrill.clips, shrill.labels)
    assert system.labels_ == ("high", "low", "shrill")
    assert np.mean(np.array(system.predict(shrill.clips)) == "shrill") > 0.8
    assert np.mean(np.array(system.predict(speech.clips)) == speech.labels) > 0.8
    assert set(system.decide(shrill.clips[0]).probabilities) == {"high", "low", "shrill"}
    loaded = store.load(store.save(system, tmp_path / "adapted.safetensors"))
    np.testing.assert_array_equal(loaded.predict_proba(shrill.clips), system.predict_proba(shrill.clips))


def test_a_classifier_that_learns_once_says_so(trained, shrill):
    if "learn" in trained.abilities:
        pytest.skip("its classifier learns on")
    system = deepcopy(trained)
    with pytest.raises(InputError, match="cannot learn more clips"):
        system.adapt(shrill.clips, shrill.labels)
    assert system.labels_ == trained.labels_


def test_speaker_normalisation_needs_no_labels(untrained, speech, unheard, tmp_path):
    system = untrained.set_params(normalise="speaker").fit(*speech)
    together = system.predict_proba(unheard.clips, unheard.speakers)
    assert np.mean(np.array(system.predict(unheard.clips, unheard.speakers)) == unheard.labels) > 0.7
    loaded = store.load(store.save(system, tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(loaded.predict_proba(unheard.clips, unheard.speakers), together)
    own = [clip for clip, speaker in zip(unheard.clips, unheard.speakers, strict=True) if speaker == "s4"]
    strange = np.abs(loaded.predict_proba(own) - together[: len(own)]).mean()
    known = np.abs(loaded.adapt(own).predict_proba(own) - together[: len(own)]).mean()
    assert known < strange


# -- explaining ------------------------------------------------------------------------------------------------


def test_an_explanation_fits_together(trained, unheard):
    clip = unheard.clips[2]
    told: Explanation = trained.explain(clip, threshold=0.3)
    decided = trained.decide(clip, threshold=0.3)
    assert (told.name, told.threshold, told.target) == (clip.name, 0.3, decided.label)
    assert replace(told.decision, seconds={}) == replace(decided, seconds={})
    own = MODALITIES[trained.modality]
    assert {*own, "moments", *(["modalities"] if len(own) > 1 else [])} <= set(told.attributions)
    for kind, parts in told.attributions.items():
        changes = [part.change for part in parts]
        assert np.isfinite(changes).all(), kind
        assert any(changes), kind
        assert len({part.name for part in parts}) == len(parts), kind
    assert len(told.attributions["moments"]) == 12
    (steps,) = {len(panel.series) for panel in told.panels if isinstance(panel, EncodingPanel)}
    assert told.attributions["moments"][-1].name == f"{(11 * steps // 12) / 100:.2f}–{steps / 100:.2f} s"


def test_an_explanation_is_made_of_panels(trained, unheard, tmp_path):
    told = trained.explain(unheard.clips[2])
    names = [panel.name for panel in told.panels]
    assert names[:1] == ["decision"]
    assert "occlusion" in names
    assert len(set(names)) == len(names)
    assert all(panel.alt for panel in told.panels)
    spikes = trained.operations(unheard.clips[2]).spikes
    assert ("raster" in names) == (spikes > 0)
    if spikes:
        shown = [one.spikes for one in told.panel("raster").rasters]
        assert any(len(one) for one in shown)  # a layer may be silent in a network that hardly trained
        encoded = [panel.spikes for panel in told.panels if isinstance(panel, EncodingPanel) and panel.spikes]
        if name_of(trained) in EVERY_SPIKE:
            assert sum(map(len, shown + encoded[:1])) == spikes
    if (name_of(trained), trained.card["preset"]) in FIRST:  # drawing all takes seconds
        page, *pictures = write_explanation(told, tmp_path)
        assert {"decision", "occlusion"} < {path.stem for path in pictures} <= set(names)
        assert told.decision.label in page.read_text(encoding="utf-8")


# -- cost ------------------------------------------------------------------------------------------------------


def test_operations_are_counted_beside_the_equivalent(trained, unheard):
    cost: Operations = trained.operations(unheard.clips[0])
    assert cost.macs > 0
    assert cost.bytes_moved > 0
    assert cost.energy_uj == pytest.approx((4.6 * cost.macs + 0.9 * cost.synaptic_operations) * 1e-6, rel=1e-6)
    assert cost.twin_macs >= cost.macs
    assert cost.twin_energy_uj >= cost.energy_uj
    assert cost.twin_bytes_moved >= cost.bytes_moved
    assert (cost.spikes > 0) == (cost.synaptic_operations > 0) == (cost.spike_rate > 0)


# -- wrong input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c, y, s: ([], [], []), "at least 2 classes are needed"),
        (lambda c, y, s: (c, ["low"] * len(c), s), r"at least 2 classes are needed to train, got 1 class: \['low'\]"),
        (lambda c, y, s: (c, y[:-1], s), "23 labels, 24 speakers for 24 clips"),
        (lambda c, y, s: (c, y, s[:-2]), "24 labels, 22 speakers for 24 clips"),
        (lambda c, y, s: (c, y, ["anna"] * len(c)), "at least 2 speakers expected"),
        (lambda c, y, s: (c, y, [""] * len(c)), "speakers are unknown"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once(untrained, speech, change, message):
    with pytest.raises(InputError, match=message):
        untrained.fit(*change(*speech), progress=lambda *what: pytest.fail(f"began to work: {what}"))


def test_normalising_speakers_needs_speakers(untrained, speech):
    with pytest.raises(InputError, match="give the speaker of each clip"):
        untrained.set_params(normalise="speaker").fit(speech.clips, speech.labels)


def test_without_speakers_each_clip_is_its_own(untrained, speech, unheard):
    system = untrained.fit(speech.clips, speech.labels)
    assert np.mean(np.array(system.predict(unheard.clips)) == unheard.labels) > 0.8


def test_an_unreadable_clip_is_named(trained, speech, tmp_path):
    letter = tmp_path / ("letter.wav" if hears(trained) else "letter.csv")
    letter.write_text("Dear all, this is no recording.")
    bad = Clip(letter)
    for act in (
        lambda: trained.decide(bad),
        lambda: trained.explain(bad),
        lambda: trained.operations(bad),
        lambda: trained.predict_proba([*speech.clips[:3], bad]),
        lambda: trained.adapt([bad]),
        lambda: fresh(trained).fit([*speech.clips, bad], [*speech.labels, "low"], [*speech.speakers, "s9"]),
    ):
        with pytest.raises(InputError, match=r"letter\."):
            act()


def test_an_untrained_system_says_so(untrained, speech, tmp_path):
    for use in (lambda: untrained.decide(speech.clips[0]), lambda: untrained.predict_proba(speech.clips[:2])):
        with pytest.raises(InputError, match="is not trained: fit it, or load a model"):
            use()
    with pytest.raises(InputError, match="fit it first"):
        store.save(untrained, tmp_path / "none.safetensors")


@pytest.mark.parametrize("foreign", ["os:system", "builtins:eval", "emospike.files:write_atomically", "feature/../os"])
def test_a_model_file_cannot_name_foreign_code(trained, tmp_path, foreign):
    from safetensors.numpy import save_file

    arrays, header = store.read(store.save(trained, tmp_path / "model.safetensors"))
    step = {"step": foreign, "with": {"command": "touch hacked"}}
    for changed in ({"parameters": header["parameters"] | {"classifier": step}}, {"system": foreign}):
        metadata = {store.HEADER: json.dumps(header | changed)}
        save_file(arrays, tmp_path / "evil.safetensors", metadata=metadata)
        with pytest.raises(InputError, match=r"evil\.safetensors is no usable emospike model: unknown"):
            store.load(tmp_path / "evil.safetensors")
