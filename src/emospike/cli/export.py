"""``emospike export``: what a model is made of, for other simulators and runtimes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emospike.cli.arguments import check_modality, check_place, check_writable, restrict_modality
from emospike.cli.terminal import note, say
from emospike.validation import InputError, one_of

if TYPE_CHECKING:
    from emospike.clip import Clip
    from emospike.networks.reservoir import ReservoirNetwork
    from emospike.systems.base import System


def export(
    model: Annotated[str, typer.Argument(help="A model file, or a shipped model's name.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")],
    *,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="nir: the spiking network as a graph of NIR; brian2: the reservoir as a script; onnx: the readout.",
        ),
    ] = "nir",
    modality: Annotated[
        str | None, typer.Option("--modality", help="audio or face: what decides by that alone (default: by all).")
    ] = None,
    on: Annotated[
        Path | None, typer.Option("--on", help="A recording on which both are compared (default: a made-up voice).")
    ] = None,
) -> None:
    """Write a model's spiking network for simulators, or its readout for runtimes.

    Both are compared on a recording. NIR has no words for the floor of a reservoir's potentials and for steps without
    firing: they stand in the graph's metadata, and it is told what a simulator loses that knows NIR alone. ONNX turns
    state vectors into probabilities.
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
    from emospike.exchange import nir_plif, nir_reservoir
    from emospike.exchange.nir_files import write_graph
    from emospike.networks.reservoir import ReservoirNetwork

    if "export" not in system.abilities:
        raise InputError(f"{type(system).__name__} has no network that NIR is written of: excube2, spiking_emotions do")
    network, given, facts = system.export(clip)
    if isinstance(network, ReservoirNetwork):
        graph = nir_reservoir.make_graph(network, 1 / given.rate, facts)
        say(str(write_graph(output, graph)))
        _tell_integers(network)
        plain = nir_reservoir.run_plain(graph, network, given)
        _tell_common(nir_reservoir.compare_spikes(network.run(given), plain), clip)
        return
    paths = [output] if len(network) == 1 else [output.with_stem(f"{output.stem}-{n + 1}") for n in range(len(network))]
    for path in paths:
        check_writable(path)
    for path, one in zip(paths, network, strict=True):
        graph = nir_plif.make_graph(one, nir_plif.STEP, facts)
        say(str(write_graph(path, graph)))
        _tell_common(nir_plif.compare_spikes(one, graph, given), clip)


def _tell_integers(network: ReservoirNetwork) -> None:
    if network.reservoir.bits is not None:
        note("weights are told as what its integers stand for; potentials are rounded here, not there")


def _tell_common(found: Mapping[str, float], clip: Clip) -> None:
    note(
        f"on {clip.name} the network fires {found['here']:,} times, in a simulator of NIR alone {found['plain']:,} "
        f"times, {found['common']:.0%} of all in common"
    )


def _write_brian2(system: System, clip: Clip, output: Path) -> None:
    from emospike.exchange.brian2_files import check_script, write_script
    from emospike.networks.reservoir import ReservoirNetwork

    check_script(output)
    check_place(output.with_suffix(".npz"))
    network: Any = None
    if "export" in system.abilities:
        network, spikes, _ = system.export(clip)
    if not isinstance(network, ReservoirNetwork):
        raise InputError(f"{type(system).__name__} is no reservoir: scripts for Brian 2 are written of excube2")
    for path in write_script(output, network, spikes):
        say(str(path))
    _tell_integers(network)
    fired = len(network.run(spikes).step)
    note(
        f"python {output.name} runs it on {clip.name}, where there is Brian 2; here the reservoir fires {fired:,} times"
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
    away = abs(run_reference(model, state[None]) - system.readout_.probabilities(state[None])).max()
    say(str(write_model(output, model)))
    note(
        f"state vectors of {len(state):,} numbers give probabilities of {', '.join(system.readout_.classes)}; on "
        f"{clip.name} they differ by {away:.1e} from this program's. The threshold is told, and not applied; how "
        "strange a recording is, is not measured."
    )


FORMS = {"nir": _write_nir, "brian2": _write_brian2, "onnx": _write_onnx}
"""What can be written, by name."""
