"""What fuzzing and hostile files once found stays mended: every file of `regressions` is read, or refused in one line.

`regressions/KIND/read-WHAT` holds a right answer, `regressions/KIND/refused-WHAT` none. `make fuzz` leaves what it
finds, made as small as it can, in `build/fuzz`: name one like that, and put it here.
"""

from pathlib import Path

import made_up
import pytest
from fuzzing.__main__ import Reader
from fuzzing.worker import READERS

FOLDER = Path(__file__).with_name("regressions")
FOUND = sorted(path for path in FOLDER.rglob("*") if path.is_file())
LARGEST = 16_384  # bytes


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """The process of `make fuzz`, with its limits of memory and time."""
    folder = tmp_path_factory.mktemp("clip")
    made_up.write(folder / "clip.wav", made_up.voice(1.0, 190.0, 0.8))
    made_up.write_drawn_face(folder / "clip.csv", 1.0, 1, smile=1.0, talk=0.5)
    made = Reader(folder, {"table": [folder / "clip.csv"]}, 120.0)
    yield made
    made.stop()


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_it_is_read_or_refused_in_one_line(reader, path):
    outcome, said = reader.ask(path.parent.name, path)
    assert outcome == path.name.split("-")[0], said


def test_they_are_small_and_of_every_kind():
    assert {path.parent.name for path in FOUND} == {*READERS}
    assert max(path.stat().st_size for path in FOUND) < LARGEST
