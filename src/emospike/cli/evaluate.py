"""``emospike evaluate`` and ``emospike test``: how well a system, or a trained model, does on speakers unheard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from emospike.cli.arguments import (
    BalanceOption,
    BitsOption,
    ClusterOption,
    DataOption,
    DeciderOption,
    FeaturesOption,
    LabelsOption,
    MapOption,
    ModalityOption,
    PerCorpusOption,
    PresetOption,
    RiskOption,
    SplitsOption,
    StrictOption,
    TargetOption,
    check_modality,
    check_writable,
    choose_labels,
    choose_modality,
    load_data,
    restrict_modality,
    say_left_out,
    set_risk,
)
from emospike.cli.numbers import evaluate_targets, measure_targets, refuse_class_options, show_numbers
from emospike.cli.terminal import note, open_cluster, progress_bar, say, show

JsonOption = Annotated[
    Path | None, typer.Option("--json", help="Write all numbers here; the figure beside it as .png.")
]
TestNormaliseOption = Annotated[
    str,
    typer.Option(
        "--normalise",
        help="none; speaker: remove each speaker's mean; scores: centre each test speaker's scores as recordings come. "
        "Without labels.",
    ),
]
FigureOption = Annotated[Path | None, typer.Option("--figure", help="Draw the figure into this PNG file.")]


def evaluate(
    system: Annotated[str, typer.Argument(help="Which system to evaluate (emospike systems lists them).")],
    data: DataOption,
    *,
    modality: ModalityOption = None,
    labels: LabelsOption = "arousal",
    label_map: MapOption = None,
    target: TargetOption = None,
    balance: BalanceOption = None,
    preset: PresetOption = None,
    features: FeaturesOption = None,
    bits: BitsOption = None,
    protocol: Annotated[
        str,
        typer.Option(
            help="speaker-folds: unheard speakers; corpus-folds: each of several corpora left out in turn; "
            "robustness: also over other microphones, rooms, lines and codecs; "
            "published: as the system's own paper, leaky or not; "
            "standard: the data's own split; random: leaky; emobox: EmoBox's folds and measures; "
            "new-speaker, new-corpus: before and after adapting to them; "
            "cascade: one sense first, the other where it is uncertain."
        ),
    ] = "speaker-folds",
    normalise: TestNormaliseOption = "none",
    seeds: Annotated[int | None, typer.Option(help="Repetitions (default: published 5, else 1).")] = None,
    per_corpus: PerCorpusOption = None,
    splits: SplitsOption = None,
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json",
            help="Write all numbers here after every fold, where a stopped run goes on; the figure as .png.",
        ),
    ] = None,
    figure: FigureOption = None,
    strict: StrictOption = False,
    cluster: ClusterOption = None,
) -> None:
    """Evaluate a system: train it afresh for each fold, and test it on speakers that it did not hear.

    Recordings that cannot be read are left out, and named at the end. With --target numbers are predicted, and measured
    by their concordance (CCC).
    """
    from emospike.evaluation.emobox import read_splits
    from emospike.evaluation.protocols import check_settings, make_system
    from emospike.evaluation.protocols import evaluate as run_evaluation
    from emospike.evaluation.resuming import KeptFolds
    from emospike.evaluation.splitting import is_transductive

    modality, scheme = choose_modality(system, modality), choose_labels(labels, label_map)
    asked: dict[str, Any] = {"protocol": protocol, "seeds": seeds, "modality": modality, "features": features}
    if target:
        of_classes = {"--labels": labels != "arousal", "--map": label_map, "--balance": balance, "--splits": splits}
        refuse_class_options(of_classes | {"--normalise": normalise != "none", "--bits": bits})
        figure = check_outputs(json_file, figure)
        with open_cluster(cluster):
            found = evaluate_targets(
                system,
                data,
                target,
                preset=preset,
                **asked,
                per_corpus=per_corpus,
                strict=strict,
                save=lambda done: write_result(done, json_file),
                kept=KeptFolds.beside(json_file, note),
            )
        show_numbers(found, json_file, figure)
        return
    asked |= {"normalise": normalise, "bits": bits}
    check_settings(system, scheme, preset, **asked)
    figure, known = check_outputs(json_file, figure), read_splits(splits) if splits else None
    with open_cluster(cluster), progress_bar() as progress:
        # Who is there in training with those that test must be readable.
        check = None if is_transductive(protocol, system) and not strict else strict
        whole = not make_system(system, preset, modality=modality).fuses_late
        dataset = load_data(data, progress, modality, balance=balance, per_corpus=per_corpus, strict=check, whole=whole)
        result = run_evaluation(
            system,
            dataset,
            scheme,
            preset,
            **asked,
            splits=known,
            progress=progress,
            save=lambda so_far: save_fold(so_far, json_file),
            kept=KeptFolds.beside(json_file, note),
        )
    show_result(result, json_file, figure)


def test(
    model: Annotated[str, typer.Argument(help="A model file, or a shipped model's name.")],
    data: DataOption,
    *,
    modality: DeciderOption = None,
    degrade: Annotated[
        str | None,
        typer.Option("--degrade", help="Also degraded: telephone,babble:10,reverb:0.5 ..., or all for the usual ones."),
    ] = None,
    adapt: Annotated[
        bool, typer.Option("--adapt", help="Also after adapting to a few recordings of half of each corpus's speakers.")
    ] = False,
    risk: RiskOption = None,
    normalise: Annotated[
        str, typer.Option("--normalise", help="none (as trained); or scores: centre each speaker's, without labels.")
    ] = "none",
    json_file: JsonOption = None,
    figure: FigureOption = None,
    cluster: ClusterOption = None,
) -> None:
    """Test a trained model on labelled recordings that it has never heard or seen."""
    from emospike import store
    from emospike.evaluation.protocols import test_model
    from emospike.evaluation.robustness import parse_degradations
    from emospike.regression import predicts_numbers

    degradations = parse_degradations(degrade) if degrade else ()
    if predicts_numbers(model):
        of_classes = {"--modality": modality, "--degrade": degrade, "--adapt": adapt, "--risk": risk}
        refuse_class_options(of_classes | {"--normalise": normalise != "none"})
        figure = check_outputs(json_file, figure)
        with open_cluster(cluster):
            found = measure_targets(model, data)
        write_result(found, json_file)
        show_numbers(found, json_file, figure)
        return
    figure = check_outputs(json_file, figure)
    check_modality(modality)
    system = set_risk(restrict_modality(store.load(model), modality), risk)
    with open_cluster(cluster), progress_bar() as progress:
        dataset = load_data(data, progress, system.card.get("modality", "audio"), strict=False)
        result = test_model(system, dataset, progress, degradations, normalise=normalise, adapt=adapt)
    write_result(result, json_file)
    show_result(result, json_file, figure)


def check_outputs(json_file: Path | None, figure: Path | None) -> Path | None:
    """Check that results can be written, and return where the figure goes: beside the numbers if nowhere else."""
    if json_file and not figure:
        figure = json_file.with_name(f"{json_file.stem}.png")
    for path in filter(None, (json_file, figure)):
        check_writable(path)
    return figure


def save_fold(result: Mapping[str, Any], json_file: Path | None) -> None:
    """Write the result so far, and say how the last fold went."""
    write_result(result, json_file)
    fold = result["folds"][-1]
    speakers = ", ".join(fold["speakers"][:6]) + (" ..." if len(fold["speakers"]) > 6 else "")
    who = fold["corpora"][0] if len(fold.get("corpora", ())) == 1 else speakers or "unknown speakers"
    line = f"fold {len(result['folds'])}: accuracy {fold['accuracy']:.3f} on {fold['n']} recordings of {who}"
    say(line, error=True)


def write_result(result: Mapping[str, Any], json_file: Path | None) -> None:
    """Write a result as JSON, in one step."""
    from emospike.files import format_json, write_atomically

    if json_file:
        write_atomically(json_file, format_json(result, 1) + "\n")


def show_result(result: Mapping[str, Any], json_file: Path | None, figure: Path | None) -> None:
    """Print the tables of a result, draw it, and say which files were written."""
    from emospike.evaluation.report import (
        describe_gains,
        describe_own_threshold,
        tabulate_confusion,
        tabulate_corpora,
        tabulate_emobox,
        tabulate_results,
        tabulate_risks,
        tabulate_study,
    )

    show(tabulate_results([result]), "", tabulate_confusion(result), "")
    for make in (tabulate_corpora, tabulate_risks, tabulate_emobox, tabulate_study):
        if table := make(result):
            show(table, "")
    for line in (describe_own_threshold(result), *describe_gains(result), result["note"]):
        note(line)
    bad = [one["why"] for one in result["left_out"]]
    say_left_out(result["clips"] + len(bad), bad)
    if figure:
        from emospike.evaluation.figures.results import alt_text, draw_evaluation
        from emospike.explain.style import save_figure

        save_figure(draw_evaluation(result), figure, alt_text(result))
    for path in filter(None, (json_file, figure)):
        say(path)
