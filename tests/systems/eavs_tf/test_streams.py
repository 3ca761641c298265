"""Token streams: what is cut, how it is scaled, and how clips come side by side."""

import numpy as np
import pytest

from emospike.features.eeg import EEG
from emospike.features.mel import Mel
from emospike.networks.spiking_transformer import Stream
from emospike.series import Channel, Series
from emospike.systems.eavs_tf.streams import (
    Scales,
    add_auxiliary,
    batch_of,
    clip_means,
    cut_to_speech,
    drop_modality,
    mask_series,
    mix_clips,
)
from emospike.systems.perception import perceive
from emospike.validation import InputError

STREAMS = [Stream("audio", 4, "picture"), Stream("audio", 2), Stream("face", 3)]


def arrays(steps, without=()):
    rng = np.random.default_rng(steps)
    return tuple(
        None if one.modality in without else rng.normal(size=(steps, one.channels)).astype(np.float32)
        for one in STREAMS
    )


def test_speech_is_cut_from_silence():
    from emospike.clip import Clip

    sound = np.zeros(48_000, np.float32)
    sound[16_000:32_000] = np.random.default_rng(0).normal(0, 0.1, 16_000)
    seen = perceive([Mel(bands=8)], Clip.from_array(sound, 16_000), "audio")
    cut = cut_to_speech(seen)
    assert len(cut.series[0]) == pytest.approx(112, abs=3)  # a second, its edges, and the margins
    whole, part = seen.series[0].values, cut.series[0].values
    (start,) = [at for at in range(90, 100) if np.array_equal(part, whole[at : at + len(part)])]
    assert 90 <= start < 100
    assert add_auxiliary(seen, None) is seen


def test_scales_give_mean_0_and_deviation_1(speech):
    seen = [perceive([Mel(bands=8)], clip, "audio") for clip in speech.clips[:6]]
    scales = Scales.of(seen)
    values = np.concatenate([scales.arrays(one.series)[0] for one in seen])
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-4)
    assert ((values.std(axis=0) > 0.5) & (values.std(axis=0) <= 1)).all()
    (mean,) = clip_means(seen[:1], 0)
    shifted = scales.arrays(seen[0].series, (mean - scales.means[0],))
    np.testing.assert_allclose(shifted[0].mean(axis=0), 0, atol=1e-4)
    assert len(clip_means([], 0)) == 0


def test_a_batch_holds_clips_as_they_are_and_zeros_after_them():
    clips = [arrays(10), arrays(33, without=("face",))]
    batch = batch_of(clips, STREAMS, 16)
    assert [one.shape for one in batch.arrays] == [(2, 40, 4), (2, 40, 2), (2, 40, 3)]  # a multiple of eight
    np.testing.assert_array_equal(batch.arrays[0][0, :10], clips[0][0])
    assert not batch.arrays[0][0, 10:].any()
    assert batch.valid.sum(axis=1).tolist() == [10, 33]
    assert {modality: one.tolist() for modality, one in batch.there.items()} == {"audio": [1, 1], "face": [1, 0]}
    assert batch_of([arrays(10, without=("face",))], STREAMS, 16).arrays[2] is None


def test_training_takes_a_random_part():
    clips = [arrays(10), arrays(50)]
    drawn = [batch_of(clips, STREAMS, 24, rng=np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert drawn[0].valid.shape == (2, 24)
    assert drawn[0].valid.sum(axis=1).tolist() == [10, 24]
    assert np.array_equal(drawn[0].arrays[0], drawn[1].arrays[0])
    assert not np.array_equal(drawn[0].arrays[0], drawn[2].arrays[0])
    part = drawn[0].arrays[0][1]
    assert any(np.array_equal(part, clips[1][0][at : at + 24]) for at in range(27))
    inside = drawn[0].valid[0] > 0
    np.testing.assert_array_equal(drawn[0].arrays[2][0][inside], clips[0][2])


def test_modalities_can_be_left_out():
    grid = tuple(
        Series(values, 100.0, tuple(Channel(f"{one.modality} {i}", one.modality) for i in range(one.channels)))
        for one, values in zip(STREAMS, arrays(10), strict=True)
    )
    kept = mask_series(grid, STREAMS, ("face",))
    assert [one is None for one in kept] == [True, True, False]
    batch = batch_of([arrays(10)] * 40, STREAMS, 16)
    less = drop_modality(batch, 0.5, np.random.default_rng(0))
    there = np.stack(list(less.there.values()))
    assert there.max(axis=0).all()  # never both
    assert 8 < (there.sum(axis=0) == 1).sum() < 32
    assert drop_modality(batch, 0.0, np.random.default_rng(0)) is batch


def test_mixing_keeps_arrays_and_targets_together():
    target = np.eye(2, dtype=np.float32)
    clips = [tuple(np.full((16, one.channels), i, np.float32) for one in STREAMS) for i in (0, 1)]
    batch = mix_clips(batch_of(clips, STREAMS, 16, target), 0.5, np.random.default_rng(5))
    np.testing.assert_allclose(batch.target.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(batch.arrays[0][:, 0, 0], batch.target[:, 1], atol=1e-6)
    assert (batch.target.argmax(axis=1) == [0, 1]).all()  # mostly themselves


def test_an_auxiliary_modality_lies_on_the_same_grid(speech):
    class Pulse:
        modality = "pulse"

        def extract(self, clip):
            return Series(np.ones((60, 1), np.float32), 100.0, (Channel("beat", "pulse"),))

        def respeak(self, voice, series):
            return series

    seen = perceive([Mel(bands=8)], speech.clips[0], "audio")
    whole = add_auxiliary(seen, Pulse())
    assert len(whole.series[1]) == len(seen.series[0])
    assert whole.modalities == seen.modalities


def test_an_auxiliary_modality_that_a_clip_lacks_is_told(speech):
    seen = perceive([Mel(bands=8)], speech.clips[0], "audio")
    whole = add_auxiliary(seen, EEG())
    assert whole.series == (*seen.series, None)
    assert "has no EEG" in whole.missing["eeg"]


def test_channels_are_those_of_training(speech):
    wide, narrow = (perceive([Mel(bands=bands)], speech.clips[0], "audio") for bands in (8, 6))
    with pytest.raises(InputError, match=r"8 channels expected as in other training clips, got 6 \(mel .* to mel .*\)"):
        Scales.of([wide, narrow])
    with pytest.raises(InputError, match="8 channels expected"):
        Scales.of([wide]).arrays(narrow.series)
