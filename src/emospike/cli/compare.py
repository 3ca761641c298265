"""``emospike compare``: every system on the same recordings and folds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emospike.cli.arguments import (
    BalanceOption,
    ClusterOption,
    DataOption,
    LabelsOption,
    PerCorpusOption,
    StrictOption,
    check_writable,
    load_data,
)
from emospike.cli.terminal import note, open_cluster, progress_bar, say, show
from emospike.files import is_folder, make_folder
from emospike.validation import InputError


def compare(
    data: DataOption,
    *,
    systems: Annotated[
        str | None, typer.Option(help="Names parted by commas, as in excube2,eavs_tf:default (default: every system).")
    ] = None,
    modality: Annotated[
        str, typer.Option(help="audio, face or both; with both, a system of one sense takes part with that.")
    ] = "both",
    labels: LabelsOption = "arousal",
    protocol: Annotated[
        str, typer.Option(help="speaker-folds; or corpus-folds: each of several corpora left out in turn.")
    ] = "speaker-folds",
    balance: BalanceOption = None,
    per_corpus: PerCorpusOption = None,
    published: Annotated[
        bool, typer.Option("--published/--honest", help="Also each paper's preset in its own protocol, or not.")
    ] = True,
    strict: StrictOption = False,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for the results; what is complete there is not done again.")
    ] = Path("comparison"),
    cluster: ClusterOption = None,
) -> None:
    """Compare the systems: each trained and tested on the same folds, with its accuracy, energy, speed and size."""
    from emospike.datasets import LABELS
    from emospike.evaluation import compare as comparing
    from emospike.evaluation.figures.comparison import alt_text, draw_systems
    from emospike.evaluation.report import tabulate_comparison
    from emospike.evaluation.splitting import is_transductive
    from emospike.explain.style import save_figure
    from emospike.files import format_json, write_atomically
    from emospike.systems import SYSTEMS
    from emospike.systems.perception import MODALITIES
    from emospike.validation import one_of

    one_of("modality", modality, MODALITIES)
    one_of("protocol of a comparison", protocol, ("speaker-folds", "corpus-folds"))
    one_of("label scheme", labels, LABELS)
    if output.exists() and not is_folder(output):
        raise InputError(f"{output} is a file: name a folder for the results")
    check_writable(make_folder(output) / "comparison.json")
    names = [name.strip() for name in systems.split(",")] if systems else list(SYSTEMS)
    entries, lines = comparing.plan(names, modality, labels, published=published, protocol=protocol)
    for line in lines:
        note(line)
    with open_cluster(cluster), progress_bar() as progress:
        # Who is there in training with those that test must be readable.
        check = None if any(is_transductive(one.protocol, one.system) for one in entries) and not strict else strict
        dataset = load_data(data, progress, modality, balance=balance, per_corpus=per_corpus, strict=check)
        rows = [comparing.make_row(one) for one in comparing.compare(dataset, entries, output, note, progress)]
    if not rows:
        raise InputError("no system could be evaluated: see the notes above")
    show(tabulate_comparison(rows))
    written = output / "comparison.json"
    write_atomically(written, format_json(rows, 1) + "\n")
    save_figure(draw_systems(rows), output / "comparison.png", alt_text(rows))
    for path in (written, output / "comparison.png"):
        say(path)
