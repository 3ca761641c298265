"""Tables of an evaluation, a comparison or a reproduction for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from emospike.evaluation.results import Result
from emospike.explain.wording import WORDS

if TYPE_CHECKING:
    from rich.table import Table

TOO_FEW = "too few speakers for an interval"


def tabulate_results(results: Sequence[Result]) -> Table:
    """Return a table with one row a result, no wider than a terminal."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("system", overflow="fold")
    for name in ("accuracy", "95 % interval", "balanced", "majority", "at 78 %", "clips"):
        table.add_column(name, justify="right", no_wrap=True)
    for result in results:
        settings = (result["labels"], result["protocol"], f"normalise {result['normalise']}")
        table.add_row(
            "\n".join([f"{result['system']} {result['preset']}", *settings]),
            f"{result['accuracy']:.3f}",
            _say_interval(result["ci95"], result),
            f"{result['balanced_accuracy']:.3f}",
            f"{result['majority']:.3f}",
            f"{result['at_coverage']['accuracy']:.3f}",
            str(result["clips"]),
        )
        for modality in _list_alone(result):
            own = result["senses"][modality]
            numbers = (f"{own['accuracy']:.3f}", _say_interval(own["ci95"], result), f"{own['balanced_accuracy']:.3f}")
            table.add_row(f"{WORDS[modality]} alone", *numbers)
    return table


def tabulate_targets(result: Result) -> Table:
    """Return a table with one row a number that is predicted, and what its mean would do."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("system", overflow="fold")
    for name in ("target", "CCC", "95 % interval", "Pearson", "RMSE", "RMSE of the mean", "clips", "speakers"):
        table.add_column(name, justify="left" if name == "target" else "right", no_wrap=True)
    for number, (name, found) in enumerate(result["targets"].items()):
        ends = "too few" if found["ci95"] is None else " to ".join(f"{end:.3f}" for end in found["ci95"])
        pearson = "-" if found["pearson"] is None else f"{found['pearson']:.3f}"
        measures = (f"{found['ccc']:.3f}", ends, pearson, f"{found['rmse']:.3g}", f"{found['mean']['rmse']:.3g}")
        about = "" if number else f"{result['system']} {result['preset']}\n{result['protocol']}"
        table.add_row(about, name, *measures, str(result["clips"]), str(len(result["speakers"]) or "-"))
    return table


def describe_own_threshold(result: Result) -> str:
    """Say how much is answered at the thresholds that the models set on their training speakers, and how rightly."""
    own = result["at_own_threshold"]
    right = "" if own["accuracy"] is None else f", {own['accuracy']:.1%} of them rightly"
    return f"at the threshold set in training {own['coverage']:.1%} of the recordings are answered{right}"


def describe_gains(result: Result) -> list[str]:
    """Return what each modality adds to the other, and what both gain over the better one; nothing for one."""
    if "gain" not in result:
        return []
    gain, (first, second) = result["gain"], _list_alone(result)
    better = gain["better"]
    return [
        f"{WORDS[second]} adds {_say_points(result, gain[first], f'to {WORDS[first]} ')}",
        f"{WORDS[first]} adds {_say_points(result, gain[second], f'to {WORDS[second]} ')}",
        f"both over the better sense alone ({WORDS[better['sense']]}): {_say_points(result, better)}",
    ]


def _list_alone(result: Result) -> list[str]:
    """Return the modalities that were also tested alone."""
    return [modality for modality in result.get("senses", {}) if modality in WORDS]


def _say_points(result: Result, gain: Result, over: str = "") -> str:
    low, high = gain["ci95"]
    reach = TOO_FEW if _has_two_speakers(result) else f"95 % interval {low:.1f} to {high:.1f}"
    return f"{gain['points']:+.1f} points {over}({reach})"


def _say_interval(ci95: Sequence[float], result: Result) -> str:
    return "too few" if _has_two_speakers(result) else f"{ci95[0]:.3f}-{ci95[1]:.3f}"


def _has_two_speakers(result: Result) -> bool:
    """Tell whether an interval over speakers would span nearly all that is possible; one speaker has one over clips."""
    return result["protocol"] != "published" and len(result.get("speakers", ())) == 2


def tabulate_confusion(result: Result) -> Table:
    """Return how often each class (row) was taken for each class (column), and its recall."""
    from rich.table import Table

    labels = result["confusion"]["labels"]
    table = Table(box=None, pad_edge=False)
    table.add_column("true \\ decided")
    for label in labels:
        table.add_column(label, justify="right")
    table.add_column("recall", justify="right")
    for label, row in zip(labels, result["confusion"]["matrix"], strict=True):
        recall = result["recall"].get(label)
        table.add_row(label, *map(str, row), "-" if recall is None else f"{recall:.2f}")
    return table


def tabulate_corpora(result: Result) -> Table | None:
    """Return how each of several corpora fares, and their mean; None for one."""
    from rich.table import Table

    if "corpora" not in result:
        return None
    table = Table(box=None, pad_edge=False)
    table.add_column("corpus")
    for name in ("clips", "speakers", "balanced", "accuracy", "majority", "answered", "right of these"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, row in result["corpora"].items():
        right = row["right_of_answered"]
        numbers = [f"{row[key]:.3f}" for key in ("balanced_accuracy", "accuracy", "majority", "answered")]
        table.add_row(name, str(row["clips"]), str(row["speakers"]), *numbers, "-" if right is None else f"{right:.3f}")
    mean = result["corpora_mean"]
    table.add_row("mean", "", "", f"{mean['balanced_accuracy']:.3f}", f"{mean['accuracy']:.3f}")
    return table


def tabulate_risks(result: Result) -> Table | None:
    """Return for each risk that is promised how much is answered, and how much of this is wrong, by corpus too.

    None where nothing can be promised.
    """
    from rich.table import Table

    if not any(one["answered"] for one in result.get("risk", {}).get("rows", ())):
        return None
    table = Table(box=None, pad_edge=False)
    table.add_column("wrong (of answered)")
    rows = {"all": result["risk"]["rows"]}
    rows |= {name: one["risk"] for name, one in result.get("corpora", {}).items() if "risk" in one}
    for one in rows["all"]:
        table.add_column(f"risk {one['promised']:g}", justify="right", no_wrap=True)
    for name, row in rows.items():
        table.add_row(name, *(_say_risk(one) for one in row))
    return table


def _say_risk(row: Result) -> str:
    wrong = row["wrong_of_answered"]
    return "none answered" if wrong is None else f"{wrong:.3f} ({row['answered']:.2f})"


def tabulate_emobox(result: Result) -> Table | None:
    """Return EmoBox's measures of each corpus beside its published rows; None for other protocols."""
    from rich.table import Table

    if "emobox" not in result:
        return None
    models = list(dict.fromkeys(name for row in result["emobox"] for name in row["published_ua"]))
    table = Table(box=None, pad_edge=False)
    table.add_column("corpus and folds", overflow="fold")
    for name in ("UA", "WA", "F1", *models):
        table.add_column(name, justify="right")
    for row in result["emobox"]:
        about = [f"{row['corpus']}, {row['split']}{', LEAKY' if row['leaky'] else ''}"]
        if row.get("at_hand") != row.get("in_all"):
            about.append(f"(in part: {row['at_hand']:,} of {row['in_all']:,} {row['of']} that test)")
        own = row["published_ua"] if row["split"] == "emobox" else {}
        published = [f"{own[name]:.3f}" if name in own else "" for name in models]
        table.add_row("\n".join(about), *(f"{row[key]:.3f}" for key in ("ua", "wa", "f1")), *published)
    return table


def tabulate_study(result: Result) -> Table | None:
    """Return the table of a study: of a cascade, of adapting to new speakers or corpora, or of degraded recordings."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    if "new_speaker" in result:
        for name in ("clips a class", "mode", "accuracy", "gain", "95 % interval", "old speakers", "other new"):
            table.add_column(name, justify="left" if name == "mode" else "right", no_wrap=True)
        for row in result["new_speaker"]:
            (low, high), other = row["gain_ci95"], row["other_speakers"]
            gain = (f"{row['gain']:+.1f}", f"{low:.1f} to {high:.1f}") if row["k"] else ("", "")
            numbers = (f"{row['old_speakers']:.3f}", "-" if other is None else f"{other:.3f}")
            table.add_row(str(row["k"]), row["mode"], f"{row['accuracy']:.3f}", *gain, *numbers)
        return table
    if "new_corpus" in result:
        for name in ("corpus", "clips a class", "mode", "accuracy", "balanced", "gain"):
            table.add_column(name, justify="left" if name in ("corpus", "mode") else "right", no_wrap=True)
        for row in result["new_corpus"]:
            measures = [f"{row['accuracy']:.3f}", f"{row['balanced_accuracy']:.3f}"]
            gained = f"{row['gain']:+.1f}" if row["k"] else ""
            table.add_row(row["corpus"], str(row["k"]), row["mode"], *measures, gained)
        return table
    if "robustness" in result:
        for name in ("", "accuracy", "balanced", "answered", "right of these", "confidence", "ECE", "change"):
            table.add_column(name, justify="right" if name else "left", no_wrap=True)
        for row in result["robustness"]:
            parts = ("accuracy", "balanced_accuracy", "answered", "right_of_answered", "confidence")
            measures = [row[name] for name in (*parts, "calibration_error", "largest_change")]
            table.add_row(row["degradation"], *("-" if one is None else f"{one:.3f}" for one in measures))
        return table
    if "cascade" in result:
        for name in ("first", "entropy limit", "second needed", "accuracy", "operations"):
            table.add_column(name, justify="left" if name == "first" else "right", no_wrap=True)
        every_other = [
            row for first in WORDS for row in [row for row in result["cascade"] if row["first"] == first][::2]
        ]
        for row in every_other:
            shares = (f"{row['looked']:.0%}", f"{row['accuracy']:.3f}", f"{row['operations_share']:.0%}")
            table.add_row(WORDS[row["first"]], f"{row['limit']:.2f}", *shares)
        return table
    return None


def tabulate_comparison(rows: Sequence[Result]) -> Table:
    """Return a table with one row an evaluation of a comparison; its rows are those of `compare.make_row`."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("system", overflow="fold")
    names = ("accuracy", "95 % interval", "balanced", "at 78 %", "µJ (twin)", "ms", "train, s", "MB")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        cells = write_cells(row)
        about = f"{row['modality']}, {row['protocol']}{', LEAKY' if row['leaky'] else ''}"
        mean = row.get("corpora_mean")
        of = f"\nmean of the corpora: balanced {mean['balanced_accuracy']:.3f}" if mean else ""
        table.add_row(f"{row['system']} {row['preset']}\n{about}{of}", *cells)
    return table


def write_cells(row: Result) -> list[str]:
    """Return the numbers of one row of a comparison, empty where they are not known."""
    known = {name: value for name, value in row.items() if value is not None}
    energy = f"{known['total_uj']:,.0f} ({known['twin_total_uj']:,.0f})" if "total_uj" in known else ""
    return [
        f"{row['accuracy']:.3f}",
        "-".join(f"{end:.3f}" for end in row["ci95"]) if row["ci95"] else "two speakers",
        f"{row['balanced_accuracy']:.3f}",
        f"{row['at_coverage']:.3f}",
        energy,
        f"{known['milliseconds']:.0f}" if "milliseconds" in known else "",
        f"{known['training_seconds']:.0f}" if "training_seconds" in known else "",
        f"{known['model_bytes'] / 1e6:.1f}" if "model_bytes" in known else "",
    ]


HEADS = {"random": "random, LEAKY", "published": "as published", "speaker-folds": "new speakers"}
"""What a protocol is called above a column."""


def tabulate_reproduction(result: Result) -> Table:
    """Return a table with a line for each row and each way to decide."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    names = ["", "decided by", "paper", *(HEADS[name] for name in result["protocols"])]
    for name in (*names, "95 % interval", "balanced", "majority"):
        left = name in ("", "decided by")
        table.add_column(name, justify="left" if left else "right", overflow="fold", no_wrap=not left)
    for cells in list_lines(result):
        table.add_row(*cells)
    return table


def list_lines(result: Result) -> Iterator[list[str]]:
    """Yield the cells of each line; numbers on new speakers come with interval, balanced accuracy and majority.

    Where only a part was answered, the accuracy is that of the part, and how large that is stands with it.
    """
    for row in result["rows"]:
        for number, column in enumerate(one for one in result["columns"] if one in row["found"]):
            found = row["found"][column]
            shown = [say_cell(found[name]) if name in found else "" for name in result["protocols"]]
            own, says = found[result["protocols"][-1]], row["paper"].get(column)
            more = [say_interval(own), *(say_number(own[name]) if name in own else "" for name in SCORES)]
            told = "" if says is None else say_number(says, own)
            yield ["" if number else row["what"], column, told, *shown, *more]


SCORES = ("balanced_accuracy", "majority")
"""What is told of an accuracy beside itself and its interval."""


def say_cell(found: Result) -> str:
    """Return what was found in one cell of a reproduction: an accuracy, of a part of the recordings, or a number.

    >>> say_cell({"accuracy": 0.85, "coverage": 0.723}), say_cell({"accuracy": 0.85}), say_cell({"value": 0.00123})
    ('0.850 of 72 %', '0.850', '0.00123')
    """
    said = say_number(found.get("accuracy", found.get("value")), found)
    coverage = found.get("coverage", 1.0)
    if coverage == 0:
        return "none answered"
    return said if coverage == 1 else f"{said} of {coverage:.0%}".replace("%", " %")


def say_interval(found: Result) -> str:
    """Return the interval of a cell; nothing where there is none.

    >>> say_interval({"accuracy": 0.85, "ci95": [0.8, 0.9]}), say_interval({"value": 2.0, "ci95": None})
    ('0.800-0.900', '')
    """
    ends = found.get("ci95")
    return "-".join(say_number(end, found) for end in ends) if ends else ""


def say_number(number: float | None, found: Result | None = None) -> str:
    """Return an accuracy with three places, or what is measured otherwise with three digits; nothing for None."""
    if number is None:
        return ""
    if not (found and "value" in found):
        return f"{number:.3f}"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def describe_paired_gains(result: Result) -> Iterator[str]:
    """Yield what rows gain over those that they are compared with, on new speakers."""
    for row in result["rows"]:
        for other, columns in row["gain"].items():
            for column, gain in columns.items():
                low, high = gain["ci95"]
                line = f"{row['what']}, over {other}, {column}: {gain['points']:+.1f} points"
                yield f"{line} (95 % interval {low:.1f} to {high:.1f})"
