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
from emospike.evaluation.energy import Variant
from emospike.evaluation.protocols import evaluate, new_system
from emospike.evaluation.published import PUBLISHED
from emospike.files import write_atomically
from emospike.progress import Progress
from emospike.systems import SYSTEMS
from emospike.validation import InputError, one_of

Result = dict[str, Any]
Say = Callable[[str], None]

CLAIMS = {
    "excube2": "0.803 by sound, 0.773 by the face, 0.810 by both: arousal, RAVDESS, five held-out actors",
    "cross_modal": "0.803 by sound, 0.836 with enhancement: emotions, RAVDESS, random split",
    "synch_graph": "0.983 by both: emotions, RAVDESS, random split, test labels in the graph",
    "eavs_tf": "only its title is public",
    "spiking_emotions": "0.654 by the face: sentiment, CMU-MOSI, split not told",
}
"""What the papers report, on which task; another task, or another split, than that of the comparison."""


@dataclass(frozen=True)
class Part:
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


def plan(systems: Sequence[str], modality: str, labels: str, *, published: bool = True) -> tuple[list[Part], list[str]]:
    """Return what is to be evaluated, and a line on each system that cannot be.

    A system takes part with its default preset and, if `published`, with its paper's preset in its paper's protocol;
    one that is named with a preset, as in ``excube2:large``, with that alone. Where sound and face are asked for, one
    that has one of them only takes part with that.

    Raises
    ------
    InputError : a system, or a preset of it, is unknown
    """
    parts, notes = [], []
    for asked in systems:
        name, _, preset = asked.partition(":")
        kind = SYSTEMS.load(one_of("system", name, SYSTEMS))
        own = modality if modality in kind.modalities() else kind.modalities()[0]
        if modality not in (own, "both"):
            notes.append(f"{name} is left out: it perceives {', '.join(kind.modalities())}, not {modality}")
            continue
        presets = [one_of("preset", preset, kind.presets())] if preset else [kind.presets()[0]]
        as_published = name in PUBLISHED and "published" in kind.presets()
        if as_published and published and not preset:
            presets.append("published")
        for one in presets:
            protocol = "published" if as_published and one == "published" else "speaker-folds"
            parts.append(Part(name, one, own, labels, protocol))
    return parts, notes


def compare(
    dataset: Dataset, parts: Sequence[Part], folder: Path, say: Say = print, progress: Progress | None = None
) -> Iterator[Result]:
    """Yield the result of every part, in order; each is written into `folder`, fold by fold.

    What lies there complete, of the same recordings, is not evaluated again. A part that cannot be evaluated (an extra
    is not installed, say) is told and passed over.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(parts, start=1):
        known = kept(part, dataset, folder)
        say(f"{number} of {len(parts)}: {part.file.removesuffix('.json')}{', kept' if known else ''}")
        try:
            yield known or evaluated(part, dataset, folder / part.file, progress)
        except InputError as error:
            say(f"left out: {error}")


def evaluated(part: Part, dataset: Dataset, file: Path, progress: Progress | None = None) -> Result:
    """Return the result of a part, written after every fold; one seed."""
    own = identity(part, dataset)

    def save(result: Result) -> None:
        write_atomically(file, json.dumps(result | own, indent=1) + "\n")

    found = evaluate(
        part.system,
        dataset,
        part.labels,
        part.preset,
        protocol=part.protocol,
        seeds=1,
        modality=part.modality,
        progress=progress,
        save=save,
    )
    return found | own


def kept(part: Part, dataset: Dataset, folder: Path) -> Result | None:
    """Return the complete result of a part on the same recordings and with the same settings, if the folder has it."""
    try:
        found: Result = json.loads((folder / part.file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    same = all(found.get(name) == value for name, value in identity(part, dataset).items())
    return found if same and found.get("complete") else None


def identity(part: Part, dataset: Dataset) -> dict[str, str]:
    """Return what must be the same for a result to be kept: recordings, version, and all settings of the system."""
    settings = repr(new_system(part.system, part.preset, 0, modality=part.modality))
    return {"recordings": fingerprint(dataset), "emospike": __version__, "settings": digest(settings)}


def fingerprint(dataset: Dataset) -> str:
    """Return a hash of the takes, their labels and their speakers, in any order."""
    return digest("\n".join(sorted(f"{one.take}|{one.label}|{one.speaker}" for one in dataset.recordings)))


def digest(text: str) -> str:
    """Return a hash of a text.

    >>> digest("a") == digest("a") != digest("b")
    True
    """
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def row(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a comparison tells of one result; None where it is not known."""
    cost, seconds = result.get("cost", {}), result["seconds"]
    stages = [spent for stage, spent in seconds.items() if stage not in ("fit", "predict")]
    names = ("system", "preset", "modality", "labels", "protocol", "clips", "accuracy", "balanced_accuracy")
    return (
        {name: result[name] for name in names}
        | {
            "ci95": None if len(result["speakers"]) == 2 else result["ci95"],  # two tell of no interval
            "leaky": result["note"].startswith("LEAKY"),
            "majority": result["majority"],
            "speakers": len(result["speakers"]),
            "at_coverage": result["at_coverage"]["accuracy"],
            "coverage": result["at_own_threshold"]["coverage"],
            "milliseconds": 1000 * sum(stages) if stages else None,
            "training_seconds": seconds["fit"] / len(result["folds"]) if "fit" in seconds else None,
            "model_bytes": cost.get("model_bytes"),
            "paper": CLAIMS.get(result["system"], ""),
        }
        | costs(cost)
    )


def costs(cost: Mapping[str, float]) -> dict[str, float | None]:
    """Return operations and bytes of a decision, and its estimated energy with data movement, beside its twin's."""
    if not cost:
        names = ("macs", "accumulates", "bytes_moved", "total_uj", "twin_total_uj", "spike_rate")
        return dict.fromkeys(names)
    own = Variant("spiking", cost["macs"], cost["synaptic_operations"], cost["bytes_moved"]).costs()
    twin = Variant("twin", cost["twin_macs"], 0.0, cost["twin_bytes_moved"]).costs()
    counts = {name: own[name] for name in ("macs", "accumulates", "bytes_moved", "total_uj")}
    return counts | {"twin_total_uj": twin["total_uj"], "spike_rate": cost["spike_rate"]}
