import numpy as np
import pytest

from emospike.features import FEATURES
from emospike.features.constant_q import ConstantQ
from emospike.features.counting import Counted, StepCount, count_spectrogram, count_transform
from emospike.features.linear_fft import LinearFFT
from emospike.features.mel import Mel
from emospike.features.mfcc import MFCC
from emospike.features.prosody import Prosody
from emospike.features.spectrum import make_mel_bank


def test_a_transform_of_512_points_takes_5760_multiply_accumulates():
    """5/2 x 512 x 9 real operations, two of which make a multiply-accumulate; each moves a word."""
    assert count_transform(512) == StepCount(5760.0, 11520.0, 1024)


def test_a_spectrum_is_windowed_transformed_and_squared():
    step = count_spectrogram(400, 512)
    assert step.macs == 400 + 5760 + 257 * 2
    assert step.words == 3 * 400 + 11520 + 3 * 257
    assert step.held == 400 + 1024 + 257


def test_equal_bands_take_each_bin_once():
    """24 bands of 257 bins, all of weight 1 / n: 257 products, and a comparison and a logarithm (10) a band."""
    counted = LinearFFT(bands=24).count_operations(1)
    assert counted.macs == 400 + 5760 + 514 + 257 + 24 * 11
    assert LinearFFT(bands=24).count_operations(100).macs == 100 * counted.macs
    assert LinearFFT(bands=24).count_operations(100).words_held == counted.words_held


def test_of_a_bank_its_weights_count():
    bank, _ = make_mel_bank(64, 50.0, 8000.0, 512)
    weights = np.count_nonzero(bank)
    assert 257 < weights < bank.size / 10
    assert Mel(bands=64).count_operations(1).macs == 6674 + weights + 64 * 11


def test_a_long_window_costs_most():
    mel, tones, cepstrum = (one.count_operations(300) for one in (Mel(bands=128), ConstantQ(), MFCC(bands=128)))
    assert tones.macs > 3 * mel.macs
    assert cepstrum.macs == pytest.approx(mel.macs + 300 * 2.5 * 128 * 7 / 2, rel=0.01)  # but for the edges of bands


def test_both_kinds_of_contours_are_computed_once():
    whole, gaps = Prosody(bridge=True).count_operations(300), Prosody(bridge=False).count_operations(300)
    assert whole == gaps
    assert Prosody(voiced=0.6).count_operations(300).key != whole.key
    transforms = 2.5 * (512 * 9 + 640 * np.log2(640) + 1280 * np.log2(1280)) / 2
    assert transforms < whole.macs / 300 < 2 * transforms


def test_every_feature_of_sound_tells_what_it_takes():
    made = [FEATURES.load(name) for name in FEATURES]
    told = {one.__name__: isinstance(one(), Counted) for one in made}
    assert {name for name, tells in told.items() if tells} == {one.__name__ for one in made if one.modality == "audio"}
