"""``emospike export``: a model's network for other simulators."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emospike.cli.arguments import check_writable
from emospike.cli.terminal import note, say
from emospike.validation import InputError, one_of


def export(
    model: Annotated[str, typer.Argument(help="A model file, or a shipped model's name.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")],
    *,
    to: Annotated[str, typer.Option("--to", help="nir: the reservoir as a graph of NIR, in HDF5.")] = "nir",
    on: Annotated[
        Path | None, typer.Option("--on", help="A recording on which a plain simulator is compared (default: made up).")
    ] = None,
) -> None:
    """Write a model's reservoir for other simulators, and say what one loses that knows NIR alone.

    NIR has no words for the floor of potentials and for steps without firing: they stand in the graph's metadata.
    """
    from emospike import store
    from emospike.clip import SAMPLE_RATE, Clip
    from emospike.clip.synthetic import synthesise_speech
    from emospike.exchange.nir_reservoir import compare_spikes, make_graph, run_plain, write_graph

    one_of("form", to, ("nir",))
    check_writable(output)
    system = store.load(model)
    if "export" not in system.abilities:
        raise InputError(f"{type(system).__name__} is no reservoir: NIR is written of excube2")
    clip = Clip(on) if on else Clip.from_array(synthesise_speech(2.0), SAMPLE_RATE, "a made-up voice")
    network, spikes, facts = system.export(clip)
    graph = make_graph(network, 1 / spikes.rate, facts)
    say(str(write_graph(output, graph)))
    found = compare_spikes(network.run(spikes), run_plain(graph, network, spikes))
    note(
        f"on {clip.name} the reservoir fires {found['here']:,} times, in a simulator of NIR alone {found['plain']:,} "
        f"times, {found['common']:.0%} of all in common"
    )
