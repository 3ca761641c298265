"""Files that are right, of every kind that is read: what mutations begin with."""

from __future__ import annotations

import struct
from pathlib import Path

import made_up
import numpy as np
import soundfile
from made_up_speech import Speech, smallest, with_faces

SHIPPED = ("excube2-arousal", "excube2-both")

SUBTYPES = {"wav": "PCM_16", "flac": "PCM_16", "ogg": "VORBIS", "mp3": None, "aiff": "PCM_16", "au": "PCM_16"}


def write_seeds(folder: Path, kinds: list[str]) -> dict[str, list[Path]]:
    """Write files of these kinds into a folder; return them by kind."""
    seeds = {}
    for kind in kinds:
        own = folder / kind
        own.mkdir(parents=True, exist_ok=True)
        WRITERS[kind](own)
        seeds[kind] = sorted(path for path in own.iterdir() if path.suffix)
    return seeds


def write_sounds(folder: Path) -> None:
    voice = made_up.voice(1.0)
    for suffix, subtype in SUBTYPES.items():
        soundfile.write(folder / f"voice.{suffix}", voice, 16_000, subtype=subtype)
    for suffix, codec in (("m4a", "aac"), ("opus", "libopus")):
        write_film(folder / f"voice.{suffix}", None, codec)
    write_surround(folder / "surround.mka")


def write_surround(path: Path) -> None:
    """Write a voice from eight places."""
    import av

    voice = np.repeat(np.round(32767 * made_up.voice(0.3)).astype(np.int16), 3 * 8)  # 48 kHz
    with av.open(str(path), "w") as container:
        track = container.add_stream("libopus", rate=48_000, layout="7.1")
        track.bit_rate = 128_000
        resampler = av.AudioResampler("s16", "7.1", 48_000, 960)
        block = av.AudioFrame.from_ndarray(voice[None], format="s16", layout="7.1")
        block.sample_rate = 48_000
        for one in (*resampler.resample(block), *resampler.resample(None)):
            container.mux(track.encode(one))
        container.mux(track.encode(None))


def write_films(folder: Path) -> None:
    for suffix, codec, sound in (("mp4", "mpeg4", "aac"), ("mkv", "mpeg4", "libopus"), ("avi", "mjpeg", "mp2")):
        write_film(folder / f"film.{suffix}", codec, sound)


def write_film(path: Path, codec: str | None, sound: str) -> None:
    """Write half a second of a voice, and of moving pictures if they have a codec."""
    import av

    voice = np.repeat(made_up.voice(0.5), 3)[None]  # 48 kHz
    with av.open(str(path), "w") as container:
        film = codec and container.add_stream(codec, rate=25)
        if film:
            film.width = film.height = 64
            film.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        track = container.add_stream(sound, rate=48_000, layout="mono")
        for number in range(12 if film else 0):
            image = np.full((64, 64, 3), 20 * number, np.uint8)
            container.mux(film.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        if film:
            container.mux(film.encode(None))
        resampler = av.AudioResampler(track.format, "mono", 48_000, track.frame_size or 960)
        block = av.AudioFrame.from_ndarray(voice, format="fltp", layout="mono")
        block.sample_rate = 48_000
        for one in (*resampler.resample(block), *resampler.resample(None)):
            container.mux(track.encode(one))
        container.mux(track.encode(None))


def write_tables(folder: Path) -> None:
    made_up.write_face(folder / "face.csv", 1.0)
    made_up.write_drawn_face(folder / "drawn.csv", 0.3, 1, smile=1.0, talk=0.5)


def write_manifests(folder: Path) -> None:
    """List six short recordings, twice: in two ways of writing a table."""
    speakers, labels = ("anna", "ben", "carla"), ("happy", "sad")
    rows = [(f"clips/{who}-{label}.wav", label, who) for who in speakers for label in labels]
    for number, (path, _, _) in enumerate(rows):
        made_up.write(folder / path, made_up.voice(0.3, seed=number))
    for mark, name in ((",", "comma.csv"), (";", "semicolon.csv")):
        lines = [mark.join(row) for row in (("path", "label", "speaker"), *rows)]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_events(folder: Path) -> None:
    rng = np.random.default_rng(0)
    x, y, t = rng.integers(0, 34, 300), rng.integers(0, 34, 300), np.sort(rng.integers(0, 300_000, 300))
    p = rng.integers(0, 2, 300)
    np.savez(folder / "plain.npz", x=x, y=y, t=t, p=p, width=34, height=34)
    np.savez_compressed(folder / "packed.npz", x=x.astype(np.uint16), y=y.astype(np.uint16), t=t, p=p.astype(bool))
    rows = zip(x, y, p << 7 | t >> 16, t >> 8 & 255, t & 255, strict=True)
    (folder / "mnist.bin").write_bytes(bytes(int(one) for row in rows for one in row))
    dvs = [
        struct.pack(">II", int(b) << 8 | int(a) << 1 | int(on), int(at))
        for a, b, at, on in zip(x, y, t, p, strict=True)
    ]
    (folder / "dvs.aedat").write_bytes(b"#!AER-DAT2.0\r\n# comment\r\n" + b"".join(dvs))
    events = [
        struct.pack("<II", int(a) << 17 | int(b) << 2 | int(on) << 1 | 1, int(at))
        for a, b, at, on in zip(x, y, t, p, strict=True)
    ]
    head = struct.pack("<HHIIIIII", 1, 0, 8, 4, 0, 300, 300, 300)
    (folder / "caer.aedat").write_bytes(b"#!AER-DAT3.1\r\n#!END-HEADER\r\n" + head + b"".join(events))


def write_eeg(folder: Path) -> None:
    import mne
    from edfio import Edf, EdfSignal
    from scipy.io import savemat

    rng = np.random.default_rng(0)
    names = ["Fp1", "Fp2", "C3", "C4", "O1", "O2"]
    values = rng.normal(0, 2e-5, (6, 400))
    savemat(folder / "eav.mat", {"seg": rng.normal(0, 20, (600, 6, 2))})
    Edf([EdfSignal(1e6 * one, 200.0, label=name) for name, one in zip(names, values, strict=True)]).write(
        folder / "raw.edf"
    )
    raw = mne.io.RawArray(values, mne.create_info(names, 200.0, "eeg"), verbose="error")
    raw.save(folder / "a_raw.fif", overwrite=True, verbose="error")


def write_models(folder: Path) -> None:
    """Train each system on a little made-up speech, and take two shipped models."""
    from emospike import store
    from emospike.systems import SYSTEMS

    faces = folder / "faces"
    faces.mkdir(exist_ok=True)
    speech = with_faces(Speech(["high", "low"], [0, 1, 2, 3], takes=3), faces)
    for name in SYSTEMS:
        path = folder / f"{name}.safetensors"
        if not path.exists():
            kind = SYSTEMS.load(name)
            modality = "both" if "both" in SYSTEMS[name].modalities else None
            system = smallest(kind, kind.presets()[0], modality)
            system.card |= {"data": "manifest", "speakers": ["s0", "s1"], "modality": system.modality, "clips": 24}
            store.save(system.fit(*speech), path)
    for name in SHIPPED:
        (folder / f"{name}.safetensors").write_bytes(store.locate(name).read_bytes())


WRITERS = {
    "sound": write_sounds,
    "film": write_films,
    "table": write_tables,
    "manifest": write_manifests,
    "events": write_events,
    "eeg": write_eeg,
    "model": write_models,
}
"""What writes the files of a kind."""
