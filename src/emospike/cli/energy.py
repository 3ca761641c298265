"""``emospike energy``: what one decision costs, layer by layer, beside the same network without spikes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emospike.cli.arguments import (
    DeciderOption,
    LabelsOption,
    PresetOption,
    check_modality,
    choose_modality,
    keep_readable,
    load_data,
    restrict_modality,
)
from emospike.cli.evaluate import FigureOption, JsonOption, check_outputs, write_result
from emospike.cli.terminal import format_number, note, progress_bar, say, show
from emospike.validation import InputError, positive

if TYPE_CHECKING:
    from rich.table import Table

    from emospike.clip import Clip
    from emospike.progress import Progress
    from emospike.systems.base import System


def energy(
    what: Annotated[str, typer.Argument(help="A system (emospike systems lists them), or a model's name or file.")],
    *,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Recordings to count on, and for a system to train on (models: synthetic speech)."),
    ] = None,
    preset: PresetOption = None,
    modality: DeciderOption = None,
    labels: LabelsOption = "arousal",
    clips: Annotated[int, typer.Option(help="Recordings to count on.")] = 8,
    json_file: JsonOption = None,
    figure: FigureOption = None,
) -> None:
    """Count operations, spikes and bytes of a decision, and estimate its energy; beside twins without spikes."""
    from emospike.evaluation.energy import profile_energy, spread
    from emospike.systems import SYSTEMS

    positive("clips", clips)
    check_modality(modality)
    figure = check_outputs(json_file, figure)
    with progress_bar() as progress:
        if what in SYSTEMS:
            system, found = train_system(what, data, preset, modality, labels=labels, progress=progress)
        else:
            system, found = load_model(what, data, modality, clips)
        result = {"what": what, "preset": preset, "modality": modality} | profile_energy(
            system, spread(found, clips), progress
        )
    for table in make_tables(result):
        show(table, "")
    note(result["note"])
    write_result(result, json_file)
    if figure:
        from emospike.evaluation.figures.energy import alt_text, draw_energy
        from emospike.explain.style import save_figure

        save_figure(draw_energy(result), figure, alt_text(result))
    for path in filter(None, (json_file, figure)):
        say(path)


def train_system(
    name: str, data: Path | None, preset: str | None, modality: str | None, *, labels: str, progress: Progress | None
) -> tuple[System, list[Clip]]:
    """Return a system trained on most speakers of a data set, and recordings of the others."""
    from emospike.evaluation.energy import train_on_fold

    if data is None:
        raise InputError(f"{name} has to be trained before it can be counted: give --data, or name a model")
    modality = choose_modality(name, modality)
    dataset = load_data([data], progress, modality)
    return train_on_fold(name, dataset, labels, preset, modality=modality, progress=progress)


def load_model(model: str, data: Path | None, modality: str | None, count: int) -> tuple[System, list[Clip]]:
    """Return a model, and the recordings to count on; of a data set so many, since to check all takes minutes."""
    import numpy as np

    from emospike import datasets, store
    from emospike.clip import SAMPLE_RATE, Clip
    from emospike.clip.synthetic import synthesise_speech
    from emospike.evaluation.energy import spread

    stored = store.load(model)
    system = restrict_modality(stored, modality)
    modality = system.card.get("modality", "audio")
    if data is not None:
        found = datasets.load(data, video=modality != "audio")
        found = found if modality == "audio" else found.select_modality(modality)
        rows = np.array(spread(range(len(found)), count))
        return system, keep_readable(found.subset(rows), None, modality).clips()
    if modality != "audio":
        instead = ", or --modality audio" if "audio" in stored.deciders else ""
        raise InputError(f"{model} looks at faces: give --data with films or face-tracking tables{instead}")
    return system, [Clip.from_array(synthesise_speech(), SAMPLE_RATE, "synthetic speech")]


def make_tables(result: Mapping[str, Any]) -> list[Table]:
    """Return the tables of variants and of layers, and of spikes what they would cost on named chips."""
    from rich.table import Table

    from emospike.energy.estimate import name_memories

    variants = Table(title="One decision, mean over the recordings", title_justify="left", box=None, pad_edge=False)
    variants.add_column("variant")
    variants.add_column("memory")
    for name in ("M MAC", "M AC", "MB moved", "arithmetic µJ", "movement µJ", "total µJ", "from DRAM µJ"):
        variants.add_column(name, justify="right")
    for row in result["variants"]:
        counts = (format_number(row[name] / 1e6) for name in ("macs", "accumulates", "bytes_moved"))
        joules = (format_number(row[name]) for name in ("arithmetic_uj", "movement_uj", "total_uj"))
        names = [name_memories(row["memory"]), *counts, *joules, format_number(row["arithmetic_uj"] + row["dram_uj"])]
        variants.add_row(row["name"], *names)
    layers = Table(title="Its layers", title_justify="left", box=None, pad_edge=False)
    layers.add_column("layer")
    layers.add_column("memory")
    for name in ("spikes an input and step", "M MAC", "M AC", "MB moved", "total µJ", "twin µJ"):
        layers.add_column(name, justify="right")
    for row in result["layers"]:
        rate = f"{100 * row['spike_rate']:.2f} %" if row["accumulates"] else "real numbers"
        numbers = [row[name] / 1e6 for name in ("macs", "accumulates", "bytes_moved")]
        numbers += [row["total_uj"], row["twin_total_uj"]]
        layers.add_row(row["name"], row["memory"], rate, *map(format_number, numbers))
    shown = [variants, *([layers] if result["layers"] else [])]
    return [*shown, tabulate_chips(result)] if result["chips"] and result["chip_layers"] else shown


def tabulate_chips(result: Mapping[str, Any]) -> Table:
    """Return a table with a row a layer that a chip would take over, and at its end the whole."""
    from rich.table import Table

    known = [one for one in result["chips"] if one["total_uj"] is not None]
    others = " and ".join(one["name"] for one in result["chips"] if one["total_uj"] is None)
    title = f"Its spikes on named chips; of {others} no energy of a spike could be found in print"
    chips = Table(title=title, title_justify="left", box=None, pad_edge=False)
    chips.add_column("layer")
    names = [f"{one['name']} µJ" for one in known]
    for name in ("M spikes at synapses", "M neuron updates", "KB held", *names):
        chips.add_column(name, justify="right")
    for row in result["chip_layers"]:
        held = "" if row["bytes_held"] is None else format_number(row["bytes_held"] / 1024)
        counts = [format_number(row[name] / 1e6) for name in ("events", "updates")]
        chips.add_row(row["name"], *counts, held, *(format_number(row["uj"][one["name"]]) for one in known))
    chips.add_row("all", "", "", "", *(format_number(one["total_uj"]) for one in known))
    return chips
