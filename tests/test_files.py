import os
from pathlib import Path

import pytest

from emospike.files import read_umask, write_atomically
from emospike.validation import InputError


def test_text_and_bytes_replace_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    assert write_atomically(path, "naïve") == path
    assert path.read_text(encoding="utf-8") == "naïve"
    write_atomically(path, b"\x00\x01")
    assert path.read_bytes() == b"\x00\x01"
    assert list(tmp_path.iterdir()) == [path]


def test_files_get_the_rights_that_new_files_get(tmp_path):
    before = os.umask(0o027)
    try:
        assert read_umask() == 0o027
        assert write_atomically(tmp_path / "a", "").stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)


class Interrupted(KeyboardInterrupt):
    pass


@pytest.mark.parametrize(
    ("broken", "raised", "seen"),
    [
        ("os.fdopen", OSError(28, "No space left on device"), InputError),
        ("pathlib.Path.replace", OSError(30, "Read-only file system"), InputError),
        ("pathlib.Path.replace", Interrupted(), Interrupted),
    ],
)
def test_an_interrupted_write_leaves_the_old_file_whole(tmp_path, monkeypatch, broken, raised, seen):
    path = tmp_path / "model"
    path.write_text("old")

    def fail(*args, **kwargs):
        raise raised

    with monkeypatch.context() as patched:
        patched.setattr(broken, fail)
        with pytest.raises(seen):
            write_atomically(path, "new" * 1000)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_reason_is_told(tmp_path):
    with pytest.raises(InputError, match=r"cannot write .*gone/a: No such file"):
        write_atomically(tmp_path / "gone" / "a", "")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=r"cannot write .*folder: Is a directory"):
        write_atomically(tmp_path / "folder", "")
    assert [entry.name for entry in Path(tmp_path).iterdir()] == ["folder"]
