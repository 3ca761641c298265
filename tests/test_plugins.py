"""Parts of other packages: found by their entry points, saved, and loaded where their package is installed."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile

from emospike.clip.synthetic import synthesise_speech
from emospike.features.mel import Mel
from emospike.store import save
from emospike.systems.baseline.model import Baseline
from emospike.validation import InputError

LOUDNESS = re.compile(r">>> @dataclass\(frozen=True\)\n(\.\.\. class Loudness:\n.*?)\n\n", re.S)
IMPORTS = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from emospike import Clip
from emospike.augmentation.voice import Voice, stretch
from emospike.features.spectrum import RATE, compute_spectrogram, log_compress
from emospike.series import Channel, Series

@dataclass(frozen=True)
"""
TRAIN = """
import sys
from emospike.features import FEATURES, Loudness
from emospike.systems import SYSTEMS
from emospike.store import save

assert FEATURES.name_of(Loudness) == "loudness"
model = SYSTEMS.find("baseline").make("ridge").set_params(features=(Loudness(),))
labels, speakers = ["happy", "sad"] * 4, [name for name in "abcd" for _ in range(2)]
save(model.fit(sys.argv[1:], labels, speakers), "loud.safetensors")
"""


@pytest.fixture
def installed(tmp_path) -> Path:
    """A folder with a package that offers the feature of CONTRIBUTING, and a second one that takes a name."""
    text = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (found,) = LOUDNESS.findall(text)
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "loud.py").write_text(IMPORTS + re.sub(r"(?m)^\.\.\. ?", "", found))
    offer(packages, "loud", "features", loudness="loud:Loudness [fast]")
    return packages


def offer(folder: Path, package: str, room: str, **entries: str) -> None:
    """Install the record of a package that offers parts of a room."""
    record = folder / f"{package}-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"{name} = {where}" for name, where in entries.items()]
    (record / "entry_points.txt").write_text("\n".join([f"[emospike.{room}]", *lines, ""]))


def run(folder: Path, *command: str, packages: Path | None = None) -> subprocess.CompletedProcess:
    paths = [*([str(packages)] if packages else []), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_feature_of_another_package_is_trained_saved_and_decides_where_it_is_installed(installed, tmp_path):
    names = []
    for number in range(8):
        names.append(f"{number}.wav")
        soundfile.write(tmp_path / names[-1], synthesise_speech(1.5, 150.0, number % 2 == 0, number), 16_000)
    trained = run(tmp_path, "-c", TRAIN, *names, packages=installed)
    assert trained.returncode == 0, trained.stderr
    decide = ("-m", "emospike", "recognise", "0.wav", "--model", "loud.safetensors", "--json")
    found = run(tmp_path, *decide, packages=installed)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["label"] == "happy"
    without = run(tmp_path, *decide)
    assert without.returncode == 2
    assert "unknown step 'feature/loudness'" in without.stderr
    (installed / "loud.py").write_text("import no_such_thing")
    broken = run(tmp_path, *decide, packages=installed)
    assert broken.returncode == 2
    assert "step 'feature/loudness' cannot be had from loud:Loudness: No module named 'no_such_thing'" in " ".join(
        broken.stderr.split()
    )


def test_a_name_that_is_taken_is_warned_of(installed, tmp_path):
    offer(installed, "rival", "encoders", step_forward="loud:Loudness", louder="loud:Loudness")
    code = "from emospike.encoding import ENCODERS; print(ENCODERS['step_forward'], ENCODERS['louder'])"
    found = run(tmp_path, "-c", code, packages=installed)
    assert found.stdout == "emospike.encoding.step_forward:StepForward loud:Loudness\n"
    assert "encoder 'step_forward' of package rival is left out: the name is taken" in found.stderr


@dataclass(frozen=True)
class Own(Mel):
    """A feature that no registry knows."""


def test_what_is_registered_nowhere_is_told_how(tmp_path):
    clips = [(synthesise_speech(1.0, 150.0, number % 2 == 0, number), 16_000) for number in range(8)]
    system = Baseline.preset("ridge").set_params(features=(Own(),)).fit(clips, ["happy", "sad"] * 4)
    with pytest.raises(InputError, match=r"Own is not a registered step: add a line .* or an entry point"):
        save(system, tmp_path / "own.safetensors")
    assert not (tmp_path / "own.safetensors").exists()
