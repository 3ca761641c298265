from pathlib import Path

import numpy as np
import pytest
import soundfile

from emospike.datasets import Dataset, Recording
from emospike.evaluation.reading import readable
from emospike.validation import InputError


def dataset(*paths: Path) -> Dataset:
    return Dataset("manifest", tuple(Recording(path, "sad", "a", path.name) for path in paths), ("a note",))


def test_what_can_be_read_stays(tmp_path):
    soundfile.write(tmp_path / "good.wav", 0.1 * np.sin(np.arange(16_000) / 5), 16_000)
    (tmp_path / "text.wav").write_text("no sound")
    good, text, missing = (tmp_path / name for name in ("good.wav", "text.wav", "missing.wav"))
    told = []
    kept = readable(dataset(good, text, missing), lambda *what: told.append(what))
    assert [recording.path for recording in kept.recordings] == [good]
    assert kept.notes[0] == "a note"
    assert kept.notes[1].startswith(f"2 of 3 recordings cannot be used and are left out; the first: {text}")
    assert told[-1] == ("reading", 3, 3)
    assert readable(dataset(good)) == dataset(good)


def test_nothing_can_be_read(tmp_path):
    with pytest.raises(InputError, match=r"none of 1 recordings can be read; the first: .*does not exist"):
        readable(dataset(tmp_path / "a.wav"))
