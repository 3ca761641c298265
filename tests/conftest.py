"""Fixtures shared by all tests; array shapes are checked at run time while they run."""

import os
import signal
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import install_import_hook

if sys.version_info >= (3, 11):  # the jaxtyping that Python 3.10 gets cannot wrap what numba compiles
    install_import_hook("emospike", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun in the background: children would not hear a Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)

_MODEL = Path(__file__).parents[2] / "shared" / "models" / "face_landmarker.task"
if _MODEL.is_file():
    os.environ.setdefault("EMOSPIKE_FACE_MODEL", str(_MODEL))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real recordings: `EMOSPIKE_DATA`, or `../shared/data` beside the checkout."""
    folder = Path(os.environ.get("EMOSPIKE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "ravdess").is_dir():
        pytest.skip(f"no recordings in {folder}: set EMOSPIKE_DATA")
    return folder


@pytest.fixture(scope="session")
def ravdess(data_dir: Path) -> Path:
    """The RAVDESS folder of the real recordings."""
    return data_dir / "ravdess"


@pytest.fixture(scope="session")
def landmarker() -> None:
    """Skip where MediaPipe or its model is missing."""
    pytest.importorskip("mediapipe")
    if not os.environ.get("EMOSPIKE_FACE_MODEL"):
        pytest.skip("no face model: set EMOSPIKE_FACE_MODEL")


@pytest.fixture(scope="session")
def jumping_film(data_dir, tmp_path_factory):
    """A real film of which one picture claims to be 0.4 s later than it is; those up to then are passed over."""
    import av

    path = tmp_path_factory.mktemp("jumping") / "jumping.mkv"
    with av.open(str(path), "w") as container, av.open(data_dir / "samples/video/01-01-08-01-01-02-01.mp4") as film:
        stream = container.add_stream_from_template(film.streams.video[0])
        for number, packet in enumerate(one for one in film.demux(film.streams.video[0]) if one.dts is not None):
            packet.pts += 12_012 * (number == 40)
            packet.stream = stream
            container.mux(packet)
    return path


@pytest.fixture(scope="session")
def write_film():
    """The function that writes a film."""
    return _write_film


def _write_film(path, images, times=None, *, codec="mpeg4", sound=None, sound_at=0.0, turned=0, flipped=False, sar=1):
    """Write RGB pictures at these times (s), and beside them a sound (mono, 48 kHz) that begins at a time of its own.

    `turned` and `flipped` are how a player has to show them: degrees counter-clockwise, then mirrored.
    """
    import av

    times = [number / 25 for number in range(len(images))] if times is None else times
    with av.open(str(path), "w") as container:
        film = container.add_stream(codec, rate=25, options={"crf": "16"} if codec == "libx264" else {})
        film.height, film.width = images[0].shape[:2]
        film.pix_fmt, film.sample_aspect_ratio, film.bit_rate = "yuv420p", Fraction(sar), 4_000_000
        film.codec_context.time_base = Fraction(1, 25) if path.suffix in {".mpg", ".wmv", ".avi"} else Fraction(1, 1000)
        if turned or flipped:
            if not hasattr(film, "set_display_rotation"):
                pytest.skip("this PyAV cannot write a display matrix: 18 can")
            film.set_display_rotation(turned, hflip=flipped)
        codecs = {".webm": "libopus", ".mpg": "mp2"}
        track = sound is not None and container.add_stream(codecs.get(path.suffix, "aac"), rate=48_000, layout="mono")
        for image, time in zip(images, times, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.time_base = film.codec_context.time_base
            frame.pts = round(time / frame.time_base)
            container.mux(film.encode(frame))
        container.mux(film.encode(None))
        for at in range(0, 0 if sound is None else len(sound), 960):
            samples = np.ascontiguousarray(sound[None, at : at + 960], np.float32)
            block = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            block.sample_rate, block.pts = 48_000, at + round(sound_at * 48_000)
            container.mux(track.encode(block))
        if track:
            container.mux(track.encode(None))
    return path


@pytest.fixture
def filmed(tmp_path):
    """Four speakers with voices and faces, happy and smiling or sad and not."""
    import made_up  # not before the hook above

    from emospike import datasets

    lines = ["path,label,speaker,face"]
    for number, speaker in enumerate("abcd"):
        for take in range(6):
            sad, name = take % 2, f"{speaker}{take}"
            made_up.write(tmp_path / f"{name}.wav", made_up.voice(1.0, 150 + 20 * number, 0.9 - 0.7 * sad, seed=take))
            made_up.write_face(tmp_path / f"{name}.csv", 1.0, smile=2.5 * (1 - sad))
            lines.append(f"{name}.wav,{'sad' if sad else 'happy'},{speaker},{name}.csv")
    (tmp_path / "manifest.csv").write_text("\n".join(lines) + "\n")
    return datasets.load(tmp_path / "manifest.csv", video=True)
