import io

from rich.console import Console

from emospike.evaluation import protocols
from emospike.evaluation.report import (
    describe_gains,
    describe_own_threshold,
    tabulate_confusion,
    tabulate_results,
    tabulate_study,
)


def printed(table) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(table)
    return console.file.getvalue()


def test_tables(heard, four_speakers):
    result = protocols.evaluate("stub", four_speakers, "emotion")
    text = printed(tabulate_results([result, result | {"normalise": "speaker"}]))
    assert len(text.splitlines()) == 9
    for word in ("stub default", "0.833", "normalise speaker", "0.750", "12"):
        assert word in text
    assert "…" not in text
    rows = [line.split() for line in printed(tabulate_confusion(result)).splitlines()]
    assert rows[1:] == [["happy", "8", "0", "1.00"], ["sad", "2", "2", "0.50"]]


def test_senses(toy, takes_of):
    result = protocols.evaluate("toy", takes_of("abcd"), "emotion", modality="both")
    lines = printed(tabulate_results([result])).splitlines()
    for sense, name in (("audio", "sound alone"), ("face", "face alone")):
        (row,) = [line for line in lines if line.startswith(name)]
        assert f"{result['senses'][sense]['accuracy']:.3f}" in row
    gain = result["gain"]["audio"]
    low, high = gain["ci95"]
    said = describe_gains(result)
    assert said[0] == f"face adds {gain['points']:+.1f} points to sound (95 % interval {low:.1f} to {high:.1f})"
    assert said[1].startswith("sound adds ")
    assert said[2].startswith("both over the better sense alone (face): ")
    assert describe_gains({}) == []


def test_studies(toy, takes_of):
    plain = protocols.evaluate("toy", takes_of("abcd"), "emotion", modality="both")
    assert tabulate_study(plain) is None
    for protocol, rows, header in (("cascade", 22, "second needed"), ("new-speaker", 13, "clips a class")):
        result = protocols.evaluate("toy", takes_of("abcd"), "emotion", modality="both", protocol=protocol)
        text = printed(tabulate_study(result))
        assert header in text
        assert len(text.splitlines()) == rows + 1
        assert "…" not in text


def test_what_is_answered_at_the_thresholds_of_training():
    own = {"coverage": 0.765, "accuracy": 0.9512}
    said = describe_own_threshold({"at_own_threshold": own})
    assert said == "at the threshold set in training 76.5% of the recordings are answered, 95.1% of them rightly"
    none = {"at_own_threshold": {"coverage": 0.0, "accuracy": None}}
    assert describe_own_threshold(none).endswith(" 0.0% of the recordings are answered")


def test_two_speakers_are_too_few_for_an_interval():
    result = {"system": "a", "preset": "p", "labels": "arousal", "normalise": "none", "protocol": "speaker-folds"}
    result |= {"ci95": [0.0, 1.0], "accuracy": 0.6, "balanced_accuracy": 0.55, "majority": 0.5, "clips": 3}
    result |= {"at_coverage": {"accuracy": 0.65}, "speakers": ["x", "y"]}
    gain = {"points": 5.0, "ci95": [-100.0, 100.0]}
    result |= {"senses": {"audio": result, "face": result}, "gain": {"audio": gain, "face": gain}}
    result["gain"]["better"] = gain | {"sense": "audio"}
    assert "too few" in str(tabulate_results([result]).columns[2]._cells)
    assert describe_gains(result)[0] == "face adds +5.0 points to sound (too few speakers for an interval)"
    more = result | {"speakers": ["x", "y", "z"]}
    assert describe_gains(more)[0].endswith("(95 % interval -100.0 to 100.0)")
