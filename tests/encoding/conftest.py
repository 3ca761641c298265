"""Series for the encoders: hand-made ones, and log-mel spectrograms of real speech."""

from pathlib import Path

import numpy as np
import pytest

from emospike.series import Channel, Series


def make(values, rate=100.0):
    """Return a series of a list of samples (one channel) or of a matrix (steps, channels)."""
    array = np.asarray(values, np.float32)
    array = array[:, None] if array.ndim == 1 else array
    return Series(array, rate, tuple(Channel(f"c{index}", "audio") for index in range(array.shape[1])))


@pytest.fixture(name="make")
def make_fixture():
    return make


@pytest.fixture
def wave():
    """Three seconds of three sines of different speed, none faster than 0.4 a step."""
    step = np.arange(300)[:, None]
    return make(np.sin(step * [0.05, 0.1, 0.2]) * [1.0, 2.0, 2.0])


@pytest.fixture(scope="session")
def speech(data_dir: Path):
    """Log-mel spectrograms (40 bands, 10 ms, nats) of four clips of four speakers."""
    import librosa

    clips = []
    for actor, clip in ((2, 3), (3, 17), (10, 33), (11, 50)):
        path = sorted((data_dir / "ravdess" / "audio" / f"Actor_{actor:02d}").glob("*.opus"))[clip]
        sound, rate = librosa.load(path, sr=16000)
        mel = librosa.feature.melspectrogram(y=sound, sr=rate, n_fft=400, hop_length=160, n_mels=40, fmin=50, fmax=8000)
        clips.append(make(np.log(mel + 1e-6).T))
    return clips
