"""Fill into the documentation what is computed: the outputs of commands, and tables of results.

    python scripts/fill_docs.py            write them, after a change of commands, shipped models or results
    python scripts/fill_docs.py --check    only tell which files are out of date

A ``console`` block holds lines that begin with ``$ emospike``; below each stands what it prints, run in a folder of
made-up recordings (see `made_up`). A table stands between ``<!-- TABLE key=value ... -->`` and ``<!-- /TABLE -->``;
a value may be several, ``a+b``. TABLE is one of `TABLES`, `LISTS`, or ``figures``. It shows the evaluations in
docs/results that have these values: files that ``emospike evaluate --json docs/results/NAME.json`` wrote, shortened by
what was decided on every clip. The table ``bench`` shows docs/results/bench.json, written by ``make bench``,
``numbers`` all docs/results/numbers-CORPUS-SYSTEM.json, and those in `FILES` (``reproduction file=NAME``, ``corpora
file=NAME`` ...) show docs/results/NAME.json, which one of the commands evaluate, test, reproduce, audit and compare
wrote by ``--json``; ``reproduction file=NAME shape=wide`` has a line a row.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import made_up
import numpy as np

from emospike.energy.estimate import name_memories
from emospike.evaluation.report import say_cell, say_number

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
RESULTS = ROOT / "docs" / "results"
BLOCK = re.compile(r"(?<=```console\n)(.*?)(?=^```$)", re.DOTALL | re.MULTILINE)
TABLE = re.compile(
    r"(<!-- (results|recalls|senses|new_speaker|cascade|figures|bench|costs|energy|chips|reproduction|audit|comparison"
    r"|speed|corpora|robustness|emobox|risks|people|new_corpus|ablation|scale|formats|stability|unreadable|strides"
    r"|streams|looks|beginnings|voices|listening|page|camera|emotions|filmed|long_film|own_mean|processes|worth|numbers)"
    r"((?: \w+=[\w+-]+)*) -->\n)"
    r"(.*?)(<!-- /\2 -->)",
    re.DOTALL,
)
NONE_YET = "*Not measured yet.*"
Result = Mapping[str, Any]


def filled(page: str, results: Sequence[Result]) -> str:
    """Return a page with its tables and console blocks made afresh."""
    page = TABLE.sub(lambda found: f"{found[1]}{table(found[2], found[3], results)}\n{found[5]}", page)
    if BLOCK.search(page):
        with TemporaryDirectory() as folder, working_in(made_up.examples(Path(folder))):
            page = BLOCK.sub(lambda found: "".join(outputs(found[1])), page)
    return page


def outputs(block: str) -> Iterator[str]:
    """Yield each command of a console block with what it prints."""
    for line in block.splitlines():
        if line.startswith("$ emospike "):
            yield f"{line}\n{printed(shlex.split(line)[2:])}"


def printed(arguments: Sequence[str]) -> str:
    """Return what a command prints on stdout, or its error."""
    from typer.testing import CliRunner

    from emospike.cli import app

    result = CliRunner().invoke(app, list(arguments), prog_name="emospike")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    text = result.stdout or result.stderr
    return "".join(f"{line.rstrip()}\n" for line in text.rstrip().splitlines())


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Change the working folder for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def table(name: str, wanted: str, results: Sequence[Result]) -> str:
    """Return a table, or the figures, of the results that have the wanted values, written as ``key=value ...``."""
    if name in ("bench", "costs", "worth", "numbers"):
        return {"bench": bench, "costs": costs, "worth": worth, "numbers": numbers}[name]()
    if name in ("energy", *FILES):
        return of_file(name, wanted.strip().removeprefix("file="))
    values = {"folder": "."} | dict(pair.split("=") for pair in wanted.split())
    shown = [one for one in results if all(one[key] in value.split("+") for key, value in values.items())]
    shown.sort(key=lambda one: [str(one[key]) for key in ("labels", "protocol", "normalise", "system", "preset")])
    shown = [one for one in shown if NEEDS.get(name, "ci95") in one]
    if not shown:
        return NONE_YET
    if name == "figures":
        return "\n\n".join(f"![{one['file']}](results/{one['file']}.png)" for one in shown)
    if name in LISTS:
        header, rows = LISTS[name]
        return markdown(header, [cells for one in shown for cells in rows(one)])
    header, row = TABLES[name]
    return markdown(header, [row(one) for one in shown])


def of_file(name: str, stem: str) -> str:
    """Return the table of one file of docs/results; of energy that of all such files, where none is named."""
    if name == "energy":
        return energies(f"{stem or 'energy-*'}.json")
    stem, _, shape = stem.partition(" shape=")
    file = RESULTS / f"{stem}.json"
    if not file.exists():
        return NONE_YET
    found = json.loads(file.read_text(encoding="utf-8"))
    return reproduction(found, shape) if shape else FILES[name](found)


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(row)} |" for row in (header, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(header), *lines[1:]])


def numbers() -> str:
    """Return how well numbers are predicted, of the files numbers-CORPUS-SYSTEM that ``evaluate --target`` wrote."""
    rows = []
    for path in sorted(RESULTS.glob("numbers-*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        for name, found in result["targets"].items():
            low, high = found["ci95"]
            about = [f"`{result['system']}` {result['preset']}", path.stem.split("-")[1], name]
            measures = [f"**{found['ccc']:.3f}** ({low:.3f} to {high:.3f})", f"{found['pearson']:.3f}"]
            errors = [f"{found['rmse']:.3f}", f"{found['mean']['rmse']:.3f}"]
            rows.append([*about, *measures, *errors, str(result["clips"]), str(len(result["speakers"]))])
    header = [
        "system",
        "corpus",
        "number",
        "CCC (95 % interval)",
        "Pearson",
        "RMSE",
        "of the mean",
        "clips",
        "speakers",
    ]
    return markdown(header, rows) if rows else NONE_YET


def energies(pattern: str) -> str:
    """Return what a decision costs, of the files like this that ``emospike energy --json`` wrote."""
    files = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob(pattern)))
    rows = [energy(found) for found in files]
    header = ["system", "by", "spike rate", "memory", "M MAC", "M AC", "MB moved", "µJ", "features", "twin"]
    header += ["counterpart", "all in int8"]
    return markdown(header, rows) if rows else NONE_YET


def energy(found: Result) -> list[str]:
    """Return a row of the table of energies."""
    parts = {one["name"]: one for one in found["variants"]}
    own = found["variants"][0]
    rate = f"{100 * found['spike_rate']:.2g} %" if found["spikes"] else "no spikes"
    counts = [f"{own[name] / 1e6:.3g}" for name in ("macs", "accumulates", "bytes_moved")]
    others = ("twin without spikes", "counterpart")
    features = f"{own['features_uj']:,.0f}" if own["features_uj"] else "not counted"
    totals = [f"{features}, the face's not counted" if own["features_uj"] and found["uncounted"] else features]
    totals += [f"{parts[name]['total_uj']:,.0f}" if name in parts else "" for name in others]
    eight = " / ".join(f"{one['total_uj']:,.0f}" for one in found["variants"] if one["bits"] == 8)
    name, memory = f"`{found['what']}` {found['preset'] or ''}".strip(), name_memories(own["memory"])
    return [name, found["modality"] or "", rate, memory, *counts, f"**{own['total_uj']:,.0f}**", *totals, eight]


def chips(found: Result) -> str:
    """Return what is published of named chips, and what a model's spikes would cost on them."""
    header = [
        "chip",
        "a spike at a synapse, pJ",
        "a neuron's step, pJ",
        "µJ a decision",
        "what",
        "by",
    ]
    rows = []
    for one in found["chips"]:
        update = "in it" if one["update"] == 0 else one["update"]
        cells = [one["synapse"], update, one["total_uj"] and f"{one['total_uj']:,.0f}"]
        about = f"{one['process']}: {one['basis']}" if one["synapse"] else one["process"]
        told = ["not published" if cell is None else str(cell) for cell in cells]
        rows.append([one["name"], *told, about, one["source"]])
    return markdown(header, rows)


def bench(file: Path = RESULTS / "bench.json") -> str:
    """Return the tables of a bench, one a group, below what they were measured on."""
    from emospike.cli.terminal import format_number

    if not file.exists():
        return NONE_YET
    report = json.loads(file.read_text(encoding="utf-8"))
    on = report["machine"]
    parts = [
        f"Measured on {on['processor']}, {on['cores']} cores, {on['system']}, with Python {on['python']} and emospike "
        f"{on['emospike']}, on a {report['settings']['clip']} clip."
    ]
    for name, rows in report["groups"].items():
        curve = any(one["at"] is not None for one in rows)
        header = [*([name] if curve else []), "what", "value", "unit", "how"]
        cells = [[one["name"], format_number(one["value"]), one["unit"], one["note"]] for one in rows]
        at = [[format_number(one["at"])] for one in rows] if curve else [[] for _ in rows]
        table = markdown(header, [[*left, *right] for left, right in zip(at, cells, strict=True)])
        parts.append(f"### {name.capitalize()}\n\n{table}")
    return "\n\n".join(parts)


COSTS = (
    ("reservoir", "forward", "the reservoir, 3,108 neurons, 4 s of speech, one core"),
    ("reservoir", "with STDP", "the same while it learns"),
    ("one decision", "all stages", "a decision on 4 s of speech, one core"),
    ("one decision", "cold process", "`emospike recognise` from a cold start"),
    ("a film, sound and face", "all stages", "a decision on a film of 3.3 s, 720p, by sound and face, one core"),
    ("training", "training", "training on 1,200 recordings from files, two cores"),
    ("training", "peak memory", "its memory"),
    ("one decision", "model file", "a shipped model"),
)
"""Group, row and description of what the short table of costs shows."""


def costs(file: Path = RESULTS / "bench.json") -> str:
    """Return a short table of what things cost, from a bench."""
    from emospike.cli.terminal import format_number

    groups = json.loads(file.read_text(encoding="utf-8"))["groups"]
    found = {(group, row["name"]): row for group, rows in groups.items() for row in rows}
    shown = [(what, found[key]) for *names, what in COSTS if (key := tuple(names)) in found]
    return markdown(["what", "costs"], [[what, f"{format_number(row['value'])} {row['unit']}"] for what, row in shown])


WORTH = (
    ("aroused or calm, by the voice", "five other corpora and languages", "strangers-arousal", None),
    ("", "people it never heard, RAVDESS", "excube2-arousal", None),
    ("", "the same over a telephone", "excube2-robustness-arousal", "telephone"),
    ("", "the same among six who talk (10 dB)", "excube2-robustness-arousal", "babble:10"),
    ("which emotion, by the voice", "four other corpora and languages", "strangers-emotion", None),
    ("", "people it never heard, RAVDESS", "excube2-emotion", None),
    ("aroused or calm, by voice and face", "people it never met, RAVDESS", "excube2-both-arousal", None),
)
"""What the README's table asks for: question, whom, file, and one of its degradations."""


def worth() -> str:
    """Return what decisions are worth in a table for everybody; corpora count alike."""
    rows = []
    for question, whom, stem, degradation in WORTH:
        found = json.loads((RESULTS / f"{stem}.json").read_text(encoding="utf-8"))
        parts = list(found["corpora"].values()) if "corpora" in found else [_take_own_threshold(found)]
        if degradation:
            parts = [one for one in found["robustness"] if one["degradation"] == degradation]
        guess = np.mean([1 / len(one.get("recall", found["recall"])) for one in parts])
        cells = [np.mean([one["balanced_accuracy"] for one in parts]), guess]
        cells += [np.mean([one[key] for one in parts]) for key in ("answered", "right_of_answered")]
        size = f"{found['clips']:,} / {len(found['speakers'])}"
        rows.append([question, whom, size, f"**{cells[0]:.0%}**", *(f"{one:.0%}" for one in cells[1:])])
    return markdown(["it says", "of", "recordings / people", "right", "by chance", "answers", "right of answers"], rows)


def _take_own_threshold(found: Result) -> dict[str, Any]:
    own = found["at_own_threshold"]
    return {**found, "answered": own["coverage"], "right_of_answered": own["accuracy"]}


MEANS = {"none": "kept", "speaker": "removed", "scores": "scores centred"}
"""What is done about a speaker's mean, by the setting of `normalise`."""

HEADS = {"random": "random split, LEAKY", "published": "as published", "speaker-folds": "new speakers (95 %)"}
"""What the protocols of a reproduction are called."""


def reproduction(found: Result, shape: str = "long") -> str:
    """Return the rows of a reproduction, and what some gain over others.

    A ``long`` table has a line for each row and column; a ``wide`` one has a line a row, and in each cell what was
    found on new speakers, what was found as published, and what the paper tells.
    """
    gains = [
        [row["what"], other, column, points(gain)]
        for row in found["rows"]
        for other, columns in row["gain"].items()
        for column, gain in columns.items()
    ]
    parts = [(write_wide if shape == "wide" else write_long)(found)]
    if gains:
        parts.append(markdown(["on new speakers", "gains over", "decided by", "points (95 %)"], gains))
    about = found["settings"]
    whole = "" if found["complete"] else " Not all rows of it are measured yet."
    recordings = found.get("recordings", [f"{about['clips']} recordings of {len(about['speakers'])} speakers"])
    parts.append(f"{'; '.join(recordings)}; seed {about['seed']}.{whole}")
    return "\n\n".join(parts)


def write_long(found: Result) -> str:
    """Return a table with a line for each row and column of a reproduction."""
    protocols = found["protocols"]
    scores = any("accuracy" in one for row in found["rows"] for cell in row["found"].values() for one in cell.values())
    more = {"balanced_accuracy": "balanced", "majority": "majority class"} if scores else {}
    rows = []
    for row in found["rows"]:
        for column in (name for name in found["columns"] if name in row["found"]):
            own, paper = row["found"][column], row["paper"].get(column)
            last = own[protocols[-1]]
            cells = [write_cell(own[name], best=name == protocols[-1]) for name in protocols]
            told = "" if paper is None else say_number(paper, last)
            rows.append([row["what"], column, told, *cells, *(say_number(last.get(name), last) for name in more)])
    return markdown(["", "decided by", "paper", *(HEADS[name] for name in protocols), *more.values()], rows)


def write_wide(found: Result) -> str:
    """Return a table with a line for each row of a reproduction."""
    protocols = found["protocols"][::-1]
    rows = []
    for row in found["rows"]:
        cells = [row["what"]]
        for column in found["columns"]:
            own = row["found"].get(column, {})
            said = [write_cell(own[name], best=number == 0) for number, name in enumerate(protocols) if name in own]
            if column in row["paper"]:
                said.append(f"paper {say_number(row['paper'][column], own[protocols[0]])}")
            cells.append("; ".join(said))
        rows.append(cells)
    return markdown([f"{', then '.join(HEADS[name] for name in protocols)}", *found["columns"]], rows)


def write_cell(found: Mapping[str, Any], *, best: bool) -> str:
    """Return what was found in one cell of a reproduction; the one that counts in bold, with its interval."""
    said = say_cell(found)
    if not best:
        return said
    number, of, share = said.partition(" of ")  # a share that was answered
    ends = found.get("ci95")
    interval = f" ({' to '.join(say_number(end, found) for end in ends)})" if ends else ""
    return f"**{number}**{interval}{of}{share}"


def audit(found: Result) -> str:
    """Return what each check of an audit found, and the verdict."""
    rows = [[one["name"], one["outcome"], one["said"]] for one in found["checks"]]
    return markdown(["check", "outcome", "what was found"], [*rows, ["", f"**{found['verdict']}**", ""]])


def corpora(found: Result) -> str:
    """Return how each of several corpora fared, and their mean."""
    header = ["corpus", "recordings", "speakers", "balanced", "accuracy", "majority class", "answered"]
    rows = [
        [
            f"`{name}`",
            *(f"{one[key]:,}" for key in ("clips", "speakers")),
            f"**{one['balanced_accuracy']:.3f}**",
            *(f"{one[key]:.3f}" for key in ("accuracy", "majority")),
            f"{one['answered']:.2f}",
            "" if one["right_of_answered"] is None else f"{one['right_of_answered']:.3f}",
            f"{one['calibration_error']:.3f}",
        ]
        for name, one in found["corpora"].items()
    ]
    mean = found["corpora_mean"]
    last = ["mean", "", "", f"**{mean['balanced_accuracy']:.3f}**", f"{mean['accuracy']:.3f}", "", "", "", ""]
    return markdown([*header, "right of these", "calibration error"], [*rows, last])


def risks(found: Result) -> str:
    """Return what is answered, and how much of that is wrong, where an error of so much is promised."""
    promised = [f"{row['promised']:.0%}" for row in next(iter(found["corpora"].values()))["risk"]]
    header = [
        "corpus",
        *(f"promised {risk}: answered" if i == 0 else f"{risk}: answered" for i, risk in enumerate(promised)),
    ]
    rows = []
    for name, one in found["corpora"].items():
        cells = []
        for row in one["risk"]:
            wrong = row["wrong_of_answered"]
            kept = wrong is None or wrong <= row["promised"]
            said = f"{row['answered']:.2f}" + ("" if wrong is None else f", wrong {wrong:.2f}")
            cells.append(said if kept else f"{said} **broken**")
        rows.append([f"`{name}`", *cells])
    return markdown(header, rows)


def people(found: Result) -> str:
    """Return how women and men, and the young and the old, fare."""
    keys = ("balanced_accuracy", "accuracy", "answered", "right_of_answered", "calibration_error")
    header = [
        "who",
        "recordings",
        "speakers",
        "balanced",
        "accuracy",
        "answered",
        "right of these",
        "calibration error",
    ]
    rows = [
        [name, *(f"{one[key]:,}" for key in ("clips", "speakers")), *(f"{one[key] or 0:.3f}" for key in keys)]
        for parts in found["people"].values()
        for name, one in parts.items()
    ]
    return markdown(header, rows)


def new_corpus(found: Result) -> str:
    """Return balanced accuracy by corpus before and after adapting to half of its speakers."""
    rows = found["new_corpus"]
    ways = list(dict.fromkeys((row["k"], row["mode"]) for row in rows if row["k"]))
    names = {"labels": "labelled", "mean": "unlabelled", "both": "both"}
    header = ["corpus", "as it is", *(f"{k} a class, {names[mode]}" for k, mode in ways)]
    at = {(row["corpus"], row["k"], row["mode"]): row for row in rows}
    table = []
    for corpus in dict.fromkeys(row["corpus"] for row in rows):
        adapted = [at[(corpus, *way)] for way in ways]
        cells = [f"{row['balanced_accuracy']:.3f} ({row['gain']:+.1f})" for row in adapted]
        table.append([f"`{corpus}`", f"{at[corpus, 0, 'none']['balanced_accuracy']:.3f}", *cells])
    return markdown(header, table)


def emobox(found: Result) -> str:
    """Return what EmoBox's folds give, beside what it published, and what speaker-disjoint folds give."""
    published = list(next(one["published_ua"] for one in found["emobox"] if one["published_ua"]))
    rows = []
    for one in found["emobox"]:
        own = one["split"] == "emobox"
        split = "EmoBox's" if own else "by speakers"
        split += " **LEAKY**" if one["leaky"] else ""
        at_hand = f"{one['at_hand']} of {one['in_all']} {one['of']}" if "at_hand" in one else ""
        theirs = [f"{one['published_ua'][name]:.3f}" if own else "" for name in published]
        ours = [f"**{one['ua']:.3f}**", f"{one['wa']:.3f}", f"{one['f1']:.3f}"]
        rows.append([f"`{one['corpus']}`", split, str(one["folds"]), at_hand, *ours, *theirs])
    return markdown(["corpus", "folds", "number", "tests here", "UA", "WA", "F1", *published], rows)


def robustness(found: Result) -> str:
    """Return what recordings are worth that are degraded."""
    keys = ("accuracy", "balanced_accuracy", "answered", "right_of_answered", "confidence", "calibration_error")
    header = ["recordings", "accuracy", "balanced", "answered", "right of these", "confidence", "calibration error"]
    rows = [
        [f"`{one['degradation']}`", *("" if one[key] is None else f"{one[key]:.3f}" for key in keys)]
        for one in found["robustness"]
    ]
    return markdown(header, rows)


def ablation(found: Sequence[Result]) -> str:
    """Return what is left of accuracy without each part of a preset."""
    kinds = [*found[0]["rows"]]
    cells = [[one["variant"], *(f"{one['rows'][kind]['accuracy']:.3f}" for kind in kinds)] for one in found]
    largest = [f"{one['rows']['gain:-40']['largest_change']:.3f}" for one in found]
    header = ["`default`", *(f"`{kind}`" for kind in kinds), "largest change of a probability at -40 dB"]
    return markdown(header, [[*row, change] for row, change in zip(cells, largest, strict=True)])


def scale(found: Sequence[Result]) -> str:
    """Return what training on so many recordings takes."""
    header = ["recordings", "seconds", "GiB at the peak", "ms a recording"]
    rows = [(row["clips"], row["seconds"], row["peak_bytes"] / 2**30) for row in found]
    return markdown(header, [[f"{n:,}", f"{s:,.0f}", f"{gib:.1f}", f"{1000 * s / n:.1f}"] for n, s, gib in rows])


def formats(found: Sequence[Result]) -> str:
    """Return how far the format of a recording moves probabilities, those that lose least first."""
    header = ["format", "codec", "Hz", "kbit/s", "largest change of a probability", "mean"]
    rows = sorted(found, key=lambda row: (not row["lossless"], row["largest_change"]))
    cells = [
        [
            f"`{row['format']}`{', stereo' if row['layout'] == 'stereo' else ''}",
            f"`{row['codec']}`",
            f"{row['rate']:,}",
            f"{row['bit_rate'] / 1000:g}" if row["bit_rate"] else "",
            f"{row['largest_change']:.3f}",
            f"{row['mean_change']:.3f}",
        ]
        for row in rows
    ]
    return markdown(header, cells)


def stability(found: Result) -> str:
    """Return p(high) by the face of each film, and how far what should not matter moves it."""
    rows, strides = [], []
    for one in found["films"]:
        high = {name: said["probabilities"]["high"] for name, said in one["harmless"].items()}
        plain = one["plain"]["probabilities"]["high"]
        strides = [name for name in high if name.startswith("stride")]
        spread = max(high[name] for name in strides) - min(high[name] for name in strides)
        moved = [f"{abs(high[name] - plain):.3f}" for name in high if name not in strides]
        rows.append([one["film"], f"{plain:.3f}", *(f"{high[name]:.3f}" for name in strides), f"{spread:.3f}", *moved])
    header = ["film", "p(high)", *strides, "largest change between strides", "mirrored: change", "half size: change"]
    return markdown(header, rows)


def strides(found: Result) -> str:
    """Return how far a face's probability is moved by how often it is looked at, and by where that begins."""
    rows = []
    for kind in ("tables", "films"):
        own = [row for row in found["rows"] if row["table"] == (kind == "tables")]
        for stride in own[0]["strides"] if own else ():
            said = [row["strides"][stride] for row in own]
            change = np.array(
                [abs(p - row["strides"]["1"]["p"][0]) for row in own for p in row["strides"][stride]["p"]]
            )
            begun = np.array([np.ptp(one["p"]) for one in said])
            answered = np.mean([answer for one in said for answer in one["answered"]])
            numbers = (answered, change.mean(), np.quantile(change, 0.95), change.max(), begun.mean(), begun.max())
            rows.append([f"{len(own)} {kind}", stride, *(f"{number:.3f}" for number in numbers)])
    changed = ["change against every picture: mean", "95 %", "largest"]
    return markdown(["of", "every", "answered", *changed, "by which is the first: mean", "largest"], rows)


def unreadable(found: Result) -> str:
    """Return of how many films an answer was given, and for what, after each degradation of their pictures."""
    films = found["films"]
    kinds = {"as they are": [one["plain"] for one in films]}
    for group in ("harmless", "degraded"):
        names = [name for name in films[0][group] if not name.startswith("stride")]
        kinds |= {name: [one[group][name] for one in films] for name in names}
    rows = []
    for name, said in kinds.items():
        why = Counter(find_reason(one["reason"]) for one in said if not one["answered"])
        answered = sum(one["answered"] for one in said)
        rows.append(
            [name, f"{answered} of {len(said)}", ", ".join(f"{one} {count}" for one, count in why.most_common())]
        )
    return markdown(["pictures", "answered", "why not"], rows)


def find_reason(said: str) -> str:
    """Return what a reason says is wrong, in a word or two.

    >>> find_reason("don't know: the face is dark in 98 % of the pictures")
    'dark'
    """
    if found := re.search("the face is (.*?) in ", said):
        return found[1]
    return "no face" if "no face" in said else "comes and goes" if "comes and goes" in said else "not sure enough"


def streams(found: Result) -> str:
    """Return the final decisions on streams beside those on the same recordings one by one."""
    header = ["recordings", "decided", "accuracy (95 %)", "answered", "right of these"]
    rows = []
    for one in found["streams"].values():
        for kind, said in (("whole", "one by one"), ("final", "at the end of their utterances in streams")):
            low, high = one[kind]["ci95"]
            share = [f"{one[kind][name]:.3f}" for name in ("answered", "right")]
            count = f"{one['recordings']:,} of {one['speakers']} speakers"
            rows.append([count, said, f"**{one[kind]['accuracy']:.3f}** ({low:.3f} to {high:.3f})", *share])
    return markdown(header, rows)


def looks(found: Result) -> str:
    """Return what is right of decisions on utterances that are not over."""
    told = ("accuracy", "answered", "right")
    rows = []
    for one in found["looks"]:
        rows.append([f"{one['look']:g}", f"{one['decisions']:,}", *(f"{one[name]:.3f}" for name in told)])
    return markdown(["seconds since the onset", "utterances", *told[:2], "right of these"], rows)


def beginnings(found: Result) -> str:
    """Return what is right of decisions on strange corpora, while utterances last and in the end."""
    rows = []
    for corpus in dict.fromkeys(one["corpus"] for one in found["rows"]):
        own = [one for one in found["rows"] if one["corpus"] == corpus]
        told = (
            f"{one['balanced_accuracy']:.3f}, {one['answered']:.2f}, {one['right']:.3f} ({one['decisions']})"
            for one in own
        )
        rows.append([corpus, *told])
    looks = dict.fromkeys("the end" if one["look"] is None else f"{one['look']:g} s" for one in found["rows"])
    return markdown(["corpus", *looks], rows)


def voices(found: Result) -> str:
    """Return what getting used to a voice is worth, by the number of utterances heard before."""
    kinds = {"voices": "all emotions", "voices_of_two_emotions": "two emotions alone"}
    rows = []
    for kind, said in kinds.items():
        for one in found[kind]:
            last = "" if one["below"] is None else one["below"] - 1
            span = f"{one['from']} to {last}" if last else f"{one['from']} or more"
            span = "all" if "decisions" not in one else "none" if one["below"] == 1 else span
            change = 100 * (one["with"] - one["without"])
            rows.append([said, span, f"{one['without']:.3f}", f"{one['with']:.3f}", f"{change:+.1f}"])
    return markdown(["a speaker shows", "utterances heard before", "without", "with", "points"], rows)


def listening(found: Result) -> str:
    """Return what it takes to listen."""
    memory = found["memory_mb"]
    rows = [
        [f"100 ms of sound, one core, over {found['hours']:.1f} h", f"{found['ms_per_100_ms']:.2f} ms"],
        [f"memory after {len(memory)} minutes, above that after 5", f"{memory[-1] - memory[4]:.1f} MB"],
    ]
    return markdown(["what", "costs"], rows)


def page(found: Result) -> str:
    """Return how soon the page shows what is decided."""
    count = f"{found['decisions']}, {found['final']} of them final"
    rows = [[count, f"{found['median_ms']:.0f} ms", f"{found['p95_ms']:.0f} ms"]]
    return markdown(["decisions", "median", "95 % within"], rows)


def camera(found: Result) -> str:
    """Return how many pictures are looked at beside sound, and what memory that takes."""
    memory, minutes = found["memory_mb"], found["minutes"]
    header = ["pictures that come", "looked at a second", "sound lost"]
    rows = [
        [f"ten a second, for {minutes} minutes", f"{found['pictures_per_s']:.1f}", f"{found['lost_s']:.1f} s"],
        [
            "each as soon as the last was looked at, for half a minute",
            f"{found['hurried_per_s']:.1f}",
            f"{found['hurried_lost_s']:.1f} s",
        ],
    ]
    costs = [
        ["from picture to outline: median, 95 % within", f"{found['median_ms']:.0f} ms, {found['p95_ms']:.0f} ms"],
        [f"memory after 1 minute and after {minutes}", f"{memory[0]:.0f} MB, {memory[-1]:.0f} MB"],
    ]
    return markdown(header, rows) + "\n\n" + markdown(["what", "costs"], costs)


def emotions(found: Result) -> str:
    """Return how well emotions are told from faces, by what was known of these."""
    header = ["clips", "decided by", "accuracy (95 %)", "answered", "right of these", "recall of each class"]
    rows = []
    for one in found["rows"]:
        told = [f"{one[name]:.3f}" if name in one else "" for name in ("answered", "right_of_answered")]
        recall = ", ".join(f"{name} {share:.2f}" for name, share in one["recall"].items())
        rows.append([one["what"], one["by"], percent(one), *told, recall, f"{one['clips']:,}", str(one["speakers"])])
    return markdown([*header, "n", "speakers"], rows)


def filmed(found: Result) -> str:
    """Return what a model says of films, whose emotions are known."""
    rows = []
    for one in found["films"]:
        unsure = "" if one["answered"] else ", don't know"
        rows.append([one["name"], one["emotion"], f"{one['label']} {one['confidence']:.2f}{unsure}"])
    return markdown(["film", "emotion", f"`{found['model']}`"], rows)


def long_film(found: Result) -> str:
    """Return what a long film takes, and whether memory grows."""
    film, used, memory = found["film_s"], found["processor_s"], found["memory_mb"]
    half, busy = len(memory) // 2, found["load"] > found["cores"] / 2
    whole = f"not told, at a load of {found['load']:.0f} before" if busy else f"{found['seconds']:.0f} s"
    rows = [
        ["the film", f"{film / 60:.1f} min"],
        ["processors, all cores together", f"{used:.0f} s: {film / used:.1f} times faster than the film"],
        [f"from start to end, on {found['cores']} cores", whole],
        ["memory in the first half of the time, at most", f"{max(memory[:half]):.0f} MB"],
        ["memory in the second half, at most", f"{max(memory[half:]):.0f} MB"],
    ]
    return markdown(["what", "measured"], rows)


def own_mean(found: Result) -> str:
    """Return what the mean of each corpus's own recordings is worth, and the mean over corpora."""
    known = found["own_mean"]
    rows = [(f"`{corpus}`", f"{one['clips']:,}", one["alone"], one["removed"]) for corpus, one in known.items()]
    rows.append(("mean", "", *(float(np.mean([one[way] for one in known.values()])) for way in ("alone", "removed"))))
    header = ["corpus", "recordings", "balanced, each alone", "less the corpus's own mean"]
    return markdown(header, [[*told, f"{alone:.3f}", f"**{less:.3f}**"] for *told, alone, less in rows])


def comparison(found: Sequence[Result]) -> str:
    """Return one row an evaluation of a comparison."""
    header = ["system", "senses", "protocol", "accuracy (95 %)", "balanced", "majority class", "at 78 % coverage"]
    header += [
        "M MAC",
        "M AC",
        "MB moved",
        "µJ a decision (twin without spikes)",
        "of these, features of sound",
        "ms",
        "training, s",
        "model, MB",
    ]
    return markdown(header, [compared(row) for row in found])


def millions(count: float) -> str:
    """Return a number in millions.

    >>> millions(1_234_567_890), millions(3_456_789)
    ('1,235', '3.46')
    """
    return f"{count / 1e6:,.0f}" if count >= 1e8 else f"{count / 1e6:.3g}"


def compared(row: Result) -> list[str]:
    """Return the cells of one row of a comparison."""
    from emospike.evaluation.report import write_cells

    accuracy, _, balanced, at_coverage, *costs = write_cells(row)
    protocol = f"{row['protocol']}{', LEAKY' if row['leaky'] else ''}"
    interval = " to ".join(f"{end:.3f}" for end in row["ci95"]) if row["ci95"] else "two speakers: no interval"
    name, said = f"`{row['system']}` {row['preset']}", f"**{accuracy}** ({interval})"
    counts = ["" if row[key] is None else millions(row[key]) for key in ("macs", "accumulates", "bytes_moved")]
    settings, majority = (name, HEARD[row["modality"]], protocol), f"{row['majority']:.3f}"
    energy, *rest = costs
    features = f"{row['features_uj']:,.0f}" if row.get("features_uj") else ""
    return [*settings, said, balanced, majority, at_coverage, *counts, energy, features, *rest]


def speed(found: Result) -> str:
    """Return the time of a competitive layer beside Brian 2's."""
    header = ["neurons", "synapses", "input spikes", "spikes", "emospike, ms", "Brian 2 (cython), ms", "faster"]
    counts = [f"{found[name]:,}" for name in ("neurons", "synapses", "input_spikes", "spikes")]
    times = [f"{found['ours_ms']:.1f}", f"{found['brian2_ms']:.0f}", f"**{found['ratio']:.0f}x**"]
    return markdown(header, [[*counts, *times]])


def processes(found: Result) -> str:
    """Return how long decisions take over processes, beside threads."""
    header = ["recordings", "by", "seconds", "a second", "against threads"]
    rows = [
        [f"{one['clips']:,}", one["way"], f"{one['seconds']:.1f}", f"{one['clips'] / one['seconds']:.0f}", ratio]
        for one in found["rows"]
        for ratio in [f"{one['ratio']:.2f}"]
    ]
    return markdown(header, rows)


FILES = {
    "chips": chips,
    "reproduction": reproduction,
    "audit": audit,
    "comparison": comparison,
    "speed": speed,
    "corpora": corpora,
    "robustness": robustness,
    "emobox": emobox,
    "new_corpus": new_corpus,
    "risks": risks,
    "people": people,
    "ablation": ablation,
    "scale": scale,
    "formats": formats,
    "stability": stability,
    "unreadable": unreadable,
    "strides": strides,
    "streams": streams,
    "looks": looks,
    "beginnings": beginnings,
    "voices": voices,
    "listening": listening,
    "page": page,
    "camera": camera,
    "emotions": emotions,
    "filmed": filmed,
    "long_film": long_film,
    "own_mean": own_mean,
    "processes": processes,
}
"""Tables that show one file of docs/results each."""


def accuracies(one: Result) -> list[str]:
    """Return a row of accuracies."""
    low, high = one["ci95"]
    return [
        f"`{one['system']}` {one['preset']}" + (f", {one['bits']} bits" if "bits" in one else ""),
        HEARD[one["modality"]],
        one["labels"],
        MEANS[one["normalise"]],
        one["protocol"],
        f"**{one['accuracy']:.3f}** ({low:.3f} to {high:.3f})",
        f"{one['balanced_accuracy']:.3f}",
        f"{one['majority']:.3f}",
        f"{one['at_coverage']['accuracy']:.3f}",
        str(one["clips"]),
        str(len(one["speakers"])),
    ]


def recalls(one: Result) -> list[str]:
    """Return a row with the recall of each class."""
    found = ", ".join(f"{name} {recall:.2f}" for name, recall in one["recall"].items())
    return [*accuracies(one)[: len(SETTINGS)], found]


def percent(one: Mapping[str, Any]) -> str:
    """Return an accuracy with its interval."""
    low, high = one["ci95"] or (None, None)
    return f"**{one['accuracy']:.3f}**" + (f" ({low:.3f} to {high:.3f})" if low is not None else "")


def points(one: Mapping[str, Any]) -> str:
    """Return a difference in points with its interval."""
    low, high = one["ci95"] or (None, None)
    return f"{one['points']:+.1f}" + (f" ({low:+.1f} to {high:+.1f})" if low is not None else "")


def senses(one: Result) -> list[str]:
    """Return a row with the accuracy of each sense alone and of both, and what they add."""
    own, gain = one["senses"], one["gain"]
    return [
        f"`{one['system']}` {one['preset']}",
        one["labels"],
        *(percent(own[sense]) for sense in ("audio", "face", "both")),
        points(gain["audio"]),
        points(gain["better"]),
        f"{one['clips']}, {len(one['speakers'])}",
    ]


GIVEN = {"none": "none", "labels": "labelled", "mean": "their mean, no labels", "both": "their mean, then labels"}
"""What a new speaker gives, by mode of protocol new-speaker."""


def new_speaker(one: Result) -> list[list[str]]:
    """Return a row for each number of clips and each mode."""
    return [
        [
            str(row["k"]),
            GIVEN[row["mode"]],
            percent(row),
            points({"points": row["gain"], "ci95": row["gain_ci95"]}) if row["k"] else "",
            f"{row['old_speakers']:.3f}",
            f"{row['other_speakers']:.3f}",
        ]
        for row in one["new_speaker"]
    ]


def cascade(one: Result) -> list[list[str]]:
    """Return a row for both senses always, and one for each order of a cascade."""
    both, order = one["cascade_both"], {"audio": "sound, then the face", "face": "the face, then sound"}
    rows = [["both always, one brain", "", f"**{both['accuracy']:.3f}**", "", "", ""]]
    rows.append(["both always, answers fused", "", f"**{both['fused']:.3f}**", "", "", ""])
    for first, found in one["cascade_chosen"].items():
        saved = [f"{1 - found[name]:.0%}" for name in ("operations_share", "seconds_share")]
        rows.append([order[first], f"{found['looked']:.0%}", percent(found), points(found["gain"]), *saved])
    return rows


HEARD = {"audio": "sound", "face": "face", "both": "both"}
SETTINGS = ["system", "senses", "labels", "speaker means", "protocol"]
MEASURED = ["accuracy (95 %)", "balanced", "majority class", "at 78 % coverage", "clips", "speakers"]
TABLES = {
    "results": (
        [*SETTINGS, *MEASURED],
        accuracies,
    ),
    "recalls": ([*SETTINGS, "recall of each class"], recalls),
    "senses": (
        ["system", "labels", "sound", "face", "both", "face adds to sound", "both over the better", "clips, speakers"],
        senses,
    ),
}
"""Header and row of each table."""
NEEDS = {"senses": "senses", "new_speaker": "new_speaker", "cascade": "cascade_chosen"}
"""The key that a result must have to be shown in a table."""
LISTS = {
    "new_speaker": (
        [
            "recordings of each class",
            "given",
            "accuracy (95 %)",
            "gain, points (95 %)",
            "old speakers",
            "other new ones",
        ],
        new_speaker,
    ),
    "cascade": (
        ["order", "needed the second", "accuracy (95 %)", "over both, points", "operations saved", "time saved"],
        cascade,
    ),
}
"""Header and rows of each table that shows one evaluation in several rows."""


def load_results(folder: Path = RESULTS) -> list[Result]:
    """Return all evaluations below a folder, each with the folder that it lies in."""
    found = [(path, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.rglob("*.json"))]
    return [
        {"file": path.stem, "folder": path.parent.relative_to(folder).as_posix(), **one}
        for path, one in found
        if "ci95" in one
    ]


def drop_predictions(folder: Path = RESULTS) -> None:
    """Shorten the files of a folder by the predictions of each clip, which no table shows."""
    for path in folder.rglob("*.json"):
        result = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(result, dict) and (result.pop("predictions", None) or drop_right(result)):
            path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def drop_right(result: Mapping[str, Any]) -> bool:
    """Drop what a table of a reproduction does not show: which recordings were decided rightly, and curves.

    Tell whether there was anything to drop.
    """
    drawn = result.get("figure") in ("rows", "interactions")  # in a picture that is kept, or not at all
    curves = [row.pop("curves", None) for row in result.get("rows", []) if drawn]
    cells = [
        cell for row in result.get("rows", []) for column in row.get("found", {}).values() for cell in column.values()
    ]
    return any([*curves, *[cell.pop("right", None) for cell in cells]])


def comparable(page: str) -> str:
    """Return a page in whose console blocks all numbers and gaps are alike: machines and runs change them."""
    return BLOCK.sub(lambda found: re.sub(r" +", " ", re.sub(r"\d[\d.]*(e-?\d+)?", "0", found[1])), page)


def main() -> None:
    check = "--check" in sys.argv[1:]
    if not check:
        drop_predictions()
    stale = []
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        after = filled(before, load_results())
        if not check:
            page.write_text(after, encoding="utf-8")
        elif comparable(before) != comparable(after):
            stale.append(page)
    for page in stale:
        print(f"{page.relative_to(ROOT)} is out of date: run python scripts/fill_docs.py", file=sys.stderr)
    sys.exit(bool(stale))


if __name__ == "__main__":
    main()
