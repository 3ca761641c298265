"""Work that goes over the processes of a cluster: a real scheduler, two processes, one of them killed."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import soundfile

pytest.importorskip("distributed")

from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.clip.synthetic import synthesise_speech
from emospike.cluster import use_cluster
from emospike.evaluation.robustness import Robustness
from emospike.evaluation.spreading import choose_cluster
from emospike.evaluation.study import Study
from emospike.validation import InputError

LABELS = ("high", "low")


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """A folder with twelve recordings, one that is broken, and a list of them all."""
    folder = tmp_path_factory.mktemp("voices")
    rows = ["path,label,speaker"]
    for number in range(12):
        sound = synthesise_speech(1.0 + number % 3, 120.0 + 10 * number, number % 2 == 0, number)
        soundfile.write(folder / f"{number:02}.wav", sound, 16_000)
        rows.append(f"{number:02}.wav,{LABELS[number % 2]},speaker {number // 3}")
    (folder / "12.wav").write_bytes(b"RIFF no more")
    (folder / "all.csv").write_text("\n".join([*rows, "12.wav,high,speaker 0"]))
    return folder


def run(folder, *command, over=()):
    """Return what a command prints, in a process of its own: what is checked at run time here does not travel."""
    command = [sys.executable, "-m", "emospike", *command, *over]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def two():
    with use_cluster("local:2") as cluster:
        yield cluster


def test_the_same_is_recognised_in_the_same_order(voices):
    over, here = (run(voices, "recognise", ".", "--json", over=own) for own in (("--cluster", "local:2"), ()))
    assert "2 processes; what they do is shown at http" in over.stderr
    rows = [[json.loads(line) for line in one.stdout.splitlines()] for one in (over, here)]
    for row in (*rows[0], *rows[1]):
        row.pop("seconds", None)
    assert rows[0] == rows[1]
    assert (len(rows[0]), "error" in rows[0][-1], over.returncode) == (13, True, 2)


@pytest.mark.long
def test_the_same_is_learnt_and_what_cannot_be_read_is_noted(voices):
    for name, own in (("over", ("--cluster", "local:2")), ("here", ())):
        done = run(voices, "train", "baseline", "--data", "all.csv", "-o", f"{name}.safetensors", over=own)
        assert done.returncode == 0, done.stderr
        assert "12.wav" in done.stderr
    assert (voices / "over.safetensors").read_bytes() == (voices / "here.safetensors").read_bytes()


@pytest.mark.long
def test_folds_are_spread_with_the_same_result(voices):
    rows = (voices / "all.csv").read_text().splitlines()[:-1]
    (voices / "good.csv").write_text("\n".join(rows))
    command, found = ("evaluate", "baseline", "--data", "good.csv", "--json"), []
    for name, own in (("over", ("--cluster", "local:2")), ("here", ())):
        done = run(voices, *command, f"{name}.json", over=own)
        assert done.returncode == 0, done.stderr
        found.append(json.loads((voices / f"{name}.json").read_text()))
        assert not (voices / f"{name}.json.folds").exists()
        assert done.stderr.count("accuracy") == 4
    timed = ("seconds", "folds")
    over, here = ({name: value for name, value in one.items() if name not in timed} for one in found)
    assert over == here
    assert [fold["accuracy"] for fold in found[0]["folds"]] == [fold["accuracy"] for fold in found[1]["folds"]]


def test_folds_are_spread_only_where_that_fits(two):
    assert choose_cluster(Study(), 2) is two
    assert choose_cluster(Study(), 1) is None  # of which the recordings are spread
    assert choose_cluster(Robustness(), 4) is None  # which measures on the trained system


def test_folds_stay_here_without_a_cluster():
    assert choose_cluster(Study(), 4) is None


def test_what_work_raises_arrives_and_a_lost_process_is_made_up_for(two, tmp_path):
    def fail(index, item):
        raise InputError(f"number {index} is wrong")

    with pytest.raises(InputError, match="number 0 is wrong"):
        list(two.map(fail, range(5)))

    def work(index, item):
        (tmp_path / str(os.getpid())).touch()
        time.sleep(0.05)
        return index * item

    found = two.map(work, range(60))
    first = [next(found) for _ in range(3)]
    (victim, *_) = (int(path.name) for path in tmp_path.iterdir())
    os.kill(victim, signal.SIGKILL)
    assert [*first, *found] == [number**2 for number in range(60)]


def test_nothing_listens_to_other_machines(two):
    import psutil

    own = psutil.Process()
    listening = [
        one.laddr.ip
        for process in (own, *own.children(recursive=True))
        for one in process.net_connections(kind="tcp")
        if one.status == psutil.CONN_LISTEN
    ]
    assert set(listening) == {"127.0.0.1"}


def test_processes_that_are_all_lost_are_waited_for_or_told_of():
    with use_cluster("local:1") as cluster:
        found = cluster.map(lambda index, item: (time.sleep(0.05), os.getpid(), item)[1:], range(40))
        victim, _ = next(found)
        os.kill(victim, signal.SIGKILL)
        rest = list(found)
        assert [item for _, item in rest] == list(range(1, 40))
        assert {process for process, _ in rest} - {victim}
        cluster.client.cluster.scale(0)
        while cluster.processes:
            time.sleep(0.05)
        cluster.seconds = 0.2
        with pytest.raises(InputError, match="has no processes: start some"):
            list(cluster.map(lambda index, item: item, range(3)))


def test_work_that_leaves_something_behind_stays_here(two):
    seen = []
    list(map_clips(lambda index, _: seen.append(index), [Clip("a.wav"), Clip("b.wav")], "counting"))
    assert sorted(seen) == [0, 1]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("local:0", "processes must lie in 1 to 1024"),
        ("local:", "local:N expected, got 'local:'"),
        ("local:-1", "local:N expected, got 'local:-1'"),
        ("tls://host:1", "local:N expected, got 'tls://host:1'"),
        ("tcp://127.0.0.1:1", "no cluster answers at tcp://127.0.0.1:1"),
    ],
)
def test_a_cluster_that_is_not_there_is_one_line(address, said):
    with pytest.raises(InputError, match=said), use_cluster(address, seconds=0.5):
        pass
