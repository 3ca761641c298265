"""``emospike export``: what a model is made of, for other simulators and runtimes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from emospike.cli.arguments import check_modality, check_writable, restrict_modality
from emospike.cli.terminal import note, say
from emospike.validation import InputError, one_of

if TYPE_CHECKING:
    from emospike.clip import Clip
    from emospike.systems.base import System


def export(
    model: Annotated[str, typer.Argument(help="A model file, or a shipped model's name.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")],
    *,
    to: Annotated[
        str,
        typer.Option(
            "--to", help="nir: the reservoir as a graph of NIR, in HDF5; onnx: the readout as a model of ONNX."
        ),
    ] = "nir",
    modality: Annotated[
        str | None, typer.Option("--modality", help="audio or face: what decides by that alone (default: by all).")
    ] = None,
    on: Annotated[
        Path | None, typer.Option("--on", help="A recording on which both are compared (default: a made-up voice).")
    ] = None,
) -> None:
    """Write a model's reservoir for simulators, or its readout for runtimes, and compare them on a recording.

    NIR has no words for the floor of potentials and for steps without firing: they stand in the graph's metadata, and
    it is told what a simulator loses that knows NIR alone. ONNX turns state vectors into probabilities.
    """
    from emospike import store
    from emospike.clip import SAMPLE_RATE, Clip
    from emospike.clip.synthetic import synthesise_speech

    one_of("form", to, FORMS)
    check_modality(modality)
    check_writable(output)
    system = restrict_modality(store.load(model), modality)
    clip = Clip(on) if on else Clip.from_array(synthesise_speech(2.0), SAMPLE_RATE, "a made-up voice")
    FORMS[to](system, clip, output)


def _write_nir(system: System, clip: Clip, output: Path) -> None:
    from emospike.exchange.nir_reservoir import compare_spikes, make_graph, run_plain, write_graph

    if "export" not in system.abilities:
        raise InputError(f"{type(system).__name__} is no reservoir: NIR is written of excube2")
    network, spikes, facts = system.export(clip)
    graph = make_graph(network, 1 / spikes.rate, facts)
    say(str(write_graph(output, graph)))
    found = compare_spikes(network.run(spikes), run_plain(graph, network, spikes))
    note(
        f"on {clip.name} the reservoir fires {found['here']:,} times, in a simulator of NIR alone {found['plain']:,} "
        f"times, {found['common']:.0%} of all in common"
    )


def _write_onnx(system: System, clip: Clip, output: Path) -> None:
    from emospike import __version__, store
    from emospike.exchange.onnx_readout import make_model, run_reference, write_model

    if system.fuses_late:
        raise InputError("the answers of audio and face are joined outside of a readout: export one with --modality")
    told: dict[str, Any] = {name: system.card[name] for name in ("data", "licence") if name in system.card}
    told |= {"emospike": __version__, "modality": system.modality, **store.describe_parameters(system)}
    model = make_model(system.readout_, told)
    state = system.represent_clip(clip).get(system.modality)
    if state is None:
        raise InputError(f"{clip.name} cannot be decided on by {system.modality}: name a recording with --on")
    away = np.abs(run_reference(model, state[None]) - system.readout_.probabilities(state[None])).max()
    say(str(write_model(output, model)))
    note(
        f"state vectors of {len(state):,} numbers give probabilities of {', '.join(system.readout_.classes)}; on "
        f"{clip.name} they differ by {away:.1e} from this program's. The threshold is told, and not applied; how "
        "strange a recording is, is not measured."
    )


FORMS = {"nir": _write_nir, "onnx": _write_onnx}
"""What can be written, by name."""
