"""Numbers instead of classes, where a column of them is named: what evaluate, test, train and recognise then do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emospike.cli.arguments import load_data, say_left_out
from emospike.cli.terminal import note, progress_bar, say, show
from emospike.validation import InputError

if TYPE_CHECKING:
    from emospike.clip import Clip
    from emospike.evaluation.resuming import KeptFolds
    from emospike.progress import Progress
    from emospike.regression import Regressor

Row = dict[str, Any]


def refuse_class_options(given: Mapping[str, Any]) -> None:
    """Raise `InputError` for the first option that is given and only makes sense of classes."""
    for option, value in given.items():
        if value:
            raise InputError(f"{option} is for classes alone: leave it out where numbers are predicted")


def evaluate_targets(
    system: str,
    data: Sequence[Path],
    targets: Sequence[str],
    *,
    per_corpus: int | None,
    strict: bool,
    save: Callable[[Row], object],
    kept: KeptFolds | None,
    **settings: Any,
) -> Row:
    """Return what an evaluation of these targets found, and `save` it."""
    from emospike.evaluation.regression import check_number_settings, evaluate_numbers

    check_number_settings(system, **settings)
    modality = settings["modality"]
    with progress_bar() as progress:
        dataset = load_data(data, progress, modality, per_corpus=per_corpus, strict=strict, targets=targets)
        return evaluate_numbers(system, dataset, targets, progress=progress, save=save, kept=kept, **settings)


def measure_targets(model: str, data: Sequence[Path]) -> Row:
    """Return how well a trained model predicts the numbers of recordings that it has never heard or seen."""
    from emospike.evaluation.regression import measure_regressor
    from emospike.regression import load_regressor

    found = load_regressor(model)
    with progress_bar() as progress:
        dataset = load_data(data, progress, found.system_.modality, strict=False, targets=found.targets_)
        return measure_regressor(found, dataset, progress)


def show_numbers(result: Mapping[str, Any], json_file: Path | None, figure: Path | None) -> None:
    """Print the table of a result, draw it, and say which files were written."""
    from emospike.evaluation.report import tabulate_targets

    show(tabulate_targets(result))
    note(result["note"])
    bad = [one["why"] for one in result["left_out"]]
    say_left_out(result["clips"] + len(bad), bad)
    if figure:
        from emospike.evaluation.figures.regression import describe_figure, draw_numbers
        from emospike.explain.style import save_figure

        save_figure(draw_numbers(result), figure, describe_figure(result))
    for path in filter(None, (json_file, figure)):
        say(path)


def train_targets(
    system: str,
    data: Sequence[Path],
    targets: Sequence[str],
    output: Path,
    *,
    strict: bool,
    seed: int,
    preset: str | None,
    modality: str,
    features: str | None,
) -> None:
    """Train a model that predicts numbers on all recordings of data sets, write it and say so."""
    import numpy as np

    from emospike.evaluation.leaks import hash_clips
    from emospike.evaluation.regression import fit_regressor, make_number_card, make_regressor

    model = make_regressor(system, preset, seed, modality, features)
    settings = {"system": system, "preset": preset or model.system.presets()[0], "modality": modality, "seed": seed}
    settings |= {"features": features} if features else {}
    with progress_bar() as progress:
        dataset = load_data(data, progress, modality, strict=strict, targets=targets)
        fit_regressor(model, dataset, targets, progress)
    left_out = model.system_.left_out_
    say_left_out(len(dataset), [left_out[row] for row in sorted(left_out)])
    used = dataset.subset(np.setdiff1d(np.arange(len(dataset)), list(left_out)))
    model.card = make_number_card(model, used, hash_clips(used), settings)
    model.save(output)
    who = "speakers" if dataset.known_speakers is not None else "recordings"
    errors = ", ".join(f"{name} ± {error:.3g}" for name, error in model.errors_.items())
    say(f"{output}: {output.stat().st_size / 1e6:.2f} MB, predicts {errors} (on {who} held out)")


def predict_rows(model: Regressor, clips: Sequence[Clip], progress: Progress | None = None) -> Iterator[Row]:
    """Yield a row for each recording: its numbers, and by how much these were wrong of speakers held out."""
    from emospike.clip.batch import try_each

    def predict(clip: Clip) -> Row:
        numbers = dict(zip(model.targets_, model.predict_clip(clip).tolist(), strict=True))
        return {"numbers": numbers, "errors": model.errors_} | _doubt(model, clip)

    for clip, row in zip(clips, try_each(predict, clips, "numbers", progress, spread=True), strict=True):
        yield {"file": str(clip.path)} | ({"error": str(row)} if isinstance(row, InputError) else row)


def _doubt(model: Regressor, clip: Clip) -> Row:
    """Return why the numbers of a recording mean nothing, where it is heard and holds no speech."""
    from emospike.systems.perception import explain_no_speech
    from emospike.systems.windows import is_long

    if model.system_.modality != "audio" or is_long(clip):  # a long one is read by its windows with speech
        return {}
    why = explain_no_speech(clip)
    return {"reason": why} if why else {}


def write_line(row: Mapping[str, Any], width: int) -> str:
    """Return a row for people.

    >>> write_line({"file": "a.wav", "numbers": {"valence": 0.314}, "errors": {"valence": 0.4}}, 8)
    'a.wav     valence 0.314 ± 0.4'
    >>> write_line({"file": "a.wav", "numbers": {"valence": 0.3}, "errors": {"valence": 0.4}, "reason": "silence"}, 5)
    "a.wav  don't know (valence 0.3?): silence"
    """
    file = f"{row['file']:{width}}"
    if "error" in row:
        return f"{file}  error: {row['error']}"
    if "reason" in row:
        said = ", ".join(f"{name} {value:.3g}" for name, value in row["numbers"].items())
        return f"{file}  don't know ({said}?): {row['reason']}"
    said = ", ".join(f"{name} {value:.3g} ± {row['errors'][name]:.3g}" for name, value in row["numbers"].items())
    return f"{file}  {said}"
