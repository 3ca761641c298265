"""``emospike audit``: whether what a system is tested on leaks into what it learns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from emospike.cli.arguments import (
    DataOption,
    LabelsOption,
    MapOption,
    ModalityOption,
    NormaliseOption,
    PresetOption,
    SplitsOption,
    check_writable,
    choose_labels,
    choose_modality,
    load_data,
)
from emospike.cli.terminal import note, progress_bar, say


def audit(
    system: Annotated[str, typer.Argument(help="Which system to audit (emospike systems lists them).")],
    data: DataOption,
    *,
    modality: ModalityOption = None,
    labels: LabelsOption = "arousal",
    label_map: MapOption = None,
    preset: PresetOption = None,
    protocol: Annotated[
        str,
        typer.Option(
            help="speaker-folds; corpus-folds; published: as the system's own paper; standard: the data's own split; "
            "random: test speakers also train; emobox: EmoBox's folds."
        ),
    ] = "speaker-folds",
    normalise: NormaliseOption = "none",
    splits: SplitsOption = None,
    folds: Annotated[int, typer.Option(help="Folds to audit, from the first; each is trained 3 or 4 times.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures here.")] = None,
) -> None:
    """Audit a system: do test recordings, their speakers or their labels reach what it learns?

    Prints a line a check, and the verdict CLEAN or LEAKY. Exit status: 0 for either, 2 for errors.
    """
    from emospike.evaluation.audit import audit as run_audit
    from emospike.evaluation.audit import check_audit
    from emospike.evaluation.emobox import read_splits

    modality, scheme = choose_modality(system, modality), choose_labels(labels, label_map)
    settings: dict[str, Any] = {"protocol": protocol, "normalise": normalise, "modality": modality, "folds": folds}
    check_audit(system, scheme, preset, **settings)
    known = read_splits(splits) if splits else None
    if json_file:
        check_writable(json_file)
    with progress_bar() as progress:
        dataset = load_data(data, progress, modality)
        result = run_audit(system, dataset, scheme, preset, splits=known, progress=progress, **settings)
    for check in result["checks"]:
        fold = f"fold {check['fold']}  " if result["folds"]["audited"] > 1 else ""
        say(f"{fold}{check['outcome']:9}  {check['name']:15}  {check['said']}")
    say(f"verdict: {result['verdict']}")
    note(result["meaning"])
    if json_file:
        from emospike.files import format_json, write_atomically

        write_atomically(json_file, format_json(result, 1) + "\n")
        say(json_file)
