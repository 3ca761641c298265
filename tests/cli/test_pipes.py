"""Recordings that come through pipes, and outputs that are closed or full: as processes, as a shell runs them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from emospike.cli import pipes
from emospike.validation import InputError

COMMAND = [sys.executable, "-c", "from emospike.cli import main; main()"]
POSIX = pytest.mark.skipif(os.name == "nt", reason="pipes with names, and /dev")


def shell(line, *arguments, **options):
    """Run a line of bash in which "$@" is a command of emospike."""
    words = [*COMMAND, *map(str, arguments)]
    return subprocess.run(
        ["bash", "-c", line, "bash", *words], capture_output=True, text=True, timeout=400, check=False, **options
    )


@POSIX
def test_standard_input_and_pipes_are_decided_as_files_are(model, wav):
    options = ("--model", model, "--json")
    (file,) = map(json.loads, shell('"$@"', "recognise", wav, *options).stdout.splitlines())
    line = f'cat "{wav}" | "$@" - <(cat "{wav}") "{wav}"'
    found = [json.loads(row) for row in shell(line, "recognise", *options).stdout.splitlines()]
    assert [row["probabilities"] for row in found] == [file["probabilities"]] * 3
    assert found[0]["file"] == "-"
    assert found[1]["file"].startswith("/dev/fd/")
    assert found[2]["file"] == str(wav)


@POSIX
def test_a_pipe_with_a_name_is_explained(model, wav, tmp_path):
    fifo, page = tmp_path / "fifo", tmp_path / "page"
    os.mkfifo(fifo)
    found = shell(f'timeout 300 cat "{wav}" > "{fifo}" & "$@"', "explain", fifo, "-o", page, "--model", model)
    assert found.returncode == 0, found.stderr
    assert "fifo  " in found.stdout
    assert (page / "index.html").is_file()


@POSIX
def test_what_is_wrong_with_a_pipe_is_said_by_its_name(model, wav):
    found = shell(f'echo talk | "$@" "{wav}"', "recognise", "--model", model, "-")
    assert found.returncode == 2
    (odd,) = [line for line in found.stdout.splitlines() if line.startswith("-")]
    assert "error               - cannot be read as sound or video" in odd
    assert len(found.stdout.splitlines()) == 2
    closed = shell('"$@" <&-', "recognise", "-", "--model", model)
    assert closed.returncode == 2
    assert closed.stderr.startswith("error: - is standard input, and nothing is piped into it")


@POSIX
def test_no_more_is_read_than_a_disk_should_hold(tmp_path, monkeypatch):
    monkeypatch.setattr(pipes, "_MOST", 10**6)
    monkeypatch.setattr(pipes, "is_pipe", lambda _: True)
    with pytest.raises(InputError, match="more than 4 GiB came through /dev/zero"), pipes.spool_pipes() as spool:
        spool.locate(Path("/dev/zero"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("arguments", [("recognise", "{wav}", "--model", "{model}"), ("systems",), ("--version",)])
def test_a_full_output_is_one_line(model, wav, arguments):
    given = [one.format(wav=wav, model=model) for one in arguments]
    found = shell('"$@" > /dev/full', *given)
    assert found.returncode == 2
    assert found.stderr == "error: No space left on device\n"


@POSIX
def test_closed_outputs(model, wav, tmp_path):
    files = [shutil.copy(wav, tmp_path / name) for name in ("a.wav", "b.wav", "c.wav")]
    options = ("recognise", *files, "--model", model)
    left = shell('"$@" | head -1; exit ${PIPESTATUS[0]}', *options)
    assert (left.returncode, len(left.stdout.splitlines()), left.stderr) == (0, 1, "")
    closed = shell('"$@" >&-', *options)
    assert (closed.returncode, closed.stderr) == (
        2,
        "error: standard output is closed: give a file or a pipe to write to\n",
    )
    silent = shell('"$@" 2>&-', *options)
    assert (silent.returncode, len(silent.stdout.splitlines())) == (0, 3)
