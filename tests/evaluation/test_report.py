import io

from rich.console import Console

from emospike.evaluation import protocols
from emospike.evaluation.report import confusion_table, results_table


def printed(table) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(table)
    return console.file.getvalue()


def test_tables(heard, four_speakers):
    result = protocols.evaluate("stub", four_speakers, "emotion")
    text = printed(results_table([result, result | {"normalise": "speaker"}]))
    assert len(text.splitlines()) == 9
    for word in ("stub default", "0.833", "normalise speaker", "0.750", "12"):
        assert word in text
    assert "…" not in text
    rows = [line.split() for line in printed(confusion_table(result)).splitlines()]
    assert rows[1:] == [["happy", "8", "0", "1.00"], ["sad", "2", "2", "0.50"]]
