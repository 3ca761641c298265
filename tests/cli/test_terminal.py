"""What reaches a terminal: text, whatever files, cards and names hold."""

import ast
import json
from pathlib import Path

import emospike
from emospike import store
from emospike.cli.terminal import make_plain, show

HOSTILE = "\x1b[2J\x1b]0;title\x07 a\rb [/nope] [bold]c[/bold] :smile: \u202egnp.exe \x9b31m\nerror: fine"


def test_nothing_acts_on_the_terminal(capsys):
    assert make_plain("naïve 感情 👩‍👩‍👧 a\tb") == "naïve 感情 👩‍👩‍👧 a\\tb"
    assert not {"\x1b", "\x07", "\r", "\n", "\x9b", "\u202e"} & {*make_plain(HOSTILE)}
    assert make_plain("\udcff") == "\\udcff"
    show(HOSTILE)
    shown = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\r", "\x9b", "\u202e"} & {*shown}
    assert "[/nope] [bold]c[/bold] :smile:" in shown


def test_all_that_is_printed_goes_through_one_function():
    root = Path(emospike.__file__).parent
    script = root / "exchange" / "brian2_reservoir.py"  # is written to a file, and runs without emospike
    for path in set(root.rglob("*.py")) - {script}:
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        prints = [one for one in calls if isinstance(one.func, ast.Name) and one.func.id == "print"]
        assert len(prints) == (path.name == "terminal.py"), path


def test_a_card_is_text(run, tmp_path):
    model = store.load("excube2-both")
    model.card = model.card | {"data": HOSTILE, "licence": HOSTILE, "clips": 3}
    path = store.save(model, tmp_path / "a.safetensors")
    outcome = run("info", path)
    assert outcome.code == 0
    assert "[/nope] [bold]c[/bold] :smile:" in " ".join(outcome.out.split())
    assert not {"\x1b", "\x07", "\r", "\x9b", "\u202e"} & {*outcome.out}
    told = run("info", path, "--json").out
    assert told.isascii()
    assert json.loads(told, parse_constant=None)["data"] == HOSTILE


def test_a_name_is_text(run, tmp_path):
    path = tmp_path / "a\x1b[2J\nb.wav"
    path.write_bytes(b"no sound")
    outcome = run("recognise", path)
    assert outcome.code == 2
    assert outcome.out.count("\n") == 1
    assert "a\\x1b[2J\\nb.wav" in outcome.out
