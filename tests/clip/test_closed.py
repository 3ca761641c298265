"""Paths that cannot be looked at: folders that may not be entered, names that are too long, pipes and devices."""

import os
from pathlib import Path

import pytest

from emospike.clip import Clip, find_recordings
from emospike.files import is_file, is_folder, is_pipe
from emospike.validation import InputError

POSIX = pytest.mark.skipif(os.name == "nt", reason="permissions and pipes of POSIX")


@pytest.fixture
def closed(tmp_path, monkeypatch):
    """A folder with a recording, and one in it that may not be entered, as one who is not root sees them."""
    (tmp_path / "open").mkdir()
    (tmp_path / "closed").mkdir()
    for folder in ("open", "closed"):
        (tmp_path / folder / "a.wav").write_bytes(b"RIFF")
    tmp_path.chmod(0o755)
    (tmp_path / "closed").chmod(0)
    monkeypatch.chdir(tmp_path)  # the folders above may be closed to others
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield "."
    os.seteuid(user)
    (tmp_path / "closed").chmod(0o755)


@POSIX
def test_a_folder_that_may_not_be_entered_is_said_and_the_rest_goes_on(closed):
    found = [str(path) for path in find_recordings([Path(closed)])]
    assert found == ["closed", "open/a.wav"]
    with pytest.raises(InputError, match="closed is a folder that may not be entered"):
        _ = Clip("closed").sound
    with pytest.raises(InputError, match=r"closed/a\.wav cannot be read: Permission denied"):
        _ = Clip("closed/a.wav").sound
    assert not is_file("closed/a.wav")


@pytest.mark.parametrize("name", ["x" * 300 + ".wav", "a\0b.wav"])
def test_names_that_no_file_can_have(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(InputError, match="cannot be read: ") as error:
        _ = Clip(path).sound
    assert "\n" not in str(error.value)
    assert list(find_recordings([path])) == [path]
    assert not (is_file(path) or is_folder(path) or is_pipe(path))


@POSIX
def test_pipes_and_devices_are_named(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert is_pipe(tmp_path / "fifo")
    with pytest.raises(InputError, match="fifo is a pipe, which can be read once: save the recording in a file"):
        _ = Clip(tmp_path / "fifo").sound
    with pytest.raises(InputError, match="/dev/zero is no file but a device"):
        _ = Clip("/dev/zero").sound
