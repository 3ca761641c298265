"""Options that several commands share, and the checks of what they are given."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emospike.files import is_file, is_folder
from emospike.validation import InputError, one_of, positive, within

if TYPE_CHECKING:
    from emospike.datasets import Dataset, Scheme
    from emospike.progress import Progress
    from emospike.systems.base import System

DECIDERS = ("audio", "face", "both")
"""The modalities that shipped models decide by."""

DataOption = Annotated[
    list[Path],
    typer.Option(
        "--data",
        help="A data set's folder (emospike datasets), or a CSV: path,label,speaker,face,eeg; given again, they join.",
    ),
]
BalanceOption = Annotated[
    str | None,
    typer.Option(
        help="corpora: every corpus, and every label in it, weighs alike in training (default of several); or none."
    ),
]
MapOption = Annotated[
    Path | None, typer.Option("--map", help="In place of --labels: a CSV from,to; labels that it lacks are left out.")
]
PerCorpusOption = Annotated[
    int | None, typer.Option(help="At most so many recordings of each corpus, with its shares of labels and speakers.")
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="A shipped model's name, or a model file (default: one for the modality).")
]
DeciderOption = Annotated[
    str | None,
    typer.Option("--modality", help="audio, face or both: what is decided by (default: what the model can)."),
]
FaceOption = Annotated[
    Path | None, typer.Option("--face", help="Film or face-tracking table of the same take, if PATH does not show it.")
]
EEGOption = Annotated[
    Path | None, typer.Option("--eeg", help="EEG of the same take, from its beginning, for a model that reads EEG.")
]
TrackOption = Annotated[
    list[int] | None,
    typer.Option("--track", help="Track of a file with several, counted from 0; given twice, one to hear, one to see."),
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Read all first, and stop at a recording that cannot be read.")
]
LabelsOption = Annotated[
    str,
    typer.Option(
        "--labels",
        help="arousal (low, high), emotion (the labels as they are), valence (negative, neutral, positive) or big4 "
        "(angry, happy, neutral, sad).",
    ),
]
TargetOption = Annotated[
    list[str] | None,
    typer.Option("--target", help="In place of labels: a CSV's column of numbers, such as valence; again for several."),
]
ModalityOption = Annotated[
    str | None,
    typer.Option(
        "--modality",
        help="audio, face or both; eeg of eavs_tf (default: the system's first, audio but for spiking_emotions).",
    ),
]
FeaturesOption = Annotated[
    str | None,
    typer.Option(
        "--features",
        help="What the face is seen by: action_units, or blendshapes of films (excube2, baseline; default: the "
        "preset's).",
    ),
]
BitsOption = Annotated[
    int | None,
    typer.Option("--bits", help="Weights as integers of 8 or 4 bits, in fixed point (excube2; default: floats)."),
]
SplitsOption = Annotated[
    Path | None,
    typer.Option("--splits", help="A CSV corpus,fold,test_file: EmoBox's folds that do not go by speakers."),
]
NormaliseOption = Annotated[
    str, typer.Option("--normalise", help="none; or speaker: remove each speaker's mean, without labels.")
]
PresetOption = Annotated[
    str | None, typer.Option("--preset", help="Settings of the system (emospike systems lists them).")
]
ThresholdOption = Annotated[
    float | None, typer.Option("--threshold", help="Confidence that an answer needs, 0 to 1 (default: the model's).")
]
RiskOption = Annotated[
    float | None,
    typer.Option("--risk", help="In place of a threshold: the share of answers that may be wrong, 0 to 1."),
]
TimelineOption = Annotated[
    Path | None,
    typer.Option("--timeline", help="Also write start, stop, label and confidence: .csv, .eaf, .TextGrid or .srt."),
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster", help="Over the processes of a dask scheduler, tcp://HOST:PORT; or local:N, N of them here."
    ),
]
OutputOption = Annotated[Path, typer.Option("-o", "--output", help="Model file to write.")]


def choose_model(modality: str | None) -> str:
    """Return the shipped model for a modality, for sound if none is named (see `choose_shipped`)."""
    from emospike.evaluation.choosing import choose_shipped

    return choose_shipped(modality or "audio")


def choose_modality(system: str, modality: str | None) -> str:
    """Return what a system, named as it is registered, is to perceive: its first modality if none is named.

    >>> [choose_modality(*asked) for asked in (("baseline", None), ("baseline", "face"), ("spiking_emotions", None))]
    ['audio', 'face', 'face']
    """
    from emospike.systems import SYSTEMS

    return modality or SYSTEMS.find(system).modalities[0]


def check_modality(modality: str | None, face: Path | None = None) -> None:
    """Raise `InputError` unless the modality is known, and the file that is to show the face can be read."""
    from emospike.clip import Clip, is_table

    if modality is not None:
        one_of("modality", modality, DECIDERS)
    if face is not None and is_table(face):
        from emospike.features.openface import read_table

        read_table(face)
    elif face is not None:
        next(iter(Clip(face).frames()), None)


def check_eeg(system: System, eeg: Path, modality: str | None) -> None:
    """Raise `InputError` unless a model reads EEG where a modality decides, and the file can be read."""
    from emospike.clip.eeg_files import read_eeg

    if "eeg" not in system.abilities:
        raise InputError("--eeg is for a model that reads EEG: name one of eavs_tf that learnt from it with --model")
    if modality not in (None, system.modality):
        raise InputError(f"EEG is read where {system.modality} decides: leave out --modality {modality}, or --eeg")
    read_eeg(eeg)


def restrict_modality(system: System, modality: str | None) -> System:
    """Return a model that decides by a modality, or as it does if none is named."""
    if modality is None or modality == system.card.get("modality", "audio"):
        return system
    return system.by(modality)


def check_threshold(threshold: float | None) -> None:
    """Raise `InputError` unless the threshold is a probability."""
    if threshold is not None:
        within("threshold", threshold, 0, 1)


def check_timeline(timeline: Path | None) -> None:
    """Raise `InputError` unless a timeline can be written; none takes the place of a file that is there."""
    from emospike import timelines

    if timeline is not None:
        timelines.check_timeline(timeline)
        if is_file(timeline):  # somebody's annotations, as likely as not
            raise InputError(f"{timeline} is there already: name another file")
        check_writable(timeline)


def set_risk(system: System, risk: float | None, threshold: float | None = None) -> System:
    """Return a model that keeps a risk, or the same if none is given."""
    if risk is None:
        return system
    if threshold is not None:
        raise InputError("--threshold and --risk both say when to answer: give one of them")
    return system.at_risk(risk)


def check_writable(path: Path) -> None:
    """Raise `InputError` if a file cannot or should not be written, before the work whose result it is to hold.

    Recordings and tables stay as they are; a model is written anew, whatever its suffix.
    """
    from emospike.clip import EEG_SUFFIXES, EVENT_SUFFIXES, SOUND_SUFFIXES, VIDEO_SUFFIXES

    kept = SOUND_SUFFIXES | VIDEO_SUFFIXES | EVENT_SUFFIXES | EEG_SUFFIXES | {".csv"}
    if is_file(path) and path.suffix.lower() in kept and not _is_model(path):
        raise InputError(f"cannot write {path}: it is a recording or a table of yours, name another file")
    check_place(path)


def _is_model(path: Path) -> bool:
    from emospike import store

    try:
        return bool(store.read_header(path))
    except InputError:
        return False


def check_place(path: Path) -> None:
    """Raise `InputError` if no file can be written at a path, whatever is there."""
    folder = path.absolute().parent
    if is_folder(path):
        raise InputError(f"cannot write {path}: it is a folder, name a file in it")
    if not is_folder(folder):
        raise InputError(f"cannot write {path}: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise InputError(f"cannot write {path}: no permission to write to {folder}")


def choose_labels(labels: str, file: Path | None) -> Scheme:
    """Return the label scheme of that name, or that of a map of one's own."""
    from emospike.datasets import find_scheme, read_map

    return find_scheme(labels) if file is None else read_map(file)


def load_data(
    paths: Sequence[Path],
    progress: Progress | None = None,
    modality: str = "audio",
    *,
    balance: str | None = None,
    per_corpus: int | None = None,
    strict: bool | None = None,
    whole: bool = True,
    targets: Sequence[str] = (),
) -> Dataset:
    """Return the recordings of data sets that a modality can use and that can be read; warn of the others.

    Unless `whole`, those stay that lack one of several senses. With `strict` True or False nothing is left out: what
    cannot be read is an error at once, or found by who uses it. `targets` are columns of numbers, which need no labels.
    """
    from emospike import datasets
    from emospike.evaluation.reading import check_readable, mark_copies, note_mismatches

    one_of("balance", balance or "none", ("corpora", "none"))
    dataset = datasets.load_joined(paths, video=modality != "audio", labelled=not targets)
    if targets:  # before all recordings are read
        datasets.read_targets(dataset, targets)
    if balance is not None:
        dataset = replace(dataset, balanced=balance == "corpora")
    if per_corpus is not None:
        positive("recordings of a corpus", per_corpus)
        dataset = datasets.sample_corpora(dataset, per_corpus)
    dataset = dataset if modality == "audio" or not whole else dataset.select_modality(modality)
    if strict is None:
        return keep_readable(dataset, progress, modality)
    if strict:
        check_readable(dataset, progress, modality)
    marked = mark_copies(dataset, progress, modality)
    return say_notes(note_mismatches(marked, progress) if modality == "both" else marked)


def load_unlabelled(paths: Sequence[Path], progress: Progress | None = None, modality: str = "audio") -> Dataset:
    """Return the recordings of one speaker that a modality can use, their labels unknown; warn as `load_data`."""
    from emospike import datasets

    if len(paths) > 1:
        raise InputError(f"recordings of one speaker expected, got {len(paths)} paths: give one")
    dataset = datasets.load_unlabelled(paths[0], video=modality != "audio")
    return keep_readable(dataset if modality == "audio" else dataset.select_modality(modality), progress, modality)


def keep_readable(dataset: Dataset, progress: Progress | None = None, modality: str = "audio") -> Dataset:
    """Return the recordings that can be read, and say what was left out."""
    from emospike.evaluation.reading import drop_unreadable

    return say_notes(drop_unreadable(dataset, progress, modality))


def say_notes(dataset: Dataset) -> Dataset:
    """Print the notes of a data set, and return it."""
    from emospike.cli.terminal import note

    for line in dataset.notes:
        note(line)
    return dataset


def say_left_out(count: int, left_out: Sequence[str]) -> None:
    """Print how many of so many recordings could not be used, and why each."""
    from emospike.cli.terminal import note, say
    from emospike.evaluation.reading import describe_bad

    if left_out:
        note(describe_bad(count, left_out))
        for why in left_out[1:]:
            say(f"      {why}", error=True)
