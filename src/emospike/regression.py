"""Numbers instead of classes: valence, arousal or whatever lies on a scale, read from the vectors of a system.

from emospike import Regressor

Regressor("excube2").fit(clips, valences, speakers).predict(["clip.wav"])
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64

from emospike import store
from emospike.clip import Clip
from emospike.clip.batch import Recordings, as_clips, try_clips
from emospike.datasets.folds import strange_folds
from emospike.datasets.targets import Numbers, as_targets, check_varied, part_targets
from emospike.parameters import Parameters
from emospike.progress import Progress
from emospike.readout.ridge import PENALTIES, RidgeReadout
from emospike.readout.training_rows import Rows
from emospike.schema import is_of
from emospike.systems import SYSTEMS
from emospike.systems.base import System
from emospike.systems.training import Given, TrainingSet
from emospike.validation import InputError, NotTrainedError, as_list

if TYPE_CHECKING:
    from sklearn.utils import Tags

ABILITY = "learn_vectors"
"""What a system must be able to do."""

PREFIX = "numbers"
"""What the names of all arrays begin with that a readout has in a model file."""


@dataclass
class Regressor(Parameters):
    """A system's features, spikes, reservoir and vectors, and a ridge regression in the place of its classifier.

    All that the system learns before its readout, it learns without labels, from the training clips alone; virtual
    speakers and copies over other channels train too. It follows scikit-learn's conventions for regressors, over
    recordings in place of rows.

    Attributes
    ----------
    system : an unfitted system (`EXCube2.preset("large")`), or the name of one, for its default preset; those with the
        ability ``"learn_vectors"``: excube2 and baseline
    penalties : of the ridge regression, those that are tried (see `RidgeReadout`)
    system_ : the system that gives the vectors; it has no readouts of its own
    readouts_ : from vectors to numbers, by modality; a recording is read by the first whose modality it has
    targets_ : what the numbers are called
    card : what the model is, and was trained on
    """

    system: Any = "excube2"
    penalties: tuple[float, ...] = PENALTIES
    card: dict[str, Any] = field(init=False, repr=False, compare=False)

    def fit(
        self,
        clips: Recordings,
        numbers: Any,
        speakers: Given | None = None,
        progress: Progress | None = None,
        *,
        targets: Sequence[str] | None = None,
        strict: bool = True,
    ) -> Regressor:
        """Train on clips and one number, or several, for each; `speakers` are held out in turn to choose the penalty.

        `targets` are the names of the numbers; by default those of the columns of a table, or ``target``. Where no
        speakers are named each clip is one. Unless `strict`, clips that cannot be read are left out, and
        `system_.left_out_` tells why.

        Raises
        ------
        InputError : not a finite number for each clip, the same one for all; a system that cannot; otherwise as
            `System.fit`
        """
        clips, Y = as_clips(clips), as_targets(numbers)
        if len(Y) != len(clips):
            raise InputError(f"numbers for each clip expected, got those of {len(Y)} for {len(clips)} clips")
        given = _name_targets(numbers, Y.shape[1]) if targets is None else as_list("names of targets", targets)
        names = _check_names(given, Y.shape[1])
        check_varied(Y, names)
        system = self.prepare_system()
        training = TrainingSet.check(clips, part_targets(Y), speakers, normalise="none", progress=progress)
        system.left_out_, system.refuses_damaged_, system.read_elsewhere_ = {}, not strict, True
        try:
            rows, _ = system.learn_vectors(training)
            readouts = {
                modality: self._fit_readout(own, modality, training, Y, system) for modality, own in rows.items()
            }
        except Exception:
            training.check_without(system.left_out_)  # what is left may be too little, which fails in many ways
            raise
        system.readouts_ = {}
        self.system_, self.readouts_, self.targets_ = system, readouts, names
        self.single_ = np.ndim(numbers) < 2 and len(names) == 1  # an iterator has no dimensions
        return self

    def prepare_system(self) -> Any:
        """Return a fresh system; raise `InputError` for one that makes no vectors without labels."""
        named = isinstance(self.system, str)
        if not named and not isinstance(self.system, System):
            raise InputError(f"a system or its name expected, got {type(self.system).__name__}")
        system = SYSTEMS.find(self.system).make() if named else deepcopy(self.system)
        if ABILITY not in system.abilities:
            late = "joins the answers of sound and face: take preset early"
            why = late if system.fuses_late else "has none: take excube2 or baseline"
            raise InputError(f"numbers are read from vectors that need no labels; this {type(system).__name__} {why}")
        if getattr(system, "normalise", "none") != "none":
            raise InputError("numbers are read without normalising speakers: use normalise 'none'")
        return system

    def _fit_readout(self, rows: Rows, modality: str, training: TrainingSet, Y: Numbers, system: Any) -> RidgeReadout:
        """Return the readout of a modality; who is held out is heard as strangers are, over any channel."""
        source, heard = rows.source, rows.heard
        folds = strange_folds(training.labels[source], training.speakers[source])
        tested = [(fold.train, fold.test[heard[fold.test]]) for fold in folds]
        return RidgeReadout(system.new_scaler(modality), self.penalties).fit(rows.vectors, Y[source], tested)

    @property
    def errors_(self) -> dict[str, float]:
        """Root mean squared error of each number on training speakers held out; on recordings if none are known."""
        return dict(zip(self.targets_, self._first.errors_.tolist(), strict=True))

    @property
    def means_(self) -> dict[str, float]:
        """Mean of each number over the training recordings: what is predicted where nothing is known."""
        return dict(zip(self.targets_, self._first.bias_.tolist(), strict=True))

    @property
    def _first(self) -> RidgeReadout:
        """The readout of recordings that lack nothing."""
        return next(iter(self.readouts_.values()))

    def predict(self, clips: Recordings) -> Float64[np.ndarray, "*clips"]:
        """Return the number of each clip, shape (clips,), or of several targets (clips, targets).

        A recording longer than two windows gets the mean over its windows with speech.

        Raises
        ------
        InputError : a clip that cannot be used
        """
        found, wrong = self.try_predict(clips)
        if wrong:
            raise InputError(next(iter(wrong.values())))
        return found[:, 0] if self.single_ else found

    def try_predict(self, clips: Recordings, progress: Progress | None = None) -> tuple[Numbers, dict[int, str]]:
        """Return the numbers of clips, NaN for those that cannot be used, and what is wrong with these, by index."""
        clips = as_clips(clips)
        found, wrong = try_clips(self.predict_clip, clips, "numbers", progress, spread=True)
        out = np.full((len(clips), len(self.targets_)), np.nan)
        for row, values in found.items():
            out[row] = values
        return out, wrong

    def predict_clip(self, clip: Clip) -> Float64[np.ndarray, " targets"]:
        """Return the numbers of one clip; raise `InputError` if it cannot be used."""
        parts = self.system_.represent_parts(clip)
        modality = next((one for one in self.readouts_ if any(one in part.read for part in parts)), None)
        if modality is None:
            raise InputError(f"{clip.path} has nothing that this model perceives: {self.system_.modality}")
        own = [part for part in parts if modality in part.read]
        voters = [part for part in own if part.spoken] or own
        read = [self.readouts_[modality].predict(part.read[modality][None])[0] for part in voters]
        mean: Float64[np.ndarray, " targets"] = np.mean(read, axis=0)
        if not np.isfinite(mean).all():
            raise InputError(f"this model finds no finite number in {clip.path}: it is damaged, or of other recordings")
        return mean

    def score(self, X: Recordings, y: Any, sample_weight: Sequence[float] | None = None) -> float:
        """Return R², the coefficient of determination, as scikit-learn's regressors do; the mean over several targets.

        Evaluations measure the concordance (see `emospike.evaluation.metrics.concordance`).
        """
        from sklearn.metrics import r2_score

        return float(
            r2_score(as_targets(y), self.predict(X).reshape(-1, len(self.targets_)), sample_weight=sample_weight)
        )

    def __getattr__(self, name: str) -> Any:
        """Say of a fitted attribute that is not there that nothing is trained."""
        if name.endswith("_") and not name.startswith("_"):
            raise NotTrainedError("this Regressor is not trained: fit it, or load a model")
        raise AttributeError(f"Regressor has no attribute {name!r}")

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether it is trained."""
        return "readouts_" in vars(self)

    def __sklearn_tags__(self) -> Tags:
        """Return what scikit-learn's tools need to know of it: a regressor of recordings."""
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True, multi_output=True),
            regressor_tags=RegressorTags(),
            input_tags=InputTags(two_d_array=False, string=True),
            no_validation=True,
        )

    def save(self, path: Path | str) -> Path:
        """Write a trained model to a file, atomically, as `emospike.save` does; return the path."""
        arrays = {
            f"{PREFIX}.{modality}.{name}": array
            for modality, readout in self.readouts_.items()
            for name, array in readout.state().items()
        }
        told = {store.TARGETS: list(self.targets_), "single": self.single_, "penalties": list(self.penalties)}
        return store.write(path, self.system_, {}, arrays, told | {"card": vars(self).get("card", {})})


def _name_targets(numbers: Any, count: int) -> list[Any]:
    """Return what numbers are called: as the columns of a table, or a column, that has names."""
    if hasattr(numbers, "columns"):
        return list(numbers.columns)
    if count == 1:
        return [getattr(numbers, "name", None) or "target"]
    return [f"target {number}" for number in range(1, count + 1)]


def _check_names(names: Sequence[Any], count: int) -> tuple[str, ...]:
    """Return the names of targets; raise `InputError` unless there is one for each, and none twice or blank."""
    told = tuple(map(str, names))
    if len(told) != count or len({*told}) != count or not all(name.strip() for name in told):
        raise InputError(f"a name of its own for each of {count} targets expected, got {', '.join(told) or 'none'}")
    return told


def predicts_numbers(model: Path | str) -> bool:
    """Tell whether a model file, or a shipped model, predicts numbers; errors as `emospike.load`."""
    path = store.locate(model)
    with store.refusing(path):
        return store.TARGETS in store.read_header(path)


def load_regressor(model: Path | str) -> Regressor:
    """Read a model that predicts numbers from a file.

    Raises
    ------
    InputError : no such file, a model that decides between classes, or a damaged one; otherwise as `emospike.load`
    """
    path = store.locate_allowed(model)
    with store.refusing(path):
        arrays, header = store.read(path)
        if store.TARGETS not in header:
            raise store.NotAModelError(f"{path.name} decides between classes: load it with emospike.load")
        targets, penalties, single = header[store.TARGETS], header["penalties"], header["single"]
        if not (
            is_of(targets, Sequence[str]) and targets and is_of(penalties, Sequence[float]) and is_of(single, bool)
        ):
            raise InputError("names of targets, and penalties, expected")
        _check_names(targets, 1 if single else len(targets))
        system, facts = store.build_system(header)
        if ABILITY not in system.abilities:
            raise InputError(f"{header['system']} makes no vectors that numbers are read from")
        system.read_elsewhere_ = True
        with np.errstate(all="ignore"):  # what a hostile file makes of numbers is checked, not warned of
            system = system.restore(arrays, facts)
            found = Regressor(system, tuple(penalties))
            found.system_, found.targets_, found.single_ = system, tuple(targets), single
            found.readouts_ = {one: _restore_readout(one, found, arrays) for one in system.readers}
        found.card = store.check_card(header["card"])
        return found


def _restore_readout(modality: str, model: Regressor, arrays: dict[str, np.ndarray]) -> RidgeReadout:
    place = f"{PREFIX}.{modality}."
    own = {name.removeprefix(place): array for name, array in arrays.items() if name.startswith(place)}
    fresh = RidgeReadout(model.system_.new_scaler(modality), model.penalties)
    return fresh.restore(own, len(model.targets_))
