import os
from pathlib import Path

import pytest

from emospike.files import format_json, read_umask, write_atomically
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
        ("pathlib.Path.write_bytes", OSError(28, "No space left on device"), InputError),
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


def test_the_rights_of_the_file_that_was_there_stay(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(0o604)
    assert write_atomically(path, "new").stat().st_mode & 0o777 == 0o604


def test_a_link_is_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a").write_text("old")
    for target in ("a", "b"):
        link = tmp_path / target
        link.symlink_to(tmp_path / "elsewhere" / target)
        assert write_atomically(link, "new") == link
        assert link.is_symlink()
        assert (tmp_path / "elsewhere" / target).read_text() == "new"
    (tmp_path / "round").symlink_to(tmp_path / "round")
    with pytest.raises(InputError, match="its links lead in circles"):
        write_atomically(tmp_path / "round", "new")


def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path):
    assert write_atomically(Path(os.devnull), "new") == Path(os.devnull)
    assert Path(os.devnull).is_char_device()


def test_the_bytes_are_on_the_disk_before_they_have_their_name(tmp_path, monkeypatch):
    done, replace = [], Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: done.append("fsync"))
    monkeypatch.setattr(Path, "replace", lambda *paths: (done.append("replace"), replace(*paths)))
    write_atomically(tmp_path / "a", "new")
    assert done == ["fsync", "replace", "fsync"]


def test_json_knows_no_nan():
    value = {"a": float("nan"), "b": [float("inf"), 1.5], "c": (None, "x\x1b")}
    assert format_json(value) == '{"a": null, "b": [null, 1.5], "c": [null, "x\\u001b"]}'
