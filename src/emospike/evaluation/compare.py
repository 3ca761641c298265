"""Comparison: every system on the same recordings and folds, honestly, and beside that as its paper did it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emospike import __version__
from emospike.datasets import Dataset
from emospike.evaluation.protocols import evaluate, make_system
from emospike.evaluation.resuming import KeptFolds
from emospike.files import format_json, make_folder, write_atomically
from emospike.progress import Progress
from emospike.systems import SYSTEMS
from emospike.validation import InputError, one_of


@dataclass(frozen=True)
class Entry:
    """One evaluation of a comparison."""

    system: str
    preset: str
    modality: str
    labels: str
    protocol: str

    @property
    def file(self) -> str:
        """The name of the file that keeps its result."""
        return f"{'-'.join(asdict(self).values())}.json"


def plan(
    systems: Sequence[str], modality: str, labels: str, *, published: bool = True, protocol: str = "speaker-folds"
) -> tuple[list[Entry], list[str]]:
    """Return what is to be evaluated, and a line on each system that cannot be.

    A system takes part with its default preset in `protocol` and, if `published`, with its paper's preset in its
    paper's protocol; one that is named with a preset, as in ``excube2:large``, with that alone. Where sound and face
    are asked for, one that has one of them only takes part with that.

    Raises
    ------
    InputError : a system, or a preset of it, is unknown
    """
    entries, notes = [], []
    for asked in systems:
        name, _, preset = asked.partition(":")
        info = SYSTEMS.find(name)
        known, own = list(info.load_presets()), modality if modality in info.modalities else info.modalities[0]
        if modality not in (own, "both"):
            notes.append(f"{name} is left out: it perceives {', '.join(info.modalities)}, not {modality}")
            continue
        presets = [one_of("preset", preset, known)] if preset else known[:1]
        as_published = info.split is not None and "published" in known
        if as_published and published and not preset:
            presets.append("published")
        for one in presets:
            way = "published" if as_published and one == "published" else protocol
            entries.append(Entry(name, one, own, labels, way))
    return entries, notes


def compare(
    dataset: Dataset,
    entries: Sequence[Entry],
    folder: Path,
    say: Callable[[str], None] = print,
    progress: Progress | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the result of every entry, in order; each is written into `folder`, fold by fold.

    What lies there complete, of the same recordings, is not evaluated again. An entry that cannot be evaluated (an
    extra is not installed, say) is told and passed over.
    """
    make_folder(folder)
    for number, entry in enumerate(entries, start=1):
        known = find_kept(entry, dataset, folder)
        say(f"{number} of {len(entries)}: {entry.file.removesuffix('.json')}{', kept' if known else ''}")
        try:
            yield known or evaluate_entry(entry, dataset, folder, say, progress)
        except InputError as error:
            say(f"left out: {error}")


def evaluate_entry(
    entry: Entry,
    dataset: Dataset,
    folder: Path,
    say: Callable[[str], None] = print,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return the result of an entry, one seed; it is written into the folder after every fold.

    Finished folds of the same evaluation, which was stopped, are not done again.
    """
    own = identify(entry, dataset)
    found = evaluate(
        entry.system,
        dataset,
        entry.labels,
        entry.preset,
        protocol=entry.protocol,
        seeds=1,
        modality=entry.modality,
        progress=progress,
        save=lambda result: write_atomically(folder / entry.file, format_json(result | own, 1) + "\n"),
        kept=KeptFolds.beside(folder / entry.file, say),
    )
    return found | own


def find_kept(entry: Entry, dataset: Dataset, folder: Path) -> dict[str, Any] | None:
    """Return the complete result of an entry of the same recordings and settings, if the folder has it."""
    try:
        found: dict[str, Any] = json.loads((folder / entry.file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    same = all(found.get(name) == value for name, value in identify(entry, dataset).items())
    return found if same and found.get("complete") else None


def identify(entry: Entry, dataset: Dataset) -> dict[str, str]:
    """Return what must be the same for a result to be kept: recordings, version, and all settings of the system."""
    settings = repr(make_system(entry.system, entry.preset, 0, modality=entry.modality))
    takes = "\n".join(sorted(f"{one.take}|{one.label}|{one.speaker}" for one in dataset.recordings))
    settings += "balanced" if dataset.balanced else ""
    return {"recordings": digest(takes), "emospike": __version__, "settings": digest(settings)}


def digest(text: str) -> str:
    """Return a hash of a text.

    >>> digest("a") == digest("a") != digest("b")
    True
    """
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def make_row(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a comparison tells of one result; None where it is not known."""
    cost, seconds = result.get("cost", {}), result["seconds"]
    stages = [spent for stage, spent in seconds.items() if stage not in ("fit", "predict")]
    names = ("system", "preset", "modality", "labels", "protocol", "clips", "accuracy", "balanced_accuracy")
    return (
        {name: result[name] for name in names}
        | {
            "ci95": None if len(result["speakers"]) == 2 else result["ci95"],  # two tell of no interval
            "corpora_mean": result.get("corpora_mean"),
            "leaky": result["note"].startswith("LEAKY"),
            "majority": result["majority"],
            "speakers": len(result["speakers"]),
            "at_coverage": result["at_coverage"]["accuracy"],
            "coverage": result["at_own_threshold"]["coverage"],
            "milliseconds": 1000 * sum(stages) if stages else None,
            "training_seconds": seconds["fit"] / len(result["folds"]) if "fit" in seconds else None,
            "model_bytes": cost.get("model_bytes"),
            "paper": SYSTEMS.find(result["system"]).claim,
        }
        | count_costs(cost)
    )


def count_costs(cost: Mapping[str, float]) -> dict[str, float | None]:
    """Return operations and bytes of a decision, and its energy with data movement, beside its equivalent's.

    All of them with the features; what was measured before features were counted has no energies.
    """
    names = ("total_uj", "twin_total_uj", "features_uj", "spike_rate")
    if not cost:
        return dict.fromkeys(("macs", "accumulates", "bytes_moved", *names))
    macs, moved = (cost[name] + cost.get(f"features_{name}", 0.0) for name in ("macs", "bytes_moved"))
    counts = {"macs": round(macs), "accumulates": round(cost["synaptic_operations"]), "bytes_moved": round(moved)}
    return counts | {name: cost.get(name) for name in names}
